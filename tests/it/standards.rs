//! Rows of `docs/asvs.md` and `docs/specifications.md` that no other test shows.

use logto::{
    HeaderCookies, SignInOptions,
    api::{ApiAudience, ApiRequest, ResourceServer},
    integrate::{AuthRequest, AuthResponse},
    testing::Endpoint,
};
use serde_json::{Value, json};
use url::Url;

use crate::support::{BASE_URL, Browser, Site};

async fn ask(site: &Site, method: &str, target: &str, browser: &Browser, accept: &str) -> AuthResponse {
    let cookie = browser.header();
    let request = AuthRequest::new(method, target, |name| {
        let headers = [("cookie", cookie.as_str()), ("accept", accept), ("origin", "https://other.example")];
        headers.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
    });
    site.logto.handle_auth_routes(&request.body("logout_token=a")).await.unwrap()
}

/// ASVS 13.4.6 and 3.4.2, for every route, for people and for programs.
#[tokio::test]
async fn no_answer_names_a_version_or_lets_another_origin_read_it() {
    let site = Site::start().await;
    let (ada, nobody) = (site.signed_in("ada").await, Browser::default());
    let mut statuses = Vec::new();
    for (method, target) in [
        ("GET", "/logto/sign-in"),
        ("GET", "/logto/sign-in?return_to=//other.example"),
        ("GET", "/logto/sign-up"),
        ("GET", "/callback?code=a&state=b"),
        ("GET", "/logto/sign-out"),
        ("POST", "/logto/sign-out"),
        ("GET", "/logto/user"),
        ("OPTIONS", "/logto/user"),
        ("POST", "/logto/back-channel-logout"),
    ] {
        for (browser, accept) in [(&ada, "text/html"), (&nobody, "text/html"), (&ada, "*/*"), (&nobody, "*/*")] {
            let reply = ask(&site, method, target, browser, accept).await;
            for (name, value) in reply.headers() {
                let is_told = ["server", "via", "x-powered-by"].contains(&name) || name.starts_with("access-control-");
                assert!(!is_told && !value.contains(env!("CARGO_PKG_VERSION")), "{method} {target}: {name}: {value}");
            }
            assert!(!reply.body().contains(env!("CARGO_PKG_VERSION")), "{method} {target}: {}", reply.body());
            statuses.push(reply.status());
        }
    }
    for status in [200, 302, 400, 403, 405] {
        assert!(statuses.contains(&status), "no answer has the status {status}: {statuses:?}");
    }
}

/// ASVS 3.5.6: a name of a function makes no script of it (JSONP).
#[tokio::test]
async fn the_answer_for_a_user_is_json_whatever_the_query_says() {
    let site = Site::start().await;
    let ada = site.signed_in("ada").await;
    let plain = ask(&site, "GET", "/logto/user", &ada, "*/*").await;
    for query in ["callback=steal", "jsonp=steal", "format=js", "callback"] {
        let reply = ask(&site, "GET", &format!("/logto/user?{query}"), &ada, "text/javascript").await;
        let content_type: Vec<_> = reply.headers().filter(|(name, _)| *name == "content-type").collect();
        assert_eq!(content_type, [("content-type", "application/json")], "{query}");
        assert_eq!((reply.status(), reply.body()), (200, plain.body()), "{query}");
    }
}

