//! A fresh or a stronger login before something sensitive: one list of scenarios for the three integrations, and what is under them.

#[cfg(feature = "actix-web")]
mod actix_web;
mod axum;
mod circle;
mod core;
#[cfg(feature = "rocket")]
mod rocket;

use std::{sync::atomic::Ordering, time::Duration};

use logto::{
    Error, LogtoClient, LogtoConfigBuilder, RequestSession,
    step_up::{MaxAge, RecentlyAuthenticated, StepUp, StepUpPolicy},
    testing::{Endpoint, MockLogto, MockLogtoBuilder, MockUser, TestClock},
};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::{
    counted_store::Counted,
    http_browser::{request, text, without_redirects},
    port::Port,
    support::{APP_SECRET, Browser, app, settings},
};

/// Both recent and strong.
struct Vault;

impl StepUpPolicy for Vault {
    fn step_up() -> StepUp {
        StepUp::new().max_age(Duration::from_secs(300)).acr_values(["urn:logto:acr:mfa"])
    }
}

// The handlers, as axum and actix-web take them.

async fn pay(user: RecentlyAuthenticated<MaxAge<300>>) -> String {
    format!("paid by {}", user.claims().username.as_deref().unwrap_or_default())
}

async fn vault(user: RecentlyAuthenticated<Vault>) -> String {
    format!("open to {}", user.claims().amr.join("+"))
}

async fn now(_: RecentlyAuthenticated<MaxAge<0>>) -> &'static str {
    "now"
}

async fn maybe(user: Option<RecentlyAuthenticated<MaxAge<300>>>) -> String {
    user.is_some().to_string()
}

/// Decides in the handler.
async fn transfer(session: &RequestSession, amount: u64) -> Result<String, Error> {
    if amount > 1000 {
        session.require_recent_auth(&Vault::step_up()).await?;
    }
    Ok(format!("sent {amount}"))
}

/// An application on a port of its own, with a browser in front of it.
struct Served {
    mock: MockLogto,
    clock: TestClock,
    base: String,
    browser: Browser,
    http: reqwest::Client,
    _port: Port,
}

/// Everything that has the pages.
#[derive(Debug, Clone, Copy)]
enum Framework {
    Axum,
    #[cfg(feature = "actix-web")]
    ActixWeb,
    #[cfg(feature = "rocket")]
    Rocket,
}

const FRAMEWORKS: &[Framework] = &[
    Framework::Axum,
    #[cfg(feature = "actix-web")]
    Framework::ActixWeb,
    #[cfg(feature = "rocket")]
    Framework::Rocket,
];

impl Served {
    async fn start(framework: Framework) -> Self {
        Self::with(framework, |mock| mock, |config| config).await
    }

    /// With a Logto that knows of classes, and a user with a second factor.
    async fn newer(framework: Framework) -> Self {
        let world = |mock: MockLogtoBuilder| {
            mock.step_up().user(MockUser::new("ada").password("a")).user(MockUser::new("mia").password("m").mfa())
        };
        Self::with(framework, world, |config| config).await
    }

    async fn with(
        framework: Framework,
        world: impl FnOnce(MockLogtoBuilder) -> MockLogtoBuilder,
        config: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder,
    ) -> Self {
        let port = Port::reserve();
        let base = format!("http://localhost:{}", port.number());
        let clock = TestClock::new();
        let registered = app("app").redirect_uri(format!("{base}/callback"));
        let mock = world(MockLogto::builder().app(registered).clock(clock.clone())).start().await.unwrap();
        let config = config(settings(&mock, &clock).app_secret(APP_SECRET).base_url(&base));
        let logto = LogtoClient::new(config.build().unwrap()).unwrap();
        match framework {
            Framework::Axum => axum::serve(logto, port.number()).await,
            #[cfg(feature = "actix-web")]
            Framework::ActixWeb => actix_web::serve(logto, port.number()),
            #[cfg(feature = "rocket")]
            Framework::Rocket => rocket::serve(logto, port.number()).await,
        }
        let http = without_redirects();
        Self { mock, clock, base, browser: Browser::default(), http, _port: port }
    }

    async fn ask(&mut self, method: Method, target: &str, headers: &[(&str, &str)]) -> Response {
        self.browser.send(request(&self.http, method, &self.base, target, headers)).await
    }

