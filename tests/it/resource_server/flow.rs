//! Tokens as Logto issues them, what is remembered of them, and a Logto that is away.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use logto::{
    Error, ErrorKind, LogtoConfig, Result, TokenOptions,
    api::{ApiAudience, AuthInfo, ResourceServer, ResourceServerBuilder, TokenRequirements},
    integrate::{BoxError, BoxFuture, HttpClient},
    testing::{Endpoint, Fault, SigningAlg},
};
use serde::Deserialize;
use serde_json::json;

use super::cases::World;
use crate::altered::Altered;
use crate::support::{APP_SECRET, BOOKS, Site, app};

fn books() -> ApiAudience {
    ApiAudience::resource(BOOKS)
}

fn api(site: &Site, audience: ApiAudience) -> ResourceServer {
    ResourceServer::builder().config(site.logto.config()).audience(audience).build().unwrap()
}

fn code(result: Result<AuthInfo>) -> &'static str {
    result.map_or_else(|error: Error| error.code().as_str(), |auth| panic!("{auth:?}"))
}

#[tokio::test]
async fn each_kind_of_token_opens_its_own_api() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let mut cookies = browser.request();
    let mut token = async |options: TokenOptions| {
        site.logto.get_access_token(&mut cookies, options).await.unwrap().token().to_owned()
    };
    let resource = token(TokenOptions::new().resource(BOOKS)).await;
    let organization = token(TokenOptions::new().organization("org-acme")).await;
    let both = token(TokenOptions::new().resource(BOOKS).organization("org-acme")).await;

    let auth = api(&site, books()).verify(&resource).await.unwrap();
    assert_eq!((auth.sub(), auth.client_id(), auth.organization_id()), ("user-ada", "app", None));
    assert!(auth.scopes().eq(["read:books", "write:books"]) && auth.has_scope("read:books"));
    assert!(auth.audience().contains(BOOKS) && !auth.is_machine());
    auth.require_scopes(["read:books", "write:books"]).unwrap();
    assert_eq!(auth.require_organization("org-acme").unwrap_err().http_status(), 403);

    let (acme, globex) = (ApiAudience::organization("org-acme"), ApiAudience::organization("org-globex"));
    let auth = api(&site, acme.clone()).verify(&organization).await.unwrap();
    assert_eq!(auth.organization_id(), Some("org-acme"));
    auth.require_organization("org-acme").unwrap();
    let auth = api(&site, ApiAudience::any_organization_token()).verify(&organization).await.unwrap();
    assert_eq!(auth.organization_id(), Some("org-acme"));

    let auth = api(&site, books().in_organization("org-acme")).verify(&both).await.unwrap();
    assert_eq!(auth.organization_id(), Some("org-acme"));
    let auth = api(&site, books().resource_in_any_organization()).verify(&both).await.unwrap();
    assert_eq!(auth.organization_id(), Some("org-acme"));

    let (aud, other) = ("bearer_token.invalid_aud", "bearer_token.wrong_organization");
    for (audience, token, expected) in [
        (books(), &organization, aud),
        (books(), &both, other),
        (acme.clone(), &resource, aud),
        (acme, &both, aud),
        (globex, &organization, aud),
        (books().resource_in_any_organization(), &resource, other),
        (books().in_organization("org-globex"), &both, other),
    ] {
        assert_eq!(code(api(&site, audience.clone()).verify(token).await), expected, "{audience:?}");
    }

    // An API may take several kinds.
    let several = ResourceServer::builder()
        .config(site.logto.config())
        .audience(books())
        .audience(ApiAudience::any_organization_token())
        .build()
        .unwrap();
    assert_eq!(several.verify(&resource).await.unwrap().organization_id(), None);
    assert_eq!(several.verify(&organization).await.unwrap().organization_id(), Some("org-acme"));
    assert_eq!(code(several.verify(&both).await), other);
}