/// RFC 6749 sections 3.1, 3.1.2 and 3.2.
#[tokio::test]
async fn a_query_of_an_endpoint_or_of_a_redirect_uri_is_kept() {
    let site = Site::start().await;
    site.mock.tamper_discovery(|document| {
        for member in ["authorization_endpoint", "token_endpoint"] {
            let address = document[member].as_str().unwrap().to_owned();
            document[member] = format!("{address}?tenant=a%20b").into();
        }
    });
    let (logto, redirect_uri) = (site.another_instance(), format!("{BASE_URL}/callback?from=menu"));
    let mut cookies = HeaderCookies::default();
    let options = SignInOptions::new().redirect_uri(redirect_uri.as_str());
    let redirect = logto.sign_in(&mut cookies, options).await.unwrap();
    let url: Url = redirect.location().parse().unwrap();
    let values = |name: &str| -> Vec<_> {
        url.query_pairs().filter(|(known, _)| known == name).map(|(_, value)| value.into_owned()).collect()
    };
    assert_eq!(values("tenant"), ["a b"]);
    assert_eq!(values("redirect_uri"), [redirect_uri.as_str()]);

    let mut browser = Browser::default();
    browser.receive(&cookies.set_cookie_headers());
    let callback = format!("{redirect_uri}&code=a&state={}&iss={}", values("state")[0], site.mock.issuer());
    let refused = logto.handle_sign_in(&mut browser.request(), &callback).await.unwrap_err();
    let sent = site.mock.last_request(Endpoint::Token).unwrap_or_else(|| panic!("{refused}"));
    assert_eq!((sent.query_value("tenant"), sent.form_value("code")), (Some("a b"), Some("a")));
    assert_eq!(sent.form_value("redirect_uri"), Some(redirect_uri.as_str()));
}

/// RFC 7517 section 4.
#[tokio::test]
async fn members_of_keys_that_nobody_knows_do_no_harm() {
    let site = Site::start().await;
    site.mock.tamper_jwks(|set| {
        set["expires"] = json!({ "at": null });
        for key in set["keys"].as_array_mut().unwrap() {
            key["x5t#S256"] = json!(7);
            key["ext"] = json!(true);
            key["https://example.com/member"] = json!([null, { "kty": "oct" }]);
        }
    });
    let ada = site.signed_in("ada").await;
    assert!(site.is_signed_in(&ada).await);
}

/// RFC 6265 section 4.1.1: the characters of a token for a name, without spaces, quotes, commas, semicolons and backslashes for a value.
#[tokio::test]
async fn names_and_values_of_cookies_have_the_characters_that_are_allowed() {
    let site = Site::with(|mock| mock, |config| config.allowed_return_origins(["https://admin.example.com"])).await;
    let mut browser = site.signed_in("ada").await;
    let strange = "/books?title=\u{e9},\u{201c} ;\"&back=%22%2c%5c";
    site.begin(&mut browser, SignInOptions::new().post_redirect_uri(strange)).await;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_octet = |byte: u8| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte);
    assert_eq!(browser.cookies.len(), 2, "a session and a sign-in");
    for (name, value) in &browser.cookies {
        assert!(!name.is_empty() && name.bytes().all(is_token), "{name}");
        assert!(!value.is_empty() && value.bytes().all(is_octet), "{name}: {value}");
    }
}

/// RFC 6749 section 4.1.2.
#[tokio::test]
async fn parameters_of_a_callback_that_nobody_knows_are_ignored() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    let unknown = "session_state=a.b&scope=openid&expires_in=x&%00=%00&x&access_token=forged&id_token=forged";
    site.end(&mut browser, &format!("{callback}&{unknown}")).await.unwrap();
    let token = site.logto.get_id_token(&browser.request()).await.unwrap().unwrap();
    assert!(site.is_signed_in(&browser).await && token.expose() != "forged");
}

/// RFC 9728 section 2.
#[tokio::test]
async fn a_list_without_members_is_not_in_the_metadata_of_an_api() {
    for (scopes, has_scopes) in [(&[][..], false), (&["read:books"][..], true)] {
        let builder = ResourceServer::builder().endpoint("https://logto.example.test");
        let builder = builder.audience(ApiAudience::resource("https://api.example.test"));
        let api = builder.scopes_supported(scopes.iter().copied()).build().unwrap();
        let request = ApiRequest::new("GET", "/.well-known/oauth-protected-resource");
        let document = api.protected_resource_metadata(&request).unwrap();
        let document: Value = serde_json::from_str(document.body()).unwrap();
        assert_eq!(document.get("scopes_supported").is_some(), has_scopes, "{document}");
        let lists = document.as_object().unwrap().values().filter_map(Value::as_array);
        assert!(lists.clone().count() >= 2 && lists.clone().all(|list| !list.is_empty()), "{document}");
    }
}
