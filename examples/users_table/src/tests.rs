//! The example, clicked through.

use std::collections::BTreeMap;

use logto::testing::MockLogto;
use reqwest::{Client, Method, Response, redirect::Policy};

use super::*;

/// The application on a port of its own, and a browser that keeps its cookies.
struct Clicked {
    mock: MockLogto,
    users: Users,
    origin: String,
    http: Client,
    cookies: BTreeMap<String, String>,
}

impl Clicked {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let app =
            logto::testing::MockApp::new("app", "an app secret of the test").redirect_uri(format!("{origin}/callback"));
        let mock = MockLogto::builder().app(app).start().await.unwrap();
        let users = Users::open("sqlite::memory:").await.unwrap();
        let of_the_hook = users.clone();
        let config = logto::LogtoConfig::builder()
            .endpoint(mock.endpoint())
            .app_id("app")
            .app_secret("an app secret of the test")
            .base_url(&origin)
            .cookie_secret("a secret for this example alone, never for production")
            .on_sign_in(move |sign_in| {
                let users = of_the_hook.clone();
                async move { users.signed_in(&sign_in).await }
            });
        let app = pages::app(logto::LogtoClient::new(config.build().unwrap()).unwrap(), users.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { mock, users, origin, http, cookies: BTreeMap::new() }
    }

    async fn send(&mut self, method: Method, target: &str, headers: &[(&str, &str)]) -> Response {
        let target = target.strip_prefix(&self.origin).unwrap_or(target);
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request =
            self.http.request(method, format!("{}{target}", self.origin)).header("cookie", cookies.join("; "));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = request.header("accept", "text/html").send().await.unwrap();
        for set in response.headers().get_all("set-cookie") {
            let cookie = cookie::Cookie::parse(set.to_str().unwrap().to_owned()).unwrap();
            match cookie.value() {
                "" => self.cookies.remove(cookie.name()),
                value => self.cookies.insert(cookie.name().to_owned(), value.to_owned()),
            };
        }
        response
    }

    /// From a redirect to Logto to where the callback leads.
    async fn sign_in(&mut self, to_logto: &Response, user: &str) -> Response {
        let callback = self.mock.sign_in(location(to_logto), user).await;
        self.send(Method::GET, &callback, &[]).await
    }
}

fn location(response: &Response) -> &str {
    response.headers()["location"].to_str().unwrap()
}

#[tokio::test]
async fn a_new_user_accepts_the_terms_before_the_row_is_created() {
    let mut site = Clicked::start().await;
    let to_logto = site.send(Method::GET, "/logto/sign-in", &[]).await;
    let refused = site.sign_in(&to_logto, "ada").await;
    assert_eq!(location(&refused), format!("{}/terms", site.origin));
    assert!(site.cookies.is_empty() && site.users.all().await.is_empty(), "nobody is signed in yet");
    let page = site.send(Method::GET, "/terms", &[]).await.text().await.unwrap();
    assert!(page.contains("I accept"), "{page}");
    let to_logto = site.send(Method::POST, "/terms", &[("sec-fetch-site", "same-origin")]).await;
    let home = site.sign_in(&to_logto, "ada").await;
    assert_eq!(location(&home), format!("{}/", site.origin));
    let page = site.send(Method::GET, "/", &[]).await.text().await.unwrap();
    assert!(page.contains("You are user 1") && page.contains("Sign-ins: 1"), "{page}");
    // From now on the sign-in route is enough.
    let to_logto = site.send(Method::GET, "/logto/sign-in", &[]).await;
    site.sign_in(&to_logto, "ada").await;
    let page = site.send(Method::GET, "/", &[]).await.text().await.unwrap();
    assert!(page.contains("You are user 1") && page.contains("Sign-ins: 2"), "{page}");
    assert_eq!(site.users.all().await.len(), 1);
}

#[tokio::test]
async fn another_site_cannot_accept_the_terms() {
    let mut site = Clicked::start().await;
    let answer = site.send(Method::POST, "/terms", &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(answer.status(), 403);
    assert!(site.cookies.is_empty());
}

#[tokio::test]
async fn a_database_that_fails_lets_nobody_in() {
    let mut site = Clicked::start().await;
    let to_logto = site.send(Method::POST, "/terms", &[]).await;
    site.users.close().await;
    let failed = site.sign_in(&to_logto, "ada").await;
    assert_eq!(failed.status(), 500);
    assert!(failed.text().await.unwrap().contains("sign_in.hook_failed"));
    assert!(site.cookies.is_empty());
}
