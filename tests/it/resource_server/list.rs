//! An API that takes the tokens of several servers.

use axum::{body::Body, http::Request};
use logto::{
    api::{ApiAudience, ApiAuth, ResourceServer, TokenRequirements},
    testing::{Endpoint, MockLogto, SigningAlg},
};
use serde_json::{Value, json};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

use super::cases::World;
use super::over_http::Setup;
use crate::{plain_http::plain_http, support::BOOKS};

/// Two tenants whose tokens are taken, and one whose are not.
struct Tenants {
    world: World,
    second: MockLogto,
    stranger: MockLogto,
    api: ResourceServer,
}

impl Tenants {
    async fn start() -> Self {
        let world = World::start().await;
        let tenant = async || MockLogto::builder().clock(world.clock.clone()).start().await.unwrap();
        let (second, stranger) = (tenant().await, tenant().await);
        // Members alone, so that each tenant takes what the other does not.
        let of_second = ResourceServer::builder()
            .endpoint(second.endpoint())
            .audience(ApiAudience::resource(BOOKS).resource_in_any_organization())
            .clock(world.clock.clone())
            .build()
            .unwrap();
        let api = ResourceServer::one_of([world.api.clone(), of_second]).unwrap();
        Self { world, second, stranger, api }
    }

    /// A token that `signer` signed, and that says to be of `issuer`.
    fn token(&self, signer: &MockLogto, issuer: &MockLogto, sub: &str, organization: Option<&str>) -> String {
        let mut claims = self.world.claims();
        (claims["iss"], claims["sub"]) = (issuer.issuer().into(), sub.into());
        if let Some(id) = organization {
            claims["organization_id"] = id.into();
        }
        signer.sign_jwt(json!({ "typ": "at+jwt" }), &claims)
    }

    /// What requests with these tokens are answered, by status and by the code or `sub`.
    fn requests(&self) -> Vec<(&'static str, String, u16, &'static str)> {
        let (first, second, stranger) = (&self.world.mock, &self.second, &self.stranger);
        let acme = Some("org-acme");
        vec![
            ("of the first", self.token(first, first, "of-first", None), 200, "of-first"),
            ("of the second", self.token(second, second, "of-second", acme), 200, "of-second"),
            ("of the first again", self.token(first, first, "of-first", None), 200, "of-first"),
            (
                "what the first alone takes",
                self.token(second, second, "x", None),
                403,
                "bearer_token.wrong_organization",
            ),
            ("the second's in the first's name", self.token(second, first, "x", None), 401, "bearer_token.unknown_key"),
            ("the first's in the second's name", self.token(first, second, "x", acme), 401, "bearer_token.unknown_key"),
            ("a stranger's", self.token(stranger, stranger, "x", None), 401, "bearer_token.invalid_iss"),
            (
                "a stranger's in the first's name",
                self.token(stranger, first, "x", None),
                401,
                "bearer_token.unknown_key",
            ),
            (
                "the first's in a stranger's name",
                self.token(first, stranger, "x", None),
                401,
                "bearer_token.invalid_iss",
            ),
            ("an opaque one", "opaque".to_owned(), 401, "bearer_token.opaque"),
            ("none", String::new(), 401, "bearer_token.missing"),
        ]
    }

    /// Sends each of them, and looks at whom the API has asked.
    async fn run(&self, send: impl AsyncFn(&str) -> (u16, String, String)) {
        for (name, token, status, word) in self.requests() {
            let (answered, challenge, body) = send(&token).await;
            assert_eq!(answered, status, "{name}: {body}");
            assert!(body.contains(word), "{name}: {body}");
            let expected = if status == 200 { "" } else { r#"Bearer realm="https://api.example.test""# };
            assert!(
                challenge.starts_with(expected) && challenge.is_empty() == expected.is_empty(),
                "{name}: {challenge}"
            );
        }
        for endpoint in [Endpoint::Discovery, Endpoint::Jwks] {
            assert_eq!(self.stranger.request_count(endpoint), 0, "{endpoint:?}");
        }
    }
}

async fn over_http(base: &str, token: &str) -> (u16, String, String) {
    let request = plain_http().build().unwrap().get(format!("{base}/books"));
    let request = if token.is_empty() { request } else { request.bearer_auth(token) };
    let response = request.send().await.unwrap();
    let challenge = response.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), challenge.unwrap_or_default(), response.text().await.unwrap())
}

/// In each framework.
pub async fn list(serve: impl AsyncFn(Setup) -> String) {
    let tenants = Tenants::start().await;
    let base = serve(Setup::with_api(&tenants.world, tenants.api.clone())).await;
    tenants.run(async |token| over_http(&base, token).await).await;

    // The document is that of the first, with both.
    let address = format!("{base}/.well-known/oauth-protected-resource");
    let document: Value = plain_http().build().unwrap().get(address).send().await.unwrap().json().await.unwrap();
    assert_eq!(document["authorization_servers"], json!([tenants.world.mock.issuer(), tenants.second.issuer()]));
    assert_eq!(document["resource"], BOOKS);
}

