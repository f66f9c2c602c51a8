//! The guard of a recent authentication as an extractor.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use super::extractors::remember;
use crate::{
    client::RequestSession,
    error::Error,
    step_up::{RecentlyAuthenticated, StepUpPolicy},
};

/// The middleware answers the error: a browser goes to sign in again, a program gets 401.
impl<R: StepUpPolicy + 'static> FromRequest for RecentlyAuthenticated<R> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let session = RequestSession::extract(&request).await?;
            Self::extract(&session).await.inspect_err(|error| remember(&request, error))
        })
    }
}
