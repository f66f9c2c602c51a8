//! The Management API works on what sign-in works on.

mod applications;
mod permissions;
mod robustness;
mod tokens;
mod users;
