//! An API that was called with a user's token calls the next one as that user. The requests are counted: that is exact.

use std::time::Duration;

use axum::{Extension, Json, Router, extract::Path, routing::get};
use http::Request;
use logto::{
    Error, ErrorKind, TokenOptions,
    api::{ApiAudience, ApiAuth, ApiPolicy, AuthInfo, ResourceServer, TokenRequirements},
    api_client::{ApiClient, TokenSource},
    machine::{MachineClient, MachineClientBuilder},
    testing::{Endpoint, Fault, MockApp, MockLogtoBuilder, MockOrganization, MockResource, MockUser},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    gate::Gate,
    support::{APP_SECRET, BOOKS, Browser, Site},
};

/// The next API.
const SHELVES: &str = "https://shelves.example.test";

/// A site, an API that its users call, and a machine in the API that asks for them.
struct World {
    site: Site,
    api: ResourceServer,
    machine: MachineClient,
}

impl World {
    async fn start() -> Self {
        Self::with(|machine| machine).await
    }

    async fn with(machine: impl FnOnce(MachineClientBuilder) -> MachineClientBuilder) -> Self {
        let site = Site::with(directory, |config| config).await;
        let api = ResourceServer::builder().config(site.logto.config()).audience(ApiAudience::resource(BOOKS));
        let api = api.introspection("app", APP_SECRET).keep_caller_tokens(true).build().unwrap();
        let settings = MachineClient::builder().config(site.logto.config()).app_id("service").app_secret(APP_SECRET);
        let machine = machine(settings).build().unwrap();
        Self { site, api, machine }
    }

    async fn browser(&self, user: &str) -> Browser {
        self.site.signed_in(user).await
    }

    /// Who calls the API with a token of this user.
    async fn caller(&self, user: &str) -> AuthInfo {
        let token = self.browser(user).await.get_token(&self.site.logto).await.unwrap();
        let auth = self.api.verify(&token).await.unwrap();
        self.asked();
        auth
    }

    /// How often Logto was asked for a token since the last time.
    fn asked(&self) -> usize {
        let asked = self.site.mock.request_count(Endpoint::Token);
        self.site.mock.reset_counts();
        asked
    }

    async fn get(&self, caller: &AuthInfo, options: TokenOptions) -> String {
        self.machine.on_behalf_of(caller).get_access_token(options).await.unwrap().token().to_owned()
    }

    async fn refusal(&self, caller: &AuthInfo, options: TokenOptions) -> Error {
        self.machine.on_behalf_of(caller).get_access_token(options).await.unwrap_err()
    }
}

fn directory(mock: MockLogtoBuilder) -> MockLogtoBuilder {
    let acme = MockOrganization::new("org-acme").role_for_resource("member", SHELVES, &["read:shelves"]);
    let user =
        |name: &str| MockUser::new(name).password("secret").role("librarian").organization("org-acme", &["member"]);
    mock.machine_to_machine_app(MockApp::new("service", APP_SECRET).token_exchange(true))
        .machine_to_machine_app(MockApp::new("plain", APP_SECRET))
        .user(user("ada").organization("org-vault", &["member"]))
        .user(user("bob"))
        .organization(acme)
        .organization(
            MockOrganization::new("org-vault").role_for_resource("member", SHELVES, &["read:shelves"]).require_mfa(),
        )
        .organization(MockOrganization::new("org-other"))
        .resource(MockResource::new(BOOKS).scope("read:books").scope("write:books"))
        .resource(MockResource::new(SHELVES).scope("read:shelves"))
        .resource(MockResource::new("https://short.example.test").access_token_ttl(Duration::from_secs(20)))
        .role("librarian", BOOKS, &["read:books"])
        .role("librarian", SHELVES, &["read:shelves"])
}

fn shelves() -> TokenOptions {
    TokenOptions::new().resource(SHELVES).scopes(["read:shelves"])
}

struct ReadShelves;

impl ApiPolicy for ReadShelves {
    fn requirements() -> TokenRequirements {
        TokenRequirements::new().scopes(["read:shelves"])
    }
}

/// What the next API sees of who calls.
async fn shelf(auth: ApiAuth<ReadShelves>) -> Json<Value> {
    Json(json!({
        "sub": auth.sub(),
        "client_id": auth.client_id(),
        "aud": auth.audience().iter().collect::<Vec<_>>(),
        "actor": auth.actor().map(|actor| actor.sub.clone()),
        "scopes": auth.scopes().collect::<Vec<_>>(),
        "organization": auth.organization_id(),
        "kept": auth.caller_token().is_some(),
    }))
}

