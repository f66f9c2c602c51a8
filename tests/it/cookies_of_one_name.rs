//! Several cookies of one name: set with another path or domain, by another application, or by a deployment of before.
//!
//! A browser sends them all, in an order that means nothing (RFC 6265 section 4.2.2), and this application can change one of them at most.

use cookie::Cookie;
use logto::{
    ContextOptions, HeaderCookies, LogtoClient, RequestSession, SignInOptions, SignOutOptions, diagnose::CheckOutcome,
    store::MemoryStore,
};

use crate::support::{BASE_URL, Browser, COOKIE_SECRET, Site};

const OLD_SECRET: &str = "the cookie secret of a deployment of before";

/// A browser with cookies that the application cannot change. They are sent before its own, or after them.
struct Beside {
    planted: Vec<(String, String)>,
    first: bool,
    own: Browser,
}

impl Beside {
    fn of(planted: impl IntoIterator<Item = (String, String)>, first: bool) -> Self {
        Self { planted: planted.into_iter().collect(), first, own: Browser::default() }
    }

    fn header(&self) -> String {
        let planted: Vec<_> = self.planted.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let parts =
            if self.first { [planted.join("; "), self.own.header()] } else { [self.own.header(), planted.join("; ")] };
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
    }

    /// A response; a name is in it once.
    fn receive(&mut self, headers: &[String]) {
        let mut names: Vec<_> =
            headers.iter().map(|header| Cookie::parse(header.as_str()).unwrap().name().to_owned()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), headers.len(), "{names:?}");
        self.own.receive(headers);
    }

    async fn sign_in(&mut self, site: &Site, logto: &LogtoClient, user: &str) {
        site.mock.clear_browser_session();
        let mut cookies = HeaderCookies::parse(self.header());
        let redirect = logto.sign_in(&mut cookies, SignInOptions::new()).await.unwrap();
        self.receive(&cookies.set_cookie_headers());
        let callback = site.mock.sign_in(redirect.location(), user).await;
        let mut cookies = HeaderCookies::parse(self.header());
        _ = logto.handle_sign_in(&mut cookies, &callback).await.unwrap();
        // In the same request, what was written is what counts.
        assert_eq!(who(logto, &mut cookies).await.as_deref(), Some(user));
        self.receive(&cookies.set_cookie_headers());
    }

    /// Who is signed in on the next page.
    async fn who(&mut self, logto: &LogtoClient) -> Option<String> {
        let mut cookies = HeaderCookies::parse(self.header());
        let who = who(logto, &mut cookies).await;
        self.receive(&cookies.set_cookie_headers());
        who
    }

    async fn sign_out(&mut self, logto: &LogtoClient) {
        let mut cookies = HeaderCookies::parse(self.header());
        _ = logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
        self.receive(&cookies.set_cookie_headers());
    }
}

async fn who(logto: &LogtoClient, cookies: &mut HeaderCookies) -> Option<String> {
    let context = logto.get_context(cookies, ContextOptions::new()).await.unwrap();
    context.claims().map(|claims| claims.username.clone().unwrap())
}

/// A site whose sessions take three cookies, or one.
async fn site(large: bool) -> Site {
    let site = Site::start().await;
    for user in ["ada", "bob"] {
        assert!(site.mock.update_user(user, |user| user.claim("website", noise(if large { 6000 } else { 0 }))));
    }
    site
}

/// Text that does not compress.
fn noise(length: usize) -> String {
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'0' + u8::try_from(state >> 58).unwrap())
    };
    (0..length).map(|_| next()).collect()
}

