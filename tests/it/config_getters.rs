//! What was set can be read, but for secrets.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use logto::{
    LogtoConfig, Prompt, ResponseMode, Routes, SessionFormat, SessionLifetime,
    cookies::SameSite,
    integrate::Clock,
    scopes,
    store::{MemoryRevocations, MemoryStore},
    testing::TestClock,
};

use crate::{coordinator::Coordinator, support::COOKIE_SECRET};

#[test]
fn every_setting_that_is_no_secret_is_read_back() {
    let seconds = Duration::from_secs;
    let clock = TestClock::at(UNIX_EPOCH + seconds(1_795_385_584));
    let lifetime = SessionLifetime::new().idle(seconds(60)).absolute(seconds(600));
    let config = LogtoConfig::builder()
        .endpoint("https://logto.example.com/")
        .internal_endpoint("http://logto:3001/")
        .accepted_issuers(["https://old.example.com/oidc"])
        .app_id("app")
        .base_url("https://www.example.com/shop/")
        .cookie_secret(COOKIE_SECRET)
        .cookie_secure(true)
        .scopes(["dropped"])
        .scopes(["email read:books", "email"])
        .include_reserved_scopes(true)
        .resources(["https://api.example.com"])
        .prompt([Prompt::Login, Prompt::Consent])
        .response_mode(ResponseMode::FormPost)
        .allowed_return_origins(["https://admin.example.com"])
        .session_lifetime(lifetime)
        .session_format(SessionFormat::FromNext)
        .from_next_until(UNIX_EPOCH + seconds(1_900_000_000))
        .sign_in_timeout(seconds(900))
        .id_token_signed_response_alg("ES384")
        .cookie_name("shop")
        .previous_cookie_names(["__Host-logto_app", "old"])
        .cookie_same_site(SameSite::None)
        .cookie_partitioned(true)
        .cookie_session_only(true)
        .trusted_audiences(["sister"])
        .allow_insecure_endpoint(true)
        .leeway(seconds(30))
        .claims_max_age(seconds(600))
        .reauthenticate_after_timeout(true)
        .require_revocation_store(true)
        .max_sessions_per_user(3)
        .id_token_hint(true)
        .clear_site_data(["cache"])
        .confirm_cross_site_sign_in(true)
        .pushed_authorization_requests(true)
        .user_route_claims(["sub"])
        .accepted_algorithms(["ES384"])
        .timeout(seconds(5))
        .store_timeout(seconds(2))
        .routes(Routes::new().callback("/back"))
        .http_client(reqwest::Client::new())
        .session_store(MemoryStore::new())
        .revocation_store(MemoryRevocations::new())
        .refresh_coordinator(Coordinator::default())
        .clock(clock.clone())
        .build()
        .unwrap();
    assert_eq!(
        (config.endpoint(), config.internal_endpoint()),
        ("https://logto.example.com", Some("http://logto:3001"))
    );
    assert_eq!((config.issuer(), config.app_id()), ("https://logto.example.com/oidc", "app"));
    assert_eq!(config.accepted_issuers(), ["https://old.example.com/oidc"]);
    assert_eq!(
        (config.base_url(), config.redirect_uri().as_str()),
        ("https://www.example.com/shop", "https://www.example.com/shop/back")
    );
    assert!(config.cookie_secure());
    assert_eq!((config.cookie_name(), config.cookie_path()), ("__Host-shop", "/"));
    assert_eq!(config.previous_cookie_names(), ["__Host-logto_app", "old"]);
    assert_eq!(
        (config.cookie_same_site(), config.cookie_partitioned(), config.cookie_session_only()),
        (SameSite::None, true, true)
    );
    assert_eq!(
        (config.trusted_audiences(), config.allow_insecure_endpoint()),
        (["sister".to_owned()].as_slice(), true)
    );
    let asked = [scopes::OPENID, scopes::OFFLINE_ACCESS, scopes::PROFILE, scopes::EMAIL, "read:books"];
    assert_eq!((config.scopes(), config.include_reserved_scopes()), (asked.map(str::to_owned).as_slice(), true));
    assert_eq!(config.resources(), ["https://api.example.com"]);
    assert_eq!(
        (config.prompt(), config.response_mode()),
        ([Prompt::Login, Prompt::Consent].as_slice(), ResponseMode::FormPost)
    );
    assert_eq!(config.allowed_return_origins(), ["https://admin.example.com"]);
    assert_eq!((config.session_lifetime(), config.session_format()), (lifetime, SessionFormat::FromNext));
    assert_eq!(config.from_next_until(), Some(UNIX_EPOCH + seconds(1_900_000_000)));
    assert_eq!((config.sign_in_timeout(), config.leeway()), (seconds(900), seconds(30)));
    assert_eq!((config.timeout(), config.store_timeout()), (seconds(5), seconds(2)));
    assert_eq!((config.id_token_signed_response_alg(), config.routes().callback_path()), (Some("ES384"), "/back"));
    assert!(!config.strict() && config.reauthenticate_after_timeout() && config.require_revocation_store());
    assert!(config.id_token_hint() && config.confirm_cross_site_sign_in() && config.pushed_authorization_requests());
    assert_eq!((config.claims_max_age(), config.max_sessions_per_user()), (Some(seconds(600)), Some(3)));
    assert_eq!(config.clear_site_data(), ["cache"]);
    assert_eq!(config.user_route_claims(), Some(["sub".to_owned()].as_slice()));
    assert_eq!(config.accepted_algorithms(), Some(["ES384".to_owned()].as_slice()));
    assert!(config.http_client().is_some() && config.session_store().is_some());
    assert!(config.refresh_coordinator().is_some() && Arc::strong_count(config.revocation_store()) > 0);
    assert_eq!(config.clock().now(), clock.now());
}

