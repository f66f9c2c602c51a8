//! An application behind Logto's edge: who the header says that the user is, and what is refused. The header itself was not recorded: its tokens are made
//! here, as the server makes ID tokens.

use std::time::Duration;

use logto::{
    Error, ErrorKind,
    protected_app::{ProtectedApp, ProtectedUser},
    testing::{Endpoint, Fault, MockLogto, SigningAlg, TestClock},
};
use serde_json::{Value, json};

const APP: &str = "protected";
const HEADER: &str = "logto-id-token";

struct World {
    mock: MockLogto,
    clock: TestClock,
    app: ProtectedApp,
}

impl World {
    async fn start() -> Self {
        let clock = TestClock::new();
        let mock = MockLogto::builder().clock(clock.clone()).start().await.unwrap();
        let app = ProtectedApp::builder().endpoint(mock.endpoint()).app_id(APP).clock(clock.clone()).build().unwrap();
        Self { mock, clock, app }
    }

    fn now(&self) -> u64 {
        use logto::integrate::Clock;
        self.clock.now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
    }

    fn claims(&self) -> Value {
        json!({
            "iss": self.mock.issuer(), "aud": APP, "sub": "user-ada", "name": "Ada Lovelace", "roles": ["librarian"],
            "iat": self.now(), "exp": self.now() + 3600,
        })
    }

    fn token(&self) -> String {
        self.mock.sign_jwt(json!({}), &self.claims())
    }

    fn with(&self, name: &str, value: impl Into<Value>) -> String {
        let mut claims = self.claims();
        claims[name] = value.into();
        self.mock.sign_jwt(json!({}), &claims)
    }

    async fn refusal(&self, token: &str) -> Error {
        self.app.verify([token]).await.unwrap_err()
    }
}

#[tokio::test]
async fn the_users_claims_are_those_of_the_verified_header() {
    let world = World::start().await;
    let token = world.token();
    for _ in 0..3 {
        let user = world.app.verify(Some(&token)).await.unwrap();
        assert_eq!((user.sub(), user.claims().name.as_deref()), ("user-ada", Some("Ada Lovelace")));
        assert_eq!(user.claims().roles, ["librarian"]);
    }
    // Discovery and keys are asked for once.
    assert_eq!(world.mock.requests_total(), 2);
    // The type that Logto's ID tokens do not have and others do; a nonce is the edge's own.
    let typed = world.mock.sign_jwt(json!({ "typ": "JWT" }), &world.claims());
    world.app.verify([typed]).await.unwrap();
    world.app.verify([world.with("nonce", "of the edge")]).await.unwrap();
    let shown = format!("{:?} {:?}", world.app, world.app.verify([&token]).await.unwrap());
    assert!(shown.contains("user-ada") && !shown.contains("Lovelace") && !shown.contains(&token), "{shown}");
}

#[tokio::test]
async fn a_header_that_is_missing_or_there_twice_is_refused() {
    let world = World::start().await;
    let token = world.token();
    let missing = world.app.verify(None::<&str>).await.unwrap_err();
    assert_eq!(
        (missing.code().as_str(), missing.kind(), missing.http_status()),
        ("protected_app.token_missing", ErrorKind::InvalidToken, 401)
    );
    assert!(!missing.requires_sign_in(), "a sign-in here would not help: the edge signs users in");
    let other = world.with("sub", "user-bob");
    for headers in [[&token, &token], [&token, &other], [&other, &token]] {
        let error = world.app.verify(headers).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.http_status()), ("protected_app.token_repeated", 401));
    }
    // Nothing is asked of Logto for these.
    assert_eq!(world.mock.requests_total(), 0);
}

