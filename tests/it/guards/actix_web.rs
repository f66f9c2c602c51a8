//! On actix-web.

use std::{fmt, future::Future, pin::Pin};

use actix_web::{
    App, FromRequest, HttpRequest, HttpResponse, HttpServer, ResponseError,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::ErrorForbidden,
    http::StatusCode,
    middleware::{Next, from_fn},
    web::{self, ServiceConfig},
};
use logto::{Error, RequestSession, SignedIn};

use super::does_what_the_guide_says;
use crate::{
    actix_web::{ActixWeb, serve},
    frameworks::served::{Adapter, Application, Served, Setup},
};

/// Lets users alone pass. A browser goes to sign in and comes back, a program gets 401.
async fn users_alone(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    request.extract::<SignedIn>().await?;
    next.call(request).await
}

async fn list() -> &'static str {
    "ada, bob"
}

fn members(config: &mut ServiceConfig) {
    config.service(web::scope("/members").wrap(from_fn(users_alone)).route("/list", web::get().to(list)));
}

/// A user with the role `librarian`. Others get 403; who is not signed in, what [`SignedIn`] has for them.
struct Librarian(SignedIn);

impl FromRequest for Librarian {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let user = SignedIn::from_request(request, payload);
        Box::pin(async move {
            let user = user.await?;
            let is_librarian = user.claims().roles.iter().any(|role| role == "librarian");
            if is_librarian { Ok(Self(user)) } else { Err(ErrorForbidden("for librarians")) }
        })
    }
}

async fn books(Librarian(user): Librarian) -> String {
    format!("all books, {}", user.sub())
}

#[derive(Debug)]
enum AppError {
    Logto(Error),
    NoSuchBook,
}

impl From<Error> for AppError {
    fn from(error: Error) -> Self {
        Self::Logto(error)
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Logto(error) => error.fmt(f),
            Self::NoSuchBook => f.write_str("no such book"),
        }
    }
}

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Logto(error) => error.status_code(),
            Self::NoSuchBook => StatusCode::NOT_FOUND,
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            // The middleware knows this response: a browser goes to sign in, and the log has the error.
            Self::Logto(error) => error.error_response(),
            Self::NoSuchBook => HttpResponse::NotFound().body(self.to_string()),
        }
    }
}

async fn shelf(session: RequestSession, book: web::Path<u8>) -> Result<String, AppError> {
    let user = session.require_user().await?;
    if *book == 1 { Ok(format!("the book of {}", user.sub())) } else { Err(AppError::NoSuchBook) }
}

#[tokio::test]
async fn a_scope_for_users_with_a_guard_by_role_beside_an_error_of_its_own_works_in_actix_web() {
    let (listener, port) = ActixWeb.listen();
    let serve = async |Application { logto, .. }| {
        serve!(listener, move || App::new()
            .configure(members)
            .route("/books", web::get().to(books))
            .route("/shelf/{book}", web::get().to(shelf))
            .configure(logto::actix_web::routes(&logto))
            .wrap(logto::actix_web::middleware(logto.clone())));
    };
    does_what_the_guide_says(&mut Served::at(port, Setup::default(), serve).await).await;
}
