//! One request for an account, before it is sent.

use http::{Method, StatusCode};

use super::Verification;
use crate::{
    error::Code,
    logto_api::{ApiBody, ApiPath},
};

/// A request of the Account API, and what is known of it here.
pub(super) struct Operation<'a> {
    pub(super) method: Method,
    pub(super) path: ApiPath,
    /// What the user does, for messages: "change the password".
    pub(super) what: &'static str,
    /// The scope that the token must have, beside `openid`.
    pub(super) scope: Option<&'static str>,
    /// A further scope, for some bodies.
    pub(super) further_scope: Option<&'static str>,
    /// The fields of Logto's account center that it is about.
    pub(super) fields: Vec<&'a str>,
    pub(super) verification: Option<&'a Verification>,
    pub(super) body: ApiBody,
    /// The one status of success.
    pub(super) success: StatusCode,
    /// What it means here that Logto does not know a verification record that the path or the body names.
    pub(super) unknown_record: Code,
    /// Whether Logto is to ask a provider for a token.
    pub(super) is_provider_token: bool,
}

impl<'a> Operation<'a> {
    pub(super) fn new(method: Method, path: ApiPath, what: &'static str) -> Self {
        Self {
            method,
            path,
            what,
            scope: None,
            further_scope: None,
            fields: Vec::new(),
            verification: None,
            body: ApiBody::None,
            success: StatusCode::OK,
            unknown_record: Code::AccountVerification,
            is_provider_token: false,
        }
    }

    pub(super) fn get(path: ApiPath, what: &'static str) -> Self {
        Self::new(Method::GET, path, what)
    }

    pub(super) fn post(path: ApiPath, what: &'static str) -> Self {
        Self::new(Method::POST, path, what)
    }

    pub(super) fn patch(path: ApiPath, what: &'static str) -> Self {
        Self::new(Method::PATCH, path, what)
    }

    pub(super) fn put(path: ApiPath, what: &'static str) -> Self {
        Self::new(Method::PUT, path, what)
    }

    /// Deletes something, of which Logto says nothing more.
    pub(super) fn delete(path: ApiPath, what: &'static str) -> Self {
        Self::new(Method::DELETE, path, what).gives(StatusCode::NO_CONTENT)
    }

    pub(super) fn scope(mut self, scope: &'static str) -> Self {
        self.scope = Some(scope);
        self
    }

    pub(super) fn further_scope(mut self, scope: Option<&'static str>) -> Self {
        self.further_scope = scope;
        self
    }

    pub(super) fn field(mut self, field: &'a str) -> Self {
        self.fields = vec![field];
        self
    }

    pub(super) fn fields(mut self, fields: Vec<&'a str>) -> Self {
        self.fields = fields;
        self
    }

    pub(super) fn verified(mut self, verification: &'a Verification) -> Self {
        self.verification = Some(verification);
        self
    }

    pub(super) fn body(mut self, body: ApiBody) -> Self {
        self.body = body;
        self
    }

    pub(super) fn gives(mut self, success: StatusCode) -> Self {
        self.success = success;
        self
    }

    pub(super) fn unknown_record(mut self, code: Code) -> Self {
        self.unknown_record = code;
        self
    }

    pub(super) fn provider_token(mut self) -> Self {
        self.is_provider_token = true;
        self
    }

    pub(super) fn scopes(&self) -> impl Iterator<Item = &'static str> {
        self.scope.into_iter().chain(self.further_scope)
    }
}
