//! A user whom Logto's edge has signed in.

use rocket::{
    Request,
    http::Status,
    request::{FromRequest, Outcome},
};

use crate::{
    error::Error,
    protected_app::{ProtectedApp, ProtectedUser},
};

/// Of the [`ProtectedApp`] that Rocket manages: `.manage(protected_app)`.
#[rocket::async_trait]
impl<'r> FromRequest<'r> for ProtectedUser {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        let verified = match request.rocket().state::<ProtectedApp>() {
            None => Err(Error::integration_missing(".manage(protected_app)")),
            Some(app) => app.verify(request.headers().get(ProtectedApp::ID_TOKEN_HEADER)).await,
        };
        match verified {
            Ok(user) => Outcome::Success(user),
            Err(error) => {
                error.log();
                Outcome::Error((Status::new(error.http_status()), error))
            }
        }
    }
}
