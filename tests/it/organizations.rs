//! Tokens for organizations: refusals by cause, and all of a user's organizations at once. Requests are counted, none is timed.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use logto::{
    ContextOptions, ErrorKind, LogtoConfigBuilder, LogtoContext, SignInOptions, TokenOptions,
    integrate::{BoxError, BoxFuture, HttpClient},
    scopes,
    store::MemoryStore,
    testing::{Endpoint, Fault, MockLogtoBuilder, MockOrganization, MockUser, TestClock},
};

use crate::plain_http::plain_http;
use crate::support::{BOOKS, Browser, Site};

/// Past the end of every access token, and short of everything else.
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// Counts how many requests to the token endpoint are under way, and may let time pass before the answer to one of them.
#[derive(Clone)]
struct Watched {
    client: reqwest::Client,
    under_way: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    seen: Arc<AtomicUsize>,
    /// Before which request, and by how much.
    leap: Option<(usize, TestClock, Duration)>,
}

impl Watched {
    fn new() -> Self {
        Self {
            client: plain_http().build().unwrap(),
            under_way: Arc::default(),
            most: Arc::default(),
            seen: Arc::default(),
            leap: None,
        }
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    fn begin(&self) {
        let number = self.seen.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some((_, clock, time)) = self.leap.as_ref().filter(|(before, ..)| *before == number) {
            clock.advance(*time);
        }
        self.most.fetch_max(self.under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    }
}

impl HttpClient for Watched {
    fn send(
        &self,
        request: http::Request<Vec<u8>>,
        max_body_bytes: usize,
    ) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, BoxError>> {
        Box::pin(async move {
            let refreshes = String::from_utf8_lossy(request.body()).contains("grant_type=refresh_token");
            if refreshes {
                self.begin();
            }
            let response = self.client.send(request, max_body_bytes).await;
            if refreshes {
                self.under_way.fetch_sub(1, Ordering::SeqCst);
            }
            response
        })
    }
}

fn id(number: usize) -> String {
    format!("org-{number:03}")
}

/// A user called `many`, who is a member of so many organizations.
fn with_organizations(mock: MockLogtoBuilder, count: usize) -> MockLogtoBuilder {
    let user = (0..count)
        .fold(MockUser::new("many").password("many"), |user, number| user.organization(id(number), &["member"]));
    let organization = |number| MockOrganization::new(id(number)).role("member", &["read:books"]);
    (0..count).fold(mock.user(user), |mock, number| mock.organization(organization(number)))
}

/// A confidential client whose sessions are in a store, and the user in 100 organizations.
async fn confidential(watched: &Watched) -> (Site, Browser) {
    let site = Site::with(
        |mock| with_organizations(mock, 100),
        // The age of claims is another test's matter.
        |config| config.http_client(watched.clone()).session_store(MemoryStore::new()).claims_max_age(None),
    )
    .await;
    let browser = site.signed_in("many").await;
    (site, browser)
}

/// The same as a public client, whose refresh token Logto replaces with each use.
async fn public(watched: &Watched) -> (Site, Browser) {
    let config = |config: LogtoConfigBuilder| config.http_client(watched.clone()).session_store(MemoryStore::new());
    let site = Site::rotating_in(|mock| with_organizations(mock, 100), config).await;
    let browser = site.signed_in("many").await;
    (site, browser)
}

async fn all(site: &Site, browser: &mut Browser) -> LogtoContext {
    site.context(browser, ContextOptions::new().organization_tokens(true)).await.unwrap()
}

fn spent(site: &Site) -> Vec<String> {
    let requests = site.mock.requests(Endpoint::Token);
    requests.iter().map(|request| request.form_value("refresh_token").unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_hundred_organizations_take_a_hundred_exchanges_four_at_a_time() {
    let watched = Watched::new();
    let (site, mut browser) = confidential(&watched).await;
    site.mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_millis(20)));
    let context = all(&site, &mut browser).await;
    assert_eq!((context.organization_tokens().len(), context.organization_errors().len()), (100, 0));
    for (id, token) in context.organization_tokens() {
        let claims = token.claims().unwrap();
        assert!(claims.aud.contains(&format!("urn:logto:organization:{id}")), "{id}");
    }
    assert_eq!((site.mock.request_count(Endpoint::Token), watched.most()), (100, 4));
    let asked: BTreeSet<_> = site
        .mock
        .requests(Endpoint::Token)
        .iter()
        .map(|request| request.form_value("organization_id").unwrap().to_owned())
        .collect();
    assert_eq!(asked.len(), 100, "each once");

    // What the session holds is not asked for again.
    site.mock.reset_counts();
    assert_eq!(all(&site, &mut browser).await.organization_tokens(), context.organization_tokens());
    assert_eq!(site.mock.requests_total(), 0);
}

#[tokio::test]
async fn a_refresh_token_that_is_replaced_with_each_use_is_used_once() {
    let watched = Watched::new();
    let (site, mut browser) = public(&watched).await;
    site.mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_millis(20)));
    assert_eq!(all(&site, &mut browser).await.organization_tokens().len(), 100);
    assert_eq!((site.mock.request_count(Endpoint::Token), watched.most()), (100, 1));
    assert_eq!(spent(&site).into_iter().collect::<BTreeSet<_>>().len(), 100, "never one twice");
    // The newest is in the session: it works when Logto's grace is over.
    site.mock.clear_faults();
    site.advance(HOUR);
    assert_eq!(all(&site, &mut browser).await.organization_tokens().len(), 100);
}

