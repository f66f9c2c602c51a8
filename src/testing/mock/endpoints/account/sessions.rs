//! Where the user is signed in.

use std::time::UNIX_EPOCH;

use serde_json::{Map, Value, json};

use super::{
    call::{Call, must_edit, must_show},
    guard::wrong_query,
    refusal::Answer,
};
use crate::{
    clock::unix_seconds,
    testing::mock::{
        directory::{MockUser, claims::millis},
        messages::{reply::Reply, request::RecordedRequest},
        state::{
            State,
            session::{AppSession, Session},
        },
    },
};

const SCOPE: &str = "urn:logto:scope:sessions";

/// GET `/api/my-account/sessions`, the one that ends first before the others.
pub(crate) fn list(state: &mut State, call: &Call<'_>) -> Answer {
    call.must_be_verified()?;
    must_show(state, "session")?;
    call.must_have(SCOPE, 401)?;
    let user = call.user(state)?;
    let sessions = of(state, &user.id);
    let shown = sessions.into_iter().map(|session| {
        let mut shown = shown(state, user, session);
        if let Some(members) = shown.as_object_mut() {
            members.insert("isCurrent".to_owned(), (session.1.uid == call.token.what.session).into());
        }
        shown
    });
    Ok(Reply::json(200, &json!({ "sessions": shown.collect::<Vec<_>>() })))
}

/// The sessions that a user has now with their ids, the one that ends first before the others.
pub(crate) fn of<'a>(state: &'a State, user_id: &str) -> Vec<(&'a String, &'a Session)> {
    let live = |(_, session): &(&String, &Session)| session.user_id == user_id && session.expires_at > state.now();
    let mut sessions: Vec<_> = state.sessions.iter().filter(live).collect();
    sessions.sort_by_key(|(_, session)| (session.expires_at.duration_since(UNIX_EPOCH).ok(), &session.uid));
    sessions
}

pub(crate) fn shown(state: &State, user: &MockUser, (id, session): (&String, &Session)) -> Value {
    let signed_in_at = unix_seconds(session.signed_in_at);
    let apps = session.apps.iter().map(|(client, app)| (client.clone(), authorization(state, app)));
    let mut context = json!({ "ip": "127.0.0.1" });
    if let (Some(context), Some(agent)) = (context.as_object_mut(), &session.sign_in.user_agent) {
        context.insert("userAgent".to_owned(), agent.as_str().into());
    }
    json!({
        "payload": {
            "exp": unix_seconds(session.expires_at), "iat": signed_in_at, "jti": id, "uid": session.uid,
            "kind": "Session", "loginTs": signed_in_at, "accountId": session.user_id,
            "authorizations": apps.collect::<Map<_, _>>(),
        },
        "lastSubmission": {
            "interactionEvent": "SignIn", "userId": session.user_id,
            "verificationRecords": [shown_by(user, &session.uid)], "signInContext": context,
        },
        "clientId": session.sign_in.client_id, "accountId": session.user_id,
        "expiresAt": millis(Some(session.expires_at)),
    })
}

fn authorization(state: &State, app: &AppSession) -> Value {
    let grant = state.store.grants.get(&app.grant);
    match grant.is_some_and(|grant| grant.scopes.contains("offline_access")) {
        true => json!({ "sid": app.sid, "grantId": app.grant, "persistsLogout": true }),
        false => json!({ "sid": app.sid, "grantId": app.grant }),
    }
}

/// What the user signed in with.
fn shown_by(user: &MockUser, uid: &str) -> Value {
    match (&user.username, user.identities.iter().next()) {
        (None, Some((connector, identity))) => json!({
            "id": uid, "type": "Social", "connectorId": connector,
            "socialUserInfo": { "id": identity.get("userId") },
        }),
        (username, _) => json!({
            "id": uid, "type": "Password", "identifier": { "type": "username", "value": username }, "verified": true,
        }),
    }
}

/// DELETE `/api/my-account/sessions/:`. What was allowed for offline access outlives the session, unless the query says otherwise.
pub(crate) fn end(state: &mut State, call: &Call<'_>) -> Answer {
    let target = grants_target(call.request)?;
    call.must_be_verified()?;
    must_edit(state, "session")?;
    call.must_have(SCOPE, 401)?;
    call.must_be_of_first_party()?;
    let found = state.session_called(&call.param).map(|(id, session)| (id.clone(), session.user_id == call.user_id));
    match found {
        Some((id, true)) => {
            if let Some(session) = state.sessions.remove(&id) {
                revoke(state, &session, target);
            }
            Ok(Reply::empty(204))
        }
        Some((_, false)) => Err(not_here("oidc.invalid_session_account_id", "Session accountId mismatch.")),
        None => Err(not_here("oidc.session_not_found", "Session not found.")),
    }
}

/// Which grants go with a session: `all` or `firstParty`.
pub(crate) fn grants_target(request: &RecordedRequest) -> Answer<Option<&str>> {
    let target = request.query_value("revokeGrantsTarget");
    match target.filter(|target| !matches!(*target, "all" | "firstParty")) {
        Some(unknown) => Err(wrong_query("revokeGrantsTarget", unknown, &["all", "firstParty"])),
        None => Ok(target),
    }
}

pub(crate) fn revoke(state: &mut State, session: &Session, target: Option<&str>) {
    let Some(target) = target else { return };
    for (client, app) in &session.apps {
        let third_party = state.directory.app(client).is_none_or(|app| app.third_party);
        if target == "all" || !third_party {
            state.store.revoke(&app.grant);
        }
    }
}

/// Logto means 404 and says 400 (`91-account-api/99b-session-delete-404.json`).
fn not_here(code: &str, message: &str) -> Reply {
    Reply::json(400, &json!({ "code": code, "data": { "status": 404 }, "message": message }))
}
