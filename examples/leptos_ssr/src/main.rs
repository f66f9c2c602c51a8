//! Leptos 0.8, rendered on the server and streamed, on the integration `logto::axum`.
//!
//! `cargo run -p logto-example-leptos-ssr` starts a Logto of its own, so there is nothing to install and nothing to configure: sign in as
//! `ada` with the password `lovelace`. With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in the
//! environment it signs in at that Logto. `PORT` is where it listens (3000). Neither cargo-leptos nor WebAssembly is needed.
//!
//! A session is written with `Set-Cookie`, and the headers leave before the first chunk of a stream. So there is one rule: what needs the
//! session is done *before the stream*, in the page's handler, which also can still answer with another status. It gives the components
//! values: claims, a token that has just been renewed. A component that asks the session itself, after the response has begun, gets the
//! error `session.already_committed`. A server function that the browser calls is a request of its own, and asks the session.

use std::{
    convert::Infallible,
    env,
    net::SocketAddr,
    sync::{Arc, LazyLock, OnceLock},
    time::Duration,
};

use axum::{
    Router,
    extract::{FromRequest, Path, Request, State},
    middleware::{Next, from_fn},
    response::{AppendHeaders, IntoResponse, Response},
    routing::{get, post},
};
use leptos::prelude::*;
use logto::{
    AccessToken, ContextOptions, IdTokenClaims, LogtoContext, RequestSession, SignedIn, TokenOptions,
    claims::AccessTokenClaims, testing::Playground,
};
use serde::Serialize;
use tokio::net::TcpListener;

/// Whether `REQUEST_LOG=1` asks for a line in the log for each request.
static REQUEST_LOG: LazyLock<bool> = LazyLock::new(|| env::var_os("REQUEST_LOG").is_some_and(|on| on == "1"));

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::INFO).init();
    any_spawner::Executor::init_tokio()?;
    // In an application of your own: `let logto = LogtoClient::from_env()?;`
    let playground = Playground::start().await?;
    let logto = playground.client();

    let app = Router::new()
        .route("/", get(home))
        .route("/protected", get(protected))
        .route("/user-info", get(user_info))
        .route("/access-token", get(access_token))
        .route("/organization/{id}", get(organization))
        .route("/preferences", get(preferences))
        .route("/api/{*function}", post(server_function))
        .merge(logto::axum::routes(&logto)) // /logto/sign-in, /logto/sign-up, /callback, /logto/sign-out, /logto/user
        .with_state(playground.clone());
    let app = match playground.mount_path() {
        "" => app,
        path => Router::new().nest(path, app),
    };
    let app = if *REQUEST_LOG { app.layer(from_fn(log_request)) } else { app };
    let app = app.layer(logto::axum::layer(logto)); // The last one is around all others.

    let listener = TcpListener::bind(SocketAddr::from(playground.address())).await?;
    println!("{playground}");
    Ok(axum::serve(listener, app).await?)
}

/// A request for a page.
struct Page {
    request: Request,
    playground: Playground,
}

impl FromRequest<Playground> for Page {
    type Rejection = Infallible;

    async fn from_request(request: Request, playground: &Playground) -> Result<Self, Infallible> {
        Ok(Self { request, playground: playground.clone() })
    }
}

impl Page {
    /// Streams it. In order, so that it arrives whole where there is no JavaScript, too.
    async fn stream<V: IntoView + 'static>(self, view: impl Fn() -> V + Clone + Send + Sync + 'static) -> Response {
        let context = move || provide_context(self.playground.clone());
        leptos_axum::render_app_to_stream_in_order_with_context(context, view)(self.request).await
    }

    /// Streams a page that shows a value.
    async fn show(self, title: &'static str, value: &impl Serialize) -> Response {
        let json = pretty(value);
        self.stream(move || view! { <Value title json=json.clone()/> }).await
    }
}

/// For everyone. `context.claims()` is there for those who are signed in.
async fn home(context: LogtoContext, page: Page) -> Response {
    page.stream(move || match context.claims().cloned() {
        Some(claims) => view! { <SignedInHome claims/> }.into_any(),
        None => view! { <SignedOutHome/> }.into_any(),
    })
    .await
}

/// For users alone. A browser without a session goes to sign in and comes back; `fetch` gets 401 and JSON.
async fn protected(user: SignedIn, page: Page) -> Response {
    page.show("Protected page", &user.claims().sub).await
}

/// `?` gives the browser a page that says what is wrong, with the right status: 503 while Logto is down.
async fn user_info(_user: SignedIn, session: RequestSession, page: Page) -> logto::Result<Response> {
    let user_info = session.fetch_user_info().await?;
    Ok(page.show("User info", &user_info).await)
}

/// The token is renewed before the stream; what is done with it may take its time and comes with a later chunk.
async fn access_token(_user: SignedIn, session: RequestSession, page: Page) -> logto::Result<Response> {
    let token = session.get_access_token(TokenOptions::new().resource(page.playground.resource())).await?;
    Ok(page.stream(move || view! { <AccessTokenPage token=token.clone()/> }).await)
}

async fn organization(
    _user: SignedIn,
    session: RequestSession,
    Path(id): Path<String>,
    page: Page,
) -> logto::Result<Response> {
    let claims = session.get_organization_token_claims(&id).await?;
    Ok(page.show("Claims of an organization token", &claims).await)
}

