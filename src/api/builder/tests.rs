use std::{sync::Arc, time::Duration};

use crate::{
    api::{ApiAudience, ResourceServer, ResourceServerBuilder},
    clock::Clock,
    config::{
        LogtoConfig,
        server::tests::{self, ClientOf, ClockAt, what_is_set_goes_before_the_configuration},
    },
    oidc::provider::Provider,
};

const ENDPOINT: &str = "https://my-tenant.logto.app";

fn books() -> ApiAudience {
    ApiAudience::resource("https://api.example.test")
}

#[test]
fn all_problems_are_told_at_once() {
    let error = ResourceServer::builder()
        .endpoint("http://logto.example/oidc")
        .accepted_issuers(["not a URL"])
        .audience(ApiAudience::resource("books"))
        .audience(ApiAudience::organization(" "))
        .leeway(std::time::Duration::from_secs(601))
        .introspection("", "secret")
        .advertise_metadata(true)
        .build()
        .unwrap_err();
    assert_eq!(error.code(), "config.invalid");
    let text = error.to_string();
    for problem in [
        "8 settings are wrong",
        "endpoint is http on another machine",
        "endpoint ends with /oidc",
        "accepted_issuers holds something that is not a URL",
        "a resource is not an absolute URI",
        "audience names an organization with an empty id",
        "leeway is over 600 seconds",
        "introspection has an empty client id or secret",
        "advertise_metadata needs a resource whose identifier is a web address",
    ] {
        assert!(text.contains(problem), "{problem}: {text}");
    }
    let error = ResourceServer::builder().introspected_client_ids(["app"]).build().unwrap_err().to_string();
    for problem in ["endpoint is missing", "audience is missing", "introspected_client_ids needs introspection"] {
        assert!(error.contains(problem), "{problem}: {error}");
    }
}

#[test]
fn an_api_of_an_application_shares_its_server() {
    let config = LogtoConfig::builder()
        .endpoint(ENDPOINT)
        .accepted_issuers(["https://old.logto.app/oidc"])
        .app_id("app")
        .base_url("https://www.example.com")
        .cookie_secret("a cookie secret of these tests, long enough")
        .build()
        .unwrap();
    let api = ResourceServer::builder().config(&config).audience(books()).build().unwrap();
    assert_eq!(api.server.provider.issuer(), "https://my-tenant.logto.app/oidc");
    let api = ResourceServer::builder().endpoint(ENDPOINT).audience(books()).build().unwrap();
    assert_eq!(api.server.provider.issuer(), config.issuer());
}

#[test]
fn an_issuer_stands_for_another_server() {
    let config = LogtoConfig::builder()
        .issuer("https://op.example.com/")
        .internal_endpoint("http://op:8080")
        .app_id("app")
        .base_url("https://www.example.com")
        .cookie_secret("a cookie secret of these tests, long enough")
        .build()
        .unwrap();
    for builder in [ResourceServer::builder().config(&config), ResourceServer::builder().issuer(config.issuer())] {
        let api = builder.audience(books()).build().unwrap();
        assert_eq!(api.server.provider.issuer(), "https://op.example.com/");
    }
}

#[test]
fn metadata_is_for_resources_with_an_address() {
    let paths = |audiences: Vec<ApiAudience>| {
        let builder = ResourceServer::builder().endpoint(ENDPOINT);
        let api = audiences.into_iter().fold(builder, ResourceServerBuilder::audience).build().unwrap();
        api.protected_resource_metadata_paths().map(str::to_owned).collect::<Vec<_>>()
    };
    let well_known = "/.well-known/oauth-protected-resource";
    assert_eq!(paths(vec![books()]), [well_known]);
    assert!(paths(vec![ApiAudience::any_organization_token()]).is_empty());
    assert!(paths(vec![ApiAudience::resource("urn:books")]).is_empty());
    // Each of several, one that is taken in two ways once, and none for those that have no address.
    let films = ApiAudience::resource("https://api.example.test/films");
    let several = vec![
        ApiAudience::resource("urn:books"),
        films.clone().in_organization("acme"),
        ApiAudience::any_organization_token(),
        films,
        books(),
    ];
    assert_eq!(paths(several), [format!("{well_known}/films"), well_known.to_owned()]);
    // Two hosts share a path.
    assert_eq!(paths(vec![books(), ApiAudience::resource("https://www.example.test")]), [well_known]);
}

#[test]
fn a_challenge_names_the_metadata_unless_the_setting_says_otherwise() {
    let challenge = |builder: ResourceServerBuilder| {
        let api = builder.endpoint(ENDPOINT).build().unwrap();
        api.server.context.realm.resource_metadata.clone()
    };
    let url = "https://api.example.test/.well-known/oauth-protected-resource";
    assert_eq!(challenge(ResourceServer::builder().audience(books())).as_deref(), Some(url));
    assert_eq!(challenge(ResourceServer::builder().audience(books()).advertise_metadata(true)).as_deref(), Some(url));
    assert_eq!(challenge(ResourceServer::builder().audience(books()).advertise_metadata(false)), None);
    assert_eq!(challenge(ResourceServer::builder().audience(ApiAudience::resource("urn:books"))), None);
    // Of several the first that has an address.
    let several = ResourceServer::builder().audience(ApiAudience::resource("urn:books")).audience(books());
    assert_eq!(challenge(several).as_deref(), Some(url));
}

#[tokio::test]
async fn a_setting_of_an_api_goes_before_that_of_the_configuration_in_either_order() {
    what_is_set_goes_before_the_configuration!(ResourceServer::builder(), |builder: ResourceServerBuilder| {
        let api = builder.audience(books()).build().unwrap();
        (Arc::clone(&api.server.provider), Arc::clone(&api.server.context.clock))
    });
}

#[test]
fn a_leeway_of_its_own_leaves_an_api_the_provider_of_the_configuration() {
    let (config, seconds) = (tests::config(), Duration::from_secs);
    let builder = || ResourceServer::builder().audience(books());
    for (builder, leeway) in [
        (builder().config(&config), 30),
        (builder().config(&config).leeway(seconds(7)), 7),
        (builder().leeway(seconds(7)).config(&config), 7),
    ] {
        let api = builder.build().unwrap();
        assert_eq!(api.server.context.leeway, seconds(leeway));
        assert!(Arc::ptr_eq(&api.server.provider, &config.server.provider().unwrap()));
    }
}