    async fn navigate(&mut self, target: &str) -> Response {
        self.ask(Method::GET, target, &[("accept", "text/html,*/*;q=0.8"), ("sec-fetch-mode", "navigate")]).await
    }

    /// Follows redirects as a browser does, Logto's pages included, where `user` signs in if asked. Gives the page in the end and how many
    /// redirects led there.
    async fn open(&mut self, target: &str, user: &str) -> (Response, usize) {
        let mut target = target.to_owned();
        for redirects in 0..20 {
            let response = self.navigate(&target).await;
            let Some(location) = location(&response) else {
                return (response, redirects);
            };
            target = if location.starts_with(&self.mock.endpoint()) {
                self.mock.sign_in(location, user).await
            } else {
                location.to_owned()
            };
        }
        panic!("the browser gives up: too many redirects");
    }

    /// A plain sign-in.
    async fn sign_in(&mut self, user: &str) {
        let (response, _) = self.open("/logto/sign-in", user).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "there is no start page");
    }
}

fn location(response: &Response) -> Option<&str> {
    response.headers().get("location").map(|location| location.to_str().unwrap())
}

#[tokio::test]
async fn a_page_that_requires_a_recent_login_opens_after_a_step_up() {
    for &framework in FRAMEWORKS {
        let mut served = Served::start(framework).await;
        // Nobody is signed in: one sign-in, which asks for all that the page needs.
        let response = served.navigate("/pay?bill=7&note=a+b").await;
        let to_sign_in = "/logto/sign-in?max_age=300&return_to=%2Fpay%3Fbill%3D7%26note%3Da%2Bb";
        assert_eq!((response.status().as_u16(), location(&response)), (302, Some(to_sign_in)), "{framework:?}");
        let response = served.navigate(to_sign_in).await;
        let url = url::Url::parse(location(&response).unwrap()).unwrap();
        assert!(url.query_pairs().any(|pair| pair == ("max_age".into(), "300".into())), "{url}");
        let callback = served.mock.sign_in(url.as_str(), "ada").await;
        let response = served.navigate(&callback).await;
        let back = format!("{}/pay?bill=7&note=a+b", served.base);
        assert_eq!(location(&response), Some(back.as_str()));
        assert_eq!(text(served.navigate(&back).await).await, (200, "paid by ada".to_owned()), "{framework:?}");

        // As long as it counts, nothing happens; afterwards the user signs in anew, although Logto has a session.
        served.clock.advance(Duration::from_secs(300));
        assert_eq!(served.open("/pay", "ada").await.1, 0);
        served.clock.advance(Duration::from_secs(100));
        assert_eq!(text(served.navigate("/maybe").await).await, (200, "false".to_owned()));
        let (response, redirects) = served.open("/pay", "ada").await;
        // The page, the sign-in route, Logto, the callback.
        assert_eq!((text(response).await, redirects), ((200, "paid by ada".to_owned()), 3), "{framework:?}");
        assert_eq!(text(served.navigate("/maybe").await).await, (200, "true".to_owned()));
    }
}

#[tokio::test]
async fn after_a_plain_sign_in_logto_is_asked_once() {
    for &framework in FRAMEWORKS {
        let mut served = Served::start(framework).await;
        served.sign_in("ada").await;
        // The ID token does not say when the user signed in. Logto knows, and it was a moment ago: no page of it is seen.
        served.clock.advance(Duration::from_secs(100));
        let (response, redirects) = served.open("/pay", "ada").await;
        assert_eq!((text(response).await, redirects), ((200, "paid by ada".to_owned()), 3), "{framework:?}");
        // The login that counts is that of before.
        served.clock.advance(Duration::from_secs(261));
        assert_eq!(text(served.navigate("/maybe").await).await, (200, "false".to_owned()));
    }
}

