//! Deliveries of webhooks.

use axum::{
    body::to_bytes,
    extract::{FromRequest, Request},
};

use crate::{
    error::Error,
    webhooks::{Event, Webhooks},
};

/// Of the [`Webhooks`] of the nearest [`Extension`](axum::Extension). It takes the body as it came, so it is the last argument of the handler.
impl<S: Send + Sync> FromRequest<S> for Event {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        let webhooks: Option<&Webhooks> = parts.extensions.get();
        let webhooks = webhooks.ok_or_else(|| Error::integration_missing(".layer(Extension(webhooks))"))?;
        let signatures = parts.headers.get_all(Webhooks::SIGNATURE_HEADER);
        webhooks.receive(signatures, to_bytes(body, Webhooks::MAX_BODY_BYTES)).await
    }
}
