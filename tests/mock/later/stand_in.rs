//! Tokens of the mock in place of those that a recorded request carries.

use std::time::{SystemTime, UNIX_EPOCH};

use logto::testing::MockLogto;
use serde_json::Value;

use super::world::FULL;
use crate::{
    replay::{Replay, fixture},
    support::{authorization_url, decoded, exchange, text},
};

/// The tokens of a user who signs in to the first app.
pub(super) async fn tokens_of(mock: &MockLogto, user: &str, asked: &[(&str, &str)]) -> Value {
    mock.clear_browser_session();
    let callback = mock.sign_in(&authorization_url(mock, asked), user).await;
    let answer = exchange(mock, &callback).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// The same claims, signed by the mock a moment ago.
pub(super) fn resigned(mock: &MockLogto, jwt: &str) -> String {
    let (mut header, mut claims) = decoded(jwt);
    if let Some(members) = header.as_object_mut() {
        members.retain(|name, _| name == "typ");
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    claims["iss"] = mock.issuer().into();
    claims["iat"] = now.into();
    claims["exp"] = (now + 3600).into();
    mock.sign_jwt(header, &claims)
}

impl Replay<'_> {
    /// Signs users in, so that a recorded request carries what the mock knows. The tokens are `user`'s, actors are always Bob.
    pub(super) async fn stand_in(&mut self, file: &str, user: &str) {
        let request = fixture(file)["request"].clone();
        let bearer = request["headers"]["authorization"].as_str().and_then(|value| value.strip_prefix("Bearer "));
        let mut values: Vec<_> =
            bearer.map(|token| ("access_token".to_owned(), token.to_owned())).into_iter().collect();
        for list in [&request["query"], &request["body_form"]] {
            for pair in list.as_array().into_iter().flatten() {
                let part = |place: usize| pair[place].as_str().unwrap_or_default().to_owned();
                values.push((part(0), part(1)));
            }
        }
        for (name, value) in values {
            if self.knows(&value) {
                continue;
            }
            let user = if name == "actor_token" { "bob" } else { user };
            if let Some(live) = self.live(file, &name, &value, user).await {
                self.learn(&value, &live);
            }
        }
    }

    async fn live(&mut self, file: &str, name: &str, value: &str, user: &str) -> Option<String> {
        let mock = self.mock;
        let is_opaque = value.len() == 43 && !value.contains('.');
        match name {
            _ if value.starts_with("pat_") && value.len() > 12 => Some(mock.create_personal_access_token(user, None)),
            _ if value.starts_with("sub_") && value.len() > 12 => Some(mock.create_subject_token(user)),
            _ if value.starts_with("eyJ") => Some(resigned(mock, value)),
            "code" if is_opaque => {
                self.prepare_code_as(file, &FULL, user).await;
                None
            }
            "refresh_token" if is_opaque => Some(token(mock, user, "refresh_token").await),
            "subject_token" | "actor_token" | "token" | "access_token" if is_opaque => {
                Some(token(mock, user, "access_token").await)
            }
            _ => None,
        }
    }

    /// Replays files of which nothing else need be known.
    pub(super) async fn run_with_stand_ins(&mut self, files: &[String], user: &str) {
        for file in files {
            self.stand_in(file, user).await;
            self.run(file).await;
        }
    }
}

async fn token(mock: &MockLogto, user: &str, member: &str) -> String {
    text(&tokens_of(mock, user, &FULL).await, member).to_owned()
}
