//! By a code that is sent to an e-mail address or a phone.

use serde_json::json;

use super::{judge, no_record};
use crate::{
    clock::random_bytes,
    error::Result,
    testing::mock::{
        directory::iso::iso,
        endpoints::account::{
            call::Call,
            guard::{Guard, Rule},
            refusal::{Answer, refusal},
        },
        messages::reply::Reply,
        state::{
            State,
            account::records::{Address, AddressKind, CodeRecord, Kind},
        },
    },
};

/// Logto's default.
const MAX_WRONG: usize = 10;

/// POST `/api/verifications/verification-code`. What is sent to the user's own address shows who asks; what is sent to another one shows
/// that it is the user's.
pub(crate) fn send(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let address = read_address(&mut guard);
    let template = guard.optional_text("templateType", Rule::Any);
    if template.as_deref().is_some_and(|name| !matches!(name, "BindMfa" | "UserPermissionValidation")) {
        guard.issue("templateType", "invalid_union", "Invalid input");
    }
    guard.finish()?;
    let Some(address) = address else { return Err(no_record()) };
    call.must_be_of_first_party()?;
    let user = call.user(state)?;
    let own = match address.kind {
        AddressKind::Email => user.email.as_ref(),
        AddressKind::Phone => user.phone.as_ref(),
    };
    let is_own = own == Some(&address.value);
    let code = new_code()?;
    state.account.sent_codes.insert(address.value.clone(), code.clone());
    let for_permission = is_own && template.as_deref() != Some("BindMfa");
    let record = CodeRecord { address, code, wrong: 0, for_permission, verified: false };
    let (id, expires_at) = state.keep_record(is_own.then(|| call.user_id.clone()), Kind::Code(Box::new(record)))?;
    Ok(Reply::json(201, &json!({ "verificationRecordId": id, "expiresAt": iso(expires_at) })))
}

/// POST `/api/verifications/verification-code/verify`.
pub(crate) fn verify(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let address = read_address(&mut guard);
    let (id, code) = (guard.text("verificationId", Rule::Any), guard.text("code", Rule::Any));
    guard.finish()?;
    let Some(address) = address else { return Err(no_record()) };
    call.must_be_of_first_party()?;
    let wrong = match state.record_mut(&id).map(|record| &mut record.kind) {
        Some(Kind::Code(record)) if record.address.kind == address.kind => compare(record, &address, &code),
        _ => return Err(no_record()),
    };
    judge(state, &address.value, wrong.map(|code| refusal(400, code)))?;
    if let Some(Kind::Code(record)) = state.record_mut(&id).map(|record| &mut record.kind) {
        record.verified = true;
    }
    Ok(Reply::json(200, &json!({ "verificationRecordId": id })))
}

/// What is wrong with a code. Each works once.
fn compare(record: &mut CodeRecord, address: &Address, code: &str) -> Option<&'static str> {
    if code.is_empty() || record.code.is_empty() {
        return Some("verification_code.not_found");
    }
    if record.address.value != address.value {
        return Some(match address.kind {
            AddressKind::Email => "verification_code.email_mismatch",
            AddressKind::Phone => "verification_code.phone_mismatch",
        });
    }
    if record.wrong >= MAX_WRONG {
        return Some("verification_code.exceed_max_try");
    }
    if record.code != code {
        record.wrong = record.wrong.saturating_add(1);
        return Some("verification_code.code_mismatch");
    }
    record.code.clear();
    None
}

fn read_address(guard: &mut Guard) -> Option<Address> {
    let read = |identifier: &mut Guard| {
        let kind = match identifier.text("type", Rule::Any).as_str() {
            "email" => Some(AddressKind::Email),
            "phone" => Some(AddressKind::Phone),
            "" => None,
            _ => {
                identifier.issue(
                    "type",
                    "invalid_union_discriminator",
                    "Invalid discriminator value. Expected 'email' | 'phone'",
                );
                None
            }
        };
        let rule = match kind {
            Some(AddressKind::Email) => Rule::Email,
            Some(AddressKind::Phone) => Rule::Digits,
            None => Rule::Any,
        };
        let value = identifier.text("value", rule);
        kind.map(|kind| Address { kind, value })
    };
    guard.nested("identifier", read).flatten()
}

/// Six digits.
fn new_code() -> Result<String> {
    let digit = |byte: u8| char::from(b'0'.saturating_add(byte % 10));
    Ok(random_bytes::<6>()?.into_iter().map(digit).collect())
}
