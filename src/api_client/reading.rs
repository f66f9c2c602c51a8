//! Whether a response is read at once or as it comes.

use std::future::Future;

use http::{Request, Response};

use crate::{
    error::Result,
    http::{BodyStream, Repeat, Transport},
    telemetry::Endpoint,
};

/// A way to read a response.
pub(super) trait Reading {
    type Body: Send;

    /// Sends a request and reads the response.
    fn exchange(
        transport: &Transport,
        request: Request<Vec<u8>>,
        repeat: Repeat,
    ) -> impl Future<Output = Result<Response<Self::Body>>> + Send;
}

/// At once.
pub(super) struct Whole;

impl Reading for Whole {
    type Body = Vec<u8>;

    async fn exchange(transport: &Transport, request: Request<Vec<u8>>, repeat: Repeat) -> Result<Response<Vec<u8>>> {
        transport.exchange(Endpoint::Api, request, repeat).await
    }
}

/// As it comes.
pub(super) struct Streamed;

impl Reading for Streamed {
    type Body = BodyStream;

    async fn exchange(
        transport: &Transport,
        request: Request<Vec<u8>>,
        repeat: Repeat,
    ) -> Result<Response<BodyStream>> {
        transport.stream(Endpoint::Api, request, repeat).await
    }
}