#[tokio::test]
async fn an_opaque_token_is_introspected_where_that_is_wanted() {
    let site = Site::with(|mock| mock.app(app("reader")), |config| config).await;
    let browser = site.signed_in("ada").await;
    let opaque = site.logto.get_access_token(&mut browser.request(), TokenOptions::new()).await.unwrap();
    let refresh = site.logto.get_refresh_token(&browser.request()).await.unwrap().unwrap();
    let introspecting = |client: &str, secret: &str| {
        let builder = ResourceServer::builder().config(site.logto.config()).audience(books());
        builder.introspection(client, secret)
    };

    let plain = api(&site, books());
    let error = plain.verify(opaque.token()).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.http_status()), ("bearer_token.opaque", 401));
    assert!(error.hint().contains("`resource`"), "{}", error.hint());
    assert_eq!(site.mock.request_count(Endpoint::Introspection), 0);

    let api = introspecting("app", APP_SECRET).build().unwrap();
    for asked in 1..=2 {
        let auth = api.verify(opaque.token()).await.unwrap();
        assert_eq!((auth.sub(), auth.client_id()), ("user-ada", "app"));
        assert!(auth.has_scope("openid") && !auth.has_scope("open"));
        assert_eq!(auth.custom_claims::<serde_json::Value>().unwrap()["active"], true);
        assert_eq!(site.mock.request_count(Endpoint::Introspection), asked);
    }
    // A token that another client was given opens it where that client is named.
    let of_app = async |clients: &[&str]| {
        let builder = introspecting("reader", APP_SECRET).introspected_client_ids(clients.iter().copied());
        builder.build().unwrap().verify(opaque.token()).await
    };
    assert_eq!(code(of_app(&[]).await), "bearer_token.invalid_client_id");
    assert_eq!(code(of_app(&["another"]).await), "bearer_token.invalid_client_id");
    assert_eq!(of_app(&["another", "app"]).await.unwrap().client_id(), "app");
    // Neither a refresh token nor anything else opens the API.
    assert_eq!(code(api.verify(refresh.expose()).await), "bearer_token.inactive");
    assert_eq!(code(api.verify("garbage").await), "bearer_token.inactive");
    let error = introspecting("app", "wrong").build().unwrap().verify(opaque.token()).await.unwrap_err();
    assert_eq!(
        (error.code().as_str(), error.kind(), error.www_authenticate()),
        ("client.invalid_credentials", ErrorKind::Config, None)
    );

    site.mock.inject_fault(Endpoint::Introspection, Fault::status(503).times(1));
    let error = api.verify(opaque.token()).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.http_status()), ("introspection.failed", 503));

    site.mock.revoke_all_grants();
    assert_eq!(code(api.verify(opaque.token()).await), "bearer_token.inactive");
}

/// A world with another API in it.
fn other_api(world: &World, change: impl FnOnce(ResourceServerBuilder) -> ResourceServerBuilder) -> ResourceServer {
    let builder = ResourceServer::builder().endpoint(world.mock.endpoint()).audience(books());
    change(builder.clock(world.clock.clone())).build().unwrap()
}

#[tokio::test]
async fn an_access_token_that_comes_again_is_not_verified_again() {
    // A token that was just issued is from the future when the clock is set back. Who does not look again does not notice.
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let world = World::start().await;
    // Of a server that does not say how long its keys are fresh.
    let http = Altered::new();
    http.change(|_, answer| _ = answer.headers_mut().remove("cache-control"));
    let remembering = other_api(&world, |api| api.http_client(http.clone()));
    let forgetful = other_api(&world, |api| api.http_client(http.clone()).token_cache_capacity(0));
    for api in [&remembering, &forgetful] {
        api.warm_up().await.unwrap();
    }
    world.clock.advance(minutes(30));
    let token = world.token(json!({ "exp": world.now() + 9 * 3600 }));
    for api in [&remembering, &forgetful] {
        api.verify(&token).await.unwrap();
    }
    world.clock.rewind(minutes(20));
    remembering.verify(&token).await.unwrap();
    assert_eq!(code(forgetful.verify(&token).await), "bearer_token.invalid_iat");

    // Keys that are due are fetched first, whatever is remembered.
    world.clock.advance(minutes(60));
    world.mock.reset_counts();
    remembering.verify(&token).await.unwrap();
    assert_eq!(world.mock.request_count(Endpoint::Jwks), 1);

    // Other keys end what is remembered at once. Here a token of a new key makes them known, and the old key is withdrawn.
    world.mock.rotate_keys(SigningAlg::Es256);
    world.mock.remove_old_keys();
    world.clock.advance(Duration::from_secs(11));
    remembering.verify(&token).await.unwrap();
    remembering.verify(&world.token(json!({}))).await.unwrap();
    assert_eq!(code(remembering.verify(&token).await), "bearer_token.unknown_key");

    // It ends with the token: the leeway is for those who come for the first time.
    let token = world.token(json!({ "exp": world.now() + 100 }));
    remembering.verify(&token).await.unwrap();
    world.clock.advance(Duration::from_secs(159));
    remembering.verify(&token).await.unwrap();
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(code(remembering.verify(&token).await), "bearer_token.expired");
}

