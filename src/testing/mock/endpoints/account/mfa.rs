//! Second factors.

pub(super) mod add;
pub(super) mod change;

use serde_json::{Value, json};

use super::{
    call::{Call, must_show, require},
    refusal::{Answer, refusal},
};
use crate::{
    clock::random_bytes,
    error::Result,
    testing::mock::{
        directory::{
            MockUser,
            mfa::{Factor, FactorKind},
        },
        messages::reply::Reply,
        state::State,
        tokens::totp,
    },
};

/// How many backup codes there are at a time.
const BACKUP_CODES: usize = 10;

/// GET `/api/my-account/mfa-verifications`.
pub(crate) fn list(state: &mut State, call: &Call<'_>) -> Answer {
    must_show(state, "mfa")?;
    call.must_have("identities", 401)?;
    let factors: Value = call.user(state)?.factors.iter().map(Factor::shown).collect();
    Ok(Reply::json(200, &factors))
}

/// POST `/api/my-account/mfa-verifications/totp-secret/generate`: nothing is kept.
pub(crate) fn new_totp_secret(_: &mut State, _: &Call<'_>) -> Answer {
    Ok(Reply::json(200, &json!({ "secret": totp::new_secret()? })))
}

/// POST `/api/my-account/mfa-verifications/backup-codes/generate`: nothing is kept.
pub(crate) fn new_backup_codes(_: &mut State, _: &Call<'_>) -> Answer {
    Ok(Reply::json(200, &json!({ "codes": random_backup_codes()? })))
}

pub(crate) fn random_backup_codes() -> Result<Vec<String>> {
    let mut codes = Vec::new();
    for _ in 0..BACKUP_CODES {
        let number = random_bytes::<5>()?.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        codes.push(format!("{number:010x}"));
    }
    Ok(codes)
}

/// Whether a user may get these codes, or new ones.
pub(crate) fn check_backup_codes(user: &MockUser, codes: Option<&[String]>) -> Answer<()> {
    let has = |name: &str| user.factors.iter().any(|factor| factor.kind_name() == name);
    require(!has("BackupCode"), || refusal(422, "user.backup_code_already_in_use"))?;
    require(has("Totp") || has("WebAuthn"), || refusal(422, "session.mfa.backup_code_can_not_be_alone"))?;
    let is_code = |code: &String| code.len() == 10 && code.bytes().all(|byte| byte.is_ascii_hexdigit());
    let are_codes = codes.is_none_or(|codes| codes.len() == BACKUP_CODES && codes.iter().all(is_code));
    require(are_codes, || refusal(422, "user.wrong_backup_code_format"))
}

/// GET `/api/my-account/mfa-verifications/backup-codes`.
pub(crate) fn backup_codes(state: &mut State, call: &Call<'_>) -> Answer {
    call.must_be_verified()?;
    call.must_have("identities", 401)?;
    let codes = call.user(state)?.factors.iter().find_map(|factor| match &factor.kind {
        FactorKind::BackupCodes(codes) => Some(codes),
        _ => None,
    });
    let codes = codes.ok_or_else(|| refusal(404, "verification_record.not_found"))?;
    let codes: Vec<_> = codes.iter().map(|code| json!({ "code": code.expose() })).collect();
    Ok(Reply::json(200, &json!({ "codes": codes })))
}
