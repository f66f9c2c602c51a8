//! The crate against what a real Logto server accepted and answered: the exchanges in `tests/fixtures/logto`, recorded from Logto 1.42.
//!
//! What the crate sends is compared with the recorded requests, and the recorded answers are what it is given.

mod access_tokens;
mod answers;
mod callbacks;
mod diagnosis;
mod machines;
mod pushed;
mod replay;
mod requests;
mod sizes;
mod tokens;
