//! The options of the operations. All have sensible defaults.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{DirectSignIn, FirstScreen, Identifier, Prompt, word_list};
use crate::secret::Secret;

/// Options of [`sign_in`](crate::LogtoClient::sign_in). All have sensible defaults.
///
/// ```
/// use logto::{DirectSignIn, SignInOptions};
///
/// let kakao = SignInOptions::new().direct_sign_in(DirectSignIn::social("kakao")).post_redirect_uri("/welcome");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct SignInOptions {
    pub(crate) redirect_uri: Option<String>,
    pub(crate) post_redirect_uri: Option<String>,
    pub(crate) prompt: Option<Vec<Prompt>>,
    pub(crate) silent: bool,
    pub(crate) first_screen: Option<FirstScreen>,
    pub(crate) identifiers: Vec<Identifier>,
    pub(crate) login_hint: Option<String>,
    pub(crate) direct_sign_in: Option<DirectSignIn>,
    pub(crate) one_time_token: Option<Secret>,
    pub(crate) organization_id: Option<String>,
    pub(crate) ui_locales: Option<String>,
    pub(crate) max_age: Option<Duration>,
    pub(crate) acr_values: Option<String>,
    pub(crate) extra_params: BTreeMap<String, String>,
    pub(crate) clear_tokens: bool,
    /// Whether a page of another site led the browser here.
    pub(crate) from_another_site: bool,
}

impl SignInOptions {
    /// A plain sign-in.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where Logto sends the browser back to. Default: `base_url` with the callback path. Must be registered in the Logto Console.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(uri.into());
        self
    }

    /// Where the user goes after the callback: a path on this site, or a URL on an allowed origin. Default: `base_url`.
    #[doc(alias = "return_to")]
    pub fn post_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.post_redirect_uri = Some(uri.into());
        self
    }

    /// What Logto asks the user. Default: the configuration's `prompt`.
    pub fn prompt(mut self, prompt: impl IntoIterator<Item = Prompt>) -> Self {
        self.prompt = Some(prompt.into_iter().collect());
        self
    }

    /// Signs in again without a page, in place of [`prompt`](Self::prompt): for a permission that came with a role after the sign-in, which
    /// no refresh brings.
    ///
    /// The browser goes to Logto and comes back, and the session is a new one. Where Logto would have to ask the user (their session at Logto
    /// has ended, or is another user's), they come back to [`post_redirect_uri`](Self::post_redirect_uri) all the same, and the session is
    /// the one of before. So the page must not begin another without being asked: that would have no end.
    ///
    /// It takes two requests to Logto: `prompt=none` to learn whether the user has a session there, and then `prompt=consent`, since Logto
    /// gives new permissions and a refresh token with that alone. A third party's app shows Logto's consent page in the second; a
    /// first-party app shows none. [`login_hint`](Self::login_hint), [`organization_id`](Self::organization_id) and
    /// [`ui_locales`](Self::ui_locales) go with both (with the first alone where they have more than 200 bytes together), and
    /// [`extra_param`](Self::extra_param) with the first alone.
    pub fn silent(mut self, silent: bool) -> Self {
        self.silent = silent;
        self
    }

    /// The page Logto shows first.
    pub fn first_screen(mut self, screen: FirstScreen) -> Self {
        self.first_screen = Some(screen);
        self
    }

    /// What the `identifier:…` and `reset_password` screens ask for.
    pub fn identifiers(mut self, identifiers: impl IntoIterator<Item = Identifier>) -> Self {
        self.identifiers = identifiers.into_iter().collect();
        self
    }

    /// Fills in the identifier field.
    pub fn login_hint(mut self, hint: impl Into<String>) -> Self {
        self.login_hint = Some(hint.into());
        self
    }

    /// Goes straight to a social or enterprise connector.
    pub fn direct_sign_in(mut self, connector: DirectSignIn) -> Self {
        self.direct_sign_in = Some(connector);
        self
    }

    /// A one-time token (magic link). Give the e-mail address as [`login_hint`](Self::login_hint).
    pub fn one_time_token(mut self, token: impl Into<Secret>) -> Self {
        self.one_time_token = Some(token.into());
        self
    }

    /// Shows the sign-in experience of an organization.
    pub fn organization_id(mut self, id: impl Into<String>) -> Self {
        self.organization_id = Some(id.into());
        self
    }

    /// The languages of Logto's pages, best first, separated by spaces (BCP 47).
    pub fn ui_locales(mut self, locales: impl Into<String>) -> Self {
        self.ui_locales = Some(locales.into());
        self
    }

    /// The user must have authenticated at most this long ago; checked on return against `auth_time`. Whole seconds.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Authentication context classes asked for, best first, in place of those that were set before; checked on return against `acr`, which
    /// must be one of them. Name each that suffices: `["urn:logto:acr:mfa", "urn:logto:acr:1fa"]`.
    pub fn acr_values<S: AsRef<str>>(mut self, classes: impl IntoIterator<Item = S>) -> Self {
        self.acr_values = Some(word_list(classes).join(" ")).filter(|classes| !classes.is_empty());
        self
    }

    /// Any further parameter of the authorization request. The crate's own parameters cannot be overridden.
    pub fn extra_param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra_params.insert(name.into(), value.into());
        self
    }

    /// Drops the present session when the sign-in begins. Default: keep it until the new one is there, so an abandoned sign-in costs nothing.
    #[doc(alias = "clear_session")]
    pub fn clear_tokens(mut self, clear: bool) -> Self {
        self.clear_tokens = clear;
        self
    }
}

