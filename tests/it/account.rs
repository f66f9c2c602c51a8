//! The Account API: against its description, against what a real Logto answered, and where it meets sessions, users and proxies.

mod links;
mod operations;
mod provider_tokens;
mod refusals;
mod replay;
mod seams;
mod stand_in;
mod verifications;
