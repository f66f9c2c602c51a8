//! An event as an extractor keeps the body as it came, in each framework.

use logto::webhooks::{Event, Webhooks};

use super::{Delivery, delivery, recorded, sign};

/// A request, and what comes of it: the status, and the body or the code of the error.
struct Case {
    signatures: Vec<String>,
    body: Vec<u8>,
    answer: (u16, &'static str),
}

fn case(signatures: &[&str], body: impl Into<Vec<u8>>, status: u16, answer: &'static str) -> Case {
    let signatures = signatures.iter().map(|text| (*text).to_owned()).collect();
    Case { signatures, body: body.into(), answer: (status, answer) }
}

fn webhooks() -> Webhooks {
    Webhooks::new(recorded()[0].key.as_str()).unwrap()
}

fn cases() -> Vec<Case> {
    let Delivery { key, signature, body, .. } = delivery("02-user-data-updated.json");
    let large = vec![b'x'; Webhooks::MAX_BODY_BYTES + 1];
    let largest = [body.as_bytes(), &vec![b' '; Webhooks::MAX_BODY_BYTES - body.len()]].concat();
    vec![
        case(&[&signature], body.as_str(), 200, "User.Data.Updated vxzzmdwmpnpi"),
        case(&[&sign(&key, &largest)], largest, 200, "User.Data.Updated vxzzmdwmpnpi"),
        case(&[], body.as_str(), 401, "webhook.signature_missing"),
        case(&[&signature, &signature], body.as_str(), 401, "webhook.signature_invalid"),
        case(&[&signature.to_uppercase()], body.as_str(), 401, "webhook.signature_invalid"),
        case(&[&signature], body.replace("Eva", "Eve"), 401, "webhook.signature_invalid"),
        case(&[&signature], reread(body.as_bytes()), 401, "webhook.signature_invalid"),
        case(&[&signature], "", 401, "webhook.signature_invalid"),
        case(&[&sign("another key", body.as_bytes())], body.as_str(), 401, "webhook.signature_invalid"),
        case(&[&signature, &sign("another key", body.as_bytes())], body.as_str(), 401, "webhook.signature_invalid"),
        case(&[&sign(&key, b"{}")], "{}", 400, "webhook.body_invalid"),
        case(&[&sign(&key, &[0xff])], [0xff], 400, "webhook.body_invalid"),
        case(&[&sign(&key, b"")], "", 400, "webhook.body_invalid"),
        case(&[&sign(&key, &large)], large, 413, "webhook.body_too_large"),
    ]
}

/// As a JSON extractor and a writer leave it: the same members, and other bytes.
fn reread(body: &[u8]) -> Vec<u8> {
    let changed = serde_json::from_slice::<serde_json::Value>(body).unwrap().to_string();
    assert_ne!(changed.as_bytes(), body);
    changed.into_bytes()
}

fn told(event: &Event) -> String {
    format!("{} {}", event.name, event.user_id().unwrap_or_default())
}

#[track_caller]
fn check(case: &Case, status: u16, body: &str) {
    assert!(status == case.answer.0 && body.contains(case.answer.1), "{:?}: {status} {body}", case.answer);
}

mod axum {
    use ::axum::{
        Extension, Router,
        body::Body,
        middleware::{Next, from_fn},
        routing::post,
    };
    use http::Request;
    use http_body_util::BodyExt;
    use logto::webhooks::Event;
    use tower::ServiceExt;

    use super::{cases, check, delivery, reread, told, webhooks};

