//! A program's own tokens, and tokens for tokens. The requests are counted: that is exact.

use std::time::Duration;

use logto::{
    ErrorKind, HeaderCookies, TokenOptions,
    machine::{MachineClient, MachineClientBuilder, TokenExchange},
    testing::{Endpoint, Fault, MockApp, MockLogto, MockResource, TestClock},
};
use tokio::task::JoinSet;

use crate::{
    gate::Gate,
    support::{APP_SECRET, BOOKS, Site},
};

const MANAGEMENT: &str = "https://my-tenant.logto.app/api";

/// A machine with a Logto of its own and a clock that both go by.
struct World {
    mock: MockLogto,
    clock: TestClock,
    machine: MachineClient,
}

impl World {
    async fn start() -> Self {
        Self::with(|machine| machine).await
    }

    async fn with(settings: impl FnOnce(MachineClientBuilder) -> MachineClientBuilder) -> Self {
        let clock = TestClock::new();
        let app = MockApp::new("machine", APP_SECRET).role("librarian").role("manager").token_exchange(true);
        let mock = MockLogto::builder()
            .machine_to_machine_app(app.organization("org-acme", &["admin"]).organization("org-globex", &["member"]))
            .app(MockApp::new("web", APP_SECRET))
            .resource(MockResource::new(BOOKS).scope("read:books").scope("write:books").scope("delete:books"))
            .resource(MockResource::new("https://short.example.test").access_token_ttl(Duration::from_secs(20)))
            .resource(MockResource::new(MANAGEMENT).scope("all"))
            .role("librarian", BOOKS, &["read:books", "write:books"])
            .role("manager", MANAGEMENT, &["all"])
            .clock(clock.clone())
            .start()
            .await
            .unwrap();
        let builder = MachineClient::builder().endpoint(mock.endpoint()).clock(clock.clone());
        let machine = settings(builder.app_id("machine").app_secret(APP_SECRET)).build().unwrap();
        Self { mock, clock, machine }
    }

    fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    async fn get(&self, options: TokenOptions) -> String {
        self.machine.get_access_token(options).await.unwrap().token().to_owned()
    }

    async fn code(&self, options: TokenOptions) -> &'static str {
        self.machine.get_access_token(options).await.unwrap_err().code().as_str()
    }

    /// How often Logto was asked for a token since the last time.
    fn asked(&self) -> usize {
        let asked = self.mock.request_count(Endpoint::Token);
        self.mock.reset_counts();
        asked
    }
}

fn books() -> TokenOptions {
    TokenOptions::new().resource(BOOKS).scopes(["read:books"])
}

#[tokio::test]
async fn a_machine_client_gets_tokens_for_a_resource_an_organization_or_both() {
    let world = World::start().await;
    let claims = async |options| world.machine.get_access_token(options).await.unwrap().claims().unwrap();
    let resource = claims(books()).await;
    assert_eq!((resource.sub.as_str(), resource.client_id.as_deref()), ("machine", Some("machine")));
    assert!(resource.aud.contains(BOOKS) && resource.scopes().eq(["read:books"]));
    let organization = claims(TokenOptions::new().organization("org-acme").scopes(["read:reports"])).await;
    assert!(organization.aud.contains("urn:logto:organization:org-acme"));
    assert!(organization.organization_id.is_none() && organization.scopes().eq(["read:reports"]));
    let both = claims(books().organization("org-globex")).await;
    assert!(both.aud.contains(BOOKS) && both.organization_id.as_deref() == Some("org-globex"));
    let management = claims(TokenOptions::management_api("my-tenant")).await;
    assert!(management.aud.contains(MANAGEMENT) && management.scopes().eq(["all"]));
    assert_eq!(world.asked(), 4);

    // Each is kept, whatever the order of the scopes.
    let sorted = world.get(TokenOptions::new().resource(BOOKS).scopes(["read:books", "write:books"])).await;
    assert_eq!(
        world.get(TokenOptions::new().resource(BOOKS).scopes(["write:books", "read:books", "read:books"])).await,
        sorted
    );
    claims(books()).await;
    claims(books().organization("org-globex")).await;
    assert_eq!(world.asked(), 1);
    let sent = world.machine.get_access_token(books().force_refresh(true)).await.map(|_| ());
    sent.unwrap();
    let request = world.mock.last_request(Endpoint::Token).unwrap();
    assert_eq!(request.form().len(), 3, "{:?}", request.form());
    assert!(
        request.header("authorization").unwrap().starts_with("Basic ") && request.form_value("client_secret").is_none()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_callers_for_a_machine_token_make_one_request() {
    let world = World::start().await;
    world.mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_millis(200)));
    let ask = |options: TokenOptions| {
        let mut tasks = JoinSet::new();
        for _ in 0..64 {
            let (machine, options) = (world.machine.clone(), options.clone());
            tasks.spawn(async move { machine.get_access_token(options).await.map(|token| token.token().to_owned()) });
        }
        tasks.join_all()
    };
    let first = ask(books()).await;
    assert_eq!((world.mock.request_count(Endpoint::Discovery), world.asked()), (1, 1));
    assert!(first.iter().all(|token| token.as_ref().unwrap() == first[0].as_ref().unwrap()));
    // Forced, too.
    let forced = ask(books().force_refresh(true)).await;
    assert_eq!(world.asked(), 1);
    assert_ne!(forced[0].as_ref().unwrap(), first[0].as_ref().unwrap());
    // And a failure is shared.
    world.mock.clear_faults();
    world.mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_millis(200)));
    let failed = ask(TokenOptions::new().resource("https://nope.example.test")).await;
    assert_eq!(world.asked(), 1);
    assert!(failed.iter().all(|token| token.as_ref().unwrap_err().code() == "token.resource_refused"));
}

