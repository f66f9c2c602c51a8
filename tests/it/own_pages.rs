//! Pages and addresses of the application's own: where users land, where they sign in, what they see of an error.

use http::StatusCode;
use logto::{
    LogtoClient, Prompt, RequestSession, SignInOptions, SignOutOptions,
    integrate::{AuthResponse, ResponseFormat},
    step_up::StepUp,
    testing::MockApp,
};
use url::Url;

use crate::{
    asked::{FETCH, NAVIGATION, header, json, request, route},
    logs::listen,
    support::{BASE_URL, Browser, Site},
};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A site whose Logto knows `/goodbye` and a page on another origin as places to land.
async fn site(config: impl FnOnce(logto::LogtoConfigBuilder) -> logto::LogtoConfigBuilder) -> (Site, LogtoClient) {
    let registered = |app: MockApp| {
        app.post_logout_redirect_uri(format!("{BASE_URL}/goodbye"))
            .post_logout_redirect_uri("https://www.example.com/bye")
            .post_logout_redirect_uri(format!("{BASE_URL}/"))
    };
    let site = Site::build_with(registered).await;
    let logto = site.redeployed(config);
    (site, logto)
}

async fn sign_in(site: &Site, logto: &LogtoClient, browser: &mut Browser, target: &str) -> String {
    let asked = request(browser, "GET", target, NAVIGATION);
    let begun = route(logto, browser, &asked).await;
    let callback = site.mock.sign_in(header(&begun, "location").unwrap(), "ada").await;
    let callback = callback.strip_prefix(BASE_URL).unwrap();
    let asked = request(browser, "GET", callback, NAVIGATION);
    let ended = route(logto, browser, &asked).await;
    header(&ended, "location").unwrap().to_owned()
}

async fn sign_out(logto: &LogtoClient, browser: &mut Browser, target: &str, form: &str) -> AuthResponse {
    let headers = [NAVIGATION, &[("sec-fetch-site", "same-origin"), FORM]].concat();
    assert!(logto.route_needs_body("/logto/sign-out"));
    let asked = request(browser, "POST", target, &headers).body(form);
    route(logto, browser, &asked).await
}

/// The post-logout redirect URI that Logto is told.
fn told(response: &AuthResponse) -> String {
    let url = Url::parse(header(response, "location").unwrap()).unwrap();
    url.query_pairs().find(|(name, _)| name == "post_logout_redirect_uri").unwrap().1.into_owned()
}

#[tokio::test]
async fn a_user_lands_on_the_page_of_the_settings_after_signing_in_or_out() {
    let (site, logto) = site(|config| config.after_sign_in("/dashboard").after_sign_out("/goodbye")).await;
    assert_eq!(logto.config().after_sign_in(), format!("{BASE_URL}/dashboard"));
    assert_eq!(logto.config().after_sign_out(), format!("{BASE_URL}/goodbye"));
    let mut browser = Browser::default();
    assert_eq!(sign_in(&site, &logto, &mut browser, "/logto/sign-in").await, format!("{BASE_URL}/dashboard"));
    assert_eq!(
        sign_in(&site, &logto, &mut browser, "/logto/sign-in?return_to=/books").await,
        format!("{BASE_URL}/books"),
        "who asked for a page gets that page"
    );
    let response = sign_out(&logto, &mut browser, "/logto/sign-out", "").await;
    assert_eq!(told(&response), format!("{BASE_URL}/goodbye"));
    assert_eq!(site.mock.end_session(header(&response, "location").unwrap()).await, format!("{BASE_URL}/goodbye"));

    // By hand, and where Logto has no part in it.
    let session = RequestSession::new(logto.clone(), "");
    let local = session.sign_out(SignOutOptions::new().local_only(true)).await.unwrap();
    assert_eq!(local.location(), format!("{BASE_URL}/goodbye"));

    let plain = site.redeployed(|config| config);
    assert_eq!((plain.config().after_sign_in(), plain.config().after_sign_out()), (BASE_URL, BASE_URL));
}

