//! Where secrets could leave the process: pages, headers, `Debug` of whatever holds one, errors with all their causes, and the whole log.

use std::{error::Error as StdError, fmt::Debug};

use http::Request;
use logto::{
    ContextOptions, HeaderCookies, LogtoConfig, RequestSession, SignInOptions, SignOutOptions, TokenOptions,
    api::{ApiAudience, ResourceServer, TokenRequirements},
    api_client::{ApiClient, ApiClientBuilder},
    integrate::{AuthRequest, AuthResponse},
    machine::{MachineClient, TokenExchange},
    store::{MemoryRevocations, MemoryStore, SessionId, StoredSession},
    testing::{Endpoint, Fault, MockApp, TestSession},
};

use crate::{
    logs::listen_with_spans,
    support::{APP_SECRET, BASE_URL, BOOKS, Browser, COOKIE_SECRET, Site},
};

const ONE_TIME: &str = "SENTINEL-ONE-TIME-TOKEN";
const ASKING: &str = "SENTINEL-INTROSPECTION-SECRET";

/// What was seen, and where.
#[derive(Default)]
struct Seen(Vec<(String, String)>);

impl Seen {
    fn note(&mut self, place: impl Into<String>, text: impl Into<String>) {
        self.0.push((place.into(), text.into()));
    }

    fn debug(&mut self, value: &impl Debug) {
        self.note("Debug", format!("{value:?} {value:#?}"));
    }

    /// Each way to print an error and what caused it.
    fn error(&mut self, error: &logto::Error) {
        self.note("an error", format!("{error} {error:?} {error:#?} {:?} {}", error.oauth_error(), error.hint()));
        let mut cause = error.get_ref().map(|cause| -> &dyn StdError { cause });
        while let Some(error) = cause {
            self.note("a cause", format!("{error} {error:?} {error:#?}"));
            cause = error.source();
        }
        self.reply("an error as a reply", &AuthResponse::from(error));
    }

    fn reply(&mut self, what: &str, reply: &AuthResponse) {
        self.note(format!("Debug of {what}"), format!("{reply:?} {reply:#?}"));
        self.note(format!("{what}: the body"), reply.body());
        for (name, value) in reply.headers() {
            self.note(format!("{what}: {name}"), value);
        }
    }

    /// Fails where one of the secrets was seen, but for the places that must carry it.
    #[track_caller]
    fn hold_none_of(&self, secrets: &[(&str, String)], may: impl Fn(&str, &str) -> bool) {
        for (kind, secret) in secrets {
            assert!(secret.len() >= 8, "{kind} is too short to be looked for: {secret}");
            for (place, text) in self.0.iter().filter(|(place, _)| !may(kind, place)) {
                assert!(!text.contains(secret.as_str()), "{place} holds {kind}: {text}");
            }
        }
    }
}

/// A person in front of the browser, or a program.
struct Visitor<'a> {
    site: &'a Site,
    browser: Browser,
    seen: Seen,
}

impl Visitor<'_> {
    async fn ask(&mut self, what: &str, method: &str, target: &str, more: &[(&str, &str)]) -> AuthResponse {
        let cookies = self.browser.header();
        let header = |name: &str| match name {
            "cookie" => Some(cookies.clone()),
            _ => more.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()),
        };
        let request = AuthRequest::new(method, target, header).body("logout_token=SENTINEL-LOGOUT.TOKEN.garbage");
        self.seen.debug(&request);
        let reply = self.site.logto.handle_auth_routes(&request).await.unwrap();
        self.seen.reply(what, &reply);
        let set: Vec<_> =
            reply.headers().filter(|(name, _)| *name == "set-cookie").map(|(_, v)| v.to_owned()).collect();
        self.browser.receive(&set);
        reply
    }

    /// The same for both kinds of requesters: they get pages and JSON.
    async fn ask_as_both(&mut self, what: &str, method: &str, target: &str) {
        for accept in ["text/html", "application/json"] {
            _ = self.ask(what, method, target, &[("accept", accept)]).await;
        }
    }
}

fn location(reply: &AuthResponse) -> String {
    reply.headers().find(|(name, _)| *name == "location").unwrap().1.to_owned()
}

fn parameter(address: &str, name: &str) -> String {
    let url: url::Url = address.parse().unwrap();
    url.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned()
}

