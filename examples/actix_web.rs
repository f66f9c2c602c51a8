//! actix-web 4 on the integration `logto::actix_web`.
//!
//! `cargo run --example actix_web --features actix-web,testing` starts a Logto of its own, so there is nothing to install and nothing to
//! configure: sign in as `ada` with the password `lovelace`. With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and
//! `LOGTO_COOKIE_SECRET` in the environment it signs in at that Logto. `PORT` is where it listens (3000).

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

use std::{env, sync::LazyLock};

use actix_web::{
    App, Error, HttpServer, Responder,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    get,
    http::header::SET_COOKIE,
    middleware::{Condition, Next, from_fn},
    routes,
    web::{self, Data, Html, Path, ServiceConfig},
};
use logto::{ContextOptions, LogtoContext, RequestSession, SignedIn, TokenOptions, testing::Playground};

/// Whether `REQUEST_LOG=1` asks for a line in the log for each request.
static REQUEST_LOG: LazyLock<bool> = LazyLock::new(|| env::var_os("REQUEST_LOG").is_some_and(|on| on == "1"));

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    // In an application of your own: `let logto = LogtoClient::from_env()?;`
    let playground = Playground::start().await?;
    let logto = playground.client();

    println!("{playground}");
    let address = std::net::SocketAddr::from(playground.address());
    let server = HttpServer::new(move || {
        let app = web::scope(playground.mount_path()).configure(pages).configure(logto::actix_web::routes(&logto)); // /logto/sign-in, /logto/sign-up, /callback, /logto/sign-out, /logto/user
        App::new()
            .app_data(Data::new(playground.clone()))
            .service(app)
            .wrap(Condition::new(*REQUEST_LOG, from_fn(log_request)))
            .wrap(logto::actix_web::middleware(logto.clone())) // The last one is around all others.
    });
    Ok(server.bind(address)?.run().await?)
}

fn pages(config: &mut ServiceConfig) {
    config
        .service(home)
        .service(protected)
        .service(user_info)
        .service(access_token)
        .service(organization)
        .service(preferences);
}

/// For everyone. `context.claims()` is there for those who are signed in.
#[routes]
#[get("/")]
#[get("")] // In a scope a path may end without a slash.
async fn home(context: LogtoContext, playground: Data<Playground>) -> Html {
    Html::new(playground.home(&context))
}

/// For users alone. A browser without a session goes to sign in and comes back; `fetch` gets 401 and JSON.
#[get("/protected")]
async fn protected(user: SignedIn, playground: Data<Playground>) -> Html {
    Html::new(playground.page("Protected page", &user.claims().sub))
}

#[get("/user-info")]
async fn user_info(
    _user: SignedIn,
    session: RequestSession,
    playground: Data<Playground>,
) -> Result<Html, logto::Error> {
    let user_info = session.fetch_user_info().await?;
    Ok(Html::new(playground.page("User info", &user_info)))
}

/// A token for an API. It is renewed when it ends, once, however many requests want it.
#[get("/access-token")]
async fn access_token(
    _user: SignedIn,
    session: RequestSession,
    playground: Data<Playground>,
) -> Result<Html, logto::Error> {
    let claims = session.get_access_token_claims(TokenOptions::new().resource(playground.resource())).await?;
    Ok(Html::new(playground.page("Claims of an access token", &claims)))
}

#[get("/organization/{id}")]
async fn organization(
    _user: SignedIn,
    session: RequestSession,
    id: Path<String>,
    playground: Data<Playground>,
) -> Result<Html, logto::Error> {
    let claims = session.get_organization_token_claims(&id).await?;
    Ok(Html::new(playground.page("Claims of an organization token", &claims)))
}

/// The application's own cookies go out beside the session's.
#[get("/preferences")]
async fn preferences(session: RequestSession, playground: Data<Playground>) -> Result<impl Responder, logto::Error> {
    let token = TokenOptions::new().resource(playground.resource());
    let context = session.get_context(ContextOptions::new().access_token(token)).await?;
    let page = Html::new(playground.page("Preferences", &context.scopes()));
    Ok(page
        .customize()
        .append_header((SET_COOKIE, "theme=dark; Path=/"))
        .append_header((SET_COOKIE, "language=ko; Path=/")))
}

/// A middleware of the application: around routes and pages it sees whom a callback signs in and whom a sign-out signs out.
async fn log_request(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let session = request.extract::<RequestSession>().await?;
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let before = who(&session).await;
    let response = next.call(request).await;
    let after = who(&session).await;
    tracing::info!(%method, path, before, after, "request");
    response
}

/// Who is signed in, for the log: the `sub`, and nothing that is secret.
async fn who(session: &RequestSession) -> String {
    match session.user().await {
        Ok(user) => user.map_or_else(|| "nobody".to_owned(), |user| user.sub().to_owned()),
        Err(error) => error.code().to_string(),
    }
}
