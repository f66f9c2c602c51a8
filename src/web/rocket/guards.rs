//! The session and its user as request guards.

use rocket::{
    Ignite, Request, Rocket, Sentinel,
    http::Status,
    request::{FromRequest, Outcome},
};

use super::fairing::{INTERNAL_STATUS, LogtoFairing, remember_failure, remember_forward};
use crate::{
    client::{LogtoContext, RequestSession, SignedIn},
    error::Error,
    types::ContextOptions,
};

/// A guard, and a sentinel: Rocket does not launch without the fairing.
macro_rules! guard {
    ($guard:ty, |$session:ident| $guarded:expr, override_response: $override_response:expr) => {
        impl Sentinel for $guard {
            fn abort(rocket: &Rocket<Ignite>) -> bool {
                rocket.state::<LogtoFairing>().is_none().then(fairing_missing).is_some()
            }
        }

        #[rocket::async_trait]
        impl<'r> FromRequest<'r> for $guard {
            type Error = Error;

            async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
                let Some(fairing) = request.rocket().state::<LogtoFairing>() else {
                    return Outcome::Error((Status::InternalServerError, fairing_missing()));
                };
                let $session = fairing.session(request);
                outcome(request, $guarded, $override_response)
            }
        }
    };
}

guard!(RequestSession, |session| Ok(Some(session.clone())), override_response: false);
guard!(LogtoContext, |session| session.get_context(ContextOptions::new()).await.map(Some), override_response: false);
// `Option<SignedIn>` would hide a failure.
guard!(SignedIn, |session| session.user().await, override_response: true);

pub(super) fn outcome<T>(
    request: &Request<'_>,
    guarded: Result<Option<T>, Error>,
    override_response: bool,
) -> Outcome<T, Error> {
    match guarded {
        Ok(Some(guard)) => Outcome::Success(guard),
        Ok(None) => {
            remember_forward(request);
            Outcome::Forward(INTERNAL_STATUS)
        }
        Err(error) => {
            remember_failure(request, &error, override_response);
            Outcome::Error((INTERNAL_STATUS, error))
        }
    }
}

fn fairing_missing() -> Error {
    let error = Error::integration_missing(".attach(logto::rocket::fairing(logto))");
    // Rocket's own list of what kept it from launching names the guard, and not what to do. An `Option` of a guard would hide it.
    tracing::error!(target: "logto", code = error.code().as_str(), hint = error.hint(), "{error}");
    error.logged()
}
