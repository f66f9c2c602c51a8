//! The authorization request (OpenID Connect Core 3.1.2.1), with Logto's own parameters spelled as its server reads them.

use url::Url;

use crate::types::{Prompt, ResponseMode, SignInOptions};

/// The parameters that the crate sets itself.
pub(crate) const OWN_PARAMETERS: [&str; 20] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "first_screen",
    "identifier",
    "login_hint",
    "direct_sign_in",
    "one_time_token",
    "organization_id",
    "ui_locales",
    "max_age",
    "acr_values",
    "resource",
];

/// The largest number that JSON is sure to keep (RFC 8259 section 6). Logto refuses a `max_age` that is larger, and no user signed in before.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// What an authorization request is made of.
#[derive(Debug)]
pub(crate) struct AuthorizationRequest<'a> {
    pub(crate) endpoint: &'a Url,
    pub(crate) client_id: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) scopes: &'a [String],
    pub(crate) resources: &'a [String],
    pub(crate) prompt: &'a [Prompt],
    pub(crate) state: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) code_challenge: &'a str,
    pub(crate) response_mode: ResponseMode,
    pub(crate) options: &'a SignInOptions,
}

impl AuthorizationRequest<'_> {
    /// Where to send the browser.
    pub(crate) fn url(&self) -> Url {
        let mut url = self.endpoint.clone();
        url.query_pairs_mut().extend_pairs(self.parameters());
        url
    }

    /// Where to send the browser after the parameters went there as a form, which is known by this reference (RFC 9126 section 4).
    pub(crate) fn pushed_url(&self, request_uri: &str) -> Url {
        let mut url = self.endpoint.clone();
        url.query_pairs_mut().extend_pairs([("client_id", self.client_id), ("request_uri", request_uri)]);
        url
    }

    /// What is asked for.
    pub(crate) fn parameters(&self) -> Vec<(&str, String)> {
        let options = self.options;
        let prompt = options.prompt.as_deref().unwrap_or(self.prompt);
        let join = |words: Vec<&str>| (!words.is_empty()).then(|| words.join(" "));
        let max_age = options.max_age.map(|age| age.as_secs().min(MAX_SAFE_INTEGER).to_string());
        let single = [
            ("client_id", Some(self.client_id.to_owned())),
            ("redirect_uri", Some(self.redirect_uri.to_owned())),
            ("response_type", Some("code".to_owned())),
            ("response_mode", self.response_mode.parameter().map(str::to_owned)),
            ("scope", Some(self.scopes.join(" "))),
            ("state", Some(self.state.to_owned())),
            ("nonce", Some(self.nonce.to_owned())),
            ("code_challenge", Some(self.code_challenge.to_owned())),
            ("code_challenge_method", Some("S256".to_owned())),
            ("prompt", join(prompt.iter().map(|prompt| prompt.as_str()).collect())),
            ("first_screen", options.first_screen.map(|screen| screen.as_str().to_owned())),
            ("identifier", join(options.identifiers.iter().map(|identifier| identifier.as_str()).collect())),
            ("login_hint", options.login_hint.clone()),
            ("direct_sign_in", options.direct_sign_in.as_ref().map(|connector| connector.as_str().to_owned())),
            ("one_time_token", options.one_time_token.as_ref().map(|token| token.expose().to_owned())),
            ("organization_id", options.organization_id.clone()),
            ("ui_locales", options.ui_locales.clone()),
            ("max_age", max_age),
            ("acr_values", options.acr_values.clone()),
        ];
        let given = single.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let resources = self.resources.iter().map(|resource| ("resource", resource.clone()));
        let extra = options.extra_params.iter().map(|(name, value)| (name.as_str(), value.clone()));
        given.chain(resources).chain(extra).collect()
    }
}
