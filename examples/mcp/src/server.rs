//! The MCP server and, beside it, the API of notes. Each is a resource of its own at Logto.

use std::sync::Arc;

use axum::{Router, http::HeaderName, http::header, middleware::from_fn};
use logto::{
    TokenOptions,
    api::{ApiAudience, ResourceServerBuilder},
    api_client::ApiClient,
    machine::MachineClient,
};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use tower_http::cors::{Any, CorsLayer};

use super::{USE_NOTES, WRITE_NOTES, notes, refusal, tools::Tools};

pub struct Server {
    base_url: String,
    api: ResourceServerBuilder,
    machine: MachineClient,
}

/// The identifiers of the MCP server and of the API of notes: their addresses. With a path, since some MCP clients add a slash to an address that has
/// none, and Logto compares character by character.
pub fn resources(base_url: &str) -> [String; 2] {
    ["mcp", "notes"].map(|path| format!("{base_url}/{path}"))
}

impl Server {
    pub fn new(base_url: String, api: ResourceServerBuilder, machine: MachineClient) -> Self {
        Self { base_url, api, machine }
    }

    pub fn router(&self) -> Result<Router, Box<dyn std::error::Error>> {
        let [mcp_resource, notes_resource] = resources(&self.base_url);
        let api = |resource: &str, scope: &str| {
            let api = self.api.clone().audience(ApiAudience::resource(resource));
            // What a client asks for when it signs its user in. Without this it may ask for all that Logto knows.
            api.scopes_supported([scope])
        };
        // The MCP server calls the API of notes for its callers.
        let mcp = api(&mcp_resource, USE_NOTES).keep_caller_tokens(true).build()?;
        let notes = api(&notes_resource, WRITE_NOTES).build()?;

        let client = ApiClient::builder().base_url(&self.base_url);
        let client =
            client.token_options(TokenOptions::new().resource(notes_resource).scopes([WRITE_NOTES])).build()?;
        let tools = Tools { machine: self.machine.clone(), notes: client };
        // A token is looked at with each request, so a session would add nothing but an id that another user could send.
        let config = StreamableHttpServerConfig::default().with_legacy_session_mode(false).with_json_response(true);
        let config = config.with_allowed_hosts(hosts(&self.base_url));
        let service =
            StreamableHttpService::new(move || Ok(tools.clone()), Arc::new(NeverSessionManager::default()), config);
        let service = Router::new()
            .route_service("/mcp", service)
            .route_layer(from_fn(refusal::answer))
            // Who has no good token does not reach the protocol.
            .route_layer(logto::tower::api(mcp.clone()));

        Ok(Router::new()
            .merge(service)
            .merge(notes::router(notes.clone()))
            .merge(logto::axum::api_metadata(&mcp)) // /.well-known/oauth-protected-resource/mcp
            .merge(logto::axum::api_metadata(&notes)) // /.well-known/oauth-protected-resource/notes
            .layer(cors()))
    }
}

/// The hosts that the server is called by. rmcp refuses requests to others, so that no page of another site gets here by a name of its own for this machine.
fn hosts(base_url: &str) -> Vec<String> {
    let authority = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
    let authority = authority.split('/').next().unwrap_or_default();
    vec![authority.to_owned(), "localhost".to_owned(), "127.0.0.1".to_owned()]
}

/// For MCP clients that are pages: they read why they were refused, and where the metadata is.
fn cors() -> CorsLayer {
    let [version, method, name] = ["mcp-protocol-version", "mcp-method", "mcp-name"].map(HeaderName::from_static);
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(Any)
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT, version, method, name])
        .expose_headers([header::WWW_AUTHENTICATE])
}
