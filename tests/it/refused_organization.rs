//! What a refusal of an organization leaves of its tokens.

use logto::{TokenOptions, testing::Endpoint};

use crate::support::{BOOKS, Browser, Site};

const ACME: &str = "org-acme";

fn of_acme() -> [TokenOptions; 3] {
    [
        TokenOptions::new().organization(ACME),
        TokenOptions::new().resource(BOOKS).organization(ACME),
        TokenOptions::new().resource(BOOKS).organization(ACME).scopes(["read:books"]),
    ]
}

async fn ask(site: &Site, browser: &mut Browser, options: TokenOptions) -> Result<(), &'static str> {
    let mut cookies = browser.request();
    let token = site.logto.get_access_token(&mut cookies, options).await;
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
        assert_eq!(site.mock.requests(Endpoint::Token), 0);
    }
}

#[tokio::test]
async fn a_refusal_for_an_organization_ends_every_token_for_it_and_no_other() {
    a_refusal_ends_every_token(Site::start().await).await;
}

#[tokio::test]
async fn a_refusal_for_an_organization_ends_every_token_for_it_in_a_store() {
    let store = logto::store::MemoryStore::new();
    let site = Site::with(|mock| mock, |config| config.session_store(store)).await;
    a_refusal_ends_every_token(site).await;
}
