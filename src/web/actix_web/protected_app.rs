//! A user whom Logto's edge has signed in.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};

use crate::{
    error::Error,
    protected_app::{ProtectedApp, ProtectedUser},
};

/// Of the [`ProtectedApp`] in the app's data: `.app_data(web::Data::new(protected_app))`.
impl FromRequest for ProtectedUser {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app: Option<&web::Data<ProtectedApp>> = request.app_data();
            let app = app.ok_or_else(|| Error::integration_missing(".app_data(web::Data::new(protected_app))"))?;
            app.verify(request.headers().get_all(ProtectedApp::ID_TOKEN_HEADER)).await
        })
    }
}
