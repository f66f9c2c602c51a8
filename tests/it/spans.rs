//! Spans: which there are, what they hold, and how they lie in each other.

mod seen;

use std::collections::BTreeSet;

use logto::{
    ContextOptions, LogtoClient, RequestSession, SignInOptions, SignOutOptions, TokenOptions,
    api::{ApiAudience, ResourceServer, TokenRequirements},
    api_client::ApiClient,
    machine::{MachineClient, TokenExchange},
    testing::{Endpoint, Fault, MockApp},
};
use tracing::Level;

use self::seen::{Span, Spans};
use crate::{
    coordinator::Coordinator,
    gate::Gate,
    support::{APP_SECRET, BOOKS, Browser, Site},
};

/// Past the end of every access token.
const HOUR: u64 = 3600;

fn books() -> TokenOptions {
    TokenOptions::new().resource(BOOKS)
}

async fn token(logto: &LogtoClient, browser: &mut Browser, options: TokenOptions) -> logto::Result<()> {
    let mut cookies = browser.request();
    let token = logto.get_access_token(&mut cookies, options).await;
    browser.receive(&cookies.set_cookie_headers());
    token.map(drop)
}

#[tokio::test]
async fn the_requests_of_a_sign_in_lie_in_its_span() {
    let (spans, _guard) = Spans::at(Level::INFO);
    let site = Site::start().await;
    site.signed_in("ada").await;

    let seen = spans.all();
    assert_eq!(
        lines(&seen),
        ["sign_in", "  request discovery", "handle_sign_in", "  request token", "  request jwks",]
    );
    let request = spans.of("logto.request", "token");
    let address: http::Uri = site.mock.endpoint().parse().unwrap();
    let port = address.port_u16().unwrap().to_string();
    let expected = [
        ("otel.name", "POST token"),
        ("otel.kind", "client"),
        ("logto.endpoint", "token"),
        ("http.request.method", "POST"),
        ("http.response.status_code", "200"),
        ("server.address", address.host().unwrap()),
        ("server.port", port.as_str()),
    ];
    assert_eq!(request.fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    assert_eq!((request.level, request.target), (Level::INFO, "logto::span"));
    assert!(seen.iter().all(|span| span.closed), "each span ends with what it is about: {seen:?}");
}

/// Each span with its parents as indentation, in the order in which they began.
fn lines(seen: &[Span]) -> Vec<String> {
    let depth = |span: &Span| {
        let mut parents = std::iter::successors(span.parent, |id| seen.iter().find(|span| span.id == *id)?.parent);
        parents.by_ref().count()
    };
    let name = |span: &Span| {
        let endpoint = span.field("logto.endpoint").map(|endpoint| format!(" {endpoint}")).unwrap_or_default();
        format!("{}{}{endpoint}", "  ".repeat(depth(span)), span.name.trim_start_matches("logto."))
    };
    seen.iter().map(name).collect()
}

#[tokio::test]
async fn each_operation_that_may_ask_logto_has_a_span() {
    let (spans, _guard) = Spans::at(Level::TRACE);
    let machine = MockApp::new("machine", APP_SECRET).role("librarian").token_exchange(true);
    let site = Site::with(|mock| mock.machine_to_machine_app(machine), |config| config).await;
    let logto = &site.logto;
    logto.warm_up().await.unwrap();
    _ = logto.diagnose().await;
    let mut cookies = site.signed_in("ada").await.request();
    logto.get_context(&mut cookies, ContextOptions::new()).await.unwrap();
    let token = logto.get_access_token(&mut cookies, books()).await.unwrap();
    logto.get_access_token_claims(&mut cookies, books()).await.unwrap();
    logto.get_organization_token(&mut cookies, "org-acme").await.unwrap();
    logto.get_organization_token_claims(&mut cookies, "org-acme").await.unwrap();
    logto.refresh_session(&mut cookies).await.unwrap();
    logto.fetch_user_info(&mut cookies).await.unwrap();
    _ = logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
    let mut browser = Browser::default();
    site.mock.clear_browser_session();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    let mut cookies = browser.request();
    let pending = logto.verify_sign_in(&mut cookies, &callback).await.unwrap();
    _ = logto.accept_sign_in(&mut cookies, pending).await.unwrap();
    logto.back_channel_logout("logout_token=none").await.unwrap_err();
    logto.end_user_sessions("ada").await.unwrap();

    let api = ResourceServer::builder().config(logto.config()).audience(ApiAudience::resource(BOOKS)).build().unwrap();
    api.authorize([format!("Bearer {}", token.token())], &TokenRequirements::new()).await.unwrap();
    api.verify(token.token()).await.unwrap();
    let machine = MachineClient::builder().endpoint(site.mock.endpoint()).app_id("machine").app_secret(APP_SECRET);
    let machine = machine.build().unwrap();
    machine.get_access_token(books().scopes(["read:books"])).await.unwrap();
    let pat = site.mock.create_personal_access_token("ada", None);
    machine.exchange_token(TokenExchange::personal_access_token(pat).resource(BOOKS)).await.unwrap();
    let keeping = ResourceServer::builder().config(logto.config()).audience(ApiAudience::resource(BOOKS));
    let auth = keeping.keep_caller_tokens(true).build().unwrap().verify(token.token()).await.unwrap();
    machine.on_behalf_of(&auth).get_access_token(books()).await.unwrap();
    let caller = ApiClient::builder().base_url(site.mock.endpoint()).token_options(books()).build().unwrap();
    caller.send(&token, http::Request::get("/oidc/me").body("").unwrap()).await.unwrap();

    let seen = spans.all();
    let (debug, info): (Vec<_>, Vec<_>) = seen.iter().partition(|span| span.level == Level::DEBUG);
    assert_eq!(
        names(&debug),
        BTreeSet::from([
            "logto.get_access_token",
            "logto.get_access_token_claims",
            "logto.get_context",
            "logto.get_machine_token",
            "logto.get_organization_token",
            "logto.get_organization_token_claims",
            "logto.get_token_on_behalf_of",
            "logto.verify_token",
        ])
    );
    assert_eq!(
        names(&info),
        BTreeSet::from([
            "logto.accept_sign_in",
            "logto.back_channel_logout",
            "logto.diagnose",
            "logto.end_user_sessions",
            "logto.exchange_token",
            "logto.fetch_user_info",
            "logto.handle_sign_in",
            "logto.refresh",
            "logto.refresh_session",
            "logto.request",
            "logto.sign_in",
            "logto.sign_out",
            "logto.verify_sign_in",
            "logto.warm_up",
        ])
    );
    let asked: BTreeSet<_> = seen.iter().filter_map(|span| span.field("logto.endpoint")).collect();
    let all = ["api", "authorization", "discovery", "end_session", "jwks", "revocation", "token", "userinfo"];
    assert_eq!(asked, all.into());
    // Every span is told of where users read.
    let told = include_str!("../../docs/deployment.md");
    for span in names(&debug).union(&names(&info)) {
        assert!(told.contains(&format!("`{span}`")), "docs/deployment.md lacks {span}");
    }
    for field in seen.iter().flat_map(|span| span.fields.keys()).collect::<BTreeSet<_>>() {
        assert!(told.contains(&format!("`{field}`")), "docs/deployment.md lacks the field {field}");
    }
}

fn names<'a>(spans: &[&'a Span]) -> BTreeSet<&'a str> {
    spans.iter().map(|span| span.name).collect()
}

