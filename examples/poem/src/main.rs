//! poem 3: `LogtoClient::handle_request` around the application is sign-in, sign-out and a session for every page.
//!
//! `cargo run --package logto-example-poem` starts a Logto of its own, so there is nothing to install and nothing to configure: sign in as
//! `ada` with the password `lovelace`. With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in the
//! environment it signs in at that Logto. `PORT` is where it listens (3000).

use std::{
    env,
    net::SocketAddr,
    sync::{Arc, LazyLock},
};

use logto::{
    ContextOptions, LogtoClient, RequestSession, SignedIn, TokenOptions, integrate::AuthRequest, testing::Playground,
};
use poem::{
    Body, Endpoint, EndpointExt, FromRequest, IntoResponse, Request, RequestBody, Response, Result, Route, Server,
    error::InternalServerError,
    get, handler, http,
    listener::TcpListener,
    web::{Data, Html, Path},
};

/// Whether `REQUEST_LOG=1` asks for a line in the log for each request.
static REQUEST_LOG: LazyLock<bool> = LazyLock::new(|| env::var_os("REQUEST_LOG").is_some_and(|on| on == "1"));

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    // In an application of your own: `let logto = LogtoClient::from_env()?;`
    let playground = Playground::start().await?;
    let logto = playground.client();

    let pages = Route::new()
        .at("/", get(home))
        .at("/protected", get(protected))
        .at("/user-info", get(user_info))
        .at("/access-token", get(access_token))
        .at("/organization/:id", get(organization))
        .at("/preferences", get(preferences));
    // /logto/sign-in, /logto/sign-up, /callback, /logto/sign-out, /logto/user, /logto/back-channel-logout, and the pages above.
    let app = pages.around(move |pages, request| serve(logto.clone(), pages, request));
    let mount = Some(playground.mount_path()).filter(|mount| !mount.is_empty());
    let app = Route::new().nest(mount.unwrap_or("/"), app).data(playground.clone());

    println!("{playground}");
    Ok(Server::new(TcpListener::bind(SocketAddr::from(playground.address()))).run(app).await?)
}

/// For everyone. `context.claims()` is there for those who are signed in.
#[handler]
async fn home(session: Data<&RequestSession>, playground: Data<&Playground>) -> Result<Html<String>> {
    let context = session.get_context(ContextOptions::new()).await.map_err(InternalServerError)?;
    Ok(Html(playground.home(&context)))
}

/// For users alone. A browser without a session goes to sign in and comes back; `fetch` gets 401 and JSON.
#[handler]
fn protected(User(user): User, playground: Data<&Playground>) -> Html<String> {
    Html(playground.page("Protected page", &user.claims().sub))
}

#[handler]
async fn user_info(_user: User, session: Data<&RequestSession>, playground: Data<&Playground>) -> Result<Html<String>> {
    let user_info = session.fetch_user_info().await.map_err(InternalServerError)?;
    Ok(Html(playground.page("User info", &user_info)))
}

/// A token for an API. It is renewed when it ends, once, however many requests want it.
#[handler]
async fn access_token(
    _user: User,
    session: Data<&RequestSession>,
    playground: Data<&Playground>,
) -> Result<Html<String>> {
    let token = TokenOptions::new().resource(playground.resource());
    let claims = session.get_access_token_claims(token).await.map_err(InternalServerError)?;
    Ok(Html(playground.page("Claims of an access token", &claims)))
}

#[handler]
async fn organization(
    _user: User,
    session: Data<&RequestSession>,
    Path(id): Path<String>,
    playground: Data<&Playground>,
) -> Result<Html<String>> {
    let claims = session.get_organization_token_claims(&id).await.map_err(InternalServerError)?;
    Ok(Html(playground.page("Claims of an organization token", &claims)))
}

/// The application's own cookies go out beside the session's.
#[handler]
async fn preferences(session: Data<&RequestSession>, playground: Data<&Playground>) -> Result<impl IntoResponse> {
    let token = ContextOptions::new().access_token(TokenOptions::new().resource(playground.resource()));
    let context = session.get_context(token).await.map_err(InternalServerError)?;
    Ok(Html(playground.page("Preferences", &context.scopes()))
        .with_header("set-cookie", "theme=dark; Path=/")
        .with_header("set-cookie", "language=ko; Path=/"))
}

/// Every request: the authentication routes answer for themselves, a page gets a session.
async fn serve<E: Endpoint>(logto: LogtoClient, pages: Arc<E>, mut request: Request) -> Result<Response> {
    // As the browser sent it: `nest` takes the mount off `uri`, and leaves it in `original_uri`.
    let uri = request.original_uri();
    let (method, path) = (request.method().clone(), uri.path().to_owned());
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let mut auth = AuthRequest::from_headers(request.method().as_str(), target, request.headers());
    if logto.route_needs_body(uri.path()) {
        auth = auth.read_body(&logto, request.take_body().into_bytes_limit(AuthRequest::MAX_BODY_BYTES)).await;
    }
    let page = |session| async move {
        request.set_data(session);
        let response = match pages.call(request).await {
            Ok(response) => response.into_response(),
            Err(error) => error.downcast::<logto::Error>().map_or_else(|error| Ok(error.into_response()), Err)?,
        };
        Ok(http::Response::from(response).map(Body::from))
    };
    let response = if *REQUEST_LOG {
        // A middleware of the application: it sees whom a callback signs in and whom a sign-out signs out.
        let logged = async |auth: AuthRequest, session: RequestSession| {
            let before = who(&session).await;
            let response = logto.handle_request(&auth, page).await;
            let after = who(&session).await;
            tracing::info!(%method, path, before, after, "request");
            response
        };
        logto.with_session(auth, logged).await
    } else {
        logto.handle_request(&auth, page).await
    };
    let (parts, body) = response.into_parts();
    Ok((parts.status, parts.headers, body).into_response())
}

/// A signed-in user, as a handler asks for one.
struct User(SignedIn);

impl<'a> FromRequest<'a> for User {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> Result<Self> {
        let session = Data::<&RequestSession>::from_request(request, body).await?;
        session.require_user().await.map(User).map_err(InternalServerError)
    }
}

/// Who is signed in, for the log: the `sub`, and nothing that is secret.
async fn who(session: &RequestSession) -> String {
    match session.user().await {
        Ok(user) => user.map_or_else(|| "nobody".to_owned(), |user| user.sub().to_owned()),
        Err(error) => error.code().to_string(),
    }
}
