//! What a test changes in the server's answers, to see its application refuse them.

use serde_json::Value;

type Change = Box<dyn FnMut(&mut Value) + Send>;
type ChangeToken = Box<dyn FnMut(&mut Value, &mut Value) + Send>;

#[derive(Default)]
pub(super) struct Tampering {
    pub(super) id_token: Option<ChangeToken>,
    pub(super) break_signature: bool,
    pub(super) discovery: Option<Change>,
    pub(super) jwks: Option<Change>,
    pub(super) user_info: Option<Change>,
    pub(super) token_response: Option<Change>,
    pub(super) omit_iss: bool,
}

impl Tampering {
    pub(super) fn id_token(&mut self, header: &mut Value, claims: &mut Value) {
        if let Some(change) = &mut self.id_token {
            change(header, claims);
        }
    }

    /// Reverses the signature, which keeps its length and its alphabet.
    pub(super) fn signature(&self, jwt: String) -> String {
        match jwt.rsplit_once('.') {
            Some((signed, signature)) if self.break_signature => {
                format!("{signed}.{}", signature.chars().rev().collect::<String>())
            }
            _ => jwt,
        }
    }
}

pub(super) fn apply(change: &mut Option<Change>, mut value: Value) -> Value {
    if let Some(change) = change {
        change(&mut value);
    }
    value
}
