//! A second sign-in in one browser: the refresh token of the first is revoked at Logto where that cannot reach the second.
//!
//! By the recordings a revocation ends a whole grant, and a grant is of one user, one session at Logto and one application: see
//! `tests/fixtures/recorded-seeds/second-sign-in.json`.

use std::collections::BTreeSet;

use logto::{
    SignInOptions, TokenOptions,
    testing::{Endpoint, MockApp},
};
use serde_json::Value;

use crate::support::{Browser, Site};

async fn sign_in(site: &Site, browser: &mut Browser, user: &str, options: SignInOptions) {
    let url = site.begin(browser, options).await;
    let callback = site.mock.sign_in(&url, user).await;
    site.end(browser, &callback).await.unwrap();
}

/// The refresh token that a browser's session holds.
async fn refresh_token(site: &Site, browser: &Browser) -> String {
    site.logto.get_refresh_token(&browser.request()).await.unwrap().unwrap().expose().to_owned()
}

/// The refresh tokens that were revoked, once as many have arrived as are awaited.
async fn revoked(site: &Site, awaited: usize) -> Vec<String> {
    while site.mock.request_count(Endpoint::Revocation) < awaited {
        tokio::task::yield_now().await;
    }
    let requests = site.mock.requests(Endpoint::Revocation);
    requests.iter().filter_map(|request| request.form_value("token").map(str::to_owned)).collect()
}

/// The session in the browser goes on.
async fn is_alive(site: &Site, browser: &Browser) -> bool {
    let force = TokenOptions::new().force_refresh(true);
    site.logto.get_access_token(&mut browser.request(), force).await.is_ok()
}

#[tokio::test]
async fn another_user_in_the_same_browser_ends_the_refresh_token_of_the_first() {
    let in_cookies = Site::start().await;
    let rotating = Site::rotating().await;
    for site in [in_cookies, rotating] {
        let mut browser = site.signed_in("ada").await;
        let first = refresh_token(&site, &browser).await;
        site.mock.clear_browser_session();
        sign_in(&site, &mut browser, "bob", SignInOptions::new()).await;
        assert_eq!(revoked(&site, 1).await, [first]);
        assert!(is_alive(&site, &browser).await, "that of the second lives");
    }
}

#[tokio::test]
async fn another_session_at_logto_ends_the_refresh_token_of_the_first_where_tokens_name_it() {
    for named in [true, false] {
        let site = Site::build_with(|app: MockApp| app.backchannel_session_required(named)).await;
        let mut browser = site.signed_in("ada").await;
        let first = refresh_token(&site, &browser).await;
        site.mock.clear_browser_session();
        sign_in(&site, &mut browser, "ada", SignInOptions::new()).await;
        // A sign-out revokes, too, and is the last that Logto hears of.
        let second = refresh_token(&site, &browser).await;
        site.logto.sign_out_locally(&mut browser.request()).await.unwrap();
        let expected = if named { BTreeSet::from([first, second]) } else { BTreeSet::from([second]) };
        let revoked = revoked(&site, expected.len()).await;
        assert_eq!(BTreeSet::from_iter(revoked), expected, "{named}");
    }
}

#[tokio::test]
async fn two_sign_ins_of_one_session_at_logto_share_a_grant_that_is_not_revoked() {
    for named in [true, false] {
        let site = Site::build_with(|app: MockApp| app.backchannel_session_required(named)).await;
        let mut browser = site.signed_in("ada").await;
        let step_up = SignInOptions::new().max_age(std::time::Duration::from_secs(3600));
        for options in [SignInOptions::new(), step_up] {
            sign_in(&site, &mut browser, "ada", options).await;
            assert!(is_alive(&site, &browser).await, "{named}");
        }
        // Another tab, with what it knew before.
        let mut other_tab = browser.clone();
        sign_in(&site, &mut other_tab, "ada", SignInOptions::new()).await;
        assert!(is_alive(&site, &other_tab).await, "{named}");
        assert_eq!(site.mock.request_count(Endpoint::Revocation), 0, "{named}");
    }
}

#[tokio::test]
async fn a_sign_in_that_is_not_kept_leaves_the_first_session_alone() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    site.mock.clear_browser_session();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "bob").await;
    let mut session = site.logto.load_session(&browser.request()).await.unwrap();
    _ = session.handle_sign_in(&callback).await.unwrap();
    drop(session);
    assert!(is_alive(&site, &browser).await);
    assert_eq!(site.mock.request_count(Endpoint::Revocation), 0);
}

#[tokio::test]
async fn a_logto_that_does_not_revoke_keeps_nobody_waiting() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    site.mock.clear_browser_session();
    site.mock.inject_fault(Endpoint::Revocation, logto::testing::Fault::hang());
    sign_in(&site, &mut browser, "bob", SignInOptions::new()).await;
    assert!(site.is_signed_in(&browser).await);
}

/// What the decision stands on.
#[test]
fn recorded_each_session_at_logto_has_a_grant_of_its_own() {
    let recorded: Value = serde_json::from_str(include_str!("../fixtures/recorded-seeds/second-sign-in.json")).unwrap();
    let sessions = recorded["sessions"]["sessions"].as_array().unwrap();
    let mut grants = BTreeSet::new();
    let mut sids = BTreeSet::new();
    for session in sessions {
        for application in session["payload"]["authorizations"].as_object().unwrap().values() {
            assert!(grants.insert(application["grantId"].as_str().unwrap()), "no two sessions share one");
            assert!(sids.insert(application["sid"].as_str().unwrap()));
        }
    }
    assert!(grants.len() > 1);
    let listed = recorded["grants"]["grants"].as_array().unwrap();
    let accounts: BTreeSet<_> = listed.iter().map(|grant| grant["payload"]["accountId"].as_str().unwrap()).collect();
    assert_eq!(accounts.len(), 1, "a grant is one user's");
}
