//! Events as API Gateway sends them, through the conversion of `lambda_http` in both directions.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use lambda_http::{Adapter, Context, LambdaEvent, Service, request::LambdaRequest, service_fn};
use logto::{
    LogtoConfig, ResponseMode,
    testing::{MockApp, MockLogto},
};
use serde_json::{Value, json};

use super::*;

const BASE_URL: &str = "https://id.execute-api.us-east-1.amazonaws.com";

/// A navigation to `/me` by Firefox, in version 2.0 of the format.
const GET: &str = include_str!("../events/get.json");

struct World {
    mock: MockLogto,
    logto: LogtoClient,
    /// What the browser keeps.
    cookies: BTreeMap<String, String>,
}

impl World {
    async fn start(response_mode: ResponseMode) -> Self {
        let app = MockApp::new("app", "an app's secret").redirect_uri(format!("{BASE_URL}/callback"));
        let mock = MockLogto::builder().app(app).start().await.unwrap();
        let config = LogtoConfig::builder().endpoint(mock.endpoint()).app_id("app").app_secret("an app's secret");
        let config = config.base_url(BASE_URL).cookie_secret("a secret of more than thirty-two letters");
        let logto = LogtoClient::new(config.response_mode(response_mode).build().unwrap()).unwrap();
        Self { mock, logto, cookies: BTreeMap::from([("theme".to_owned(), "dark".to_owned())]) }
    }

    /// The event for a path or an address of the site.
    fn get(&self, target: &str) -> Value {
        let target = target.strip_prefix(BASE_URL).unwrap_or(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut event: Value = serde_json::from_str(GET).unwrap();
        event["rawPath"] = json!(path);
        event["rawQueryString"] = json!(query);
        event["requestContext"]["http"]["path"] = json!(path);
        event["cookies"] = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        event
    }

    /// What API Gateway is told to answer; the browser keeps the cookies.
    async fn call(&mut self, event: &Value) -> Value {
        let request: LambdaRequest = serde_json::from_value(event.clone()).unwrap();
        let logto = self.logto.clone();
        let function = service_fn(move |request| {
            let logto = logto.clone();
            async move { answer(&logto, request).await }
        });
        let Ok(response) = Adapter::from(function).call(LambdaEvent::new(request, Context::default())).await;
        let response = serde_json::to_value(response).unwrap();
        for cookie in response["cookies"].as_array().into_iter().flatten() {
            let cookie = cookie.as_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            match cookie.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        response
    }

    async fn navigate(&mut self, target: &str) -> Value {
        self.call(&self.get(target)).await
    }
}

fn location(response: &Value) -> &str {
    let location = response["headers"]["location"].as_str().unwrap();
    location.strip_prefix(BASE_URL).unwrap_or(location)
}

#[tokio::test]
async fn a_user_signs_in_through_events_of_api_gateway() {
    let mut world = World::start(ResponseMode::Query).await;
    assert_eq!(world.navigate("/").await["body"], "please sign in at /me");
    let guarded = world.navigate("/me").await;
    assert_eq!((&guarded["statusCode"], location(&guarded)), (&json!(302), "/logto/sign-in?return_to=%2Fme"));
    let to_logto = world.navigate(location(&guarded)).await;
    assert_eq!(to_logto["cookies"].as_array().unwrap().len(), 1, "{to_logto}");
    let callback = world.mock.sign_in(location(&to_logto), "ada").await;
    let back = world.navigate(&callback).await;
    assert_eq!((&back["statusCode"], location(&back)), (&json!(302), "/me"));
    let me = world.navigate("/me").await;
    assert_eq!((&me["statusCode"], &me["body"]), (&json!(200), &json!("user-ada")));
    assert_eq!(me["headers"]["cache-control"], "private, no-store");
    assert_eq!(world.cookies["theme"], "dark");
    assert_eq!(world.navigate("/nothing").await["statusCode"], 404);
}

/// API Gateway encodes a body that it does not take for text.
#[tokio::test]
async fn a_callback_by_post_is_read_from_a_body_in_base64() {
    let mut world = World::start(ResponseMode::FormPost).await;
    let to_logto = world.navigate("/logto/sign-in?return_to=/me").await;
    // The server inside answers by query: the same parameters.
    let by_query = location(&to_logto).replace("response_mode=form_post&", "");
    let callback = world.mock.sign_in(&by_query, "ada").await;
    let (_, form) = callback.split_once('?').unwrap();
    let mut event = world.get("/callback");
    event["requestContext"]["http"]["method"] = json!("POST");
    event["headers"]["content-type"] = json!("application/x-www-form-urlencoded");
    event["headers"]["sec-fetch-site"] = json!("same-origin");
    event["isBase64Encoded"] = json!(true);
    event["body"] = json!(base64_simd::STANDARD.encode_to_string(form));
    let back = world.call(&event).await;
    assert_eq!(location(&back), "/me", "{back}");
    assert_eq!(world.navigate("/me").await["body"], "user-ada");
}

#[tokio::test]
async fn a_program_is_told_that_nobody_is_signed_in_as_json() {
    let mut world = World::start(ResponseMode::Query).await;
    let mut event = world.get("/me");
    event["headers"]["sec-fetch-mode"] = json!("cors");
    let refused = world.call(&event).await;
    assert_eq!(refused["statusCode"], 401);
    let body: Value = serde_json::from_str(refused["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["code"], "not_authenticated");
}
