//! What an MCP client does, by rmcp's own client: from 401 through discovery to a call.

use logto::testing::{Endpoint, MockUser};
use rmcp::{
    RoleClient, ServiceExt,
    model::{CallToolRequestParams, CallToolResult},
    service::{RunningService, ServiceError},
    transport::{
        StreamableHttpClientTransport,
        auth::{AuthClient, AuthorizationRequest, OAuthState},
        streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use url::Url;

use super::*;

const CALLBACK: &str = "http://127.0.0.1:8080/callback";

type Client = RunningService<RoleClient, ()>;

impl World {
    /// Without a token: what the server says then.
    async fn challenge(&self) -> String {
        let config = StreamableHttpClientTransportConfig::with_uri(self.mcp());
        let error = ().serve(StreamableHttpClientTransport::with_client(http(), config)).await.unwrap_err();
        error.auth_challenge().unwrap_or_else(|| panic!("{error:?}")).to_owned()
    }

    /// The client finds Logto by the challenge. Gives where it sends its user.
    async fn authorize(&self, request: AuthorizationRequest) -> (OAuthState, Url) {
        let mut client = OAuthState::new(self.mcp(), Some(http())).await.unwrap();
        client.start_authorization(request.with_preregistered_client(MCP_CLIENT)).await.unwrap();
        let url = client.get_authorization_url().await.unwrap();
        (client, Url::parse(&url).unwrap())
    }

    /// The user signs in, and the client connects with the token.
    async fn connect(&self, mut client: OAuthState, url: &Url, user: &str) -> Client {
        let callback = self.logto.sign_in(url.as_str(), user).await;
        client.handle_callback_url(&callback).await.unwrap();
        let client = AuthClient::new(http(), client.into_authorization_manager().unwrap());
        let config = StreamableHttpClientTransportConfig::with_uri(self.mcp());
        ().serve(StreamableHttpClientTransport::with_client(client, config)).await.unwrap()
    }

    async fn connect_as(&self, user: &str) -> Client {
        let challenge = self.challenge().await;
        let (client, url) = self.authorize(AuthorizationRequest::new(CALLBACK).with_challenge(challenge)).await;
        self.connect(client, &url, user).await
    }
}

async fn call(client: &Client, tool: &'static str, arguments: Value) -> Result<CallToolResult, ServiceError> {
    let mut params = CallToolRequestParams::new(tool);
    params.arguments = arguments.as_object().cloned();
    client.call_tool(params).await
}

fn text(result: &CallToolResult) -> &str {
    assert_ne!(result.is_error, Some(true), "{result:?}");
    result.content.first().and_then(|block| block.as_text()).map_or("", |text| &text.text)
}

async fn whoami(client: &Client) -> Value {
    serde_json::from_str(text(&call(client, "whoami", json!({})).await.unwrap())).unwrap()
}

async fn add_note(client: &Client, note: &str) -> Vec<String> {
    serde_json::from_str(text(&call(client, "add_note", json!({ "text": note })).await.unwrap())).unwrap()
}

/// The scope that a call was refused for.
fn missing_scope(error: &ServiceError) -> &str {
    let challenge = error.auth_challenge().unwrap_or_else(|| panic!("{error:?}"));
    assert!(challenge.contains(r#"error="insufficient_scope""#), "{challenge}");
    challenge.split(" scope=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap()
}

#[tokio::test]
async fn a_client_goes_from_401_through_discovery_and_sign_in_to_a_call() {
    let world = World::start().await;
    let challenge = world.challenge().await;
    let metadata = format!("{}/.well-known/oauth-protected-resource/mcp", world.base_url);
    assert!(challenge.contains(&format!("resource_metadata=\"{metadata}\"")), "{challenge}");

    let (client, url) = world.authorize(AuthorizationRequest::new(CALLBACK).with_challenge(challenge)).await;
    assert!(url.as_str().starts_with(&format!("{}/auth?", world.logto.issuer())), "{url}");
    let parameter =
        |name: &str| url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    assert_eq!(parameter("resource"), Some(world.mcp()));
    assert_eq!(parameter("code_challenge_method").as_deref(), Some("S256"));
    let scope = parameter("scope").unwrap();
    // What Logto offers beside it (the profile, the e-mail address) is not asked for.
    assert_eq!(scope.split(' ').collect::<Vec<_>>(), [USE_NOTES, "offline_access"]);

    let client = world.connect(client, &url, "ada").await;
    let token_request = world.logto.last_request(Endpoint::Token).unwrap();
    assert_eq!(token_request.form_value("resource"), Some(world.mcp().as_str()));
    let tools = client.list_all_tools().await.unwrap();
    let mut names: Vec<_> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    names.sort_unstable();
    assert_eq!(names, ["add_note", "whoami"]);

    let me = whoami(&client).await;
    assert_eq!((&me["client_id"], &me["scopes"]), (&json!(MCP_CLIENT), &json!([USE_NOTES])));
    assert_eq!(me["issuer"], world.logto.issuer());
    assert_eq!(add_note(&client, "one").await, ["one"]);
    assert_eq!(add_note(&client, "two").await, ["one", "two"]);
}

/// One server, two clients, and a call of each in turn: who calls is said by the request alone.
#[tokio::test]
async fn each_client_acts_for_its_own_user_alone() {
    let world = World::start().await;
    world.logto.add_user(MockUser::new("grace").password("hopper").role("writer"));
    let ada = world.connect_as("ada").await;
    let grace = world.connect_as("grace").await;
    let [of_ada, of_grace] = [whoami(&ada).await, whoami(&grace).await].map(|me| me["sub"].clone());
    assert_ne!(of_ada, of_grace);
    let (one, other) = tokio::join!(add_note(&ada, "ada's"), add_note(&grace, "grace's"));
    assert_eq!((one, other), (vec!["ada's".to_owned()], vec!["grace's".to_owned()]));
    assert_eq!(whoami(&ada).await["sub"], of_ada);
}

/// The client is told the scope, asks its user again, and the call succeeds.
#[tokio::test]
async fn a_client_that_lacks_a_scope_is_told_it_and_gets_it_by_another_sign_in() {
    let world = World::start().await;
    let few = AuthorizationRequest::new(CALLBACK).with_scopes(["profile"]);
    let (client, url) = world.authorize(few).await;
    let client = world.connect(client, &url, "ada").await;
    assert_eq!(whoami(&client).await["scopes"], json!([]));
    let error = call(&client, "add_note", json!({ "text": "one" })).await.unwrap_err();
    assert_eq!(missing_scope(&error), USE_NOTES);

    let more = AuthorizationRequest::new(CALLBACK).with_scopes([missing_scope(&error)]);
    let (client, url) = world.authorize(more).await;
    assert_eq!(add_note(&world.connect(client, &url, "ada").await, "one").await, ["one"]);
}

/// A user without the role gets a token without the permission, and no error before the call.
#[tokio::test]
async fn a_user_without_the_permission_is_refused_by_the_tool_that_needs_it_alone() {
    let world = World::start().await;
    let bob = world.connect_as("bob").await;
    assert_eq!(whoami(&bob).await["scopes"], json!([]));
    let error = call(&bob, "add_note", json!({ "text": "one" })).await.unwrap_err();
    assert_eq!(missing_scope(&error), USE_NOTES);
}

/// A client that no one told an app's id, and Logto registers none.
#[tokio::test]
async fn a_client_without_an_app_of_the_console_is_told_that_it_cannot_register() {
    let world = World::start().await;
    let mut client = OAuthState::new(world.mcp(), Some(http())).await.unwrap();
    let error = client.start_authorization(AuthorizationRequest::new(CALLBACK)).await.unwrap_err();
    assert!(error.to_string().contains("egistration"), "{error}");
}