/// The API that the browser's application calls.
async fn books(Path(by): Path<String>, auth: ApiAuth, Extension(asks): Extension<Asks>) -> Result<Json<Value>, Error> {
    let request = || Request::get("/shelf").body(Vec::new()).unwrap();
    let response = match by.as_str() {
        "machine" => asks.shelves.send(&asks.machine.on_behalf_of(&auth), request()).await?,
        "organization" => {
            asks.shelves.in_organization("org-acme").send(&asks.machine.on_behalf_of(&auth), request()).await?
        }
        _ => asks.shelves.send(&asks.logto.on_behalf_of(&auth), request()).await?,
    };
    Ok(Json(json!({ "status": response.status().as_u16(), "body": String::from_utf8_lossy(response.body()) })))
}

#[derive(Clone)]
struct Asks {
    machine: MachineClient,
    logto: logto::LogtoClient,
    shelves: ApiClient,
}

async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    base
}

#[tokio::test]
async fn the_next_api_sees_the_same_user_its_own_audience_and_the_app_that_exchanged() {
    let world = World::start().await;
    world.site.mock.update_app("app", |app| app.token_exchange(true));
    let next = ResourceServer::builder().config(world.site.logto.config());
    let next = next.audience(ApiAudience::resource(SHELVES).with_or_without_organization()).build().unwrap();
    let base = serve(Router::new().route("/shelf", get(shelf)).layer(Extension(next))).await;
    let shelves = ApiClient::builder().base_url(&base).token_options(shelves()).build().unwrap();
    let asks = Asks { machine: world.machine.clone(), logto: world.site.logto.clone(), shelves };
    let app = Router::new().route("/books/{by}", get(books)).layer(Extension(asks)).layer(Extension(world.api.clone()));
    let first = serve(app).await;

    for user in ["ada", "bob"] {
        let token = world.browser(user).await.get_token(&world.site.logto).await.unwrap();
        for (by, app, organization) in [
            ("machine", "service", Value::Null),
            ("organization", "service", "org-acme".into()),
            ("application", "app", Value::Null),
        ] {
            let request = reqwest::Client::new().get(format!("{first}/books/{by}")).bearer_auth(&token);
            let answer: Value = request.send().await.unwrap().json().await.unwrap();
            assert_eq!(answer["status"], 200, "{answer}");
            let seen: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
            // As recorded: no `act`, for nobody but the user acts; the app is in `client_id`.
            let expected = json!({
                "sub": format!("user-{user}"), "client_id": app, "aud": [SHELVES], "actor": null, "scopes": ["read:shelves"],
                "organization": organization, "kept": false,
            });
            assert_eq!(seen, expected, "{user} {by}");
        }
        // The token of the user was never shown to the next API, and would not be taken there.
        let direct = reqwest::Client::new().get(format!("{base}/shelf")).bearer_auth(&token).send().await.unwrap();
        assert_eq!(direct.status(), 401);
    }
    let request = world.site.mock.last_request(Endpoint::Token).unwrap();
    assert_eq!(request.form_value("subject_token_type"), Some("urn:ietf:params:oauth:token-type:access_token"));
    assert!(request.form_value("actor_token").is_none());
}

#[tokio::test]
async fn a_token_is_kept_for_one_callers_token_and_one_target() {
    let world = World::start().await;
    let (ada, bob) = (world.caller("ada").await, world.caller("bob").await);
    let of_ada = world.get(&ada, shelves()).await;
    assert_eq!(world.get(&ada, shelves()).await, of_ada);
    assert_eq!(world.asked(), 1);
    // Another user, another target, another session of the same user: each has its own.
    let of_bob = world.get(&bob, shelves()).await;
    let in_acme = world.get(&ada, shelves().organization("org-acme")).await;
    let again = world.caller("ada").await;
    let of_another_token = world.get(&again, shelves()).await;
    assert_eq!(world.asked(), 1);
    let mut all = vec![&of_ada, &of_bob, &in_acme, &of_another_token];
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 4);
    let sub = |token: &str| payload(token)["sub"].as_str().unwrap().to_owned();
    assert_eq!((sub(&of_ada), sub(&of_bob)), ("user-ada".to_owned(), "user-bob".to_owned()));
    // The clones of a client share what they have; another client, as another instance, does not.
    let token = world.machine.clone().on_behalf_of(&ada.clone()).get_access_token(shelves()).await.unwrap();
    assert_eq!((token.token(), world.asked()), (of_ada.as_str(), 0));
    world.site.mock.update_app("app", |app| app.token_exchange(true));
    let other = world.site.logto.on_behalf_of(&ada).get_access_token(shelves()).await.unwrap();
    assert_ne!(other.token(), of_ada);
    assert_eq!(payload(other.token())["client_id"], "app");
    // Forced, it is another.
    assert_ne!(world.get(&ada, shelves().force_refresh(true)).await, of_ada);
    assert_eq!(world.asked(), 2);
}

