//! Deliveries of webhooks.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};

use crate::{
    error::Error,
    webhooks::{Event, Webhooks},
};

/// Of the [`Webhooks`] in the app's data: `.app_data(web::Data::new(webhooks))`. It takes the body as it came.
impl FromRequest for Event {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = web::Payload::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let webhooks: Option<&web::Data<Webhooks>> = request.app_data();
            let webhooks = webhooks.ok_or_else(|| Error::integration_missing(".app_data(web::Data::new(webhooks))"))?;
            let signatures = request.headers().get_all(Webhooks::SIGNATURE_HEADER);
            let read = async {
                let body = body.await.map_err(drop)?;
                body.to_bytes_limited(Webhooks::MAX_BODY_BYTES).await.map_err(drop)?.map_err(drop)
            };
            webhooks.receive(signatures, read).await
        })
    }
}
