//! Sessions without a sign-in, as an application's own tests use them.

use logto::{ContextOptions, TokenOptions, testing::TestSession};

use crate::support::{BOOKS, Site};

#[tokio::test]
async fn a_session_made_for_tests_is_read_as_a_session() {
    let site = Site::start().await;
    let config = site.logto.config();
    let mut cookies = TestSession::new()
        .sub("ada")
        .name("Ada")
        .email("ada@example.test")
        .role("librarian")
        .organization("org-1", &["admin", "editor"])
        .claim("custom", 7)
        .access_token(TokenOptions::new().resource(BOOKS), "forged-token", &["read:books"])
        .cookies(config)
        .await
        .unwrap();
    let options = ContextOptions::new().access_token(TokenOptions::new().resource(BOOKS));
    let context = site.logto.get_context(&mut cookies, options).await.unwrap();
    let claims = context.claims().unwrap();
    assert_eq!(
        (claims.sub.as_str(), claims.name.as_deref(), claims.extra["custom"].as_i64()),
        ("ada", Some("Ada"), Some(7))
    );
    assert_eq!(claims.organization_roles_of("org-1").collect::<Vec<_>>(), ["admin", "editor"]);
    assert_eq!(context.access_token().unwrap().token(), "forged-token");
    assert_eq!(site.mock.requests_total(), 0);

    // Its refresh token is not Logto's.
    let error = site.logto.get_access_token(&mut cookies, TokenOptions::new()).await.unwrap_err();
    assert_eq!(error.code(), "session.ended");
    let header = TestSession::new().without_refresh_token().cookie_header(config).await.unwrap();
    assert!(
        site.logto
            .get_context(&mut logto::HeaderCookies::parse(header), ContextOptions::new())
            .await
            .unwrap()
            .is_authenticated()
    );
}
