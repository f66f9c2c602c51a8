//! Every recorded exchange that the mock covers, replayed; those that it does not cover, with the reason.

use std::{collections::BTreeSet, time::Duration};

use logto::testing::{MockApp, MockLogto, SigningAlg, TestClock};
use tokio::task::JoinSet;

use crate::{
    later,
    not_replayed::NOT_REPLAYED,
    recording::{ADA, CALLBACK, all, files, recorded_ada, world, world_where_the_web_app},
    replay::{Replay, compare_tokens, fixture, form_value, xsrf},
    support::{API, authorization_url, param, refresh, text},
};

const EVERYTHING: &str = "openid offline_access profile email phone roles urn:logto:scope:organizations \
    urn:logto:scope:organization_roles custom_data identities read:books write:books";
const ORGANIZATIONS: &str = "urn:logto:resource:organizations";

#[tokio::test(flavor = "multi_thread")]
async fn the_mock_answers_as_the_real_server_did() {
    // Each with a mock of its own, so they run beside each other.
    let mut groups = JoinSet::new();
    groups.spawn(discovery());
    groups.spawn(rotation_of_the_key());
    groups.spawn(authorization_requests());
    groups.spawn(denials_and_newcomers());
    groups.spawn(tokens_of_every_kind());
    groups.spawn(codes_that_fail());
    groups.spawn(organizations());
    groups.spawn(rotation_of_a_web_app());
    groups.spawn(rotation_of_a_public_app());
    groups.spawn(client_authentication());
    groups.spawn(expiry());
    groups.spawn(revocation());
    groups.spawn(logout());
    groups.spawn(machines());
    groups.spawn(token_exchange());
    groups.spawn(pages_and_addresses());
    groups.spawn(later::all());
    let done: BTreeSet<_> = groups.join_all().await.into_iter().flatten().collect();

    let files = all();
    let excused = |file: &String| NOT_REPLAYED.iter().any(|(prefix, _)| file.starts_with(prefix));
    let forgotten: Vec<_> = files.iter().filter(|file| !done.contains(*file) && !excused(file)).collect();
    assert!(forgotten.is_empty(), "neither replayed nor excused: {forgotten:#?}");
    for (prefix, _) in NOT_REPLAYED {
        assert!(files.iter().any(|file| file.starts_with(prefix)), "{prefix} excuses nothing");
        assert!(!done.iter().any(|file| file.starts_with(prefix)), "{prefix} is replayed, and need not be excused");
    }
}

async fn discovery() -> BTreeSet<String> {
    let mock = world().start().await.unwrap();
    let mut replay = Replay::new(&mock);
    let jwks = replay.run("00-discovery/jwks.json").await;
    let recorded = fixture("00-discovery/jwks.json");
    replay.learn(recorded["response"]["headers"]["etag"].as_str().unwrap(), jwks.header("etag").unwrap());
    replay.run("00-discovery/jwks-if-none-match.json").await;
    replay.run("00-discovery/jwks-head.json").await;
    replay.run("00-discovery/openid-configuration.json").await;
    replay.run("00-discovery/oauth-authorization-server.json").await;
    replay.run("00-discovery/discovery-root-wrong-place.json").await;
    for file in files("70-api", &["01", "02", "14", "15", "16", "17", "18"]) {
        replay.run(&file).await;
    }
    replay.done
}

async fn rotation_of_the_key() -> BTreeSet<String> {
    let mock = world().start().await.unwrap();
    let mut replay = Replay::new(&mock);
    replay.run("80-key-rotation-other-instance/01-jwks-before.json").await;
    mock.rotate_keys(SigningAlg::Rs256);
    replay.run("80-key-rotation-other-instance/03-jwks-after.json").await;
    replay.run("80-key-rotation-other-instance/04-discovery-after.json").await;
    mock.remove_old_keys();
    replay.run("80-key-rotation-other-instance/08-jwks-after-delete.json").await;
    replay.done
}

async fn authorization_requests() -> BTreeSet<String> {
    let mock = world().start().await.unwrap();
    let mut replay = Replay::new(&mock);
    for file in files("11-authorization-requests", &["0", "1", "2", "3", "4", "61", "70"]) {
        replay.run(&file).await;
    }
    let url = authorization_url(&mock, &[]);
    replay.browser.sign_in(&url, "ada", "Ada-Lovelace-1815!").await;
    for file in files("11-authorization-requests", &["5", "60"]) {
        replay.run(&file).await;
    }
    replay.exchange("11-authorization-requests/62-max-age-id-token-claims.json", &[("max_age", "3600")]).await;
    replay.done
}

