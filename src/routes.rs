//! The authentication routes, for any framework: a request as strings in, a [`AuthResponse`] out.

mod back_channel;
mod form_post;
mod initiation;
mod one_time_token;
mod page_address;
mod read_body;
mod serve;
mod sign_in;

use std::fmt;

use url::{Url, form_urlencoded};

use crate::{
    client::{LogtoClient, RequestSession, SessionHeaders},
    error::{Authentication, Code, Error, Result},
    response::{AuthResponse, Links, ResponseFormat},
    types::{FirstScreen, Redirect, ResponseMode, SignOutOptions},
};

const FORM_MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// A request, as far as authentication looks at it.
///
/// ```
/// use logto::integrate::{AuthRequest, ResponseFormat};
///
/// let header = |name: &str| (name == "accept").then(|| "text/html".to_owned());
/// let request = AuthRequest::new("GET", "/logto/sign-in?return_to=/me", header);
/// assert_eq!(request.response_format(), ResponseFormat::Html);
/// ```
#[derive(Clone)]
pub struct AuthRequest {
    method: String,
    target: String,
    headers: Vec<(&'static str, String)>,
    body: String,
    session: Option<RequestSession>,
}

/// All that is ever asked for.
const HEADERS: [&str; 12] = [
    "cookie",
    "content-type",
    "accept",
    "origin",
    "referer",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-purpose",
    "purpose",
    "x-purpose",
    "x-moz",
    "next-router-prefetch",
];

impl fmt::Debug for AuthRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The target of a callback holds a code, and the headers hold the session.
        f.debug_struct("AuthRequest").field("method", &self.method).field("path", &self.path()).finish_non_exhaustive()
    }
}

impl AuthRequest {
    /// A request by its method, its path with query, and a function that gives a header by its lower-case name (joining several `cookie`
    /// headers with `"; "`, and reading bytes that are not UTF-8 as any character). Under a nested router give the path as the browser asked for it.
    pub fn new(method: &str, target: &str, header: impl Fn(&str) -> Option<String>) -> Self {
        let headers = HEADERS.into_iter().filter_map(|name| Some((name, header(name)?))).collect();
        Self { method: method.to_owned(), target: target.to_owned(), headers, body: String::new(), session: None }
    }

    /// The body, where [`LogtoClient::route_needs_body`] says that it is read: see [`read_body`](Self::read_body).
    #[must_use]
    pub fn body(self, body: impl Into<String>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// The session that the request has already: of a layer or middleware around the routes. They then work with it, and the layer's
    /// [`finish`](RequestSession::commit) writes it. A request without one gets a session of its own.
    #[must_use]
    pub fn session(self, session: Option<RequestSession>) -> Self {
        Self { session, ..self }
    }

    /// For the frameworks on `http` 1. `uri` is the request's own, or under a nested router the one that the browser asked for. The
    /// [`session`](Self::session) is the [`RequestSession`] among the request's extensions, if there is one.
    #[must_use]
    pub fn from_parts(parts: &http::request::Parts, uri: &http::Uri) -> Self {
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        Self::from_headers(parts.method.as_str(), target, &parts.headers)
            .session(parts.extensions.get::<RequestSession>().cloned())
    }

    /// For the frameworks on `http` 1 that have no [`Parts`](http::request::Parts): [`new`](Self::new) with the headers as a map.
    #[must_use]
    pub fn from_headers(method: &str, target: &str, headers: &http::HeaderMap) -> Self {
        Self::new(method, target, |name| {
            // Browsers send the cookies of others in any bytes; a header that is passed over for those would take the session with it.
            // Nearly all are ASCII, which is found out faster.
            let text = |value: &'_ http::HeaderValue| match value.to_str() {
                Ok(text) => text.to_owned(),
                Err(_) => String::from_utf8_lossy(value.as_bytes()).into_owned(),
            };
            let values: Vec<_> = headers.get_all(name).iter().map(text).collect();
            (!values.is_empty()).then(|| values.join("; "))
        })
    }

    /// The value of the `Cookie` header, empty if there is none.
    #[must_use]
    pub fn cookie_header(&self) -> &str {
        self.header("cookie").unwrap_or_default()
    }

