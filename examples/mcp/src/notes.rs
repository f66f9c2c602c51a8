//! The API of notes, which would be another program: it knows nothing of MCP, and takes tokens of its own.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Extension, Json, Router, extract::State, routing::post};
use logto::api::{ApiAuth, ApiPolicy, ResourceServer, TokenRequirements};

use super::WRITE_NOTES;

struct Write;

impl ApiPolicy for Write {
    fn requirements() -> TokenRequirements {
        TokenRequirements::new().scopes([WRITE_NOTES])
    }
}

/// The notes of each user.
type Notes = Arc<Mutex<BTreeMap<String, Vec<String>>>>;

pub fn router(api: ResourceServer) -> Router {
    Router::new().route("/notes", post(add)).layer(Extension(api)).with_state(Notes::default())
}

async fn add(auth: ApiAuth<Write>, State(notes): State<Notes>, text: String) -> Json<Vec<String>> {
    let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    let notes = notes.entry(auth.sub().to_owned()).or_default();
    notes.push(text);
    Json(notes.clone())
}