#[tokio::test]
async fn an_old_refresh_token_is_replaced_before_others_go_beside_each_other() {
    let watched = Watched::new();
    let (site, mut browser) = confidential(&watched).await;
    // Past 70 % of its 14 days.
    site.advance(10 * DAY);
    site.mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_millis(5)));
    assert_eq!(all(&site, &mut browser).await.organization_tokens().len(), 100);
    assert_eq!((site.mock.request_count(Endpoint::Token), watched.most()), (100, 4));
    let spent = spent(&site);
    assert_eq!(spent.iter().filter(|token| **token == spent[0]).count(), 1, "the old one once");
    assert_eq!(spent[1..].iter().collect::<BTreeSet<_>>().len(), 1, "the new one from then on");
}

#[tokio::test]
async fn a_refresh_token_that_is_replaced_in_between_is_not_used_again() {
    let clock = TestClock::new();
    // It crosses 70 % of its life when the tenth request is about to leave: in the middle of four.
    let watched = Watched { leap: Some((10, clock.clone(), Duration::from_secs(10 * DAY))), ..Watched::new() };
    let site = Site::with_clock(
        clock,
        |mock| with_organizations(mock, 100),
        |config| config.http_client(watched.clone()).session_store(MemoryStore::new()),
    )
    .await;
    let mut browser = site.signed_in("many").await;
    assert_eq!(all(&site, &mut browser).await.organization_tokens().len(), 100);
    assert_eq!(watched.most(), 4);
    let spent = spent(&site);
    let last_of_old = spent.iter().rposition(|token| *token == spent[0]).unwrap();
    assert_eq!(spent.len(), 100);
    assert!((9..13).contains(&last_of_old), "those beside it had left, none left later: {last_of_old}");
    site.advance(HOUR);
    assert_eq!(all(&site, &mut browser).await.organization_tokens().len(), 100, "the session goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_share_the_exchanges_of_organization_tokens() {
    for is_public in [false, true] {
        let watched = Watched::new();
        let (site, browser) = if is_public { public(&watched).await } else { confidential(&watched).await };
        site.mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_millis(2)));
        let ask = || {
            let (logto, browser) = (site.logto.clone(), browser.clone());
            tokio::spawn(async move {
                let options = ContextOptions::new().organization_tokens(true);
                logto.get_context(&mut browser.request(), options).await.unwrap().organization_tokens().clone()
            })
        };
        let (one, other) = (ask(), ask());
        assert_eq!(one.await.unwrap(), other.await.unwrap());
        assert_eq!(site.mock.request_count(Endpoint::Token), 100);
        assert!(watched.most() <= 4);
    }
}

#[tokio::test]
async fn one_organization_that_refuses_costs_none_of_the_others() {
    let strict = |mock: MockLogtoBuilder| {
        let user = MockUser::new("many").password("many");
        let user = ["good", "gone", "strict"].iter().fold(user, |user, id| user.organization(*id, &["member"]));
        mock.user(user)
            .organization(MockOrganization::new("good").role("member", &[]))
            .organization(MockOrganization::new("gone").role("member", &[]))
            .organization(MockOrganization::new("strict").role("member", &[]).require_mfa())
    };
    let site = Site::with(strict, |config| config).await;
    let mut browser = site.signed_in("many").await;
    // The ID token still names the one that the user has left.
    site.mock.update_user("many", |user| {
        user.without_organizations().organization("good", &["member"]).organization("strict", &["member"])
    });
    let context = all(&site, &mut browser).await;
    assert_eq!(context.organization_tokens().keys().collect::<Vec<_>>(), ["good"]);
    let errors = context.organization_errors();
    let codes: Vec<_> = errors.iter().map(|(id, error)| (id.as_str(), error.code().as_str(), error.kind())).collect();
    assert_eq!(
        codes,
        [
            ("gone", "organization.not_a_member", ErrorKind::Forbidden),
            ("strict", "organization.mfa_required", ErrorKind::Forbidden)
        ]
    );
    assert!(!serde_json::to_string(&context).unwrap().contains("not_a_member"), "the JSON is as before");

    // With a second factor, and a list that is renewed.
    site.mock.update_user("many", MockUser::mfa);
    let options = ContextOptions::new().claims_max_age(Duration::ZERO).organization_tokens(true);
    site.advance(1);
    let context = site.context(&mut browser, options).await.unwrap();
    assert_eq!(context.organization_tokens().keys().collect::<Vec<_>>(), ["good", "strict"]);
    assert!(context.organization_errors().is_empty());
}

