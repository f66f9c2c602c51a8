//! Session ids that are made from what a session brings along, so that each reading and each instance finds the same.

use base64_simd::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::{secret::Secret, store::SessionId};

/// The id of the session that began with the sign-in of this nonce: the same in whatever form an instance keeps it, and in the cookie of
/// Next.js, which has no place for an id. The nonce is random.
pub(crate) fn sign_in_id(nonce: &str) -> Option<SessionId> {
    derived_id(b"logto next sign-in v1\0", nonce)
}

/// The id of a session in the cookie of Next.js whose ID token has no nonce.
///
/// Logto repeats the sign-in's nonce in each ID token of a refresh. `@logto/next` sends none, and then nothing that stays tells a session
/// from others of its user: the id is made from the refresh token, and changes with it. A sign-out therefore also ends the user's sessions that
/// have no better name and whose ID tokens are not newer than its own (`revocation::record_ended_session`).
pub(super) fn unnamed_id(token: &Secret) -> Option<SessionId> {
    derived_id(b"logto next session id v1\0", token.expose())
}

/// The id by which a session is shown and ended: a hash, which nothing turns back into the id that is in its cookie.
pub(crate) fn shown_id(id: &SessionId) -> String {
    let hash = Sha256::new_with_prefix(b"logto shown session id v1\0").chain_update(id.as_bytes()).finalize();
    URL_SAFE_NO_PAD.encode_to_string(hash.first_chunk::<16>().copied().unwrap_or_default())
}

/// The same for the same session at each reading, so that it can be remembered to have ended; nobody learns it without the cookie.
fn derived_id(purpose: &[u8], text: &str) -> Option<SessionId> {
    let hash = Sha256::new_with_prefix(purpose).chain_update(text).finalize();
    hash.first_chunk().copied().map(SessionId::from_bytes)
}
