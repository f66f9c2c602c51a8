//! How long discovery and keys are kept: as their answers say (RFC 9111), within bounds.

use std::time::Duration;

use logto::{
    SignInOptions, SignOutOptions,
    api::{ApiAudience, ResourceServer, TokenRequirements},
    testing::SigningAlg,
};

use crate::{
    altered::{Altered, answer},
    support::{BOOKS, Browser, Site},
};

const DISCOVERY: &str = "/oidc/.well-known/openid-configuration";
const KEYS: &str = "/oidc/jwks";
const MINUTE: u64 = 60;
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// A site whose Logto says this of both documents.
async fn site(headers: &'static [(&'static str, &'static str)]) -> (Site, Altered) {
    let http = Altered::new();
    let site = Site::with(|mock| mock, |config| config.http_client(http.clone())).await;
    http.change(move |path, answer| {
        if [DISCOVERY, KEYS].contains(&path) {
            answer.headers_mut().remove("cache-control");
            for (name, value) in headers {
                answer.headers_mut().append(*name, value.parse().unwrap());
            }
        }
    });
    (site, http)
}

#[tokio::test]
async fn documents_are_kept_for_as_long_as_their_answers_say_from_a_minute_to_a_day() {
    for (headers, discovery, keys) in [
        (&[][..], DAY, HOUR),
        (&[("cache-control", "max-age=600")], 600, 600),
        (&[("cache-control", "public, max-age=43200")], 12 * HOUR, 12 * HOUR),
        (&[("cache-control", "max-age=31536000, immutable")], DAY, DAY),
        (&[("cache-control", "max-age=99999999999999999999999")], DAY, DAY),
        (&[("cache-control", "max-age=5")], MINUTE, MINUTE),
        (&[("cache-control", "no-store")], MINUTE, MINUTE),
        // As Logto answers for its keys.
        (&[("cache-control", "no-cache, max-age=0, must-revalidate")], MINUTE, MINUTE),
        (&[("cache-control", "max-age=garbage")], MINUTE, MINUTE),
        (&[("cache-control", "s-maxage=600, private")], DAY, HOUR),
        (&[("cache-control", "max-age=600"), ("age", "300")], 300, 300),
        (&[("cache-control", "max-age=600"), ("age", "900")], MINUTE, MINUTE),
        (&[("expires", "0")], MINUTE, MINUTE),
    ] {
        let (site, http) = site(headers).await;
        for (path, kept) in [(DISCOVERY, discovery), (KEYS, keys)] {
            let logto = site.another_instance();
            logto.warm_up().await.unwrap();
            http.take_requests();
            site.advance(kept - 1);
            logto.warm_up().await.unwrap();
            assert_eq!(http.asked(path), 0, "{headers:?}: {path} is kept");
            site.advance(1);
            logto.warm_up().await.unwrap();
            assert_eq!(http.asked(path), 1, "{headers:?}: {path} is due");
            site.clock.rewind(Duration::from_secs(kept));
        }
    }
}

#[tokio::test]
async fn expires_counts_from_the_date_of_the_answer() {
    let headers = &[("expires", "Sun, 06 Nov 1994 08:59:37 GMT"), ("date", "Sun, 06 Nov 1994 08:49:37 GMT")];
    let (site, http) = site(&[]).await;
    http.change(move |_, answer| {
        for (name, value) in headers {
            answer.headers_mut().insert(*name, value.parse().unwrap());
        }
        answer.headers_mut().remove("cache-control");
    });
    site.logto.warm_up().await.unwrap();
    http.take_requests();
    for (passed, asked) in [(599, 0), (1, 2)] {
        site.advance(passed);
        site.logto.warm_up().await.unwrap();
        assert_eq!(http.take_requests().len(), asked);
    }
}

/// The mock answers as Logto does. A key that was withdrawn is believed for a minute, and not for an hour.
#[tokio::test]
async fn a_withdrawn_key_of_a_logto_is_believed_for_a_minute() {
    let site = Site::start().await;
    let token = site.signed_in("ada").await.get_token(&site.logto).await.unwrap();
    let api = ResourceServer::builder().config(site.logto.config()).audience(ApiAudience::resource(BOOKS));
    let (api, header) = (api.build().unwrap(), format!("Bearer {token}"));
    api.authorize([&header], &TokenRequirements::new()).await.unwrap();
    site.mock.rotate_keys(SigningAlg::Es384);
    site.mock.remove_old_keys();
    site.advance(MINUTE - 1);
    api.authorize([&header], &TokenRequirements::new()).await.unwrap();
    site.advance(1);
    let error = api.authorize([&header], &TokenRequirements::new()).await.unwrap_err();
    assert_eq!(error.code(), "bearer_token.unknown_key");
}

/// A server whose keys are due each minute: those of before serve while it fails.
#[tokio::test]
async fn keys_that_are_due_each_minute_serve_through_an_outage() {
    let (site, http) = site(&[("cache-control", "max-age=0")]).await;
    let token = site.signed_in("ada").await.get_token(&site.logto).await.unwrap();
    let api = ResourceServer::builder().config(site.logto.config()).audience(ApiAudience::resource(BOOKS));
    let (api, header) = (api.token_cache_capacity(0).build().unwrap(), format!("Bearer {token}"));
    http.answer(|path| (path == KEYS).then(|| answer(500, &[])));
    for minute in 0..30 {
        site.advance(MINUTE);
        api.authorize([&header], &TokenRequirements::new()).await.unwrap_or_else(|error| panic!("{minute}: {error}"));
    }
    assert!(http.asked(KEYS) <= 30);
    // When it is back, its new key is there for whoever needs it.
    http.answer(|_| None);
    site.mock.rotate_keys(SigningAlg::Es384);
    site.advance(MINUTE);
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    site.end(&mut browser, &callback).await.unwrap();
    assert!(site.is_signed_in(&browser).await);
}

/// The hint at a sign-out goes by the hour in which the keys came, whatever the server said of them.
#[tokio::test]
async fn the_hint_of_a_sign_out_does_not_depend_on_the_lifetime_that_the_server_names() {
    let (site, _) = site(&[("cache-control", "no-store")]).await;
    for (passed, sent) in [(MINUTE + 1, true), (HOUR - 1, true), (HOUR, false)] {
        let mut cookies = site.signed_in("ada").await.request();
        site.advance(passed);
        let options = SignOutOptions::new().id_token_hint(true);
        let redirect = site.logto.sign_out(&mut cookies, options).await.unwrap();
        assert_eq!(redirect.location().contains("id_token_hint="), sent, "{passed}");
    }
}
