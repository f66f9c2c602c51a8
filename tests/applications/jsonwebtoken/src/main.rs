//! jsonwebtoken takes its backend from its crate features, and panics where two are on. This application has turned on one, and uses logto with
//! its default features.

use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (secret, claims) = (b"a secret of the application alone", json!({ "sub": "own", "exp": 4_102_444_800_u64 }));
    let token = jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(secret)).unwrap();
    let key = DecodingKey::from_secret(secret);
    let decoded = jsonwebtoken::decode::<Value>(&token, &key, &Validation::default()).unwrap();
    assert_eq!(decoded.claims, claims);
    println!("signed and verified a token of its own");

    application_common::sign_in().await;
    application_common::speak_tls().await;
}
