//! The Management API: against its description, against what a real Logto answered, and where it meets a network, a tenant and a rate limit.

mod described;
mod environment;
mod ids;
mod limits;
mod organizations;
mod pages;
mod recorded;
mod refusals;
mod stand_in;
mod tenants;
