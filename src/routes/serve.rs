//! A whole request around a handler: what the integrations do for their frameworks, for all others.

use std::{convert::Infallible, result::Result};

use http::{HeaderMap, Response, header};

use crate::{
    client::{LogtoClient, RequestSession, SessionHeaders},
    error::Error,
    response::AuthResponse,
    routes::AuthRequest,
};

impl LogtoClient {
    /// Handles a request: an authentication route as [`handle_auth_routes`](Self::handle_auth_routes) does, any other with `page`, which gets the
    /// request's session. For frameworks on `http` 1 without an integration: one call covers sign-in, sign-out and every page.
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
        P: Future<Output = Result<Response<B>, Error>>,
    {
        self.handle_request_with(request, B::from, page).await
    }

    /// Handles a request like [`handle_request`](Self::handle_request), for a body type that is not `From<String>`: `body` converts the text of the
    /// crate's pages.
    ///
    /// ```
    /// use std::convert::Infallible;
    ///
    /// use http::{Response, request::Parts};
    /// use http_body_util::{BodyExt, combinators::BoxBody};
    /// use hyper::body::Bytes;
    /// use logto::{LogtoClient, integrate::AuthRequest};
    ///
    /// async fn answer(logto: &LogtoClient, parts: Parts) -> Response<BoxBody<Bytes, Infallible>> {
    ///     let request = AuthRequest::from_parts(&parts, &parts.uri);
    ///     logto.handle_request_with(&request, BodyExt::boxed, |session| async move {
    ///         Ok(Response::new(session.require_user().await?.sub().to_owned().boxed()))
    ///     })
    ///     .await
    /// }
    /// ```
    pub async fn handle_request_with<B, P>(
        &self,
        request: &AuthRequest,
        body: impl FnOnce(String) -> B,
        page: impl FnOnce(RequestSession) -> P,
    ) -> Response<B>
    where
        P: Future<Output = Result<Response<B>, Error>>,
    {
        if let Some(response) = self.handle_auth_routes(request).await {
            return with_body(response, body);
        }
        page_in(&request.enter(self), request, body, page).await
    }

    /// Creates the request's session and runs a middleware around [`handle_request`](Self::handle_request). The middleware may read the session
    /// before and after, also for the authentication routes. The session's cookies are appended to its response.
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
        self.with_session_with(request, B::from, middleware).await
    }

    /// Runs a middleware like [`with_session`](Self::with_session), for a body type that is not `From<String>`: `body` converts the text of the
    /// crate's pages.
    pub async fn with_session_with<B, M>(
        &self,
        request: AuthRequest,
        body: impl FnOnce(String) -> B,
        middleware: impl FnOnce(AuthRequest, RequestSession) -> M,
    ) -> Response<B>
    where
        M: Future<Output = Response<B>>,
    {
        around(request.enter(self), request, body, middleware).await
    }
}

/// The answer to a request that is for none of the authentication routes.
pub(super) async fn page_in<B, P>(
    session: &RequestSession,
    request: &AuthRequest,
    body: impl FnOnce(String) -> B,
    page: impl FnOnce(RequestSession) -> P,
) -> Response<B>
where
    P: Future<Output = Result<Response<B>, Error>>,
{
    match page(session.clone()).await {
        Ok(response) => infallible(session.finish_response(request, Ok(response), body).await),
        Err(error) => {
            // The page is text until it is known that the session can be written.
            let response = Response::<String>::from(session.error_response(request, &error));
            let response = infallible(session.finish_response(request, Ok(response), |page| page).await);
            response.map(body)
        }
    }
}

/// What a middleware answers that shares the session with what is inside of it.
pub(super) async fn around<B, M>(
    session: RequestSession,
    request: AuthRequest,
    body: impl FnOnce(String) -> B,
    middleware: impl FnOnce(AuthRequest, RequestSession) -> M,
) -> Response<B>
where
    M: Future<Output = Response<B>>,
{
    let request = request.session(Some(session.clone()));
    let response = middleware(request.clone(), session.clone()).await;
    infallible(session.finish_response(&request, Ok(response), body).await)
}

impl RequestSession {
    /// Finishes the session and appends its cookies to the response of the inner service. For integrations.
    ///
    /// A response with an [`Error`] of ours among its extensions is replaced by [`error_response`](Self::error_response), but for the headers that
    /// other layers added to it, such as those of CORS. `body` makes a body of the text of our own pages.
    ///
    /// # Errors
    /// That of `outcome`. There is no response to append cookies to then: what a store holds is kept, and a changed cookie is lost with a warning.
    pub async fn finish_response<B, E>(
        &self,
        request: &AuthRequest,
        outcome: Result<Response<B>, E>,
        body: impl FnOnce(String) -> B,
    ) -> Result<Response<B>, E> {
        let headers = self.commit().await;
        let mut response = match outcome {
            Ok(response) => response,
            Err(error) => {
                lost(headers);
                return Err(error);
            }
        };
        let failure = response.extensions_mut().remove::<Error>();
        match (headers, failure) {
            (Ok(headers), failure) => {
                if let Some(error) = failure {
                    response = replaced(response.headers(), self.error_response(request, &error), body);
                }
                headers.append_to(response.headers_mut());
            }
            (Err(error), _) => response = replaced(response.headers(), self.error_response(request, &error), body),
        }
        Ok(response)
    }
}

/// Another response in the place of a handler's. What other layers added to that stays: without the headers of CORS no script could read why it
/// was refused.
fn replaced<B>(headers: &HeaderMap, answer: AuthResponse, body: impl FnOnce(String) -> B) -> Response<B> {
    let mut response = with_body(answer, body);
    let own: Vec<_> = response.headers().keys().filter(|name| *name != header::SET_COOKIE).cloned().collect();
    let kept = headers
        .iter()
        .filter(|(name, _)| !AuthResponse::HEADERS_OF_THE_BODY.contains(&name.as_str()) && !own.contains(name));
    for (name, value) in kept {
        response.headers_mut().append(name, value.clone());
    }
    response
}

/// No response is there to carry the cookies.
fn lost(headers: Result<SessionHeaders, Error>) {
    match headers {
        Ok(headers) if headers.set_cookies().is_empty() => {}
        Ok(_) => tracing::warn!(
            target: "logto::session",
            "the session changed, and the service inside of the layer failed without a response to carry its cookie; turn its errors into responses inside of the layer"
        ),
        Err(error) => tracing::error!(
            target: "logto::session",
            code = error.code().as_str(), %error, hint = error.hint(),
            "the session could not be written, after the service inside of the layer failed"
        ),
    }
}

pub(super) fn with_body<B>(response: AuthResponse, body: impl FnOnce(String) -> B) -> Response<B> {
    Response::<String>::from(response).map(body)
}

fn infallible<T>(result: Result<T, Infallible>) -> T {
    let Ok(value) = result;
    value
}
