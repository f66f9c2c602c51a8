//! What a refusal of an organization, or of an API resource, leaves of its tokens.

use logto::{
    LogtoClient, TokenOptions,
    testing::{CustomJwtScript, Endpoint},
};

use crate::{
    coordinator::Coordinator,
    support::{BOOKS, Browser, Site},
};

const ACME: &str = "org-acme";

fn of_acme() -> [TokenOptions; 3] {
    [
        TokenOptions::new().organization(ACME),
        TokenOptions::new().resource(BOOKS).organization(ACME),
        TokenOptions::new().resource(BOOKS).organization(ACME).scopes(["read:books"]),
    ]
}

async fn ask(site: &Site, browser: &mut Browser, options: TokenOptions) -> Result<(), &'static str> {
    ask_at(&site.logto, browser, options).await
}

async fn ask_at(logto: &LogtoClient, browser: &mut Browser, options: TokenOptions) -> Result<(), &'static str> {
    let mut cookies = browser.request();
    let token = logto.get_access_token(&mut cookies, options).await;
    browser.receive(&cookies.set_cookie_headers());
    token.map(|_| ()).map_err(|error| error.code().as_str())
}

async fn a_refusal_ends_every_token(site: Site) {
    for refused in of_acme() {
        site.mock.update_user("ada", |ada| {
            ada.without_organizations().organization(ACME, &["admin"]).organization("org-globex", &["member"])
        });
        let mut browser = site.signed_in("ada").await;
        let globex = || TokenOptions::new().organization("org-globex");
        for options in of_acme().into_iter().chain([globex(), TokenOptions::new().resource(BOOKS)]) {
            ask(&site, &mut browser, options).await.unwrap();
        }
        site.mock.update_user("ada", |ada| ada.without_organizations().organization("org-globex", &["member"]));
        for options in of_acme() {
            assert_eq!(ask(&site, &mut browser, options).await, Ok(()), "nobody knows yet");
        }
        assert_eq!(ask(&site, &mut browser, refused.force_refresh(true)).await, Err("organization.not_a_member"));
        for options in of_acme() {
            assert_eq!(ask(&site, &mut browser, options).await, Err("organization.not_a_member"));
        }
        // The tokens of others are as good as before.
        site.mock.reset_counts();
        for options in [globex(), TokenOptions::new().resource(BOOKS)] {
            ask(&site, &mut browser, options).await.unwrap();
        }
        assert_eq!(site.mock.request_count(Endpoint::Token), 0);
    }
}

#[tokio::test]
async fn a_refusal_for_an_organization_ends_only_its_tokens_in_cookies() {
    a_refusal_ends_every_token(Site::start().await).await;
}

#[tokio::test]
async fn a_refusal_for_an_organization_ends_only_its_tokens_in_a_store() {
    let store = logto::store::MemoryStore::new();
    let site = Site::with(|mock| mock, |config| config.session_store(store)).await;
    a_refusal_ends_every_token(site).await;
}

/// The instances share what an exchange gave, for half a minute.
#[tokio::test]
async fn a_refusal_for_a_resource_ends_the_token_that_instances_have_shared() {
    let coordinator = Coordinator::default();
    let site = Site::with(|mock| mock, |config| config.refresh_coordinator(coordinator.clone())).await;
    let other = site.redeployed(|config| config.refresh_coordinator(coordinator.clone()));
    let books = || TokenOptions::new().resource(BOOKS);
    let mut browser = site.signed_in("ada").await;
    assert_eq!(ask(&site, &mut browser, books()).await, Ok(()));
    assert_eq!(ask(&site, &mut browser, books().scopes(["read:books"])).await, Ok(()));
    site.mock.custom_jwt_of_users(CustomJwtScript::Denies("not today".to_owned()));
    assert_eq!(ask(&site, &mut browser, books().force_refresh(true)).await, Err("token.access_denied"));
    for logto in [&site.logto, &other] {
        assert_eq!(ask_at(logto, &mut browser, books()).await, Err("token.access_denied"));
    }
    assert_eq!(ask(&site, &mut browser, books().scopes(["read:books"])).await, Ok(()), "another token");
    site.mock.custom_jwt_of_users(CustomJwtScript::Passes);
    assert_eq!(ask_at(&other, &mut browser, books()).await, Ok(()), "as soon as Logto gives it");
}
