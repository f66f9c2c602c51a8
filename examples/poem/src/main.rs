//! poem 3, without an integration: a middleware gives each request its session, an extractor asks for a user.
//!
//! `cargo run --package logto-example-poem` starts a Logto of its own, so there is nothing to install and nothing to configure: sign in as
//! `ada` with the password `lovelace`. With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in the
//! environment it signs in at that Logto. `PORT` is where it listens (3000).

use std::net::SocketAddr;

use logto::{
    AuthRequest, ContextOptions, LogtoClient, Reply, RequestSession, SignedIn, TokenOptions, testing::Playground,
};
use poem::{
    Body, Endpoint, EndpointExt, FromRequest, IntoResponse, Middleware, Request, RequestBody, Response, Result, Route,
    Server,
    error::InternalServerError,
    get, handler,
    http::{self, StatusCode},
    listener::TcpListener,
    web::{Data, Html, Path},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    // In an application of your own: `let logto = LogtoClient::new(LogtoConfig::from_env()?)?;`
    let playground = Playground::start().await?;
    let logto = playground.client();

    let pages = Route::new()
        .at("/", get(home))
        .at("/protected", get(protected))
        .at("/user-info", get(user_info))
        .at("/access-token", get(access_token))
        .at("/organization/:id", get(organization))
        .at("/preferences", get(preferences));
    // /logto/sign-in, /logto/sign-up, /callback, /logto/sign-out, /logto/user, /logto/back-channel-logout
    let app = logto.config().routes().paths().into_iter().fold(pages, |app, path| app.at(path, authentication));
    let app = match playground.mount() {
        "" => app,
        path => Route::new().nest(path, app),
    };
    let app = app.with(Logto(logto)).data(playground.clone());

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
    let token = TokenOptions::resource(playground.resource());
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
    let token = ContextOptions::new().access_token(TokenOptions::resource(playground.resource()));
    let context = session.get_context(token).await.map_err(InternalServerError)?;
    Ok(Html(playground.page("Preferences", &context.scopes()))
        .with_header("set-cookie", "theme=dark; Path=/")
        .with_header("set-cookie", "language=ko; Path=/"))
}

/// The authentication routes.
#[handler]
async fn authentication(request: &Request, body: Body, playground: Data<&Playground>) -> Response {
    // A back-channel logout has a body: a short one.
    let body = body.into_bytes_limit(64 * 1024).await.unwrap_or_default();
    let request = auth_request(request).body(String::from_utf8(body.into()).unwrap_or_default());
    playground.client().respond(&request).await.map_or_else(|| StatusCode::NOT_FOUND.into(), into_response)
}

/// The middleware: a session for each request, its cookies on the response, and replies for the errors of `logto`.
struct Logto(LogtoClient);

impl<E: Endpoint> Middleware<E> for Logto {
    type Output = LogtoEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        LogtoEndpoint { logto: self.0.clone(), inner }
    }
}

struct LogtoEndpoint<E> {
    logto: LogtoClient,
    inner: E,
}

impl<E: Endpoint> Endpoint for LogtoEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let auth = auth_request(&request);
        let session = RequestSession::new(self.logto.clone(), auth.cookie_header());
        request.set_data(session.clone());
        let mut response = match self.inner.call(request).await {
            Ok(response) => response.into_response(),
            Err(error) => match error.downcast_ref::<logto::Error>() {
                Some(error) => into_response(self.logto.error_reply(error, auth.requester())),
                None => error.into_response(),
            },
        };
        match session.finish().await {
            Ok(headers) => headers.append_to(response.headers_mut()),
            Err(error) => response = into_response(self.logto.error_reply(&error, auth.requester())),
        }
        Ok(response)
    }
}

/// A signed-in user, as a handler asks for one.
struct User(SignedIn);

impl<'a> FromRequest<'a> for User {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> Result<Self> {
        let session = Data::<&RequestSession>::from_request(request, body).await?;
        let user = session.signed_in().await.map_err(InternalServerError)?;
        user.map(User).ok_or_else(|| {
            let reply = session.client().sign_in_required(&auth_request(request));
            poem::Error::from_response(into_response(reply))
        })
    }
}

/// The request as the browser sent it: `nest` takes the mount off `uri`, and leaves it in `original_uri`.
fn auth_request(request: &Request) -> AuthRequest {
    let target = request.original_uri().path_and_query().map_or("/", |target| target.as_str());
    AuthRequest::from_headers(request.method().as_str(), target, request.headers())
}

fn into_response(reply: Reply) -> Response {
    let (parts, body) = http::Response::<String>::from(reply).into_parts();
    (parts.status, parts.headers, Body::from(body)).into_response()
}