    /// The body, if it is a form. A media type may have parameters (RFC 9110 section 8.3.1).
    fn form(&self) -> Option<&str> {
        let essence = self.header("content-type")?.split(';').next()?.trim();
        essence.eq_ignore_ascii_case(FORM_MEDIA_TYPE).then_some(self.body.as_str())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    fn path(&self) -> &str {
        self.target.split(['?', '#']).next().unwrap_or_default()
    }

    fn query(&self) -> impl Iterator<Item = (String, String)> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        form_urlencoded::parse(query.as_bytes()).into_owned()
    }

    /// The request's session of this client, shared with the layers around.
    fn session_of(&self, logto: &LogtoClient) -> RequestSession {
        RequestSession::enter(logto, self.session.clone(), self.cookie_header())
    }

    /// A person in a browser, or a program? `Sec-Fetch-Mode` says so (Fetch Metadata); older clients by `Accept`.
    #[must_use]
    pub fn response_format(&self) -> ResponseFormat {
        let accepts_html = self.header("accept").is_some_and(|accept| accept.contains("text/html"));
        match self.header("sec-fetch-mode") {
            Some("navigate" | "nested-navigate") => ResponseFormat::Html,
            Some(_) => ResponseFormat::Json,
            None if accepts_html => ResponseFormat::Html,
            None => ResponseFormat::Json,
        }
    }

    /// Whether it asks for a page, so that the browser can ask for it again.
    fn is_page_request(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// The page that a form was on, if it is one of this site's.
    fn referring_page(&self, base_url: &Url) -> Option<&str> {
        self.header("referer").filter(|page| Url::parse(page).is_ok_and(|page| page.origin() == base_url.origin()))
    }

    /// A browser that looks ahead must not begin a sign-in, let alone use one up.
    fn is_prefetch(&self) -> bool {
        ["sec-purpose", "purpose", "x-purpose", "x-moz"].iter().filter_map(|name| self.header(name)).any(|value| {
            let value = value.to_ascii_lowercase();
            ["prefetch", "prerender", "preview"].iter().any(|purpose| value.contains(purpose))
        }) || self.header("next-router-prefetch").is_some()
    }

    /// Whether a page of another site led here, also by way of a redirect (Fetch Metadata section 2.3).
    fn is_from_another_site(&self) -> bool {
        self.header("sec-fetch-site") == Some("cross-site")
    }

    /// Whether this very site sent the request: `Sec-Fetch-Site`, or `Origin` in older browsers. Every browser sends one of them with a POST.
    fn is_same_origin(&self, base_url: &Url) -> bool {
        match (self.header("sec-fetch-site"), self.header("origin")) {
            (Some(site), _) => site == "same-origin",
            (None, Some(origin)) => origin == base_url.origin().ascii_serialization(),
            (None, None) => false,
        }
    }
}

#[derive(Clone, Copy)]
enum Route {
    SignIn,
    SignUp,
    Callback,
    SignOut,
    User,
    BackChannelLogout,
    InitiateLogin,
}

impl LogtoClient {
    /// Answers a request to one of the authentication routes ([`Routes`](crate::Routes)); `None` for any other path.
    ///
    /// - `GET /logto/sign-in`, `/logto/sign-up`: to Logto. Query: `return_to`, `direct_sign_in`, `first_screen`, `login_hint`,
    ///   `organization_id`, `one_time_token` (from another site: a page that asks first), `ui_locales`, `silent=true` ([no page](crate::SignInOptions::silent)).
    /// - `GET /callback`: ends the sign-in and leads to the page the user wanted. With
    ///   [`ResponseMode::FormPost`](crate::ResponseMode::FormPost) by POST, too; it needs the request's [`body`](AuthRequest::body).
    /// - `POST /logto/sign-out`, from this site alone: ends the session, here and at Logto.
    /// - `GET /logto/user`: `isAuthenticated`, and the `claims` as they are in the ID token, as JSON.
    /// - `POST /logto/back-channel-logout`, from Logto: see [`back_channel_logout`](Self::back_channel_logout). It needs the request's
    ///   [`body`](AuthRequest::body).
    /// - `GET` and `POST` of [`Routes::initiate_login`](crate::Routes::initiate_login), if it is on: to Logto, for another site. Parameters:
    ///   `iss`, `login_hint`, `target_link_uri`.
    ///
    /// Failures are responses, too: a page for people, JSON for programs, details in the log.
    pub async fn handle_auth_routes(&self, request: &AuthRequest) -> Option<AuthResponse> {
        let route = self.route(request.path())?;
        if let Route::BackChannelLogout = route {
            return Some(back_channel::handle(self, request).await);
        }
        let session = request.session_of(self);
        let response = match (request.method.as_str(), route) {
            ("POST", Route::SignOut) => self.sign_out_route(request, &session).await,
            (_, Route::SignOut) => {
                Err(Error::new(Code::MethodNotAllowed, format!("{} does not sign out, POST does", request.method)))
            }
            // HEAD looks, and must not change anything.
            ("HEAD", _) => Ok(AuthResponse::empty()),
            ("GET", _) if request.is_prefetch() => Ok(AuthResponse::empty()),
            ("GET", Route::SignIn) => sign_in::begin(request, &session, None).await,
            ("GET", Route::SignUp) => sign_in::begin(request, &session, Some(FirstScreen::Register)).await,
            ("GET", Route::Callback) => {
                self.callback(&request.target, &session).await.map(|redirect| AuthResponse::redirect(&redirect))
            }
            ("POST", Route::Callback) if self.accepts_cross_site_post(route) => {
                form_post::handle(self, request, &session).await
            }
            ("GET", Route::InitiateLogin) => initiation::begin(self, request, &session).await,
            ("POST", Route::InitiateLogin) => initiation::redirect_to_get(self, request),
            ("GET", Route::User) => user_route(&session).await,
            _ => Ok(AuthResponse::json(405, &serde_json::json!({ "code": "routes.method_not_allowed" }))
                .header("allow", if self.accepts_cross_site_post(route) { "GET, HEAD, POST" } else { "GET, HEAD" })),
        };
        let response = response.unwrap_or_else(|error| {
            let response = self.error_page(&error, request.response_format());
            if error.is(Code::MethodNotAllowed) { response.header("allow", "POST") } else { response }
        });
        // After a failure, too: it may have used up a sign-in.
        Some(match session.commit().await {
            Ok(headers) => with_session(response, &headers),
            Err(error) => self.error_page(&error, request.response_format()),
        })
    }

