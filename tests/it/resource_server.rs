//! An API that takes access tokens, from outside.

pub mod cases;
mod flow;
mod neutral;