#[tokio::test]
async fn a_list_of_servers_takes_the_tokens_of_each_over_strings() {
    let tenants = Tenants::start().await;
    let read = TokenRequirements::new().scopes(["read:books"]);
    tenants
        .run(async |token| {
            let header = (!token.is_empty()).then(|| format!("Bearer {token}"));
            match tenants.api.authorize(header, &read).await {
                Ok(auth) => (200, String::new(), auth.sub().to_owned()),
                Err(error) => (
                    error.http_status(),
                    error.www_authenticate().unwrap_or_default().to_owned(),
                    error.code().as_str().to_owned(),
                ),
            }
        })
        .await;
}

#[tokio::test]
async fn a_list_of_servers_takes_the_tokens_of_each_in_a_layer_of_tower() {
    let tenants = Tenants::start().await;
    let service = ServiceBuilder::new().layer(logto::tower::api(tenants.api.clone())).service(service_fn(
        async |request: Request<Body>| {
            let auth = request.extensions().get::<ApiAuth>().unwrap();
            Ok::<_, std::convert::Infallible>(axum::http::Response::new(auth.sub().to_owned()))
        },
    ));
    tenants
        .run(async |token| {
            let request = Request::get("/books");
            let request =
                if token.is_empty() { request } else { request.header("authorization", format!("Bearer {token}")) };
            let mut service = service.clone();
            let response = service.ready().await.unwrap().call(request.body(Body::empty()).unwrap()).await.unwrap();
            let challenge = response.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
            let status = response.status().as_u16();
            let body = axum::body::to_bytes(Body::new(response.into_body()), usize::MAX).await.unwrap();
            (status, challenge.unwrap_or_default(), String::from_utf8(body.to_vec()).unwrap())
        })
        .await;
}

/// What happens to one server of a list is no matter of the others.
#[tokio::test]
async fn servers_of_a_list_share_neither_keys_nor_outages_nor_memory() {
    let tenants = Tenants::start().await;
    let (first, second) = (&tenants.world.mock, &tenants.second);
    let verify = async |token: &str| {
        tenants.api.verify(token).await.map(|auth| auth.issuer().to_owned()).map_err(|error| error.code().to_string())
    };
    tenants.api.warm_up().await.unwrap();
    let asked = || [first, second].map(|mock| mock.request_count(Endpoint::Jwks));
    assert_eq!(asked(), [1, 1]);
    // One user's id in both, and the issuer tells them apart.
    let [of_first, of_second] =
        [(first, None), (second, Some("org-acme"))].map(|(mock, id)| tenants.token(mock, mock, "same", id));
    assert_eq!(verify(&of_first).await, Ok(first.issuer()));
    assert_eq!(verify(&of_second).await, Ok(second.issuer()));
    assert_eq!(asked(), [1, 1]);

    // Keys that the second withdraws end the second's tokens, and the first is asked for nothing.
    second.rotate_keys(SigningAlg::Es384);
    second.remove_old_keys();
    tenants.world.clock.advance(std::time::Duration::from_secs(3600 - 60));
    let fresh = tenants.token(second, second, "new", Some("org-acme"));
    assert_eq!(verify(&fresh).await, Ok(second.issuer()));
    assert_eq!(verify(&of_second).await, Err("bearer_token.unknown_key".to_owned()));
    assert_eq!(first.request_count(Endpoint::Jwks), 1);
    assert_eq!(verify(&of_first).await, Ok(first.issuer()));
}

#[tokio::test]
async fn an_outage_of_one_server_of_a_list_refuses_the_tokens_of_that_one_alone() {
    let tenants = Tenants::start().await;
    let (first, second) = (&tenants.world.mock, &tenants.second);
    let [of_first, of_second] =
        [(first, None), (second, Some("org-acme"))].map(|(mock, id)| tenants.token(mock, mock, "same", id));
    second.stop().await;
    assert_eq!(tenants.api.warm_up().await.unwrap_err().code(), "network.unreachable");
    let error = tenants.api.verify(&of_second).await.unwrap_err();
    assert!(error.is_transient() && error.www_authenticate().is_none(), "{error}");
    assert_eq!(tenants.api.verify(&of_first).await.unwrap().sub(), "same");
}

/// An opaque token is shown to no server but the one that asks about them all.
#[tokio::test]
async fn an_opaque_token_is_shown_to_the_one_server_that_introspects() {
    let tenants = Tenants::start().await;
    let asking = ResourceServer::builder()
        .endpoint(tenants.second.endpoint())
        .audience(ApiAudience::resource(BOOKS))
        .introspection("api", "a secret of the API")
        .clock(tenants.world.clock.clone())
        .build()
        .unwrap();
    let api = ResourceServer::one_of([tenants.world.api.clone(), asking]).unwrap();
    // With dots and without: a JWT begins with a JSON object.
    for (asked, token) in ["opaque", "ya29.opaque", "a.b.c"].into_iter().enumerate() {
        // The second does not know the API's client: it was asked.
        assert_eq!(api.verify(token).await.unwrap_err().code(), "client.invalid_credentials", "{token}");
        assert_eq!(tenants.second.request_count(Endpoint::Introspection), asked + 1, "{token}");
    }
    assert_eq!(tenants.world.mock.request_count(Endpoint::Introspection), 0);
    // What looks like a JWT is judged as one, by nobody's question.
    let of_first = tenants.token(&tenants.world.mock, &tenants.world.mock, "ada", None);
    assert_eq!(api.verify(&of_first).await.unwrap().sub(), "ada");
    assert_eq!(tenants.second.request_count(Endpoint::Introspection), 3);
}
