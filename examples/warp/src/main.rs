//! warp 0.4: every page is a filter and one call of `LogtoClient::handle_request`, which is sign-in, sign-out and a session for the page.
//!
//! `cargo run --package logto-example-warp` starts a Logto of its own, so there is nothing to install and nothing to configure: sign in as
//! `ada` with the password `lovelace`. With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in the
//! environment it signs in at that Logto. `PORT` is where it listens (3000).

use std::{convert::Infallible, env, pin::pin, sync::LazyLock};

use futures_util::{Stream, TryStreamExt};
use logto::{ContextOptions, RequestSession, TokenOptions, integrate::AuthRequest, testing::Playground};
use warp::{
    Buf, Filter, Reply,
    filters::{BoxedFilter, path::FullPath},
    http::{HeaderMap, HeaderValue, Method, header::SET_COOKIE},
    path,
    path::end,
    reply::{Response, html},
};

/// Whether `REQUEST_LOG=1` asks for a line in the log for each request.
static REQUEST_LOG: LazyLock<bool> = LazyLock::new(|| env::var_os("REQUEST_LOG").is_some_and(|on| on == "1"));

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    // In an application of your own: `let logto = LogtoClient::from_env()?;`
    let playground = Playground::start().await?;

    println!("{playground}");
    warp::serve(app(&playground)).run(playground.address()).await;
    Ok(())
}

fn app(playground: &Playground) -> BoxedFilter<(Response,)> {
    let get = warp::get().or(warp::head()).unify();
    let page = get.and(auth_request()).and(given(playground.clone()));
    let pages = end().and(page.clone()).then(home).boxed();
    let pages = pages.or(path!("protected").and(page.clone()).then(protected)).unify();
    let pages = pages.or(path!("user-info").and(page.clone()).then(user_info)).unify();
    let pages = pages.or(path!("access-token").and(page.clone()).then(access_token)).unify();
    let pages = pages.or(path!("organization" / String).and(page.clone()).then(organization)).unify();
    let pages = pages.or(path!("preferences").and(page).then(preferences)).unify();
    below(playground.mount_path()).and(authentication(playground).or(pages).unify()).boxed()
}

/// For everyone. `context.claims()` is there for those who are signed in.
async fn home(request: AuthRequest, playground: Playground) -> Response {
    let page = async |session: RequestSession| {
        let context = session.get_context(ContextOptions::new()).await?;
        Ok(html(playground.home(&context)).into_response())
    };
    serve(&playground, request, page).await
}

/// For users alone. A browser without a session goes to sign in and comes back; `fetch` gets 401 and JSON.
async fn protected(request: AuthRequest, playground: Playground) -> Response {
    let page = async |session: RequestSession| {
        let user = session.require_user().await?;
        Ok(html(playground.page("Protected page", &user.claims().sub)).into_response())
    };
    serve(&playground, request, page).await
}

async fn user_info(request: AuthRequest, playground: Playground) -> Response {
    let page = async |session: RequestSession| {
        Ok(html(playground.page("User info", &session.fetch_user_info().await?)).into_response())
    };
    serve(&playground, request, page).await
}

/// A token for an API. It is renewed when it ends, once, however many requests want it.
async fn access_token(request: AuthRequest, playground: Playground) -> Response {
    let page = async |session: RequestSession| {
        let claims = session.get_access_token_claims(TokenOptions::new().resource(playground.resource())).await?;
        Ok(html(playground.page("Claims of an access token", &claims)).into_response())
    };
    serve(&playground, request, page).await
}

async fn organization(id: String, request: AuthRequest, playground: Playground) -> Response {
    let page = async |session: RequestSession| {
        let claims = session.get_organization_token_claims(&id).await?;
        Ok(html(playground.page("Claims of an organization token", &claims)).into_response())
    };
    serve(&playground, request, page).await
}

