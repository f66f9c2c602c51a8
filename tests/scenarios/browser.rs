//! A browser: it keeps cookies, follows redirects and sends what browsers send (Fetch Metadata, `Origin`, `Accept`).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::Value;
use url::Url;

use crate::{
    jar::{self, Jar, is_trustworthy},
    page,
    plain_http::plain_http,
};

const ACCEPT_PAGE: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
/// The secrets of the application that is looked at.
pub const APP_SECRET: &str = "the secret of the app";
pub const COOKIE_SECRET: &str = "the cookie secret of the scenarios";
/// Browsers give up at about twenty.
const MAX_REDIRECTS: usize = 20;

/// What all tabs share.
#[derive(Clone)]
pub struct Browser {
    jar: Arc<Mutex<Jar>>,
    http: reqwest::Client,
    /// Origins that are reached elsewhere: what DNS and a proxy that ends TLS do.
    wires: BTreeMap<String, String>,
}

/// What came back in the end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Every address on the way; the last is the page's.
    pub trail: Vec<Url>,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

/// A request as something on a page, or the user, starts it.
#[derive(Clone)]
struct Request {
    method: Method,
    url: Url,
    /// Whose page starts it; `None` is the address bar.
    initiator: Option<Url>,
    kind: Kind,
    form: Option<String>,
    headers: Vec<(&'static str, &'static str)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Navigation,
    /// A navigation that the browser only guesses.
    Guess,
    Fetch,
    Image,
}

impl Browser {
    pub fn new() -> Self {
        let http = plain_http().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { jar: Arc::default(), http, wires: BTreeMap::new() }
    }

    /// Reaches `origin` at `address`, as DNS and a proxy that ends TLS make it.
    pub fn wired(mut self, origin: &str, address: &str) -> Self {
        self.wires.insert(origin.to_owned(), address.to_owned());
        self
    }

    pub fn tab(&self) -> Tab {
        self.page_of("about:blank", "")
    }

    /// A tab with a page of any site.
    pub fn page_of(&self, url: &str, html: &str) -> Tab {
        let (status, headers) = (StatusCode::OK, HeaderMap::new());
        let page = Answer { trail: vec![url.parse().unwrap()], status, headers, body: html.to_owned() };
        Tab { browser: self.clone(), page }
    }

    pub fn jar(&self) -> MutexGuard<'_, Jar> {
        self.jar.lock().unwrap()
    }

    async fn travel(&self, mut request: Request) -> Answer {
        let mut trail = vec![request.url.clone()];
        loop {
            let answer = self.send(&request, &trail).await;
            let Some(target) = answer.redirect() else {
                return Answer { trail, ..answer };
            };
            // RFC 9110 section 15.4: 303 always goes on with GET, and so do 301 and 302 after a POST.
            let repeats = matches!(answer.status.as_u16(), 307 | 308) || request.method == Method::HEAD;
            if !repeats {
                (request.method, request.form) = (Method::GET, None);
            }
            request.url = target;
            trail.push(request.url.clone());
            assert!(trail.len() <= MAX_REDIRECTS, "a redirect loop: {trail:#?}");
        }
    }

    async fn send(&self, request: &Request, trail: &[Url]) -> Answer {
        let url = &request.url;
        let site = request.site(trail);
        let from_jar = jar::Request {
            cross_site: site == "cross-site",
            top_level: matches!(request.kind, Kind::Navigation | Kind::Guess),
            safe: matches!(request.method, Method::GET | Method::HEAD),
        };
        let mut sent = self.http.request(request.method.clone(), self.on_the_wire(url));
        if let Some(host) = url.host_str().filter(|_| self.wires.contains_key(&origin(url))) {
            sent = sent.header("host", host);
        }
        if let Some(cookies) = self.jar().header(url, from_jar) {
            sent = sent.header("cookie", cookies);
        }
        for (name, value) in request.metadata(site) {
            sent = sent.header(name, value);
        }
        if let Some(origin) = request.origin(trail) {
            sent = sent.header("origin", origin);
        }
        for (name, value) in &request.headers {
            sent = sent.header(*name, *value);
        }
        if let Some(form) = &request.form {
            sent = sent.header("content-type", "application/x-www-form-urlencoded").body(form.clone());
        }
        let response = sent.send().await.unwrap_or_else(|error| panic!("{} {url}: {error:?}", request.method));
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let stored = self.jar().store(url, cookie, from_jar);
            stored.unwrap_or_else(|why| panic!("browsers drop a cookie of {url}: {why}: {cookie}"));
        }
        let answer = Answer { trail: vec![url.clone()], status, headers, body: response.text().await.unwrap() };
        self.nothing_tells_a_secret(&answer);
        sets_each_cookie_once(&answer);
        keeps_our_cookies_out_of_caches(&answer);
        answer
    }

    /// No page and no header of any site tells what is in the application's cookies, or its secrets.
    fn nothing_tells_a_secret(&self, answer: &Answer) {
        let jar = self.jar();
        let sealed =
            jar.of(answer.url()).into_iter().filter(|(name, value)| name.contains("logto_") && value.len() > 20);
        let secrets = sealed.map(|(_, value)| value).chain([APP_SECRET, COOKIE_SECRET].map(str::to_owned));
        let told = |text: &str| secrets.clone().find(|secret| text.contains(secret.as_str()));
        assert_eq!(told(&answer.body), None, "the page {}", answer.url());
        for (name, value) in answer.headers.iter().filter(|(name, _)| *name != "set-cookie") {
            assert_eq!(told(&String::from_utf8_lossy(value.as_bytes())), None, "{name} of {}", answer.url());
        }
    }

    fn on_the_wire(&self, url: &Url) -> String {
        let origin = origin(url);
        match self.wires.get(&origin) {
            Some(address) => url.as_str().replacen(&origin, address, 1),
            None => url.as_str().to_owned(),
        }
    }
}

