//! The JSON in the cookie: `idToken`, `refreshToken`, `accessToken`, and members that are none of ours, which survive.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::tokens;
use crate::{
    clock,
    error::{Code, Error, Result},
    secret::Secret,
    session::{
        data::{SessionData, Subject},
        derived_id::{sign_in_id, unnamed_id},
        opened::PreservedMembers,
        packed::Jwt,
    },
};

const ID_TOKEN: &str = "idToken";
const REFRESH_TOKEN: &str = "refreshToken";
const ACCESS_TOKEN: &str = "accessToken";

/// A cookie that was opened.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// Nobody is signed in where there is no ID token of this application.
    pub(super) data: Option<SessionData>,
    /// Whether this crate wrote the session before, and so knows since when it is idle.
    pub(super) stamped: bool,
    /// Whether its id stays the same over refreshes by Next.js: by the stamp, or by the sign-in's nonce.
    pub(super) named: bool,
    pub(super) preserved: PreservedMembers,
}

/// `None` where it is no object.
pub(super) fn read(json: &[u8], app_id: &str) -> Option<Members> {
    let mut members: Map<String, Value> = serde_json::from_slice(json).ok()?;
    let mut take = |name| match members.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(Secret::new(text)),
        _ => None,
    };
    let (id_token, refresh_token, access_tokens) = (take(ID_TOKEN), take(REFRESH_TOKEN), take(ACCESS_TOKEN));
    let begun = id_token.and_then(|id_token| begin(&id_token, refresh_token, app_id));
    let (mut data, mut named) = begun.map_or((None, false), |(data, named)| (Some(data), named));
    let mut stamped = false;
    if let (Some(data), Some(json)) = (&mut data, access_tokens) {
        let (access_tokens, stamp) = tokens::read(json.expose());
        data.access_tokens = access_tokens;
        stamped = stamp.and_then(|stamp| stamp.apply(data, named)).is_some();
        named |= stamped;
    }
    Some(Members { data, stamped, named, preserved: PreservedMembers(members) })
}

pub(super) fn write(data: Option<&SessionData>, preserved: &PreservedMembers) -> Result<Vec<u8>> {
    let mut members = preserved.0.clone();
    let unwritable = |source| Error::new(Code::SessionTooLarge, "the session cannot be written").with_source(source);
    if let Some(data) = data {
        members.insert(ID_TOKEN.to_owned(), data.id_token.compact().expose().into());
        members.insert(ACCESS_TOKEN.to_owned(), tokens::write(data).map_err(unwritable)?.into());
        let refresh_token = data.refresh_token.as_ref().map(|token| token.expose().into());
        members.extend(refresh_token.map(|token| (REFRESH_TOKEN.to_owned(), token)));
    }
    serde_json::to_vec(&members).map_err(unwritable)
}

/// A session as far as the tokens tell, and whether its id is that of the sign-in: it began when the ID token was issued.
fn begin(id_token: &Secret, refresh_token: Option<Secret>, app_id: &str) -> Option<(SessionData, bool)> {
    let jwt = Jwt::parse(id_token.expose())?;
    // Next.js has verified it; here it is read for the first and only time.
    let claims: Claims = serde_json::from_slice(jwt.payload()).ok()?;
    // Nothing else binds a cookie to its application: two that share a secret could be given each other's.
    if !claims.aud.contains(app_id) || !(1..=255).contains(&claims.sub.len()) {
        return None;
    }
    if claims.sid.as_ref().is_some_and(|sid| !(1..=255).contains(&sid.len())) {
        return None;
    }
    let subject = Subject { sub: claims.sub, sid: claims.sid };
    let mut data = SessionData::begin(jwt, subject, claims.iat.0, claims.iat.0).ok()?;
    let nonce = claims.nonce.filter(|nonce| !nonce.is_empty());
    data.id = match &nonce {
        Some(nonce) => sign_in_id(nonce),
        None => unnamed_id(refresh_token.as_ref().unwrap_or(id_token)),
    }?;
    data.refresh_token = refresh_token;
    Some((data, nonce.is_some()))
}

#[derive(Deserialize)]
struct Claims {
    aud: Audience,
    sub: String,
    iat: Seconds,
    #[serde(default)]
    sid: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
}

/// RFC 7519 section 2: any number. The whole part counts, as in a sign-in of our own.
struct Seconds(i64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        let whole = number.as_i64().or_else(|| number.as_f64().map(clock::whole_part));
        Ok(Self(whole.unwrap_or(i64::MAX)))
    }
}

/// OpenID Connect Core 2: a string or an array of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn contains(&self, app_id: &str) -> bool {
        match self {
            Self::One(one) => one == app_id,
            Self::Many(many) => many.iter().any(|one| one == app_id),
        }
    }
}
