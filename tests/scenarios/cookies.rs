//! Cookies: ours beside others, large sessions, nonsense, several of one name, many sign-ins.

use logto::testing::MockUser;
use reqwest::Method;
use serde_json::json;
use tokio::task::LocalSet;

use crate::{app::App, browser::Tab, example::Example, jar::Request};

/// Text that does not compress, as signatures and ids do not.
fn noise(length: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut letter = || {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(LETTERS[usize::try_from(state >> 58).unwrap()])
    };
    (0..length).map(|_| letter()).collect()
}

/// The session's cookies, by name.
fn session(app: &App, tab: &Tab) -> Vec<String> {
    let mut names = tab.cookies(&app.base);
    names.retain(|name| name.starts_with("logto_app"));
    names
}

fn ada_with(app: &App, claim: usize) {
    assert!(app.mock.update_user("ada", |ada| ada.claim("website", noise(claim))));
}

pub async fn cookies_of_the_application_survive(example: Example) {
    let app = App::start(example).await;
    ada_with(&app, 10_000);
    let mut tab = app.signed_in().await;
    let page = app.base.parse().unwrap();
    let own = ["fruit=apple=pear", "quoted=\"a b\"", "한=글", "empty="];
    for cookie in own {
        tab.browser.jar().store(&page, cookie, Request::OWN).unwrap();
    }
    tab.open(&app.url("/preferences")).await;
    assert_eq!(tab.json(), json!(["read:books", "write:books"]));
    let mut names: Vec<_> =
        tab.page.set_cookies().iter().map(|cookie| cookie.split('=').next().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["language", "logto_app", "logto_app.1", "logto_app.2", "theme"]);
    assert_eq!(tab.page.header("cache-control"), "private, no-store");
    for cookie in tab.page.set_cookies() {
        let whole = cookie.starts_with("theme=dark; ") || cookie.starts_with("language=ko; ");
        let ours = ["; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age="].iter().all(|part| cookie.contains(part));
        assert!(whole || (ours && cookie.starts_with("logto_app")), "{cookie}");
    }

    let all = ["fruit", "empty", "language", "quoted", "theme", "한"];
    let values = || {
        let mut cookies = tab.browser.jar().of_scripts(&page);
        cookies.retain(|(name, _)| all.contains(&name.as_str()));
        cookies
    };
    let before = values();
    assert_eq!(before.len(), all.len(), "{before:?}");
    assert!(
        before.contains(&("fruit".into(), "apple=pear".into())) && before.contains(&("theme".into(), "dark".into()))
    );
    tab.open(&app.home()).await;
    tab.sign_out().await;
    tab.shows("Create account");
    let mut left = tab.browser.jar().of(&page);
    left.sort();
    assert_eq!(left, before, "all of theirs, none of ours");
}

pub async fn a_session_grows_and_shrinks_without_leftovers(example: Example) {
    let app = App::start(example).await;
    app.access_tokens_live(0);
    let mut tab = app.signed_in().await;
    assert_eq!(session(&app, &tab), ["logto_app"]);
    // Each refresh brings the claims as they are then.
    for (claim, cookies) in [(3500, 2), (10_000, 3), (200, 1), (10_000, 3), (3500, 2), (0, 1)] {
        ada_with(&app, claim);
        tab.open(&app.url("/access-token")).await;
        assert_eq!(session(&app, &tab).len(), cookies, "{claim}: {:?}", session(&app, &tab));
        tab.open(&app.home()).await;
        assert_eq!(tab.json()["website"], noise(claim));
    }
    ada_with(&app, 10_000);
    tab.open(&app.url("/access-token")).await;
    tab.open(&app.home()).await;
    tab.sign_out().await;
    assert!(tab.cookies(&app.base).is_empty());
}

