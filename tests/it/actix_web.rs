//! actix-web: the adapter of [`crate::frameworks`], and what only actix-web has.

mod answers;

use std::{sync::atomic::Ordering, time::Duration};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer, ResponseError,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    error::ErrorImATeapot,
    http::header::SET_COOKIE,
    middleware::{Next, from_fn},
    web::{self, ServiceConfig},
};
use logto::{
    Error, HeaderCookies, LogtoConfig, RequestSession, SignedIn, TokenOptions, integrate::CurrentClient,
    testing::TestClock,
};
use reqwest::Method;

use crate::{
    counted_store::Counted,
    frameworks::{
        cases::a_page_tells_that_the_store_is_down,
        pages::{self, Answer, Late, home, kakao, maybe, me, result, the_same_for_everyone},
        served::{Adapter, Application, Served, Setup},
    },
    http_browser::{location, set_cookies},
    plain_http::plain_http,
    support::{BOOKS, Browser, Site},
};

async fn books(_user: SignedIn, session: RequestSession) -> Result<web::Json<Vec<String>>, Error> {
    pages::books(&session).await.map(web::Json)
}

/// A handler that sets cookies of its own while the session changes, too.
async fn cookies(session: RequestSession) -> Result<HttpResponse, Error> {
    session.get_access_token(TokenOptions::new().resource(BOOKS)).await?;
    Ok(HttpResponse::Ok()
        .append_header(("set-cookie", "theme=dark"))
        .append_header(("set-cookie", "lang=ko"))
        .append_header(("cache-control", "private"))
        .finish())
}

async fn by_hand(
    logto: web::Data<CurrentClient>,
    request: HttpRequest,
    mut cookies: HeaderCookies,
) -> Result<HttpResponse, Error> {
    let answer = pages::by_hand(&logto.get().unwrap(), &request.uri().to_string(), &mut cookies).await?;
    let mut response = match answer {
        Answer::Redirect(location) => HttpResponse::Found().append_header(("location", location)).finish(),
        Answer::Text(text) => HttpResponse::Ok().body(text),
    };
    for cookie in cookies.set_cookie_headers() {
        response.headers_mut().append(SET_COOKIE, cookie.parse().unwrap());
    }
    Ok(response)
}

async fn late(session: RequestSession, late: web::Data<Late>) -> &'static str {
    late.into_inner().ask_later(session);
    ""
}

/// A guard of the application's own: users alone.
async fn users_alone(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    request.extract::<SignedIn>().await?;
    next.call(request).await
}

/// A guard that changes the session and then refuses; with what, the path says.
async fn nobody(
    mut request: ServiceRequest,
    _: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, actix_web::Error> {
    let session = request.extract::<RequestSession>().await?;
    session.get_access_token(TokenOptions::new().resource(BOOKS)).await?;
    if request.path().ends_with("teapot") {
        return Err(ErrorImATeapot("short and stout"));
    }
    session.get_access_token(TokenOptions::new().resource("https://unknown.example")).await?;
    unreachable!("the resource is not known")
}

fn pages(config: &mut ServiceConfig) {
    config
        .route("/", web::get().to(home))
        .route("/me", web::get().to(me))
        .route("/me", web::post().to(me))
        .route("/maybe", web::get().to(maybe))
        .route("/result", web::get().to(result))
        .route("/hand/{what}", web::get().to(by_hand))
        .route("/books", web::get().to(books))
        .route("/cookies", web::get().to(cookies))
        .route("/kakao", web::post().to(kakao))
        .route("/late", web::get().to(late))
        .route("/static", web::get().to(the_same_for_everyone))
        .service(web::scope("/users").wrap(from_fn(users_alone)).route("/list", web::get().to(home)))
        .service(web::scope("/nobody").wrap(from_fn(nobody)).default_service(web::to(home)));
}

/// Serves an application on a port that is already open.
macro_rules! serve {
    ($listener:expr, $app:expr) => {{
        let server = HttpServer::new($app).workers(1).disable_signals().listen($listener).unwrap();
        tokio::spawn(server.run());
    }};
}
pub(crate) use serve;

pub fn listen() -> (std::net::TcpListener, String) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    (listener, origin)
}

