//! The keys under which a [`RevocationStore`](super::store::RevocationStore) remembers what ended.

use base64_simd::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::store::SessionId;

/// One session of ours.
pub(crate) fn session(id: &SessionId) -> String {
    format!("id/{}", id.to_key())
}

/// All sessions that belong to one session at Logto.
pub(crate) fn logto_session(sid: &str) -> String {
    format!("sid/{sid}")
}

/// All sessions of a user.
pub(crate) fn user(sub: &str) -> String {
    format!("sub/{sub}")
}

/// A user's sessions in the cookie of Next.js that have no stable id: see `derived_id.rs`.
pub(crate) fn unnamed_next_sessions(sub: &str) -> String {
    format!("next/{sub}")
}

/// A logout token that was used. Of one length, whatever the token says.
pub(crate) fn logout_token(jti: &str) -> String {
    format!("jti/{}", URL_SAFE_NO_PAD.encode_to_string(Sha256::digest(jti.as_bytes())))
}