/// Half a session is none; whoever has it signs in again.
pub async fn a_session_with_a_missing_part_is_no_session(example: Example) {
    let app = App::start(example).await;
    ada_with(&app, 10_000);
    let mut tab = app.signed_in().await;
    let page = app.base.parse().unwrap();
    tab.browser.jar().store(&page, "logto_app.1=; Path=/; Max-Age=0", Request::OWN).unwrap();
    tab.open(&app.home()).await;
    tab.shows("Create account");
    assert!(tab.cookies(&app.base).is_empty(), "the rest is deleted");
    tab.click("Sign in").await;
    tab.shows("Hello, Ada Lovelace");
    assert_eq!(session(&app, &tab), ["logto_app", "logto_app.1", "logto_app.2"]);
}

pub async fn a_user_of_a_hundred_organizations_stays_signed_in(example: Example) {
    let ids: Vec<_> = (0..100).map(|number| format!("org{number:03}-{}", &noise(4000)[number * 12..][..12])).collect();
    let app = App::with(example, |setup| {
        let user = MockUser::new("grace").password("hopper").name("Grace Hopper");
        let user = ids.iter().fold(user, |user, id| user.organization(id, &["member"]));
        setup.world(|world| {
            let world = world.user(user);
            ids.iter().fold(world, |world, id| {
                world.organization(logto::testing::MockOrganization::new(id).role("member", &["read:reports"]))
            })
        })
    })
    .await;
    let mut tab = app.visit().await;
    tab.click("Sign in").await;
    tab.sign_in("grace", "hopper").await;
    tab.shows("Hello, Grace Hopper");
    assert_eq!(tab.json()["organizations"].as_array().unwrap().len(), 100);
    for id in [&ids[0], &ids[50], &ids[99]] {
        tab.open(&app.url(&format!("/organization/{id}"))).await;
        assert_eq!(tab.json()["aud"], format!("urn:logto:organization:{id}"));
    }
    tab.open(&app.url("/protected")).await;
    tab.shows("user-grace");
    assert!(session(&app, &tab).len() <= 4);
    tab.open(&app.home()).await;
    tab.sign_out().await;
    assert!(tab.cookies(&app.base).is_empty());
}

/// From an older release, another secret, another application, a scanner.
pub async fn unreadable_cookies_are_no_session(example: Example) {
    let app = App::start(example).await;
    let signed_in = app.signed_in().await;
    let page = app.base.parse().unwrap();
    let (_, sealed) = signed_in.browser.jar().of(&page).remove(0);
    let changed = if sealed.ends_with('A') { "B" } else { "A" };
    let forged = format!("{}{changed}", &sealed[..sealed.len() - 1]);
    let long = "x".repeat(4000);
    for value in ["", "x", "....", "2.", "4.aaaa", "99999999999999.x", "%00%ff", "\"", "한글", "{}", &forged, &long] {
        let mut tab = app.visit().await;
        let cookies =
            [format!("logto_app={value}"), "logto_app.1=y".into(), "logto_other=z".into(), "theme=a b".into()];
        for cookie in &cookies {
            tab.browser.jar().store(&page, &format!("{cookie}; Path=/"), Request::OWN).unwrap();
        }
        tab.open(&app.home()).await;
        tab.shows("Create account");
        assert_eq!(tab.fetch("/protected").await.status, 401, "{value}");
        tab.open(&app.url("/protected")).await;
        tab.sign_in("ada", "lovelace").await;
        tab.is_at(&app.url("/protected"));
        tab.shows("user-ada");
        assert_eq!(tab.cookies(&app.base), ["logto_app", "logto_other", "theme"], "{value}");
    }
}

