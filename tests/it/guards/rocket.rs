//! On Rocket.

// Rocket gives guards by value.
#![allow(clippy::needless_pass_by_value)]

use ::rocket::{
    Data, Request, Responder, Route, async_trait, get,
    http::{Method, Status},
    request::{FromRequest, Outcome},
    route, routes,
};
use logto::{Error, RequestSession, SignedIn};

use super::does_what_the_guide_says;
use crate::{
    frameworks::served::{Adapter, Application, Served, Setup},
    rocket::{Rocket, build, launch},
};

/// Lets users alone pass to the routes of its mount. A browser goes to sign in and comes back, a program gets 401.
#[derive(Clone)]
struct UsersAlone;

#[async_trait]
impl route::Handler for UsersAlone {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> route::Outcome<'r> {
        let Outcome::Success(session) = request.guard::<RequestSession>().await else {
            return route::Outcome::Error(Status::InternalServerError);
        };
        match session.require_user().await {
            Ok(_) => route::Outcome::forward(data, Status::NotFound),
            Err(error) => route::Outcome::from(request, error),
        }
    }
}

/// Before all other routes, for every method.
fn users_alone() -> Vec<Route> {
    use Method::{Delete, Get, Head, Options, Patch, Post, Put};
    let route = |method| Route::ranked(isize::MIN, method, "/<_..>", UsersAlone);
    [Delete, Get, Head, Options, Patch, Post, Put].map(route).into()
}

#[get("/list")]
fn list() -> &'static str {
    "ada, bob"
}

/// A user with the role `librarian`. Others get 403; who is not signed in, what [`SignedIn`] has for them.
struct Librarian(SignedIn);

#[async_trait]
impl<'r> FromRequest<'r> for Librarian {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let is_librarian = |user: &SignedIn| user.claims().roles.iter().any(|role| role == "librarian");
        match request.guard::<SignedIn>().await {
            Outcome::Success(user) if is_librarian(&user) => Outcome::Success(Self(user)),
            Outcome::Success(_) => Outcome::Error((Status::Forbidden, ())),
            Outcome::Forward(status) => Outcome::Forward(status),
            Outcome::Error((status, _)) => Outcome::Error((status, ())),
        }
    }
}

#[get("/books")]
fn books(user: Librarian) -> String {
    format!("all books, {}", user.0.sub())
}

/// Rocket asks our error for its response: a browser goes to sign in, and the log has the error.
#[derive(Responder)]
enum AppError {
    Logto(Error),
    #[response(status = 404)]
    NoSuchBook(&'static str),
}

impl From<Error> for AppError {
    fn from(error: Error) -> Self {
        Self::Logto(error)
    }
}

#[get("/shelf/<book>")]
async fn shelf(session: RequestSession, book: u8) -> Result<String, AppError> {
    let user = session.require_user().await?;
    if book == 1 { Ok(format!("the book of {}", user.sub())) } else { Err(AppError::NoSuchBook("no such book")) }
}

#[tokio::test]
async fn a_mount_for_users_with_a_guard_by_role_beside_an_error_of_its_own_works_in_rocket() {
    let (port, number) = Rocket.listen();
    let serve = async |Application { logto, .. }| {
        let app = build(port.number())
            .mount("/members", users_alone())
            .mount("/members", routes![list])
            .mount("/", routes![books, shelf])
            .mount("/", logto::rocket::routes(&logto))
            .manage(port)
            .attach(logto::rocket::fairing(logto));
        launch(app).await;
    };
    does_what_the_guide_says(&mut Served::at(number, Setup::default(), serve).await).await;
}
