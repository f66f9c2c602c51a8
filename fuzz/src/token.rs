//! Good tokens. The claims never change, so a token that was taken can be compared with the only one that is good.

use std::sync::LazyLock;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::{APP_ID, ISSUER, NOW, RESOURCE, SUB};

/// Made for this and used for nothing else. Fixed, so that the seeds of yesterday are good today.
static KEY: LazyLock<EcdsaKeyPair> = LazyLock::new(|| {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, include_bytes!("signing-key.p8")).expect("a key")
});

/// What the token endpoint gives.
pub struct Tokens<'a> {
    pub nonce: Option<&'a str>,
    pub refresh_token: &'a str,
}

impl Tokens<'_> {
    pub fn response(&self) -> String {
        let Self { nonce, refresh_token } = self;
        json!({
            "access_token": "opaque-access-token",
            "id_token": id_token(*nonce),
            "refresh_token": refresh_token,
            "expires_in": 3600,
            "scope": "openid offline_access profile",
            "token_type": "Bearer",
        })
        .to_string()
    }
}

/// The key set that has the key.
pub fn jwks() -> Value {
    let point = KEY.public_key().as_ref();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..49]), URL_SAFE_NO_PAD.encode(&point[49..]));
    json!({ "keys": [{ "kty": "EC", "use": "sig", "alg": "ES384", "kid": "key", "crv": "P-384", "x": x, "y": y }] })
}

pub fn id_token(nonce: Option<&str>) -> String {
    let mut claims = json!({
        "iss": ISSUER, "aud": APP_ID, "sub": SUB, "name": "Ada", "iat": NOW - 10, "exp": NOW + 3600,
        "organizations": ["org-1"], "sid": "sid-1",
    });
    if let Some(nonce) = nonce {
        claims["nonce"] = nonce.into();
    }
    sign(&json!({ "alg": "ES384", "typ": "JWT", "kid": "key" }), &claims)
}

pub fn logout_token() -> String {
    let claims = json!({
        "iss": ISSUER, "aud": APP_ID, "sub": SUB, "sid": "sid-1", "jti": "jti-1", "iat": NOW - 10, "exp": NOW + 120,
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    });
    sign(&json!({ "alg": "ES384", "typ": "logout+jwt", "kid": "key" }), &claims)
}

pub fn access_token() -> String {
    let claims = json!({
        "iss": ISSUER, "aud": RESOURCE, "sub": SUB, "client_id": APP_ID, "scope": "read:books", "jti": "jti-2",
        "iat": NOW - 10, "exp": NOW + 3600,
    });
    sign(&json!({ "alg": "ES384", "typ": "at+jwt", "kid": "key" }), &claims)
}

/// Whether `token` says, letter by letter, what the signed `original` says. (An ECDSA signature itself has more than one form.)
pub fn is_genuine(token: &str, original: &str) -> bool {
    let signed = |token: &str| token.rsplit_once('.').map(|(signed, _)| signed.to_owned());
    signed(token).is_some() && signed(token) == signed(original)
}

fn sign(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = KEY.sign(&SystemRandom::new(), message.as_bytes()).expect("a signature");
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}
