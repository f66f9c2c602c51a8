//! salvo 0.90, without an integration: a hoop gives each request its session, another asks for a user.
//!
//! `cargo run --package logto-example-salvo` starts a Logto of its own, so there is nothing to install and nothing to configure: sign in as
//! `ada` with the password `lovelace`. With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in the
//! environment it signs in at that Logto. `PORT` is where it listens (3000).

use std::net::SocketAddr;

use logto::{AuthRequest, ContextOptions, Reply, RequestSession, SignedIn, TokenOptions, testing::Playground};
use salvo::{
    http::header::{HeaderValue, SET_COOKIE},
    prelude::*,
    routing::{Filter, filters},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    // In an application of your own: `let logto = LogtoClient::new(LogtoConfig::from_env()?)?;`
    let playground = Playground::start().await?;

    let for_users = Router::with_hoop(signed_in)
        .push(page("protected").goal(protected))
        .push(page("user-info").goal(user_info))
        .push(page("access-token").goal(access_token))
        .push(page("organization/{id}").goal(organization));
    let pages = Router::new().push(page("").goal(home)).push(page("preferences").goal(preferences)).push(for_users);
    // /logto/sign-in, /logto/sign-up, /callback, /logto/sign-out, /logto/user, /logto/back-channel-logout
    let logto = playground.client();
    let paths = logto.config().routes().paths().into_iter();
    let app = paths.fold(pages, |app, path| app.push(Router::with_path(path).goal(authentication)));
    let app = match playground.mount() {
        "" => app,
        path => Router::with_path(path).push(app),
    };
    let app = Router::with_hoop(Session(playground.clone())).push(app);

    let acceptor = TcpListener::new(SocketAddr::from(playground.address())).try_bind().await?;
    println!("{playground}");
    Server::new(acceptor).serve(app).await;
    Ok(())
}

/// A route to look at: salvo answers HEAD only where it is told to.
fn page(path: &str) -> Router {
    Router::with_path(path).filter(filters::get().or(filters::head()))
}

/// For everyone. `context.claims()` is there for those who are signed in.
#[handler]
async fn home(depot: &mut Depot) -> Result<Text<String>, Failure> {
    let Visit { playground, session, .. } = visit(depot);
    Ok(Text::Html(playground.home(&session.get_context(ContextOptions::new()).await?)))
}

/// For users alone. A browser without a session goes to sign in and comes back; `fetch` gets 401 and JSON.
#[handler]
async fn protected(depot: &mut Depot) -> Text<String> {
    let user = depot.obtain::<SignedIn>().expect("the hoop `signed_in` is around the page");
    Text::Html(visit(depot).playground.page("Protected page", &user.claims().sub))
}

#[handler]
async fn user_info(depot: &mut Depot) -> Result<Text<String>, Failure> {
    let Visit { playground, session, .. } = visit(depot);
    Ok(Text::Html(playground.page("User info", &session.fetch_user_info().await?)))
}

/// A token for an API. It is renewed when it ends, once, however many requests want it.
#[handler]
async fn access_token(depot: &mut Depot) -> Result<Text<String>, Failure> {
    let Visit { playground, session, .. } = visit(depot);
    let claims = session.get_access_token_claims(TokenOptions::resource(playground.resource())).await?;
    Ok(Text::Html(playground.page("Claims of an access token", &claims)))
}

#[handler]
async fn organization(req: &mut Request, depot: &mut Depot) -> Result<Text<String>, Failure> {
    let Visit { playground, session, .. } = visit(depot);
    let id: String = req.param("id").unwrap_or_default();
    let claims = session.get_organization_token_claims(&id).await?;
    Ok(Text::Html(playground.page("Claims of an organization token", &claims)))
}

/// The application's own cookies go out beside the session's.
#[handler]
async fn preferences(depot: &mut Depot, res: &mut Response) -> Result<(), Failure> {
    let Visit { playground, session, .. } = visit(depot);
    let token = TokenOptions::resource(playground.resource());
    let context = session.get_context(ContextOptions::new().access_token(token)).await?;
    res.render(Text::Html(playground.page("Preferences", &context.scopes())));
    res.headers_mut().append(SET_COOKIE, HeaderValue::from_static("theme=dark; Path=/"));
    res.headers_mut().append(SET_COOKIE, HeaderValue::from_static("language=ko; Path=/"));
    Ok(())
}

/// The authentication routes.
#[handler]
async fn authentication(req: &mut Request, depot: &mut Depot, res: &mut Response) {
    // A back-channel logout has a body: a short one.
    let body = req.payload_with_max_size(64 * 1024).await.map(|body| body.to_vec()).unwrap_or_default();
    let Visit { playground, request, .. } = visit(depot);
    let request = request.clone().body(String::from_utf8(body).unwrap_or_default());
    match playground.client().respond(&request).await {
        Some(reply) => send(res, reply),
        None => res.render(StatusCode::NOT_FOUND),
    }
}

/// What the handlers find in the depot.
struct Visit {
    playground: Playground,
    request: AuthRequest,
    session: RequestSession,
}

fn visit(depot: &Depot) -> &Visit {
    depot.obtain().expect("the hoop `Session` is around every page")
}

/// The hoop around everything: a session for each request, and its cookies on the response.
struct Session(Playground);

#[handler]
impl Session {
    async fn handle(&self, req: &mut Request, depot: &mut Depot, res: &mut Response, ctrl: &mut FlowCtrl) {
        let (playground, logto) = (self.0.clone(), self.0.client());
        // The path is the one the browser asked for, below the mount, too.
        let target = req.uri().path_and_query().map_or("/", |target| target.as_str());
        let request = AuthRequest::from_headers(req.method().as_str(), target, req.headers());
        let session = RequestSession::new(logto.clone(), request.cookie_header());
        depot.inject(Visit { playground, request: request.clone(), session: session.clone() });
        ctrl.call_next(req, depot, res).await;
        match session.finish().await {
            Ok(headers) => headers.append_to(res.headers_mut()),
            Err(error) => send(res, logto.error_reply(&error, request.requester())),
        }
    }
}

/// The hoop around the pages for users. A redirect or a 401 ends the chain.
#[handler]
async fn signed_in(depot: &mut Depot, res: &mut Response) -> Result<(), Failure> {
    let Visit { playground, request, session } = visit(depot);
    match session.signed_in().await? {
        Some(user) => _ = depot.inject(user),
        None => send(res, playground.client().sign_in_required(request)),
    }
    Ok(())
}

/// An error of `logto`: a page for a browser, JSON for a program.
struct Failure(logto::Error);

impl From<logto::Error> for Failure {
    fn from(error: logto::Error) -> Self {
        Self(error)
    }
}

#[async_trait]
impl Writer for Failure {
    async fn write(self, _req: &mut Request, depot: &mut Depot, res: &mut Response) {
        let Visit { playground, request, .. } = visit(depot);
        send(res, playground.client().error_reply(&self.0, request.requester()));
    }
}

fn send(res: &mut Response, reply: Reply) {
    *res = salvo::hyper::Response::<String>::from(reply).into();
}