#[tokio::test]
async fn an_unreachable_logto_is_a_503_without_a_challenge() {
    let world = World::start().await;
    let token = world.token(json!({}));
    world.mock.stop().await;
    let error = world.api.verify(&token).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.http_status()), ("network.unreachable", 503));
    assert_eq!(error.www_authenticate(), None, "the token may be good");
    let reply = logto::integrate::AuthResponse::from(&error);
    assert!(reply.headers().any(|header| header == ("retry-after", "5")));
    // What can be refused without keys is.
    assert_eq!(code(world.api.verify("a.b.c").await), "bearer_token.invalid_token");

    world.mock.restart().await.unwrap();
    world.clock.advance(Duration::from_secs(2));
    world.api.warm_up().await.unwrap();
    world.mock.stop().await;
    world.api.verify(&token).await.unwrap();
    world.clock.advance(Duration::from_secs(3599));
    world.api.verify(&world.token(json!({}))).await.unwrap();
}

#[tokio::test]
async fn claims_of_an_access_token_are_read_into_the_type_of_an_application() {
    #[derive(Deserialize)]
    struct Custom {
        plan: String,
        sub: String,
    }
    let world = World::start().await;
    let token = world.token(json!({
        "plan": "gold", "roles": ["librarian"], "act": { "sub": "support" }, "auth_time": world.now(), "acr": "mfa",
    }));
    let auth = world.api.verify(&token).await.unwrap();
    let custom: Custom = auth.custom_claims().unwrap();
    assert_eq!((custom.plan.as_str(), custom.sub.as_str()), ("gold", "user-ada"));
    assert_eq!((auth.roles(), auth.acr()), (["librarian".to_owned()].as_slice(), Some("mfa")));
    assert_eq!(auth.actor().unwrap().sub, "support");
    assert_eq!(auth.claims().extra["plan"], "gold");
    assert_eq!(auth.auth_time(), Some(logto::integrate::Clock::now(&world.clock)));
    assert_eq!(auth.expires_at(), logto::integrate::Clock::now(&world.clock) + Duration::from_secs(3600));

    let error =
        world.api.verify(&world.token(json!({}))).await.unwrap().custom_claims::<Custom>().map(|_| ()).unwrap_err();
    assert_eq!((error.code().as_str(), error.http_status()), ("bearer_token.unreadable_claims", 500));
    assert!(error.to_string().contains("missing field `plan`"), "{error}");

    // What is shown of it holds no token.
    let text = format!("{auth:?} {:?} {:?}", world.api, TokenRequirements::new());
    assert!(!text.contains(&token) && !text.contains(token.rsplit('.').next().unwrap()));
}

#[tokio::test]
async fn refusals_tell_the_log_what_they_do_not_tell_the_client() {
    let world = World::start().await;
    let evil = "x\", error=\"none\r\nSet-Cookie: a=b";
    let token = world.token(json!({ "iss": evil, "aud": evil, "scope": evil }));
    let error = world.api.verify(&token).await.unwrap_err();
    assert!(error.to_string().contains("Set-Cookie") && !error.to_string().contains('\n'));
    let reply = logto::integrate::AuthResponse::from(&error);
    assert!(!reply.body().contains("Set-Cookie"));
    assert!(!error.www_authenticate().unwrap().contains("Set-Cookie"));
}

#[tokio::test]
async fn access_tokens_of_every_algorithm_of_logto_are_verified() {
    for alg in [SigningAlg::Es256, SigningAlg::Es384, SigningAlg::Es512, SigningAlg::Rs256, SigningAlg::Ps256] {
        let world = World::start().await;
        world.mock.rotate_keys(alg);
        let token = world.token(json!({}));
        for _ in 0..2 {
            assert_eq!(world.api.verify(&token).await.unwrap().sub(), "user-ada", "{alg:?}");
        }
    }
}

/// Remembers which hosts it was to ask, and never answers.
#[derive(Clone, Default)]
struct Silent(Arc<Mutex<Vec<String>>>);