async fn denials_and_newcomers() -> BTreeSet<String> {
    let mock = world().start().await.unwrap();
    let mut replay = Replay::new(&mock);
    replay.run("12-deny/abort/01-authorization-request.json").await;
    let callback = mock.cancel_sign_in(&authorization_url(&mock, &[])).await;
    let recorded = fixture("12-deny/abort-callback.json");
    for name in ["error", "error_description", "state"] {
        assert_eq!(param(&callback, name).as_deref(), recorded["params"][name].as_str(), "{callback}");
    }
    assert_eq!(param(&callback, "iss"), Some(mock.issuer()));
    replay.done.insert("12-deny/abort-callback.json".to_owned());
    let page = replay.run("12-deny/third-party-consent/01-authorization-request.json").await.location().to_owned();
    let answer = replay.browser.post(&page, &[("username", "ada"), ("password", "Ada-Lovelace-1815!")]).await;
    let shown = replay.follow(answer, &files("12-deny/third-party-consent", &["06", "07"])).await;
    let consent = form_action(&shown.body);
    let answer = replay.browser.post(&consent, &[("consent", "yes")]).await;
    replay.follow(answer, &files("12-deny/third-party-consent", &["10"])).await;
    replay.exchange("12-deny/third-party-consent/08-token.json", &[("client_id", "lte7t131whcexc4ex0grf")]).await;
    replay.browser.cookie = None;
    let page = replay.run("14-register/01-authorization-request.json").await.location().to_owned();
    let answer = replay.browser.post(&page, &[("username", "newcomer"), ("password", "New-User-1815!")]).await;
    replay.follow(answer, &files("14-register", &["06", "07", "08"])).await;
    replay.prepare_code_as("14-register/20-token.json", &[], "newuser41bfba").await;
    let tokens = replay.run("14-register/20-token.json").await.json();
    replay.run("14-register/21-userinfo.json").await;
    token_like(&mut replay, "id_token_new_user", text(&tokens, "id_token"));
    replay.done
}

fn form_action(page: &str) -> String {
    let action = page.split("action=\"").nth(1).and_then(|rest| rest.split('"').next());
    action.unwrap_or_else(|| panic!("no form: {page}")).replace("&amp;", "&")
}

fn token_like(replay: &mut Replay<'_>, name: &str, live: &str) {
    let file = format!("jwt/{name}.json");
    compare_tokens(&file, text(&fixture(&file), "raw"), live);
    replay.done.insert(file);
}

async fn tokens_of_every_kind() -> BTreeSet<String> {
    let mock = world().start().await.unwrap();
    let mut replay = Replay::new(&mock);
    let asked = [("scope", EVERYTHING), ("resource", API), ("resource", ORGANIZATIONS)];
    let first = replay.exchange("20-token/20-token-authorization-code.json", &asked).await.json();
    token_like(&mut replay, "id_token", text(&first, "id_token"));
    for file in files("20-token", &["21", "22", "23", "24", "25", "26", "27", "28", "29"]) {
        let answer = replay.run(&file).await;
        let like = match file.split('/').nth(1).and_then(|name| name.get(..3)) {
            Some("21-") => Some(("id_token_from_refresh", "id_token")),
            Some("22-") => Some(("access_token_resource", "access_token")),
            Some("23-") => Some(("access_token_organization", "access_token")),
            Some("24-") => Some(("access_token_resource_organization", "access_token")),
            _ => None,
        };
        if let Some((name, member)) = like {
            token_like(&mut replay, name, text(&answer.json(), member));
        }
    }
    for file in files("30-userinfo", &["3"]).into_iter().chain(files("40-introspection", &["4"])) {
        replay.run(&file).await;
    }
    replay.done
}

