//! The tools.

use axum::http::{self, request::Parts};
use logto::{api::ApiAuth, api_client::ApiClient, machine::MachineClient};
use rmcp::{
    ErrorData, ServerHandler,
    handler::server::{tool::Extension, wrapper::Parameters},
    model::{CallToolResult, ContentBlock},
    schemars, tool, tool_handler, tool_router,
};
use serde_json::json;

use super::{USE_NOTES, refusal::Refusal};

#[derive(Clone)]
pub struct Tools {
    pub machine: MachineClient,
    pub notes: ApiClient,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
pub struct Note {
    /// What to write down.
    text: String,
}

#[tool_router]
impl Tools {
    #[tool(description = "Says who is signed in")]
    async fn whoami(&self, Extension(parts): Extension<Parts>) -> Result<CallToolResult, ErrorData> {
        let auth = caller(&parts)?;
        let scopes: Vec<_> = auth.scopes().collect();
        let said =
            json!({ "sub": auth.sub(), "client_id": auth.client_id(), "issuer": auth.issuer(), "scopes": scopes });
        Ok(CallToolResult::success(vec![ContentBlock::text(said.to_string())]))
    }

    #[tool(description = "Writes a note for the user who is signed in")]
    async fn add_note(
        &self,
        Extension(parts): Extension<Parts>,
        Parameters(note): Parameters<Note>,
    ) -> Result<CallToolResult, ErrorData> {
        let auth = caller(&parts)?;
        auth.require_scopes([USE_NOTES]).map_err(|error| refuse(&parts, error))?;
        let mut request = http::Request::new(note.text.into_bytes());
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = http::Uri::from_static("/notes");
        // The token that came is for this server alone: it is exchanged for one of the same user that is for the API of notes.
        let answer = self.notes.send(&self.machine.on_behalf_of(auth), request).await;
        let said = |text: String| vec![ContentBlock::text(text)];
        match answer {
            Ok(answer) if answer.status().is_success() => {
                Ok(CallToolResult::success(said(String::from_utf8_lossy(answer.body()).into_owned())))
            }
            // The caller's token was good here, so it is no refusal of this server: the model reads it.
            Ok(answer) => Ok(CallToolResult::error(said(format!("the API of notes answered {}", answer.status())))),
            Err(error) if error.www_authenticate().is_some() => Err(refuse(&parts, error)),
            Err(error) => {
                tracing::error!(code = error.code().as_str(), hint = error.hint(), "{error}");
                Ok(CallToolResult::error(said(format!("the note was not written: {}", error.code()))))
            }
        }
    }
}

#[tool_handler]
impl ServerHandler for Tools {}

/// Who calls, from the layer. The request is that of this very call.
fn caller(parts: &Parts) -> Result<&ApiAuth, ErrorData> {
    parts.extensions.get().ok_or_else(|| ErrorData::internal_error("the layer `logto::tower::api` is missing", None))
}

/// For the middleware, which answers in the place of this.
fn refuse(parts: &Parts, error: logto::Error) -> ErrorData {
    let message = error.code().to_string();
    if let Some(refusal) = parts.extensions.get::<Refusal>() {
        refusal.set(error);
    }
    ErrorData::invalid_request(message, None)
}
