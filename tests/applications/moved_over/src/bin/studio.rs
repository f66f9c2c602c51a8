//! A studio below a path of a larger site. The site is for everyone and knows nothing of sign-in. The studio guards a router of its own below that
//! path.

use application_moved_over::{Place, client, serve};
use axum::{
    Router,
    extract::{Path, Request},
    middleware::{Next, from_fn},
    response::Response,
    routing::get,
};
use logto::{LogtoClient, RequestSession, Result, SignedIn, testing::MockUser};

async fn users_alone(_user: SignedIn, request: Request, next: Next) -> Response {
    next.run(request).await
}

/// It asks for no user: the router around it does.
async fn project(Path(number): Path<u32>) -> String {
    format!("project {number}")
}

async fn front(session: RequestSession) -> Result<&'static str> {
    Ok(if session.is_authenticated().await? { "welcome back" } else { "the studio" })
}

fn studio(logto: &LogtoClient) -> Router {
    let projects = Router::new().route("/{number}", get(project)).route_layer(from_fn(users_alone));
    Router::new()
        .route("/", get(front))
        .nest("/projects", projects)
        .merge(logto::axum::routes(logto))
        .layer(logto::axum::layer(logto))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (place, listener) = Place::new(|logto| logto.user(MockUser::new("ada"))).await;
    let base_url = format!("{}/studio", place.origin);
    let logto = client(place.settings().base_url(base_url.as_str()).cookie_path("/studio"));
    assert_eq!(logto.config().redirect_uri(), format!("{base_url}/callback"));
    let site = Router::new().route("/", get(async || "the site")).nest("/studio", studio(&logto));
    serve(listener, site);

    let mut browser = place.browser();
    assert_eq!(browser.open("/").await.body, "the site");
    assert_eq!(browser.open("/studio").await.body, "the studio");
    // Two levels below: the user comes back to the page that was asked for.
    let page = browser.sign_in("/studio/projects/7?tab=files", "ada").await;
    assert_eq!((page.at.as_str(), page.body.as_str()), ("/studio/projects/7?tab=files", "project 7"));
    assert_eq!(browser.open("/studio").await.body, "welcome back");
    // The site never sees the studio's cookies.
    assert!(browser.cookies().next().is_some());
    assert!(browser.cookies().all(|cookie| cookie.path() == Some("/studio")));
    // A page that does not exist is 404 for everyone, below the guard as well.
    for mut browser in [place.browser(), browser.clone()] {
        assert_eq!(browser.open("/studio/projects/7/no/such/page").await.status, 404);
    }

    // A page is meant below the studio's path, with the path or without; one beside it is refused.
    for (wanted, comes_to) in [("/projects/1", "/studio/projects/1"), ("/studio/projects/2", "/studio/projects/2")] {
        let page = place.browser().sign_in(&format!("/studio/logto/sign-in?return_to={wanted}"), "ada").await;
        assert_eq!((page.status, page.at.as_str()), (200, comes_to));
    }
    let outside = place.browser().open("/studio/logto/sign-in?return_to=/../").await;
    assert_eq!((outside.status, outside.body.contains("sign_in.return_to_refused")), (400, true), "{}", outside.body);

    let to_logto = browser.submit("/studio/logto/sign-out", "").await;
    assert_eq!(place.logto.end_session(to_logto.header("location")).await, base_url);
    assert_eq!(browser.open("/studio").await.body, "the studio");
    assert!(browser.cookies().next().is_none());
    println!("studio: a guard below a mounted path, pages and cookies below that path");
}
