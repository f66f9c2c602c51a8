//! By the provider of a social connector, which says that an account there is the user's.

use std::time::Duration;

use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::no_record;
use crate::testing::mock::{
    directory::{MockConnector, MockProviderToken, iso::iso},
    endpoints::account::{
        call::Call,
        guard::{Guard, Rule},
        provider,
        refusal::{Answer, failure, refusal},
    },
    messages::reply::Reply,
    state::{
        State,
        account::records::{Kind, SocialRecord},
    },
};

/// POST `/api/verifications/social`.
pub(crate) fn begin(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let (sent, redirect_uri) = (guard.text("state", Rule::Any), guard.text("redirectUri", Rule::Any));
    let (connector, scope) = (guard.text("connectorId", Rule::Any), guard.optional_text("scope", Rule::Any));
    guard.finish()?;
    let Some(connector) = state.directory.connector(&connector).cloned() else {
        let message = format!("Unable to find available connector with id {connector}.");
        return Err(failure(422, "session.invalid_connector_id", &message));
    };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &connector.id)
        .append_pair("redirect_uri", &redirect_uri)
        .append_pair("response_type", "code")
        .append_pair("state", &sent)
        .append_pair("scope", scope.as_deref().unwrap_or("email profile"))
        .finish();
    let authorization_uri = format!("{}{}?{query}", state.endpoint, provider::PATH);
    let record = SocialRecord { connector: connector.id, target: connector.target, account: None, token: None };
    let (id, expires_at) = state.keep_record(None, Kind::Social(Box::new(record)))?;
    let body =
        json!({ "verificationRecordId": id, "authorizationUri": authorization_uri, "expiresAt": iso(expires_at) });
    Ok(Reply::json(201, &body))
}

/// POST `/api/verifications/social/verify`, with what the provider sent the browser back with.
pub(crate) fn verify(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let id = guard.text("verificationRecordId", Rule::Any);
    let data = guard.nested("connectorData", |data| data.members().clone()).unwrap_or_default();
    guard.finish()?;
    let connector = match state.record(&id).map(|record| &record.kind) {
        Some(Kind::Social(record)) => record.connector.clone(),
        _ => return Err(no_record()),
    };
    let connector = state.directory.connector(&connector).cloned().ok_or_else(no_record)?;
    let (account, token) = ask_provider(state, &connector, &data)?;
    let token = token.filter(|_| connector.keeps_tokens);
    if let Some(Kind::Social(record)) = state.record_mut(&id).map(|record| &mut record.kind) {
        record.account = Some(account);
        record.token = token;
    }
    Ok(Reply::json(200, &json!({ "verificationRecordId": id })))
}

/// Who the user is at the provider. A code of the provider's page says it; data with a `userId` say it themselves, as with Logto's own connector
/// for tests.
fn ask_provider(
    state: &mut State,
    connector: &MockConnector,
    data: &Map<String, Value>,
) -> Answer<(Value, Option<MockProviderToken>)> {
    let text = |name: &str| data.get(name).and_then(Value::as_str);
    let refused = || refusal(401, "connector.social_auth_code_invalid");
    let code = text("code").ok_or_else(refused)?;
    if let Some(user_id) = text("userId") {
        let told = ["email", "phone", "name", "avatar"].into_iter().filter_map(|name| data.get_key_value(name));
        let mut account = json!({ "id": user_id, "rawData": data });
        if let Some(account) = account.as_object_mut() {
            account.extend(told.map(|(name, value)| (name.clone(), value.clone())));
        }
        return Ok((account, data.get("tokenResponse").and_then(given_token)));
    }
    let agreed = state.account.provider_codes.remove(code).ok_or_else(refused)?;
    if agreed.connector != connector.id || text("redirectUri") != Some(&agreed.redirect_uri) {
        return Err(refused());
    }
    let account = json!({ "id": agreed.account, "name": agreed.account, "rawData": { "id": agreed.account } });
    let mut token = MockProviderToken::new(format!("{}-token-of-{}", connector.target, agreed.account))
        .scope(agreed.scope)
        .expires_in(Duration::from_secs(3600))
        .refreshable();
    token.begin(state.now());
    Ok((account, Some(token)))
}

/// A token in the answer of the connector for tests.
fn given_token(response: &Value) -> Option<MockProviderToken> {
    let token = MockProviderToken::new(response.get("access_token")?.as_str()?);
    let scope = response.get("scope").and_then(Value::as_str);
    Some(scope.into_iter().fold(token, MockProviderToken::scope))
}
