//! A dashboard. Its whole router is for users, files and paths that do not exist included. It has pages of its own to land on.

use application_moved_over::{Place, client, serve};
use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
    routing::get,
};
use logto::{SignedIn, testing::MockUser};
use reqwest::Method;
use tower_http::services::ServeDir;

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/files/dashboard");

async fn users_alone(_user: SignedIn, request: Request, next: Next) -> Response {
    next.run(request).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (place, listener) = Place::new(|logto| logto.user(MockUser::new("ada"))).await;
    let logto = client(place.settings().after_sign_in("/overview").after_sign_out("/goodbye"));
    let dashboard = Router::new()
        .route("/overview", get(async |user: SignedIn| format!("the overview of {}", user.sub())))
        .route("/reports/{month}", get(async || "a report"))
        .fallback_service(ServeDir::new(FILES))
        .layer(from_fn(users_alone)); // `layer`, not `route_layer`: it is around the fallback, too
    let app = Router::new()
        .route("/goodbye", get(async || "see you"))
        .route("/closed", get(async || "closed on Sundays"))
        .merge(logto::axum::routes(&logto))
        .merge(dashboard)
        .layer(logto::axum::layer(&logto));
    serve(listener, app);

    // Nobody gets in, wherever they ask: not to a page, not to a file, not to what does not exist.
    for target in ["/", "/overview", "/reports/may", "/chart.js", "/no-such-page", "/%2e%2e/Cargo.toml"] {
        let mut stranger = place.browser();
        let answer = stranger.open(target).await;
        assert!(answer.header("location").starts_with(&place.logto.endpoint()), "{target}: {}", answer.body);
        let script = stranger.fetch(Method::GET, "/overview", target).await;
        assert_eq!((script.status, script.json()["code"].as_str()), (401, Some("not_authenticated")), "{target}");
    }
    assert_eq!(place.browser().open("/goodbye").await.body, "see you");

    // Each comes to the page they wanted, and to the overview if they wanted none.
    let mut browser = place.browser();
    let page = browser.sign_in("/logto/sign-in", "ada").await;
    assert_eq!((page.at.as_str(), page.body.as_str()), ("/overview", "the overview of user-ada"));
    let file = place.browser().sign_in("/chart.js", "ada").await;
    assert_eq!((file.at.as_str(), file.header("content-type")), ("/chart.js", "text/javascript"));
    assert_eq!(browser.open("/reports/may").await.body, "a report");
    assert_eq!(browser.open("/no-such-page").await.status, 404);

    // The sign-out leads to the page of the settings, or to the one that the form names. Another site's page is refused before anything ends.
    let refused = browser.submit("/logto/sign-out", "return_to=https://evil.example/").await;
    assert_eq!((refused.status, browser.open("/overview").await.status), (400, 200));
    let to_logto = browser.submit("/logto/sign-out", "return_to=/closed").await;
    let left = place.logto.end_session(to_logto.header("location")).await;
    assert_eq!(
        (browser.open(&left).await.body.as_str(), left),
        ("closed on Sundays", format!("{}/closed", place.origin))
    );
    let mut browser = place.browser();
    browser.sign_in("/overview", "ada").await;
    let to_logto = browser.submit("/logto/sign-out", "").await;
    let left = place.logto.end_session(to_logto.header("location")).await;
    assert_eq!(left, format!("{}/goodbye", place.origin));
    assert!(browser.open("/overview").await.header("location").starts_with(&place.logto.endpoint()));
    println!("dashboard: a whole router and its files for users alone, pages to land on");
}
