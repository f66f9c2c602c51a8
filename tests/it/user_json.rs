//! What `GET /logto/user` answers: the claims of the ID token, member by member, as `@logto/next` does.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use logto::integrate::AuthRequest;
use serde_json::{Value, json};

use crate::support::{Browser, Site};

/// The answer of the user route.
pub async fn user(site: &Site, browser: &Browser) -> Value {
    let cookie = browser.header();
    let header = |name: &str| (name == "cookie").then(|| cookie.clone());
    let reply = site.logto.handle_auth_routes(&AuthRequest::new("GET", "/logto/user", header)).await.unwrap();
    assert_eq!(reply.status(), 200);
    serde_json::from_str(reply.body()).unwrap()
}

/// Has Logto's ID tokens hold what a type of claims would not keep.
pub fn with_odd_claims(site: &Site) {
    site.mock.tamper_id_token(|_, claims| {
        claims["name"] = json!(null);
        claims["picture"] = json!(null);
        claims["roles"] = json!([]);
        claims["organizations"] = json!([]);
        claims["amr"] = json!([]);
        claims["updated_at"] = json!(1_795_880_651_475.5);
        claims["address"] = json!(null);
        claims["custom"] = json!({ "nothing": null, "empty": [] });
    });
}

#[tokio::test]
async fn the_user_route_returns_every_claim_unchanged_from_the_id_token() {
    let site = Site::start().await;
    assert_eq!(user(&site, &Browser::default()).await, json!({ "isAuthenticated": false }));
    with_odd_claims(&site);
    let browser = site.signed_in("ada").await;
    let id_token = site.logto.get_id_token(&browser.request()).await.unwrap().unwrap();
    let payload = URL_SAFE_NO_PAD.decode(id_token.expose().split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!((&claims["name"], &claims["roles"]), (&json!(null), &json!([])));
    assert!(claims.as_object().unwrap().contains_key("name"));
    assert_eq!(user(&site, &browser).await, json!({ "isAuthenticated": true, "claims": claims }));
}

#[tokio::test]
async fn no_cache_stores_the_answer_of_the_user_route() {
    let site = Site::start().await;
    for (browser, who) in [(Browser::default(), "nobody"), (site.signed_in("ada").await, "ada")] {
        let cookie = browser.header();
        let header = |name: &str| (name == "cookie").then(|| cookie.clone());
        let reply = site.logto.handle_auth_routes(&AuthRequest::new("GET", "/logto/user", header)).await.unwrap();
        for (name, expected) in [("cache-control", "no-store"), ("vary", "Cookie")] {
            let values: Vec<_> = reply.headers().filter(|(known, _)| *known == name).map(|(_, value)| value).collect();
            assert_eq!(values, [expected], "{name}, {who} is signed in");
        }
    }
}