#[tokio::test]
async fn a_page_to_land_on_that_is_none_of_the_application_is_refused_when_the_configuration_is_built() {
    let site = Site::start().await;
    let build = |config: logto::LogtoConfigBuilder| config.build().map(drop).unwrap_err().to_string();
    let settings = || crate::support::settings(&site.mock, &site.clock);
    for page in ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "welcome", "/\\evil.example", ""] {
        let error = build(settings().after_sign_in(page));
        assert!(error.contains("after_sign_in is no page of this application"), "{page}: {error}");
        let error = build(settings().after_sign_out(page));
        assert!(error.contains("after_sign_out is no page of this application"), "{page}: {error}");
    }
    for page in ["login", "https://evil.example/login", "//evil.example", "/login?x=1", "/a b", "/\\evil.example", ""] {
        let error = build(settings().sign_in_page(page));
        assert!(error.contains("sign_in_page is not a plain path"), "{page}: {error}");
    }
    let allowed =
        settings().after_sign_out("https://www.example.com/bye").allowed_return_origins(["https://www.example.com"]);
    assert_eq!(allowed.build().unwrap().after_sign_out(), "https://www.example.com/bye");
}

#[tokio::test]
async fn a_sign_out_leads_where_the_form_or_the_query_says() {
    let (site, logto) = site(|config| config.allowed_return_origins(["https://www.example.com"])).await;
    for (target, form, lands) in [
        ("/logto/sign-out", "return_to=%2Fgoodbye", format!("{BASE_URL}/goodbye")),
        ("/logto/sign-out?return_to=/goodbye", "", format!("{BASE_URL}/goodbye")),
        ("/logto/sign-out?return_to=/other", "return_to=%2Fgoodbye", format!("{BASE_URL}/goodbye")),
        ("/logto/sign-out?return_to=https://www.example.com/bye", "", "https://www.example.com/bye".to_owned()),
        // The start page is registered as `base_url` is written.
        ("/logto/sign-out?return_to=/", "", BASE_URL.to_owned()),
        ("/logto/sign-out?return_to=", "return_to=", BASE_URL.to_owned()),
    ] {
        let mut browser = site.signed_in("ada").await;
        let response = sign_out(&logto, &mut browser, target, form).await;
        assert_eq!((response.status(), told(&response)), (303, lands.clone()), "{target} {form}");
        let landed = site.mock.end_session(header(&response, "location").unwrap()).await;
        assert_eq!(landed.trim_end_matches('/'), lands);
        assert!(!site.is_signed_in(&browser).await);
    }
}

#[tokio::test]
async fn a_sign_out_to_another_site_is_refused_before_anything_ends() {
    let (site, logto) = site(|config| config).await;
    let mut browser = site.signed_in("ada").await;
    let before = browser.cookies.clone();
    for page in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "bye", "/%00\n"] {
        let query: String =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", page).finish();
        let asked = [(format!("/logto/sign-out?{query}"), String::new()), ("/logto/sign-out".to_owned(), query)];
        for (target, form) in asked {
            let response = sign_out(&logto, &mut browser, &target, &form).await;
            assert_eq!((response.status(), header(&response, "location")), (400, None), "{page}");
            assert!(response.body().contains("sign_in.return_to_refused"));
            assert_eq!(browser.cookies, before);
            assert!(site.is_signed_in(&browser).await);
        }
    }
    // A verb in a handler takes a path as well.
    let session = RequestSession::new(logto.clone(), browser.header());
    let redirect = session.sign_out(SignOutOptions::new().post_logout_redirect_uri("/goodbye")).await.unwrap();
    assert_eq!(site.mock.end_session(redirect.location()).await, format!("{BASE_URL}/goodbye"));
}

#[tokio::test]
async fn guards_send_to_the_sign_in_page_of_the_application() {
    let (site, logto) = site(|config| config.sign_in_page("/login")).await;
    let nobody = Browser::default();
    let redirect = logto.sign_in_redirect(&request(&nobody, "GET", "/me?tab=2", NAVIGATION));
    assert_eq!(header(&redirect, "location"), Some("/login?return_to=%2Fme%3Ftab%3D2"));
    let script = [FETCH, &[("referer", "http://localhost:3000/books")]].concat();
    let refused = logto.sign_in_redirect(&request(&nobody, "GET", "/api", &script));
    assert_eq!(json(&refused)["sign_in"], "/login?return_to=%2Fbooks");
    // Its link goes on to the route, with the same query.
    let mut browser = Browser::default();
    let landed = sign_in(&site, &logto, &mut browser, "/logto/sign-in?return_to=%2Fme%3Ftab%3D2").await;
    assert_eq!(landed, format!("{BASE_URL}/me?tab=2"));
    // A step-up says there what is asked of the user, and to a script as well.
    site.advance(600);
    let session = RequestSession::new(logto.clone(), browser.header());
    let step_up = StepUp::new().max_age(std::time::Duration::from_secs(60)).acr_values(["urn:logto:acr:mfa"]);
    let error = session.require_recent_auth(&step_up).await.unwrap_err();
    let asked = "max_age=60&acr_values=urn%3Alogto%3Aacr%3Amfa&return_to=%2Fpay";
    let redirect = logto.error_response(&request(&browser, "GET", "/pay", NAVIGATION), &error);
    assert_eq!(header(&redirect, "location"), Some(format!("/login?{asked}").as_str()));
    let script = [FETCH, &[("referer", "http://localhost:3000/pay")]].concat();
    let refused = logto.error_response(&request(&browser, "POST", "/api/pay", &script), &error);
    assert_eq!(json(&refused)["sign_in"], format!("/login?{asked}"));
    // Below a path it is where the routes are.
    let below = site.redeployed(|config| config.base_url("https://www.example.com/shop").sign_in_page("/login"));
    let redirect = below.sign_in_redirect(&request(&nobody, "GET", "/shop/", NAVIGATION));
    assert!(header(&redirect, "location").unwrap().starts_with("/shop/login?"));
}