    /// What a request gets that needs a signed-in user and has none: a browser goes to sign in and comes back, a program gets 401.
    pub fn sign_in_redirect(&self, request: &AuthRequest) -> AuthResponse {
        self.error_response(request, &Error::new(Code::NotAuthenticated, "nobody is signed in"))
    }

    /// What a request gets whose handler or guard failed: a page, or JSON for a program, but if the user has to sign in
    /// (`not_authenticated`, `session.ended`) or to authenticate again (`step_up.required`), a browser goes to do so and comes back to the
    /// page. From a form that was posted it comes back to the start page, after a step-up to the page that the form was on.
    pub fn error_response(&self, request: &AuthRequest, error: &Error) -> AuthResponse {
        let step_up = error.step_up();
        let signs_in = step_up.is_some() || error.is(Code::NotAuthenticated) || error.is(Code::SessionEnded);
        if !signs_in || request.response_format() == ResponseFormat::Json {
            return self.error_page(error, request.response_format());
        }
        // Only a page can be returned to; a form that was posted cannot.
        if request.is_page_request() {
            let page = page_address::of(self, &request.target);
            return AuthResponse::redirect(&self.sign_in_location(step_up, page.as_deref()));
        }
        let referring_page = step_up.and_then(|_| request.referring_page(&self.config().base_url));
        AuthResponse::see_other(&self.sign_in_location(step_up, referring_page))
    }

    /// The sign-in route, with what is asked of the user and where they go then.
    fn sign_in_location(&self, step_up: Option<&Authentication>, return_to: Option<&str>) -> Redirect {
        let max_age = step_up.and_then(|step_up| step_up.max_age).map(|seconds| seconds.to_string());
        let acr_values = step_up.and_then(|step_up| step_up.acr_values.as_deref());
        let query = [("max_age", max_age.as_deref()), ("acr_values", acr_values), ("return_to", return_to)];
        let query = query.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let path = self.below_base(self.config().routes().sign_in_path());
        Redirect::to(self.config().application().path(&if query.is_empty() { path } else { format!("{path}?{query}") }))
    }

