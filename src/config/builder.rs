//! The settings as they are given.

mod cookies;
mod security;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    LogtoConfig, Routes,
    max_age::MaxAge,
    server::{ServerSettings, server_setters},
};
use crate::{
    cookies::SameSite,
    error::{Error, Result},
    hook::{SignIn, SignInHook, SignInRefusal},
    response::{AuthResponse, ErrorPageRequest, ErrorPages},
    secret::Secret,
    session::{SessionFormat, SessionLifetime},
    store::{RefreshCoordinator, RevocationStore, SessionStore},
    types::{Prompt, ResponseMode, word_list},
};
use serde::Deserialize;

/// Builder for [`LogtoConfig`]. It implements `Deserialize`: each setter's name is a member.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, remote = "Self")] // `read` has the trait.
#[must_use]
pub struct LogtoConfigBuilder {
    #[serde(skip)] // `read` takes its members out of the map.
    pub(crate) server: ServerSettings,
    pub(crate) app_id: Option<String>,
    pub(crate) app_secret: Option<Secret>,
    pub(super) base_url: Option<String>,
    pub(super) further_base_urls: Vec<String>,
    pub(super) host_header: Option<String>,
    pub(super) cookie_secret: Option<Secret>,
    pub(super) previous_cookie_secrets: Vec<Secret>,
    pub(super) cookie_secure: Option<bool>,
    pub(super) cookie_domain: Option<String>,
    pub(super) cookie_name: Option<String>,
    pub(super) previous_cookie_names: Vec<String>,
    pub(super) cookie_path: Option<String>,
    pub(super) cookie_same_site: SameSite,
    pub(super) cookie_partitioned: Option<bool>,
    pub(super) cookie_session_only: Option<bool>,
    pub(super) scopes: Vec<String>,
    pub(super) include_reserved_scopes: Option<bool>,
    pub(super) resources: Vec<String>,
    pub(super) prompt: Option<Vec<Prompt>>,
    pub(super) response_mode: ResponseMode,
    pub(super) pushed_authorization_requests: Option<bool>,
    pub(super) allowed_return_origins: Vec<String>,
    pub(super) session_lifetime: Option<SessionLifetime>,
    pub(super) session_format: SessionFormat,
    #[serde(deserialize_with = "super::date::deserialize")]
    pub(super) from_next_until: Option<SystemTime>,
    pub(super) sign_in_timeout: Option<u64>,
    pub(super) id_token_signed_response_alg: Option<String>,
    pub(super) trusted_audiences: Vec<String>,
    #[serde(deserialize_with = "super::seconds::deserialize")]
    pub(super) store_timeout: Option<Duration>,
    pub(super) routes: Routes,
    pub(super) after_sign_in: Option<String>,
    pub(super) after_sign_out: Option<String>,
    pub(super) sign_in_page: Option<String>,
    pub(super) strict: Option<bool>,
    #[serde(deserialize_with = "super::max_age::deserialize")]
    pub(super) claims_max_age: Option<MaxAge>,
    pub(super) reauthenticate_after_timeout: Option<bool>,
    pub(super) require_revocation_store: Option<bool>,
    pub(super) max_sessions_per_user: Option<u32>,
    pub(super) id_token_hint: Option<bool>,
    pub(super) clear_site_data: Option<Vec<String>>,
    pub(super) confirm_cross_site_sign_in: Option<bool>,
    pub(super) user_route_claims: Option<Vec<String>>,
    #[serde(skip)]
    pub(super) error_pages: Option<Arc<ErrorPages>>,
    #[serde(skip)]
    pub(super) session_store: Option<Arc<dyn SessionStore>>,
    #[serde(skip)]
    pub(super) revocation_store: Option<Arc<dyn RevocationStore>>,
    #[serde(skip)]
    pub(super) refresh_coordinator: Option<Arc<dyn RefreshCoordinator>>,
    #[serde(skip)]
    pub(super) on_sign_in: Option<SignInHook>,
}

impl LogtoConfigBuilder {
    server_setters!(leeway);

    /// Sets the App ID from the Logto Console. Required.
    pub fn app_id(mut self, id: impl Into<String>) -> Self {
        self.app_id = Some(id.into());
        self
    }

