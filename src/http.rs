//! The only network code: one trait, one wrapper that limits time and size, one implementation.

#[cfg(feature = "reqwest")]
mod default_client;
mod encoding;
mod failure;
mod freshness;
mod pause;
mod repeat;
mod retry_after;
mod single_flight;
mod stream;
#[cfg(feature = "reqwest")]
mod tls;
#[cfg(feature = "reqwest")]
mod without_trust;

use std::{fmt, sync::Arc, time::Duration};

use ::http::{Method, Request, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use url::Url;

pub use self::{
    failure::BodyTooLarge,
    stream::{BodyChunks, BodyStream},
};
pub(crate) use self::{
    freshness::Fetched,
    pause::{Pause, PauseName, Pauses},
    repeat::Repeat,
    single_flight::{Permit, SingleFlight, request_aborted, run_in_task},
};
use crate::{
    clock::moment,
    error::{BoxError, Code, Error, OAuthError, Result, excerpt, is_transient_status},
    telemetry::{Endpoint, WatchedRequest, sent_once_more},
    types::BoxFuture,
};

pub(crate) use self::retry_after::{retry_after, retry_after_at};
use self::{failure::NotSent, freshness::lifetime, repeat::has_no_connection};
#[cfg(feature = "reqwest")]
use self::{failure::RedirectFollowed, stream::ReqwestBody};

/// No answer of Logto is near this size: a key set has some hundred bytes, a token response of a user in 400 organizations 40 kB.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Sends one HTTP request: the only interface through which the crate sends requests to Logto, and an [`ApiClient`](crate::api_client::ApiClient) its
/// API.
///
/// Implemented for `reqwest::Client` (feature `reqwest`). Implement it to bring another client, a proxy or a recorder.
///
/// An implementation must not follow redirects (a redirect to an internal address would otherwise be fetched from inside your network),
/// must stop reading a body after `max_body_bytes` bytes, and need not set a timeout: the crate does.
pub trait HttpClient: Send + Sync + 'static {
    /// Sends `request` and reads the whole response.
    ///
    /// # Errors
    /// Any failure to get a response. A response with an error status is not an error.
    fn send(
        &self,
        request: Request<Vec<u8>>,
        max_body_bytes: usize,
    ) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>>;

    /// Sends `request` once more after its connection broke, on a connection that has carried no other if the client can see to that.
    /// By default as [`send`](Self::send) does.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    fn send_on_new_connection(
        &self,
        request: Request<Vec<u8>>,
        max_body_bytes: usize,
    ) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        self.send(request, max_body_bytes)
    }

    /// Sends `request` and gives the response when its head is there. The body is read as it comes, however large it is and however long it
    /// takes. For [`ApiClient::send_streamed`](crate::api_client::ApiClient::send_streamed). By default an error, as not every client can do so.
    ///
    /// # Errors
    /// Any failure to get the head of a response.
    fn send_streamed(
        &self,
        request: Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Response<Box<dyn BodyChunks>>, BoxError>> {
        drop(request);
        let error = Error::new(Code::HttpClient, "the HTTP client cannot give a response as a stream")
            .with_hint("Implement `HttpClient::send_streamed` for it, or give a `reqwest::Client` or none.");
        Box::pin(async { Err(error.into()) })
    }
}

impl<C: HttpClient + ?Sized> HttpClient for Arc<C> {
    fn send(
        &self,
        request: Request<Vec<u8>>,
        max_body_bytes: usize,
    ) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        (**self).send(request, max_body_bytes)
    }

    fn send_on_new_connection(
        &self,
        request: Request<Vec<u8>>,
        max_body_bytes: usize,
    ) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        (**self).send_on_new_connection(request, max_body_bytes)
    }

    fn send_streamed(
        &self,
        request: Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Response<Box<dyn BodyChunks>>, BoxError>> {
        (**self).send_streamed(request)
    }
}

