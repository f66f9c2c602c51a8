//! The session, its user and the cookies as extractors.

use std::{convert::Infallible, future, pin::Pin};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};

use super::request::joined;
use crate::{
    client::{LogtoContext, RequestSession, SignedIn},
    error::Error,
    session::HeaderCookies,
    types::ContextOptions,
};

impl FromRequest for RequestSession {
    type Error = Error;
    type Future = future::Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        future::ready(request.extensions().get::<Self>().cloned().ok_or_else(middleware_missing))
    }
}

fn middleware_missing() -> Error {
    let error = Error::integration_missing(".wrap(logto::actix_web::middleware(logto.clone()))");
    // actix-web makes `None` of it for a handler with an `Option`, and nothing of ours sees the response.
    tracing::error!(target: "logto", code = error.code().as_str(), hint = error.hint(), "{error}");
    error.logged()
}

/// What comes of a request's session.
pub(super) type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// Asks the request's session, and remembers a failure for the middleware.
pub(super) fn extracted<T>(
    request: &HttpRequest,
    ask: impl AsyncFnOnce(RequestSession) -> Result<T, Error> + 'static,
) -> Extracted<T> {
    let request = request.clone();
    Box::pin(async move {
        let session = RequestSession::extract(&request).await?;
        ask(session).await.inspect_err(|error| remember(&request, error))
    })
}

impl FromRequest for LogtoContext {
    type Error = Error;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extracted(request, async |session| session.get_context(ContextOptions::new()).await)
    }
}

/// The middleware answers the error, unless the handler takes a `Result` and answers it: a browser is redirected to sign-in, an API client gets 401.
impl FromRequest for SignedIn {
    type Error = Error;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extracted(request, async |session| session.require_user().await)
    }
}

/// The cookies that the browser sent, for the operations of [`LogtoClient`](crate::LogtoClient) by hand. It needs no middleware; append each of
/// [`set_cookie_headers`](HeaderCookies::set_cookie_headers) to the response.
impl FromRequest for HeaderCookies {
    type Error = Infallible;
    type Future = future::Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        future::ready(Ok(Self::parse(joined(request.headers(), "cookie", "; ").unwrap_or_default())))
    }
}

/// For the middleware: actix-web makes `None` of the error where the handler takes an `Option` of the extractor. That is right for a user who
/// would have to sign in, and wrong for a session that could not be read: the middleware answers with the failure then.
fn remember(request: &HttpRequest, error: &Error) {
    if !error.means_nobody() {
        request.extensions_mut().insert(error.clone());
    }
}
