//! What an error looks like to a program.

use std::{borrow::Cow, collections::BTreeMap};

use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, HeaderBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder,
        schema::{Schema, Type},
    },
};

use crate::error::Error;

/// The JSON body of an answer to an error.
impl PartialSchema for Error {
    fn schema() -> RefOr<Schema> {
        let text = |description: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(description));
        ObjectBuilder::new()
            .description(Some("Why a request was not served."))
            .property("code", text("A stable name for programs, such as `not_authenticated`."))
            .required("code")
            .property("message", text("A sentence for people."))
            .required("message")
            .property("hint", text("What to do about it, on a developer's own machine."))
            .property("details", text("What went wrong, on a developer's own machine."))
            .property("sign_in", text("Where the user signs in, or authenticates again."))
            .property(
                "max_age",
                ObjectBuilder::new()
                    .schema_type(Type::Integer)
                    .description(Some("For `step_up.required`: how many seconds ago the user may have authenticated.")),
            )
            .property("acr_values", text("For `step_up.required`: how the user has to authenticate, as words."))
            .into()
    }
}

impl ToSchema for Error {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("LogtoError")
    }
}

/// The statuses of [`Error::http_status`], each with the JSON body.
impl IntoResponses for Error {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        RESPONSES
            .iter()
            .map(|(status, description)| ((*status).to_owned(), response(status, description).into()))
            .collect()
    }
}

const RESPONSES: [(&str, &str); 13] = [
    ("204", "The request is one that only looks (HEAD, a prefetch), and nothing was changed."),
    ("400", "The request is wrong."),
    ("401", "The user has to sign in or to authenticate again, or the access token is missing or not good."),
    ("403", "It is not allowed."),
    ("404", "What the user asked for at Logto is not there."),
    ("405", "The method is not that of the route."),
    ("413", "The body of the request is too large."),
    ("421", "The request came to a host that none of the base URLs has."),
    ("422", "Logto does not take what the user entered."),
    ("429", "There were too many attempts."),
    ("500", "A setting of the application is wrong."),
    ("502", "Logto answered, and its answer cannot be used."),
    ("503", "Logto or the session store is out of reach; nobody was signed out."),
];

fn response(status: &str, description: &str) -> Response {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name(Error::name()))).build();
    let header = |name: &str, kind: Type, description: &str, response: ResponseBuilder| {
        let schema = ObjectBuilder::new().schema_type(kind).build();
        response.header(name, HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build())
    };
    let empty = ResponseBuilder::new().description(description);
    if status == "204" {
        return empty.build();
    }
    let response = empty.content("application/json", body);
    match status {
        "401" => header(
            "WWW-Authenticate",
            Type::String,
            "For an access token: the challenge of RFC 6750. For a session: `Cookie`.",
            response,
        ),
        "429" | "503" => header("Retry-After", Type::Integer, "After how many seconds to try again.", response),
        _ => response,
    }
    .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn every_status_that_an_error_is_answered_with_is_in_the_document() {
        let responses = Error::responses();
        for code in Code::ALL {
            let status = Error::new(*code, "").http_status();
            assert!(responses.contains_key(&status.to_string()), "{status}");
        }
        let statuses: Vec<_> = Code::ALL.iter().map(|code| Error::new(*code, "").http_status().to_string()).collect();
        assert!(responses.keys().all(|status| statuses.contains(status)), "none is there that never comes");
    }
}