#[tokio::test]
async fn an_opaque_token_is_introspected_in_the_span_of_its_verification() {
    let site = Site::start().await;
    let mut cookies = site.signed_in("ada").await.request();
    let token = site.logto.get_access_token(&mut cookies, TokenOptions::new()).await.unwrap();
    let api = ResourceServer::builder().config(site.logto.config()).audience(ApiAudience::resource(BOOKS));
    let api = api.introspection("app", APP_SECRET).build().unwrap();
    let (spans, _guard) = Spans::at(Level::DEBUG);
    api.verify(token.token()).await.unwrap();
    assert_eq!(lines(&spans.all()), ["verify_token", "  request introspection"]);
}

#[tokio::test]
async fn a_page_that_asks_nobody_has_no_span_but_for_those_who_debug() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    for (level, expected) in [(Level::INFO, 0), (Level::DEBUG, 1)] {
        let (spans, _guard) = Spans::at(level);
        let session = RequestSession::new(site.logto.clone(), browser.header());
        assert!(session.get_context(ContextOptions::new()).await.unwrap().is_authenticated());
        assert!(session.is_authenticated().await.unwrap());
        _ = session.commit().await.unwrap();
        assert_eq!(spans.all().len(), expected, "{level}");
    }
}

#[tokio::test]
async fn a_failure_names_the_status_and_the_code_of_the_error() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let hang_up = Fault::drop_connection();
    for (fault, of_request, status, of_operation) in [
        (Fault::status(503), "503", Some("503"), "token.refused"),
        (hang_up, "network.unreachable", None, "network.unreachable"),
    ] {
        site.mock.inject_fault(Endpoint::Token, fault);
        let (spans, _guard) = Spans::at(Level::DEBUG);
        let error = token(&site.logto, &mut browser, books()).await.unwrap_err();
        site.mock.clear_faults();
        assert_eq!(error.code(), of_operation);
        let request = spans.of("logto.request", "token");
        assert_eq!(request.field("error.type"), Some(of_request));
        assert_eq!(request.field("http.response.status_code"), status);
        let operation = spans.one("logto.get_access_token");
        assert_eq!(operation.field("error.type"), Some(of_operation));
        for span in [request, operation, spans.one("logto.refresh")] {
            assert_eq!(span.field("otel.status_code"), Some("ERROR"), "{span:?}");
        }
    }
}