async fn codes_that_fail() -> BTreeSet<String> {
    let mock = world().start().await.unwrap();
    let mut replay = Replay::new(&mock);
    replay.run("21-code-errors/01-garbage-code.json").await;
    for (wrong, right) in [
        ("02-wrong-redirect-uri", "03-after-wrong-redirect-uri"),
        ("04-wrong-code-verifier", "05-after-wrong-code-verifier"),
        ("07-wrong-client-secret", "08-after-wrong-client-secret"),
        ("09-other-client", "09b-after-other-client"),
    ] {
        let (wrong, right) = (format!("21-code-errors/{wrong}.json"), format!("21-code-errors/{right}.json"));
        replay.prepare_code(&right, &[]).await;
        replay.run_all(&[&wrong, &right]).await;
    }
    replay.exchange("21-code-errors/06-missing-code-verifier.json", &[]).await;

    // The first exchange was not kept.
    replay.prepare_code("21-code-errors/10-reused-code.json", &[]).await;
    let first = replay.repeat("21-code-errors/10-reused-code.json").await;
    let refresh = form_value(&fixture("21-code-errors/11-refresh-after-code-reuse.json"), "refresh_token").unwrap();
    replay.learn(&refresh, text(&first, "refresh_token"));
    replay.learn_bearer("21-code-errors/12-userinfo-after-code-reuse.json", text(&first, "access_token"));
    for file in files("21-code-errors", &["10", "11", "12"]) {
        replay.run(&file).await;
    }

    replay.exchange("21-code-errors/13-code-exchange-with-resource-not-requested.json", &[]).await;
    let asked = [("scope", "openid offline_access profile email read:books"), ("resource", API)];
    replay.exchange("21-code-errors/14-code-exchange-with-resource.json", &asked).await;
    let no_pkce = [("code_challenge", ""), ("code_challenge_method", "")];
    replay.exchange("21-code-errors/15-code-exchange-no-pkce.json", &no_pkce).await;
    let file = "21-code-errors/16-code-verifier-without-challenge.json";
    replay.prepare_code_without_pkce(file).await;
    replay.run(file).await;
    let asked = [("scope", "openid profile"), ("prompt", "")];
    replay.exchange("21-code-errors/17-no-offline-access.json", &asked).await;
    replay.exchange("21-code-errors/18-offline-access-without-prompt-consent.json", &[("prompt", "")]).await;
    replay.exchange("21-code-errors/20-prompt-login-consent.json", &[("prompt", "login consent")]).await;

    let refused = replay.run("21-code-errors/19-no-openid-scope-flow/01-authorization-request.json").await;
    let recorded = fixture("21-code-errors/19-no-openid-scope-callback.json");
    let description = text(&recorded["params"], "error_description").replace(' ', "+");
    assert!(refused.location().contains(&description), "{}", refused.location());
    replay.done.insert("21-code-errors/19-no-openid-scope-callback.json".to_owned());
    replay.done
}

async fn organizations() -> BTreeSet<String> {
    let mock = world().start().await.unwrap();
    let mut replay = Replay::new(&mock);
    let scope = "openid offline_access profile urn:logto:scope:organizations urn:logto:scope:organization_roles \
        read:books write:books invite:member read:billing";
    let asked = [("scope", scope), ("resource", API), ("resource", ORGANIZATIONS)];
    replay.exchange("22-organization/01-code-exchange.json", &asked).await;
    let token = replay.run("22-organization/02-refresh-organization.json").await.json();
    token_like(&mut replay, "access_token_organization_with_scopes", text(&token, "access_token"));
    replay.run("22-organization/03-refresh-organization-downscoped.json").await;
    replay.run("22-organization/04-refresh-resource-organization.json").await;

    for (file, asked) in [
        ("22-organization/05-refresh-organization-without-scope.json", vec![("resource", API)]),
        ("22-organization/07-refresh-resource-not-in-authorization-request.json", vec![]),
    ] {
        let tokens = crate::support::tokens(&mock, &asked).await;
        replay.learn_form(file, "refresh_token", text(&tokens, "refresh_token"));
    }
    for file in files("22-organization", &["05", "06", "07"]) {
        replay.run(&file).await;
    }

    let scope = [("scope", "openid urn:logto:scope:organizations")];
    let callback = mock.sign_in(&authorization_url(&mock, &scope), "lonely").await;
    let tokens = crate::support::exchange(&mock, &callback).await.json();
    let file = "22-organization/08-userinfo-no-organizations.json";
    replay.learn_bearer(file, text(&tokens, "access_token"));
    replay.run(file).await;
    token_like_of(&mut replay, "id_token_minimal", &tokens);
    replay.done
}

