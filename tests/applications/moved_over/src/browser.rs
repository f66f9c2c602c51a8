//! A browser: it keeps cookies, says where a request comes from, and goes where it is led, but for Logto, where a user signs in.

use cookie::{Cookie, SameSite};
use reqwest::{Client, Method, header::HeaderMap, redirect::Policy};

use crate::Place;

/// What came in the end.
pub struct Answer {
    pub status: u16,
    /// The path of the page, with its query.
    pub at: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> serde_json::Value {
        assert!(self.header("content-type").starts_with("application/json"), "{} {}", self.status, self.body);
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Clone)]
pub struct Browser<'p> {
    place: &'p Place,
    http: Client,
    cookies: Vec<Cookie<'static>>,
}

impl<'p> Browser<'p> {
    pub(crate) fn new(place: &'p Place) -> Self {
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { place, http, cookies: Vec::new() }
    }

    /// Opens a page of the application by the address bar. It stops where it is led to Logto.
    pub async fn open(&mut self, target: &str) -> Answer {
        self.go(Method::GET, target, "none", None).await
    }

    /// Opens a page of the application by a link on another site.
    pub async fn follow_a_link(&mut self, target: &str) -> Answer {
        self.go(Method::GET, target, "cross-site", None).await
    }

    /// Sends a form of the application.
    pub async fn submit(&mut self, target: &str, form: &str) -> Answer {
        self.go(Method::POST, target, "same-origin", Some(form)).await
    }

    /// Opens a page that leads to Logto, signs in there, and comes back.
    pub async fn sign_in(&mut self, target: &str, user: &str) -> Answer {
        let to_logto = self.open(target).await;
        self.sign_in_at_logto(&to_logto, user).await
    }

    /// Signs in at Logto, where the answer leads to, and comes back.
    pub async fn sign_in_at_logto(&mut self, to_logto: &Answer, user: &str) -> Answer {
        let address = to_logto.header("location");
        assert!(address.starts_with(&self.place.logto.endpoint()), "{} {}: {address}", to_logto.status, to_logto.at);
        let callback = self.place.logto.sign_in(address, user).await;
        self.follow_a_link(&callback).await
    }

    /// What a script of the page `/play` or any other of the application asks for.
    pub async fn fetch(&mut self, method: Method, page: &str, target: &str) -> Answer {
        let request = self
            .http
            .request(method, self.address(target))
            .header("origin", &self.place.origin)
            .header("referer", self.address(page))
            .header("accept", "*/*")
            .header("sec-fetch-mode", "cors")
            .header("sec-fetch-site", "same-origin");
        self.send(request, target, false).await
    }

    pub fn cookies(&self) -> impl Iterator<Item = &Cookie<'static>> {
        self.cookies.iter()
    }

    async fn go(&mut self, method: Method, target: &str, from: &'static str, form: Option<&str>) -> Answer {
        let (mut method, mut target, mut from, mut form) = (method, target.to_owned(), from, form);
        for _ in 0..10 {
            let mut request = self
                .http
                .request(method.clone(), self.address(&target))
                .header("accept", "text/html,*/*")
                .header("sec-fetch-mode", "navigate")
                .header("sec-fetch-site", from);
            if let Some(form) = form {
                request = request.header("origin", &self.place.origin);
                request = request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
            }
            let answer = self.send(request, &target, from == "cross-site").await;
            target = match (answer.header("location"), refresh(&answer.body)) {
                ("", None) => return answer,
                ("", Some(address)) => {
                    // The page asks for it, so the next request comes from this site.
                    from = "same-origin";
                    address
                }
                (location, _) if location.starts_with(&self.place.logto.endpoint()) => return answer,
                (location, _) => location.to_owned(),
            };
            (method, form) = (Method::GET, None);
        }
        panic!("led in a circle: {target}")
    }

    fn address(&self, target: &str) -> String {
        let path = target.strip_prefix(&self.place.origin).unwrap_or(target);
        assert!(path.is_empty() || path.starts_with('/'), "no page of the application: {target}");
        format!("{}{path}", self.place.origin)
    }

    /// Sends it with the cookies that belong to it, and keeps those of the answer.
    async fn send(&mut self, request: reqwest::RequestBuilder, target: &str, is_cross_site: bool) -> Answer {
        let at = target.strip_prefix(&self.place.origin).unwrap_or(target).to_owned();
        let sent = self.cookies.iter().filter(|cookie| {
            let path = cookie.path().unwrap_or("/").trim_end_matches('/');
            let is_below = at.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
            is_below && !(is_cross_site && cookie.same_site() == Some(SameSite::Strict))
        });
        let cookies: Vec<_> = sent.map(|cookie| cookie.stripped().to_string()).collect();
        let response = request.header("cookie", cookies.join("; ")).send().await.unwrap();
        for header in response.headers().get_all("set-cookie") {
            let cookie = Cookie::parse(header.to_str().unwrap().to_owned()).unwrap();
            self.cookies.retain(|known| (known.name(), known.path()) != (cookie.name(), cookie.path()));
            if !cookie.max_age().is_some_and(cookie::time::Duration::is_zero) {
                self.cookies.push(cookie);
            }
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, at, headers, body: response.text().await.unwrap() }
    }
}

/// Where a page leads by itself.
fn refresh(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("http-equiv=\"refresh\" content=\"0;url=")?;
    let (address, _) = rest.split_once('"')?;
    Some(address.replace("&amp;", "&"))
}
