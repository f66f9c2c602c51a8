//! No secret is ever printed: not in a log, not in `Debug`, not in an error.

use std::{
    io,
    sync::{Arc, Mutex},
};

use http::Request;
use logto::{
    ContextOptions, Secret, SignInOptions, SignOutOptions, TokenOptions,
    api::{ApiAudience, ResourceServer},
    api_client::ApiClient,
    integrate::{AuthRequest, AuthResponse},
    machine::{MachineClient, TokenExchange},
    testing::{Endpoint, Fault, MockApp, MockLogto},
};
use tracing_subscriber::fmt::format::FmtSpan;

use crate::support::{APP_SECRET, BOOKS, Browser, COOKIE_SECRET, Site};

#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Writes down what is logged on this thread, until the guard goes.
pub fn listen(filter: &str) -> (Log, tracing::subscriber::DefaultGuard) {
    listen_to(filter, FmtSpan::NONE)
}

/// The same, with a line for each span that begins, with its fields, and one for each that ends, with those that came later.
pub fn listen_with_spans(filter: &str) -> (Log, tracing::subscriber::DefaultGuard) {
    listen_to(filter, FmtSpan::NEW | FmtSpan::CLOSE)
}

fn listen_to(filter: &str, spans: FmtSpan) -> (Log, tracing::subscriber::DefaultGuard) {
    // Somebody in the process wants everything: what a thread without a log says first would else be off for all threads, now and then.
    _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_span_events(spans);
    let subscriber = subscriber.with_writer(move || writer.clone()).with_ansi(false);
    (log, tracing::subscriber::set_default(subscriber.finish()))
}

#[tokio::test]
async fn a_whole_sign_in_logs_no_secret() {
    let (log, _guard) = listen("trace,logto::testing=off,hyper=off,reqwest=off");

    let site = Site::start().await;
    let mut browser = Browser::default();
    let mut secrets = vec![APP_SECRET.to_owned(), COOKIE_SECRET.to_owned(), "SENTINEL".to_owned()];
    let mut printed = String::new();

    let url: url::Url = site.begin(&mut browser, SignInOptions::new()).await.parse().unwrap();
    secrets.extend(url.query_pairs().filter(|(name, _)| name == "state").map(|(_, value)| value.into_owned()));
    let nonce = url.query_pairs().find(|(name, _)| name == "nonce").unwrap().1.into_owned();
    secrets.extend(browser.cookies.values().cloned());
    let callback: url::Url = site.mock.sign_in(url.as_str(), "ada").await.parse().unwrap();
    secrets.extend(callback.query_pairs().filter(|(name, _)| name == "code").map(|(_, value)| value.into_owned()));
    site.end(&mut browser, callback.as_str()).await.unwrap();
    secrets.extend(browser.cookies.values().cloned());

    let mut cookies = browser.request();
    let session = site.logto.load_session(&cookies).await.unwrap();
    let tokens = [session.get_id_token(), session.get_refresh_token()];
    printed.push_str(&format!("{session:?} {tokens:?} {:?} {:?}", site.logto, site.logto.config()));
    secrets.extend(tokens.into_iter().flatten().map(|token: Secret| token.expose().to_owned()));
    drop(session);

    let token = site.logto.get_access_token(&mut cookies, TokenOptions::new().resource(BOOKS)).await.unwrap();
    secrets.push(token.token().to_owned());
    let context = site
        .logto
        .get_context(&mut cookies, ContextOptions::new().access_token(TokenOptions::new().resource(BOOKS)))
        .await
        .unwrap();
    printed.push_str(&format!("{token:?} {context:?} {}", serde_json::to_string(&context).unwrap()));

    // What Logto says back must not carry it on, either.
    let echo = format!(r#"{{"error":"invalid_request","error_description":"{}"}}"#, "no");
    for fault in [
        Fault::body(400, "application/json", echo),
        Fault::status(500),
        Fault::malformed_body(),
        Fault::drop_connection(),
    ] {
        site.mock.inject_fault(Endpoint::Token, fault);
        let error = site
            .logto
            .get_access_token(&mut cookies, TokenOptions::new().resource(BOOKS).force_refresh(true))
            .await
            .unwrap_err();
        printed.push_str(&format!("{error} {error:?}"));
        let mut source = error.get_ref().map(|cause| -> &dyn std::error::Error { cause });
        while let Some(cause) = source {
            printed.push_str(&format!("{cause} {cause:?}"));
            source = cause.source();
        }
        site.mock.clear_faults();
    }
    site.mock.inject_fault(Endpoint::Revocation, Fault::drop_connection());
    _ = site.logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
    let again = site.end(&mut browser, callback.as_str()).await.unwrap_err();
    printed.push_str(&format!("{again:?}"));

    let logged = log.text();
    assert!(
        logged.contains("signed in") && logged.contains("signed out") && logged.contains("asked Logto"),
        "{logged}"
    );
    assert!(!logged.contains(&nonce), "a claim when it was used, and none of the log's business");
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        assert!(!logged.contains(secret.as_str()), "the log holds {secret}:\n{logged}");
        assert!(!printed.contains(secret.as_str()), "Debug or Display holds {secret}:\n{printed}");
    }
}

