//! salvo 0.90: `LogtoClient::handle_request` in a hoop around the application is sign-in, sign-out and a session for every page.
//!
//! `cargo run --package logto-example-salvo` starts a Logto of its own, so there is nothing to install and nothing to configure: sign in as
//! `ada` with the password `lovelace`. With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in the
//! environment it signs in at that Logto. `PORT` is where it listens (3000).

use std::{env, net::SocketAddr, sync::LazyLock};

use logto::{ContextOptions, RequestSession, TokenOptions, integrate::AuthRequest, testing::Playground};
use salvo::{
    http::header::{HeaderValue, SET_COOKIE},
    prelude::*,
    routing::{Filter, filters},
};

/// Whether `REQUEST_LOG=1` asks for a line in the log for each request.
static REQUEST_LOG: LazyLock<bool> = LazyLock::new(|| env::var_os("REQUEST_LOG").is_some_and(|on| on == "1"));

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    // In an application of your own: `let logto = LogtoClient::from_env()?;`
    let playground = Playground::start().await?;

    let pages = Router::new()
        .push(page("").goal(home))
        .push(page("protected").goal(protected))
        .push(page("user-info").goal(user_info))
        .push(page("access-token").goal(access_token))
        .push(page("organization/{id}").goal(organization))
        .push(page("preferences").goal(preferences));
    let pages = match playground.mount_path() {
        "" => pages,
        path => Router::with_path(path).push(pages),
    };
    // /logto/sign-in, /logto/sign-up, /callback, /logto/sign-out, /logto/user, /logto/back-channel-logout, and the pages above.
    // The hoop is the service's, for a router's is not asked where no page has the path.
    let app = Service::new(pages).hoop(Logto(playground.clone()));

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
    let Visit { playground, session } = visit(depot);
    Ok(Text::Html(playground.home(&session.get_context(ContextOptions::new()).await?)))
}

/// For users alone. A browser without a session goes to sign in and comes back; `fetch` gets 401 and JSON.
#[handler]
async fn protected(depot: &mut Depot) -> Result<Text<String>, Failure> {
    let Visit { playground, session } = visit(depot);
    let user = session.require_user().await?;
    Ok(Text::Html(playground.page("Protected page", &user.claims().sub)))
}

#[handler]
async fn user_info(depot: &mut Depot) -> Result<Text<String>, Failure> {
    let Visit { playground, session } = visit(depot);
    Ok(Text::Html(playground.page("User info", &session.fetch_user_info().await?)))
}

/// A token for an API. It is renewed when it ends, once, however many requests want it.
#[handler]
async fn access_token(depot: &mut Depot) -> Result<Text<String>, Failure> {
    let Visit { playground, session } = visit(depot);
    let claims = session.get_access_token_claims(TokenOptions::new().resource(playground.resource())).await?;
    Ok(Text::Html(playground.page("Claims of an access token", &claims)))
}

#[handler]
async fn organization(req: &mut Request, depot: &mut Depot) -> Result<Text<String>, Failure> {
    let Visit { playground, session } = visit(depot);
    let id: String = req.param("id").unwrap_or_default();
    let claims = session.get_organization_token_claims(&id).await?;
    Ok(Text::Html(playground.page("Claims of an organization token", &claims)))
}

/// The application's own cookies go out beside the session's.
#[handler]
async fn preferences(depot: &mut Depot, res: &mut Response) -> Result<(), Failure> {
    let Visit { playground, session } = visit(depot);
    let token = TokenOptions::new().resource(playground.resource());
    let context = session.get_context(ContextOptions::new().access_token(token)).await?;
    res.render(Text::Html(playground.page("Preferences", &context.scopes())));
    res.headers_mut().append(SET_COOKIE, HeaderValue::from_static("theme=dark; Path=/"));
    res.headers_mut().append(SET_COOKIE, HeaderValue::from_static("language=ko; Path=/"));
    Ok(())
}

/// What the handlers find in the depot.
struct Visit {
    playground: Playground,
    session: RequestSession,
}

fn visit(depot: &Depot) -> &Visit {
    depot.obtain().expect("the hoop `Logto` is around every page")
}

/// The hoop around everything: the authentication routes answer for themselves, a page gets a session.
struct Logto(Playground);

#[handler]
impl Logto {
    async fn handle(&self, req: &mut Request, depot: &mut Depot, res: &mut Response, ctrl: &mut FlowCtrl) {
        let (playground, logto) = (self.0.clone(), self.0.client());
        if !req.uri().path().starts_with(playground.mount_path()) {
            return;
        }
        let target = req.uri().path_and_query().map_or("/", |target| target.as_str());
        let request = AuthRequest::from_headers(req.method().as_str(), target, req.headers());
        let read = req.payload_with_max_size(AuthRequest::MAX_BODY_BYTES);
        let request = request.read_body(&logto, async { read.await.map(|body| body.to_vec()) }).await;
        let (method, path) = (req.method().clone(), req.uri().path().to_owned());
        let page = |session| async {
            depot.inject(Visit { playground, session });
            ctrl.call_next(req, depot, res).await;
            depot.scrape::<logto::Error>().map_or_else(|_| Ok(res.strip_to_hyper()), Err)
        };
        let response = if *REQUEST_LOG {
            // A middleware of the application: it sees whom a callback signs in and whom a sign-out signs out.
            let logged = async |request: AuthRequest, session: RequestSession| {
                let before = who(&session).await;
                let response = logto.handle_request(&request, page).await;
                let after = who(&session).await;
                tracing::info!(%method, path, before, after, "request");
                response
            };
            logto.with_session(request, logged).await
        } else {
            logto.handle_request(&request, page).await
        };
        *res = response.into();
    }
}

/// An error of `logto`, left for the hoop: it knows who asked.
struct Failure(logto::Error);

impl From<logto::Error> for Failure {
    fn from(error: logto::Error) -> Self {
        Self(error)
    }
}

#[async_trait]
impl Writer for Failure {
    async fn write(self, _req: &mut Request, depot: &mut Depot, _res: &mut Response) {
        depot.inject(self.0);
    }
}

/// Who is signed in, for the log: the `sub`, and nothing that is secret.
async fn who(session: &RequestSession) -> String {
    match session.user().await {
        Ok(user) => user.map_or_else(|| "nobody".to_owned(), |user| user.sub().to_owned()),
        Err(error) => error.code().to_string(),
    }
}
