//! A whole request around a handler: what the integrations do for their frameworks, for all others.

use http::Response;

use crate::{
    client::{LogtoClient, RequestSession},
    error::Result,
    response::AuthResponse,
    routes::AuthRequest,
};

impl LogtoClient {
    /// Answers a request: an authentication route by itself (see [`handle_auth_routes`](Self::handle_auth_routes)), any other with what `page` makes of the
    /// request's session. For the frameworks on `http` 1 that have no integration; one call is sign-in, sign-out and every page.
    ///
    /// ```
    /// use http::{Response, request::Parts};
    /// use logto::{ContextOptions, LogtoClient, integrate::AuthRequest};
    ///
    /// async fn answer(logto: &LogtoClient, parts: Parts) -> Response<String> {
    ///     let request = AuthRequest::from_parts(&parts, &parts.uri);
    ///     logto.handle_request(&request, |session| async move {
    ///         Ok(Response::new(match parts.uri.path() {
    ///             // For users alone: a browser without a session goes to sign in and comes back, a program gets 401.
    ///             "/me" => session.require_user().await?.claims().sub.clone(),
    ///             _ => format!("{:?}", session.get_context(ContextOptions::new()).await?.claims()),
    ///         }))
    ///     })
    ///     .await
    /// }
    /// ```
    ///
    /// The session's cookies are appended to the response. An error of `page` becomes a page or JSON, and "nobody is signed in" the way to
    /// sign in; [`RequestSession::require_recent_auth`] leads to a fresh login and back. A back-channel logout needs the request's [`body`](AuthRequest::body).
    pub async fn handle_request<B, P>(
        &self,
        request: &AuthRequest,
        page: impl FnOnce(RequestSession) -> P,
    ) -> Response<B>
    where
        B: From<String>,
        P: Future<Output = Result<Response<B>>>,
    {
        if let Some(response) = self.handle_auth_routes(request).await {
            return with_body(response);
        }
        let session = request.enter(self);
        let response = match page(session.clone()).await {
            Ok(response) => response,
            Err(error) => with_body(self.error_response(request, &error)),
        };
        self.finish(request, &session, response).await
    }

    /// Gives the request its session and runs a middleware that is around [`handle_request`](Self::handle_request): it may read the session before and after,
    /// of the authentication routes, too. The session's cookies are appended to what it answers.
    ///
    /// ```
    /// use http::{Response, request::Parts};
    /// use logto::{LogtoClient, integrate::AuthRequest};
    ///
    /// async fn answer(logto: &LogtoClient, parts: Parts) -> Response<String> {
    ///     let request = AuthRequest::from_parts(&parts, &parts.uri);
    ///     logto.with_session(request, |request, session| async move {
    ///         let response = logto.handle_request(&request, |_| async { Ok(Response::new("a page".into())) }).await;
    ///         // After `/logto/sign-out` nobody is.
    ///         tracing::info!(signed_in = ?session.is_authenticated().await);
    ///         response
    ///     })
    ///     .await
    /// }
    /// ```
    pub async fn with_session<B, M>(
        &self,
        request: AuthRequest,
        middleware: impl FnOnce(AuthRequest, RequestSession) -> M,
    ) -> Response<B>
    where
        B: From<String>,
        M: Future<Output = Response<B>>,
    {
        let session = request.enter(self);
        let request = request.session(Some(session.clone()));
        let response = middleware(request.clone(), session.clone()).await;
        self.finish(&request, &session, response).await
    }

    /// After the page: it may have renewed a token, or signed the user out.
    async fn finish<B: From<String>>(
        &self,
        request: &AuthRequest,
        session: &RequestSession,
        mut response: Response<B>,
    ) -> Response<B> {
        match session.commit().await {
            Ok(headers) => headers.append_to(response.headers_mut()),
            Err(error) => response = with_body(self.error_response(request, &error)),
        }
        response
    }
}

fn with_body<B: From<String>>(response: AuthResponse) -> Response<B> {
    Response::<String>::from(response).map(B::from)
}
