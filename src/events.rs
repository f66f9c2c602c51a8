//! Security events: who signed in and out, and what was refused, in lines of fixed names and fields. `docs/security-events.md` has the table.
//!
//! No field holds a token, a code, a cookie, a secret, an address or free text of the network: the reason is the code of an error or a word of ours.

mod kind;

use std::fmt::Write;

use sha2::{Digest, Sha256};

pub(crate) use self::kind::EventKind;
use crate::error::{BoxError, Error, ErrorKind, WithCauses, excerpt, excerpt_to};

/// Bytes of the hash that names a session.
const SESSION_HASH_BYTES: usize = 8;
/// What a failure of a store is cut to.
const MAX_CAUSE_CHARS: usize = 300;

/// An event that is about to be written.
#[must_use = "nobody learns of it until it is written"]
pub(crate) struct SecurityEvent<'a> {
    kind: EventKind,
    client_id: Option<&'a str>,
    api: Option<&'a str>,
    sub: Option<&'a str>,
    session: Option<&'a [u8; 16]>,
    by: Option<&'static str>,
    reason: Option<&'a str>,
    acr: Option<&'a str>,
    amr: &'a [String],
    cause: Option<&'a BoxError>,
}

impl EventKind {
    /// Begins an event of this kind.
    pub(crate) fn event<'a>(self) -> SecurityEvent<'a> {
        SecurityEvent {
            kind: self,
            client_id: None,
            api: None,
            sub: None,
            session: None,
            by: None,
            reason: None,
            acr: None,
            amr: &[],
            cause: None,
        }
    }
}

impl<'a> SecurityEvent<'a> {
    /// The application, by its App ID.
    pub(crate) fn client_id(self, client_id: &'a str) -> Self {
        Self { client_id: Some(client_id), ..self }
    }

    /// The API that was sent a token, by its realm.
    pub(crate) fn api(self, api: &'a str) -> Self {
        Self { api: Some(api), ..self }
    }

    /// The user, by the claims of a token that was verified.
    pub(crate) fn sub(self, sub: &'a str) -> Self {
        Self { sub: Some(sub), ..self }
    }

    /// The session, by its id, of which a hash is written.
    pub(crate) fn session(self, id: &'a [u8; 16]) -> Self {
        Self { session: Some(id), ..self }
    }

    /// Who did it: one of the words in the table.
    pub(crate) fn by(self, by: &'static str) -> Self {
        Self { by: Some(by), ..self }
    }

    /// Why: the code of an error, or one of the words in the table.
    pub(crate) fn reason(self, reason: &'a str) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// How the user authenticated, by the claims of a token that was verified.
    pub(crate) fn authentication(self, acr: Option<&'a str>, amr: &'a [String]) -> Self {
        Self { acr, amr, ..self }
    }

    /// What a store of the application's own said.
    pub(crate) fn cause(self, cause: &'a BoxError) -> Self {
        Self { cause: Some(cause), ..self }
    }

    /// Writes it, with the error's code as its reason, and gives the error back. Where nobody has to mend anything, the log says no more of that
    /// than this, unless it is asked for details.
    pub(crate) fn write_error(self, error: Error) -> Error {
        if error.is_event() {
            return error;
        }
        let code = error.code();
        SecurityEvent { reason: Some(code.as_str()), ..self }.write();
        let for_users = matches!(
            error.kind(),
            ErrorKind::Cancelled
                | ErrorKind::Forbidden
                | ErrorKind::InvalidRequest
                | ErrorKind::NotAuthenticated
                | ErrorKind::Store
        );
        if for_users || error.challenge().is_some() { error.told_by_event() } else { error }
    }

    /// Writes it to the log, target `logto::security`.
    pub(crate) fn write(self) {
        macro_rules! write {
            ($level:ident, $LEVEL:ident) => {
                if tracing::enabled!(target: "logto::security", tracing::Level::$LEVEL) {
                    let session = self.session.map(session_hash);
                    let amr = (!self.amr.is_empty()).then(|| self.amr.join(" "));
                    let cause = self.cause.map(|cause| WithCauses(&**cause).to_string());
                    // As text: what writes a log puts text into quotation marks, and nothing else.
                    tracing::$level!(
                        target: "logto::security",
                        event = self.kind.name(),
                        client_id = self.client_id.map(excerpt).as_deref(),
                        api = self.api.map(excerpt).as_deref(),
                        sub = self.sub.map(|sub| excerpt_to(sub, 255)).as_deref(),
                        session = session.as_deref(),
                        by = self.by,
                        reason = self.reason,
                        acr = self.acr.map(excerpt).as_deref(),
                        amr = amr.as_deref().map(excerpt).as_deref(),
                        error = cause.as_deref().map(|cause| excerpt_to(cause, MAX_CAUSE_CHARS)).as_deref(),
                        "{}",
                        self.kind.message()
                    );
                }
            };
        }
        if self.kind.is_warning() {
            write!(warn, WARN);
        } else {
            write!(info, INFO);
        }
    }
}

/// Names a session in the log. Its id is random, so the hash gives nothing away of it, and it is the same in cookies and in a store, before and
/// after a refresh.
pub(crate) fn session_hash(id: &[u8; 16]) -> String {
    let hash = Sha256::new_with_prefix(b"logto session in events v1\0").chain_update(id).finalize();
    hash.iter().take(SESSION_HASH_BYTES).fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::session_hash;

    #[test]
    fn a_session_has_one_name_that_holds_none_of_its_id() {
        let (one, other) = (session_hash(&[7; 16]), session_hash(&[8; 16]));
        assert_eq!((one.len(), one.as_str()), (16, session_hash(&[7; 16]).as_str()));
        assert_ne!(one, other);
        assert!(!one.contains("0707"), "{one}");
    }
}
