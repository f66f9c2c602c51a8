//! The whole circle of RFC 9470: a page calls an API, the API asks for a fresh login, the user gives it, the API is content.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::get,
};
use logto::{
    Error, LogtoClient, RequestSession, TokenOptions,
    api::{ApiAudience, ResourceServer, TokenRequirements},
    testing::{MockLogto, MockLogtoBuilder, TestClock},
};
use tokio::net::TcpListener;

use super::{Served, text};
use crate::{
    plain_http::plain_http,
    port::Port,
    support::{APP_SECRET, BOOKS, Browser, app, settings},
};

/// What the page knows of the API.
#[derive(Clone)]
struct Api {
    address: String,
    asked: Arc<AtomicUsize>,
}

async fn balance(
    State((api, requirements)): State<(ResourceServer, TokenRequirements)>,
    headers: HeaderMap,
) -> Result<String, Response> {
    let authorization = headers.get_all("authorization").iter();
    let auth = api.authorize(authorization, &requirements).await.map_err(IntoResponse::into_response)?;
    Ok(format!("balance of {}", auth.sub()))
}

async fn statement(session: RequestSession, State(api): State<Api>) -> Result<String, Error> {
    let token = session.get_access_token(TokenOptions::new().resource(BOOKS)).await?;
    api.asked.fetch_add(1, Ordering::SeqCst);
    let response = plain_http().build().unwrap().get(&api.address).bearer_auth(token.token()).send().await.unwrap();
    if let Some(challenge) = response.headers().get("www-authenticate") {
        session.step_up_if_challenged(challenge.to_str().unwrap_or_default()).await?;
    }
    Ok(format!("{} {}", response.status().as_u16(), response.text().await.unwrap()))
}

/// A page on one port and the API that it calls on another, each with its own idea of Logto.
async fn start(
    world: impl FnOnce(MockLogtoBuilder) -> MockLogtoBuilder,
    requirements: TokenRequirements,
) -> (Served, Arc<AtomicUsize>) {
    let port = Port::reserve();
    let base = format!("http://localhost:{}", port.number());
    let clock = TestClock::new();
    let registered = app("app").redirect_uri(format!("{base}/callback"));
    let mock = world(MockLogto::builder().app(registered).clock(clock.clone())).start().await.unwrap();

    let api = ResourceServer::builder()
        .endpoint(mock.endpoint())
        .audience(ApiAudience::resource(BOOKS))
        .clock(clock.clone())
        .build()
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/balance", listener.local_addr().unwrap());
    let router = Router::new().route("/balance", get(balance)).with_state((api, requirements));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

    let config = settings(&mock, &clock).app_secret(APP_SECRET).base_url(&base).build().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let api = Api { address, asked: Arc::clone(&asked) };
    let page = Router::new().route("/statement", get(statement)).with_state(api);
    super::axum::serve_with(LogtoClient::new(config).unwrap(), port.number(), page).await;
    let http = crate::http_browser::without_redirects();
    (Served { mock, clock, base, browser: Browser::default(), http, _port: port }, asked)
}

fn recent() -> TokenRequirements {
    TokenRequirements::new().scopes(["read:books"]).max_age(Duration::from_secs(300))
}

#[tokio::test]
async fn a_challenge_of_an_api_leads_through_a_login_back_to_the_page() {
    let (mut served, asked) = start(MockLogtoBuilder::step_up, recent()).await;
    served.sign_in("ada").await;
    let (response, redirects) = served.open("/statement", "ada").await;
    let balance = text(response).await;
    assert!(balance.0 == 200 && balance.1.starts_with("200 balance of "), "{balance:?}");
    assert_eq!((redirects, asked.swap(0, Ordering::SeqCst)), (0, 1), "the sign-in was recent");

    served.clock.advance(Duration::from_secs(361));
    let (response, redirects) = served.open("/statement", "ada").await;
    assert_eq!(text(response).await, balance);
    // The page, the sign-in route, Logto, the callback; the API was asked before and after.
    assert_eq!((redirects, asked.swap(0, Ordering::SeqCst)), (3, 2));

    // Another complaint of the API is the page's own affair.
    served.mock.update_user("ada", logto::testing::MockUser::without_roles);
    served.clock.advance(Duration::from_secs(3600));
    served.sign_in("ada").await;
    let (response, _) = served.open("/statement", "ada").await;
    let (_, answer) = text(response).await;
    assert!(answer.starts_with("403 ") && answer.contains("insufficient_scope"), "{answer}");
}

#[tokio::test]
async fn an_api_whose_tokens_have_no_auth_time_is_asked_at_most_three_times() {
    // The recorded Logto: no `auth_time` in access tokens.
    let (mut served, asked) = start(|mock| mock, recent()).await;
    for wait in [0, 100, 200, 400] {
        served.sign_in("ada").await;
        served.clock.advance(Duration::from_secs(wait));
        let (response, redirects) = served.open("/statement", "ada").await;
        let (status, page) = text(response).await;
        assert_eq!(status, 500, "{page}");
        assert!(page.contains("step_up.not_reflected_in_token") && page.contains("Custom JWT"), "{page}");
        // Once by Logto's session and once by a login, at most.
        let asked = asked.swap(0, Ordering::SeqCst);
        assert!(redirects <= 6 && (2..=3).contains(&asked), "after {wait} s: {redirects} redirects, {asked} requests");
    }
}