#[tokio::test]
async fn a_program_is_told_which_login_is_needed() {
    for &framework in FRAMEWORKS {
        let mut served = Served::start(framework).await;
        let needed = |code: &str, message: &str, acr_values: Value, sign_in: &str| json!({ "code": code, "message": message, "max_age": 300, "acr_values": acr_values, "sign_in": sign_in });
        let fetch = [("accept", "application/json"), ("sec-fetch-mode", "cors")];
        let ask = async |served: &mut Served, page: &str| {
            let response = served.ask(Method::GET, page, &fetch).await;
            assert_eq!(response.status(), 401);
            let mut body: Value = response.json().await.unwrap();
            let members = body.as_object_mut().unwrap();
            // For the developer of a site on this machine.
            assert!(members.remove("details").is_some() && members.remove("hint").is_some());
            body
        };
        let sign_in = "/logto/sign-in?max_age=300";
        let nobody = needed("not_authenticated", "Please sign in.", Value::Null, sign_in);
        assert_eq!(ask(&mut served, "/pay").await, nobody, "{framework:?}");
        served.sign_in("ada").await;
        let again = "Please sign in once more to confirm that it is you.";
        let needed_now = needed("step_up.required", again, Value::Null, sign_in);
        assert_eq!(ask(&mut served, "/pay").await, needed_now, "{framework:?}");
        let sign_in = "/logto/sign-in?max_age=300&acr_values=urn%3Alogto%3Aacr%3Amfa";
        let stronger = needed("step_up.required", again, "urn:logto:acr:mfa".into(), sign_in);
        assert_eq!(ask(&mut served, "/vault").await, stronger, "{framework:?}");
    }
}

#[tokio::test]
async fn a_form_that_was_posted_is_not_sent_again_after_a_step_up() {
    for &framework in FRAMEWORKS {
        let mut served = Served::start(framework).await;
        served.sign_in("ada").await;
        let page = format!("{}/cart?step=2", served.base);
        let browser = |referer: Option<&'static str>, page: &str| {
            let mut headers = vec![("accept", "text/html".to_owned()), ("sec-fetch-mode", "navigate".to_owned())];
            headers.push(("referer", referer.map_or_else(|| page.to_owned(), str::to_owned)));
            headers
        };
        let cases = [
            // The page that the form was on, where the browser says which.
            (None, "/logto/sign-in?max_age=300&return_to=http%3A%2F%2Flocalhost%3APORT%2Fcart%3Fstep%3D2"),
            (Some("https://evil.example/form"), "/logto/sign-in?max_age=300"),
            (Some("garbage"), "/logto/sign-in?max_age=300"),
        ];
        for (referer, expected) in cases {
            let headers = browser(referer, &page);
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let response = served.ask(Method::POST, "/pay", &headers).await;
            let port = served.base.rsplit(':').next().unwrap();
            // 303: the browser follows with GET, and the handler has not run.
            assert_eq!(response.status(), 303, "{framework:?}");
            assert_eq!(location(&response), Some(expected.replace("PORT", port).as_str()), "{framework:?}");
        }
        // Once the user has confirmed it, the form goes through.
        served.open("/pay", "ada").await;
        let response = served.ask(Method::POST, "/pay", &[("accept", "text/html")]).await;
        assert_eq!(text(response).await, (200, "paid by ada".to_owned()), "{framework:?}");
    }
}

#[tokio::test]
async fn a_login_still_too_old_after_a_step_up_is_an_error_without_a_redirect_loop() {
    for &framework in FRAMEWORKS {
        let mut served = Served::start(framework).await;
        served.sign_in("ada").await;
        // A Logto, or something before it, that lets the user through without asking.
        let clock = served.clock.clone();
        served.mock.tamper_id_token(move |_, claims| {
            let now = logto::integrate::Clock::now(&clock).duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
            claims["auth_time"] = (now - 3600).into();
        });
        let (response, redirects) = served.open("/pay", "ada").await;
        let (status, page) = text(response).await;
        assert_eq!((status, redirects), (502, 2), "{framework:?}: {page}");
        assert!(page.contains("id_token.invalid_auth_time") && page.contains("3600 s ago"), "{page}");
        assert_eq!(text(served.navigate("/maybe").await).await, (200, "false".to_owned()), "still signed in as before");

        // One that never says when.
        served.mock.tamper_id_token(|_, claims| {
            claims.as_object_mut().unwrap().remove("auth_time");
        });
        let (response, redirects) = served.open("/pay", "ada").await;
        let (status, page) = text(response).await;
        assert_eq!((status, redirects), (502, 2), "{framework:?}");
        assert!(page.contains("auth_time is missing"), "{page}");

        // "At once" is a login each time, and not for ever.
        served.mock.clear_tampering();
        let (response, redirects) = served.open("/now", "ada").await;
        assert_eq!((text(response).await, redirects), ((200, "now".to_owned()), 3), "{framework:?}");
        served.clock.advance(Duration::from_secs(61));
        assert_eq!(served.open("/now", "ada").await.1, 3);
    }
}

