//! The ID token goes along to Logto's sign-out where Logto can still check it: with one whose key was deleted, Logto ends the sign-out with
//! an error in JSON, and its session lives on (recorded: `98-oidc-extra/12` and `13`).

use logto::{
    LogtoClient, SignOutOptions,
    testing::{Endpoint, SigningAlg},
};

use crate::support::{APP_SECRET, BASE_URL, Browser, Site, settings};

async fn sign_out(logto: &LogtoClient, browser: &Browser) -> String {
    let options = SignOutOptions::new().id_token_hint(true);
    logto.sign_out(&mut browser.request(), options).await.unwrap().location().to_owned()
}

#[tokio::test]
async fn a_sign_out_reaches_its_end_although_the_key_of_the_id_token_was_deleted() {
    for alg in [SigningAlg::Es384, SigningAlg::Rs256] {
        let site = Site::start().await;
        let ada = site.signed_in("ada").await;
        assert!(sign_out(&site.logto, &ada).await.contains("id_token_hint="), "its key is in the key set");

        let ada = site.signed_in("ada").await;
        site.mock.rotate_keys(alg);
        site.mock.remove_old_keys();
        // The new key set comes with the next token that is signed by it.
        site.mock.clear_browser_session();
        let bob = site.signed_in("bob").await;
        let url = sign_out(&site.logto, &ada).await;
        assert!(url.contains("client_id=app") && !url.contains("id_token_hint"), "{url}");
        assert_eq!(site.mock.end_session(&url).await, format!("{BASE_URL}/"));
        let url = sign_out(&site.logto, &bob).await;
        assert!(url.contains("id_token_hint="), "of the new key: {url}");
        assert_eq!(site.mock.end_session(&url).await, format!("{BASE_URL}/"));
    }
}

/// A key that is only retired is still in the key set, and Logto takes the token.
#[tokio::test]
async fn an_id_token_of_the_key_before_goes_along_while_that_key_is_published() {
    let site = Site::start().await;
    let ada = site.signed_in("ada").await;
    site.mock.rotate_keys(SigningAlg::Es384);
    site.mock.clear_browser_session();
    site.signed_in("bob").await;
    let url = sign_out(&site.logto, &ada).await;
    assert!(url.contains("id_token_hint="), "{url}");
    assert_eq!(site.mock.end_session(&url).await, format!("{BASE_URL}/"));
}

#[tokio::test]
async fn a_sign_out_without_a_recent_key_set_omits_id_token_hint() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    // Another instance, which has verified nothing yet.
    let other = site.redeployed(|config| config);
    assert!(!sign_out(&other, &browser).await.contains("id_token_hint"));

    let browser = site.signed_in("ada").await;
    site.advance(3601);
    let url = sign_out(&site.logto, &browser).await;
    assert!(!url.contains("id_token_hint"), "{url}");
    assert_eq!(site.mock.request_count(Endpoint::Jwks), 0);
    assert_eq!(site.mock.end_session(&url).await, format!("{BASE_URL}/"), "the app id alone does");
}

/// Whether the ID token is in the address that a sign-out leads to.
async fn sends_hint(site: &Site, logto: &LogtoClient, options: SignOutOptions) -> bool {
    let ada = site.signed_in("ada").await;
    logto.warm_up().await.unwrap();
    let url = logto.sign_out(&mut ada.request(), options).await.unwrap();
    assert!(url.location().contains("client_id=app"), "{url:?}");
    assert_eq!(site.mock.end_session(url.location()).await, format!("{BASE_URL}/"));
    url.location().contains("id_token_hint")
}

/// Logto takes the app id alone; of another server that is not known.
#[tokio::test]
async fn the_id_token_is_in_no_address_by_default_but_for_a_server_that_is_named_by_its_issuer() {
    let site = Site::start().await;
    let by_endpoint = || settings(&site.mock, &site.clock).app_secret(APP_SECRET);
    let by_issuer = || {
        let of_endpoint = by_endpoint().build().unwrap();
        logto::LogtoConfig::builder()
            .issuer(of_endpoint.issuer())
            .app_id("app")
            .app_secret(APP_SECRET)
            .base_url(BASE_URL)
            .cookie_secret(crate::support::COOKIE_SECRET)
            .clock(site.clock.clone())
    };
    for (config, is_sent) in [
        (by_endpoint(), false),
        (by_endpoint().id_token_hint(true), true),
        (by_issuer(), true),
        (by_issuer().id_token_hint(false), false),
        (by_issuer().strict(true), false),
        (by_issuer().strict(true).id_token_hint(true), true),
    ] {
        let logto = LogtoClient::new(config.build().unwrap()).unwrap();
        assert_eq!(logto.config().id_token_hint(), is_sent);
        assert_eq!(sends_hint(&site, &logto, SignOutOptions::new()).await, is_sent);
        // What a call says goes before the setting.
        for asked in [true, false] {
            assert_eq!(sends_hint(&site, &logto, SignOutOptions::new().id_token_hint(asked)).await, asked);
        }
    }
}