/// An [`HttpClient`] with a limit on time and on size.
#[derive(Clone)]
pub(crate) struct Transport {
    client: Arc<dyn HttpClient>,
    timeout: Duration,
    max_body_bytes: usize,
    /// For the log.
    server: &'static str,
    /// Whether answers are read here, and so must not be encoded.
    reads_answers: bool,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Transport {
    pub(crate) fn new(client: Arc<dyn HttpClient>, timeout: Duration) -> Self {
        Self { client, timeout, max_body_bytes: MAX_BODY_BYTES, server: "Logto", reads_answers: true }
    }

    /// For an API, which is not Logto: bodies of up to `max_body_bytes` bytes are passed on, in any encoding.
    pub(crate) fn to_api(client: Arc<dyn HttpClient>, timeout: Duration, max_body_bytes: usize) -> Self {
        Self { client, timeout, max_body_bytes, server: "an API", reads_answers: false }
    }

    /// The same for bodies of up to `max_body_bytes` bytes.
    #[cfg(feature = "management")]
    pub(crate) fn up_to(&self, max_body_bytes: usize) -> Self {
        Self { max_body_bytes, ..self.clone() }
    }

    /// How long a request takes at most.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Sends `request`; every status but a redirect is an `Ok`.
    pub(crate) async fn send(
        &self,
        endpoint: Endpoint,
        request: Request<Vec<u8>>,
        repeat: Repeat,
    ) -> Result<Response<Vec<u8>>> {
        let what = line_of(&request);
        let response = self.exchange(endpoint, request, repeat).await?;
        if response.status().is_redirection() && response.status() != StatusCode::NOT_MODIFIED {
            return Err(Error::new(Code::Redirected, format!("{what} answered with a redirect"))
                .with_response(response.status().as_u16(), None));
        }
        Ok(response)
    }

    /// Sends `request`; every status is an `Ok`. For an endpoint whose redirect is an answer to be read.
    pub(crate) async fn exchange(
        &self,
        endpoint: Endpoint,
        request: Request<Vec<u8>>,
        repeat: Repeat,
    ) -> Result<Response<Vec<u8>>> {
        let (what, watched) = (line_of(&request), WatchedRequest::begin(endpoint, &request));
        // In a box, as who waits for a request carries no space for it.
        let sent = Box::pin(async {
            let response = self.in_time(&what, self.attempt(request, repeat)).await?;
            tracing::debug!(target: "logto::http", %what, status = response.status().as_u16(), "asked {}", self.server);
            if self.reads_answers {
                encoding::check(&response, &what)?;
            }
            Ok(response)
        });
        watched.run(sent).await
    }

    /// Sends `request` and gives the response when its head is there, which is within the timeout; every status is an `Ok`.
    pub(crate) async fn stream(
        &self,
        endpoint: Endpoint,
        request: Request<Vec<u8>>,
        repeat: Repeat,
    ) -> Result<Response<BodyStream>> {
        let (what, watched) = (line_of(&request), WatchedRequest::begin(endpoint, &request));
        let sent = Box::pin(async {
            let response = self.in_time(&what, self.attempt_stream(request, repeat)).await?;
            tracing::debug!(target: "logto::http", %what, status = response.status().as_u16(), "asked {}", self.server);
            Ok(response)
        });
        let response = watched.run(sent).await?;
        Ok(BodyStream::of(response, what))
    }

    async fn in_time<T>(&self, what: &str, work: impl Future<Output = Result<T, BoxError>>) -> Result<T> {
        tokio::time::timeout(self.timeout, work)
            .await
            .map_err(|_| Error::new(Code::Timeout, format!("{what} was not answered within {:?}", self.timeout)))?
            .map_err(|source| match source.downcast::<Error>() {
                // Our own client says what has to be done.
                Ok(error) => *error,
                Err(source) if source.is::<BodyTooLarge>() => {
                    let message = format!("{what} answered with more than {} bytes", self.max_body_bytes);
                    Error::new(Code::BodyTooLarge, message)
                }
                Err(source) => {
                    let error = Error::new(Code::Unreachable, format!("{what} failed"));
                    match source.downcast::<NotSent>() {
                        Ok(not_sent) => error.with_source(not_sent.0).unsent(),
                        Err(source) => error.with_source(source),
                    }
                }
            })
    }

    /// Sends the request, and once more where its connection broke and `repeat` allows it. One timeout is around both.
    async fn attempt(&self, request: Request<Vec<u8>>, repeat: Repeat) -> Result<Response<Vec<u8>>, BoxError> {
        let copy = (repeat != Repeat::Never).then(|| request.clone());
        let begun = moment();
        match (self.client.send(request, self.max_body_bytes).await, copy) {
            (Err(error), Some(copy)) if repeat.allows(&error, begun.elapsed()) => {
                sent_once_more();
                tracing::debug!(target: "logto::http", error = &*error, "the connection to {} broke; the request is sent once more", self.server);
                self.client.send_on_new_connection(copy, self.max_body_bytes).await
            }
            (Err(error), _) if has_no_connection(&error) => Err(NotSent(error).into()),
            (outcome, _) => outcome,
        }
    }

    /// The same, up to the head of the response.
    async fn attempt_stream(
        &self,
        request: Request<Vec<u8>>,
        repeat: Repeat,
    ) -> Result<Response<Box<dyn BodyChunks>>, BoxError> {
        let copy = (repeat != Repeat::Never).then(|| request.clone());
        let begun = moment();
        match (self.client.send_streamed(request).await, copy) {
            (Err(error), Some(copy)) if repeat.allows(&error, begun.elapsed()) => {
                sent_once_more();
                self.client.send_streamed(copy).await
            }
            (outcome, _) => outcome,
        }
    }

    /// Fetches a JSON document. Failures carry `code`, except those of the network.
    pub(crate) async fn get_json<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        url: &Url,
        code: Code,
    ) -> Result<Fetched<T>> {
        let request = request(Method::GET, url).header(header::ACCEPT, "application/json").body(Vec::new());
        let response = self.send(endpoint, valid(request)?, Repeat::Always).await?;
        if response.status() != StatusCode::OK {
            return Err(unexpected(&response, code, url));
        }
        Ok(Fetched { value: parse_json(&response, code, url)?, lifetime: lifetime(response.headers()) })
    }
}