    async fn answer(router: Router, request: Request<Body>) -> (u16, String) {
        let response = router.oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn an_event_is_an_extractor() {
        let hook = async |event: Event| told(&event);
        let app = Router::new().route("/hook", post(hook)).layer(Extension(webhooks()));
        for case in cases() {
            let mut request = Request::post("/hook").header("content-type", "application/json");
            for signature in &case.signatures {
                request = request.header("logto-signature-sha-256", signature);
            }
            let (status, body) = answer(app.clone(), request.body(Body::from(case.body.clone())).unwrap()).await;
            check(&case, status, &body);
        }
    }

    /// A layer that reads the body as JSON and puts it back does so in other bytes.
    #[tokio::test]
    async fn a_body_that_a_layer_has_read_as_json_is_refused() {
        let reads = async |request: Request<Body>, next: Next| {
            let (parts, body) = request.into_parts();
            let body = reread(&body.collect().await.unwrap().to_bytes());
            next.run(Request::from_parts(parts, Body::from(body))).await
        };
        let hook = async |event: Event| told(&event);
        let route = Router::new().route("/hook", post(hook)).layer(Extension(webhooks()));
        let sent = delivery("02-user-data-updated.json");
        for (app, expected) in [(route.clone(), 200), (route.layer(from_fn(reads)), 401)] {
            let request = Request::post("/hook").header("logto-signature-sha-256", &sent.signature);
            let (status, body) = answer(app, request.body(Body::from(sent.body.clone())).unwrap()).await;
            assert_eq!(status, expected, "{body}");
        }
    }

    #[tokio::test]
    async fn without_the_extension_the_answer_says_what_is_missing() {
        let app = Router::new().route("/hook", post(async |event: Event| told(&event)));
        let (status, body) = answer(app, Request::post("/hook").body(Body::empty()).unwrap()).await;
        assert!(status == 500 && body.contains("integration.missing"), "{status} {body}");
    }
}

#[cfg(feature = "actix-web")]
mod actix_web {
    use ::actix_web::{App, http::header::ContentType, test, web};
    use logto::webhooks::Event;

    use super::{cases, check, delivery, told, webhooks};

    #[::actix_web::test]
    async fn an_event_is_an_extractor() {
        let app = App::new()
            .app_data(web::Data::new(webhooks()))
            .route("/hook", web::post().to(async |event: Event| told(&event)));
        let app = test::init_service(app).await;
        for case in cases() {
            let mut request = test::TestRequest::post().uri("/hook").insert_header(ContentType::json());
            for signature in &case.signatures {
                request = request.append_header(("logto-signature-sha-256", signature.as_str()));
            }
            let response = test::call_service(&app, request.set_payload(case.body.clone()).to_request()).await;
            let status = response.status().as_u16();
            check(&case, status, std::str::from_utf8(&test::read_body(response).await).unwrap());
        }
    }

    /// The first extractor of the body takes it.
    #[::actix_web::test]
    async fn an_event_after_a_json_extractor_is_refused() {
        let both = async |_: web::Json<serde_json::Value>, event: Event| told(&event);
        let app = App::new().app_data(web::Data::new(webhooks())).route("/hook", web::post().to(both));
        let app = test::init_service(app).await;
        let sent = delivery("02-user-data-updated.json");
        let request = test::TestRequest::post().uri("/hook").insert_header(ContentType::json());
        let request = request.append_header(("logto-signature-sha-256", sent.signature)).set_payload(sent.body);
        let response = test::call_service(&app, request.to_request()).await;
        assert_eq!(response.status().as_u16(), 401);
        let body = test::read_body(response).await;
        assert!(body.windows(25).any(|part| part == b"webhook.signature_invalid"), "{body:?}");
    }

    #[::actix_web::test]
    async fn without_the_data_the_answer_says_what_is_missing() {
        let app = App::new().route("/hook", web::post().to(async |event: Event| told(&event)));
        let app = test::init_service(app).await;
        let response = test::call_service(&app, test::TestRequest::post().uri("/hook").to_request()).await;
        assert_eq!(response.status().as_u16(), 500);
    }
}

#[cfg(feature = "rocket")]
mod rocket {
    use ::rocket::{
        http::{ContentType, Header},
        local::asynchronous::Client,
        post, routes,
    };
    use logto::{Error, webhooks::Event};

    use super::{cases, check, told, webhooks};

    #[post("/hook", data = "<event>")]
    fn hook(event: Result<Event, Error>) -> Result<String, Error> {
        Ok(told(&event?))
    }

    #[allow(clippy::needless_pass_by_value, reason = "Rocket gives it away")]
    #[post("/plain", data = "<event>")]
    fn plain(event: Event) -> String {
        told(&event)
    }

    #[::rocket::async_test]
    async fn an_event_is_an_extractor() {
        let app = ::rocket::build().manage(webhooks()).mount("/", routes![hook, plain]);
        let client = Client::untracked(app).await.unwrap();
        for case in cases() {
            for path in ["/hook", "/plain"] {
                let mut request = client.post(path).header(ContentType::JSON).body(&case.body);
                for signature in &case.signatures {
                    request = request.header(Header::new("logto-signature-sha-256", signature.clone()));
                }
                let response = request.dispatch().await;
                let status = response.status().code;
                let body = response.into_string().await.unwrap_or_default();
                match path {
                    "/hook" => check(&case, status, &body),
                    _ => assert_eq!(status, case.answer.0),
                }
            }
        }
    }
}
