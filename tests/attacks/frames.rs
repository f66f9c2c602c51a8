//! Clickjacking: pages of ours in a frame of another site's page, under something that the victim wants to click.

use logto::{LogtoConfigBuilder, ResponseMode, Routes};

use crate::{
    header, open, post,
    support::{Browser, Site},
};

/// Every page that the crate renders says that nobody may frame it, and one without a form that none may be sent from it.
///
/// The page that offers to sign out holds a form, and was shown in any frame.
#[tokio::test]
async fn every_page_forbids_frames_or_unused_forms_in_its_content_security_policy() {
    let config = |config: LogtoConfigBuilder| {
        config.response_mode(ResponseMode::FormPost).routes(Routes::new().initiate_login("/initiate"))
    };
    let site = Site::with(|mock| mock, config).await;
    let nobody = Browser::default();
    let mut pages = Vec::new();
    for (method, target) in [
        ("GET", "/logto/sign-out"),
        ("POST", "/logto/sign-out"),
        ("GET", "/callback"),
        ("GET", "/callback?code=a&state=b"),
        ("GET", "/callback?error=server_error&state=b"),
        ("GET", "/logto/sign-in?return_to=//evil.example"),
        ("GET", "/logto/sign-in?one_time_token=t"),
        ("GET", "/logto/sign-up?one_time_token=t"),
        ("GET", "/initiate?iss=x"),
    ] {
        let headers = [("sec-fetch-site", "cross-site")];
        pages.push((target, open(&site.logto, method, target, &nobody, &headers).await));
    }
    pages.push(("posted again", post(&site.logto, "/callback", &nobody, "code=a&state=b").await));
    site.mock.stop().await;
    let cold = site.another_instance();
    pages.push(("Logto is down", open(&cold, "GET", "/logto/sign-in", &nobody, &[]).await));
    let mut forms = 0;
    for (target, reply) in pages {
        assert_eq!(header(&reply, "content-type").as_deref(), Some("text/html; charset=utf-8"), "{target}");
        let policy = header(&reply, "content-security-policy").unwrap();
        let said: Vec<_> = policy.split("; ").collect();
        assert!(said.contains(&"default-src 'none'") && said.contains(&"base-uri 'none'"), "{target}: {policy}");
        assert!(said.contains(&"frame-ancestors 'none'"), "{target}: {policy}");
        let has_form = reply.body().contains("<form");
        assert_eq!(said.contains(&"form-action 'none'"), !has_form, "{target}: {policy}");
        forms += usize::from(has_form);
    }
    assert_eq!(forms, 3, "two offer to sign out, one is posted again");
}