/// Options of [`sign_out`](crate::LogtoClient::sign_out).
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct SignOutOptions {
    pub(crate) post_logout_redirect_uri: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) id_token_hint: bool,
    pub(crate) local_only: bool,
    pub(crate) revoke: bool,
}

impl Default for SignOutOptions {
    fn default() -> Self {
        Self { post_logout_redirect_uri: None, state: None, id_token_hint: true, local_only: false, revoke: true }
    }
}

impl SignOutOptions {
    /// Ends the session here and at Logto, and revokes the refresh token.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the user goes in the end. Default: `base_url`. Must be registered in the Logto Console, unless [`local_only`](Self::local_only).
    /// Where Logto has no part in the sign-out it must be of this site, or on an allowed origin.
    pub fn post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.post_logout_redirect_uri = Some(uri.into());
        self
    }

    /// Comes back unchanged at the post-logout redirect (OpenID Connect RP-Initiated Logout 1.0 section 2).
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// Whether to send the ID token as a hint. Default: yes, while it is at most 2 kB and its key is in the key set that was fetched within the
    /// last hour: Logto refuses a token whose key was deleted, and accepts the app id alone.
    pub fn id_token_hint(mut self, send: bool) -> Self {
        self.id_token_hint = send;
        self
    }

    /// Leaves the session at Logto alone: the next sign-in is silent.
    pub fn local_only(mut self, local_only: bool) -> Self {
        self.local_only = local_only;
        self
    }

    /// Whether to revoke the refresh token, which otherwise outlives the session at Logto. Default: yes.
    pub fn revoke_refresh_token(mut self, revoke: bool) -> Self {
        self.revoke = revoke;
        self
    }
}

/// Which access token: for an API resource, an organization, both, or (neither) for Logto's userinfo endpoint.
///
/// ```
/// use logto::TokenOptions;
///
/// let books = TokenOptions::new().resource("https://api.example.com").organization("org-1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct TokenOptions {
    pub(crate) resource: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) force_refresh: bool,
    pub(crate) min_validity: Option<Duration>,
}

impl TokenOptions {
    /// The opaque access token for Logto's own endpoints, unless a [`resource`](Self::resource) or an
    /// [`organization`](Self::organization) is named.
    pub fn new() -> Self {
        Self::default()
    }

