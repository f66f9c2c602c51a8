//! `accepted_algorithms` (RFC 8725 section 3.1): whatever the server signs with, a token is taken by the algorithms of the setting alone.

use logto::{
    LogtoConfigBuilder, SignInOptions,
    api::{ApiAudience, ResourceServer},
    testing::{Endpoint, MockLogto, SigningAlg, TestClock},
};
use serde_json::json;

use crate::support::{APP_SECRET, BOOKS, Browser, Site, settings};

/// A site at a server that signs with RS256, by whose keys every token verifies.
async fn site(config: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder) -> Site {
    let site = Site::with(|mock| mock, config).await;
    site.mock.rotate_keys(SigningAlg::Rs256);
    site
}

fn as_logto(config: LogtoConfigBuilder) -> LogtoConfigBuilder {
    config
}

fn ec_alone(config: LogtoConfigBuilder) -> LogtoConfigBuilder {
    config.accepted_algorithms(["ES384", "ES256"])
}

#[tokio::test]
async fn an_id_token_of_an_algorithm_that_the_setting_leaves_out_signs_nobody_in() {
    let site = site(ec_alone).await;
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    let error = site.end(&mut browser, &callback).await.unwrap_err();
    assert_eq!(
        (error.code().as_str(), error.to_string().as_str()),
        (
            "id_token.invalid_alg",
            "the ID token is signed with `RS256`, expected ES256 or ES384, as accepted_algorithms says"
        )
    );
    assert!(!site.is_signed_in(&browser).await);
    site.mock.rotate_keys(SigningAlg::Es256);
    assert!(site.is_signed_in(&site.signed_in("ada").await).await, "each one of the list serves");
}

#[tokio::test]
async fn a_logout_token_of_an_algorithm_that_the_setting_leaves_out_ends_nothing() {
    let settings: [(fn(LogtoConfigBuilder) -> LogtoConfigBuilder, bool); 2] = [(as_logto, true), (ec_alone, false)];
    for (config, ends) in settings {
        let site = Site::with(|mock| mock, config).await;
        let browser = site.signed_in("ada").await;
        site.mock.rotate_keys(SigningAlg::Rs256);
        site.advance(1);
        let body = format!("logout_token={}", site.mock.logout_token(Some("user-ada"), None));
        let verdict = site.logto.back_channel_logout(&body).await;
        assert_eq!(verdict.map_err(|error| error.code().as_str()).err(), (!ends).then_some("logout_token.invalid_alg"));
        assert_eq!(site.is_signed_in(&browser).await, !ends);
    }
}

#[tokio::test]
async fn an_api_takes_access_tokens_by_its_own_list_or_that_of_the_configuration() {
    let token = async |site: &Site| {
        let browser = site.signed_in("ada").await;
        let options = logto::TokenOptions::new().resource(BOOKS);
        site.logto.get_access_token(&mut browser.request(), options).await.unwrap().token().to_owned()
    };
    let rs256 = site(as_logto).await;
    let (token, api) = (token(&rs256).await, || ResourceServer::builder().audience(ApiAudience::resource(BOOKS)));
    let strict = ec_alone(settings(&rs256.mock, &rs256.clock)).app_secret(APP_SECRET).build().unwrap();
    for (api, code) in [
        (api().config(rs256.logto.config()), None),
        (api().config(rs256.logto.config()).accepted_algorithms(["ES384"]), Some("bearer_token.invalid_alg")),
        (api().config(&strict), Some("bearer_token.invalid_alg")),
        (api().config(&strict).accepted_algorithms(["RS256"]), None),
    ] {
        let verdict = api.build().unwrap().verify(&token).await;
        assert_eq!(verdict.as_ref().err().map(|error| error.code().as_str()), code);
        if let Err(error) = verdict {
            assert!(error.to_string().contains("`RS256`") && error.to_string().contains("accepted_algorithms"));
        }
    }
}

