//! jsonwebtoken picks its crypto backend for the whole process by its crate features. With both on there is none, and its own `decode`
//! and `verify` panic; no crate in the build can know that another has turned on the second. This build has both on. It shows that the
//! panic is real, and that logto does not care.

#![cfg(test)]

use std::panic;

use jsonwebtoken::{Algorithm, DecodingKey, TokenData, Validation, crypto, errors};
use logto::{
    HeaderCookies, IdTokenClaims, LogtoClient, LogtoConfig, Secret, SignInOptions,
    testing::{MockLogto, SigningAlg},
};

const BASE_URL: &str = "http://localhost:3000";

/// Signs a user in, for which the ID token's signature is verified. Gives the ID token.
async fn sign_in(alg: SigningAlg) -> Secret {
    let mock = MockLogto::builder().signing_key(alg).start().await.unwrap();
    let config = LogtoConfig::builder()
        .endpoint(mock.endpoint())
        .app_id(mock.app_id())
        .app_secret(mock.app_secret())
        .base_url(BASE_URL)
        .cookie_secret("0123456789abcdef0123456789abcdef")
        .build()
        .unwrap();
    let logto = LogtoClient::new(config).unwrap();
    let mut cookies = HeaderCookies::parse("");
    let to_logto = logto.sign_in(&mut cookies, SignInOptions::new()).await.unwrap();
    let callback = mock.sign_in(to_logto.location(), "ada").await;
    let home = logto.handle_sign_in(&mut cookies, &callback).await.unwrap();
    assert_eq!(home.location(), format!("{BASE_URL}/"));
    assert_eq!(logto.get_id_token_claims(&cookies).await.unwrap().unwrap().sub, "user-ada");
    logto.get_id_token(&cookies).await.unwrap().unwrap()
}

/// The panic's message.
fn panics<T>(call: impl FnOnce() -> T + panic::UnwindSafe) -> String {
    let cause = panic::catch_unwind(call).err().expect("jsonwebtoken panics when both its backends are on");
    cause.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[tokio::test]
async fn logto_verifies_id_tokens_with_both_backends_on() {
    for alg in [SigningAlg::Es256, SigningAlg::Es384, SigningAlg::Es512, SigningAlg::Rs256, SigningAlg::Ps256] {
        assert!(!sign_in(alg).await.expose().is_empty(), "{}", alg.name());
    }
}

#[tokio::test]
async fn jsonwebtoken_itself_panics_with_both_backends_on() {
    let id_token = sign_in(SigningAlg::Es384).await;
    let decode = || -> errors::Result<TokenData<IdTokenClaims>> {
        let key = DecodingKey::from_ec_der(&[4; 97]);
        jsonwebtoken::decode(id_token.expose(), &key, &Validation::new(Algorithm::ES384))
    };
    let verify = || crypto::verify("AAAA", b"message", &DecodingKey::from_ec_der(&[4; 97]), Algorithm::ES384);
    for message in [panics(panic::AssertUnwindSafe(decode)), panics(verify)] {
        assert!(message.contains("CryptoProvider"), "{message}");
    }
}
