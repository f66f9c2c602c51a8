//! Signs a user in: begins a sign-in at Logto.

use std::time::Duration;

use url::Url;

use super::{LogtoClient, Session};
use crate::{
    clock,
    error::{Code, Error, ErrorKind, Result},
    events::EventKind,
    oidc::{
        authorize::{AuthorizationRequest, OWN_PARAMETERS},
        discovery::ProviderMetadata,
        pushed,
    },
    session::{Hints, Silent, Transaction},
    types::{AppJsonError, Prompt, Redirect, SignInOptions, check_redirect_uri},
};

/// Bytes. With as many the cookie of a sign-in is as large as it is to be at most.
const MAX_HINTS_BYTES: usize = 200;

impl Session {
    /// Starts a sign-in: the redirect leads to Logto, and a separate cookie keeps the sign-in for
    /// [`sign_in_timeout`](crate::LogtoConfigBuilder::sign_in_timeout). An address to return to that is too long for it (about 1,400 characters) is
    /// cut to its path, and then to `base_url`.
    ///
    /// With [`reauthenticate_after_timeout`](crate::LogtoConfigBuilder::reauthenticate_after_timeout), the first sign-in after a session that
    /// timed out makes Logto ask the user. One that is to show no page ([`silent`](SignInOptions::silent), [`Prompt::None`]) leads back at once then.
    ///
    /// # Errors
    /// `sign_in.return_to_refused` for an address to return to on another site; `sign_in.unknown_host`; `options.invalid`; `network.…` and `discovery.…` where
    /// Logto cannot be asked. With [`pushed_authorization_requests`](crate::LogtoConfigBuilder::pushed_authorization_requests) also
    /// `sign_in.no_pushed_requests`, `sign_in.request_refused` and `client.invalid_credentials`.
    pub async fn sign_in(&mut self, options: SignInOptions) -> Result<Redirect> {
        self.begin_sign_in(options).await.map_err(|error| self.client.tell_refused_request(error))
    }

    async fn begin_sign_in(&mut self, options: SignInOptions) -> Result<Redirect> {
        let client = self.client.clone();
        client.refuse_elsewhere()?;
        let config = client.config();
        let return_to = match &options.post_redirect_uri {
            Some(wanted) => config.application().return_to(wanted)?,
            None => config.landing(),
        };
        let redirect_uri = options.redirect_uri.clone().unwrap_or_else(|| config.redirect_uri());
        check_redirect_uri("redirect_uri", &redirect_uri)?;
        let mut options = prompted(options)?;
        check_extra_params(&options)?;
        if self.must_reauthenticate() {
            if options.prompt.as_deref().is_some_and(|prompt| prompt.contains(&Prompt::None)) {
                tracing::debug!(target: "logto::sign_in", "a session timed out, so no sign-in goes without a page");
                return Ok(Redirect::to(return_to));
            }
            let timeout = Duration::from_secs(u64::try_from(config.cookies.sign_in_timeout()).unwrap_or_default());
            options = asking(options, &config.prompt, timeout);
        }
        let too_large = |error: AppJsonError| error.with_code(Code::InvalidOption);
        let app_state = options.app_state.clone().transpose().map_err(too_large)?;
        let mut transaction = Transaction::begin(redirect_uri, return_to.to_string(), config.now())?;
        if options.silent {
            transaction.silent = Some(Silent::Probe);
            transaction.hints = hints(&options);
        } else if only_asks_who_is_there(&options) {
            transaction.silent = Some(Silent::Once);
        }
        transaction.max_age = options.max_age.map(clock::whole_seconds);
        transaction.acr_values = options.acr_values.clone().filter(|values| !values.trim().is_empty());
        transaction.from_another_site = options.from_another_site;
        transaction.app_state = app_state;
        self.send_to_logto(transaction, &options).await
    }

    /// Whether a session of this browser timed out, and the user has to authenticate for the next.
    pub(super) fn must_reauthenticate(&self) -> bool {
        self.client.config().reauthenticate_after_timeout() && self.read().timed_out()
    }

