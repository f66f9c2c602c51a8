//! A base URL whose path begins as the paths of the routes do.

use logto::integrate::{AuthRequest, AuthResponse};

use crate::support::{BASE_URL, Site};

fn request(target: &str) -> AuthRequest {
    AuthRequest::new("GET", target, |name| (name == "accept").then(|| "text/html".to_owned()))
}

fn location(reply: &AuthResponse) -> &str {
    reply.headers().find(|(name, _)| *name == "location").map_or("", |(_, value)| value)
}

/// Each route is asked for as the browser knows it, and as it is behind a proxy that takes the path of the base URL off.
#[tokio::test]
async fn routes_below_the_path_of_the_base_url_are_served_with_or_without_that_path() {
    let site = Site::with(|mock| mock, |config| config.base_url(format!("{BASE_URL}/logto"))).await;
    for target in ["/logto/logto/sign-in", "/logto/sign-in"] {
        let reply = site.logto.handle_auth_routes(&request(target)).await.unwrap();
        assert!(location(&reply).starts_with(&site.mock.issuer()), "{target}");
        let asked = site.logto.handle_auth_routes(&request(&format!("{target}?one_time_token=t"))).await.unwrap();
        assert!(asked.body().contains("href=\"/logto/logto/sign-in?one_time_token=t\""), "{target}: {}", asked.body());
    }
    for target in ["/logto/callback", "/callback", "/logto/logto/user", "/logto/user"] {
        assert!(site.logto.handle_auth_routes(&request(target)).await.is_some(), "{target}");
    }
    assert!(site.logto.handle_auth_routes(&request("/logto/me")).await.is_none());
    let reply = site.logto.sign_in_redirect(&request("/logto/me"));
    assert_eq!(location(&reply), "/logto/logto/sign-in?return_to=%2Flogto%2Fme");
}
