//! An API, its Logto, and tokens like those that Logto issues.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use logto::{
    api::{ApiAudience, AuthInfo, ResourceServer, TokenRequirements},
    testing::MockLogto,
};
use serde_json::{Value, json};

use crate::at_once;

/// The API.
pub const RESOURCE: &str = "https://api.example.test";
/// What its routes ask for.
pub const SCOPE: &str = "read:books";
/// How many different tokens it takes so that, asked for one after the other, none is remembered when its turn comes again: more than
/// twice what a `ResourceServer` keeps by default.
pub const MORE_THAN_REMEMBERED: usize = 2500;

/// A Logto and an API that has its keys already.
pub struct World {
    mock: MockLogto,
    pub api: ResourceServer,
    pub requirements: TokenRequirements,
    /// The public half of the key that signs.
    pub jwk: Value,
}

impl World {
    pub async fn start() -> Self {
        let mock = MockLogto::start().await;
        let api = ResourceServer::builder().endpoint(mock.endpoint()).audience(ApiAudience::resource(RESOURCE));
        let api = api.build().expect("the settings are right");
        api.warm_up().await.expect("the Logto answers");
        let jwks: Value = reqwest::get(format!("{}/jwks", mock.issuer()))
            .await
            .expect("the Logto answers")
            .json()
            .await
            .expect("JSON");
        Self { api, requirements: TokenRequirements::new().scopes([SCOPE]), jwk: jwks["keys"][0].clone(), mock }
    }

    pub fn issuer(&self) -> String {
        self.mock.issuer()
    }

    /// A token with the members and the length of a recorded one (`tests/fixtures/logto/jwt/access_token_resource.json`), signed by ES384.
    /// Each number has its own.
    pub fn token(&self, number: usize) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
        let claims = json!({
            "jti": format!("{number:043}"),
            "sub": "amc3emckvas6",
            "iat": now,
            "exp": now + 24 * 60 * 60,
            "scope": "read:books write:books",
            "client_id": "h8rc2xdlth5ihimk3tfuc",
            "iss": self.issuer(),
            "aud": RESOURCE,
        });
        self.mock.sign_jwt(json!({ "typ": "at+jwt" }), &claims)
    }

    /// What a guarded route does with a request, all of it.
    pub fn authorize(&self, header: &str) -> AuthInfo {
        at_once(self.api.authorize([header], &self.requirements)).expect("the token is good")
    }
}

/// The `Authorization` header.
pub fn header(token: &str) -> String {
    format!("Bearer {token}")
}

/// The parts of a token that the bare signature check needs: what is signed, and the signature, decoded.
pub fn signed_parts(token: &str) -> (Vec<u8>, Vec<u8>) {
    let (message, signature) = token.rsplit_once('.').expect("a JWS");
    (message.as_bytes().to_vec(), URL_SAFE_NO_PAD.decode(signature).expect("base64url"))
}

/// The uncompressed point of a JWK on P-384 (SEC 1 section 2.3.3).
pub fn point(jwk: &Value) -> Vec<u8> {
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().expect("text")).expect("base64url");
    [vec![4], coordinate("x"), coordinate("y")].concat()
}
