//! What an API answers to every kind of request, status, challenge and body: one table, for all frameworks.
//!
//! A framework serves the routes of [`World`] and hands [`run`] a function that sends a request.

use std::time::{Duration, UNIX_EPOCH};

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use logto::{
    api::{ApiAudience, ApiPolicy, ResourceServer, TokenRequirements},
    integrate::Clock,
    testing::{Endpoint, MockLogto, SigningAlg, TestClock},
};
use serde_json::{Value, json};

use crate::plain_http::plain_http;
use crate::support::BOOKS;

/// `GET /books`, a handler with `ApiAuth<ReadBooks>`.
pub struct ReadBooks;
/// `GET /acme`, a handler with `ApiAuth<OfAcme>`, or one that requires the same by value.
pub struct OfAcme;
/// `GET /transfer`, a handler with `ApiAuth<Recent>`.
pub struct Recent;

impl ApiPolicy for ReadBooks {
    fn requirements() -> TokenRequirements {
        TokenRequirements::new().scopes(["read:books"])
    }
}

impl ApiPolicy for OfAcme {
    fn requirements() -> TokenRequirements {
        TokenRequirements::new().organization("org-acme")
    }
}

impl ApiPolicy for Recent {
    fn requirements() -> TokenRequirements {
        TokenRequirements::new().max_age(Duration::from_secs(300)).acr_values(["urn:logto:acr:mfa"])
    }
}

/// A request, and the answer to it.
pub struct Case {
    pub name: &'static str,
    /// `/books`, `/acme`, `/transfer` as above, whose handlers answer with the token's `sub`; `/greeting` takes an optional `ApiAuth`, and
    /// `/shelf` an optional `ApiAuth<ReadBooks>`, and they answer with `sub` or `nobody`.
    pub path: &'static str,
    /// The values of the `Authorization` headers.
    pub headers: Vec<String>,
    /// What happens before the request is sent. The cases are in order.
    pub before: fn(&World),
    pub status: u16,
    pub www_authenticate: Option<String>,
    pub body: String,
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub www_authenticate: Vec<String>,
    pub body: String,
}

/// A Logto, an API before it, and a clock that both go by.
pub struct World {
    pub mock: MockLogto,
    pub clock: TestClock,
    pub api: ResourceServer,
    /// A key that Logto has not published.
    stranger: EcdsaKeyPair,
}

impl World {
    pub async fn start() -> Self {
        let clock = TestClock::at(UNIX_EPOCH + Duration::from_secs(1_795_385_584));
        let mock = MockLogto::builder().clock(clock.clone()).start().await.unwrap();
        let api = ResourceServer::builder()
            .endpoint(mock.endpoint())
            .audience(ApiAudience::resource(BOOKS).with_or_without_organization())
            .advertise_metadata(true)
            .clock(clock.clone())
            .build()
            .unwrap();
        let stranger = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
        Self { mock, clock, api, stranger }
    }

    pub fn now(&self) -> u64 {
        self.clock.now().duration_since(UNIX_EPOCH).unwrap().as_secs()
    }

    /// The claims of a good token.
    pub fn claims(&self) -> Value {
        json!({
            "iss": self.mock.issuer(), "sub": "user-ada", "aud": BOOKS, "client_id": "app", "scope": "read:books",
            "iat": self.now(), "exp": self.now() + 3600, "jti": "1",
        })
    }

    /// A good token, but for some claims: `null` takes one out.
    pub fn token(&self, changes: Value) -> String {
        self.token_with(json!({ "typ": "at+jwt" }), changes)
    }

    pub fn token_with(&self, header: Value, changes: Value) -> String {
        self.mock.sign_jwt(header, &changed(self.claims(), changes))
    }