#[tokio::test]
async fn renewing_a_session_drops_the_tokens_of_an_organization_that_was_left() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    assert!(all(&site, &mut browser).await.organization_tokens().contains_key("org-acme"));
    site.mock.update_user("ada", MockUser::without_organizations);
    let mut cookies = browser.request();
    site.logto.get_access_token(&mut cookies, TokenOptions::new().resource(BOOKS)).await.unwrap();
    let context = site.logto.refresh_session(&mut cookies).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    // Later than results of a refresh are shared with other requests.
    site.advance(60);
    site.mock.reset_counts();
    site.logto.get_access_token(&mut browser.request(), TokenOptions::new().resource(BOOKS)).await.unwrap();
    assert_eq!(site.mock.requests_total(), 0, "the token of another resource stays");
    assert!(context.claims().unwrap().organizations.is_empty());
    assert_eq!(context.organization_errors()["org-acme"].code(), "organization.not_a_member");
    let error = site.logto.get_organization_token(&mut browser.request(), "org-acme").await.unwrap_err();
    assert_eq!(error.code(), "organization.not_a_member", "no old token is left");
}

#[tokio::test]
async fn where_logto_goes_away_in_the_middle_what_came_is_kept() {
    let watched = Watched::new();
    let (site, mut browser) = confidential(&watched).await;
    // 1 + 4 × 4 requests are answered, the next four are not.
    site.mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_millis(1)).times(17));
    site.mock.inject_fault(Endpoint::Token, Fault::status(503));
    let options = || ContextOptions::new().organization_tokens(true);
    let error = site.context(&mut browser, options()).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert_eq!(site.mock.request_count(Endpoint::Token), 17 + 4, "a server that fails is not asked for the rest");
    assert!(site.is_signed_in(&browser).await);
    site.mock.clear_faults();
    site.mock.reset_counts();
    assert_eq!(all(&site, &mut browser).await.organization_tokens().len(), 100);
    assert_eq!(site.mock.request_count(Endpoint::Token), 100 - 17);
}

#[tokio::test]
async fn a_cookie_session_keeps_the_newest_organization_tokens_in_one_write() {
    let site = Site::with(|mock| with_organizations(mock, 100), |config| config).await;
    let browser = site.signed_in("many").await;
    let mut cookies = browser.request();
    let options = ContextOptions::new().organization_tokens(true);
    let context = site.logto.get_context(&mut cookies, options).await.unwrap();
    assert_eq!(context.organization_tokens().len(), 100, "the context has them all");
    let written = cookies.set_cookie_headers();
    let names: BTreeSet<_> = written.iter().map(|cookie| cookie.split('=').next().unwrap()).collect();
    assert!(written.len() == names.len() && written.len() <= 4, "{names:?}");
    assert!(written.iter().all(|cookie| cookie.len() <= 4096));
    let mut kept = browser.clone();
    kept.receive(&written);
    site.mock.reset_counts();
    let fresh = site.another_instance();
    let mut cookies = kept.request();
    fresh.get_organization_token(&mut cookies, &id(99)).await.unwrap();
    assert_eq!(site.mock.request_count(Endpoint::Token), 0, "the last that came is there");
    fresh.get_organization_token(&mut cookies, &id(0)).await.unwrap();
    assert_eq!(site.mock.request_count(Endpoint::Token), 1, "the first gave way");
}

