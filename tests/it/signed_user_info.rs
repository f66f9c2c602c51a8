//! User info as a JWT (OpenID Connect Core 5.3.2), which a server gives that has agreed upon it with the app.

use std::sync::{Arc, Mutex};

use logto::{
    LogtoConfigBuilder, SignInOptions, UserInfo,
    integrate::{BoxError, BoxFuture, HttpClient},
    testing::SigningAlg,
};
use serde_json::{Value, json};

use crate::support::{Browser, Site};

/// The answer of the userinfo endpoint: its type and its body.
type Answer = Arc<Mutex<(&'static str, String)>>;

/// Reaches the server, whose user info is another.
struct Signing(reqwest::Client, Answer);

impl HttpClient for Signing {
    fn send(
        &self,
        request: http::Request<Vec<u8>>,
        limit: usize,
    ) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, BoxError>> {
        if !request.uri().path().ends_with("/me") {
            return self.0.send(request, limit);
        }
        let (content_type, body) = self.1.lock().unwrap().clone();
        let answer = http::Response::builder().header("content-type", content_type).body(body.into_bytes()).unwrap();
        Box::pin(std::future::ready(Ok(answer)))
    }
}

struct Fixture {
    site: Site,
    answer: Answer,
    browser: Browser,
}

impl Fixture {
    async fn with(config: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder) -> Self {
        let answer = Answer::default();
        let reqwest = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let client = Signing(reqwest, Arc::clone(&answer));
        let site = Site::with(|mock| mock, |settings| config(settings.http_client(client))).await;
        let browser = site.signed_in("ada").await;
        Self { site, answer, browser }
    }

    /// A signed answer about ada, but for `change`.
    fn jwt(&self, change: impl FnOnce(&mut Value, &mut Value)) -> String {
        let (mut header, mut claims) =
            (json!({}), json!({ "iss": self.site.mock.issuer(), "aud": "app", "sub": "user-ada", "name": "Ada" }));
        change(&mut header, &mut claims);
        self.site.mock.sign_jwt(header, &claims)
    }

    async fn ask(&self, content_type: &'static str, body: String) -> Result<UserInfo, (&'static str, String)> {
        *self.answer.lock().unwrap() = (content_type, body);
        let result = self.site.logto.fetch_user_info(&mut self.browser.request()).await;
        result.map_err(|error| (error.code().as_str(), error.to_string()))
    }
}

#[tokio::test]
async fn a_signed_answer_is_verified_and_read() {
    let fixture = Fixture::with(|config| config).await;
    for content_type in ["application/jwt", "Application/JWT; charset=utf-8"] {
        for header in [json!({}), json!({ "typ": "JWT" })] {
            let answer = fixture.jwt(|given, claims| {
                *given = header;
                claims["aud"] = json!(["another", "app"]);
            });
            let user_info = fixture.ask(content_type, answer).await.unwrap();
            assert_eq!((user_info.sub.as_str(), user_info.name.as_deref()), ("user-ada", Some("Ada")));
        }
    }
    // A sign-in that waits for the application's word asks in the same way.
    let mut browser = Browser::default();
    let url = fixture.site.begin(&mut browser, SignInOptions::new()).await;
    let callback = fixture.site.mock.sign_in(&url, "ada").await;
    let pending = fixture.site.logto.verify_sign_in(&mut browser.request(), &callback).await.unwrap();
    assert_eq!(pending.fetch_user_info().await.unwrap().name.as_deref(), Some("Ada"));
}

#[tokio::test]
async fn a_signed_answer_with_a_fault_is_refused_and_the_session_goes_on() {
    let fixture = Fixture::with(|config| config).await;
    let jwt = |change: fn(&mut Value, &mut Value)| fixture.jwt(change);
    let forged = {
        let token = jwt(|_, _| {});
        let (input, signature) = token.rsplit_once('.').unwrap();
        let first = if signature.starts_with('A') { 'B' } else { 'A' };
        format!("{input}.{first}{}", signature.split_at(1).1)
    };
    let unsigned = "eyJhbGciOiJub25lIn0.e30.".to_owned();
    for (what, answer) in [
        ("has an ES384 signature that does not verify", forged),
        ("is signed with `none`", unsigned),
        ("is malformed: it has not the three parts of a JWS", r#"{"sub":"user-ada"}"#.to_owned()),
        ("is malformed: it has not the three parts of a JWS", "a.b.c.d.e".to_owned()),
        ("has an iss that is missing", jwt(|_, claims| claims["iss"] = Value::Null)),
        ("is by `https://evil.example`", jwt(|_, claims| claims["iss"] = "https://evil.example".into())),
        ("has an aud that is missing", jwt(|_, claims| claims["aud"] = Value::Null)),
        ("is for `another`", jwt(|_, claims| claims["aud"] = "another".into())),
        ("is of type `logout+jwt`", jwt(|header, _| header["typ"] = "logout+jwt".into())),
        ("is of type `at+jwt`", jwt(|header, _| header["typ"] = "at+jwt".into())),
        ("has expired", jwt(|_, claims| claims["exp"] = 1.into())),
        ("cannot be read", jwt(|_, claims| claims["sub"] = Value::Null)),
    ] {
        let (code, message) = fixture.ask("application/jwt", answer).await.unwrap_err();
        assert_eq!(code, "fetch_user_info_failed");
        assert!(message.starts_with(&format!("the signed user info {what}")), "{message}");
        assert!(fixture.site.is_signed_in(&fixture.browser).await, "{what}");
    }
    let (code, _) =
        fixture.ask("application/jwt", jwt(|_, claims| claims["sub"] = "mallory".into())).await.unwrap_err();
    assert_eq!(code, "user_info.sub_mismatched");
    // The type says what the answer is; a JWT that is sent as JSON is none.
    assert!(fixture.ask("application/json", jwt(|_, _| {})).await.is_err());
}

#[tokio::test]
async fn a_signed_answer_has_an_algorithm_that_the_settings_take() {
    let fixture = Fixture::with(|config| config.accepted_algorithms(["ES384"])).await;
    fixture.ask("application/jwt", fixture.jwt(|_, _| {})).await.unwrap();
    fixture.site.mock.rotate_keys(SigningAlg::Rs256);
    let (_, message) = fixture.ask("application/jwt", fixture.jwt(|_, _| {})).await.unwrap_err();
    assert!(message.contains("is signed with `RS256`, expected ES384, as accepted_algorithms says"), "{message}");
    // A rotation to another key of the list needs no restart.
    fixture.site.mock.rotate_keys(SigningAlg::Es384);
    fixture.ask("application/jwt", fixture.jwt(|_, _| {})).await.unwrap();
}
