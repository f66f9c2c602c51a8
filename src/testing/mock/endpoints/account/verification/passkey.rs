//! By a passkey that a browser makes.
//!
//! A browser's answer is checked as far as its client data go: what it is for, the challenge and the origin. The attestation is kept unread:
//! neither the authenticator's data, nor the public key in them, nor a signature is looked at.

use base64_simd::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::no_record;
use crate::{
    clock::random_token,
    testing::mock::{
        directory::{
            MockUser,
            iso::iso,
            mfa::{Credential, FactorKind},
        },
        endpoints::account::{
            call::{Call, require},
            guard::{Guard, Rule},
            refusal::{Answer, refusal},
        },
        messages::reply::Reply,
        state::{
            State,
            account::records::{Kind, PasskeyRecord},
        },
    },
};

/// POST `/api/verifications/web-authn/registration`. The relying party is the host that the request was sent to, as at Logto.
pub(crate) fn begin(state: &mut State, call: &Call<'_>) -> Answer {
    call.must_be_of_first_party()?;
    let host = call.request.header("host").unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let challenge = random_token()?;
    let options = options(call.user(state)?, host, &challenge);
    let agent = call.request.header("user-agent").unwrap_or_default().to_owned();
    let record = Kind::Passkey(Box::new(PasskeyRecord { challenge, credential: None, agent }));
    let (id, expires_at) = state.keep_record(Some(call.user_id.clone()), record)?;
    let body = json!({ "verificationRecordId": id, "registrationOptions": options, "expiresAt": iso(expires_at) });
    Ok(Reply::json(200, &body))
}

fn options(user: &MockUser, host: &str, challenge: &str) -> Value {
    let named = user.username.as_ref().or(user.email.as_ref()).or(user.phone.as_ref());
    let name = named.map_or("Unnamed User", String::as_str);
    let known = user.factors.iter().filter_map(|factor| match &factor.kind {
        FactorKind::Passkey { credential: Credential { id, transports }, .. } => {
            Some(json!({ "id": id, "type": "public-key", "transports": transports }))
        }
        _ => None,
    });
    json!({
        "challenge": challenge, "rp": { "name": host, "id": host },
        "user": {
            "id": URL_SAFE_NO_PAD.encode_to_string(&user.id), "name": name,
            "displayName": user.name.as_deref().unwrap_or(name),
        },
        "pubKeyCredParams": [{ "alg": -7, "type": "public-key" }, { "alg": -257, "type": "public-key" }],
        "timeout": 60_000, "attestation": "none", "excludeCredentials": known.collect::<Vec<_>>(),
        "authenticatorSelection": {
            "residentKey": "required", "userVerification": "required", "requireResidentKey": true,
        },
        "extensions": { "credProps": true },
    })
}

/// POST `/api/verifications/web-authn/registration/verify`.
pub(crate) fn verify(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let id = guard.text("verificationRecordId", Rule::Any);
    let answer = guard.nested("payload", |payload| {
        payload.text("type", Rule::Any);
        let ids = (payload.text("id", Rule::Any), payload.text("rawId", Rule::Any));
        let response = payload.nested("response", |response| {
            let transports = response.members().get("transports").cloned().unwrap_or_else(|| json!([]));
            (response.text("clientDataJSON", Rule::Any), response.text("attestationObject", Rule::Any), transports)
        });
        (ids, response.unwrap_or_default())
    });
    guard.finish()?;
    call.must_be_of_first_party()?;
    let ((credential, raw_id), (client_data, attestation, transports)) = answer.unwrap_or_default();
    let challenge = match state.record(&id).map(|record| &record.kind) {
        Some(Kind::Passkey(record)) => record.challenge.clone(),
        _ => return Err(no_record()),
    };
    let is_sound = credential == raw_id
        && !credential.is_empty()
        && URL_SAFE_NO_PAD.decode_to_vec(attestation).is_ok_and(|attestation| !attestation.is_empty())
        && answers(state, &client_data, &challenge);
    require(is_sound, || refusal(400, "session.mfa.webauthn_verification_failed"))?;
    if let Some(Kind::Passkey(record)) = state.record_mut(&id).map(|record| &mut record.kind) {
        record.credential = Some(Credential { id: credential, transports });
    }
    Ok(Reply::json(200, &json!({ "verificationRecordId": id })))
}

/// Whether a browser's client data (Web Authentication section 5.8.1) answer the challenge, on a page that may ask for it.
fn answers(state: &State, client_data: &str, challenge: &str) -> bool {
    let data = URL_SAFE_NO_PAD.decode_to_vec(client_data).ok();
    let data: Value = data.and_then(|data| serde_json::from_slice(&data).ok()).unwrap_or_default();
    let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
    let origins = state.directory.account_center.related_origins();
    let knows = |origin: &str| state.endpoint == origin || origins.iter().any(|known| known == origin);
    text("type") == "webauthn.create" && text("challenge") == challenge && knows(text("origin"))
}