fn token_like_of(replay: &mut Replay<'_>, name: &str, tokens: &serde_json::Value) {
    token_like(replay, name, text(tokens, "id_token"));
}

async fn rotation_of_a_web_app() -> BTreeSet<String> {
    let app = || MockApp::new("goo9x6rpfvbll73jondzd", "A0SdZT1a8j7AgMYJahkXisR5dnncVdBw").redirect_uri(CALLBACK);
    let clock = TestClock::new();
    let builder = MockLogto::builder().app(app()).clock(clock.clone());
    let mock = builder.refresh_token_ttl(Duration::from_secs(20)).user(recorded_ada(ADA)).start().await.unwrap();
    let mut replay = Replay::new(&mock);
    let begin = async |replay: &mut Replay<'_>, file: &str| {
        let tokens = crate::support::tokens(replay.mock, &[]).await;
        replay.learn_form(file, "refresh_token", text(&tokens, "refresh_token"));
        tokens
    };
    let tokens = begin(&mut replay, "23-rotation/10-trad-short-fresh.json").await;
    let file = "23-rotation/16-trad-short-userinfo-after-reuse.json";
    replay.learn_bearer(file, text(&tokens, "access_token"));
    replay.run("23-rotation/10-trad-short-fresh.json").await;
    clock.advance(Duration::from_secs(15));
    for file in files("23-rotation", &["11", "12", "13"]) {
        replay.run(&file).await;
    }
    clock.advance(Duration::from_secs(4));
    for file in files("23-rotation", &["14", "15", "16"]) {
        replay.run(&file).await;
    }
    begin(&mut replay, "23-rotation/18-trad-refresh-token-expired.json").await;
    clock.advance(Duration::from_secs(21));
    replay.run("23-rotation/18-trad-refresh-token-expired.json").await;

    let file = "23-rotation/19-trad-rotate-false.json";
    let builder = MockLogto::builder().app(app().rotate_refresh_token(false)).clock(clock.clone());
    let mock = builder.refresh_token_ttl(Duration::from_secs(20)).user(recorded_ada(ADA)).start().await.unwrap();
    let mut steady = Replay::new(&mock);
    let tokens = begin(&mut steady, file).await;
    clock.advance(Duration::from_secs(15));
    let refreshed = steady.run(file).await.json();
    assert_eq!(refreshed["refresh_token"], tokens["refresh_token"]);
    replay.done.into_iter().chain(steady.done).collect()
}

async fn rotation_of_a_public_app() -> BTreeSet<String> {
    let clock = TestClock::new();
    let mock = world().clock(clock.clone()).start().await.unwrap();
    let mut replay = Replay::new(&mock);
    replay.exchange("23-rotation/30-spa-code-exchange.json", &[("client_id", "fb2mcffu06byggw1g17z6")]).await;
    replay.run("23-rotation/31-spa-refresh.json").await;
    replay.run("23-rotation/32-spa-old-within-leeway.json").await;
    // Four requests with the newest token, at once.
    let concurrent = fixture("23-rotation/33-spa-concurrent.json");
    for sibling in concurrent.as_array().unwrap() {
        let live = replay.repeat("23-rotation/35-spa-old-after-leeway.json").await;
        replay.learn(text(&sibling["body"], "refresh_token"), text(&live, "refresh_token"));
    }
    replay.run("23-rotation/34-spa-one-of-concurrent-works.json").await;
    clock.advance(Duration::from_secs(4));
    for file in files("23-rotation", &["35", "36", "37"]) {
        replay.run(&file).await;
    }
    replay.done
}

async fn client_authentication() -> BTreeSet<String> {
    let clock = TestClock::new();
    let mock = world().clock(clock.clone()).start().await.unwrap();
    let mut replay = Replay::new(&mock);
    let tokens = crate::support::tokens(&mock, &[]).await;
    let first = fixture("24-client-auth-and-lifetimes/01-basic-plus-client-id.json");
    replay.learn(&form_value(&first, "refresh_token").unwrap(), text(&tokens, "refresh_token"));
    for file in files("24-client-auth-and-lifetimes", &["0"]) {
        replay.run(&file).await;
    }
    replay.prepare_code("24-client-auth-and-lifetimes/21-code-expired.json", &[]).await;
    clock.advance(Duration::from_secs(62));
    replay.run("24-client-auth-and-lifetimes/21-code-expired.json").await;
    replay.done
}