#[tokio::test]
async fn each_token_that_is_not_good_has_its_code() {
    let world = World::start().await;
    let now = world.now();
    let token = world.token();
    let signature = token.rsplit('.').next().unwrap();
    let (claims, other_claims) = (token.split('.').nth(1).unwrap(), world.with("sub", "user-bob"));
    let changed = token.replace(claims, other_claims.split('.').nth(1).unwrap());
    let unsigned = |header: &str| {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        format!("{}.{claims}.{signature}", URL_SAFE_NO_PAD.encode(header))
    };
    let stranger = MockLogto::start().await;
    let access_token = world.mock.sign_jwt(json!({ "typ": "at+jwt" }), &world.claims());
    for (token, code) in [
        (String::new(), "invalid_token"),
        ("opaque".to_owned(), "invalid_token"),
        (format!("{token}.x"), "invalid_token"),
        (format!("Bearer {token}"), "invalid_token"),
        (format!("{token}, {token}"), "invalid_token"),
        ("a".repeat(17_000), "invalid_token"),
        (unsigned(r#"{"alg":"none"}"#), "invalid_token"),
        (unsigned(r#"{"alg":"HS256"}"#), "invalid_token"),
        (access_token, "invalid_token"),
        (world.mock.sign_jwt(json!({ "typ": "logout+jwt" }), &world.claims()), "invalid_token"),
        (changed, "invalid_signature"),
        (stranger.sign_jwt(json!({}), &world.claims()), "invalid_signature"),
        (world.mock.sign_jwt(json!({ "kid": "made up" }), &world.claims()), "invalid_signature"),
        (world.with("iss", "https://evil.example/oidc"), "invalid_iss"),
        (world.with("aud", "another-app"), "invalid_aud"),
        (world.with("aud", json!([APP, "another-app"])), "invalid_aud"),
        (world.with("azp", "another-app"), "invalid_aud"),
        (world.with("exp", now - 61), "expired"),
        (world.with("exp", Value::Null), "expired"),
        (world.with("nbf", now + 61), "not_yet_valid"),
        (world.with("iat", now + 61), "not_yet_valid"),
        (world.with("sub", ""), "invalid_token"),
        (world.with("sub", Value::Null), "invalid_token"),
    ] {
        let error = world.refusal(&token).await;
        let expected = format!("protected_app.{code}");
        assert_eq!((error.code().as_str(), error.http_status()), (expected.as_str(), 401), "{token}: {error}");
        assert!(!error.is_transient() && !error.hint().is_empty() && !error.to_string().contains(signature));
    }
    assert_eq!(world.app.verify([b"\xff"]).await.unwrap_err().code(), "protected_app.invalid_token");
    // Keys are asked for again once, whatever is sent.
    assert!(world.mock.request_count(Endpoint::Jwks) <= 2);
    // It is good to its end and the leeway, and then no more.
    world.clock.advance(Duration::from_secs(3600 + 59));
    world.app.verify([&token]).await.unwrap();
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.refusal(&token).await.code(), "protected_app.expired");
}

#[tokio::test]
async fn a_rotated_key_is_found_and_an_outage_is_no_refusal() {
    let world = World::start().await;
    world.app.warm_up().await.unwrap();
    world.mock.rotate_keys(SigningAlg::Rs256);
    world.clock.advance(Duration::from_secs(10));
    world.app.verify([world.token()]).await.unwrap();

    let down = World::start().await;
    down.mock.inject_fault(Endpoint::Jwks, Fault::html(502));
    let error = down.refusal(&down.token()).await;
    assert!(error.is_transient() && error.http_status() == 503, "{error}");
    down.mock.clear_faults();
    down.clock.advance(Duration::from_secs(1));
    down.app.verify([down.token()]).await.unwrap();
}

#[tokio::test]
async fn settings_are_checked_together_and_a_custom_domain_is_an_accepted_issuer() {
    let error = ProtectedApp::builder().build().unwrap_err();
    assert_eq!(error.code(), "config.invalid");
    let names: Vec<_> = error.config_problems().iter().map(logto::diagnose::ConfigProblem::setting).collect();
    assert_eq!(names, ["endpoint", "app_id"]);
    let world = World::start().await;
    let app = ProtectedApp::builder().endpoint(world.mock.endpoint()).app_id(APP).clock(world.clock.clone());
    let app = app.accepted_issuers(["https://auth.example.com/oidc"]).build().unwrap();
    app.verify([world.with("iss", "https://auth.example.com/oidc")]).await.unwrap();
}

/// What the frameworks are asked: the headers, and the answer to `/` and to `/maybe`.
async fn cases(world: &World) -> Vec<(Vec<String>, (u16, &'static str), (u16, &'static str))> {
    let token = world.token();
    world.app.warm_up().await.unwrap();
    vec![
        (vec![token.clone()], (200, "user-ada"), (200, "user-ada")),
        (vec![], (401, "protected_app.token_missing"), (200, "nobody")),
        (
            vec![token.clone(), token.clone()],
            (401, "protected_app.token_repeated"),
            (401, "protected_app.token_repeated"),
        ),
        (vec!["forged".to_owned()], (401, "protected_app.invalid_token"), (401, "protected_app.invalid_token")),
    ]
}

async fn root(user: Result<ProtectedUser, Error>) -> Result<String, Error> {
    user.map(|user| user.sub().to_owned())
}

async fn maybe(user: Result<ProtectedUser, Error>) -> Result<String, Error> {
    Ok(ProtectedUser::optional(user)?.map_or_else(|| "nobody".to_owned(), |user| user.sub().to_owned()))
}

#[track_caller]
fn check(found: (u16, &str), expected: (u16, &str)) {
    assert!(found.0 == expected.0 && found.1.contains(expected.1), "{found:?}, expected {expected:?}");
}

mod axum {
    use ::axum::{Extension, Router, body::Body, routing::get};
    use http::Request;
    use http_body_util::BodyExt;
    use logto::protected_app::ProtectedUser;
    use tower::ServiceExt;

    use super::{HEADER, World, cases, check};

    async fn answer(app: &Router, path: &str, headers: &[String]) -> (u16, String) {
        let request = headers.iter().fold(Request::get(path), |request, value| request.header(HEADER, value));
        let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_protected_user_is_an_extractor() {
        let world = World::start().await;
        let plain = async |user: ProtectedUser| user.sub().to_owned();
        let option = async |user: Option<ProtectedUser>| user.map_or("nobody".to_owned(), |user| user.sub().to_owned());
        let app = Router::new().route("/", get(plain)).route("/maybe", get(option));
        let (missing, app) = (app.clone(), app.layer(Extension(world.app.clone())));
        for (headers, root, maybe) in cases(&world).await {
            let (status, body) = answer(&app, "/", &headers).await;
            check((status, &body), root);
            let (status, body) = answer(&app, "/maybe", &headers).await;
            check((status, &body), maybe);
        }
        let (status, body) = answer(&missing, "/", &[]).await;
        check((status, &body), (500, "integration.missing"));
    }
}

#[cfg(feature = "actix-web")]
mod actix_web {
    use ::actix_web::{App, test, web};

    use super::{HEADER, World, cases, check, maybe, root};

    #[::actix_web::test]
    async fn a_protected_user_is_an_extractor() {
        let world = World::start().await;
        let app = App::new()
            .app_data(web::Data::new(world.app.clone()))
            .route("/", web::get().to(root))
            .route("/maybe", web::get().to(maybe));
        let app = test::init_service(app).await;
        for (headers, root, maybe) in cases(&world).await {
            for (path, expected) in [("/", root), ("/maybe", maybe)] {
                let request = test::TestRequest::get().uri(path);
                let request =
                    headers.iter().fold(request, |request, value| request.append_header((HEADER, value.as_str())));
                let response = test::call_service(&app, request.to_request()).await;
                let status = response.status().as_u16();
                check((status, std::str::from_utf8(&test::read_body(response).await).unwrap()), expected);
            }
        }
    }
}

#[cfg(feature = "rocket")]
mod rocket {
    use ::rocket::{get, http::Header, local::asynchronous::Client, routes};
    use logto::{Error, protected_app::ProtectedUser};

    use super::{HEADER, World, cases, check};

    #[get("/")]
    async fn root(user: Result<ProtectedUser, Error>) -> Result<String, Error> {
        super::root(user).await
    }

    #[get("/maybe")]
    async fn maybe(user: Result<ProtectedUser, Error>) -> Result<String, Error> {
        super::maybe(user).await
    }

    #[::rocket::async_test]
    async fn a_protected_user_is_a_guard() {
        let world = World::start().await;
        let app = ::rocket::build().manage(world.app.clone()).mount("/", routes![root, maybe]);
        let client = Client::untracked(app).await.unwrap();
        for (headers, root, maybe) in cases(&world).await {
            for (path, expected) in [("/", root), ("/maybe", maybe)] {
                let request = client.get(path);
                let request = headers.iter().fold(request, |mut request, value| {
                    request.add_header(Header::new(HEADER, value.clone()));
                    request
                });
                let response = request.dispatch().await;
                let status = response.status().code;
                check((status, &response.into_string().await.unwrap_or_default()), expected);
            }
        }
    }
}
