//! A document of OpenAPI, as an application makes it with utoipa.

use serde_json::{Value, json};
use utoipa::{Modify, OpenApi};

use crate::support::Site;
use logto::openapi::SecuritySchemes;

#[allow(dead_code)]
#[utoipa::path(
    get,
    path = "/books",
    responses((status = 200, body = Vec<String>), logto::Error),
    security(("logto_bearer_token" = ["read:books"])),
)]
fn books() {}

#[derive(OpenApi)]
#[openapi(paths(books), components(schemas(logto::Error)))]
struct Document;

async fn document(schemes: impl FnOnce(&Site) -> SecuritySchemes) -> Value {
    let site = Site::start().await;
    let mut document = Document::openapi();
    schemes(&site).modify(&mut document);
    serde_json::to_value(document).unwrap()
}

#[tokio::test]
async fn a_document_tells_of_the_errors_of_a_path() {
    let document = document(|_| SecuritySchemes::new()).await;
    let responses = &document["paths"]["/books"]["get"]["responses"];
    let statuses: Vec<_> = responses.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = ["200", "204", "400", "401", "403", "404", "405", "413", "421", "422", "429", "500", "502", "503"];
    assert_eq!(statuses, expected);
    for status in statuses.iter().filter(|status| !["200", "204"].contains(status)) {
        let schema = &responses[status]["content"]["application/json"]["schema"];
        assert_eq!(schema["$ref"], "#/components/schemas/LogtoError", "{status}");
    }
    assert!(responses["401"]["headers"]["WWW-Authenticate"].is_object());
    assert!(responses["503"]["headers"]["Retry-After"].is_object());
    assert_eq!(document["components"]["schemas"]["LogtoError"]["required"], json!(["code", "message"]));
    assert_eq!(document["components"]["securitySchemes"], Value::Null);
}

#[tokio::test]
async fn a_document_tells_how_a_request_says_who_sends_it() {
    let document = document(|site| SecuritySchemes::new().bearer_token().session_cookie(&site.logto)).await;
    let schemes = &document["components"]["securitySchemes"];
    let bearer = &schemes["logto_bearer_token"];
    assert_eq!(
        (&bearer["type"], &bearer["scheme"], &bearer["bearerFormat"]),
        (&json!("http"), &json!("bearer"), &json!("JWT"))
    );
    let session = &schemes["logto_session"];
    assert_eq!(
        (&session["type"], &session["in"], &session["name"]),
        (&json!("apiKey"), &json!("cookie"), &json!("logto_app"))
    );
    let security = &document["paths"]["/books"]["get"]["security"];
    assert_eq!(security, &json!([{ "logto_bearer_token": ["read:books"] }]));
}

/// The members that a program gets are those of the schema.
#[tokio::test]
async fn the_schema_has_every_member_of_an_answer() {
    let document = document(|_| SecuritySchemes::new()).await;
    let properties = document["components"]["schemas"]["LogtoError"]["properties"].clone();
    let site = Site::start().await;
    for target in ["/logto/sign-in?return_to=//evil.example", "/callback?code=a&state=b", "/logto/sign-out"] {
        let request = logto::integrate::AuthRequest::new("GET", target, |_| None);
        let response = site.logto.handle_auth_routes(&request).await.unwrap();
        let body: Value = serde_json::from_str(response.body()).unwrap();
        let members = body.as_object().unwrap();
        assert!(members.len() > 2, "{body}");
        for member in members.keys() {
            assert!(properties[member].is_object(), "{target}: {member}");
        }
    }
    let request = logto::integrate::AuthRequest::new("GET", "/me", |_| None);
    let body: Value = serde_json::from_str(site.logto.sign_in_redirect(&request).body()).unwrap();
    assert!(body.as_object().unwrap().keys().all(|member| properties[member].is_object()), "{body}");
}