impl HttpClient for Silent {
    fn send(
        &self,
        request: http::Request<Vec<u8>>,
        _: usize,
    ) -> BoxFuture<'_, std::result::Result<http::Response<Vec<u8>>, BoxError>> {
        self.0.lock().unwrap().push(request.uri().authority().unwrap().to_string());
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn the_settings_of_a_server_come_from_either_side() {
    let silent = Silent::default();
    let config = LogtoConfig::builder()
        .endpoint("https://logto.example.test")
        .internal_endpoint("http://logto:3001")
        .timeout(Duration::from_secs(3))
        .app_id("app")
        .base_url("http://localhost:3000")
        .cookie_secret("0123456789abcdef0123456789abcdef")
        .http_client(silent.clone());
    let of_config = ResourceServer::builder().config(&config.build().unwrap());
    let of_its_own = ResourceServer::builder()
        .endpoint("https://logto.example.test")
        .internal_endpoint("http://logto:3001")
        .timeout(Duration::from_secs(3))
        .http_client(silent.clone());
    for builder in [of_config, of_its_own] {
        let before = tokio::time::Instant::now();
        let error = builder.audience(books()).build().unwrap().warm_up().await.unwrap_err();
        assert_eq!((error.code().as_str(), before.elapsed()), ("network.timeout", Duration::from_secs(3)));
    }
    assert_eq!(*silent.0.lock().unwrap(), ["logto:3001", "logto:3001"]);
}

/// Runs in processes of its own, since an environment is shared by all tests of one.
#[tokio::test(start_paused = true)]
async fn the_environment_says_where_logto_is() {
    const NAME: &str = "resource_server::flow::the_environment_says_where_logto_is";
    let right = [
        ("LOGTO_ENDPOINT", "https://logto.example.test"),
        ("LOGTO_INTERNAL_ENDPOINT", "http://logto:3001"),
        ("LOGTO_TIMEOUT", "3"),
    ];
    let wrong = [
        ("LOGTO_ISSUER", "no issuer"),
        ("LOGTO_ACCEPTED_ISSUERS", "none either"),
        ("LOGTO_LEEWAY", "86400"),
        ("LOGTO_TIMEOUT", "soon"),
    ];
    match std::env::var("LOGTO_TIMEOUT").as_deref() {
        Err(_) => {
            for environment in [&right[..], &wrong[..]] {
                let mut child = std::process::Command::new(std::env::current_exe().unwrap());
                child.args(["--exact", NAME]).envs(environment.iter().copied());
                let output = child.output().unwrap();
                let told = String::from_utf8_lossy(&output.stdout);
                assert!(output.status.success() && told.contains("1 passed"), "{told}");
            }
        }
        Ok("3") => {
            let (silent, before) = (Silent::default(), tokio::time::Instant::now());
            let builder = ResourceServerBuilder::from_env().audience(books()).http_client(silent.clone());
            let error = builder.build().unwrap().warm_up().await.unwrap_err();
            assert_eq!((error.code().as_str(), before.elapsed()), ("network.timeout", Duration::from_secs(3)));
            assert_eq!(*silent.0.lock().unwrap(), ["logto:3001"]);
        }
        Ok(_) => {
            let error = ResourceServerBuilder::from_env().audience(books()).build().unwrap_err().to_string();
            for setting in ["issuer", "accepted_issuers", "leeway", "LOGTO_TIMEOUT"] {
                assert!(error.contains(setting), "{setting} is not named in {error}");
            }
            assert!(error.contains("issuer is not a URL") && !error.contains("endpoint is missing"), "{error}");
        }
    }
}

#[tokio::test]
async fn an_issuer_that_differs_by_a_slash_is_told_so() {
    let world = World::start().await;
    for (iss, is_told) in [(format!("{}/", world.mock.issuer()), true), ("https://other.example.test".into(), false)] {
        let error = world.api.verify(&world.token(json!({ "iss": iss }))).await.unwrap_err();
        assert_eq!(error.code(), "bearer_token.invalid_iss");
        assert_eq!(error.to_string().contains("they differ only by a trailing slash"), is_told, "{error}");
    }
}

#[tokio::test]
async fn only_a_web_address_has_metadata() {
    for (identifier, is_found) in
        [("https://api.example.test", true), ("ftp://api.example.test", false), ("urn:api", false)]
    {
        let builder = ResourceServer::builder().endpoint("https://logto.example.test");
        let api = builder.audience(ApiAudience::resource(identifier)).build().unwrap();
        assert_eq!(api.protected_resource_metadata_paths().next().is_some(), is_found, "{identifier}");
    }
}