#[tokio::test]
async fn refusals_of_organization_tokens_are_told_by_their_cause() {
    let description = |description: &str| {
        let body = format!(r#"{{"error":"access_denied","error_description":"{description}"}}"#);
        Some(Fault::body(403, "application/json", body))
    };
    let organization = |id: &str| TokenOptions::new().organization(id);
    let cases: Vec<(&str, TokenOptions, Option<Fault>, &str, &str, &str)> = vec![
        // what, asked for, fault, code, in the message, in the hint
        ("another's", organization("org-other"), None, "organization.not_a_member", "not a member", "› Members"),
        ("nobody's", organization("nowhere"), None, "organization.not_a_member", "not a member", "› Organizations"),
        (
            "with MFA",
            organization("org-strict"),
            None,
            "organization.mfa_required",
            "requires MFA",
            "Multi-factor auth",
        ),
        (
            "not granted to a third-party app",
            organization("org-acme"),
            description("organization access is not granted to the application"),
            "organization.not_granted",
            "not granted",
            "› Permissions",
        ),
        (
            "by a cause of tomorrow",
            organization("org-acme"),
            description("the organization is asleep"),
            "organization.access_denied",
            "asleep",
            "› Organizations",
        ),
        (
            "a resource that was not asked for",
            TokenOptions::new().resource("https://nope.example.test"),
            None,
            "token.resource_refused",
            "`https://nope.example.test`",
            "List the resource in `resources`",
        ),
        (
            "the same in an organization",
            TokenOptions::new().resource("https://nope.example.test").organization("org-acme"),
            None,
            "token.resource_refused",
            "`https://nope.example.test`",
            "API resources",
        ),
        (
            "a scope that was not asked for",
            TokenOptions::new().resource(BOOKS).scopes(["read:books", "delete:books"]),
            None,
            "token.scope_refused",
            "scope `delete:books`",
            "`scopes`",
        ),
    ];
    let world = |mock: MockLogtoBuilder| {
        let ada = MockUser::new("ada").organization("org-acme", &["member"]).organization("org-strict", &["member"]);
        mock.user(ada)
            .organization(MockOrganization::new("org-acme").role("member", &[]))
            .organization(MockOrganization::new("org-other").role("member", &[]))
            .organization(MockOrganization::new("org-strict").role("member", &[]).require_mfa())
    };
    let site = Site::with(world, |config| config).await;
    let browser = site.signed_in("ada").await;
    for (what, options, fault, code, message, hint) in cases {
        site.mock.clear_faults();
        if let Some(fault) = fault {
            site.mock.inject_fault(Endpoint::Token, fault);
        }
        let error = site.logto.get_access_token(&mut browser.request(), options).await.unwrap_err();
        assert_eq!(error.code(), code, "{what}: {error}");
        assert!(error.to_string().contains(message), "{what}: {error}");
        assert!(error.hint().contains(hint), "{what}: {}", error.hint());
        assert!(error.hint().contains("Logto Console"), "{what}: {}", error.hint());
        assert!(site.is_signed_in(&browser).await, "{what}");
    }
}

#[tokio::test]
async fn a_session_of_before_a_setting_is_sent_to_sign_in() {
    let before = Site::with(|mock| mock, |config| config.scopes(["read:books"]).resources([""; 0])).await;
    let mut browser = before.signed_in("ada").await;
    // The same site after a deployment: it asks for organizations and for an API now.
    let after = before.redeployed(|config| config.scopes([scopes::ORGANIZATIONS, "read:books"]).resources([BOOKS]));
    let error = after.get_organization_token(&mut browser.request(), "org-acme").await.unwrap_err();
    assert_eq!((error.code().as_str(), error.requires_sign_in()), ("session.scope_missing", true));
    assert!(error.to_string().contains("scope `urn:logto:scope:organizations`"), "{error}");
    assert_eq!(error.oauth_error().unwrap().scope(), Some("urn:logto:scope:organizations"));
    let error = after.get_access_token(&mut browser.request(), TokenOptions::new().resource(BOOKS)).await.unwrap_err();
    assert_eq!(error.code(), "token.resource_refused");
    assert!(error.hint().starts_with("Send the user to sign in again"), "{}", error.hint());

    let mut cookies = browser.request();
    let to_logto = after.sign_in(&mut cookies, SignInOptions::new()).await.unwrap();
    let callback = before.mock.sign_in(to_logto.location(), "ada").await;
    _ = after.handle_sign_in(&mut cookies, &callback).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    assert!(after.get_organization_token(&mut browser.request(), "org-acme").await.is_ok());
    assert!(after.get_access_token(&mut browser.request(), TokenOptions::new().resource(BOOKS)).await.is_ok());
}

#[tokio::test]
async fn a_token_that_serves_a_while_yet_is_no_excuse_for_a_refusal() {
    let site = Site::start().await;
    let mut cookies = site.signed_in("ada").await.request();
    let before = site.logto.get_organization_token(&mut cookies, "org-acme").await.unwrap();
    // In its last minute it is renewed.
    site.advance(HOUR - 30);
    site.mock.inject_fault(Endpoint::Token, Fault::status(503).times(1));
    let kept = site.logto.get_organization_token(&mut cookies, "org-acme").await.unwrap();
    assert_eq!(kept.token(), before.token(), "Logto is away for a moment");
    site.mock.update_user("ada", MockUser::without_organizations);
    let error = site.logto.get_organization_token(&mut cookies, "org-acme").await.unwrap_err();
    assert_eq!(error.code(), "organization.not_a_member");
}
