//! Header injection: line breaks in whatever a request or a server can say.

use http::HeaderValue;
use logto::{
    Error, HeaderCookies, SignInOptions, SignOutOptions, TokenOptions,
    integrate::{AuthRequest, AuthResponse},
    testing::{Endpoint, Fault},
};

use crate::{
    encoded, open,
    support::{BASE_URL, BOOKS, Browser, Site},
};

const INJECTIONS: &[&str] = &[
    "x\r\nSet-Cookie: injected=1",
    "x\nSet-Cookie: injected=1",
    "x\rSet-Cookie: injected=1",
    "x\r\n\r\n<script>alert(1)</script>",
    "\r\n x",
    "x\u{0}y",
    "x\u{2028}Set-Cookie: injected=1",
    // UTF-8 that becomes CR LF where a server drops the high bits.
    "x\u{560d}\u{560a}Set-Cookie: injected=1",
];

/// No header of the reply breaks off, and none was added.
fn whole(what: &str, reply: &AuthResponse) {
    for (name, value) in reply.headers() {
        assert!(HeaderValue::from_str(value).is_ok() && value.is_ascii(), "{what}: {name}: {value:?}");
        assert!(!(name == "set-cookie" && value.starts_with("injected")), "{what}");
    }
}

/// A naive implementation writes a parameter into `Location`, `Set-Cookie` or `WWW-Authenticate` as it came.
#[tokio::test]
async fn no_parameter_of_a_request_ends_a_header() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    let (_, query) = callback.split_once('?').unwrap();
    let signed_in = site.signed_in("ada").await;
    let mut cases = 0;
    for injection in INJECTIONS {
        let value = encoded(injection);
        for name in [
            "return_to",
            "direct_sign_in",
            "first_screen",
            "login_hint",
            "organization_id",
            "one_time_token",
            "ui_locales",
            "max_age",
            "acr_values",
            "unknown",
        ] {
            let prefixes = if name == "direct_sign_in" { ["social:", "sso:"] } else { ["", "/"] };
            for prefix in prefixes {
                for route in ["/logto/sign-in", "/logto/sign-up"] {
                    let target = format!("{route}?{name}={prefix}{value}");
                    whole(&target, &open(&site.logto, "GET", &target, &Browser::default(), &[]).await);
                    cases += 1;
                }
            }
        }
        for name in ["code", "state", "iss", "error", "error_description", "error_uri"] {
            let others: Vec<_> = query.split('&').filter(|pair| !pair.starts_with(&format!("{name}="))).collect();
            let target = format!("/callback?{}&{name}={value}", others.join("&"));
            whole(&target, &open(&site.logto, "GET", &target, &browser, &[]).await);
            cases += 1;
        }
        for target in ["/logto/sign-out", "/logto/user", "/callback", "/logto/back-channel-logout"] {
            for header in ["origin", "referer", "sec-fetch-site", "cookie", "accept", "content-type", "purpose"] {
                for method in ["GET", "POST"] {
                    let reply = open(&site.logto, method, target, &signed_in, &[(header, injection)]).await;
                    whole(target, &reply);
                    cases += 1;
                }
            }
        }
        let request = AuthRequest::new("GET", &format!("/me?{injection}"), |_| Some("text/html".into()));
        whole("a guarded page", &site.logto.sign_in_redirect(&request));
        let mut cookies = HeaderCookies::parse(format!("logto_app={injection}; logto_app_txn_{injection}={injection}"));
        let _ = site.logto.sign_in(&mut cookies, SignInOptions::new()).await.unwrap();
        assert!(
            cookies.set_cookie_headers().iter().all(|cookie| HeaderValue::from_str(cookie).is_ok()),
            "{injection:?}"
        );
        cases += 2;
    }
    println!("{cases} requests");
    assert_eq!(cases, INJECTIONS.len() * 104);
}

/// The application's own values, which may come from a user in turn.
#[tokio::test]
async fn no_option_ends_a_header() {
    let site = Site::start().await;
    for injection in INJECTIONS {
        let options = SignInOptions::new()
            .login_hint(*injection)
            .one_time_token(*injection)
            .organization_id(*injection)
            .ui_locales(*injection)
            .acr_values([*injection])
            .direct_sign_in(logto::DirectSignIn::social(injection))
            .redirect_uri(format!("{BASE_URL}/{injection}"))
            .extra_param("tenant", *injection)
            .extra_param(*injection, "x");
        let mut cookies = HeaderCookies::default();
        let redirect = site.logto.sign_in(&mut cookies, options).await.unwrap();
        HeaderValue::from_str(redirect.location()).unwrap();
        assert!(redirect.location().is_ascii() && cookies.set_cookie_headers().len() == 1);

        let options =
            SignOutOptions::new().state(*injection).post_logout_redirect_uri(format!("{BASE_URL}/{injection}"));
        let redirect = site.logto.sign_out(&mut site.signed_in("ada").await.request(), options).await.unwrap();
        HeaderValue::from_str(redirect.location()).unwrap();
        assert!(redirect.location().is_ascii(), "{}", redirect.location());
    }
}

/// What Logto says reaches a log line, and the reply at most as an escaped text.
#[tokio::test]
async fn no_answer_of_the_server_ends_a_header_or_a_line() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    for injection in INJECTIONS {
        let body = serde_json::json!({ "error": injection, "error_description": injection, "error_uri": injection });
        site.mock.inject_fault(Endpoint::Token, Fault::body(400, "application/json", body.to_string()).times(1));
        let options = TokenOptions::new().resource(BOOKS).force_refresh(true);
        let error: Error = site.logto.get_access_token(&mut browser.request(), options).await.unwrap_err();
        assert!(!error.to_string().contains(char::is_control) && !format!("{error:?}").contains('\n'), "{error}");
        for accept in ["text/html", "application/json"] {
            let request = AuthRequest::new("GET", "/", |name| (name == "accept").then(|| accept.to_owned()));
            whole("an error", &site.logto.error_response(&request, &error));
        }
        // Tokens that would end the header they are sent in.
        let token = (*injection).to_owned();
        site.mock.tamper_token_response(move |answer| answer["access_token"] = token.clone().into());
        let mut cookies = browser.request();
        let options = TokenOptions::new().force_refresh(true);
        let error = site.logto.get_access_token(&mut cookies, options).await.unwrap_err();
        browser.receive(&cookies.set_cookie_headers());
        assert_eq!(error.code(), "unexpected_response_error", "{injection:?}");
        site.mock.clear_tampering();
    }
    assert!(site.is_signed_in(&browser).await);
}
