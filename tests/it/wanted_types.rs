//! Who wants a page and who wants JSON, by the weights of `Accept` (RFC 9110 section 12.5.1).

use logto::integrate::{AuthRequest, ResponseFormat};

use crate::support::Site;

#[tokio::test]
async fn a_type_that_is_not_wanted_is_not_answered_with() {
    let site = Site::start().await;
    for (accept, format, status) in [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", ResponseFormat::Html, 302),
        ("TEXT/HTML", ResponseFormat::Html, 302),
        ("text/html, application/json", ResponseFormat::Html, 302),
        ("application/json;q=0.5, text/html;q=0.5", ResponseFormat::Html, 302),
        ("text/html;q=0.1", ResponseFormat::Html, 302),
        ("text/html;q=0", ResponseFormat::Json, 302),
        ("text/html; q=0.000, */*", ResponseFormat::Json, 302),
        ("text/html;q=0, application/json", ResponseFormat::Json, 401),
        ("text/html;q=0.5, application/json", ResponseFormat::Json, 401),
        ("application/json;q=0, text/html", ResponseFormat::Html, 302),
        ("application/json;q=0", ResponseFormat::Json, 302),
        ("application/json, text/plain, */*", ResponseFormat::Json, 401),
        ("*/*", ResponseFormat::Json, 302),
        ("", ResponseFormat::Json, 302),
    ] {
        let header = |name: &str| (name == "accept").then(|| accept.to_owned());
        let request = AuthRequest::new("GET", "/logto/sign-in", header);
        assert_eq!(request.response_format(), format, "{accept}");
        let reply = site.logto.handle_auth_routes(&request).await.unwrap();
        // A program follows the redirect to Logto, a script is told the address.
        assert_eq!(reply.status() == 302, status == 302, "{accept}: {}", reply.status());
    }
}
