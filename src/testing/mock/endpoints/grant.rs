//! The grants of the token endpoint.

pub(super) mod code;
pub(super) mod device;
pub(super) mod exchange;
pub(super) mod machine;
pub(super) mod refresh;
