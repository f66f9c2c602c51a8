//! Text from the network that would like to be more than text, wherever it may come in: no log line and no message of an error takes it as it is.

use logto::{
    SignInOptions, TokenOptions,
    api::{ApiAudience, ResourceServer},
    integrate::AuthRequest,
    testing::{Endpoint, Fault},
};
use serde_json::json;

use crate::{
    logs::listen_with_spans,
    support::{BOOKS, Browser, Site},
};

/// A line of a log, a field of one, what hides text and turns it around, and a long one; each begins with the same word, so that it is found.
fn hostile() -> Vec<String> {
    vec![
        "HOSTILE\r\nINFO logto::security: signed in event=\"signed_in\"".to_owned(),
        "HOSTILE\u{2028}x\u{2029}y\u{85}z".to_owned(),
        "HOSTILE\u{202e}x\u{2066}y\u{200b}z\u{feff}".to_owned(),
        "HOSTILE\u{1b}[31mred\u{7}\u{0}".to_owned(),
        "HOSTILE\" sub=\"root\" x=\"".to_owned(),
        format!("HOSTILE{}", "0123456789".repeat(2000)),
    ]
}

/// Fails where a hostile text came through. Lines are those of the log itself.
#[track_caller]
fn assert_tame(place: &str, text: &str) {
    let forbidden = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{202e}' | '\u{2066}' | '\u{feff}')
    };
    assert!(!text.contains(forbidden), "{place}: {text:?}");
    assert!(!text.contains("\" sub=\"root"), "{place}: a forged field: {text}");
    assert!(!text.lines().any(|line| line.starts_with("INFO logto::security")), "{place}: a forged line: {text}");
    assert!(!text.contains(&"0123456789".repeat(60)), "{place}: unbounded");
}

