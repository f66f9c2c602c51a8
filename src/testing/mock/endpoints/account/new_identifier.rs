//! The verification record that says that a new address or account is the user's.

use super::refusal::{Answer, no_record};
use crate::testing::mock::state::{
    State,
    account::records::{Address, Kind, PasskeyRecord, SocialRecord},
};

/// The record shows that somebody reads what is sent to this address.
pub(crate) fn must_show(state: &State, record: &str, address: &Address) -> Answer<()> {
    match state.record(record).map(|record| &record.kind) {
        Some(Kind::Code(code)) if code.verified && code.address == *address => Ok(()),
        _ => Err(no_record()),
    }
}

/// The account at a provider that the record shows.
pub(crate) fn social<'a>(state: &'a State, record: &str) -> Answer<&'a SocialRecord> {
    match state.record(record).map(|record| &record.kind) {
        Some(Kind::Social(social)) if social.account.is_some() => Ok(social),
        _ => Err(no_record()),
    }
}

/// The passkey that the record shows.
pub(crate) fn passkey<'a>(state: &'a State, record: &str) -> Answer<&'a PasskeyRecord> {
    match state.record(record).map(|record| &record.kind) {
        Some(Kind::Passkey(passkey)) if passkey.credential.is_some() => Ok(passkey),
        _ => Err(no_record()),
    }
}