    /// A token signed by somebody else.
    fn forged(&self, header: &Value) -> String {
        let input = input(header, &self.claims());
        let signature = self.stranger.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The public half of the stranger's key.
    fn strange_jwk(&self) -> Value {
        let (x, y) = self.stranger.public_key().as_ref()[1..].split_at(48);
        let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
        json!({ "kty": "EC", "crv": "P-384", "x": x, "y": y, "kid": "stranger", "alg": "ES384", "use": "sig" })
    }

    /// The name of Logto's key, and its public half as bytes.
    async fn key(&self) -> (String, Vec<u8>) {
        let jwks = plain_http().build().unwrap().get(format!("{}/jwks", self.mock.issuer())).send().await.unwrap();
        let key = jwks.json::<Value>().await.unwrap()["keys"][0].clone();
        let [x, y] = ["x", "y"].map(|name| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap());
        (key["kid"].as_str().unwrap().to_owned(), [vec![4], x, y].concat())
    }
}

fn changed(mut claims: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("an object of changes") };
    for (name, value) in changes {
        match value {
            Value::Null => _ = claims.as_object_mut().unwrap().remove(&name),
            value => claims[name] = value,
        }
    }
    claims
}

fn input(header: &Value, claims: &Value) -> String {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    format!("{header}.{claims}")
}

const METADATA: &str = r#"resource_metadata="https://api.example.test/.well-known/oauth-protected-resource""#;
const REALM: &str = r#"Bearer realm="https://api.example.test""#;

fn nothing(_: &World) {}

/// A request with one header that is let in.
fn good(name: &'static str, path: &'static str, header: impl Into<String>) -> Case {
    Case {
        name,
        path,
        headers: vec![header.into()],
        before: nothing,
        status: 200,
        www_authenticate: None,
        body: "user-ada".to_owned(),
    }
}

