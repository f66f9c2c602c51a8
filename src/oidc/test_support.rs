//! A clock, a key server and keys to sign with.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
        EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair, RsaPublicKeyComponents,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use url::Url;

use super::{
    alg::Alg,
    jwks::{KeySource, Keys},
};
use crate::{
    clock::Clock,
    error::BoxError,
    http::{HttpClient, Transport},
    types::BoxFuture,
};

/// A second in which every recorded token is valid that was issued at it or up to an hour before.
pub(super) fn at(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap())
}

pub(crate) fn fixture(path: &str) -> Value {
    let path = format!("{}/tests/fixtures/logto/{path}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))).unwrap()
}

pub(super) struct TestClock(AtomicU64);

impl TestClock {
    pub(super) fn new(seconds: u64) -> Self {
        Self(AtomicU64::new(seconds))
    }

    pub(super) fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::Relaxed);
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

/// A key server: what it answers, and how often it was asked.
pub(super) struct Server {
    body: Mutex<Option<Value>>,
    asked: AtomicUsize,
}

impl HttpClient for Server {
    fn send(&self, _: http::Request<Vec<u8>>, _: usize) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, BoxError>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let body = self.body.lock().unwrap().clone();
        Box::pin(async move {
            let body = body.ok_or("connection refused")?;
            Ok(http::Response::new(serde_json::to_vec(&body).unwrap()))
        })
    }
}

/// A key source over a [`Server`], at a time of its own.
pub(super) struct World {
    pub(super) clock: Arc<TestClock>,
    server: Arc<Server>,
    transport: Transport,
    jwks_uri: Url,
    source: KeySource,
}

impl World {
    pub(super) fn new(jwks: Value, now: u64) -> Self {
        let server = Arc::new(Server { body: Mutex::new(Some(jwks)), asked: AtomicUsize::new(0) });
        let clock = Arc::new(TestClock::new(now));
        Self {
            source: KeySource::new(Duration::from_secs(10), clock.clone()),
            clock,
            transport: Transport::new(server.clone(), Duration::from_secs(5)),
            server,
            jwks_uri: Url::parse("https://logto.example/oidc/jwks").unwrap(),
        }
    }

    pub(super) fn keys(&self) -> Keys<'_> {
        self.source.keys(&self.transport, &self.jwks_uri)
    }

    /// Has the server answer with other keys, or not at all.
    pub(super) fn serve(&self, jwks: Option<Value>) {
        *self.server.body.lock().unwrap() = jwks;
    }

    pub(super) fn asked(&self) -> usize {
        self.server.asked.load(Ordering::Relaxed)
    }
}

pub(super) enum TestKey {
    Ec(Alg, EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl TestKey {
    pub(super) fn new(alg: Alg) -> Self {
        let ec = match alg {
            Alg::Es256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            Alg::Es384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
            Alg::Es512 => &ECDSA_P521_SHA512_FIXED_SIGNING,
            Alg::Rs256 | Alg::Ps256 => return Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
        };
        Self::Ec(alg, EcdsaKeyPair::generate(ec).unwrap())
    }

    /// The public half, without `kid`, `use` and `alg`.
    pub(super) fn jwk(&self) -> Value {
        match self {
            Self::Ec(alg, pair) => {
                let crv = match alg {
                    Alg::Es256 => "P-256",
                    Alg::Es384 => "P-384",
                    _ => "P-521",
                };
                let (_, point) = pair.public_key().as_ref().split_at(1);
                let (x, y) = point.split_at(point.len() / 2);
                json!({ "kty": "EC", "crv": crv, "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) })
            }
            Self::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(public.n), "e": URL_SAFE_NO_PAD.encode(public.e) })
            }
        }
    }

    /// The public half under a name.
    pub(super) fn jwk_named(&self, kid: &str) -> Value {
        with(self.jwk(), &[("kid", json!(kid)), ("use", json!("sig"))])
    }

    pub(super) fn sign(&self, alg: Alg, kid: Option<&str>, claims: &Value) -> String {
        let mut header = json!({ "alg": alg.as_str() });
        if let Some(kid) = kid {
            header["kid"] = json!(kid);
        }
        self.sign_parts(alg, &header.to_string(), &claims.to_string())
    }

    pub(super) fn sign_parts(&self, alg: Alg, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let random = SystemRandom::new();
        let signature = match self {
            Self::Ec(_, pair) => pair.sign(&random, input.as_bytes()).unwrap().as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let padding = if alg == Alg::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                pair.sign(padding, &random, input.as_bytes(), &mut signature).unwrap();
                signature
            }
        };
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// `object` with members set.
pub(crate) fn with(mut object: Value, members: &[(&str, Value)]) -> Value {
    for (name, value) in members {
        object[*name] = value.clone();
    }
    object
}

/// `object` without a member.
pub(crate) fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}