/// RFC 6265 section 4.1.1: no two `Set-Cookie` of one cookie in a response. Which one counts would be chance.
fn sets_each_cookie_once(answer: &Answer) {
    let identity = |cookie: &&str| Jar::identity(answer.url(), cookie).unwrap();
    let mut set: Vec<_> = answer.set_cookies().iter().map(identity).collect();
    set.sort();
    let twice: Vec<_> = set.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone()).collect();
    assert!(twice.is_empty(), "{} ({}) sets {twice:?} more than once", answer.url(), answer.status);
}

/// What sets a cookie of the application's session or of a sign-in is never kept by a cache, whatever else the handler said.
fn keeps_our_cookies_out_of_caches(answer: &Answer) {
    let is_ours = |cookie: &&str| cookie.trim_start_matches("__Host-").starts_with("logto_");
    let ours = answer.set_cookies().iter().filter(|cookie| is_ours(cookie)).count();
    let cache_control = answer.header("cache-control");
    assert!(
        ours == 0 || cache_control.contains("no-store"),
        "{} sets our cookies and says `{cache_control}`",
        answer.url()
    );
}

impl Request {
    /// `Sec-Fetch-Site` (Fetch Metadata section 2.3): the furthest of all addresses on the way.
    fn site(&self, trail: &[Url]) -> &'static str {
        let Some(initiator) = &self.initiator else {
            return "none";
        };
        if trail.iter().any(|url| !is_same_site(initiator, url)) {
            return "cross-site";
        }
        if trail.iter().all(|url| url.origin() == initiator.origin()) { "same-origin" } else { "same-site" }
    }

    fn metadata(&self, site: &'static str) -> Vec<(&'static str, &'static str)> {
        let (mode, destination, accept) = match self.kind {
            Kind::Navigation | Kind::Guess => ("navigate", "document", ACCEPT_PAGE),
            Kind::Fetch => ("cors", "empty", "*/*"),
            Kind::Image => ("no-cors", "image", "image/avif,image/webp,*/*;q=0.8"),
        };
        let mut headers = vec![("accept", accept), ("accept-language", "en,ko;q=0.5")];
        if is_trustworthy(&self.url) {
            headers.extend([("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", destination)]);
        }
        match self.kind {
            Kind::Navigation => headers.extend([("upgrade-insecure-requests", "1"), ("sec-fetch-user", "?1")]),
            Kind::Guess => headers.push(("sec-purpose", "prefetch;prerender")),
            Kind::Fetch | Kind::Image => {}
        }
        headers
    }

    /// `Origin` (Fetch section 3.2): with what may change something, and with `fetch` to another origin.
    fn origin(&self, trail: &[Url]) -> Option<String> {
        let initiator = self.initiator.as_ref()?;
        let changes = !matches!(self.method, Method::GET | Method::HEAD);
        let foreign = self.kind == Kind::Fetch && self.url.origin() != initiator.origin();
        // A redirect from one foreign origin to another leaves none.
        let clean =
            trail.windows(2).all(|hop| hop[0].origin() == hop[1].origin() || hop[0].origin() == initiator.origin());
        (changes || foreign).then(|| if clean { origin(initiator) } else { "null".into() })
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Schemeful: scheme and registrable domain, which for the names of these tests is the last two labels.
fn is_same_site(one: &Url, other: &Url) -> bool {
    fn registrable(url: &Url) -> String {
        let host = url.host_str().unwrap_or_default();
        if host.parse::<std::net::IpAddr>().is_ok() {
            return host.to_owned();
        }
        let labels: Vec<_> = host.rsplitn(3, '.').take(2).collect();
        labels.join(".")
    }
    one.scheme() == other.scheme() && registrable(one) == registrable(other)
}

impl Answer {
    pub fn url(&self) -> &Url {
        self.trail.last().unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn set_cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    fn redirect(&self) -> Option<Url> {
        let location = self.headers.get("location").filter(|_| self.status.is_redirection())?;
        Some(self.url().join(location.to_str().unwrap()).unwrap())
    }
}

/// A tab with a page.
#[derive(Clone)]
pub struct Tab {
    pub browser: Browser,
    pub page: Answer,
}

/// What the user does.
impl Tab {
    /// Types an address.
    pub async fn open(&mut self, url: &str) {
        self.navigate(Method::GET, None, url, None).await;
    }

    /// Follows a link of the page to any address.
    pub async fn follow(&mut self, url: &str) {
        self.navigate(Method::GET, Some(self.page.url().clone()), url, None).await;
    }

    /// Clicks on a link by its text.
    pub async fn click(&mut self, text: &str) {
        let link = page::link(&self.page.body, text);
        let link = link.unwrap_or_else(|| panic!("no link `{text}` at {}: {}", self.page.url(), self.page.body));
        self.follow(&link).await;
    }

    /// Fills in the page's first form and sends it.
    pub async fn submit(&mut self, filled_in: &[(&str, &str)]) {
        let form = page::forms(&self.page.body).into_iter().next();
        let mut form = form.unwrap_or_else(|| panic!("no form at {}: {}", self.page.url(), self.page.body));
        form.fields.extend(filled_in.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let fields = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish();
        assert!(form.post, "the forms of these pages post");
        self.navigate(Method::POST, Some(self.page.url().clone()), &form.action, Some(fields)).await;
    }

    /// Signs in on Logto's page.
    pub async fn sign_in(&mut self, user: &str, password: &str) {
        self.shows("Demo users");
        self.submit(&[("username", user), ("password", password)]).await;
    }

    /// Sends the form of the start page.
    pub async fn sign_out(&mut self) {
        self.submit(&[]).await;
    }

    async fn navigate(&mut self, method: Method, initiator: Option<Url>, to: &str, form: Option<String>) {
        let request = Request { form, ..self.request(method, initiator, Kind::Navigation, to) };
        self.page = self.browser.travel(request).await;
        if page::posts_itself(&self.page.body) {
            Box::pin(self.submit(&[])).await;
        }
    }
}

/// What the page, or the browser by itself, does; the tab stays where it is.
impl Tab {
    /// `fetch(url)`.
    pub async fn fetch(&self, url: &str) -> Answer {
        self.fetch_with(url, &[]).await
    }

    pub async fn fetch_with(&self, url: &str, headers: &[(&'static str, &'static str)]) -> Answer {
        let request = self.request(Method::GET, Some(self.page.url().clone()), Kind::Fetch, url);
        self.browser.travel(Request { headers: headers.to_vec(), ..request }).await
    }

    /// Asks for a page ahead, because the user might want it.
    pub async fn prefetch(&self, url: &str) -> Answer {
        let request = self.request(Method::GET, Some(self.page.url().clone()), Kind::Guess, url);
        self.browser.travel(request).await
    }

    /// `<img src="url">`.
    pub async fn image(&self, url: &str) -> Answer {
        let request = self.request(Method::GET, Some(self.page.url().clone()), Kind::Image, url);
        self.browser.travel(request).await
    }

    /// The answer to one navigation, without following it anywhere.
    pub async fn ask(&self, method: Method, url: &str) -> Answer {
        let request = self.request(method, Some(self.page.url().clone()), Kind::Navigation, url);
        let trail = [request.url.clone()];
        self.browser.send(&request, &trail).await
    }

    /// The answer to a form that is sent to `url`, without following it anywhere.
    pub async fn post(&self, url: &str) -> Answer {
        self.ask(Method::POST, url).await
    }

    fn request(&self, method: Method, initiator: Option<Url>, kind: Kind, url: &str) -> Request {
        let url = self.page.url().join(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        Request { method, url, initiator, kind, form: None, headers: Vec::new() }
    }
}

/// What is there to see.
impl Tab {
    #[track_caller]
    pub fn shows(&self, text: &str) {
        assert!(
            self.page.body.contains(text),
            "no `{text}` at {} ({}): {}",
            self.page.url(),
            self.page.status,
            self.page.body
        );
    }

    #[track_caller]
    pub fn is_at(&self, url: &str) {
        assert_eq!(self.page.url().as_str(), url, "{}", self.page.body);
    }

    /// The JSON on the page.
    #[track_caller]
    pub fn json(&self) -> Value {
        let text = page::text(&self.page.body, "pre");
        let text =
            text.unwrap_or_else(|| panic!("no JSON at {} ({}): {}", self.page.url(), self.page.status, self.page.body));
        serde_json::from_str(&text).unwrap()
    }

    /// The address on the way to the page that holds this.
    #[track_caller]
    pub fn passed(&self, part: &str) -> String {
        let passed = self.page.trail.iter().find(|url| url.as_str().contains(part));
        passed.unwrap_or_else(|| panic!("no `{part}` in {:#?}", self.page.trail)).to_string()
    }

    /// The names of the cookies that the site of `url` gets.
    pub fn cookies(&self, url: &str) -> Vec<String> {
        self.browser.jar().of(&url.parse().unwrap()).into_iter().map(|(name, _)| name).collect()
    }
}
