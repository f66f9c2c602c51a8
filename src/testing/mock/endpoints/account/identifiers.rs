//! The e-mail address and the phone number.

use super::{
    call::{Call, must_edit, require},
    guard::{Guard, Rule},
    new_identifier,
    refusal::{Answer, refusal},
};
use crate::testing::mock::{
    directory::MockUser,
    messages::reply::Reply,
    state::{
        State,
        account::records::{Address, AddressKind},
    },
};

/// POST `/api/my-account/primary-email`.
pub(crate) fn set_email(state: &mut State, call: &Call<'_>) -> Answer {
    set(state, call, AddressKind::Email)
}

/// DELETE `/api/my-account/primary-email`.
pub(crate) fn remove_email(state: &mut State, call: &Call<'_>) -> Answer {
    remove(state, call, AddressKind::Email)
}

/// POST `/api/my-account/primary-phone`.
pub(crate) fn set_phone(state: &mut State, call: &Call<'_>) -> Answer {
    set(state, call, AddressKind::Phone)
}

/// DELETE `/api/my-account/primary-phone`.
pub(crate) fn remove_phone(state: &mut State, call: &Call<'_>) -> Answer {
    remove(state, call, AddressKind::Phone)
}

fn set(state: &mut State, call: &Call<'_>, kind: AddressKind) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let value = match kind {
        AddressKind::Email => guard.text("email", Rule::Email),
        AddressKind::Phone => guard.text("phone", Rule::Digits),
    };
    let record = guard.text("newIdentifierVerificationRecordId", Rule::Any);
    guard.finish()?;
    may_change(state, call, kind)?;
    let address = Address { kind, value };
    new_identifier::must_show(state, &record, &address)?;
    let others = state.directory.users.iter().filter(|user| user.id != call.user_id);
    let taken = others.filter_map(|user| of(user, kind)).any(|known| *known == address.value);
    require(!taken, || refusal(422, &format!("user.{}_already_in_use", name(kind))))?;
    *of_mut(call.user_mut(state)?, kind) = Some(address.value);
    Ok(Reply::empty(204))
}

fn remove(state: &mut State, call: &Call<'_>, kind: AddressKind) -> Answer {
    may_change(state, call, kind)?;
    let user = call.user(state)?;
    let others = user.identifiers().saturating_sub(usize::from(of(user, kind).is_some()));
    require(others > 0, || refusal(400, "user.last_sign_in_method_required"))?;
    *of_mut(call.user_mut(state)?, kind) = None;
    Ok(Reply::empty(204))
}

fn may_change(state: &State, call: &Call<'_>, kind: AddressKind) -> Answer<()> {
    call.must_be_verified()?;
    must_edit(state, name(kind))?;
    call.must_have(name(kind), 400)?;
    call.must_be_of_first_party()
}

/// Of the field and of the scope.
fn name(kind: AddressKind) -> &'static str {
    match kind {
        AddressKind::Email => "email",
        AddressKind::Phone => "phone",
    }
}

fn of(user: &MockUser, kind: AddressKind) -> Option<&String> {
    match kind {
        AddressKind::Email => user.email.as_ref(),
        AddressKind::Phone => user.phone.as_ref(),
    }
}

fn of_mut(user: &mut MockUser, kind: AddressKind) -> &mut Option<String> {
    match kind {
        AddressKind::Email => &mut user.email,
        AddressKind::Phone => &mut user.phone,
    }
}