fn payload(jwt: &str) -> Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn nothing_is_handed_out_after_the_callers_token_has_ended() {
    let world = World::start().await;
    let ada = world.caller("ada").await;
    world.get(&ada, shelves()).await;
    world.site.advance(1800);
    // Asked for later, it lives longer than the caller's by half an hour.
    let late = world.machine.on_behalf_of(&ada).get_access_token(shelves().organization("org-acme")).await.unwrap();
    assert!(late.expires_at() > ada.expires_at());
    assert_eq!(world.asked(), 2);
    world.site.advance(1800);
    let error = world.refusal(&ada, shelves().organization("org-acme")).await;
    // What the API answers an expired token with: whoever called gets a new one, and calls again.
    assert_eq!((error.code().as_str(), error.http_status()), ("bearer_token.expired", 401));
    let challenge = error.www_authenticate().unwrap();
    assert!(challenge.contains("error=\"invalid_token\"") && challenge.contains(BOOKS), "{challenge}");
    // The API still lets it in (the leeway), and Logto is not asked with it.
    assert!(world.api.verify(ada.caller_token().unwrap().expose()).await.is_ok());
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends_and_serves_through_an_outage() {
    let world = World::start().await;
    let ada = world.caller("ada").await;
    let short = || TokenOptions::new().resource("https://short.example.test");
    let first = world.get(&ada, short()).await;
    world.site.advance(9);
    assert_eq!(world.get(&ada, short()).await, first);
    world.site.advance(1);
    let second = world.get(&ada, short()).await;
    assert_ne!(second, first);
    assert_eq!(world.asked(), 2);
    world.site.mock.inject_fault(Endpoint::Token, Fault::html(502));
    world.site.advance(15);
    assert_eq!(world.get(&ada, short()).await, second);
    world.site.advance(10);
    assert!(world.refusal(&ada, short()).await.is_transient());
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_requests_of_one_user_exchange_once_also_where_the_first_hangs_up() {
    let gate = Gate::new();
    let world = World::with(|machine| machine.http_client(gate.clone())).await;
    let ada = world.caller("ada").await;
    gate.close();
    let first = {
        let source = world.machine.on_behalf_of(&ada);
        tokio::spawn(async move { source.get_access_token(shelves()).await })
    };
    gate.someone_waits().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let source = world.machine.on_behalf_of(&ada);
        tasks.spawn(async move { source.get_access_token(shelves()).await.unwrap().token().to_owned() });
    }
    tokio::task::yield_now().await;
    gate.open();
    let mut tokens = tasks.join_all().await;
    tokens.dedup();
    assert_eq!((tokens.len(), world.asked()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_next_api_refuses_is_replaced_once_for_all() {
    let world = World::start().await;
    let ada = world.caller("ada").await;
    let refused = world.machine.on_behalf_of(&ada).get_access_token(shelves()).await.unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let (source, refused) = (world.machine.on_behalf_of(&ada), refused.clone());
        tasks.spawn(async move { source.replace_rejected(&refused, &shelves()).await.unwrap().token().to_owned() });
    }
    let mut tokens = tasks.join_all().await;
    tokens.dedup();
    assert_eq!((tokens.len(), world.asked()), (1, 2));
    assert_ne!(tokens[0], refused.token());
}

#[tokio::test]
async fn an_opaque_token_of_the_user_is_exchanged_as_well() {
    let world = World::start().await;
    let mut cookies = world.browser("ada").await.request();
    let opaque = world.site.logto.get_access_token(&mut cookies, TokenOptions::new()).await.unwrap();
    let caller = world.api.verify(opaque.token()).await.unwrap();
    let token = world.get(&caller, shelves()).await;
    assert_eq!(payload(&token)["sub"], "user-ada");
    // Of Logto itself, where nothing else is named.
    assert!(!world.get(&caller, TokenOptions::new().scopes(["openid"])).await.contains('.'));
    // Revoked, it is good for nothing more.
    world.site.mock.revoke_all_grants();
    let error = world.refusal(&caller, shelves().organization("org-acme")).await;
    assert_eq!((error.code().as_str(), error.http_status()), ("token_exchange.subject_refused", 403));
}

#[tokio::test]
async fn an_api_that_keeps_no_tokens_has_none_to_exchange() {
    let world = World::start().await;
    let forgetful = ResourceServer::builder().config(world.site.logto.config()).audience(ApiAudience::resource(BOOKS));
    let forgetful = forgetful.build().unwrap();
    let token = world.browser("ada").await.get_token(&world.site.logto).await.unwrap();
    world.asked();
    for _ in 0..2 {
        let caller = forgetful.authorize([format!("Bearer {token}")], &TokenRequirements::new()).await.unwrap();
        assert!(caller.caller_token().is_none());
        let error = world.refusal(&caller, shelves()).await;
        assert_eq!((error.code().as_str(), error.kind()), ("token_exchange.caller_token_not_kept", ErrorKind::Usage));
        assert!(error.hint().contains("keep_caller_tokens(true)"));
    }
    // Of one that keeps them each request has its own, also where the verdict is remembered, and nothing prints it.
    for _ in 0..2 {
        let caller = world.api.authorize([format!("Bearer {token}")], &TokenRequirements::new()).await.unwrap();
        assert_eq!(caller.caller_token().unwrap().expose(), token);
        let shown = format!("{caller:?} {:?} {:?}", ApiAuth::from(caller.clone()), world.machine.on_behalf_of(&caller));
        assert!(!shown.contains(&token) && !shown.contains(token.split('.').next_back().unwrap()), "{shown}");
    }
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn a_token_of_another_tenant_is_shown_to_no_other_server() {
    let (world, other) = (World::start().await, World::start().await);
    let stranger = other.caller("ada").await;
    // Both tenants have a user of this id.
    let error = world.refusal(&stranger, shelves()).await;
    assert_eq!((error.code().as_str(), error.kind()), ("token_exchange.other_server", ErrorKind::Config));
    assert!(error.to_string().contains(stranger.issuer()), "{error}");
    assert_eq!((world.site.mock.requests_total(), other.asked()), (0, 0));
    // The list judges it, and its own client exchanges it.
    let list = ResourceServer::one_of([world.api.clone(), other.api.clone()]);
    assert!(list.is_err(), "two that introspect");
    other.get(&stranger, shelves()).await;
}

#[tokio::test]
async fn each_refusal_says_what_to_do_and_is_not_remembered_for_long() {
    let world = World::start().await;
    let ada = world.caller("ada").await;
    for (options, code, kind) in [
        (shelves().organization("org-vault"), "organization.mfa_required", ErrorKind::Forbidden),
        (shelves().organization("org-other"), "organization.not_a_member", ErrorKind::Forbidden),
        (TokenOptions::new().resource("https://nope.example.test"), "token.resource_refused", ErrorKind::Config),
        (TokenOptions::new().resource("no URI"), "options.invalid", ErrorKind::Usage),
        (shelves().organization(" "), "options.invalid", ErrorKind::Usage),
    ] {
        let error = world.refusal(&ada, options).await;
        assert_eq!((error.code().as_str(), error.kind()), (code, kind));
        assert!(!error.is_transient() && !error.hint().is_empty());
    }
    // A scope that the user does not have is left out.
    let token = world.machine.on_behalf_of(&ada).get_access_token(shelves().scopes(["read:shelves", "fly"])).await;
    assert_eq!(token.unwrap().scopes(), ["read:shelves"]);

    let plain = MachineClient::builder().config(world.site.logto.config()).app_id("plain").app_secret(APP_SECRET);
    let error = plain.build().unwrap().on_behalf_of(&ada).get_access_token(shelves()).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.kind()), ("client.grant_not_allowed", ErrorKind::Config));
    let wrong = MachineClient::builder().config(world.site.logto.config()).app_id("service").app_secret("wrong");
    let error = wrong.build().unwrap().on_behalf_of(&ada).get_access_token(shelves()).await.unwrap_err();
    assert_eq!(error.code(), "client.invalid_credentials");

    // Suspended: the token that was got before serves to its end, as the user's own does. Another is refused, and then not asked for within a second.
    world.get(&ada, shelves()).await;
    world.site.mock.suspend_user("ada");
    world.asked();
    for _ in 0..3 {
        let error = world.refusal(&ada, shelves().organization("org-acme")).await;
        assert_eq!((error.code().as_str(), error.http_status()), ("token_exchange.subject_refused", 403));
        assert!(error.hint().contains("suspended") && !error.hint().contains("works once"), "{}", error.hint());
    }
    assert_eq!(world.asked(), 1);
    world.get(&ada, shelves()).await;
    assert_eq!(world.asked(), 0);
    world.site.mock.unsuspend_user("ada");
    world.site.advance(1);
    world.get(&ada, shelves().organization("org-acme")).await;
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_asked_for_again() {
    let world = World::start().await;
    let ada = world.caller("ada").await;
    world.site.mock.inject_fault(Endpoint::Token, Fault::drop_connection().after_processing().times(1));
    world.get(&ada, shelves()).await;
    assert_eq!(world.asked(), 2);
    world.site.mock.inject_fault(Endpoint::Token, Fault::html(503).times(1));
    let error = world.refusal(&ada, shelves().organization("org-acme")).await;
    assert!(error.is_transient() && error.http_status() == 503, "{error}");
    world.site.advance(1);
    world.get(&ada, shelves().organization("org-acme")).await;
}

#[test]
fn a_source_of_tokens_on_behalf_of_a_caller_goes_to_any_thread() {
    fn goes_anywhere<T: Clone + Send + Sync + 'static + TokenSource>() {}
    goes_anywhere::<logto::machine::OnBehalfOf>();
}
