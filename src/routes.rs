//! The authentication routes, for any framework: a request as strings in, a [`AuthResponse`] out.

mod back_channel;
mod form_post;
mod initiation;
mod one_time_token;
mod page_address;
mod read_body;
mod request;
mod serve;
mod sign_in;

use url::form_urlencoded;

pub use self::request::AuthRequest;

use crate::{
    client::{LogtoClient, RequestSession, SessionHeaders},
    error::{Authentication, Code, Error, Result},
    response::{AuthResponse, Links, ResponseFormat},
    types::{FirstScreen, Redirect, ResponseMode, SignOutOptions},
};

const FORM_MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

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
        let session = request.enter(self);
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