/// The application's own cookies go out beside the session's.
async fn preferences(request: AuthRequest, playground: Playground) -> Response {
    let page = async |session: RequestSession| {
        let token = TokenOptions::new().resource(playground.resource());
        let context = session.get_context(ContextOptions::new().access_token(token)).await?;
        let mut page = html(playground.page("Preferences", &context.scopes())).into_response();
        page.headers_mut().append(SET_COOKIE, HeaderValue::from_static("theme=dark; Path=/"));
        page.headers_mut().append(SET_COOKIE, HeaderValue::from_static("language=ko; Path=/"));
        Ok(page)
    };
    serve(&playground, request, page).await
}

/// The authentication routes: /logto/sign-in, /logto/sign-up, /callback, /logto/sign-out, /logto/user, /logto/back-channel-logout.
fn authentication(playground: &Playground) -> BoxedFilter<(Response,)> {
    let logto = playground.client();
    let routes = logto.config().routes();
    let first = below(routes.sign_in_path()).and(end()).boxed();
    let route = routes.paths().into_iter().skip(1);
    let route = route.fold(first, |one, path| one.or(below(path).and(end())).unify().boxed());
    let request = route.and(auth_request()).and(warp::body::stream()).and(given(playground.clone()));
    // A back-channel logout has a body, and so has a callback by POST: a short one, for which nobody waits long.
    let reply = |request: AuthRequest, body, playground: Playground| async move {
        let request = request.read_body(&playground.client(), read(body)).await;
        serve(&playground, request, async |_| Ok(Response::default())).await
    };
    request.then(reply).boxed()
}

async fn read(body: impl Stream<Item = Result<impl Buf, warp::Error>>) -> Result<Vec<u8>, warp::Error> {
    let (mut body, mut bytes) = (pin!(body), Vec::new());
    while let Some(mut chunk) = body.try_next().await? {
        bytes.extend(chunk.copy_to_bytes(chunk.remaining()));
        if bytes.len() > AuthRequest::MAX_BODY_BYTES {
            return Ok(Vec::new());
        }
    }
    Ok(bytes)
}

fn given(playground: Playground) -> impl Filter<Extract = (Playground,), Error = Infallible> + Clone {
    warp::any().map(move || playground.clone())
}

/// The request as the browser sent it, also below the mount.
fn auth_request() -> impl Filter<Extract = (AuthRequest,), Error = Infallible> + Copy {
    let query = warp::query::raw().map(|query: String| format!("?{query}")).or(warp::any().map(String::new)).unify();
    warp::method().and(warp::path::full()).and(query).and(warp::header::headers_cloned()).map(
        |method: Method, path: FullPath, query: String, headers: HeaderMap| {
            AuthRequest::from_headers(method.as_str(), &format!("{}{query}", path.as_str()), &headers)
        },
    )
}

/// The filter of a path with any number of segments.
fn below(path: &str) -> BoxedFilter<()> {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    segments.fold(warp::any().boxed(), |filter, segment| filter.and(warp::path(segment.to_owned())).boxed())
}

/// `LogtoClient::handle_request`, with a line in the log if it is wanted.
async fn serve<P>(playground: &Playground, request: AuthRequest, page: impl FnOnce(RequestSession) -> P) -> Response
where
    P: Future<Output = logto::Result<Response>>,
{
    let logto = playground.client();
    if !*REQUEST_LOG {
        return logto.handle_request(&request, page).await;
    }
    // A middleware of the application: it sees whom a callback signs in and whom a sign-out signs out.
    let logged = async |request: AuthRequest, session: RequestSession| {
        let before = who(&session).await;
        let response = logto.handle_request(&request, page).await;
        let after = who(&session).await;
        tracing::info!(?request, before, after, "request");
        response
    };
    logto.with_session(request, logged).await
}

/// Who is signed in, for the log: the `sub`, and nothing that is secret.
async fn who(session: &RequestSession) -> String {
    match session.user().await {
        Ok(user) => user.map_or_else(|| "nobody".to_owned(), |user| user.sub().to_owned()),
        Err(error) => error.code().to_string(),
    }
}
