//! Deliveries of webhooks.

use rocket::{
    Data, Request,
    data::{Capped, FromData, Outcome, ToByteUnit},
    http::Status,
};

use crate::{
    error::Error,
    webhooks::{Event, Webhooks},
};

/// Of the [`Webhooks`] that Rocket manages: `.manage(webhooks)`, and `#[post("/hook", data = "<event>")]`. It takes the body as it came.
#[rocket::async_trait]
impl<'r> FromData<'r> for Event {
    type Error = Error;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        let received = match request.rocket().state::<Webhooks>() {
            None => Err(Error::integration_missing(".manage(webhooks)")),
            Some(webhooks) => {
                let read = data.open(Webhooks::MAX_BODY_BYTES.bytes()).into_bytes();
                let whole = async { read.await.ok().filter(Capped::is_complete).map(Capped::into_inner).ok_or(()) };
                webhooks.receive(request.headers().get(Webhooks::SIGNATURE_HEADER), whole).await
            }
        };
        match received {
            Ok(event) => Outcome::Success(event),
            Err(error) => {
                error.log();
                Outcome::Error((Status::new(error.http_status()), error))
            }
        }
    }
}