    /// The response that tells of an error: a page or JSON. It is opaque, except on a developer's own machine.
    fn error_page(&self, error: &Error, response_format: ResponseFormat) -> AuthResponse {
        if let Some(redirect) = self.leads_on(error).filter(|_| response_format == ResponseFormat::Html) {
            return AuthResponse::redirect(&redirect);
        }
        let config = self.config();
        let sign_in = self.sign_in_location(error.step_up(), error.return_to());
        let sign_out = config.application().path(&self.below_base(config.routes().sign_out_path()));
        let home = config.application().home();
        AuthResponse::error(
            error,
            response_format,
            &Links { home: &home, sign_in: sign_in.destination(), sign_out: &sign_out },
            config.is_local(),
        )
    }

    fn route(&self, path: &str) -> Option<Route> {
        // A proxy may have taken the prefix off, or not.
        self.without_base(path).and_then(|path| self.configured(path)).or_else(|| self.configured(path))
    }

    /// The route with this path below the base URL.
    fn configured(&self, path: &str) -> Option<Route> {
        let routes = self.config().routes();
        [
            (routes.sign_in_path(), Route::SignIn),
            (routes.sign_up_path(), Route::SignUp),
            (routes.callback_path(), Route::Callback),
            (routes.sign_out_path(), Route::SignOut),
            (routes.user_path(), Route::User),
            (routes.back_channel_logout_path(), Route::BackChannelLogout),
        ]
        .into_iter()
        .chain(routes.initiate_login_path().map(|path| (path, Route::InitiateLogin)))
        .find_map(|(known, route)| (path == known).then_some(route))
    }

    /// Whether a request to this path has a body to give to [`AuthRequest::body`]; give the path that [`handle_auth_routes`](Self::handle_auth_routes) gets.
    #[must_use]
    pub fn route_needs_body(&self, path: &str) -> bool {
        matches!(self.route(path), Some(Route::Callback | Route::BackChannelLogout | Route::InitiateLogin))
    }

    /// Whether a page of another site may post there.
    fn accepts_cross_site_post(&self, route: Route) -> bool {
        match route {
            Route::Callback => self.config().response_mode == ResponseMode::FormPost,
            Route::InitiateLogin => true,
            _ => false,
        }
    }

    fn without_base<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(self.config().path_prefix()).filter(|rest| rest.starts_with('/'))
    }

    fn below_base(&self, path: &str) -> String {
        format!("{}{path}", self.config().path_prefix())
    }

    /// The path of a route as the browser sees it, from that of a request to it.
    fn route_path(&self, path: &str) -> String {
        match self.without_base(path).and_then(|path| self.configured(path)) {
            Some(_) => path.to_owned(),
            None => self.below_base(path),
        }
    }

    /// The path as the browser sees it: below the prefix of the base URL.
    fn site_path(&self, path: &str) -> String {
        let prefix = self.config().path_prefix();
        let inside = path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
        if inside { path.to_owned() } else { self.below_base(path) }
    }

    async fn callback(&self, params: &str, session: &RequestSession) -> Result<Redirect> {
        match session.handle_sign_in(params).await {
            // The back button, or a double click: the user is signed in and the callback was used.
            Err(error)
                if (error.is(Code::SignInSessionNotFound) || error.is(Code::StateMismatched))
                    && session.is_authenticated().await? =>
            {
                tracing::debug!(target: "logto::sign_in", %error, "a used callback of a user who is signed in; going to the start page");
                Ok(Redirect::to(self.config().application().home()))
            }
            outcome => outcome,
        }
    }

    async fn sign_out_route(&self, request: &AuthRequest, session: &RequestSession) -> Result<AuthResponse> {
        if !request.is_same_origin(&self.config().base_url) {
            return Err(Error::new(Code::CrossSite, "the sign-out was not sent by a page of this site"));
        }
        Ok(AuthResponse::see_other(&session.sign_out(SignOutOptions::new()).await?))
    }
}

/// The response with what the session adds to its head.
fn with_session(response: AuthResponse, session: &SessionHeaders) -> AuthResponse {
    let replacements = session.replacements(|name| response.header_value(name).map(str::to_owned));
    let response =
        replacements.into_iter().fold(response, |response, (name, value)| response.replace_header(name, value));
    session.set_cookies().iter().fold(response, |response, cookie| response.header("set-cookie", cookie))
}

async fn user_route(session: &RequestSession) -> Result<AuthResponse> {
    Ok(AuthResponse::json(200, &session.user_json().await?))
}
