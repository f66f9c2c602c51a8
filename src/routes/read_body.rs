//! Reading the body of a request to one of the routes, within bounds of size and time.

use std::time::Duration;

use super::AuthRequest;
use crate::client::LogtoClient;

/// A form of Logto's comes in a packet or two. A client that sends one byte a minute does not hold a task without limit.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

impl AuthRequest {
    /// Bytes of a body that are worth reading: a longer one counts as empty.
    pub const MAX_BODY_BYTES: usize = 64 * 1024;

    /// Returns the [`body`](Self::body) as it comes from the network, where [`LogtoClient::route_needs_body`] says that it is read: what `read` gives
    /// within 10 seconds. Have it fail after [`MAX_BODY_BYTES`](Self::MAX_BODY_BYTES) bytes. A body that cannot be read, is late or is not UTF-8
    /// counts as empty.
    ///
    /// ```
    /// use http_body_util::{BodyExt, Collected, Limited};
    /// use logto::{LogtoClient, integrate::AuthRequest};
    ///
    /// async fn with_body(logto: &LogtoClient, request: http::Request<hyper::body::Incoming>) -> AuthRequest {
    ///     let (parts, body) = request.into_parts();
    ///     let read = Limited::new(body, AuthRequest::MAX_BODY_BYTES).collect();
    ///     AuthRequest::from_parts(&parts, &parts.uri).read_body(logto, async { read.await.map(Collected::to_bytes) }).await
    /// }
    /// ```
    #[must_use]
    pub async fn read_body<'c, B, E>(
        self,
        logto: impl Into<Option<&'c LogtoClient>>,
        read: impl Future<Output = Result<B, E>>,
    ) -> Self
    where
        B: Into<Vec<u8>>,
    {
        if !logto.into().is_some_and(|logto| logto.route_needs_body(self.path())) {
            return self;
        }
        let bytes = tokio::time::timeout(READ_TIMEOUT, read).await.ok().and_then(Result::ok);
        self.body(bytes.and_then(|bytes| String::from_utf8(bytes.into()).ok()).unwrap_or_default())
    }
}