async fn expiry() -> BTreeSet<String> {
    let clock = TestClock::new();
    let mock = world().clock(clock.clone()).start().await.unwrap();
    let mut replay = Replay::new(&mock);
    let asked = [("resource", "https://short.example.test"), ("scope", "openid offline_access profile")];
    let tokens = crate::support::tokens(&mock, &asked).await;
    let file = "31-expired/01-refresh-short-resource.json";
    replay.learn_form(file, "refresh_token", text(&tokens, "refresh_token"));
    let short = replay.run(file).await.json();
    token_like(&mut replay, "access_token_short_lived", text(&short, "access_token"));
    let opaque = form_value(&fixture("31-expired/03-introspect-expired-opaque.json"), "token").unwrap();
    replay.learn(&opaque, text(&tokens, "access_token"));
    clock.advance(Duration::from_secs(3600));
    replay.run("31-expired/02-userinfo-expired-opaque.json").await;
    replay.run("31-expired/03-introspect-expired-opaque.json").await;

    let file = "51-backchannel-logout/07-refresh-suspended-user.json";
    replay.learn_form(file, "refresh_token", text(&tokens, "refresh_token"));
    let refreshed = refresh(&mock, text(&tokens, "refresh_token"), &[]).await.json();
    replay.learn_bearer("51-backchannel-logout/08-userinfo-suspended-user.json", text(&refreshed, "access_token"));
    assert!(mock.suspend_user("ada"));
    replay.run(file).await;
    replay.run("51-backchannel-logout/08-userinfo-suspended-user.json").await;
    replay.done
}

async fn revocation() -> BTreeSet<String> {
    let mock = world().start().await.unwrap();
    let mut replay = Replay::new(&mock);
    let groups: [(&[&str], &str, &str); 3] = [
        (&["01", "02", "03", "04"], "01-revoke-refresh-token", "refresh_token"),
        (&["05", "06", "07", "08"], "05-revoke-access-token", "access_token"),
        (&["09", "10", "11", "12", "13"], "09-revoke-wrong-secret", "refresh_token"),
    ];
    for (prefixes, first, member) in groups {
        mock.clear_browser_session();
        let tokens = crate::support::tokens(&mock, &[]).await;
        let first = fixture(&format!("41-revocation/{first}.json"));
        replay.learn(&form_value(&first, "token").unwrap(), text(&tokens, member));
        for file in files("41-revocation", prefixes) {
            let recording = fixture(&file);
            if file.contains("06-refresh-after-access") {
                replay.learn(&form_value(&recording, "refresh_token").unwrap(), text(&tokens, "refresh_token"));
            }
            let authorization = recording["request"]["headers"]["authorization"].as_str();
            if let Some(bearer) = authorization.and_then(|value| value.strip_prefix("Bearer ")) {
                replay.learn(bearer, text(&tokens, "access_token"));
            }
            replay.run(&file).await;
        }
    }
    replay.done
}

