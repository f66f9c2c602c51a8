//! A token for a machine itself (RFC 6749 section 4.4).

use serde_json::{Map, Value};

use crate::testing::mock::{
    directory::MockApp,
    messages::{
        error::{OidcError, OidcResult},
        request::Params,
    },
    state::State,
    tokens::{
        access::{self, Party, Target},
        response::token_response,
    },
};

pub(crate) fn machine(state: &mut State, app: &MockApp, form: &Params) -> OidcResult<Value> {
    let target = Target { resource: form.get("resource"), organization: form.get("organization_id") };
    if target.resource.is_none() && target.organization.is_none() {
        let description = "both `resource` and `organization_id` are not provided";
        return Err(OidcError::new(400, "invalid_target", description));
    }
    if target.resource.is_some_and(|resource| !state.directory.knows_resource(resource)) {
        return Err(OidcError::invalid_target());
    }
    let denied = || OidcError::new(403, "access_denied", "app has not associated with the organization");
    let available = access::available(&state.directory, app.holder(), target).ok_or_else(denied)?;
    let scope = access::intersection(available, &form.words("scope").unwrap_or_default()).join(" ");
    // Without an organization an empty scope is left out; with one it is there.
    let scope = Some(scope).filter(|scope| !scope.is_empty() || target.organization.is_some());
    let party = Party { client_id: &app.id, subject: &app.id, actor: None };
    let granted = access::signed(state, &party, target, scope, Map::new())?;
    Ok(token_response(granted, None, None))
}
