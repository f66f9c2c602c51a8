//! Right answers, made wrong.

use std::{fmt::Write, sync::Arc};

use http::{Response, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::detour::Spoil;

fn body(change: impl Fn(&mut Vec<u8>) + Send + Sync + 'static) -> Spoil {
    Arc::new(move |response: &mut Response<Vec<u8>>| change(response.body_mut()))
}

pub fn content_type(media: Option<&'static str>) -> Spoil {
    Arc::new(move |response: &mut Response<Vec<u8>>| {
        response.headers_mut().remove(CONTENT_TYPE);
        response.headers_mut().extend(media.map(|media| (CONTENT_TYPE, media.parse().unwrap())));
    })
}

/// Puts text behind the first brace.
pub fn insert(text: impl Into<String>) -> Spoil {
    let text = text.into();
    body(move |body| {
        if body.first() == Some(&b'{') {
            body.splice(1..1, text.bytes());
        }
    })
}

pub fn many_members() -> Spoil {
    insert((0..10_000).fold(String::new(), |mut text, number| {
        write!(text, r#""member-{number}":{number},"#).unwrap();
        text
    }))
}

pub fn deep_member() -> Spoil {
    insert(format!(r#""x":{}{},"#, "[".repeat(100_000), "]".repeat(100_000)))
}

pub fn long_number() -> Spoil {
    insert(format!(r#""x":{},"#, "9".repeat(1_000)))
}

/// Each endpoint's most important member is there twice, the false one first.
pub fn twice() -> Spoil {
    body(|body| {
        let text = String::from_utf8(body.clone()).unwrap();
        let members = [
            ("issuer", r#""https://evil.example/oidc""#),
            ("keys", "[]"),
            ("access_token", r#""evil""#),
            ("active", "false"),
            ("sub", r#""user-bob""#),
        ];
        // The first that is there: `sub` is a member of two answers.
        if let Some((name, value)) = members.into_iter().find(|(name, _)| text.contains(&format!("\"{name}\":"))) {
            body.splice(1..1, format!("\"{name}\":{value},").bytes());
        }
    })
}

pub fn cut() -> Spoil {
    body(|body| _ = body.pop())
}

pub fn append(text: &'static str) -> Spoil {
    body(move |body| body.extend(text.bytes()))
}

/// Sets a member to this JSON text; takes it out if the text is empty.
pub fn set(name: &'static str, value: &'static str) -> Spoil {
    body(move |body| {
        let mut answer: Value = serde_json::from_slice(body).unwrap();
        answer.as_object_mut().unwrap().remove(name);
        let text = answer.to_string();
        let rest = text.strip_prefix('{').unwrap();
        let comma = if rest == "}" { "" } else { "," };
        *body = if value.is_empty() { text } else { format!("{{\"{name}\":{value}{comma}{rest}") }.into_bytes();
    })
}

pub fn long_access_token() -> Spoil {
    body(|body| {
        let mut answer: Value = serde_json::from_slice(body).unwrap();
        answer["access_token"] = "a".repeat(500_000).into();
        *body = answer.to_string().into_bytes();
    })
}

fn keys(change: impl Fn(&mut Vec<Value>) + Send + Sync + 'static) -> Spoil {
    body(move |body| {
        let mut answer: Value = serde_json::from_slice(body).unwrap();
        change(answer["keys"].as_array_mut().unwrap());
        *body = answer.to_string().into_bytes();
    })
}

/// Another P-384 key: the generator of the curve (SEC 2 section 2.5.1).
fn generator(kid: &Value) -> Value {
    json!({
        "kty": "EC", "crv": "P-384", "use": "sig", "kid": kid,
        "x": "qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3",
        "y": "NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f",
    })
}

pub fn thousand_keys(with_the_right_one: bool) -> Spoil {
    keys(move |keys| {
        let right = std::mem::take(keys);
        keys.extend((0..1_000).map(|number| generator(&format!("key-{number}").into())));
        keys.extend(right.into_iter().filter(|_| with_the_right_one));
    })
}

pub fn thousand_namesakes() -> Spoil {
    keys(|keys| {
        let right = std::mem::take(keys);
        keys.extend((0..1_000).map(|_| generator(&right[0]["kid"])));
        keys.extend(right);
    })
}

pub fn broken_keys(with_the_right_one: bool) -> Spoil {
    keys(move |keys| {
        let right = std::mem::take(keys);
        let kid = right[0]["kid"].clone();
        keys.extend([
            json!(null),
            json!({}),
            json!({ "kty": null, "kid": kid }),
            json!({ "kty": "EC", "crv": "P-384", "kid": kid }),
            json!({ "kty": "EC", "crv": "P-384", "kid": kid, "x": "AA", "y": "AA" }),
            json!({ "kty": "EC", "crv": "P-384", "kid": kid, "x": "!", "y": "!" }),
            json!({ "kty": "EC", "crv": "secp256k1", "kid": kid, "x": "AA", "y": "AA" }),
            json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": "AA" }),
            json!({ "kty": "RSA", "kid": kid, "n": "AQAB", "e": "AQAB" }),
            json!({ "kty": "RSA", "kid": kid, "n": 7, "e": [] }),
            json!({ "kty": "oct", "kid": kid, "k": "AAAA" }),
            json!({ "kty": "future", "kid": kid, "x": { "deep": [[[]]] } }),
        ]);
        let with = |name: &str, value: Value| {
            let mut key = right[0].clone();
            key[name] = value;
            key
        };
        keys.extend([
            with("alg", "HS256".into()),
            with("alg", "none".into()),
            with("use", "enc".into()),
            with("key_ops", json!(["sign"])),
            with("kid", 7.into()),
        ]);
        keys.extend(right.iter().filter(|_| with_the_right_one).cloned());
    })
}

pub fn other_key() -> Spoil {
    keys(|keys| keys[0] = generator(&keys[0]["kid"]))
}

pub fn off_curve() -> Spoil {
    keys(|keys| keys[0]["x"] = "A".repeat(64).into())
}

pub fn shared_secret() -> Spoil {
    keys(|keys| keys[0] = json!({ "kty": "oct", "kid": keys[0]["kid"], "k": "AAAA", "alg": "HS384" }))
}
