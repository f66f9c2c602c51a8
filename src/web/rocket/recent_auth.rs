//! The guard of a recent authentication as a request guard.

use rocket::{
    Ignite, Request, Rocket, Sentinel,
    request::{FromRequest, Outcome},
};

use super::guards::outcome;
use crate::{
    client::RequestSession,
    error::Error,
    step_up::{RecentlyAuthenticated, StepUpPolicy},
};

impl<R> Sentinel for RecentlyAuthenticated<R> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        RequestSession::abort(rocket)
    }
}

/// The fairing answers the error: a browser is redirected to sign-in again, an API client gets 401.
#[rocket::async_trait]
impl<'r, R: StepUpPolicy> FromRequest<'r> for RecentlyAuthenticated<R> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        match RequestSession::from_request(request).await {
            Outcome::Success(session) => {
                let checked = Self::extract(&session).await;
                // `Option` of the guard is for users who would have to sign in; it would hide a failure.
                let override_response = checked.as_ref().is_err_and(|error| !error.means_nobody());
                outcome(request, checked.map(Some), override_response)
            }
            Outcome::Error(error) => Outcome::Error(error),
            Outcome::Forward(status) => Outcome::Forward(status),
        }
    }
}
