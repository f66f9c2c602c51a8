//! APIs on actix-web.

use std::sync::{Arc, atomic::Ordering};

use ::actix_web::{
    App, Error as ActixError, HttpServer,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::{Next, from_fn},
    web::{self, ServiceConfig},
};
use logto::{Error, SignedIn, api::ApiAuth};

use super::{
    cases::{ReadBooks, Recent},
    metadata::below_a_path,
    over_http::{Setup, assert_names, every_framework, several},
};
use crate::actix_web::{listen, serve};

every_framework!(serve_setup);

fn sub<R>(auth: Option<ApiAuth<R>>) -> String {
    auth.map_or("nobody".to_owned(), |auth| auth.sub().to_owned())
}

async fn acme(auth: ApiAuth) -> Result<String, Error> {
    auth.require_organization("org-acme")?;
    Ok(sub(Some(auth)))
}

fn pages(setup: &Setup) -> impl FnOnce(&mut ServiceConfig) {
    let setup = setup.clone();
    move |config| {
        let written = Arc::clone(&setup.written);
        let comment = move |auth: Result<ApiAuth, Error>| {
            let written = Arc::clone(&written);
            async move {
                let auth = ApiAuth::optional(auth)?;
                written.fetch_add(1, Ordering::SeqCst);
                Ok::<_, Error>(sub(auth))
            }
        };
        let organizations = web::scope("/organizations")
            .route("/here", web::get().to(async |auth: ApiAuth| auth.organization_id().map(str::to_owned)))
            .wrap(logto::actix_web::api(setup.organizations));
        config
            .route("/books", web::get().to(async |auth: ApiAuth<ReadBooks>| sub(Some(auth))))
            .route("/acme", web::get().to(acme))
            .route("/transfer", web::get().to(async |auth: ApiAuth<Recent>| sub(Some(auth))))
            .route("/greeting", web::get().to(async |auth: Option<ApiAuth>| sub(auth)))
            .route("/shelf", web::get().to(async |auth: Option<ApiAuth<ReadBooks>>| sub(auth)))
            .route("/comments", web::post().to(comment))
            .route("/me", web::get().to(async |user: SignedIn| user.sub().to_owned()))
            .service(organizations);
    }
}

async fn serve_setup(setup: Setup) -> String {
    let (listener, base) = listen();
    match setup.logto.clone() {
        Some(logto) => serve!(listener, move || App::new()
            .configure(pages(&setup))
            .configure(logto::actix_web::routes(&logto))
            .wrap(logto::actix_web::api(setup.api.clone()))
            .wrap(logto::actix_web::middleware(logto.clone()))),
        None => {
            serve!(listener, move || App::new()
                .configure(pages(&setup))
                .wrap(logto::actix_web::api(setup.api.clone())));
        }
    }
    base.replace("localhost", "127.0.0.1")
}

#[tokio::test]
async fn several_apis_in_one_actix_web_app_each_take_their_own_tokens() {
    several(serve_setup).await;
}

#[tokio::test]
async fn an_api_in_a_scope_of_actix_web_names_its_own_metadata() {
    below_a_path(async |whole, tools| {
        let (listener, base) = listen();
        serve!(listener, move || {
            let books = async |auth: ApiAuth| sub(Some(auth));
            let scope = web::scope("/tools").route("/books", web::get().to(books));
            App::new()
                .route("/books", web::get().to(books))
                .service(scope.wrap(logto::actix_web::api(tools.clone())))
                .configure(logto::actix_web::api_metadata(&tools))
                .wrap(logto::actix_web::api(whole.clone()))
        });
        base.replace("localhost", "127.0.0.1")
    })
    .await;
}

#[tokio::test]
async fn a_missing_api_middleware_is_an_error_that_names_the_middleware() {
    let (listener, base) = listen();
    serve!(listener, || App::new().route("/books", web::get().to(async |_: ApiAuth<ReadBooks>| "")));
    assert_names(&base, "/books", ".wrap(logto::actix_web::api(api.clone()))").await;
}

/// What is required of many routes may be said once, by value.
#[tokio::test]
async fn a_scope_may_require_scopes() {
    async fn writers(
        auth: ApiAuth,
        request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<impl MessageBody>, ActixError> {
        auth.require_scopes(["write:books"])?;
        next.call(request).await
    }
    let world = super::cases::World::start().await;
    let (listener, base) = listen();
    let api = world.api.clone();
    serve!(listener, move || {
        let books = web::scope("")
            .route("/books", web::get().to(async || "written"))
            .wrap(from_fn(writers))
            .wrap(logto::actix_web::api(api.clone()));
        App::new().service(books)
    });
    super::over_http::writers(&world, &base).await;
}