#[tokio::test]
async fn no_page_header_error_or_log_tells_a_secret() {
    // Everything, what other crates say included; the mock is another server.
    let (log, _guard) = listen_with_spans("trace,logto::testing=off");
    let site = Site::start().await;
    let mut secrets = vec![("the app secret", APP_SECRET.to_owned()), ("the cookie secret", COOKIE_SECRET.to_owned())];
    let mut user = Visitor { site: &site, browser: Browser::default(), seen: Seen::default() };

    // A sign-in that fails in each way, with what it failed with at hand; pages on a developer's machine tell most.
    let bare = r#""SENTINEL-BARE-TOKEN""#;
    let in_a_list = r#"["SENTINEL-LISTED-TOKEN", "Bearer"]"#;
    let typed = r#"{"access_token":"SENTINEL-ACCESS-TOKEN","token_type":"Bearer","refresh_token":7,"expires_in":[]}"#;
    let faults = [
        Fault::body(200, "application/json", bare),
        Fault::body(200, "application/json", in_a_list),
        Fault::body(200, "application/json", typed),
        Fault::body(400, "application/json", r#"{"error":"invalid_grant"}"#),
        Fault::status(500),
        Fault::malformed_body(),
        Fault::drop_connection(),
    ];
    for fault in faults {
        let begun = user.ask("sign-in", "GET", "/logto/sign-in?return_to=/me", &[("accept", "text/html")]).await;
        let callback = site.mock.sign_in(&location(&begun), "ada").await;
        let callback = callback.strip_prefix(BASE_URL).unwrap();
        site.mock.inject_fault(Endpoint::Token, fault);
        let page = user.ask("a failed callback", "GET", callback, &[("accept", "text/html")]).await;
        assert!(page.status() >= 400 && page.body().contains("For developers"), "{page:?}");
        site.mock.clear_faults();
        secrets.push(("a code", parameter(&format!("{BASE_URL}{callback}"), "code")));
        let sent = site.mock.last_request(Endpoint::Token).unwrap();
        secrets.push(("a PKCE verifier", sent.form_value("code_verifier").unwrap().to_owned()));
    }
    for name in ["SENTINEL-BARE-TOKEN", "SENTINEL-LISTED-TOKEN", "SENTINEL-ACCESS-TOKEN"] {
        secrets.push(("a token in a broken answer", name.to_owned()));
    }

    // One that succeeds, and its callback once more.
    let begun = user
        .ask("sign-in", "GET", &format!("/logto/sign-in?one_time_token={ONE_TIME}"), &[("sec-fetch-site", "none")])
        .await;
    let (to_logto, transaction) = (location(&begun), user.browser.cookies.values().next().unwrap().clone());
    secrets.extend([("state", parameter(&to_logto, "state")), ("nonce", parameter(&to_logto, "nonce"))]);
    secrets.extend([("the one-time token", ONE_TIME.to_owned()), ("a sealed cookie", transaction)]);
    let callback = site.mock.sign_in(&to_logto, "ada").await;
    let callback = callback.strip_prefix(BASE_URL).unwrap().to_owned();
    user.ask_as_both("a callback of nobody's", "GET", "/callback?code=SENTINEL-STOLEN-CODE&state=SENTINEL-STATE").await;
    user.ask_as_both("a refused callback", "GET", "/callback?error=server_error&state=SENTINEL-STATE").await;
    assert_eq!(user.ask("callback", "GET", &callback, &[("accept", "text/html")]).await.status(), 302);
    user.ask_as_both("a used callback", "GET", &callback).await;
    secrets.push(("the code", parameter(&format!("{BASE_URL}{callback}"), "code")));
    secrets.push(("a code of nobody's", "SENTINEL-STOLEN-CODE".to_owned()));
    let sent = site.mock.last_request(Endpoint::Token).unwrap();
    secrets.push(("the PKCE verifier", sent.form_value("code_verifier").unwrap().to_owned()));
    secrets.extend(user.browser.cookies.values().map(|value| ("a sealed cookie", value.clone())));

    // The session, a refresh, and refreshes that fail.
    user.ask_as_both("the user", "GET", "/logto/user").await;
    let mut cookies = user.browser.request();
    let session = site.logto.load_session(&cookies).await.unwrap();
    secrets.push(("the ID token", session.get_id_token().unwrap().expose().to_owned()));
    secrets.push(("the refresh token", session.get_refresh_token().unwrap().expose().to_owned()));
    user.seen.debug(&session);
    drop(session);
    for options in [TokenOptions::new(), TokenOptions::new().resource(BOOKS), TokenOptions::new().organization("none")]
    {
        match site.logto.get_access_token(&mut cookies, options.force_refresh(true)).await {
            Ok(token) => secrets.push(("an access token", token.token().to_owned())),
            Err(error) => user.seen.error(&error),
        }
    }
    site.logto.fetch_user_info(&mut cookies).await.unwrap();
    for fault in [
        Fault::body(200, "application/json", bare),
        Fault::status(401),
        Fault::malformed_body(),
        Fault::drop_connection(),
    ] {
        for endpoint in [Endpoint::Token, Endpoint::UserInfo] {
            site.mock.inject_fault(endpoint, fault.clone());
        }
        let forced = TokenOptions::new().resource(BOOKS).force_refresh(true);
        user.seen.error(&site.logto.get_access_token(&mut cookies, forced).await.unwrap_err());
        user.seen.error(&site.logto.fetch_user_info(&mut cookies).await.unwrap_err());
        site.mock.clear_faults();
    }
    user.browser.receive(&cookies.set_cookie_headers());
    secrets.extend(user.browser.cookies.values().map(|value| ("a sealed cookie", value.clone())));
    user.seen.debug(&cookies);

    // Ways out that are refused, the back channel, and the way out.
    let form = [("content-type", "application/x-www-form-urlencoded")];
    _ = user.ask("a back-channel logout", "POST", "/logto/back-channel-logout", &form).await;
    secrets.push(("a logout token", "SENTINEL-LOGOUT.TOKEN.garbage".to_owned()));
    user.ask_as_both("sign-out by GET", "GET", "/logto/sign-out").await;
    _ = user.ask("sign-out from elsewhere", "POST", "/logto/sign-out", &[("sec-fetch-site", "cross-site")]).await;
    site.mock.inject_fault(Endpoint::Revocation, Fault::drop_connection());
    let out = user.ask("sign-out", "POST", "/logto/sign-out", &[("sec-fetch-site", "same-origin")]).await;
    assert_eq!(out.status(), 303);
    user.ask_as_both("nobody", "GET", "/logto/user").await;
    user.seen.note("the log", log.text());

    user.seen.hold_none_of(&secrets, |secret, place| match secret {
        // A redirect to Logto is made of these, and Logto alone gets them.
        "state" | "the one-time token" => place == "sign-in: location",
        // It is used up, and a claim like others.
        "nonce" => ["sign-in: location", "the user: the body", "Debug of the user"].contains(&place),
        "the ID token" => place == "sign-out: location",
        "a sealed cookie" => place.ends_with(": set-cookie"),
        _ => false,
    });
    let logged = log.text();
    let spans = [
        "logto.handle_sign_in",
        "logto.sign_out",
        "logto.back_channel_logout",
        "logto.refresh",
        "logto.fetch_user_info",
        "logto.outcome=\"done\"",
    ];
    let requests = ["token", "jwks", "userinfo", "revocation"].map(|endpoint| format!("logto.endpoint=\"{endpoint}\""));
    let texts = ["signed in", "signed out", "asked Logto", "answered with an error", "refused a back-channel"];
    for expected in texts.into_iter().chain(spans).chain(requests.iter().map(String::as_str)) {
        assert!(logged.contains(expected), "{expected}: {logged}");
    }
    assert!(user.seen.0.len() > 100, "{} texts were looked at", user.seen.0.len());
}

#[tokio::test]
async fn debug_output_of_every_type_omits_its_secrets() {
    let mut seen = Seen::default();
    let app = MockApp::new("machine", APP_SECRET).role("librarian");
    let site = Site::with(|mock| mock.machine_to_machine_app(app), |config| config).await;
    let endpoint = site.mock.endpoint();

    // Settings and what is made of them.
    let builder = LogtoConfig::builder().endpoint(&endpoint).app_id("app").app_secret(APP_SECRET).base_url(BASE_URL);
    let builder = builder.cookie_secret(COOKIE_SECRET).previous_cookie_secrets([COOKIE_SECRET]);
    seen.debug(&builder);
    seen.debug(&builder.build().unwrap());
    seen.debug(&site.logto);
    let builder = ResourceServer::builder().endpoint(&endpoint).audience(ApiAudience::resource(BOOKS));
    let builder = builder.introspection("app", ASKING);
    seen.debug(&builder);
    let api = builder.build().unwrap();
    seen.debug(&api);
    let builder = MachineClient::builder().endpoint(&endpoint).app_id("machine").app_secret(APP_SECRET);
    seen.debug(&builder);
    let machine = builder.build().unwrap();
    seen.debug(&machine);
    let caller: ApiClientBuilder =
        ApiClient::builder().base_url(&endpoint).token_options(TokenOptions::new().resource(BOOKS));
    seen.debug(&caller);
    let caller = caller.build().unwrap();
    seen.debug(&caller);

    // A session, and what a request makes of it.
    let token = machine.get_access_token(TokenOptions::new().resource(BOOKS)).await.unwrap();
    let of_user = TestSession::new().refresh_token("SENTINEL-REFRESH-TOKEN");
    let of_user = of_user.access_token(TokenOptions::new().resource(BOOKS), token.token(), &[]);
    let header = of_user.cookie_header(site.logto.config()).await.unwrap();
    let mut cookies = HeaderCookies::parse(&*header);
    seen.debug(&cookies);
    seen.debug(&site.logto.load_session(&cookies).await.unwrap());
    let session = RequestSession::new(site.logto.clone(), &*header);
    seen.debug(&session);
    let options = ContextOptions::new().access_token(TokenOptions::new().resource(BOOKS));
    let context = session.get_context(options).await.unwrap();
    seen.debug(&context);
    seen.note("JSON", serde_json::to_string(&context).unwrap());
    let id_token = session.get_id_token().await.unwrap().unwrap();
    seen.debug(&id_token);
    session.clear_access_token().await.unwrap();
    let headers = session.commit().await.unwrap();
    seen.debug(&headers);
    assert_eq!(headers.set_cookies().len(), 1);
    let options = SignInOptions::new().one_time_token(ONE_TIME);
    seen.debug(&options);
    let redirect = site.logto.sign_in(&mut cookies, options).await.unwrap();
    seen.debug(&redirect);
    seen.debug(&cookies);
    let (state, nonce) = (parameter(redirect.location(), "state"), parameter(redirect.location(), "nonce"));
    let out = site.logto.sign_out(&mut cookies, SignOutOptions::new().id_token_hint(true)).await.unwrap();
    seen.debug(&out);
    assert!(!out.location().contains("id_token_hint"), "a forged session's ID token is none of Logto's");
    let mut cookies = site.signed_in("ada").await.request();
    let real = site.logto.get_id_token(&cookies).await.unwrap().unwrap();
    let out = site.logto.sign_out(&mut cookies, SignOutOptions::new().id_token_hint(true)).await.unwrap();
    seen.debug(&out);
    assert!(out.location().contains(real.expose()), "it is what the address is for");

    // Tokens, and what an API makes of them.
    seen.debug(&token);
    for exchange in [TokenExchange::personal_access_token(ONE_TIME), TokenExchange::impersonation(ONE_TIME)] {
        seen.debug(&exchange.clone().actor("SENTINEL-ACTOR-TOKEN"));
        seen.error(&machine.exchange_token(exchange).await.unwrap_err());
    }
    let auth = api.authorize([format!("Bearer {}", token.token())], &TokenRequirements::new()).await.unwrap();
    seen.debug(&auth);
    let bad = ["SENTINEL-OPAQUE-TOKEN", "SENTINEL-OPAQUE-TOKEN.a.b", id_token.expose()];
    for bad in bad.map(|token| format!("Bearer {token}")) {
        seen.error(&api.authorize([bad], &TokenRequirements::new()).await.unwrap_err());
    }
    // The address of a request may hold a secret of another service, and the API may not be there.
    let nowhere = ApiClient::builder()
        .base_url("http://127.0.0.1:9")
        .token_options(TokenOptions::new().resource(BOOKS))
        .build()
        .unwrap();
    let request = Request::get("/books?key=SENTINEL-API-KEY").body("").unwrap();
    seen.error(&nowhere.send(&token, request).await.unwrap_err());

    // What stores are given.
    let id = SessionId::from_key("SENTINELSENTINELSENTIA").unwrap();
    seen.debug(&id);
    let stored = StoredSession::new("ada", "SENTINEL-SEALED").expires_at(std::time::SystemTime::now());
    seen.debug(&stored);
    seen.debug(&(MemoryStore::new(), MemoryRevocations::new()));

    // What the integrations hand around.
    seen.debug(&logto::axum::layer(site.logto.clone()));
    seen.debug(&logto::axum::routes::<()>(&site.logto));
    #[cfg(feature = "rocket")]
    seen.debug(&(logto::rocket::fairing(site.logto.clone()), logto::rocket::api(api.clone())));

    let value = header.split_once('=').unwrap().1.to_owned();
    let sealed = [("a cookie", value), ("a cookie to set", headers.set_cookies()[0].clone())];
    let secrets = [
        ("a sentinel", "SENTINEL".to_owned()),
        ("an access token", token.token().to_owned()),
        ("the ID token", id_token.expose().to_owned()),
        ("the ID token that Logto signed", real.expose().to_owned()),
        ("state", state),
        ("nonce", nonce),
    ];
    seen.hold_none_of(&[secrets.as_slice(), &sealed].concat(), |_, _| false);
}
