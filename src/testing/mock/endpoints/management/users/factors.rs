//! Second factors of a user.

use serde_json::{Value, json};

use super::{user, user_mut};
use crate::{
    secret::Secret,
    testing::mock::{
        directory::mfa::{Factor, FactorKind},
        endpoints::{
            account::{
                call::require,
                guard::{Guard, Rule, invalid_input},
                mfa::{check_backup_codes, random_backup_codes},
                refusal::{Answer, not_found, refusal},
                settings::read_choices,
            },
            management::Call,
        },
        messages::reply::Reply,
        state::{State, ids::short_id},
        tokens::totp,
    },
};

/// A picture of one dot, in the place of the QR code for an authenticator app.
const PICTURE: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/// GET `/api/users/{id}/mfa-verifications`.
pub(super) fn list(state: &mut State, call: &Call<'_>) -> Answer {
    let factors: Value = user(state, call)?.factors.iter().map(Factor::shown).collect();
    Ok(Reply::json(200, &factors))
}

/// POST `/api/users/{id}/mfa-verifications`.
pub(super) fn add(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    match guard.members().get("type").and_then(Value::as_str) {
        Some("Totp") => {
            let secret = guard.optional_text("secret", Rule::Any);
            guard.finish()?;
            add_totp(state, call, secret)
        }
        Some("BackupCode") => {
            let codes = guard.members().contains_key("codes").then(|| guard.texts("codes"));
            guard.finish()?;
            add_backup_codes(state, call, codes)
        }
        _ => {
            user(state, call)?;
            let message = "Invalid discriminator value. Expected 'Totp' | 'BackupCode'";
            let issue = json!({
                "code": "invalid_union_discriminator", "options": ["Totp", "BackupCode"], "path": ["type"], "message": message,
            });
            Err(invalid_input("body", &[issue]))
        }
    }
}

fn add_totp(state: &mut State, call: &Call<'_>, secret: Option<String>) -> Answer {
    let has_one = user(state, call)?.factors.iter().any(|factor| factor.kind_name() == "Totp");
    require(!has_one, || refusal(422, "user.totp_already_in_use"))?;
    let secret = match secret.filter(|secret| !secret.is_empty()) {
        Some(secret) => secret,
        None => totp::new_secret()?,
    };
    require(totp::is_secret(&secret), || refusal(422, "user.totp_secret_invalid"))?;
    keep(state, call, FactorKind::Totp)?;
    Ok(Reply::json(200, &json!({ "type": "Totp", "secret": secret, "secretQrCode": PICTURE })))
}

fn add_backup_codes(state: &mut State, call: &Call<'_>, codes: Option<Vec<String>>) -> Answer {
    check_backup_codes(user(state, call)?, codes.as_deref())?;
    let codes = match codes {
        Some(codes) => codes,
        None => random_backup_codes()?,
    };
    keep(state, call, FactorKind::BackupCodes(codes.iter().map(Secret::new).collect()))?;
    Ok(Reply::json(200, &json!({ "type": "BackupCode", "codes": codes })))
}

fn keep(state: &mut State, call: &Call<'_>, kind: FactorKind) -> Answer<()> {
    let factor = Factor { id: short_id()?, created_at: Some(state.now()), kind };
    user_mut(state, call)?.factors.push(factor);
    Ok(())
}

/// DELETE `/api/users/{id}/mfa-verifications/{verificationId}`.
pub(super) fn remove(state: &mut State, call: &Call<'_>) -> Answer {
    let id = call.param("verificationId");
    let is_there = user(state, call)?.factors.iter().any(|factor| factor.id == id);
    require(is_there, not_found)?;
    user_mut(state, call)?.factors.retain(|factor| factor.id != id);
    Ok(Reply::empty(204))
}

/// GET `/api/users/{id}/logto-configs`.
pub(super) fn choices(state: &mut State, call: &Call<'_>) -> Answer {
    Ok(Reply::json(200, &user(state, call)?.mfa_choices.shown()))
}

/// PATCH `/api/users/{id}/logto-configs`: the members given, beside those there are.
pub(super) fn change_choices(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let change = read_choices(&mut guard);
    guard.finish()?;
    change(&mut user_mut(state, call)?.mfa_choices);
    choices(state, call)
}
