//! A Logto for tests, in the process: see [`MockLogto`].
