//! The client of a machine without CA certificates, on which no https server can be trusted.

use ::http::{Request, Response};

use super::{BodyChunks, HttpClient, tls};
use crate::{
    error::{BoxError, Code, Error, Result},
    types::BoxFuture,
};

/// Reaches http alone, as a Logto on the same machine is. The first request to https fails.
pub(super) struct WithoutTrust {
    client: reqwest::Client,
    /// Why the client that was wanted could not be built.
    cause: String,
}

impl WithoutTrust {
    /// Fails as the client that was wanted did, where this one cannot be built either.
    pub(super) fn new(builder: reqwest::ClientBuilder, cause: reqwest::Error) -> Result<Self> {
        match tls::trusting_nobody(builder).build() {
            Ok(client) => Ok(Self { client, cause: chain(&cause) }),
            Err(_) => Err(Error::new(Code::HttpClient, "the HTTP client cannot be built").with_source(cause)),
        }
    }

    fn refusal(&self) -> BoxError {
        let message =
            format!("no https server can be trusted here, since the HTTP client could not be built: {}", self.cause);
        Error::new(Code::HttpClient, message).into()
    }
}

impl HttpClient for WithoutTrust {
    fn send(
        &self,
        request: Request<Vec<u8>>,
        max_body_bytes: usize,
    ) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        if request.uri().scheme_str() == Some("http") {
            return self.client.send(request, max_body_bytes);
        }
        let error = self.refusal();
        Box::pin(async { Err(error) })
    }

    fn send_streamed(
        &self,
        request: Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Response<Box<dyn BodyChunks>>, BoxError>> {
        if request.uri().scheme_str() == Some("http") {
            return self.client.send_streamed(request);
        }
        let error = self.refusal();
        Box::pin(async { Err(error) })
    }
}

fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