    /// Sets the App secret from the Logto Console. Leave it out for a public client (SPA, native).
    pub fn app_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.app_secret = Some(secret.into());
        self
    }

    /// Sets the public address of this application; may have a path. Required. The only source of redirect URIs, with
    /// [`further_base_urls`](Self::further_base_urls): without those the Host header is never read.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Sets other addresses of this application, each with its own host. The request's host selects one: redirect URIs, cookies and allowed redirects
    /// depend on it. The first label of a host may be `*`: `https://*.preview.example.com`. A host that is not on the list is treated like
    /// `base_url`, and no sign-in starts or ends there: `sign_in.unknown_host`. See the guide [hosts](crate::guide::hosts).
    pub fn further_base_urls<S: Into<String>>(mut self, urls: impl IntoIterator<Item = S>) -> Self {
        self.further_base_urls = urls.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the header that contains the request's host, for [`further_base_urls`](Self::further_base_urls): `host`, or what your proxy sets,
    /// `x-forwarded-host` or `forwarded` (RFC 7239). Name one of the latter only if the proxy sets it on every request and passes on none that it was
    /// sent. Default: `host`.
    pub fn host_header(mut self, name: impl Into<String>) -> Self {
        self.host_header = Some(name.into());
        self
    }

    /// Sets the cookie secret: at least 32 random bytes, the same on every instance. Required. A publicly known secret (printed in documentation, or
    /// one repeated character) is accepted only if `base_url` is on this machine.
    pub fn cookie_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.cookie_secret = Some(secret.into());
        self
    }

    /// Sets former secrets. Sessions sealed with them can still be read, and are sealed with the current secret on the next write.
    pub fn previous_cookie_secrets<S: Into<Secret>>(mut self, secrets: impl IntoIterator<Item = S>) -> Self {
        self.previous_cookie_secrets = secrets.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the scopes to request in addition to `openid`, `offline_access` and `profile`, including the scopes of your API resources. See
    /// [`scopes`](crate::scopes). They take the place of those that were set before.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = word_list(scopes);
        self
    }

    /// Sets whether `openid`, `offline_access` and `profile` are requested. Default: yes.
    pub fn include_reserved_scopes(mut self, include: bool) -> Self {
        self.include_reserved_scopes = Some(include);
        self
    }

    /// Sets the identifiers of the API resources to get access tokens for (RFC 8707).
    pub fn resources<S: Into<String>>(mut self, resources: impl IntoIterator<Item = S>) -> Self {
        self.resources = resources.into_iter().map(Into::into).collect();
        self
    }

    /// Sets what Logto asks the user. Default: consent, without which there is no refresh token.
    pub fn prompt(mut self, prompt: impl IntoIterator<Item = Prompt>) -> Self {
        self.prompt = Some(prompt.into_iter().collect());
        self
    }

    /// Sets how Logto's answer comes to the callback: in its query, or by POST, which keeps the code out of addresses and logs. Default: query.
    pub fn response_mode(mut self, mode: ResponseMode) -> Self {
        self.response_mode = mode;
        self
    }

    /// Sets other origins that a user may be sent to after signing in, such as `https://admin.example.com`.
    pub fn allowed_return_origins<S: Into<String>>(mut self, origins: impl IntoIterator<Item = S>) -> Self {
        self.allowed_return_origins = origins.into_iter().map(Into::into).collect();
        self
    }

    /// Sets how long a session lives: from 1 second to 400 days.
    pub fn session_lifetime(mut self, lifetime: SessionLifetime) -> Self {
        self.session_lifetime = Some(lifetime);
        self
    }

    /// Sets the format of the session cookie: the crate's own, or that of `@logto/next`, to share sessions with a Next.js app.
    pub fn session_format(mut self, format: SessionFormat) -> Self {
        self.session_format = format;
        self
    }

    /// Sets the one algorithm that ID tokens and logout tokens must be signed with, like `ES384` (OpenID Connect Registration 1.0 section 2).
    /// Default: any that is accepted and that the server has a key for, so that its keys can be rotated from EC to RSA.
    pub fn id_token_signed_response_alg(mut self, alg: impl Into<String>) -> Self {
        self.id_token_signed_response_alg = Some(alg.into());
        self
    }

    /// Sets the audiences that an ID token may have in addition to this application (OpenID Connect Core 1.0 section 3.1.3.7, point 3): other
    /// applications of the same server that are as trusted as this one. Default: none, so a token for several is refused, whatever its `azp` says.
    /// Logto's tokens have one audience.
    pub fn trusted_audiences<S: Into<String>>(mut self, audiences: impl IntoIterator<Item = S>) -> Self {
        self.trusted_audiences = audiences.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the date on which [`SessionFormat::FromNext`] ends: from then on a cookie of `@logto/next` is ignored, and nothing has to be deployed for
    /// that. Required with it; two weeks after the last route has moved do. For serde and in the environment `YYYY-MM-DD`, in UTC.
    pub fn from_next_until(mut self, until: SystemTime) -> Self {
        self.from_next_until = Some(until);
        self
    }

    /// Sets how long a sign-in may take, from the redirect to Logto to the callback, in whole seconds. Default: an hour, as long as Logto's sign-in
    /// pages work.
    pub fn sign_in_timeout(mut self, timeout: Duration) -> Self {
        self.sign_in_timeout = Some(timeout.as_secs());
        self
    }

    /// Sets how long a store may take to answer: the session store, the revocation store, the refresh coordinator; 100 milliseconds to 30 seconds.
    /// What takes longer has failed, as if the store were down. Default: 3 seconds.
    pub fn store_timeout(mut self, timeout: Duration) -> Self {
        self.store_timeout = Some(timeout);
        self
    }

    /// Sets the paths of the authentication routes.
    pub fn routes(mut self, routes: Routes) -> Self {
        self.routes = routes;
        self
    }

    /// Sets the page after a sign-in that names no page: a path of this site, or a URL on an allowed origin. Default: `base_url`.
    pub fn after_sign_in(mut self, page: impl Into<String>) -> Self {
        self.after_sign_in = Some(page.into());
        self
    }

    /// Sets the page after a sign-out: a path of this site, or a URL on an allowed origin. Default: `base_url`. Its address must be registered in the
    /// Logto Console as a post sign-out redirect URI: otherwise Logto shows its own error page.
    pub fn after_sign_out(mut self, page: impl Into<String>) -> Self {
        self.after_sign_out = Some(page.into());
        self
    }

    /// Sets the path of the application's page, below `base_url`, to which users are redirected who have to sign in. Default: the sign-in route
    /// ([`Routes::sign_in`]). The page gets the query of that route: `return_to`, and `max_age` and `acr_values` if a guard requires a recent or a
    /// stronger authentication. It must pass them on to the sign-in route, or to its own route that signs in. It must not require a signed-in user
    /// itself.
    pub fn sign_in_page(mut self, path: impl Into<String>) -> Self {
        self.sign_in_page = Some(path.into());
        self
    }

    /// Sets a function for custom responses in place of the crate's error pages and JSON: of the routes, the guards, and
    /// [`error_response`](crate::LogtoClient::error_response). `None` selects the crate's response. A redirect, for example to sign-in, is not an
    /// error page; the 401 of an API client is one. Rejections of bearer tokens ([`ApiAuth`](crate::api::ApiAuth)) have their own rules.
    ///
    /// ```
    /// use logto::{LogtoConfig, integrate::{AuthResponse, ResponseFormat}};
    ///
    /// let config = LogtoConfig::builder().error_pages(|error, request| match request.format() {
    ///     ResponseFormat::Html => Some(AuthResponse::html(
    ///         error.status(),
    ///         format!(r#"<h1>{}</h1><a href="{}">Sign in</a>"#, error.summary(), request.sign_in()),
    ///     )),
    ///     _ => None,
    /// });
    /// ```
    pub fn error_pages<F>(mut self, answer: F) -> Self
    where
        F: Fn(&Error, &ErrorPageRequest<'_>) -> Option<AuthResponse> + Send + Sync + 'static,
    {
        self.error_pages = Some(Arc::new(answer));
        self
    }

    /// Keeps sessions in a store, and only an id in the cookie. Default: the whole session in cookies.
    pub fn session_store(mut self, store: impl SessionStore) -> Self {
        self.session_store = Some(Arc::new(store));
        self
    }

    /// Sets the store that records which sessions in cookies were ended. Default: that of the session store, otherwise the memory of this process.
    /// Instances that share sessions must share it.
    pub fn revocation_store(mut self, store: impl RevocationStore) -> Self {
        self.revocation_store = Some(Arc::new(store));
        self
    }

    /// Sets the coordinator that allows one refresh at a time across instances that share sessions in cookies. A session store may include one.
    pub fn refresh_coordinator(mut self, coordinator: impl RefreshCoordinator) -> Self {
        self.refresh_coordinator = Some(Arc::new(coordinator));
        self
    }

    /// Calls a function of the application for each sign-in before it becomes a session. The function may create the user's row, store a value in the
    /// [session](SignIn::set_data), or [refuse](SignInRefusal). Default: every user whom Logto authenticated is signed in.
    ///
    /// It is asked once for each sign-in, also where the callback comes twice, and over several instances where they have a
    /// [`refresh_coordinator`](Self::refresh_coordinator). A silent sign-in and a step-up are sign-ins, too; a refresh is none. It runs in a task of its own: a
    /// browser that hangs up does not stop it. It has 10 seconds, and is dropped then.
    ///
    /// After a refusal and after a failure nobody is signed in by this sign-in, its refresh token is revoked at Logto, and the previous session is
    /// unchanged. The crate cannot undo what the function did before: use a transaction of the database.
    ///
    /// ```
    /// # async fn upsert(sub: &str) -> std::io::Result<()> { Ok(()) }
    /// use logto::{LogtoConfig, SignInRefusal};
    ///
    /// let config = LogtoConfig::builder().on_sign_in(|sign_in| async move {
    ///     if sign_in.claims().email_verified != Some(true) {
    ///         return Err(SignInRefusal::redirect("/confirm-your-address"));
    ///     }
    ///     upsert(&sign_in.claims().sub).await?; // an error ends the sign-in with `sign_in.hook_failed`
    ///     Ok(())
    /// });
    /// ```
    pub fn on_sign_in<F, Fut>(mut self, hook: F) -> Self
    where
        F: Fn(SignIn) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), SignInRefusal>> + Send + 'static,
    {
        self.on_sign_in = Some(SignInHook::new(hook));
        self
    }
}

impl TryFrom<LogtoConfigBuilder> for LogtoConfig {
    type Error = Error;

    fn try_from(builder: LogtoConfigBuilder) -> Result<Self> {
        builder.build()
    }
}

impl std::fmt::Debug for LogtoConfigBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Nothing was checked, so anything may hold a secret: a password in an address, a value in the wrong place.
        f.debug_struct("LogtoConfigBuilder").finish_non_exhaustive()
    }
}