#[test]
fn the_domain_of_cookies_is_read_back() {
    let config =
        LogtoConfig::builder().endpoint("http://localhost:3001").app_id("app").base_url("https://www.example.com");
    let config = config.cookie_secret(COOKIE_SECRET).cookie_domain("Example.com").build().unwrap();
    assert_eq!((config.cookie_secure(), config.cookie_domain()), (true, Some("example.com")));
}

#[test]
fn what_was_not_set_has_its_default() {
    let config =
        LogtoConfig::builder().endpoint("http://localhost:3001").app_id("app").base_url("http://localhost:3000");
    let config =
        config.cookie_secret(COOKIE_SECRET).include_reserved_scopes(false).scopes([scopes::OPENID]).build().unwrap();
    assert_eq!((config.scopes(), config.include_reserved_scopes()), ([scopes::OPENID.to_owned()].as_slice(), false));
    assert_eq!((config.cookie_secure(), config.cookie_domain(), config.internal_endpoint()), (false, None, None));
    assert_eq!((config.cookie_name(), config.cookie_path()), ("logto_app", "/"));
    assert!(config.previous_cookie_names().is_empty() && config.trusted_audiences().is_empty());
    assert_eq!(
        (config.cookie_same_site(), config.cookie_partitioned(), config.cookie_session_only()),
        (SameSite::Lax, false, false)
    );
    assert!(!config.allow_insecure_endpoint());
    assert_eq!((config.prompt(), config.response_mode()), ([Prompt::Consent].as_slice(), ResponseMode::Query));
    assert_eq!((config.session_format(), config.from_next_until()), (SessionFormat::Logto, None));
    let minute = Duration::from_secs(60);
    assert_eq!((config.sign_in_timeout(), config.leeway()), (60 * minute, minute));
    assert_eq!((config.timeout(), config.store_timeout()), (Duration::from_secs(10), Duration::from_secs(3)));
    assert!(
        config.http_client().is_none() && config.session_store().is_none() && config.refresh_coordinator().is_none()
    );
}
