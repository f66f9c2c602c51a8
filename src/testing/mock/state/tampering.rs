//! What a test changes in the server's answers, to see its application refuse them.

use serde_json::Value;

type Change = Box<dyn FnMut(&mut Value) + Send>;
type ChangeToken = Box<dyn FnMut(&mut Value, &mut Value) + Send>;

#[derive(Default)]
pub(crate) struct Tampering {
    pub(crate) id_token: Option<ChangeToken>,
    pub(crate) break_signature: bool,
    pub(crate) discovery: Option<Change>,
    pub(crate) jwks: Option<Change>,
    pub(crate) user_info: Option<Change>,
    pub(crate) token_response: Option<Change>,
    pub(crate) omit_iss: bool,
}

impl Tampering {
    pub(crate) fn id_token(&mut self, header: &mut Value, claims: &mut Value) {
        if let Some(change) = &mut self.id_token {
            change(header, claims);
        }
    }

    /// Reverses the signature, which keeps its length and its alphabet.
    pub(crate) fn signature(&self, jwt: String) -> String {
        match jwt.rsplit_once('.') {
            Some((signed, signature)) if self.break_signature => {
                format!("{signed}.{}", signature.chars().rev().collect::<String>())
            }
            _ => jwt,
        }
    }
}

pub(crate) fn apply(change: &mut Option<Change>, mut value: Value) -> Value {
    if let Some(change) = change {
        change(&mut value);
    }
    value
}
