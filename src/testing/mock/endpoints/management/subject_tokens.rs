//! Tokens to act for a user, which are exchanged for access tokens.

use std::time::Duration;

use serde_json::json;

use super::{Call, Route};
use crate::{
    clock::whole_seconds,
    error::Result,
    testing::mock::{
        MockLogto,
        endpoints::account::{
            call::require,
            guard::{Guard, Rule},
            refusal::{Answer, refusal},
        },
        messages::reply::Reply,
        state::{State, ids::short_id, store::SubjectToken},
    },
};

const LIFETIME: Duration = Duration::from_secs(600);

pub(super) const ROUTES: &[Route] = &[("POST", "subject-tokens", create)];

/// POST `/api/subject-tokens`.
fn create(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let user_id = guard.text("userId", Rule::Any);
    guard.optional_object("context");
    guard.finish()?;
    let is_known = state.directory.user(&user_id).is_some();
    require(is_known, || refusal(404, "entity.relation_foreign_key_not_found"))?;
    let token = keep(state, user_id)?;
    Ok(Reply::json(201, &json!({ "subjectToken": token, "expiresIn": whole_seconds(LIFETIME) })))
}

fn keep(state: &mut State, user_id: String) -> Result<String> {
    let token = format!("sub_{}", short_id()?);
    let expires_at = state.after(LIFETIME);
    state.store.subject_tokens.insert(token.clone(), SubjectToken { user_id, expires_at, used: false });
    Ok(token)
}

/// Tokens to be exchanged.
impl MockLogto {
    /// A subject token for a user, named by username or id, as the Management API makes them (`POST /api/subject-tokens`, which this server
    /// has, too). It works once, for ten minutes.
    ///
    /// # Panics
    ///
    /// If there is no such user.
    #[allow(clippy::expect_used, reason = "a test cannot go on without the token it asks for")]
    #[must_use]
    pub fn create_subject_token(&self, user: &str) -> String {
        let mut state = self.shared.state();
        let id = state.directory.user_called(user).expect("there is such a user").id.clone();
        keep(&mut state, id).expect("the system gives random bytes")
    }
}