#[tokio::test]
async fn a_machine_that_calls_an_api_logs_no_secret() {
    let (log, _guard) = listen_with_spans("trace,logto::testing=off,hyper=off,reqwest=off");
    let app = MockApp::new("machine", APP_SECRET).role("librarian").token_exchange(true);
    let mock = MockLogto::builder().machine_to_machine_app(app).start().await.unwrap();
    let machine = MachineClient::builder().endpoint(mock.endpoint()).app_id("machine").app_secret(APP_SECRET);
    let machine = machine.build().unwrap();
    let books = TokenOptions::new().resource(BOOKS).scopes(["read:books"]);
    let pat = mock.create_personal_access_token("ada", None);
    let subject = mock.create_subject_token("ada");
    let (by_pat, by_subject) =
        (TokenExchange::personal_access_token(pat.as_str()), TokenExchange::impersonation(subject.as_str()));
    let mut printed = format!("{machine:?} {by_pat:?} {by_subject:?}");

    let own = machine.get_access_token(books.clone()).await.unwrap();
    let exchanged = machine.exchange_token(by_pat.clone().resource(BOOKS)).await.unwrap();
    let opaque = machine.exchange_token(by_subject.clone().scopes(["openid"])).await.unwrap();
    printed.push_str(&format!("{own:?} {exchanged:?} {opaque:?}"));
    let secrets =
        [APP_SECRET, &pat, &subject, own.token(), exchanged.access_token().token(), opaque.access_token().token()];

    // The mock's userinfo endpoint serves as an API that refuses the token.
    let api = ApiClient::builder().base_url(mock.endpoint()).token_options(books.clone()).build().unwrap();
    let refused = api.send(&machine, Request::get("/oidc/me").body("").unwrap()).await.unwrap();
    assert_eq!(refused.status(), 401);
    printed.push_str(&format!("{api:?}"));
    for fault in [Fault::status(500), Fault::malformed_body(), Fault::drop_connection()] {
        mock.inject_fault(Endpoint::Token, fault);
        let error = machine.get_access_token(books.clone().organization("none")).await.unwrap_err();
        printed.push_str(&format!("{error} {error:?}"));
        let error = machine.exchange_token(by_subject.clone()).await.unwrap_err();
        printed.push_str(&format!("{error} {error:?}"));
        mock.clear_faults();
    }

    let logged = log.text();
    let spans = ["logto.get_machine_token", "logto.exchange_token", "endpoint=\"api\""];
    for expected in
        [["asked Logto", "asked an API", "another is tried", "Logto gave no token"].as_slice(), &spans].concat()
    {
        assert!(logged.contains(expected), "{expected}: {logged}");
    }
    for secret in secrets {
        assert!(!logged.contains(secret), "the log holds {secret}:\n{logged}");
        assert!(!printed.contains(secret), "Debug or Display holds {secret}:\n{printed}");
    }
}

#[tokio::test]
async fn an_application_that_asks_for_no_refresh_token_is_not_warned() {
    let (log, _guard) = listen("logto=warn");
    let site = Site::with(
        |mock| mock,
        |config| config.include_reserved_scopes(false).scopes(["openid"]).prompt([logto::Prompt::Login]),
    )
    .await;
    site.signed_in("ada").await;
    assert!(!log.text().contains("refresh token"), "{}", log.text());
}

#[tokio::test]
async fn a_missing_refresh_token_is_a_warning_that_says_why() {
    let (log, _guard) = listen("logto=warn");
    let site = Site::start().await;
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new().prompt([logto::Prompt::Login])).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    site.end(&mut browser, &callback).await.unwrap();
    let logged = log.text();
    assert!(
        logged.contains("Logto gave no refresh token")
            && logged.contains("offline_access")
            && logged.contains("prompt=consent"),
        "{logged}"
    );
}

/// Whoever watches the log is woken by what somebody has to mend, and by nothing that any visitor can bring about.
#[tokio::test]
async fn an_error_that_is_answered_is_logged_at_the_level_of_its_kind() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let api = ResourceServer::builder().endpoint(site.mock.endpoint()).audience(ApiAudience::resource(BOOKS));
    let api = api.build().unwrap();
    let mut errors = vec![
        // A security event has told of it.
        (api.verify("a.b.c").await.unwrap_err(), "DEBUG"),
        (
            site.logto.get_access_token(&mut Browser::default().request(), TokenOptions::new()).await.unwrap_err(),
            "DEBUG",
        ),
    ];
    for (fault, level) in [(Fault::status(500), "WARN"), (Fault::malformed_body(), "ERROR")] {
        site.mock.inject_fault(Endpoint::Token, fault);
        errors.push((browser.get_token(&site.logto).await.unwrap_err(), level));
        site.mock.clear_faults();
    }
    for (error, level) in errors {
        let (log, _guard) = listen("logto=debug");
        let request = AuthRequest::new("GET", "/", |_| None);
        for has_request in [true, false] {
            let before = log.text().len();
            _ = match has_request {
                true => site.logto.error_response(&request, &error),
                false => AuthResponse::from(&error),
            };
            let logged = log.text().split_off(before);
            assert!(logged.contains(level) && logged.contains("answered with an error"), "{level}: {logged}");
        }
    }
}
