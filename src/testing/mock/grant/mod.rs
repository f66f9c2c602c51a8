//! The grants of the token endpoint.

pub(super) mod code;
pub(super) mod machine;
pub(super) mod refresh;
