//! Bodies that are read as they come: server-sent events, and what is larger than the memory.

use std::{fmt, time::Duration};

use ::http::Response;

use crate::{
    error::{BoxError, Code, Error, Result},
    types::BoxFuture,
};

/// After so much silence nothing more is expected of a body. Servers of events send a comment every 15 to 30 seconds.
const DEFAULT_IDLE_LIMIT: Duration = Duration::from_secs(60);

/// The body of a response, as an [`HttpClient`](crate::integrate::HttpClient) reads it.
pub trait BodyChunks: Send + 'static {
    /// The next bytes, as many as there are; `None` at the end.
    ///
    /// # Errors
    /// Any failure to read on.
    fn next_chunk(&mut self) -> BoxFuture<'_, Result<Option<Vec<u8>>, BoxError>>;
}

/// The body of a response that is read as a stream. Returned by [`ApiClient::send_streamed`](crate::api_client::ApiClient::send_streamed). If it is
/// dropped before its end, the rest is discarded.
pub struct BodyStream {
    chunks: Box<dyn BodyChunks>,
    /// The request, for errors.
    what: String,
    idle_limit: Duration,
}

impl BodyStream {
    pub(super) fn of(response: Response<Box<dyn BodyChunks>>, what: String) -> Response<Self> {
        response.map(|chunks| Self { chunks, what, idle_limit: DEFAULT_IDLE_LIMIT })
    }

    /// Sets how long the server may send nothing. Default: 60 seconds.
    #[must_use]
    pub fn idle_limit(mut self, limit: Duration) -> Self {
        self.idle_limit = limit;
        self
    }

    /// Returns the next bytes, as many as there are; `None` at the end. The boundaries of chunks have no meaning.
    ///
    /// # Errors
    /// `network.timeout` where nothing came within [`idle_limit`](Self::idle_limit); `network.unreachable` where the connection broke before
    /// the end of the body.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>> {
        let Self { chunks, what, idle_limit } = self;
        match tokio::time::timeout(*idle_limit, chunks.next_chunk()).await {
            Ok(chunk) => chunk.map_err(|source| {
                Error::new(Code::Unreachable, format!("the body of {what} broke off"))
                    .with_source(source)
                    .with_hint("Ask the API again; a server of events goes on behind the header `Last-Event-ID`.")
            }),
            Err(_) => Err(Error::new(Code::Timeout, format!("the body of {what} was silent for {idle_limit:?}"))
                .with_hint("Raise `idle_limit` of the stream, or let the API send something more often.")),
        }
    }
}

impl fmt::Debug for BodyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyStream").field("idle_limit", &self.idle_limit).finish_non_exhaustive()
    }
}

#[cfg(feature = "reqwest")]
pub(super) struct ReqwestBody(pub(super) reqwest::Response);

#[cfg(feature = "reqwest")]
impl BodyChunks for ReqwestBody {
    fn next_chunk(&mut self) -> BoxFuture<'_, Result<Option<Vec<u8>>, BoxError>> {
        Box::pin(async move {
            let chunk = self.0.chunk().await.map_err(reqwest::Error::without_url)?;
            Ok(chunk.map(|bytes| bytes.to_vec()))
        })
    }
}
