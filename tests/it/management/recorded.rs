//! What a real Logto 1.42 was asked and answered: our client asks the same, and reads or names the answer.
//!
//! Each folder of `tests/fixtures/logto/90-management` has its own file here.

mod applications;
mod auth;
mod folder;
mod invitations;
mod members;
mod misc;
mod organization_template;
mod organizations;
mod replay;
mod resources;
mod roles;
mod users;
