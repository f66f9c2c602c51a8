//! Accounts at social providers, linked to the user's.

use std::{fmt, time::SystemTime};

use base64_simd::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq;
use url::{Url, form_urlencoded};

use super::{
    Account, Verification,
    operation::Operation,
    verification::{Record, VerifiedRecord, exposed},
};
use crate::{
    clock::random_bytes,
    error::{Code, Error, Result, excerpt},
    logto_api::{ApiBody, ApiPath},
    oidc::callback::query_of,
    scopes,
    secret::Secret,
    types::check_redirect_uri,
};

/// Which provider to link, and how.
#[derive(Debug, Clone)]
#[must_use]
pub struct LinkOptions {
    connector_id: String,
    redirect_uri: String,
    state: Option<Secret>,
    scope: Option<String>,
}

impl LinkOptions {
    /// A social connector, by its id in Logto, and the page of the application that the provider sends the browser back to, an absolute URL. The provider
    /// must know that URL, too.
    pub fn new(connector_id: impl Into<String>, redirect_uri: impl Into<String>) -> Self {
        Self { connector_id: connector_id.into(), redirect_uri: redirect_uri.into(), state: None, scope: None }
    }

    /// What to ask the provider for, in its own words, beside what the connector asks for: for a token of
    /// [`Account::social_token`].
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes: Vec<_> = scopes.into_iter().map(|scope| scope.as_ref().to_owned()).collect();
        self.scope = Some(scopes.join(" ")).filter(|scope| !scope.is_empty());
        self
    }

    /// The `state` of the callback, which ties it to this user's browser. Default: a random one. It must be one that nobody can guess.
    pub fn state(mut self, state: impl Into<Secret>) -> Self {
        self.state = Some(state.into());
        self
    }
}

/// A link that was begun. It is to be kept until the callback, in the session for one: see [`Verification`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingLink {
    #[serde(rename = "v")]
    record: Verification,
    #[serde(rename = "r")]
    redirect_uri: String,
    #[serde(rename = "s", serialize_with = "exposed")]
    state: Secret,
    #[serde(skip)]
    authorization_uri: Option<String>,
}

impl PendingLink {
    /// The provider's page, to send the browser to. `None` of a link that was kept and read back: the address is long, and needed once.
    #[must_use]
    pub fn authorization_uri(&self) -> Option<&str> {
        self.authorization_uri.as_deref()
    }

    /// When it is over, by Logto's clock.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.record.expires_at()
    }
}

impl fmt::Debug for PendingLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingLink").field("expires_at", &self.expires_at()).finish_non_exhaustive()
    }
}

/// An account at a social provider that the user has shown to be theirs. It is no [`Verification`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedSocial {
    #[serde(rename = "v")]
    record: Verification,
}

impl VerifiedSocial {
    pub(super) fn record(&self) -> &Verification {
        &self.record
    }
}

impl fmt::Debug for VerifiedSocial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedSocial").finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Begun {
    #[serde(flatten)]
    record: Record,
    authorization_uri: String,
}

