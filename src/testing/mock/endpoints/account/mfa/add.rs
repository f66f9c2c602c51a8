//! A new second factor.

use serde_json::json;

use super::check_backup_codes;
use crate::{
    secret::Secret,
    testing::mock::{
        directory::mfa::{Factor, FactorKind},
        endpoints::account::{
            call::{Call, must_edit, require},
            guard::{Guard, Rule, invalid_input},
            new_identifier,
            refusal::{Answer, no_record, refusal},
        },
        messages::reply::Reply,
        state::{State, ids::short_id},
        tokens::totp,
    },
};

/// POST `/api/my-account/mfa-verifications`.
pub(crate) fn add(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    match guard.members().get("type").and_then(|kind| kind.as_str()) {
        Some("Totp") => {
            let (secret, code) = (guard.text("secret", Rule::Any), guard.optional_text("code", Rule::Any));
            guard.finish()?;
            may_add(state, call, "Totp")?;
            let has_one = call.user(state)?.factors.iter().any(|factor| factor.kind_name() == "Totp");
            require(!has_one, || refusal(422, "user.totp_already_in_use"))?;
            // Without a code nothing shows that the user's app has the secret. Logto takes that.
            check_totp(state, &secret, code.as_deref().filter(|code| !code.is_empty()))?;
            keep(state, call, FactorKind::Totp)
        }
        Some("BackupCode") => {
            let codes = guard.texts("codes");
            guard.finish()?;
            may_add(state, call, "BackupCode")?;
            check_backup_codes(call.user(state)?, Some(&codes))?;
            keep(state, call, FactorKind::BackupCodes(codes.into_iter().map(Secret::from).collect()))
        }
        Some("WebAuthn") => {
            let record = guard.text("newIdentifierVerificationRecordId", Rule::Any);
            let name = guard.optional_text("name", Rule::Any);
            guard.finish()?;
            may_add(state, call, "WebAuthn")?;
            let passkey = new_identifier::passkey(state, &record)?;
            let (credential, agent) = (passkey.credential.clone().ok_or_else(no_record)?, passkey.agent.clone());
            keep(state, call, FactorKind::Passkey { name, agent, credential })
        }
        _ => {
            let options = ["WebAuthn", "Totp", "BackupCode"];
            let message = "Invalid discriminator value. Expected 'WebAuthn' | 'Totp' | 'BackupCode'";
            let issue = json!({
                "code": "invalid_union_discriminator", "options": options, "path": ["type"], "message": message,
            });
            Err(invalid_input("body", &[issue]))
        }
    }
}

/// PUT `/api/my-account/mfa-verifications/totp`: in the place of the one that there is, if there is one.
pub(crate) fn replace_totp(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let (secret, code) = (guard.text("secret", Rule::Any), guard.text("code", Rule::Any));
    guard.finish()?;
    may_add(state, call, "Totp")?;
    check_totp(state, &secret, Some(&code))?;
    call.user_mut(state)?.factors.retain(|factor| factor.kind_name() != "Totp");
    keep(state, call, FactorKind::Totp)
}

fn may_add(state: &State, call: &Call<'_>, factor: &str) -> Answer<()> {
    call.must_be_verified()?;
    must_edit(state, "mfa")?;
    call.must_have("identities", 401)?;
    call.must_be_of_first_party()?;
    require(state.directory.has_factor(factor), || refusal(400, "session.mfa.mfa_factor_not_enabled"))
}

fn check_totp(state: &State, secret: &str, code: Option<&str>) -> Answer<()> {
    require(totp::is_secret(secret), || refusal(400, "user.totp_secret_invalid"))?;
    let is_right = code.is_none_or(|code| totp::is_code(secret, code, state.now()));
    require(is_right, || refusal(400, "session.mfa.invalid_totp_code"))
}

fn keep(state: &mut State, call: &Call<'_>, kind: FactorKind) -> Answer {
    let factor = Factor { id: short_id()?, created_at: Some(state.now()), kind };
    let user = call.user_mut(state)?;
    user.factors.push(factor);
    user.mfa_choices.enabled = Some(true);
    Ok(Reply::empty(204))
}
