//! APIs on axum.

use std::sync::{Arc, atomic::Ordering};

use axum::{
    Extension, Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
    routing::{get, post},
};
use logto::{
    Error, SignedIn,
    api::{ApiAuth, ResourceServer},
};

use super::{
    cases::{ReadBooks, Recent},
    metadata::below_a_path,
    over_http::{Setup, assert_names, every_framework, several},
};

every_framework!(serve);

fn sub<R>(auth: Option<ApiAuth<R>>) -> String {
    auth.map_or("nobody".to_owned(), |auth| auth.sub().to_owned())
}

async fn listen(app: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    format!("http://{address}")
}

async fn serve(setup: Setup) -> String {
    let written = Arc::clone(&setup.written);
    let comment = async move |auth: Result<ApiAuth, Error>| {
        let auth = ApiAuth::optional(auth)?;
        written.fetch_add(1, Ordering::SeqCst);
        Ok::<_, Error>(sub(auth))
    };
    let organizations = Router::new()
        .route("/here", get(async |auth: ApiAuth| auth.organization_id().unwrap_or_default().to_owned()))
        .layer(Extension(setup.organizations));
    let app = Router::new()
        .route("/books", get(async |auth: ApiAuth<ReadBooks>| sub(Some(auth))))
        .route("/acme", get(async |auth: ApiAuth| auth.require_organization("org-acme").map(|()| sub(Some(auth)))))
        .route("/transfer", get(async |auth: ApiAuth<Recent>| sub(Some(auth))))
        .route("/greeting", get(async |auth: Option<ApiAuth>| sub(auth)))
        .route("/shelf", get(async |auth: Option<ApiAuth<ReadBooks>>| sub(auth)))
        .route("/comments", post(comment))
        .route("/me", get(async |user: SignedIn| user.sub().to_owned()))
        .nest("/organizations", organizations);
    let api = logto::axum::api(setup.api);
    listen(match setup.logto {
        Some(logto) => app.merge(logto::axum::routes(&logto)).layer(api).layer(logto::axum::layer(logto)),
        None => app.layer(api),
    })
    .await
}

/// A nested router keeps the address that the client asked for, by each of the ways to say which API it has.
#[tokio::test]
async fn an_api_in_a_nested_router_of_axum_names_its_own_metadata() {
    let books = || Router::new().route("/books", get(async |auth: ApiAuth| sub(Some(auth))));
    below_a_path(async |whole, tools| {
        let metadata = logto::axum::api_metadata(&tools);
        let tools = books().layer(logto::axum::api(tools));
        listen(books().nest("/tools", tools).merge(metadata).layer(logto::axum::api(whole))).await
    })
    .await;
    below_a_path(async |whole, tools| {
        let metadata = logto::axum::api_metadata(&tools).merge(logto::axum::api_metadata(&whole));
        let tools = books().layer(Extension(tools));
        listen(books().nest("/tools", tools).layer(Extension(whole)).merge(metadata)).await
    })
    .await;
    below_a_path(async |whole, tools| {
        // A layer whose router takes in another afterwards does not see the well-known path.
        let metadata = logto::axum::api_metadata(&tools).merge(logto::axum::api_metadata(&whole));
        let tools = books().layer(logto::tower::api(tools));
        listen(books().layer(logto::tower::api(whole)).nest("/tools", tools).merge(metadata)).await
    })
    .await;
    // One API of both, which takes the tokens of each everywhere.
    below_a_path(async |whole, tools| {
        let both = ResourceServer::one_of([whole, tools]).unwrap();
        listen(books().nest("/tools", books()).layer(logto::axum::api(both))).await
    })
    .await;
    below_a_path(async |whole, tools| {
        let both = ResourceServer::one_of([whole, tools]).unwrap();
        let metadata = logto::axum::api_metadata(&both);
        let tools = books().layer(logto::tower::api(both.clone()));
        listen(books().layer(logto::tower::api(both)).nest("/tools", tools).merge(metadata)).await
    })
    .await;
}

#[tokio::test]
async fn several_apis_in_one_axum_router_each_take_their_own_tokens() {
    several(serve).await;
}

#[tokio::test]
async fn a_missing_api_layer_is_an_error_that_names_the_layer() {
    let app = Router::new()
        .route("/books", get(async |_: ApiAuth<ReadBooks>| {}))
        .route("/greeting", get(async |_: Option<ApiAuth>| {}));
    let base = listen(app).await;
    for path in ["/books", "/greeting"] {
        assert_names(&base, path, ".layer(logto::axum::api(api))").await;
    }
}

/// What is required of many routes may be said once, by value.
#[tokio::test]
async fn a_router_may_require_scopes() {
    async fn writers(auth: ApiAuth, request: Request, next: Next) -> Result<Response, Error> {
        auth.require_scopes(["write:books"])?;
        Ok(next.run(request).await)
    }
    let world = super::cases::World::start().await;
    let app = Router::new()
        .route("/books", get(async || "written"))
        .route_layer(from_fn(writers))
        .layer(Extension(world.api.clone()));
    super::over_http::writers(&world, &listen(app).await).await;
}
