//! The same routes and pages for an application that can do without a client.

use http::Response;
use url::Url;

use super::{
    AuthRequest,
    serve::{around, page_in, with_body},
};
use crate::{
    client::{CurrentClient, LogtoClient, RequestSession},
    error::{Error, Result},
    response::{AuthResponse, ErrorPageRequest, Links},
    types::Application,
};

impl CurrentClient {
    /// Handles a request to one of the authentication routes: see [`LogtoClient::handle_auth_routes`](crate::LogtoClient::handle_auth_routes).
    /// Without a client each of the [`routes`](Self::routes) is refused with `sign_in.not_set_up`.
    pub async fn handle_auth_routes(&self, request: &AuthRequest) -> Option<AuthResponse> {
        match self.get() {
            Some(logto) => logto.handle_auth_routes(request).await,
            None => self.refused(request, |path| request.path() == path),
        }
    }

    /// Handles a request like [`handle_auth_routes`](Self::handle_auth_routes), if a router has matched one of the
    /// [`route_paths`](Self::route_paths). If it is one below a prefix that `base_url` lacks, the answer is `integration.nested`; `mount` is how the
    /// routes are mounted instead. `None` where the router takes another spelling of a path for the path: with `%2D` for a `-`, or with two slashes.
    pub async fn handle_mounted_routes(&self, request: &AuthRequest, mount: &str) -> Option<AuthResponse> {
        if let Some(response) = self.handle_auth_routes(request).await {
            return Some(response);
        }
        let prefixes = self.routes().paths().into_iter().filter_map(|route| request.path().strip_suffix(route));
        let prefix = prefixes.min_by_key(|prefix| prefix.len())?;
        if prefix.is_empty() || prefix.ends_with('/') || prefix.contains("//") || prefix.contains('%') {
            return None;
        }
        match self.get() {
            Some(logto) => Some(logto.error_response(request, &Error::integration_nested(prefix, mount))),
            // Nobody knows the path of `base_url`: the prefix may be right.
            None => self.refused(request, |path| request.path().ends_with(path)),
        }
    }

    /// The routes without a client.
    fn refused(&self, request: &AuthRequest, is_asked: impl Fn(&str) -> bool) -> Option<AuthResponse> {
        let error = Error::not_set_up();
        if is_asked(self.routes().back_channel_logout_path()) {
            return Some(AuthResponse::back_channel_logout(Some(&error)));
        }
        self.routes().paths().into_iter().any(is_asked).then(|| error_without_client(request, &error))
    }

    /// Handles a request: see [`LogtoClient::handle_request`](crate::LogtoClient::handle_request).
    ///
    /// ```
    /// use http::{Response, request::Parts};
    /// use logto::integrate::{AuthRequest, CurrentClient};
    ///
    /// async fn answer(logto: &CurrentClient, parts: Parts) -> Response<String> {
    ///     let request = AuthRequest::from_parts(&parts, &parts.uri);
    ///     logto.handle_request(&request, |session| async move {
    ///         Ok(Response::new(match session.user().await? {
    ///             Some(user) => format!("hello, {}", user.sub()),
    ///             None => "hello, whoever you are".into(),
    ///         }))
    ///     })
    ///     .await
    /// }
    /// ```
    pub async fn handle_request<B, P>(
        &self,
        request: &AuthRequest,
        page: impl FnOnce(RequestSession) -> P,
    ) -> Response<B>
    where
        B: From<String>,
        P: Future<Output = Result<Response<B>>>,
    {
        self.handle_request_with(request, B::from, page).await
    }

    /// Handles a request: see [`LogtoClient::handle_request_with`](crate::LogtoClient::handle_request_with).
    pub async fn handle_request_with<B, P>(
        &self,
        request: &AuthRequest,
        body: impl FnOnce(String) -> B,
        page: impl FnOnce(RequestSession) -> P,
    ) -> Response<B>
    where
        P: Future<Output = Result<Response<B>>>,
    {
        if let Some(logto) = self.get() {
            return logto.handle_request_with(request, body, page).await;
        }
        if let Some(response) = self.handle_auth_routes(request).await {
            return with_body(response, body);
        }
        page_in(&request.enter(None::<&LogtoClient>), request, body, page).await
    }

    /// Runs a middleware: see [`LogtoClient::with_session`](crate::LogtoClient::with_session).
    pub async fn with_session<B, M>(
        &self,
        request: AuthRequest,
        middleware: impl FnOnce(AuthRequest, RequestSession) -> M,
    ) -> Response<B>
    where
        B: From<String>,
        M: Future<Output = Response<B>>,
    {
        self.with_session_with(request, B::from, middleware).await
    }

    /// Runs a middleware: see [`LogtoClient::with_session_with`](crate::LogtoClient::with_session_with).
    pub async fn with_session_with<B, M>(
        &self,
        request: AuthRequest,
        body: impl FnOnce(String) -> B,
        middleware: impl FnOnce(AuthRequest, RequestSession) -> M,
    ) -> Response<B>
    where
        M: Future<Output = Response<B>>,
    {
        let session = request.enter(self.get().as_ref());
        around(session, request, body, middleware).await
    }
}

impl RequestSession {
    /// Creates the response to an error: see [`LogtoClient::error_response`](crate::LogtoClient::error_response), with the client that the request
    /// started with. Without a client there is no redirect to sign-in. For integrations.
    pub fn error_response(&self, request: &AuthRequest, error: &Error) -> AuthResponse {
        match self.client() {
            Some(logto) => logto.error_response(request, error),
            None => error_without_client(request, error),
        }
    }

    /// Creates the redirect to sign-in: see [`LogtoClient::sign_in_redirect`](crate::LogtoClient::sign_in_redirect). Without a client it is
    /// `sign_in.not_set_up`. For integrations.
    pub fn sign_in_redirect(&self, request: &AuthRequest) -> AuthResponse {
        match self.client() {
            Some(logto) => logto.sign_in_redirect(request),
            None => error_without_client(request, &Error::not_set_up()),
        }
    }
}

fn error_without_client(request: &AuthRequest, error: &Error) -> AuthResponse {
    // No address of the application is known but that it has a start page; the page links to paths alone.
    let Ok(base_url) = Url::parse("http://localhost/") else { return error.into() };
    let application = Application { base_url: &base_url, allowed: &[] };
    let home = application.path("/");
    let links = Links { home: &home, sign_in: &home, sign_out: &home };
    let asked = ErrorPageRequest { format: request.response_format(), path: request.path(), links, application };
    AuthResponse::error(error, &asked, None, false)
}
