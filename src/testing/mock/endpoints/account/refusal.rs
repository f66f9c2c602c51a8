//! What the Account API answers when it does not do what it is asked.

mod messages;

use serde_json::json;

use self::messages::MESSAGES;
use crate::{error::Error, testing::mock::messages::reply::Reply};

/// The refusal is a reply, too.
pub(crate) type Answer<T = Reply> = Result<T, Reply>;

/// A refusal with Logto's own message.
pub(crate) fn refusal(status: u16, code: &str) -> Reply {
    let message = MESSAGES.iter().find(|(known, _)| *known == code).map_or("", |(_, message)| *message);
    failure(status, code, message)
}

/// A refusal with a message of its own.
pub(crate) fn failure(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({ "code": code, "message": message }))
}

/// What the path names is not there.
pub(crate) fn not_found() -> Reply {
    refusal(404, "entity.not_found")
}

/// What the path or the body names is not in a table.
pub(crate) fn not_there(table: &str, id: &str) -> Reply {
    failure(404, "entity.not_exists_with_id", &format!("The {table} with ID `{id}` does not exist."))
}

/// What was to be changed is not there.
pub(crate) fn no_such(kind: &str) -> Reply {
    failure(404, "entity.not_exists", &format!("The {kind} does not exist."))
}

/// A body or a query that is well-formed and makes no sense.
pub(crate) fn senseless(why: &str) -> Reply {
    failure(400, "request.invalid_input", &format!("Input is invalid. {why}"))
}

/// The request shows nobody.
pub(crate) fn unauthorized(status: u16) -> Reply {
    refusal(status, "auth.unauthorized")
}

/// There is no such verification record for this, or it is over.
pub(crate) fn no_record() -> Reply {
    refusal(400, "verification_record.not_found")
}

impl From<Error> for Reply {
    fn from(_: Error) -> Self {
        failure(500, "entity.relation_foreign_key_not_found", "The system gives no random bytes.")
    }
}
