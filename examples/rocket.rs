//! Rocket 0.5 on the integration `logto::rocket`.
//!
//! `cargo run --example rocket --features rocket` starts a Logto of its own, so there is nothing to install and nothing to configure: sign in
//! as `ada` with the password `lovelace`. With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in the
//! environment it signs in at that Logto. `PORT` is where it listens (3000).

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.
#![allow(clippy::needless_pass_by_value)] // Rocket gives guards by value.

use std::{env, sync::LazyLock};

use logto::{ContextOptions, LogtoContext, RequestSession, SignedIn, TokenOptions, testing::Playground};
use rocket::{
    Data, Request, Response, State,
    fairing::{AdHoc, Fairing, Info, Kind},
    get,
    http::CookieJar,
    response::content::RawHtml,
    routes,
};

/// Whether `REQUEST_LOG=1` asks for a line in the log for each request.
static REQUEST_LOG: LazyLock<bool> = LazyLock::new(|| env::var_os("REQUEST_LOG").is_some_and(|on| on == "1"));

#[rocket::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    // In an application of your own: `let logto = LogtoClient::from_env()?;`
    let playground = Playground::start().await?;
    let logto = playground.client();
    let mount = match playground.mount_path() {
        "" => "/".to_owned(),
        path => path.to_owned(),
    };
    let (address, port) = playground.address();
    let figment = rocket::Config::figment()
        .merge(("address", std::net::IpAddr::from(address)))
        .merge(("port", port))
        .merge(("log_level", "critical"));
    let welcome = playground.to_string();

    let mut app = rocket::custom(figment);
    if *REQUEST_LOG {
        app = app.attach(RequestLog); // Before Logto's: fairings see a response in the order in which they were attached.
    }
    app.mount(&mount, routes![home, protected, user_info, access_token, organization, preferences])
        .mount(&mount, logto::rocket::routes(&logto)) // /logto/sign-in, /logto/sign-up, /callback, /logto/sign-out, /logto/user
        .manage(playground)
        .attach(logto::rocket::fairing(logto))
        .attach(AdHoc::on_liftoff("Welcome", |_| Box::pin(async move { println!("{welcome}") })))
        .launch()
        .await?;
    Ok(())
}

/// For everyone. `context.claims()` is there for those who are signed in.
#[get("/")]
fn home(context: LogtoContext, playground: &State<Playground>) -> RawHtml<String> {
    RawHtml(playground.home(&context))
}

/// For users alone. A browser without a session goes to sign in and comes back; `fetch` gets 401 and JSON.
#[get("/protected")]
fn protected(user: SignedIn, playground: &State<Playground>) -> RawHtml<String> {
    RawHtml(playground.page("Protected page", &user.claims().sub))
}

#[get("/user-info")]
async fn user_info(
    _user: SignedIn,
    session: RequestSession,
    playground: &State<Playground>,
) -> Result<RawHtml<String>, logto::Error> {
    let user_info = session.fetch_user_info().await?;
    Ok(RawHtml(playground.page("User info", &user_info)))
}

/// A token for an API. It is renewed when it ends, once, however many requests want it.
#[get("/access-token")]
async fn access_token(
    _user: SignedIn,
    session: RequestSession,
    playground: &State<Playground>,
) -> Result<RawHtml<String>, logto::Error> {
    let claims = session.get_access_token_claims(TokenOptions::new().resource(playground.resource())).await?;
    Ok(RawHtml(playground.page("Claims of an access token", &claims)))
}

#[get("/organization/<id>")]
async fn organization(
    id: &str,
    _user: SignedIn,
    session: RequestSession,
    playground: &State<Playground>,
) -> Result<RawHtml<String>, logto::Error> {
    let claims = session.get_organization_token_claims(id).await?;
    Ok(RawHtml(playground.page("Claims of an organization token", &claims)))
}

/// The application's own cookies go out beside the session's.
#[get("/preferences")]
async fn preferences(
    session: RequestSession,
    cookies: &CookieJar<'_>,
    playground: &State<Playground>,
) -> Result<RawHtml<String>, logto::Error> {
    let token = TokenOptions::new().resource(playground.resource());
    let context = session.get_context(ContextOptions::new().access_token(token)).await?;
    cookies.add(("theme", "dark"));
    cookies.add(("language", "ko"));
    Ok(RawHtml(playground.page("Preferences", &context.scopes())))
}

/// A fairing of the application: around routes and pages it sees whom a callback signs in and whom a sign-out signs out.
struct RequestLog;

/// Who was signed in when the request came.
struct Before(String);

#[rocket::async_trait]
impl Fairing for RequestLog {
    fn info(&self) -> Info {
        Info { name: "Request log", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        let before = who(request).await;
        request.local_cache(|| Before(before));
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, _: &mut Response<'r>) {
        let Before(before) = request.local_cache(|| Before(String::new()));
        let (method, path) = (request.method(), request.uri().path());
        let after = who(request).await;
        tracing::info!(%method, %path, before, after, "request");
    }
}

/// Who is signed in, for the log: the `sub`, and nothing that is secret.
async fn who(request: &Request<'_>) -> String {
    let Some(session) = request.guard::<RequestSession>().await.succeeded() else {
        return "unknown".to_owned();
    };
    match session.user().await {
        Ok(user) => user.map_or_else(|| "nobody".to_owned(), |user| user.sub().to_owned()),
        Err(error) => error.code().to_string(),
    }
}