    /// Remembers the sign-in, and leads to Logto.
    pub(super) async fn send_to_logto(
        &mut self,
        mut transaction: Transaction,
        options: &SignInOptions,
    ) -> Result<Redirect> {
        let client = self.client.clone();
        let config = client.config();
        let metadata = client.metadata().await?;
        let challenge = transaction.code_challenge();
        let request = AuthorizationRequest {
            endpoint: &metadata.authorization_endpoint,
            client_id: &config.app_id,
            redirect_uri: &transaction.redirect_uri,
            scopes: &config.scopes,
            resources: &config.resources,
            prompt: &config.prompt,
            state: &transaction.state,
            nonce: &transaction.nonce,
            code_challenge: &challenge,
            response_mode: config.response_mode,
            options,
        };
        let url = match config.pushed_authorization_requests() {
            true => {
                // A response that has begun can take no cookie: then nobody is asked.
                drop(self.write()?);
                Box::pin(client.push(&metadata, &request)).await?
            }
            false => request.url(),
        };
        let authorization = config.server().open(url)?;
        // After that: where Logto was not reached, nothing is left of the sign-in.
        {
            let mut loaded = self.write()?;
            loaded.begin_transaction(&config.cookies, &mut transaction, config.base_url.as_str(), config.now())?;
            if options.clear_tokens {
                loaded.discard();
            }
        }
        tracing::debug!(target: "logto::sign_in", "a sign-in begins");
        Ok(Redirect::to(authorization))
    }
}

impl LogtoClient {
    /// Sends what a sign-in asks for ahead of the browser. Gives the address for the browser, which has a reference to it.
    async fn push(&self, metadata: &ProviderMetadata, request: &AuthorizationRequest<'_>) -> Result<Url> {
        let Some(endpoint) = &metadata.pushed_authorization_request_endpoint else {
            let message = "the server has no endpoint for pushed authorization requests, which the settings ask for";
            return Err(Error::new(Code::NoPushedRequests, message));
        };
        let reference = pushed::push(self.transport(), endpoint, &self.credentials(), &request.parameters()).await?;
        Ok(request.pushed_url(&reference))
    }

    /// Writes the event of a sign-in that does not begin, since what the browser asked for is refused. A mistake of the application is none.
    pub(crate) fn tell_refused_request(&self, error: Error) -> Error {
        match error.kind() {
            ErrorKind::InvalidRequest => {
                EventKind::SignInRefused.event().client_id(self.config().app_id()).write_error(error)
            }
            _ => error,
        }
    }
}

/// What the second request of a silent sign-in says again, if it is short: it waits in a cookie.
fn hints(options: &SignInOptions) -> Hints {
    let SignInOptions { login_hint, organization_id, ui_locales, .. } = options;
    let length: usize = [login_hint, organization_id, ui_locales].into_iter().flatten().map(String::len).sum();
    if length > MAX_HINTS_BYTES {
        return Hints::default();
    }
    Hints { login_hint: login_hint.clone(), organization_id: organization_id.clone(), ui_locales: ui_locales.clone() }
}

/// Whether "nobody" is an answer. It is none where the user has to show more than that they are there.
fn only_asks_who_is_there(options: &SignInOptions) -> bool {
    options.prompt.as_deref() == Some(&[Prompt::None]) && options.max_age.is_none() && options.acr_values.is_none()
}

/// The options with the prompt that they call for.
fn prompted(options: SignInOptions) -> Result<SignInOptions> {
    let prompt = options.prompt.as_deref().unwrap_or_default();
    match options.silent {
        true if prompt.is_empty() => Ok(SignInOptions { prompt: Some(vec![Prompt::None]), ..options }),
        true => Err(Error::new(Code::InvalidOption, "a silent sign-in has a prompt, and it chooses that by itself")),
        false if prompt.contains(&Prompt::None) && prompt.len() > 1 => {
            Err(Error::new(Code::InvalidOption, "prompt holds `none` with others, and `none` stands alone"))
        }
        false => Ok(options),
    }
}

/// The options of a sign-in in which Logto asks the user: by `login` among the prompts, beside the `consent` that brings a refresh token. With `max_age`
/// the ID token says when the user authenticated (OpenID Connect Core section 2), so that the callback sees whether Logto has asked.
fn asking(options: SignInOptions, configured: &[Prompt], timeout: Duration) -> SignInOptions {
    let asked_for = options.prompt.as_deref().unwrap_or(configured).iter();
    let others = asked_for.filter(|prompt| !matches!(prompt, Prompt::None | Prompt::Login)).copied();
    let prompt = std::iter::once(Prompt::Login).chain(others).collect();
    SignInOptions { prompt: Some(prompt), max_age: options.max_age.or(Some(timeout)), ..options }
}

/// What would make another request of it, or bring the answer by a way that the callback does not read.
fn check_extra_params(options: &SignInOptions) -> Result<()> {
    const OTHERS: [&str; 3] = ["request", "request_uri", "registration"];
    let own = |name: &str| OWN_PARAMETERS.contains(&name) || OTHERS.contains(&name);
    match options.extra_params.keys().find(|name| own(name)) {
        Some(name) => {
            Err(Error::new(Code::InvalidOption, format!("extra parameter `{name}` is not for the application to set"))
                .with_hint(
                    "Use the option of that name, if there is one; the others are part of how a sign-in is protected.",
                ))
        }
        None => Ok(()),
    }
}