#[tokio::test]
async fn a_machine_token_request_completes_after_its_caller_is_cancelled() {
    let gate = Gate::new();
    let world = World::with(|machine| machine.http_client(gate.clone())).await;
    world.machine.get_access_token(TokenOptions::management_api("my-tenant")).await.unwrap();
    world.asked();
    gate.close();
    let machine = world.machine.clone();
    let gone = tokio::spawn(async move { machine.get_access_token(books()).await.map(drop) });
    gate.someone_waits().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    gate.open();
    world.get(books()).await;
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_machine_token_is_renewed_before_expiry() {
    let world = World::start().await;
    let first = world.get(books()).await;
    world.advance(3539);
    assert_eq!(world.get(books()).await, first);
    world.advance(1);
    assert_ne!(world.get(books()).await, first);
    assert_eq!(world.asked(), 2);

    // A short-lived one when half its life is over.
    let short = || TokenOptions::new().resource("https://short.example.test");
    let first = world.get(short()).await;
    world.advance(9);
    assert_eq!(world.get(short()).await, first);
    world.advance(1);
    assert_ne!(world.get(short()).await, first);
    assert_eq!(world.asked(), 2);

    // As long as is wished, and whenever.
    world.get(books().min_validity(Duration::from_secs(1000))).await;
    assert_eq!(world.asked(), 0);
    world.advance(2600);
    world.get(books().min_validity(Duration::from_secs(1000))).await;
    assert_eq!(world.asked(), 1);
    world.get(books().force_refresh(true)).await;
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_token_that_lives_is_served_while_logto_is_away() {
    for fault in
        [Fault::status(503), Fault::status(429), Fault::status(500), Fault::html(502), Fault::drop_connection()]
    {
        let world = World::start().await;
        let first = world.get(books()).await;
        world.advance(3590);
        world.mock.inject_fault(Endpoint::Token, fault.clone());
        assert_eq!(world.get(books()).await, first, "{fault:?}");
        // Its last seconds are not spent asking.
        world.asked();
        assert_eq!(world.get(books()).await, first);
        assert_eq!(world.asked(), 0);
        world.advance(10);
        let error = world.machine.get_access_token(books()).await.unwrap_err();
        assert!(error.is_transient(), "{fault:?} {error}");
        world.mock.clear_faults();
        world.advance(1);
        assert_ne!(world.get(books()).await, first, "{fault:?}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_once_more() {
    let world = World::start().await;
    world.mock.inject_fault(Endpoint::Token, Fault::drop_connection().times(1));
    world.get(books()).await;
    assert_eq!(world.asked(), 2);
    world.mock.inject_fault(Endpoint::Token, Fault::drop_connection());
    assert_eq!(world.code(books().force_refresh(true)).await, "network.unreachable");
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn logto_is_not_asked_before_its_retry_after_is_over() {
    let world = World::start().await;
    world.mock.inject_fault(Endpoint::Token, Fault::status(429).retry_after(Duration::from_secs(20)).times(1));
    let error = world.machine.get_access_token(books()).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.retry_after()), ("token.refused", Some(Duration::from_secs(20))));
    world.advance(19);
    assert!(world.machine.get_access_token(books()).await.is_err());
    assert_eq!(world.asked(), 1);
    world.advance(1);
    world.get(books()).await;
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_refusal_of_a_machine_token_says_what_to_do() {
    let secret = World::with(|machine| machine.app_secret("wrong")).await;
    let web = World::with(|machine| machine.app_id("web")).await;
    let unknown = World::with(|machine| machine.app_id("nobody")).await;
    let world = World::start().await;
    let bob = || TokenOptions::new().organization("org-nobody");
    for (world, options, code, kind, hint) in [
        (&secret, books(), "client.invalid_credentials", ErrorKind::Config, "app secret"),
        (&unknown, books(), "client.invalid_credentials", ErrorKind::Config, "app id"),
        (&web, books(), "client.grant_not_allowed", ErrorKind::Config, "Machine-to-machine"),
        (
            &world,
            TokenOptions::new().resource("https://nope.test"),
            "token.resource_refused",
            ErrorKind::Config,
            "API resources under this very identifier",
        ),
        (&world, bob(), "organization.access_denied", ErrorKind::Forbidden, "Add the machine-to-machine app"),
        (
            &world,
            books().organization("org-nobody"),
            "organization.access_denied",
            ErrorKind::Forbidden,
            "Organizations",
        ),
        (&world, TokenOptions::new(), "options.invalid", ErrorKind::Usage, "option"),
    ] {
        let error = world.machine.get_access_token(options).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.kind()), (code, kind), "{error}");
        assert!(error.hint().contains(hint), "{}", error.hint());
        assert!(!error.hint().contains("the user signs in"), "a machine has none: {}", error.hint());
        assert!(!error.is_transient());
    }
    assert_eq!(world.asked(), 3, "without a resource or an organization nobody is asked");
    let options = TokenOptions::new().resource(BOOKS).scopes(["read:books", "delete:books", "fly"]);
    let error = world.machine.get_access_token(options).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.kind()), ("token.scope_refused", ErrorKind::Config));
    assert!(error.to_string().contains("the scope delete:books fly (granted: read:books)"), "{error}");
    assert!(error.hint().contains("machine-to-machine role"), "{}", error.hint());
    let none = TokenOptions::new().organization("org-globex").scopes(["fly"]);
    assert!(world.machine.get_access_token(none).await.unwrap_err().to_string().contains("(granted: none)"));
}