/// Somebody has set cookies of our names under other paths, where no answer of ours deletes them.
pub async fn cookies_of_our_names_under_other_paths_do_no_harm(example: Example) {
    let app = App::start(example).await;
    let page = app.base.parse().unwrap();
    let mut old = app.signed_in().await;
    let (_, of_before) = old.browser.jar().of(&page).remove(0);
    old.sign_out().await;
    for (claim, value) in [(0, "garbage"), (10_000, "3.garbage"), (0, "signed-out"), (10_000, &*of_before)] {
        ada_with(&app, claim);
        let mut tab = app.visit().await;
        for path in ["/protected", "/callback", "/logto", "/access-token"] {
            for name in ["logto_app", "logto_app.1"] {
                tab.browser.jar().store(&page, &format!("{name}={value}; Path={path}"), Request::OWN).unwrap();
            }
        }
        tab.open(&app.url("/protected?tab=2")).await;
        tab.sign_in("ada", "lovelace").await;
        tab.is_at(&app.url("/protected?tab=2"));
        tab.shows("user-ada");
        tab.open(&app.url("/access-token")).await;
        assert_eq!(tab.page.status, 200);
        tab.open(&app.url("/protected")).await;
        tab.shows("user-ada");
        tab.open(&app.home()).await;
        tab.shows("Hello, Ada Lovelace");
        tab.sign_out().await;
        tab.shows("Create account");
        assert_eq!(tab.fetch("/protected").await.status, 401, "{value}");
        app.mock.clear_browser_session();
    }
}

/// A sign-in's cookie under the callback's path as well: the browser sends that one first.
pub async fn a_second_cookie_of_a_sign_in_does_no_harm(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.visit().await;
    tab.open(&app.url("/protected?tab=2")).await;
    let name = tab.cookies(&app.base).remove(0);
    let planted = format!("{name}=planted; Path=/callback");
    tab.browser.jar().store(&app.base.parse().unwrap(), &planted, Request::OWN).unwrap();
    tab.sign_in("ada", "lovelace").await;
    tab.is_at(&app.url("/protected?tab=2"));
    tab.shows("user-ada");
}

/// The `Cookie` header that the start page gets; a proxy takes 8 kB.
fn header(app: &App, tab: &Tab) -> usize {
    tab.browser.jar().header(&app.base.parse().unwrap(), Request::OWN).map_or(0, |header| header.len())
}

/// Requests that leave before any of them is answered.
async fn at_once(tab: &Tab, targets: Vec<String>) {
    let all = LocalSet::new();
    for target in targets {
        let tab = tab.clone();
        all.spawn_local(async move { tab.ask(Method::GET, &target).await });
    }
    all.await;
}

pub async fn many_sign_ins_at_once_leave_a_short_header(example: Example) {
    let app = App::start(example).await;
    for (tabs, query) in [(20, 10), (10, 2000)] {
        let mut tab = app.visit().await;
        let target = app.url(&format!("/logto/sign-in?return_to=%2Fprotected%3Fq={}", "q".repeat(query)));
        at_once(&tab, vec![target; tabs]).await;
        assert!(header(&app, &tab) < 8000, "{}", header(&app, &tab));
        tab.open(&app.url("/protected?tab=2")).await;
        assert!(header(&app, &tab) < 4096, "{}", header(&app, &tab));
        tab.sign_in("ada", "lovelace").await;
        tab.is_at(&app.url("/protected?tab=2"));
        tab.shows("user-ada");
        app.mock.clear_browser_session();
    }
}

pub async fn another_site_cannot_fill_the_cookie_header(example: Example) {
    let app = App::start(example).await;
    let tab = app.visit().await;
    let mut evil = tab.browser.page_of("https://evil.example/", "");
    for length in [10, 600, 2000] {
        let target = app.url(&format!("/logto/sign-in?return_to=%2Fprotected%3Fq={}", "q".repeat(length)));
        for _ in 0..3 {
            at_once(&evil, vec![target.clone(); 20]).await;
            assert!(header(&app, &tab) < 4096, "{length}: {}", header(&app, &tab));
        }
    }
    // A link of that site is a link all the same.
    evil.follow(&app.url("/protected?tab=2")).await;
    evil.sign_in("ada", "lovelace").await;
    evil.is_at(&app.url("/protected?tab=2"));
    evil.shows("user-ada");
}