#[tokio::test]
async fn a_request_that_is_sent_once_more_says_so() {
    let site = Site::start().await;
    let mut cookies = site.signed_in("ada").await.request();
    site.mock.inject_fault(Endpoint::UserInfo, Fault::drop_connection().times(1));
    let (spans, _guard) = Spans::at(Level::INFO);
    site.logto.fetch_user_info(&mut cookies).await.unwrap();
    let request = spans.of("logto.request", "userinfo");
    assert_eq!(request.field("http.request.resend_count"), Some("1"));
    assert_eq!(request.field("http.response.status_code"), Some("200"));
}

#[tokio::test]
async fn a_refresh_says_how_it_ended() {
    let coordinator = Coordinator::default();
    let site = Site::rotating_with(|config| config.refresh_coordinator(coordinator)).await;
    let mut browser = site.signed_in("ada").await;
    let mut elsewhere = browser.clone();
    let mut late = browser.clone();
    let other = site.another_instance();
    let outcome = async |logto: &LogtoClient, browser: &mut Browser, options: TokenOptions| {
        let (spans, _guard) = Spans::at(Level::DEBUG);
        _ = token(logto, browser, options).await;
        let refresh = spans.one("logto.refresh");
        let outcome = refresh.field("logto.outcome").unwrap().to_owned();
        let told: Vec<_> = spans.events().into_iter().filter(|event| event.contains_key("outcome")).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0]["outcome"], outcome, "the event says the same");
        (outcome, told[0].get("code").cloned())
    };
    let of = |outcome: &str, code: Option<&str>| (outcome.to_owned(), code.map(str::to_owned));

    assert_eq!(outcome(&site.logto, &mut browser, books()).await, of("done", None));
    assert_eq!(outcome(&site.logto, &mut late, books()).await, of("shared", None));
    assert_eq!(outcome(&other, &mut elsewhere, books()).await, of("other_instance", None));
    let stranger = TokenOptions::new().organization("none");
    assert_eq!(outcome(&site.logto, &mut browser, stranger).await, of("refused", Some("organization.not_a_member")));
    site.mock.inject_fault(Endpoint::Token, Fault::status(500));
    let forced = || books().force_refresh(true);
    assert_eq!(outcome(&site.logto, &mut browser, forced()).await, of("failed", Some("token.refused")));
    site.mock.clear_faults();
    site.advance(HOUR);
    site.mock.revoke_all_grants();
    assert_eq!(outcome(&site.logto, &mut browser, forced()).await, of("refused", Some("session.ended")));
}