#[tokio::test]
async fn a_page_that_requires_a_stronger_acr_opens_only_after_a_login_with_that_acr() {
    for &framework in FRAMEWORKS {
        let mut served = Served::newer(framework).await;
        served.sign_in("mia").await;
        let (response, redirects) = served.open("/vault", "mia").await;
        assert_eq!((text(response).await, redirects), ((200, "open to pwd+otp+mfa".to_owned()), 3), "{framework:?}");

        // Ada has no second factor: Logto says so, and that is the end of it.
        let mut served = Served::newer(framework).await;
        served.sign_in("ada").await;
        let (response, redirects) = served.open("/vault", "ada").await;
        let (status, page) = text(response).await;
        assert_eq!((status, redirects), (403, 2), "{framework:?}");
        assert!(page.contains("unmet_authentication_requirements") && page.contains("second factor"), "{page}");

        // A Logto that does not know the class lets her in without it, and the sign-in is refused here.
        let mut served = Served::start(framework).await;
        served.sign_in("ada").await;
        let (response, redirects) = served.open("/vault", "ada").await;
        let (status, page) = text(response).await;
        assert_eq!((status, redirects), (502, 2), "{framework:?}");
        assert!(page.contains("id_token.invalid_acr") && page.contains("acr is missing"), "{page}");
    }
}

#[tokio::test]
async fn a_handler_may_decide_itself_whether_a_step_up_is_needed() {
    for &framework in FRAMEWORKS {
        let mut served = Served::newer(framework).await;
        served.sign_in("mia").await;
        assert_eq!(text(served.navigate("/transfer/1000").await).await, (200, "sent 1000".to_owned()));
        let response = served.navigate("/transfer/1001").await;
        let to_sign_in = "/logto/sign-in?max_age=300&acr_values=urn%3Alogto%3Aacr%3Amfa&return_to=%2Ftransfer%2F1001";
        assert_eq!((response.status().as_u16(), location(&response)), (302, Some(to_sign_in)), "{framework:?}");
        assert_eq!(text(served.open("/transfer/1001", "mia").await.0).await, (200, "sent 1001".to_owned()));
    }
}

#[tokio::test]
async fn a_store_that_is_down_sends_nobody_to_a_step_up() {
    for &framework in FRAMEWORKS {
        let store = Counted::new(&TestClock::new());
        let mut served = Served::with(framework, |mock| mock, |config| config.session_store(store.clone())).await;
        served.open("/pay", "ada").await;
        store.down.store(true, Ordering::SeqCst);
        for page in ["/pay", "/maybe", "/transfer/1001"] {
            let response = served.navigate(page).await;
            assert_eq!(location(&response), None, "{framework:?} {page}");
            let (status, body) = text(response).await;
            assert!(status == 503 && body.contains("store.failed"), "{framework:?} {page}: {status}");
        }
        store.down.store(false, Ordering::SeqCst);
        assert_eq!(served.open("/pay", "ada").await.1, 0, "{framework:?}: the session was never in doubt");
    }
}

#[tokio::test]
async fn a_prefetch_begins_no_step_up() {
    for &framework in FRAMEWORKS {
        let mut served = Served::start(framework).await;
        served.sign_in("ada").await;
        let prefetch = [("accept", "text/html"), ("sec-purpose", "prefetch")];
        let response = served.ask(Method::GET, "/pay", &prefetch).await;
        let to_sign_in = location(&response).unwrap().to_owned();
        let response = served.ask(Method::GET, &to_sign_in, &prefetch).await;
        assert_eq!((response.status().as_u16(), location(&response)), (204, None), "{framework:?}");
        let response = served.navigate("/logto/sign-in?max_age=soon").await;
        assert_eq!(response.status(), 400, "{framework:?}");
        assert_eq!(served.mock.request_count(Endpoint::Token), 1, "the first sign-in alone");
    }
}
