//! The guard of a recent authentication as an extractor.

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use super::extractors::{Extracted, extracted};
use crate::{
    error::Error,
    step_up::{RecentlyAuthenticated, StepUpPolicy},
};

/// The middleware answers the error: a browser is redirected to sign-in again, an API client gets 401.
impl<R: StepUpPolicy + 'static> FromRequest for RecentlyAuthenticated<R> {
    type Error = Error;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extracted(request, async |session| Self::extract(&session).await)
    }
}