#[derive(Clone, Copy)]
pub struct ActixWeb;

impl Adapter for ActixWeb {
    type Listener = std::net::TcpListener;

    const KEEPS_THE_ORDER_OF_COOKIES: bool = true;

    fn listen(self) -> (Self::Listener, u16) {
        let (listener, _) = listen();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    async fn serve(self, listener: Self::Listener, Application { logto, mount, late }: Application) {
        let late = web::Data::from(late);
        serve!(listener, move || {
            let app = App::new().app_data(late.clone()).app_data(web::Data::new(logto.clone()));
            let app = match mount {
                "" => app.configure(pages).configure(logto::actix_web::routes(&logto)),
                scope => app.service(web::scope(scope).configure(pages).configure(logto::actix_web::routes(&logto))),
            };
            app.wrap(logto::actix_web::middleware(logto.clone()))
        });
    }
}

#[tokio::test]
async fn a_middleware_that_asks_for_the_user_tells_that_the_store_is_down() {
    let store = Counted::new(&TestClock::new());
    let mut served = Served::with(ActixWeb, Setup::store(&store)).await;
    served.sign_in("/logto/sign-in").await;
    store.down.store(true, Ordering::SeqCst);
    a_page_tells_that_the_store_is_down(&mut served, "/users/list").await;
    store.down.store(false, Ordering::SeqCst);
    assert_eq!(served.navigate("/maybe").await.text().await.unwrap(), "true");
}

#[tokio::test]
async fn errors_of_other_middleware_are_answered_like_those_of_handlers() {
    let mut served = Served::start(ActixWeb).await;
    let response = served.navigate("/users/list?page=2").await;
    assert_eq!(location(&response), "/logto/sign-in?return_to=%2Fusers%2Flist%3Fpage%3D2");
    assert_eq!(served.ask(Method::GET, "/users/list", &[]).await.status(), 401);
    served.sign_in("/logto/sign-in").await;
    assert_eq!(served.navigate("/users/list").await.text().await.unwrap(), "hello, Ada Lovelace");

    // The session that a refused request changed is kept.
    let response = served.navigate("/nobody/teapot").await;
    assert_eq!((response.status().as_u16(), set_cookies(&response).len()), (418, 1));
    assert_eq!(response.headers()["cache-control"], "private, no-store");
    assert_eq!(response.text().await.unwrap(), "short and stout");
    served.clock.advance(Duration::from_secs(3600));
    let response = served.navigate("/nobody/at-all").await;
    assert_eq!((response.status().as_u16(), set_cookies(&response).len()), (500, 1));
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert!(response.text().await.unwrap().contains("token.resource_refused"));
}

#[tokio::test]
async fn a_missing_middleware_is_an_error_that_names_the_middleware() {
    let (listener, url) = listen();
    serve!(listener, || App::new().configure(pages));
    for target in ["/", "/me", "/books", "/users/list"] {
        let response = plain_http().build().unwrap().get(format!("{url}{target}")).send().await.unwrap();
        assert_eq!(response.status(), 500, "{target}");
        let body: serde_json::Value = response.json().await.unwrap();
        assert_eq!(body["code"], "integration.missing", "{target}");
        assert!(body["hint"].as_str().unwrap().contains(".wrap(logto::actix_web::middleware(logto.clone()))"));
    }
}

/// Middleware of others, for logs and metrics say, asks the error for its status before there is a response.
#[tokio::test]
async fn an_error_has_the_status_of_its_response() {
    let site = Site::start().await;
    let nobody = &mut Browser::default().request();
    let errors = [
        (site.logto.get_access_token(nobody, TokenOptions::new()).await.unwrap_err(), 401),
        (LogtoConfig::builder().build().unwrap_err(), 500),
    ];
    for (error, status) in errors {
        assert_eq!((error.status_code().as_u16(), error.error_response().status().as_u16()), (status, status));
    }
}
