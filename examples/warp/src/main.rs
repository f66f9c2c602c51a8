//! warp 0.4, without an integration: a filter gives each page its session, another asks for a user, rejections become replies.
//!
//! `cargo run --package logto-example-warp` starts a Logto of its own, so there is nothing to install and nothing to configure: sign in as
//! `ada` with the password `lovelace`. With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in the
//! environment it signs in at that Logto. `PORT` is where it listens (3000).

use std::convert::Infallible;

use logto::{AuthRequest, ContextOptions, RequestSession, SignedIn, TokenOptions, testing::Playground};
use warp::{
    Filter, Rejection, Reply,
    filters::{BoxedFilter, path::FullPath},
    http::{HeaderMap, HeaderValue, Method, Response, header::SET_COOKIE},
    hyper::body::Bytes,
    path,
    path::end,
    reject::{Reject, custom, not_found},
    reply::{Response as WarpResponse, html},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    // In an application of your own: `let logto = LogtoClient::new(LogtoConfig::from_env()?)?;`
    let playground = Playground::start().await?;

    let get = warp::get().or(warp::head()).unify();
    let visit = visit(playground.clone());
    let user = visit.clone().and_then(signed_in).untuple_one();
    let pages = end().and(visit.clone()).and_then(home).boxed();
    let pages = pages.or(path!("protected").and(user.clone()).and_then(protected)).unify();
    let pages = pages.or(path!("user-info").and(user.clone()).and_then(user_info)).unify();
    let pages = pages.or(path!("access-token").and(user.clone()).and_then(access_token)).unify();
    let pages = pages.or(path!("organization" / String).and(user).and_then(organization)).unify();
    let pages = pages.or(path!("preferences").and(visit).and_then(preferences)).unify();
    let pages = get.and(pages).untuple_one().then(finish).recover(refused).unify();
    let app = below(playground.mount()).and(authentication(&playground).or(pages));

    println!("{playground}");
    warp::serve(app).run(playground.address()).await;
    Ok(())
}

/// For everyone. `context.claims()` is there for those who are signed in.
async fn home(visit: Visit) -> Result<Page, Rejection> {
    let context = visit.session.get_context(ContextOptions::new()).await.map_err(|error| visit.failed(error))?;
    let page = html(visit.playground.home(&context));
    Ok((visit, page.into_response()))
}

/// For users alone. A browser without a session goes to sign in and comes back; `fetch` gets 401 and JSON.
async fn protected(visit: Visit, user: SignedIn) -> Result<Page, Rejection> {
    let page = html(visit.playground.page("Protected page", &user.claims().sub));
    Ok((visit, page.into_response()))
}

async fn user_info(visit: Visit, _user: SignedIn) -> Result<Page, Rejection> {
    let user_info = visit.session.fetch_user_info().await.map_err(|error| visit.failed(error))?;
    let page = html(visit.playground.page("User info", &user_info));
    Ok((visit, page.into_response()))
}

/// A token for an API. It is renewed when it ends, once, however many requests want it.
async fn access_token(visit: Visit, _user: SignedIn) -> Result<Page, Rejection> {
    let token = TokenOptions::resource(visit.playground.resource());
    let claims = visit.session.get_access_token_claims(token).await.map_err(|error| visit.failed(error))?;
    let page = html(visit.playground.page("Claims of an access token", &claims));
    Ok((visit, page.into_response()))
}

async fn organization(id: String, visit: Visit, _user: SignedIn) -> Result<Page, Rejection> {
    let claims = visit.session.get_organization_token_claims(&id).await.map_err(|error| visit.failed(error))?;
    let page = html(visit.playground.page("Claims of an organization token", &claims));
    Ok((visit, page.into_response()))
}

/// The application's own cookies go out beside the session's.
async fn preferences(visit: Visit) -> Result<Page, Rejection> {
    let options = ContextOptions::new().access_token(TokenOptions::resource(visit.playground.resource()));
    let context = visit.session.get_context(options).await.map_err(|error| visit.failed(error))?;
    let mut page = html(visit.playground.page("Preferences", &context.scopes())).into_response();
    page.headers_mut().append(SET_COOKIE, HeaderValue::from_static("theme=dark; Path=/"));
    page.headers_mut().append(SET_COOKIE, HeaderValue::from_static("language=ko; Path=/"));
    Ok((visit, page))
}

/// What a page gets, and gives back with its response.
#[derive(Debug, Clone)]
struct Visit {
    playground: Playground,
    request: AuthRequest,
    session: RequestSession,
}

type Page = (Visit, WarpResponse);

fn visit(playground: Playground) -> impl Filter<Extract = (Visit,), Error = Infallible> + Clone {
    auth_request().map(move |request: AuthRequest| Visit {
        session: RequestSession::new(playground.client(), request.cookie_header()),
        playground: playground.clone(),
        request,
    })
}

async fn signed_in(visit: Visit) -> Result<(Visit, SignedIn), Rejection> {
    let user = visit.session.signed_in().await.map_err(|error| visit.failed(error))?;
    user.map(|user| (visit.clone(), user)).ok_or_else(|| custom(Refusal::SignInRequired(visit)))
}

/// After the page: it may have renewed a token, or signed the user out.
async fn finish(visit: Visit, mut response: WarpResponse) -> WarpResponse {
    match visit.session.finish().await {
        Ok(headers) => headers.append_to(response.headers_mut()),
        Err(error) => response = visit.error(&error),
    }
    response
}

impl Visit {
    fn failed(&self, error: logto::Error) -> Rejection {
        custom(Refusal::Failed(self.clone(), error))
    }

    fn error(&self, error: &logto::Error) -> WarpResponse {
        into_response(self.playground.client().error_reply(error, self.request.requester()))
    }
}

/// Why there is no page.
#[derive(Debug)]
enum Refusal {
    SignInRequired(Visit),
    Failed(Visit, logto::Error),
}

impl Reject for Refusal {}

async fn refused(rejection: Rejection) -> Result<WarpResponse, Rejection> {
    let (visit, response) = match rejection.find() {
        Some(Refusal::SignInRequired(visit)) => {
            (visit, into_response(visit.playground.client().sign_in_required(&visit.request)))
        }
        Some(Refusal::Failed(visit, error)) => (visit, visit.error(error)),
        None => return Err(rejection),
    };
    Ok(finish(visit.clone(), response).await)
}

/// The authentication routes: /logto/sign-in, /logto/sign-up, /callback, /logto/sign-out, /logto/user, /logto/back-channel-logout.
fn authentication(playground: &Playground) -> BoxedFilter<(WarpResponse,)> {
    let logto = playground.client();
    let routes = logto.config().routes();
    let first = below(routes.sign_in_path()).and(end()).boxed();
    let route = routes.paths().into_iter().skip(1);
    let route = route.fold(first, |one, path| one.or(below(path).and(end())).unify().boxed());
    // A back-channel logout has a body, and so has a callback by POST: a short one.
    let body =
        warp::body::content_length_limit(64 * 1024).and(warp::body::bytes()).or(warp::any().map(Bytes::new)).unify();
    route
        .and(auth_request())
        .and(body)
        .and_then(move |request: AuthRequest, body: Bytes| {
            let logto = logto.clone();
            async move {
                let request = request.body(String::from_utf8(body.into()).unwrap_or_default());
                logto.respond(&request).await.map(into_response).ok_or_else(not_found)
            }
        })
        .boxed()
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

fn into_response(reply: logto::Reply) -> WarpResponse {
    Response::<String>::from(reply).into_response()
}