#[track_caller]
fn assert_error(place: &str, error: &logto::Error) {
    assert_tame(place, &error.to_string());
    assert!(error.to_string().lines().count() == 1, "{place}: {error}");
    assert_tame(place, error.hint());
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn no_parameter_of_a_callback_reaches_the_log_as_it_is() {
    let (log, _guard) = listen_with_spans("trace,logto::testing=off,hyper=off,reqwest=off,hyper_util=off");
    let site = Site::start().await;
    for text in hostile() {
        for name in ["code", "state", "iss", "error", "error_description", "error_uri", "scope"] {
            let mut browser = Browser::default();
            let url = site.begin(&mut browser, SignInOptions::new()).await;
            let url: url::Url = url.parse().unwrap();
            let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
            let mut pairs = vec![("state", state), ("iss", site.mock.issuer())];
            pairs.retain(|(known, _)| *known != name);
            if name.starts_with("error_") || name == "scope" {
                pairs.push(("error", "access_denied".to_owned()));
            }
            pairs.push((name, text.clone()));
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            let error = site.end(&mut browser, &format!("/callback?{query}")).await.unwrap_err();
            error.log();
            assert_error(name, &error);
            if ["iss", "error_description"].contains(&name) {
                assert!(error.to_string().contains("HOSTILE"), "{name} is told: {error}");
            }
        }
    }
    assert_tame("the log", &log.text());
    assert!(log.text().contains("HOSTILE"), "what was refused is told");
}

#[tokio::test]
async fn no_header_cookie_or_address_reaches_the_log_as_it_is() {
    let (log, _guard) = listen_with_spans("trace,logto::testing=off,hyper=off,reqwest=off,hyper_util=off");
    let site = Site::with(|mock| mock, |config| config.further_base_urls(["http://other.test:3000"])).await;
    let signed_in = site.signed_in("ada").await;
    let (cookie, _) = signed_in.cookies.iter().next().unwrap();
    for text in hostile() {
        let escaped = encoded(&text);
        let targets = [
            format!("/logto/sign-in?return_to={escaped}"),
            format!("/logto/sign-in?return_to=https://{escaped}.example/"),
            format!("/logto/sign-in?direct_sign_in={escaped}&first_screen={escaped}&max_age={escaped}"),
            format!("/logto/sign-up?ui_locales={escaped}&acr_values={escaped}&login_hint={escaped}"),
            "/logto/user".to_owned(),
        ];
        for target in targets {
            for with_host in [false, true] {
                let header = |name: &str| match name {
                    "cookie" => Some(format!("{cookie}={text}; {text}={text}")),
                    "host" => Some(if with_host { text.clone() } else { "localhost:3000".to_owned() }),
                    "accept" | "referer" | "origin" | "sec-fetch-site" | "user-agent" => Some(text.clone()),
                    _ => None,
                };
                for method in ["GET", "POST", text.as_str()] {
                    let request =
                        AuthRequest::new(method, target.as_str(), header).body(format!("logout_token={escaped}"));
                    _ = site.logto.handle_auth_routes(&request).await;
                    let out = AuthRequest::new(method, "/logto/sign-out", header);
                    _ = site.logto.handle_auth_routes(&out).await;
                }
            }
        }
    }
    assert_tame("the log", &log.text());
}

#[tokio::test]
async fn no_member_of_a_token_reaches_the_log_as_it_is() {
    let (log, _guard) = listen_with_spans("trace,logto::testing=off,hyper=off,reqwest=off,hyper_util=off");
    let site = Site::start().await;
    let api = ResourceServer::builder().endpoint(site.mock.endpoint()).audience(ApiAudience::resource(BOOKS));
    let api = api.build().unwrap();
    for text in hostile() {
        let headers = ["alg", "kid", "typ"].map(|name| {
            use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
            let mut header = json!({ "alg": "ES384", "typ": "at+jwt", "kid": "none" });
            header[name] = text.clone().into();
            format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(header.to_string()))
        });
        let claims = ["iss", "aud", "sub", "client_id", "scope", "organization_id", "exp"].map(|name| {
            let mut claims =
                json!({ "iss": site.mock.issuer(), "aud": BOOKS, "sub": "x", "client_id": "app", "iat": 1, "exp": 1 });
            claims[name] = text.clone().into();
            site.mock.sign_jwt(json!({ "typ": "at+jwt" }), &claims)
        });
        for token in headers.iter().chain(&claims) {
            let error = api.verify(token).await.unwrap_err();
            error.log();
            assert_error("an access token", &error);
            let error = site.logto.back_channel_logout(&format!("logout_token={token}")).await.unwrap_err();
            error.log();
            assert_error("a logout token", &error);
        }
        for name in ["iss", "aud", "azp", "acr", "nonce", "sid", "sub"] {
            let wrong = text.clone();
            site.mock.tamper_id_token(move |_, claims| claims[name] = wrong.clone().into());
            let mut browser = Browser::default();
            let url = site.begin(&mut browser, SignInOptions::new().acr_values(["mfa"])).await;
            let callback = site.mock.sign_in(&url, "ada").await;
            let error = site.end(&mut browser, &callback).await.unwrap_err();
            error.log();
            assert_error(name, &error);
            site.mock.clear_tampering();
        }
    }
    assert_tame("the log", &log.text());
}

#[tokio::test]
async fn no_answer_of_a_server_reaches_the_log_as_it_is() {
    let (log, _guard) = listen_with_spans("trace,logto::testing=off,hyper=off,reqwest=off,hyper_util=off");
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    for text in hostile() {
        for name in ["error", "error_description", "error_uri", "scope", "code", "message"] {
            let mut body = json!({ "error": "invalid_request" });
            body[name] = text.clone().into();
            site.mock.inject_fault(Endpoint::Token, Fault::body(400, "application/json", body.to_string()));
            let mut cookies = browser.request();
            let options = TokenOptions::new().resource(BOOKS).force_refresh(true);
            let error = site.logto.get_access_token(&mut cookies, options).await.unwrap_err();
            browser.receive(&cookies.set_cookie_headers());
            error.log();
            assert_error(name, &error);
            site.mock.clear_faults();
        }
        let wrong = text.clone();
        site.mock.tamper_discovery(move |document| document["issuer"] = wrong.clone().into());
        let error = site.another_instance().warm_up().await.unwrap_err();
        error.log();
        assert_error("discovery", &error);
        let wrong = text.clone();
        site.mock.clear_tampering();
        site.mock.tamper_jwks(move |document| {
            document["keys"] = json!([{ "kty": wrong, "crv": wrong, "alg": wrong, "kid": wrong }]);
        });
        let error = site.another_instance().warm_up().await.unwrap_err();
        error.log();
        assert_error("the key set", &error);
        site.mock.clear_tampering();
    }
    assert_tame("the log", &log.text());
}