fn planted(browser: &Browser) -> Vec<(String, String)> {
    browser.cookies.clone().into_iter().collect()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// What may be there and is no session: garbage, a session that is sealed with another secret, chunks without the others.
async fn foreign(site: &Site) -> Vec<Vec<(String, String)>> {
    let before = site.redeployed(|config| config.cookie_secret(OLD_SECRET));
    let mut other = Beside::of([], true);
    other.sign_in(site, &before, "bob").await;
    let mut kinds = vec![
        vec![pair("logto_app", "garbage")],
        vec![pair("logto_app", "signed-out")],
        vec![pair("logto_app", "3.garbage"), pair("logto_app.1", "more")],
        vec![pair("logto_app.1", "more"), pair("logto_app.2", "still more"), pair("logto_app.7", "x")],
        (0..20).map(|number| pair("logto_app", &format!("garbage-{number}"))).collect(),
        planted(&other.own),
    ];
    // A stale first chunk alone, or the stale others.
    kinds.extend((0..other.own.cookies.len()).map(|index| vec![planted(&other.own)[index].clone()]));
    kinds
}

#[tokio::test]
async fn signing_in_works_beside_a_cookie_that_cannot_be_deleted() {
    for large in [false, true] {
        let site = site(large).await;
        for kind in foreign(&site).await {
            for first in [true, false] {
                let mut browser = Beside::of(kind.clone(), first);
                assert_eq!(browser.who(&site.logto).await, None);
                browser.sign_in(&site, &site.logto, "ada").await;
                for _ in 0..3 {
                    assert_eq!(browser.who(&site.logto).await.as_deref(), Some("ada"), "{kind:?}");
                }
                assert_eq!(browser.own.cookies.len() > 1, large, "nothing of the session was deleted");
                // A day later it is written anew.
                site.advance(25 * 3600);
                assert_eq!(browser.who(&site.logto).await.as_deref(), Some("ada"), "{kind:?}");
                assert_eq!(browser.who(&site.logto).await.as_deref(), Some("ada"), "{kind:?}");
                browser.sign_out(&site.logto).await;
                assert_eq!(browser.who(&site.logto).await, None, "{kind:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_session_beside_a_foreign_cookie_of_the_same_name_is_read_without_a_write() {
    let site = site(true).await;
    let browser = site.signed_in("ada").await;
    for kind in foreign(&site).await {
        for first in [true, false] {
            let beside = Beside { planted: kind.clone(), first, own: browser.clone() };
            let mut cookies = HeaderCookies::parse(beside.header());
            assert_eq!(who(&site.logto, &mut cookies).await.as_deref(), Some("ada"));
            assert_eq!(cookies.set_cookie_headers(), [""; 0], "{kind:?}");
        }
    }
}

/// An older session of this very application in a place where it stays: from before `cookie_domain` was set, say.
#[tokio::test]
async fn the_newest_of_several_sessions_is_read_until_a_sign_out_ends_all() {
    for (large, store) in [(false, false), (true, false), (false, true)] {
        let site = site(large).await;
        let logto = match store {
            true => site.redeployed(|config| config.session_store(MemoryStore::new())),
            false => site.logto.clone(),
        };
        let mut before = Beside::of([], true);
        before.sign_in(&site, &logto, "bob").await;
        for first in [true, false] {
            site.advance(60);
            let mut browser = Beside::of(planted(&before.own), first);
            let mut newer = Beside::of([], true);
            newer.sign_in(&site, &logto, "ada").await;
            browser.own = newer.own;
            assert_eq!(browser.who(&logto).await.as_deref(), Some("ada"));
        }
        site.advance(60);
        let mut browser = Beside::of(planted(&before.own), true);
        assert_eq!(browser.who(&logto).await.as_deref(), Some("bob"));
        browser.sign_in(&site, &logto, "ada").await;
        assert_eq!(browser.who(&logto).await.as_deref(), Some("ada"));
        browser.sign_out(&logto).await;
        for _ in 0..2 {
            assert_eq!(browser.who(&logto).await, None, "nobody comes back: large {large}, store {store}");
        }
    }
}

/// Where both came from elsewhere, the sign-out of the newer ends the older, too.
#[tokio::test]
async fn a_sign_out_ends_every_session_that_came_along() {
    let site = site(false).await;
    let mut planted_sessions = Vec::new();
    for user in ["bob", "ada"] {
        let mut one = Beside::of([], true);
        one.sign_in(&site, &site.logto, user).await;
        planted_sessions.extend(planted(&one.own));
        site.advance(5);
    }
    let mut browser = Beside::of(planted_sessions, true);
    assert_eq!(browser.who(&site.logto).await.as_deref(), Some("ada"));
    browser.sign_out(&site.logto).await;
    assert_eq!(browser.who(&site.logto).await, None);
}

/// Production on example.com shares its cookie with all subdomains; the staging site below it has the same app id and another secret.
#[tokio::test]
async fn a_session_on_a_parent_domain_does_not_disturb_one_on_a_subdomain() {
    let site = Site::start().await;
    let staging = site.redeployed(|config| config.cookie_secret(OLD_SECRET));
    for first in [true, false] {
        let mut production = Beside::of([], first);
        production.sign_in(&site, &site.logto, "ada").await;
        let mut below = Beside::of(planted(&production.own), first);
        assert_eq!(below.who(&staging).await, None);
        below.sign_in(&site, &staging, "bob").await;
        assert_eq!(below.who(&staging).await.as_deref(), Some("bob"));
        assert_eq!(production.who(&site.logto).await.as_deref(), Some("ada"));
    }
}

/// Two cookies of one sign-in under way.
#[tokio::test]
async fn a_sign_in_ends_beside_another_cookie_of_its_name() {
    let site = Site::start().await;
    for (first, value) in [(true, "garbage"), (false, "garbage"), (true, COOKIE_SECRET), (false, "x")] {
        let mut browser = Beside::of([], first);
        let mut cookies = HeaderCookies::default();
        let redirect = site.logto.sign_in(&mut cookies, SignInOptions::new().post_redirect_uri("/me")).await.unwrap();
        browser.receive(&cookies.set_cookie_headers());
        let name = browser.own.cookies.keys().next().unwrap().clone();
        browser.planted.push((name, value.replace(' ', "")));
        let callback = site.mock.sign_in(redirect.location(), "ada").await;
        let mut cookies = HeaderCookies::parse(browser.header());
        let redirect = site.logto.handle_sign_in(&mut cookies, &callback).await.unwrap();
        assert_eq!(redirect.location(), format!("{BASE_URL}/me"));
        browser.receive(&cookies.set_cookie_headers());
        assert_eq!(browser.who(&site.logto).await.as_deref(), Some("ada"));
    }
}

#[tokio::test]
async fn several_cookies_of_one_name_give_one_log_warning_besides_the_diagnosis() {
    let (log, _guard) = crate::logs::listen("logto=warn");
    let site = Site::start().await;
    let outcome = async || {
        let diagnosis = site.logto.diagnose().await;
        let check = diagnosis.checks().iter().find(|check| check.name == "cookies").unwrap().clone();
        (check.outcome, check.finding)
    };
    assert_eq!(outcome().await.0, CheckOutcome::Ok);
    for _ in 0..3 {
        let session = RequestSession::new(site.logto.clone(), "logto_app=SENTINEL-one; logto_app=SENTINEL-two");
        assert!(!session.is_authenticated().await.unwrap());
    }
    let text = log.text();
    assert_eq!(text.matches("several cookies of one name").count(), 1, "{text}");
    assert!(
        text.contains("cookie=\"logto_app\"") && text.contains("Domain or Path") && !text.contains("SENTINEL"),
        "{text}"
    );
    let (found, text) = outcome().await;
    assert_eq!(found, CheckOutcome::Warning);
    assert!(text.contains("several of one name"), "{text}");
}
