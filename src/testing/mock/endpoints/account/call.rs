//! Who calls, and what the caller may.

use super::refusal::{Answer, refusal, unauthorized};
use crate::testing::mock::{
    directory::MockUser,
    messages::{reply::Reply, request::RecordedRequest},
    state::{State, store::AccessToken},
};

/// A request that a user of the server makes.
pub(crate) struct Call<'a> {
    pub(crate) request: &'a RecordedRequest,
    /// What stands in the path in the place of `:`.
    pub(crate) param: String,
    pub(crate) user_id: String,
    pub(crate) token: AccessToken,
    verified: bool,
    third_party: bool,
}

impl<'a> Call<'a> {
    /// An opaque access token of a user with the scope `openid` opens the Account API while the account center is on.
    pub(crate) fn admit(state: &State, request: &'a RecordedRequest, param: String) -> Answer<Self> {
        let bearer = request.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
        let token = bearer.and_then(|token| state.live_access_token(token)).ok_or_else(|| unauthorized(401))?;
        let user = state.directory.user(&token.what.user_id).filter(|user| !user.suspended);
        let user = user.ok_or_else(|| unauthorized(401))?;
        if !token.has_scope("openid") {
            return Err(refusal(403, "auth.forbidden"));
        }
        if !state.directory.account_center.is_on() && !reads_a_social_token(request) {
            return Err(refusal(400, "account_center.not_enabled"));
        }
        let record = request.header("logto-verification-id");
        Ok(Self {
            request,
            param,
            user_id: user.id.clone(),
            token: token.clone(),
            verified: record.is_some_and(|record| state.is_permitted(record, &user.id)),
            third_party: state.directory.app(&token.what.client_id).is_none_or(|app| app.third_party),
        })
    }

    pub(crate) fn user<'s>(&self, state: &'s State) -> Answer<&'s MockUser> {
        state.directory.user(&self.user_id).ok_or_else(|| unauthorized(401))
    }

    /// The user, who is about to be changed.
    pub(crate) fn user_mut<'s>(&self, state: &'s mut State) -> Answer<&'s mut MockUser> {
        let now = state.now();
        let user = state.directory.user_mut(&self.user_id).ok_or_else(|| unauthorized(401))?;
        user.updated_at = Some(now);
        Ok(user)
    }

    /// The header names a verification record of the user that is not over.
    pub(crate) fn must_be_verified(&self) -> Answer<()> {
        require(self.verified, || refusal(401, "verification_record.permission_denied"))
    }

    /// The same, unless the user has nothing to be verified by.
    pub(crate) fn must_be_verified_if_possible(&self, state: &State) -> Answer<()> {
        if self.user(state)?.can_verify() { self.must_be_verified() } else { Ok(()) }
    }

    /// The token has the scope. Which status says that it has not differs from route to route.
    pub(crate) fn must_have(&self, scope: &str, status: u16) -> Answer<()> {
        require(self.token.has_scope(scope), || unauthorized(status))
    }

    pub(crate) fn must_be_of_first_party(&self) -> Answer<()> {
        require(!self.third_party, || refusal(403, "auth.third_party_application_forbidden"))
    }
}

/// What an application needs to work with a provider is no part of the account center.
fn reads_a_social_token(request: &RecordedRequest) -> bool {
    let of = request.path().strip_prefix("/api/my-account/identities/");
    request.method() == "GET" && of.is_some_and(|rest| rest.ends_with("/access-token"))
}

/// The account center lets users change the field.
pub(crate) fn must_edit(state: &State, field: &str) -> Answer<()> {
    require(state.directory.account_center.edits(field), || refusal(400, "account_center.field_not_editable"))
}

/// The account center lets users see the field.
pub(crate) fn must_show(state: &State, field: &str) -> Answer<()> {
    require(state.directory.account_center.shows(field), || refusal(400, "account_center.field_not_enabled"))
}

pub(crate) fn require(is_so: bool, otherwise: impl FnOnce() -> Reply) -> Answer<()> {
    if is_so { Ok(()) } else { Err(otherwise()) }
}
