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
    /// A plain sign-in.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where Logto sends the browser back to. Default: `base_url` with the callback path. Must be registered in the Logto Console.
    /// An absolute `http` or `https` URL without fragment, user name and password (RFC 6749 section 3.1.2); `sign_in` refuses any other with `options.invalid`.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(uri.into());
        self
    }

    /// Where the user goes after the callback: a path below `base_url`, or a URL of the application or on an allowed origin. Default: `base_url`.
    #[doc(alias = "return_to")]
    pub fn post_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.post_redirect_uri = Some(uri.into());
        self
    }

    /// What Logto asks the user. Default: the configuration's `prompt`.
    ///
    /// With [`Prompt::None`] alone the browser comes back to [`post_redirect_uri`](Self::post_redirect_uri) without a word where Logto would have to ask the
    /// user, such as one who is not signed in there: the session is then the one of before. A page that begins such a sign-in by itself has to know that
    /// it was tried, by an address of its own (`/?tried=1`), or it begins another without end. [`silent`](Self::silent) does more: a refresh token
    /// comes with it. With [`max_age`](Self::max_age) or [`acr_values`](Self::acr_values) Logto's answer is an error as ever.
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

    /// Sends a value of the application's along with the sign-in: the plan that was chosen, an invitation. It is sealed in the sign-in's cookie, so
    /// that nobody reads or changes it and nothing but the application sets it; no query of a route does. The
    /// [hook](crate::LogtoConfigBuilder::on_sign_in) gets it, and one page after the sign-in, by
    /// [`take_app_state`](crate::RequestSession::take_app_state). Each sign-in has its own, also where two tabs sign in at once.
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

    /// Drops the present session when the sign-in begins. Default: keep it until the new one is there, so an abandoned sign-in costs nothing.
    #[doc(alias = "clear_session")]
    pub fn clear_tokens(mut self, clear: bool) -> Self {
        self.clear_tokens = clear;
        self
    }
}