    /// A JWT access token for an API resource, named by its identifier.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// An organization token; with a [`resource`](Self::resource), a token for that resource in the organization.
    pub fn organization(mut self, id: impl Into<String>) -> Self {
        self.organization = Some(id.into());
        self
    }

    /// A JWT access token for Logto's Management API, with the scope `all`. `tenant` is the tenant id of Logto Cloud; self-hosted, it is
    /// `default`. For a machine: it needs the role "Logto Management API access" (Logto Console › Roles).
    ///
    /// ```
    /// let token = logto::TokenOptions::management_api("my-tenant"); // for https://my-tenant.logto.app/api
    /// ```
    pub fn management_api(tenant: impl std::fmt::Display) -> Self {
        Self::new().resource(format!("https://{tenant}.logto.app/api")).scopes(["all"])
    }

    /// The scopes of the token, in place of those that were set before. For a user's session: fewer than were granted. For a machine: all that
    /// the token is to have, since Logto gives a machine no scope that it does not ask for.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = word_list(scopes);
        // The order says nothing, and the cache must not see a difference.
        self.scopes.sort_unstable();
        self
    }

    /// Asks Logto even if a valid token is at hand. What was taken from the user is gone from the new one; a permission of an API resource that
    /// came after the sign-in is not in it: that takes a new sign-in, see [`SignInOptions::silent`].
    pub fn force_refresh(mut self, force: bool) -> Self {
        self.force_refresh = force;
        self
    }

    /// The token must live at least this long. Default: 60 seconds, or half its life where that is shorter; so, too, where no token lives as
    /// long as is asked for.
    pub fn min_validity(mut self, validity: Duration) -> Self {
        self.min_validity = Some(validity);
        self
    }
}

/// What an access token is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub(crate) struct TokenKey {
    pub(crate) resource: Option<String>,
    pub(crate) organization: Option<String>,
    /// The narrower scopes asked for, sorted; empty for all.
    pub(crate) scopes: Vec<String>,
}

impl TokenKey {
    /// Whether no such token is given out again after Logto refused the user another: of an organization none, else that very one.
    pub(crate) fn is_refused_with(&self, refused: &Self) -> bool {
        match &refused.organization {
            Some(organization) => self.organization.as_ref() == Some(organization),
            None => self == refused,
        }
    }
}

impl TokenOptions {
    pub(crate) fn key(&self) -> TokenKey {
        TokenKey {
            resource: self.resource.clone(),
            organization: self.organization.clone(),
            scopes: self.scopes.clone(),
        }
    }
}

/// What [`get_context`](crate::LogtoClient::get_context) fetches besides the claims. By default nothing: no request is made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct ContextOptions {
    pub(crate) fetch_user_info: bool,
    pub(crate) access_token: Option<TokenOptions>,
    pub(crate) organization_tokens: bool,
    pub(crate) claims_max_age: Option<Duration>,
}

impl ContextOptions {
    /// Only the claims of the ID token.
    pub fn new() -> Self {
        Self::default()
    }

    /// The claims must be at most this old, or they are asked for anew: roles and organizations change while a user is signed in.
    pub fn claims_max_age(mut self, age: Duration) -> Self {
        self.claims_max_age = Some(age);
        self
    }

    /// Also asks the userinfo endpoint, whose answer is never older than this call.
    pub fn fetch_user_info(mut self, fetch: bool) -> Self {
        self.fetch_user_info = fetch;
        self
    }

    /// Also gets an access token.
    pub fn access_token(mut self, token: TokenOptions) -> Self {
        self.access_token = Some(token);
        self
    }

    /// Also gets a token for each of the user's organizations.
    pub fn organization_tokens(mut self, fetch: bool) -> Self {
        self.organization_tokens = fetch;
        self
    }
}
