//! What a token says that was verified.

use crate::claims::AccessTokenClaims;

/// What a token says that was verified.
pub(super) struct Facts {
    pub(super) claims: AccessTokenClaims,
    pub(super) client_id: String,
    pub(super) organization_id: Option<String>,
    /// The claims as they were signed, for types of the application's own.
    pub(super) payload: Vec<u8>,
}