#[tokio::test]
async fn the_tokens_kept_are_bounded() {
    let world = World::with(|machine| machine.token_cache_capacity(2)).await;
    let of = |id: &str| TokenOptions::new().organization(id.to_owned());
    for options in [of("org-acme"), of("org-globex"), of("org-acme"), books()] {
        world.get(options).await;
    }
    assert_eq!(world.asked(), 3);
    world.get(of("org-acme")).await;
    assert_eq!(world.asked(), 0);
    world.get(of("org-globex")).await;
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_logto_that_is_down_does_not_keep_a_program_from_starting() {
    let world = World::start().await;
    world.mock.stop().await;
    assert_eq!(world.code(books()).await, "network.unreachable");
    world.mock.restart().await.unwrap();
    world.advance(1);
    world.get(books()).await;
    let token = world.machine.get_access_token(books()).await.unwrap();
    let shown = format!("{:?} {token:?}", world.machine);
    assert!(!shown.contains("SENTINEL") && !shown.contains(token.token()), "{shown}");
}

#[test]
fn a_machine_client_is_a_thread_safe_handle_of_pointer_size() {
    fn goes_anywhere<T: Clone + Send + Sync + 'static>() {}
    goes_anywhere::<MachineClient>();
    assert_eq!(size_of::<MachineClient>(), size_of::<usize>());
}

#[tokio::test]
async fn a_machine_client_does_not_cache_exchanged_tokens() {
    let world = World::start().await;
    let pat = world.mock.create_personal_access_token("ada", None);
    let exchange = || TokenExchange::personal_access_token(pat.as_str()).resource(BOOKS).scopes(["read:books", "fly"]);
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let token = world.machine.exchange_token(exchange()).await.unwrap();
        assert_eq!(token.issued_token_type(), None, "Logto leaves it out");
        let claims = token.access_token().claims().unwrap();
        assert_eq!((claims.sub.as_str(), claims.client_id.as_deref()), ("user-ada", Some("machine")));
        assert!(claims.scopes().eq(["read:books"]) && token.access_token().scopes() == ["read:books"]);
        tokens.push(token.into_access_token());
    }
    assert_ne!(tokens[0], tokens[1]);
    assert_eq!(world.asked(), 2);
    // The machine's own token is another.
    assert_eq!(world.machine.get_access_token(books()).await.unwrap().claims().unwrap().sub, "machine");
    let shown = format!("{:?} {:?}", exchange(), tokens[0]);
    assert!(!shown.contains("pat_") && !shown.contains(tokens[0].token()), "{shown}");
}