#[tokio::test]
async fn who_waits_for_a_refresh_follows_from_who_made_it() {
    let gate = Gate::new();
    let site = Site::rotating_with(|config| config.http_client(gate.clone())).await;
    let browser = site.signed_in("ada").await;
    let (spans, _guard) = Spans::at(Level::DEBUG);
    gate.close();
    let ask = || {
        let (logto, mut browser) = (site.logto.clone(), browser.clone());
        tokio::spawn(async move { token(&logto, &mut browser, books()).await })
    };
    let first = ask();
    gate.someone_waits().await;
    let second = ask();
    while spans.count("logto.refresh") < 2 {
        tokio::task::yield_now().await;
    }
    gate.open();
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    let refreshes: Vec<_> = spans.all().into_iter().filter(|span| span.name == "logto.refresh").collect();
    let [made, shared] = refreshes.as_slice() else { panic!("{refreshes:?}") };
    assert_eq!(shared.follows, [made.id]);
    assert!(made.follows.is_empty());
    assert_eq!(
        spans.of("logto.request", "token").parent,
        Some(made.id),
        "there is one request, and it is of the first"
    );
}

#[tokio::test]
async fn who_waits_for_a_machines_token_follows_from_who_asked() {
    let gate = Gate::new();
    let app = MockApp::new("machine", APP_SECRET).role("librarian");
    let site = Site::with(|mock| mock.machine_to_machine_app(app), |config| config).await;
    let machine = MachineClient::builder().endpoint(site.mock.endpoint()).app_id("machine").app_secret(APP_SECRET);
    let machine = machine.http_client(gate.clone()).build().unwrap();
    let (spans, _guard) = Spans::at(Level::DEBUG);
    gate.close();
    let ask = || {
        let machine = machine.clone();
        tokio::spawn(async move { machine.get_access_token(books().scopes(["read:books"])).await })
    };
    let first = ask();
    gate.someone_waits().await;
    let second = ask();
    while spans.count("logto.get_machine_token") < 2 {
        tokio::task::yield_now().await;
    }
    gate.open();
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    let calls: Vec<_> = spans.all().into_iter().filter(|span| span.name == "logto.get_machine_token").collect();
    let [asked, waited] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!(waited.follows, [asked.id]);
    assert_eq!(spans.of("logto.request", "token").parent, Some(asked.id));
}

#[tokio::test]
async fn a_request_stays_in_the_span_of_a_caller_that_left() {
    let gate = Gate::new();
    let site = Site::rotating_with(|config| config.http_client(gate.clone())).await;
    let browser = site.signed_in("ada").await;
    let (spans, _guard) = Spans::at(Level::DEBUG);
    gate.close();
    let (logto, mut gone) = (site.logto.clone(), browser.clone());
    let request = tokio::spawn(async move { token(&logto, &mut gone, books()).await });
    gate.someone_waits().await;
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    gate.open();
    while !spans.of("logto.request", "token").closed {
        tokio::task::yield_now().await;
    }
    assert_eq!(lines(&spans.all()), ["get_access_token", "  refresh", "    request token"]);
    assert_eq!(spans.of("logto.request", "token").field("http.response.status_code"), Some("200"));
}

#[tokio::test]
async fn a_span_that_somebody_outside_began_is_around_all_of_ours() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let (spans, _guard) = Spans::at(Level::INFO);
    let page = tracing::info_span!(target: "logto::span", "page");
    let mut cookies = browser.request();
    let asked = site.logto.get_access_token(&mut cookies, books());
    tracing::Instrument::instrument(asked, page).await.unwrap();
    assert_eq!(lines(&spans.all()), ["page", "  refresh", "    request token"]);
}