/// A request to Logto: it names this crate, and asks for an answer that is not compressed.
pub(crate) fn request(method: Method, url: &Url) -> ::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(url.as_str())
        .header(header::USER_AGENT, concat!("logto-rust/", env!("CARGO_PKG_VERSION")))
        .header(header::ACCEPT_ENCODING, encoding::IDENTITY)
}

/// The request, or an error where a header or the address cannot be sent.
pub(crate) fn valid(request: ::http::Result<Request<Vec<u8>>>) -> Result<Request<Vec<u8>>> {
    request.map_err(|source| Error::new(Code::InvalidOption, "the request cannot be sent").with_source(source))
}

/// Parses the JSON body of a response.
pub(crate) fn parse_json<T: DeserializeOwned>(response: &Response<Vec<u8>>, code: Code, url: &Url) -> Result<T> {
    let parsed = match response.body().trim_ascii_start().first() {
        // serde would fill a struct from an array, and quotes a text that stands in its place: a bare token would end in the log.
        Some(b'[' | b'"') => Err(serde::de::Error::custom("expected a JSON object")),
        _ => serde_json::from_slice(response.body()),
    };
    parsed.map_err(|source: serde_json::Error| {
        let media =
            response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("no content type");
        Error::new(code, format!("{} answered with something that cannot be read ({})", path_of(url), excerpt(media)))
            .with_source(source)
            .with_response(response.status().as_u16(), None)
    })
}

/// The error for a response with another status than expected: keeps the OAuth error, the status and `Retry-After`.
pub(crate) fn unexpected(response: &Response<Vec<u8>>, code: Code, url: &Url) -> Error {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers());
    // A broken server's `invalid_grant` says nothing about the grant, and serde would fill the error from a list, too.
    let is_object = response.body().trim_ascii_start().first() == Some(&b'{');
    let oauth = serde_json::from_slice::<OAuthError>(response.body())
        .ok()
        .filter(|_| is_object)
        .filter(|oauth| !is_transient_status(status) && (!oauth.error.is_empty() || oauth.code.is_some()));
    match oauth {
        Some(oauth) => Error::new(code, format!("{} answered {status}: {oauth}", path_of(url))).with_oauth(oauth),
        None => Error::new(code, format!("{} answered {status}", path_of(url))),
    }
    .with_response(status, retry_after)
}

pub(crate) fn path_of(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

/// `GET https://…/path`. A query is left out: it may hold what no log should.
pub(crate) fn line_of(request: &Request<Vec<u8>>) -> String {
    let uri = request.uri().to_string();
    format!("{} {}", request.method(), uri.split('?').next().unwrap_or_default())
}

/// The client that is set, or else the default one.
pub(crate) fn given_or_default(client: Option<Arc<dyn HttpClient>>) -> Result<Arc<dyn HttpClient>> {
    client.map_or_else(default_client, Ok)
}

#[cfg(feature = "reqwest")]
fn default_client() -> Result<Arc<dyn HttpClient>> {
    Ok(Arc::new(default_client::DefaultClient::new()?))
}

#[cfg(not(feature = "reqwest"))]
fn default_client() -> Result<Arc<dyn HttpClient>> {
    Err(Error::new(Code::HttpClient, "no HTTP client is configured and the feature `reqwest` is off"))
}

#[cfg(feature = "reqwest")]
impl HttpClient for reqwest::Client {
    fn send(
        &self,
        request: Request<Vec<u8>>,
        max_body_bytes: usize,
    ) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        Box::pin(async move {
            let (head, mut answer) = begun(self, request).await?.into_parts();
            let mut response = Response::from_parts(head, Vec::new());
            while let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
                if response.body().len() + chunk.len() > max_body_bytes {
                    return Err(BodyTooLarge.into());
                }
                response.body_mut().extend_from_slice(&chunk);
            }
            Ok(response)
        })
    }

    fn send_streamed(
        &self,
        request: Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Response<Box<dyn BodyChunks>>, BoxError>> {
        Box::pin(async move {
            let response = begun(self, request).await?;
            Ok(response.map(|answer| -> Box<dyn BodyChunks> { Box::new(ReqwestBody(answer)) }))
        })
    }
}

/// The head of the response, and reqwest's response to read the body from.
#[cfg(feature = "reqwest")]
async fn begun(client: &reqwest::Client, request: Request<Vec<u8>>) -> Result<Response<reqwest::Response>, BoxError> {
    let asked = request.uri().to_string();
    // The caller names the address, without its query.
    let mut answer = client.execute(request.try_into()?).await.map_err(reqwest::Error::without_url)?;
    if answer.url().as_str() != asked {
        return Err(RedirectFollowed(answer.url().origin().ascii_serialization()).into());
    }
    let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
    let mut response = Response::new(answer);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}