impl Account {
    /// Begins to link a social provider: send the browser to [`PendingLink::authorization_uri`], and keep the link until the callback.
    ///
    /// # Errors
    /// `account.not_set_up` for a connector that Logto does not have; `options.invalid` for a redirect URI that is none. See also [`Account`].
    pub async fn begin_link(&self, options: LinkOptions) -> Result<PendingLink> {
        let LinkOptions { connector_id, redirect_uri, state, scope } = options;
        check_redirect_uri("redirect_uri", &redirect_uri).map_err(|error| self.access.failed(error))?;
        let state = match state {
            Some(state) => state,
            None => Secret::new(URL_SAFE_NO_PAD.encode_to_string(random_bytes::<32>()?)),
        };
        let mut body = json!({ "state": state.expose(), "redirectUri": redirect_uri, "connectorId": connector_id });
        if let (Some(scope), Value::Object(body)) = (scope, &mut body) {
            body.insert("scope".to_owned(), scope.into());
        }
        let operation = Operation::post(ApiPath::new("verifications/social"), "begin a link");
        let begun: Begun = self.access.read(operation.body(ApiBody::json(&body)?).gives(StatusCode::CREATED)).await?;
        // It becomes a `Location`.
        let page = Url::parse(&begun.authorization_uri).ok();
        let Some(page) = page.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) else {
            let error = Error::new(Code::AccountFailed, "Logto names a page of the provider that is no web address");
            return Err(self.access.failed(error));
        };
        Ok(PendingLink {
            record: self.verification_by(begun.record).await?,
            redirect_uri,
            state,
            authorization_uri: Some(page.into()),
        })
    }

    /// Ends what the provider was asked for, on the page that it sent the browser back to: `callback` is that page's query, or its path with the query.
    ///
    /// # Errors
    /// `account.link_mismatched` for a callback of another link, or of another user's; `account.link_cancelled` where the user left the provider's
    /// page; `account.link_refused` for another error of the provider's; `callback_uri_verification.repeated_parameter`. `pending` is not used up by
    /// them. See also [`Account`].
    pub async fn finish_link(&self, pending: &PendingLink, callback: &str) -> Result<VerifiedSocial> {
        self.must_be_own(&pending.record, Code::AccountLinkMismatched).await?;
        let data = connector_data(pending, callback).map_err(|error| self.access.failed(error))?;
        let body = json!({ "connectorData": data, "verificationRecordId": pending.record.id().expose() });
        let operation =
            Operation::post(ApiPath::new("verifications/social/verify"), "verify the account at the provider")
                .body(ApiBody::json(&body)?)
                .unknown_record(Code::AccountLinkMismatched);
        let verified: VerifiedRecord = self.access.read(operation).await?;
        Ok(VerifiedSocial { record: pending.record.clone().with_id(verified.verification_record_id) })
    }

    /// Links an account at a provider to the user's: they sign in with it from now on.
    ///
    /// # Errors
    /// `account.verification_required`; `account.link_mismatched` for a link that is over; `account.value_refused` where another user has linked it, or this user one of the same provider:
    /// [`replace_identity`](Self::replace_identity). See also [`Account`].
    pub async fn link_identity(&self, social: &VerifiedSocial, verification: &Verification) -> Result<()> {
        self.put_identity(Operation::post(ApiPath::new(IDENTITIES), "link an account"), social, verification).await
    }

    /// Links an account at a provider in the place of the one that is linked, if there is one.
    ///
    /// # Errors
    /// See [`link_identity`](Self::link_identity).
    pub async fn replace_identity(&self, social: &VerifiedSocial, verification: &Verification) -> Result<()> {
        self.put_identity(Operation::put(ApiPath::new(IDENTITIES), "link an account"), social, verification).await
    }

    /// Ends the link to a provider, by the connector's target: the key in [`AccountUser::identities`](super::AccountUser::identities).
    ///
    /// # Errors
    /// `account.verification_required`; `account.not_found`; `account.value_refused` where the user could not sign in without it. See also
    /// [`Account`].
    pub async fn unlink_identity(&self, target: &str, verification: &Verification) -> Result<()> {
        let path = self.id(ApiPath::new(IDENTITIES), target)?;
        let operation = Operation::delete(path, "end the link").scope(scopes::IDENTITIES).field("social");
        self.access.carry_out(operation.verified(verification)).await
    }

    async fn put_identity(
        &self,
        operation: Operation<'_>,
        social: &VerifiedSocial,
        verification: &Verification,
    ) -> Result<()> {
        self.must_be_own(&social.record, Code::AccountVerification).await?;
        let body = ApiBody::json(&json!({ "newIdentifierVerificationRecordId": social.record.id().expose() }))?;
        let operation = operation.scope(scopes::IDENTITIES).field("social").body(body).verified(verification);
        // It is the new account of which Logto says so: whoever asks is told of otherwise.
        let operation = operation.unknown_record(Code::AccountLinkMismatched);
        self.access.carry_out(operation.gives(StatusCode::NO_CONTENT)).await
    }

    /// A path with an id that may have come from a user.
    ///
    /// # Errors
    /// `account.not_found` for what no id is.
    pub(super) fn id(&self, path: ApiPath, id: &str) -> Result<ApiPath> {
        let nothing = || self.access.failed(Error::new(Code::AccountNotFound, "no id is like this one"));
        path.id(id).ok_or_else(nothing)
    }
}

const IDENTITIES: &str = "my-account/identities";

/// What the connector gets: all parameters of the callback, and where it came to.
fn connector_data(pending: &PendingLink, callback: &str) -> Result<Map<String, Value>> {
    let mut data = Map::new();
    for (name, value) in form_urlencoded::parse(query_of(callback).as_bytes()) {
        if data.insert(name.clone().into_owned(), value.into_owned().into()).is_some() {
            let name = excerpt(&name).into_owned();
            return Err(Error::new(Code::RepeatedParameter, format!("the callback holds `{name}` more than once")));
        }
    }
    let text = |name: &str| data.get(name).and_then(Value::as_str);
    let is_ours =
        text("state").is_some_and(|said| bool::from(said.as_bytes().ct_eq(pending.state.expose().as_bytes())));
    if !is_ours {
        return Err(Error::new(Code::AccountLinkMismatched, "the `state` of the callback is not that of the link"));
    }
    match text("error") {
        None => {}
        Some("access_denied" | "user_cancelled_login" | "user_cancelled_authorize" | "user_cancelled") => {
            return Err(Error::new(Code::AccountLinkCancelled, "the user left the page of the provider"));
        }
        Some(error) => {
            let error = excerpt(error);
            return Err(Error::new(
                Code::AccountLinkRefused,
                format!("the provider answered with the error `{error}`"),
            ));
        }
    }
    data.insert("redirectUri".to_owned(), pending.redirect_uri.clone().into());
    Ok(data)
}