/// The application's own cookies go out beside the session's.
async fn preferences(session: RequestSession, page: Page) -> logto::Result<impl IntoResponse> {
    let token = TokenOptions::new().resource(page.playground.resource());
    let context = session.get_context(ContextOptions::new().access_token(token)).await?;
    let cookies = AppendHeaders([("set-cookie", "theme=dark; Path=/"), ("set-cookie", "language=ko; Path=/")]);
    Ok((cookies, page.show("Preferences", &context.scopes()).await))
}

/// Runs the server function that a browser calls.
async fn server_function(State(playground): State<Playground>, request: Request) -> Response {
    let refusal = Refusal::default();
    let context = {
        let refusal = refusal.clone();
        move || (provide_context(playground.clone()), provide_context(refusal.clone())).0
    };
    let response = leptos_axum::handle_server_fns_with_context(context, request).await.into_response();
    refusal.get().cloned().map_or(response, IntoResponse::into_response)
}

/// Why a server function failed. Leptos would answer 500, or lead a form back with the error in its query; this is a proper response.
type Refusal = Arc<OnceLock<logto::Error>>;

fn refuse(error: logto::Error) -> ServerFnError {
    let message = error.code().as_str();
    if let Some(refusal) = use_context::<Refusal>() {
        _ = refusal.set(error);
    }
    ServerFnError::new(message)
}

/// Calls an API for the user: from a page that is being streamed, or `POST /api/claims_of_access_token`.
#[server(endpoint = "claims_of_access_token")]
async fn claims_of_access_token() -> Result<AccessTokenClaims, ServerFnError> {
    let token = match use_context::<AccessToken>() {
        Some(token) => token, // The page's handler got it before the stream.
        None => {
            let session: RequestSession = leptos_axum::extract().await?;
            let resource = expect_context::<Playground>().resource().to_owned();
            session.get_access_token(TokenOptions::new().resource(resource)).await.map_err(refuse)?
        }
    };
    tokio::time::sleep(Duration::from_millis(300)).await; // An API takes its time.
    token.claims().map_err(refuse)
}

/// Asks Logto anew for claims and permissions. A form posts it, `POST /api/renew`, and the browser comes back to the page.
#[server(endpoint = "renew")]
async fn renew() -> Result<(), ServerFnError> {
    let session: RequestSession = leptos_axum::extract().await?;
    session.refresh_session().await.map_err(refuse)?;
    leptos_axum::redirect(&link("/access-token"));
    Ok(())
}

#[component]
fn Document(#[prop(into)] title: String, children: Children) -> impl IntoView {
    let playground = expect_context::<Playground>();
    let start = playground.client().config().base_url().to_owned();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <title>{title.clone()}</title>
                <style inner_html=playground.style()></style>
            </head>
            <body>
                <main><h1>{title}</h1>{children()}<p><small><a href=start>"Start page"</a></small></p></main>
            </body>
        </html>
    }
}

#[component]
fn SignedOutHome() -> impl IntoView {
    view! {
        <Document title="Welcome">
            <p>"Sign in to see what Logto knows of you."</p>
            <nav>
                <a href=link("/logto/sign-in")>"Sign in"</a>
                <a class="quiet" href=link("/logto/sign-up")>"Create account"</a>
                <a class="kakao" href=link("/logto/sign-in?direct_sign_in=social:kakao")>"Continue with Kakao"</a>
            </nav>
        </Document>
    }
}

#[component]
fn SignedInHome(claims: IdTokenClaims) -> impl IntoView {
    let organization = |id: &String| {
        view! { <a class="quiet" href=link(&format!("/organization/{id}"))>{format!("Organization {id}")}</a> }
    };
    view! {
        <Document title=format!("Hello, {}", claims.name.as_deref().unwrap_or(&claims.sub))>
            <nav>
                <a class="quiet" href=link("/protected")>"Protected page"</a>
                <a class="quiet" href=link("/user-info")>"Fetch user info"</a>
                <a class="quiet" href=link("/access-token")>"Access token"</a>
                {claims.organizations.iter().map(organization).collect_view()}
                <form method="post" action=link("/logto/sign-out")><button>"Sign out"</button></form>
            </nav>
            <h2>"Claims"</h2>
            <pre>{pretty(&claims)}</pre>
        </Document>
    }
}

#[component]
fn AccessTokenPage(token: AccessToken) -> impl IntoView {
    provide_context(token);
    let claims = Suspend::new(async {
        let claims = claims_of_access_token().await;
        claims.map_or_else(|error| error.to_string(), |claims| pretty(&claims))
    });
    view! {
        <Document title="Claims of an access token">
            <Suspense><pre>{claims}</pre></Suspense>
            <nav><form method="post" action=link("/api/renew")><button>"Renew"</button></form></nav>
        </Document>
    }
}

#[component]
fn Value(title: &'static str, json: String) -> impl IntoView {
    view! { <Document title><pre>{json}</pre></Document> }
}

/// Links begin with the path of the base URL: the browser is there, whatever a proxy or a router takes off.
fn link(path: &str) -> String {
    format!("{}{path}", expect_context::<Playground>().base_path())
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|error| error.to_string())
}

/// A middleware of the application: around routes and pages it sees whom a callback signs in and whom a sign-out signs out.
async fn log_request(session: RequestSession, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let before = who(&session).await;
    let response = next.run(request).await;
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
