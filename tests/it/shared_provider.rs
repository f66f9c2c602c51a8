//! What is made from one configuration shares what it knows of Logto. The requests are counted: that is exact.

use std::time::Duration;

use logto::{
    LogtoClient, TokenOptions,
    api::{ApiAudience, ResourceServer, TokenRequirements},
    machine::MachineClient,
    testing::{Endpoint, MockApp, MockLogtoBuilder, MockResource},
};

use crate::support::{APP_SECRET, BOOKS, Site};

async fn site() -> Site {
    let machine = MockApp::new("machine", APP_SECRET).role("librarian");
    let books = MockResource::new(BOOKS).scope("read:books");
    let world = |mock: MockLogtoBuilder| {
        mock.machine_to_machine_app(machine).resource(books).role("librarian", BOOKS, &["read:books"])
    };
    Site::with(world, |config| config).await
}

#[tokio::test]
async fn clients_of_one_configuration_share_one_fetch_of_discovery_with_jwks() {
    let site = site().await;
    let config = site.logto.config().clone();
    let asked = || [Endpoint::Discovery, Endpoint::Jwks].map(|endpoint| site.mock.request_count(endpoint));

    let machine = MachineClient::builder().config(&config).app_id("machine").app_secret(APP_SECRET).build().unwrap();
    let api = ResourceServer::builder().config(&config).audience(ApiAudience::resource(BOOKS)).build().unwrap();
    let another = LogtoClient::new(config.clone()).unwrap();
    let token = machine.get_access_token(TokenOptions::new().resource(BOOKS).scopes(["read:books"])).await.unwrap();
    let header = format!("Bearer {}", token.token());
    api.authorize([&header], &TokenRequirements::new().scopes(["read:books"])).await.unwrap();
    another.warm_up().await.unwrap();
    site.logto.warm_up().await.unwrap();
    assert_eq!(asked(), [1, 1]);

    // A setting of its own, and it asks for itself.
    let builder = ResourceServer::builder().config(&config).audience(ApiAudience::resource(BOOKS));
    builder.timeout(Duration::from_secs(9)).build().unwrap().warm_up().await.unwrap();
    assert_eq!(asked(), [2, 2]);
    // So does what is made from another configuration, were it the same to the letter.
    site.redeployed(|config| config).warm_up().await.unwrap();
    assert_eq!(asked(), [3, 3]);
}
