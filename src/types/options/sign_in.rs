//! What a sign-in may ask for.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use crate::{
    secret::Secret,
    types::{AppJson, AppJsonError, DirectSignIn, FirstScreen, Identifier, MAX_APP_STATE_BYTES, Prompt, word_list},
};

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
    pub(crate) app_state: Option<Result<AppJson, AppJsonError>>,
    /// Whether a page of another site led the browser here.
    pub(crate) from_another_site: bool,
}

impl SignInOptions {
    /// Creates the options of a plain sign-in.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the redirect URI. Default: `base_url` with the callback path. Must be registered in the Logto Console. An absolute `http` or `https` URL
    /// without fragment, username and password (RFC 6749 section 3.1.2); `sign_in` refuses any other with `options.invalid`.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(uri.into());
        self
    }

    /// Sets the address to which the user is redirected after the callback: a path below `base_url`, or a URL of the application or on an allowed
    /// origin. Default: `base_url`.
    #[doc(alias = "return_to")]
    pub fn post_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.post_redirect_uri = Some(uri.into());
        self
    }

    /// Sets what Logto asks the user. Default: the configuration's `prompt`.
    ///
    /// With [`Prompt::None`] alone the browser returns to [`post_redirect_uri`](Self::post_redirect_uri) without an error if Logto would have to show
    /// a page, for example because the user is not signed in there: the session is then unchanged. A page that starts such a sign-in by itself must
    /// mark the attempt in the address (`/?tried=1`), otherwise it starts another one each time. [`silent`](Self::silent) does more: a refresh token
    /// comes with it. With [`max_age`](Self::max_age) or [`acr_values`](Self::acr_values) Logto's response is an error.
    pub fn prompt(mut self, prompt: impl IntoIterator<Item = Prompt>) -> Self {
        self.prompt = Some(prompt.into_iter().collect());
        self
    }

    /// Signs in again without a page, in place of [`prompt`](Self::prompt): for a permission of a role that was assigned after the sign-in, which no
    /// refresh returns.
    ///
    /// The browser is redirected to Logto and back, and the session is a new one. If Logto would have to show a page (the session at Logto has ended,
    /// or is another user's), the browser still returns to [`post_redirect_uri`](Self::post_redirect_uri), and the session is unchanged. So the page
    /// must not start another one automatically: that would be a redirect loop.
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

    /// Sets the page Logto shows first.
    pub fn first_screen(mut self, screen: FirstScreen) -> Self {
        self.first_screen = Some(screen);
        self
    }

    /// Sets what the `identifier:…` and `reset_password` screens ask for.
    pub fn identifiers(mut self, identifiers: impl IntoIterator<Item = Identifier>) -> Self {
        self.identifiers = identifiers.into_iter().collect();
        self
    }

    /// Fills in the identifier field.
    pub fn login_hint(mut self, hint: impl Into<String>) -> Self {
        self.login_hint = Some(hint.into());
        self
    }

    /// Skips Logto's page and redirects to a social or enterprise connector.
    pub fn direct_sign_in(mut self, connector: DirectSignIn) -> Self {
        self.direct_sign_in = Some(connector);
        self
    }

    /// Sets a one-time token (magic link). Pass the email address as [`login_hint`](Self::login_hint).
    pub fn one_time_token(mut self, token: impl Into<Secret>) -> Self {
        self.one_time_token = Some(token.into());
        self
    }

    /// Shows the sign-in experience of an organization.
    pub fn organization_id(mut self, id: impl Into<String>) -> Self {
        self.organization_id = Some(id.into());
        self
    }

    /// Sets the languages of Logto's pages, best first, separated by spaces (BCP 47).
    pub fn ui_locales(mut self, locales: impl Into<String>) -> Self {
        self.ui_locales = Some(locales.into());
        self
    }

    /// Sets how long ago the user may have authenticated, in whole seconds; the callback checks it with `auth_time`.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Sets the requested authentication context classes, best first, in place of those that were set before. The callback checks that `acr` is one
    /// of them. List every class that is sufficient: `["urn:logto:acr:mfa", "urn:logto:acr:1fa"]`.
    pub fn acr_values<S: AsRef<str>>(mut self, classes: impl IntoIterator<Item = S>) -> Self {
        self.acr_values = Some(word_list(classes).join(" ")).filter(|classes| !classes.is_empty());
        self
    }

    /// Sets any further parameter of the authorization request. The crate's own parameters cannot be overridden.
    pub fn extra_param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra_params.insert(name.into(), value.into());
        self
    }

    /// Passes a value of the application through the sign-in: for example a chosen plan or an invitation. It is sealed in the sign-in's cookie: the
    /// browser can neither read nor change it, and no query of a route can set it. The [hook](crate::LogtoConfigBuilder::on_sign_in) gets it, and one
    /// page after the sign-in, by [`take_app_state`](crate::RequestSession::take_app_state). Each sign-in has its own, also where two tabs sign in at
    /// once.
    ///
    /// At most 512 bytes as JSON; `sign_in` fails with `options.invalid` where it is larger, and begins nothing. It has nothing to do with the
    /// parameter `state` of OpenID Connect.
    ///
    /// ```
    /// #[derive(serde::Serialize)]
    /// struct Chosen<'a> {
    ///     plan: &'a str,
    /// }
    ///
    /// let options = logto::SignInOptions::new().app_state(&Chosen { plan: "pro" });
    /// ```
    pub fn app_state<T: Serialize + ?Sized>(mut self, state: &T) -> Self {
        self.app_state = Some(AppJson::of("app_state", state, MAX_APP_STATE_BYTES));
        self
    }

    /// Removes the present session when the sign-in starts. Default: it is kept until the new one exists, so an abandoned sign-in has no effect.
    #[doc(alias = "clear_session")]
    pub fn clear_tokens(mut self, clear: bool) -> Self {
        self.clear_tokens = clear;
        self
    }
}
