//! The authentication routes, for any framework: they take a request as strings and return an [`AuthResponse`].

mod accept;
mod asked_by;
mod back_channel;
mod current;
mod errors;
mod form_post;
mod initiation;
mod one_time_token;
mod page_address;
mod read_body;
mod reader;
mod request;
mod serve;
mod sign_in;
mod sign_out;
mod strict;

use std::borrow::Cow;

pub use self::request::AuthRequest;

use crate::{
    client::{LogtoClient, RequestSession, SessionHeaders},
    error::{Code, Error, Result, excerpt},
    response::AuthResponse,
    types::{FirstScreen, Redirect, ResponseMode},
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
    /// Handles a request to one of the authentication routes ([`Routes`](crate::Routes)); `None` for any other path.
    ///
    /// - `GET /logto/sign-in`, `/logto/sign-up`: to Logto. Query: `return_to`, `direct_sign_in`, `first_screen`, `login_hint`,
    ///   `organization_id`, `one_time_token` (from another site: a page that asks first), `ui_locales`, `silent=true` ([no page](crate::SignInOptions::silent)).
    /// - `GET /callback`: ends the sign-in and leads to the page the user wanted. With
    ///   [`ResponseMode::FormPost`](crate::ResponseMode::FormPost) by POST, too; it needs the request's [`body`](AuthRequest::body).
    /// - `POST /logto/sign-out`, from this site alone: ends the session, here and at Logto. Query or form: `return_to`, which must be registered
    ///   with Logto as a post sign-out redirect URI.
    /// - `GET /logto/user`: `isAuthenticated`, and the `claims` as they are in the ID token, or those of
    ///   [`user_route_claims`](crate::LogtoConfigBuilder::user_route_claims), as JSON.
    /// - `POST /logto/back-channel-logout`, from Logto: see [`back_channel_logout`](Self::back_channel_logout). It needs the request's
    ///   [`body`](AuthRequest::body).
    /// - `GET` and `POST` of [`Routes::initiate_login`](crate::Routes::initiate_login), if it is on: to Logto, for another site. Parameters:
    ///   `iss`, `login_hint`, `target_link_uri`.
    ///
    /// A sign-in begins where a browser goes to a page or a script of this site asks; images, scripts and frames of other sites begin none.
    ///
    /// Failures are responses, too: a page for people, JSON for programs, details in the log. A script cannot follow a redirect to Logto, so for
    /// `fetch` the sign-in and the sign-out answer with the address as JSON (`location`), and for htmx with `HX-Redirect`.
    pub async fn handle_auth_routes(&self, request: &AuthRequest) -> Option<AuthResponse> {
        self.mounting().serves();
        self.of_request(request).handle_here(request).await
    }

    /// The client of the host that the request came to.
    fn of_request(&self, request: &AuthRequest) -> Cow<'_, Self> {
        self.at_host_of(|name| request.header(name))
    }

    /// The same at the host that this client is for.
    async fn handle_here(&self, request: &AuthRequest) -> Option<AuthResponse> {
        let route = self.route(request.path())?;
        if let Route::BackChannelLogout = route {
            return Some(back_channel::handle(self, request).await);
        }
        let session = request.enter(self);
        let response = match (request.method.as_str(), route) {
            ("POST", Route::SignOut) => sign_out::end(self, request, &session).await,
            (_, Route::SignOut) => {
                Err(Error::new(Code::MethodNotAllowed, format!("{} does not sign out, POST does", excerpt(&request.method))))
            }
            // HEAD looks, and must not change anything.
            ("HEAD", _) => Ok(AuthResponse::empty()),
            ("GET", _) if request.is_prefetch() => Ok(AuthResponse::empty()),
            ("GET", Route::SignIn) => {
                self.mounting().reached();
                sign_in::begin(self, request, &session, None).await
            }
            ("GET", Route::SignUp) => sign_in::begin(self, request, &session, Some(FirstScreen::Register)).await,
            ("GET", Route::Callback) if strict::lacks_cookies(self, request) => Ok(strict::ask_again(self, request)),
            ("GET", Route::Callback) => {
                self.callback(&request.target, &session).await.map(|redirect| AuthResponse::redirect(&redirect))
            }
            ("POST", Route::Callback) if self.accepts_cross_site_post(route) => {
                form_post::handle(self, request, &session).await
            }
            ("GET", Route::InitiateLogin) => initiation::begin(self, request, &session).await,
            ("POST", Route::InitiateLogin) => initiation::redirect_to_get(self, request),
            ("GET", Route::User) => user_route(self, &session).await,
            _ => Ok(AuthResponse::document(405, &serde_json::json!({ "code": "routes.method_not_allowed", "message": "The method is not that of the route." }))
                .header("allow", if self.accepts_cross_site_post(route) { "GET, HEAD, POST" } else { "GET, HEAD" })),
        };
        let response = response.unwrap_or_else(|error| {
            let error = match route {
                Route::SignIn | Route::SignUp | Route::InitiateLogin => self.tell_refused_request(error),
                _ => error,
            };
            let response = self.error_page(request, &error);
            if error.is(Code::MethodNotAllowed) { response.header("allow", "POST") } else { response }
        });
        // After a failure, too: it may have used up a sign-in.
        Some(match session.commit().await {
            Ok(headers) => with_session(response, &headers),
            Err(error) => self.error_page(request, &error),
        })
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

    /// Returns whether a request to this path has a body to give to [`AuthRequest::body`]; give the path that
    /// [`handle_auth_routes`](Self::handle_auth_routes) gets.
    #[must_use]
    pub fn route_needs_body(&self, path: &str) -> bool {
        let needs_body = |route| {
            matches!(route, Some(Route::Callback | Route::SignOut | Route::BackChannelLogout | Route::InitiateLogin))
        };
        let below_pattern = || {
            let prefixes = self.config().base_urls.pattern_prefixes();
            prefixes.filter_map(|prefix| path.strip_prefix(prefix)).any(|path| needs_body(self.configured(path)))
        };
        self.at_all_hosts().any(|logto| needs_body(logto.route(path))) || below_pattern()
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
        self.config().application().below_prefix(path).into_owned()
    }

    async fn callback(&self, params: &str, session: &RequestSession) -> Result<Redirect> {
        match session.handle_sign_in(params).await {
            // The back button, or a double click: the user is signed in and the callback was used.
            Err(error)
                if (error.is(Code::SignInSessionNotFound) || error.is(Code::StateMismatched))
                    && session.is_authenticated().await? =>
            {
                error.set_seen();
                tracing::debug!(target: "logto::sign_in", %error, "a used callback of a user who is signed in; going to the start page");
                Ok(Redirect::to(self.config().landing()))
            }
            outcome => outcome,
        }
    }
}

/// The response with what the session adds to its head.
fn with_session(response: AuthResponse, session: &SessionHeaders) -> AuthResponse {
    let replacements = session.replacements(|name| response.header_value(name).map(str::to_owned));
    let response =
        replacements.into_iter().fold(response, |response, (name, value)| response.replace_header(name, value));
    session.set_cookies().iter().fold(response, |response, cookie| response.header("set-cookie", cookie))
}

async fn user_route(logto: &LogtoClient, session: &RequestSession) -> Result<AuthResponse> {
    let user = session.user_json().await?;
    Ok(AuthResponse::document(200, &user.with_claims_of(logto.config().user_route_claims())))
}
