//! An error that a request is answered with is one line of the log, in every integration.

use ::http::Request;
use actix_web::{App, test, web};
use logto::{
    api::{ApiAudience, ApiAuth, ResourceServer},
    testing::{Endpoint, Fault},
};

use super::{ADAPTERS, Adapter, ask, sites};
use crate::{logs::listen, support::BOOKS};

const LINE: &str = "answered with an error";

#[tokio::test]
async fn an_error_of_a_handler_or_an_extractor_is_logged_once() {
    for adapter in ADAPTERS.into_iter().chain([Adapter::TwoLayers, Adapter::TwoMiddlewares]) {
        let [(_, site), _] = sites().await;
        let mut browser = site.signed_in("ada").await;
        site.mock.inject_fault(Endpoint::Token, Fault::status(500));
        let (log, _guard) = listen("logto=debug");
        assert_eq!(ask(adapter, &site.logto, &mut browser, "GET", "/token").await.status(), 503, "{adapter:?}");
        assert_eq!(log.text().matches(LINE).count(), 1, "{adapter:?}, a handler: {}", log.text());

        let (log, _guard) = listen("logto=debug");
        for requests in 1..=2 {
            let request = Request::get("/recent").header("sec-fetch-mode", "cors").body(String::new()).unwrap();
            assert_eq!(adapter.call(&site.logto, request).await.status(), 401, "{adapter:?}");
            assert_eq!(log.text().matches(LINE).count(), requests, "{adapter:?}, an extractor: {}", log.text());
        }
    }
}

/// actix-web makes `None` of it for a handler that takes an `Option`, and the middleware answers.
#[tokio::test]
async fn a_token_that_an_api_on_actix_web_refuses_is_logged_once() {
    let [(_, site), _] = sites().await;
    let api = ResourceServer::builder().endpoint(site.mock.endpoint()).audience(ApiAudience::resource(BOOKS));
    let app = App::new()
        .route("/books", web::get().to(async |_: ApiAuth| "books"))
        .route("/greeting", web::get().to(async |_: Option<ApiAuth>| "hello"))
        .wrap(logto::actix_web::api(api.build().unwrap()))
        .wrap(logto::actix_web::middleware(site.logto.clone()));
    let service = test::init_service(app).await;
    for target in ["/books", "/greeting"] {
        let (log, _guard) = listen("logto=debug");
        let request = test::TestRequest::get().uri(target).insert_header(("authorization", "Bearer a.b.c"));
        assert_eq!(test::call_service(&service, request.to_request()).await.status().as_u16(), 401, "{target}");
        assert_eq!(log.text().matches(LINE).count(), 1, "{target}: {}", log.text());
    }
}