#[tokio::test]
async fn an_rsa_key_that_names_no_algorithm_serves_one() {
    let by_default = "id_token.unknown_key";
    for (names, code) in [
        (None, Some(by_default)),
        (Some(vec!["RS256", "PS256"]), Some(by_default)),
        (Some(vec!["ES384", "PS256"]), None),
    ] {
        let config =
            |config: LogtoConfigBuilder| config.optional(names.clone(), LogtoConfigBuilder::accepted_algorithms);
        let site = Site::with(|mock| mock, config).await;
        site.mock.rotate_keys(SigningAlg::Ps256);
        site.mock.tamper_jwks(|jwks| {
            for key in jwks["keys"].as_array_mut().unwrap() {
                key.as_object_mut().unwrap().remove("alg");
            }
        });
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new()).await;
        let callback = site.mock.sign_in(&url, "ada").await;
        let verdict = site.end(&mut browser, &callback).await;
        assert_eq!(verdict.err().map(|error| error.code().as_str()), code, "{names:?}");
    }
}

#[tokio::test]
async fn a_list_that_takes_nothing_or_contradicts_another_setting_is_a_problem_of_it() {
    let (mock, clock) = (MockLogto::builder().start().await.unwrap(), TestClock::new());
    let problems = |config: LogtoConfigBuilder| match config.app_secret(APP_SECRET).build() {
        Ok(_) => vec![],
        Err(error) => {
            assert_eq!(error.code(), "config.invalid");
            error.config_problems().iter().map(ToString::to_string).collect()
        }
    };
    let with = |names: &[&str]| settings(&mock, &clock).accepted_algorithms(names.iter().copied());
    let empty = "accepted_algorithms is empty or holds an empty text (no token could be verified: leave it out to accept them all)";
    assert_eq!(problems(with(&[])), [empty]);
    assert_eq!(problems(with(&["ES384", ""])), [empty]);
    for unknown in ["HS256", "none", "es384"] {
        let problem = "accepted_algorithms holds something else than ES256, ES384, ES512, RS256, PS256".to_owned();
        assert_eq!(problems(with(&["ES384", unknown])), [problem]);
    }
    assert_eq!(problems(with(&["ES384", "RS256"]).id_token_signed_response_alg("RS256")), [""; 0]);
    assert_eq!(
        problems(with(&["ES384"]).id_token_signed_response_alg("RS256")),
        ["id_token_signed_response_alg is RS256, which accepted_algorithms leaves out (add it there)"]
    );
    let api = || ResourceServer::builder().endpoint(mock.endpoint()).audience(ApiAudience::resource(BOOKS));
    let error = api().accepted_algorithms(["HS256"]).build().unwrap_err();
    assert_eq!(error.config_problems()[0].setting(), "accepted_algorithms");
    api().accepted_algorithms(["ES384"]).build().unwrap();
}

#[tokio::test]
async fn a_strict_configuration_takes_the_algorithm_of_logto_or_the_one_that_was_agreed_upon() {
    let (mock, clock) = (MockLogto::builder().start().await.unwrap(), TestClock::new());
    let build = |config: LogtoConfigBuilder| {
        let config = config.optional(Some(true), LogtoConfigBuilder::strict).app_secret(APP_SECRET).build().unwrap();
        config.accepted_algorithms().unwrap().to_vec()
    };
    assert_eq!(build(settings(&mock, &clock)), ["ES384"]);
    assert_eq!(build(settings(&mock, &clock).id_token_signed_response_alg("RS256")), ["RS256"]);
    assert_eq!(build(settings(&mock, &clock).accepted_algorithms(["ES256", "ES384"])), ["ES256", "ES384"]);
}

#[tokio::test]
async fn forged_tokens_of_an_algorithm_that_is_left_out_ask_for_no_keys() {
    let site = site(ec_alone).await;
    let api = ResourceServer::builder().config(site.logto.config()).audience(ApiAudience::resource(BOOKS)).build();
    let (api, token) = (api.unwrap(), site.mock.sign_jwt(json!({ "typ": "at+jwt" }), &json!({})));
    site.mock.reset_counts();
    assert_eq!(api.verify(&token).await.unwrap_err().code(), "bearer_token.invalid_alg");
    assert_eq!(site.mock.request_count(Endpoint::Jwks), 0);
}