#[tokio::test]
async fn an_application_answers_errors_with_pages_of_its_own() {
    let (log, _guard) = listen("logto=info");
    let (site, logto) = site(|config| {
        config.error_pages(|error, request| match (request.format(), error.code().as_str()) {
            (ResponseFormat::Html, "sign_in_session.not_found") => request.redirect_to("/oops?of=sign-in").ok(),
            (ResponseFormat::Html, "sign_in.return_to_refused") => request.redirect_to("https://evil.example").ok(),
            (ResponseFormat::Html, _) => {
                let body = format!(
                    "<h1>own</h1>{}|{}|{}|{}|{}",
                    error.summary(),
                    request.path(),
                    request.home(),
                    request.sign_in(),
                    request.sign_out()
                );
                Some(AuthResponse::html(error.status(), body).header("x-page", "own"))
            }
            (_, "not_authenticated") => {
                Some(AuthResponse::json(StatusCode::IM_A_TEAPOT, &serde_json::json!({ "own": request.sign_in() })))
            }
            _ => None,
        })
    })
    .await;
    let mut browser = Browser::default();

    // Of a route.
    let asked = request(&browser, "GET", "/logto/sign-in?max_age=soon", NAVIGATION);
    let response = route(&logto, &mut browser, &asked).await;
    assert_eq!((response.status(), header(&response, "x-page")), (400, Some("own")));
    assert_eq!(header(&response, "content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(
        response.body(),
        format!(
            "<h1>own</h1>The link that led here cannot be used to sign in.|/logto/sign-in|{BASE_URL}/|/logto/sign-in|/logto/sign-out"
        )
    );
    assert!(log.text().contains("sign_in.invalid_parameter"), "what is wrong is in the log all the same");
    // A method keeps its header.
    let asked = request(&browser, "GET", "/logto/sign-out", NAVIGATION);
    let response = route(&logto, &mut browser, &asked).await;
    assert_eq!(
        (response.status(), header(&response, "allow"), header(&response, "x-page")),
        (405, Some("POST"), Some("own"))
    );
    // A redirect to a page of the application; one that leads elsewhere is none, and the page is ours.
    let asked = request(&browser, "GET", "/callback?code=1&state=2", NAVIGATION);
    let response = route(&logto, &mut browser, &asked).await;
    assert_eq!(
        (response.status(), header(&response, "location")),
        (303, Some("http://localhost:3000/oops?of=sign-in"))
    );
    let asked = request(&browser, "GET", "/logto/sign-in?return_to=https://evil.example", NAVIGATION);
    let response = route(&logto, &mut browser, &asked).await;
    assert!(response.status() == 400 && response.body().contains("<code>sign_in.return_to_refused</code>"));

    // Of a guard: a program gets the JSON of the application, and a browser goes to sign in as ever.
    let response = logto.sign_in_redirect(&request(&browser, "GET", "/api", FETCH));
    assert_eq!((response.status(), json(&response)["own"].as_str()), (418, Some("/logto/sign-in")));
    let htmx = [FETCH, &[("hx-request", "true")]].concat();
    let response = logto.sign_in_redirect(&request(&browser, "GET", "/api", &htmx));
    assert_eq!((response.status(), header(&response, "hx-redirect")), (418, Some("/logto/sign-in")));
    let response = logto.sign_in_redirect(&request(&browser, "GET", "/me", NAVIGATION));
    assert_eq!((response.status(), header(&response, "x-page")), (302, None));

    // `None` is ours.
    let asked = request(&browser, "GET", "/callback?code=1", FETCH);
    let response = route(&logto, &mut browser, &asked).await;
    assert_eq!(
        (response.status(), json(&response)["code"].as_str()),
        (400, Some("callback_uri_verification.missing_state"))
    );
    drop(site);
}

#[tokio::test]
async fn an_error_page_of_the_application_that_panics_is_replaced() {
    let (log, _guard) = listen("logto=error");
    let (_site, logto) = site(|config| config.error_pages(|_, _| panic!("no page"))).await;
    let mut browser = Browser::default();
    let asked = request(&browser, "GET", "/logto/sign-in?max_age=soon", NAVIGATION);
    let response = route(&logto, &mut browser, &asked).await;
    assert!(response.status() == 400 && response.body().contains("<code>sign_in.invalid_parameter</code>"));
    assert!(log.text().contains("`error_pages` panicked"), "{}", log.text());
}

#[tokio::test]
async fn a_header_with_a_line_break_is_left_out() {
    let response =
        AuthResponse::html(StatusCode::OK, "<p>ok</p>").header("x-a", "a\r\nset-cookie: b=c").header("x-b", "ü");
    assert_eq!((header(&response, "x-a"), header(&response, "x-b")), (None, Some("ü")));
}

#[tokio::test]
async fn a_sign_in_without_a_prompt_comes_back_quietly_where_nobody_is_signed_in_at_logto() {
    let site = Site::start().await;
    let options = || SignInOptions::new().prompt([Prompt::None]).post_redirect_uri("/?tried=1");
    let page = format!("{BASE_URL}/?tried=1");
    let mut browser = Browser::default();
    for error in ["login_required", "interaction_required", "consent_required", "account_selection_required"] {
        let begun = Url::parse(&site.begin(&mut browser, options()).await).unwrap();
        let state = begun.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let answer = [("error", error), ("state", &state), ("iss", &site.mock.issuer())];
        let answer = Url::parse_with_params("http://localhost:3000/callback", answer).unwrap();
        let target = &answer[url::Position::BeforePath..];
        let asked = request(&browser, "GET", target, NAVIGATION);
        let response = route(&site.logto, &mut browser, &asked).await;
        assert_eq!((response.status(), header(&response, "location")), (302, Some(page.as_str())), "{error}");
        assert!(browser.cookies.is_empty(), "the sign-in is used up, and nobody is signed in");
    }
    // What nobody expects is an error.
    let begun = Url::parse(&site.begin(&mut browser, options()).await).unwrap();
    let state = begun.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let answer = [("error", "server_error"), ("state", &state), ("iss", &site.mock.issuer())];
    let answer = Url::parse_with_params("http://localhost:3000/callback", answer).unwrap();
    assert_eq!(site.end(&mut browser, answer.as_str()).await.unwrap_err().code(), "sign_in.server_error");

    // A user who has a session there is signed in, by one request.
    let mut first = site.signed_in("ada").await;
    let mut second = Browser::default();
    let url = site.begin(&mut second, options()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    assert_eq!(site.end(&mut second, &callback).await.unwrap(), page);
    assert!(site.is_signed_in(&second).await);
    // Nor does it end the session of somebody whose session at Logto is over.
    site.mock.clear_browser_session();
    let url = site.begin(&mut first, options()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    assert_eq!(site.end(&mut first, &callback).await.unwrap(), page);
    assert!(site.is_signed_in(&first).await);
}

#[tokio::test]
async fn a_silent_sign_in_of_a_first_visitor_comes_back_once() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    // The page knows by its address that it was tried.
    let target = "/logto/sign-in?silent=true&return_to=%2F%3Ftried%3D1";
    let asked = request(&browser, "GET", target, NAVIGATION);
    let begun = route(&site.logto, &mut browser, &asked).await;
    let callback = site.mock.sign_in(header(&begun, "location").unwrap(), "ada").await;
    let asked = request(&browser, "GET", callback.strip_prefix(BASE_URL).unwrap(), NAVIGATION);
    let ended = route(&site.logto, &mut browser, &asked).await;
    assert_eq!(header(&ended, "location"), Some("http://localhost:3000/?tried=1"));
    assert!(browser.cookies.is_empty());
}
