//! The opaque token, for Logto's own endpoints, whatever scopes are asked for.

use logto::{TokenOptions, scopes, testing::Endpoint};

use crate::plain_http::plain_http;
use crate::support::{BOOKS, Site};

#[tokio::test]
async fn a_token_with_fewer_scopes_without_a_resource_is_opaque() {
    const OTHER: &str = "https://other.example.test";
    for resources in [vec![], vec![BOOKS], vec![BOOKS, OTHER]] {
        let site = Site::with(
            |mock| {
                let api = logto::testing::MockResource::new(BOOKS).scope("read:books");
                mock.resource(api).resource(logto::testing::MockResource::new(OTHER))
            },
            |config| config.scopes([scopes::EMAIL, "read:books"]).resources(resources.clone()),
        )
        .await;
        let browser = site.signed_in("ada").await;
        for asked in [vec!["email"], vec!["offline_access"], vec!["profile", "email"], vec!["openid", "email"]] {
            let mut cookies = browser.request();
            let token =
                site.logto.get_access_token(&mut cookies, TokenOptions::new().scopes(asked.clone())).await.unwrap();
            let context = format!("{asked:?} with {resources:?}");
            assert_eq!(token.claims().unwrap_err().code(), "access_token.opaque", "{context}");
            assert!(asked.iter().all(|scope| token.scopes().iter().any(|given| given == scope)), "{context}");
            let answer =
                plain_http().build().unwrap().get(format!("{}/me", site.mock.issuer())).bearer_auth(token.token());
            assert_eq!(answer.send().await.unwrap().status(), 200, "{context}");
        }
        assert_eq!(site.mock.request_count(Endpoint::Token), 4);
    }
}