async fn logout() -> BTreeSet<String> {
    let mock = world().start().await.unwrap();
    let mut replay = Replay::new(&mock);
    let password = "Ada-Lovelace-1815!";
    let url = authorization_url(&mock, &[]);
    let callback = replay.browser.sign_in(&url, "ada", password).await;
    let tokens = crate::support::exchange(&mock, &callback).await.json();
    let file = "50-logout/03-refresh-after-logout.json";
    replay.learn_form(file, "refresh_token", text(&tokens, "refresh_token"));
    replay.learn_bearer("50-logout/04-userinfo-after-logout.json", text(&tokens, "access_token"));
    for file in files("50-logout", &["01", "02", "03", "04", "05"]) {
        replay.run(&file).await;
    }

    replay.browser.cookie = None;
    replay.browser.sign_in(&url, "ada", password).await;
    for file in ["50-logout/06-end-session-id-token-hint.json", "50-logout/15-end-session-hint-client-mismatch.json"] {
        let recorded = fixture(file);
        let query = recorded["request"]["query"].as_array().unwrap();
        let hint = query.iter().find(|pair| pair[0] == "id_token_hint").unwrap();
        replay.learn(hint[1].as_str().unwrap(), text(&tokens, "id_token"));
        replay.run(file).await;
    }
    // The page that 18 confirms is one like 08, which was not kept.
    let page = replay.run("50-logout/08-end-session-uri-without-client.json").await;
    let recorded = fixture("50-logout/18-uri-without-client-confirm.json");
    replay.learn(&form_value(&recorded, "xsrf").unwrap(), &xsrf(&page.body).unwrap());
    for file in files("50-logout", &["07", "18", "09", "10", "11", "12", "13", "14", "16"]) {
        replay.run(&file).await;
    }

    let asked = [("scope", "openid profile"), ("prompt", "")];
    replay.browser.cookie = None;
    let callback = replay.browser.sign_in(&authorization_url(&mock, &asked), "ada", password).await;
    let tokens = crate::support::exchange(&mock, &callback).await.json();
    let file = "50-logout/17-userinfo-after-logout-no-offline-access.json";
    replay.learn_bearer(file, text(&tokens, "access_token"));
    replay.run("50-logout/01-end-session-client-id.json").await;
    replay.run("50-logout/02-end-session-confirm.json").await;
    replay.run(file).await;
    replay.done
}

async fn machines() -> BTreeSet<String> {
    let mock = world().start().await.unwrap();
    let mut replay = Replay::new(&mock);
    for file in files("60-client-credentials", &["0", "1"]) {
        let answer = replay.run(&file).await;
        let name = match file.as_str() {
            "60-client-credentials/01-resource.json" => "access_token_m2m",
            "60-client-credentials/02-resource-scope.json" => "access_token_m2m_scoped",
            "60-client-credentials/07-organization.json" => "access_token_m2m_organization",
            _ => continue,
        };
        token_like(&mut replay, name, text(&answer.json(), "access_token"));
    }
    replay.done
}

async fn token_exchange() -> BTreeSet<String> {
    // The first recording is of the time before the app was allowed to.
    let mock = world().start().await.unwrap();
    let mut before = Replay::new(&mock);
    before.run("61-token-exchange/01-not-allowed.json").await;

    let mock = world_where_the_web_app(|web| web.token_exchange(true)).start().await.unwrap();
    let mut replay = Replay::new(&mock);
    for file in ["61-token-exchange/02-resource.json", "61-token-exchange/04-no-resource.json"] {
        replay.learn_form(file, "subject_token", &mock.create_subject_token("ada"));
        let answer = replay.run(file).await.json();
        if file.contains("02-resource") {
            token_like(&mut replay, "access_token_token_exchange", text(&answer, "access_token"));
            replay.run("61-token-exchange/03-reused-subject-token.json").await;
        }
    }
    replay.run("61-token-exchange/05-garbage.json").await;

    let response = crate::exchange::subject_token_response().await;
    let recorded = fixture("61-token-exchange/00-subject-token-response.json");
    assert_eq!(response["expiresIn"], recorded["expiresIn"]);
    assert!(text(&response, "subjectToken").starts_with("sub_") && text(&recorded, "subjectToken").starts_with("sub_"));
    assert_eq!(response.as_object().unwrap().len(), recorded.as_object().unwrap().len());
    replay.done.insert("61-token-exchange/00-subject-token-response.json".to_owned());
    replay.done.into_iter().chain(before.done).collect()
}

/// What was looked at beside: the way through the pages, the first requests of others, pushed requests, the Account API.
async fn pages_and_addresses() -> BTreeSet<String> {
    let mock = world().start().await.unwrap();
    let mut replay = Replay::new(&mock);
    for file in [
        "13-social-kakao/01-authorization-request.json",
        "16-one-time-token/01-authorization-request.json",
        "70-api/19-par.json",
        "70-api/20-device-auth.json",
    ] {
        replay.run(file).await;
    }
    replay.exchange("16-one-time-token/20-token.json", &[]).await;

    let page = replay.run("10-code-flow/01-authorization-request.json").await.location().to_owned();
    let answer = replay.browser.post(&page, &[("username", "ada"), ("password", "Ada-Lovelace-1815!")]).await;
    replay.follow(answer, &files("10-code-flow", &["06", "07", "08"])).await;

    replay.run("70-api/13-my-account-garbage.json").await;
    replay.done
}