/// A request to `/books` that is refused.
fn bad(name: &'static str, headers: Vec<String>, status: u16, error: &str, description: &str, code: &str) -> Case {
    let error = match error {
        "" => String::new(),
        error => format!(r#"error="{error}", error_description="{description}", "#),
    };
    Case {
        name,
        path: "/books",
        headers,
        before: nothing,
        status,
        www_authenticate: Some(format!(r#"{REALM}, {error}scope="read:books", {METADATA}"#)),
        body: format!(r#"{{"code":"bearer_token.{code}","message":"{description}"}}"#),
    }
}

fn missing(name: &'static str, headers: Vec<String>) -> Case {
    bad(name, headers, 401, "", "An access token is required.", "missing")
}

fn malformed(name: &'static str, headers: Vec<String>) -> Case {
    let description = "The Authorization header does not hold one bearer token.";
    bad(name, headers, 400, "invalid_request", description, "invalid_request")
}

fn invalid(name: &'static str, token: &str, description: &str, code: &str) -> Case {
    bad(name, vec![format!("Bearer {token}")], 401, "invalid_token", description, code)
}

/// The table.
pub async fn cases(world: &World) -> Vec<Case> {
    let right = world.token(json!({}));
    let bearer = |token: &str| format!("Bearer {token}");
    let mut cases = vec![
        good("a good token", "/books", bearer(&right)),
        good("the same token again", "/books", bearer(&right)),
        good("a scheme in another case", "/books", format!("bEARER  {right} ")),
        missing("no header", vec![]),
        missing("a blank header", vec![String::new()]),
        missing("another scheme", vec!["Basic YXBwOnNlY3JldA==".to_owned()]),
        malformed("no token", vec!["Bearer".to_owned()]),
        malformed("two tokens", vec![format!("Bearer {right} {right}")]),
        malformed("two headers", vec![bearer(&right), bearer(&right)]),
        malformed("two headers of two schemes", vec!["Basic YTpi".to_owned(), bearer(&right)]),
        malformed("a list", vec![format!("Bearer {right}, Bearer {right}")]),
        malformed("a token of 64 KB", vec![bearer(&"a".repeat(64 * 1024))]),
        malformed("a quoted token", vec![format!("Bearer \"{right}\"")]),
        malformed("a token of other letters", vec!["Bearer \u{e9}".to_owned()]),
    ];
    cases.extend(tokens(world, &right).await);
    cases.extend(privileges(world));
    cases.extend(optional(world, &right));
    cases.extend(revoked_key(world));
    cases
}

/// Tokens that are not believed, and some that look so and are.
async fn tokens(world: &World, right: &str) -> Vec<Case> {
    let (kid, public_key) = world.key().await;
    let now = world.now();
    let at_jwt = || json!({ "typ": "at+jwt" });
    let (signed, signature) = right.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let none = input(&json!({ "alg": "none", "typ": "at+jwt" }), &world.claims());
    let hs256 = {
        let input = input(&json!({ "alg": "HS256", "typ": "at+jwt", "kid": kid }), &world.claims());
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &public_key), input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag))
    };
    let embedded = |kid: &str| {
        world.forged(&json!({
            "alg": "ES384", "typ": "at+jwt", "kid": kid, "jwk": world.strange_jwk(),
            "jku": "https://evil.example/jwks", "x5u": "https://evil.example/cert", "x5c": ["AAAA"],
        }))
    };
    let other_claims = URL_SAFE_NO_PAD.encode(changed(world.claims(), json!({ "sub": "user-bob" })).to_string());
    let opaque = "7rbJWiLkn6XJAmpQh3gKBoKzQRLRyYNPzXsm8g0lMIe";

    let not_well_formed = "The access token is malformed.";
    let wrong_signature = "The access token's signature is wrong.";
    let wrong_algorithm = "The access token's algorithm is not accepted.";
    let unknown_key = "The access token is signed with an unknown key.";
    let lacks_a_claim = "The access token lacks a claim.";
    let not_yet = "The access token is not valid yet.";
    let other_audience = "The access token is for another audience.";
    let other_issuer = "The access token is from another issuer.";
    let is_opaque = "The access token is opaque. Ask for one with the resource of this API.";
    let not_access = "The token is not an access token.";
    vec![
        invalid("garbage", "garbage", is_opaque, "opaque"),
        invalid("an opaque token", opaque, is_opaque, "opaque"),
        invalid("garbage with dots", "a.b.c", not_well_formed, "invalid_token"),
        invalid("two parts", signed, not_well_formed, "invalid_token"),
        invalid("five parts", &format!("{right}.AAAA.AAAA"), not_well_formed, "invalid_token"),
        invalid("the algorithm none", &format!("{none}."), wrong_algorithm, "invalid_alg"),
        invalid("the algorithm none with a signature", &format!("{none}.{signature}"), wrong_algorithm, "invalid_alg"),
        invalid("HS256 with the public key", &hs256, wrong_algorithm, "invalid_alg"),
        invalid("no signature", &format!("{signed}."), wrong_signature, "invalid_signature"),
        invalid("other claims", &format!("{header}.{other_claims}.{signature}"), wrong_signature, "invalid_signature"),
        invalid("an embedded key", &embedded("stranger"), unknown_key, "unknown_key"),
        invalid("an embedded key under Logto's name", &embedded(&kid), wrong_signature, "invalid_signature"),
        invalid(
            "a stranger without a key's name",
            &world.forged(&json!({ "alg": "ES384", "typ": "at+jwt" })),
            wrong_signature,
            "invalid_signature",
        ),
        good(
            "no key's name",
            "/books",
            format!("Bearer {}", world.token_with(json!({ "typ": "at+jwt", "kid": null }), json!({}))),
        ),
        invalid(
            "an ID token",
            &world.token_with(json!({}), json!({ "client_id": null, "scope": null, "aud": "app", "nonce": "n" })),
            "An ID token is not an access token.",
            "id_token",
        ),
        invalid("a JWT of no type", &world.token_with(json!({}), json!({})), not_access, "invalid_typ"),
        invalid("a logout token", &world.mock.logout_token(Some("user-ada"), Some("sid")), not_access, "invalid_typ"),
        invalid(
            "a critical extension",
            &world.token_with(json!({ "typ": "at+jwt", "crit": ["b64"], "b64": false }), json!({})),
            not_well_formed,
            "invalid_token",
        ),
        invalid("expired", &world.token(json!({ "exp": now - 60 })), "The access token expired.", "expired"),
        good("expired within the leeway", "/books", format!("Bearer {}", world.token(json!({ "exp": now - 59 })))),
        invalid("not valid yet", &world.token(json!({ "nbf": now + 61 })), not_yet, "not_yet_valid"),
        invalid("from the future", &world.token(json!({ "iat": now + 61 })), not_yet, "invalid_iat"),
        invalid(
            "of another issuer",
            &world.token(json!({ "iss": "https://evil.example/oidc" })),
            other_issuer,
            "invalid_iss",
        ),
        invalid(
            "of the issuer with a slash",
            &world.token(json!({ "iss": format!("{}/", world.mock.issuer()) })),
            other_issuer,
            "invalid_iss",
        ),
        invalid(
            "for another audience",
            &world.token(json!({ "aud": "https://other.test" })),
            other_audience,
            "invalid_aud",
        ),
        invalid(
            "for an organization",
            &world.token(json!({ "aud": "urn:logto:organization:org-acme" })),
            other_audience,
            "invalid_aud",
        ),
        invalid("for no audience", &world.token(json!({ "aud": [] })), other_audience, "invalid_aud"),
        good("an array of one audience", "/books", format!("Bearer {}", world.token(json!({ "aud": [BOOKS] })))),
        good(
            "an audience beside ours",
            "/books",
            format!("Bearer {}", world.token(json!({ "aud": ["https://other.test", BOOKS] }))),
        ),
        invalid(
            "bound to a key",
            &world.token(json!({ "cnf": { "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } })),
            "The access token is bound to a key. Ask for a plain bearer token.",
            "key_bound",
        ),
        invalid("without a subject", &world.token(json!({ "sub": null })), lacks_a_claim, "invalid_sub"),
        invalid("without a client", &world.token(json!({ "client_id": null })), lacks_a_claim, "invalid_client_id"),
        invalid("without an end", &world.token(json!({ "exp": null })), "The access token expired.", "expired"),
        invalid(
            "claims that are no object",
            &world.mock.sign_jwt(at_jwt(), &json!([1])),
            not_well_formed,
            "invalid_token",
        ),
    ]
}

/// Tokens that are good, and not good enough.
fn privileges(world: &World) -> Vec<Case> {
    let bearer = |changes: Value| vec![format!("Bearer {}", world.token(changes))];
    let now = world.now();
    let no_scope = |name, scope: Value| {
        let headers = bearer(json!({ "scope": scope }));
        bad(name, headers, 403, "insufficient_scope", "The access token lacks a scope.", "insufficient_scope")
    };
    let elsewhere = |name, changes: Value| Case {
        path: "/acme",
        www_authenticate: Some(format!(
            r#"{REALM}, error="insufficient_scope", error_description="The access token is not for this organization.", {METADATA}"#
        )),
        ..bad(name, bearer(changes), 403, "", "The access token is not for this organization.", "wrong_organization")
    };
    let too_weak = |name, changes: Value| {
        let description = "The user must authenticate again, or more strongly.";
        Case {
            path: "/transfer",
            www_authenticate: Some(format!(
                r#"{REALM}, error="insufficient_user_authentication", error_description="{description}", acr_values="urn:logto:acr:mfa", max_age="300", {METADATA}"#
            )),
            ..bad(name, bearer(changes), 401, "", description, "insufficient_user_authentication")
        }
    };
    let mfa = "urn:logto:acr:mfa";
    let mut strong = bearer(json!({ "auth_time": now - 300, "acr": mfa }));
    let mut of_acme = bearer(json!({ "organization_id": "org-acme" }));
    vec![
        no_scope("another scope", json!("write:books")),
        no_scope("half a scope", json!("read:book ead:books read")),
        no_scope("no scope", Value::Null),
        good("our organization", "/acme", of_acme.remove(0)),
        elsewhere("another organization", json!({ "organization_id": "org-globex" })),
        elsewhere("no organization", json!({})),
        good("a recent and strong login", "/transfer", strong.remove(0)),
        too_weak("an old login", json!({ "auth_time": now - 361, "acr": mfa })),
        too_weak("a weak login", json!({ "auth_time": now, "acr": "urn:logto:acr:1fa" })),
        too_weak("a login of which nothing is said", json!({})),
    ]
}

/// A route that anyone may ask: who sends no credentials is nobody, who sends bad ones is refused.
fn optional(world: &World, right: &str) -> Vec<Case> {
    let greeting = |case: Case| Case {
        path: "/greeting",
        www_authenticate: case.www_authenticate.map(|header| header.replace(r#" scope="read:books","#, "")),
        ..case
    };
    let nobody = |name, headers| Case {
        status: 200,
        www_authenticate: None,
        body: "nobody".to_owned(),
        ..greeting(missing(name, headers))
    };
    vec![
        good("an optional token", "/greeting", format!("Bearer {right}")),
        nobody("no optional token", vec![]),
        nobody("another scheme where the token is optional", vec!["Basic YTpi".to_owned()]),
        greeting(malformed("an optional token that is empty", vec!["Bearer ".to_owned()])),
        greeting(invalid(
            "an optional token that is malformed",
            "a.b.c",
            "The access token is malformed.",
            "invalid_token",
        )),
        good("an optional token with a scope", "/shelf", format!("Bearer {right}")),
        Case { path: "/shelf", ..nobody("no optional token with a scope", vec![]) },
        Case {
            path: "/shelf",
            ..bad(
                "an optional token that lacks a scope",
                vec![format!("Bearer {}", world.token(json!({ "scope": "write:books" })))],
                403,
                "insufficient_scope",
                "The access token lacks a scope.",
                "insufficient_scope",
            )
        },
    ]
}

/// A token that is good, and is not any more when its key is withdrawn: at the latest an hour later.
fn revoked_key(world: &World) -> Vec<Case> {
    let token = world.token(json!({ "exp": world.now() + 3 * 3600 }));
    let withdraw = |world: &World| {
        world.mock.rotate_keys(SigningAlg::Es384);
        world.mock.remove_old_keys();
        world.clock.advance(Duration::from_secs(3600));
    };
    let description = "The access token is signed with an unknown key.";
    vec![
        good("a token whose key will be withdrawn", "/books", format!("Bearer {token}")),
        Case { before: withdraw, ..invalid("a token whose key was withdrawn", &token, description, "unknown_key") },
    ]
}

/// Sends every request of the table and compares the answers.
pub async fn run(world: &World, send: impl AsyncFn(&Case) -> Answer) {
    let cases = cases(world).await;
    assert!(cases.len() >= 60, "{}", cases.len());
    for case in &cases {
        (case.before)(world);
        let expected = Answer {
            status: case.status,
            www_authenticate: case.www_authenticate.iter().cloned().collect(),
            body: case.body.clone(),
        };
        assert_eq!(send(case).await, expected, "{}", case.name);
    }
}

/// 1,000 tokens that name keys which do not exist, within ten seconds: Logto is asked for its keys once more, and no more.
pub async fn flood(world: &World, send: impl AsyncFn(&Case) -> Answer) {
    let description = "The access token is signed with an unknown key.";
    let right = good("a good token", "/books", format!("Bearer {}", world.token(json!({}))));
    assert_eq!(send(&right).await.status, 200);
    let asked = world.mock.request_count(Endpoint::Jwks);
    for number in 0..1000 {
        let header = json!({ "typ": "at+jwt", "kid": format!("key-{number}") });
        let case = invalid("an unknown key", &world.token_with(header, json!({})), description, "unknown_key");
        let answer = send(&case).await;
        assert_eq!((answer.status, answer.body), (401, case.body));
        world.clock.advance(Duration::from_millis(9));
    }
    assert_eq!(world.mock.request_count(Endpoint::Jwks), asked + 1);
    // Nobody else suffers.
    assert_eq!(send(&right).await.status, 200);
}
