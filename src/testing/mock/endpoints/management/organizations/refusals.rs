//! What the server refuses here, as its database does: with codes about entities.

use crate::testing::mock::{
    endpoints::account::refusal::{failure, refusal},
    messages::reply::Reply,
};

/// The name or the pair is there already.
pub(super) fn taken() -> Reply {
    let message = "The entity already exists. Please check the input and try again.";
    failure(422, "entity.unique_integrity_violation", message)
}

/// An id of the request is nobody's.
pub(super) fn unknown_reference() -> Reply {
    refusal(422, "entity.relation_foreign_key_not_found")
}

/// An application that is no machine, or a role of the other kind.
pub(super) fn wrong_kind() -> Reply {
    failure(422, "entity.db_constraint_violated", "Database constraint violated.")
}

/// What a PATCH answers that finds nothing.
pub(super) fn nothing_to_update(name: &str) -> Reply {
    failure(404, "entity.not_exists", &format!("The {name} does not exist."))
}

/// What a PATCH without members answers, also one that would find nothing (`90-management/resources/08-patch-indicator.json`).
pub(super) fn nothing_to_change() -> Reply {
    failure(422, "entity.invalid_input", "Invalid input. Value list must not be empty.")
}

pub(super) fn no_member() -> Reply {
    let message = "The user must be a member of the organization to proceed.";
    failure(422, "organization.require_membership", message)
}

pub(super) fn unknown_role_names(names: &[String]) -> Reply {
    let names = match names {
        [first, second] => format!("{first} and {second}"),
        [first @ .., last] if !first.is_empty() => format!("{}, and {last}", first.join(", ")),
        names => names.concat(),
    };
    let message = format!("Invalid role names detected: {names}. Please create these roles first before proceeding.");
    failure(422, "organization.role_names_not_found", &message)
}

/// The same with 400 is [`senseless`](crate::testing::mock::endpoints::account::refusal::senseless).
pub(super) fn impossible(details: &str) -> Reply {
    failure(422, "request.invalid_input", &format!("Input is invalid. {details}"))
}

pub(super) fn no_email_connector() -> Reply {
    failure(501, "connector.not_found", "Cannot find any available connector for type: Email.")
}