#[tokio::test]
async fn a_token_exchange_touches_no_session() {
    let site = Site::build_with(|app| app.token_exchange(true)).await;
    let staff = site.signed_in("bob").await;
    let mut cookies = staff.request();
    let actor = site.logto.get_access_token(&mut cookies, TokenOptions::new()).await.unwrap();
    let before = (staff.header(), site.logto.get_id_token_claims(&staff.request()).await.unwrap().unwrap().sub);
    site.mock.reset_counts();

    let subject = site.mock.create_subject_token("ada");
    let exchange =
        || TokenExchange::impersonation(subject.as_str()).actor(actor.token()).resource(BOOKS).scopes(["read:books"]);
    let token = site.logto.exchange_token(exchange()).await.unwrap();
    let claims = token.access_token().claims().unwrap();
    assert_eq!((claims.sub.as_str(), claims.act.unwrap().sub.as_str()), ("user-ada", "user-bob"));
    let request = site.mock.last_request(Endpoint::Token).unwrap();
    assert_eq!(request.form_value("actor_token_type"), Some("urn:ietf:params:oauth:token-type:access_token"));

    // The browser's session is what it was, to the letter, and its own token is still its own.
    let mut cookies = HeaderCookies::parse(before.0.as_str());
    let own = site.logto.get_access_token(&mut cookies, TokenOptions::new().resource(BOOKS)).await.unwrap();
    assert_eq!(own.claims().unwrap().sub, "user-bob");
    assert_eq!(site.logto.get_id_token_claims(&staff.request()).await.unwrap().unwrap().sub, before.1);

    // A subject token works once.
    let error = site.logto.exchange_token(exchange()).await.unwrap_err();
    assert_eq!(
        (error.code().as_str(), error.kind(), error.http_status()),
        ("token_exchange.subject_refused", ErrorKind::Forbidden, 403)
    );
    assert!(!error.requires_sign_in() && error.oauth_error().unwrap().error() == "invalid_grant");

    // By cause.
    let pat = site.mock.create_personal_access_token("bob", None);
    let of_bob = || TokenExchange::personal_access_token(pat.as_str());
    let stranger = site.logto.exchange_token(of_bob().organization("org-acme")).await.unwrap_err();
    assert_eq!(stranger.code(), "organization.not_a_member");
    let unknown = site.logto.exchange_token(of_bob().resource("https://nope.test")).await.unwrap_err();
    assert_eq!(unknown.code(), "token.resource_refused");
    let opaque = site.logto.exchange_token(of_bob().scopes(["openid"])).await.unwrap();
    assert_eq!(opaque.access_token().claims().unwrap_err().code(), "access_token.opaque");
    let odd = TokenExchange::of_type(pat.as_str(), "urn:example:unknown").resource(BOOKS);
    assert_eq!(site.logto.exchange_token(odd).await.unwrap_err().code(), "token_exchange.subject_refused");

    // An answer that was lost is not asked for again: the token may be spent.
    site.mock.reset_counts();
    site.mock.inject_fault(Endpoint::Token, Fault::drop_connection().times(1));
    assert!(site.logto.exchange_token(of_bob().resource(BOOKS)).await.unwrap_err().is_transient());
    assert_eq!(site.mock.request_count(Endpoint::Token), 1);
    // A server that says what kind it issued is heard.
    site.mock.tamper_token_response(|response| {
        response["issued_token_type"] = "urn:ietf:params:oauth:token-type:access_token".into();
    });
    let told = site.logto.exchange_token(of_bob().resource(BOOKS)).await.unwrap();
    assert_eq!(told.issued_token_type(), Some("urn:ietf:params:oauth:token-type:access_token"));

    let plain = Site::start().await;
    let error = plain.logto.exchange_token(TokenExchange::impersonation("sub_x")).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.kind()), ("client.grant_not_allowed", ErrorKind::Config));
    assert!(error.hint().contains("Allow token exchange"), "{}", error.hint());
}
