//! What was set: each setting that is no secret, under the name of its setter.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{LogtoConfig, Routes, pages::Landing};
use crate::{
    clock::Clock,
    cookies::SameSite,
    http::HttpClient,
    response::ErrorPages,
    session::{SessionFormat, SessionLifetime},
    store::{RefreshCoordinator, RevocationStore, SessionStore},
    types::{Prompt, ResponseMode},
};

/// Each setting that is no secret, as [`LogtoConfigBuilder`](super::LogtoConfigBuilder) has checked and completed it.
impl LogtoConfig {
    /// The address of Logto, without a trailing slash; of another server its issuer.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.addresses().endpoint.as_str().trim_end_matches('/')
    }

    /// The issuer: `endpoint` and `/oidc`, or the setting `issuer`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.addresses().issuer
    }

    /// The address under which this server reaches Logto, where it differs from the browser's, without a trailing slash.
    #[must_use]
    pub fn internal_endpoint(&self) -> Option<&str> {
        self.addresses().internal_endpoint.as_ref().map(|url| url.as_str().trim_end_matches('/'))
    }

    /// Issuers that are accepted beside [`issuer`](Self::issuer).
    #[must_use]
    pub fn accepted_issuers(&self) -> &[String] {
        &self.addresses().accepted_issuers
    }

    /// Whether the address of Logto may be http on another machine.
    #[must_use]
    pub fn allow_insecure_endpoint(&self) -> bool {
        self.server.allows_insecure_endpoint()
    }

    /// The app id.
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.app_id
    }

    /// The address of the application itself, without a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.base_url.as_str().trim_end_matches('/')
    }

    /// The other addresses of the application, without a trailing slash.
    #[must_use]
    pub fn further_base_urls(&self) -> &[String] {
        self.base_urls.further()
    }

    /// In which header a request says which host it came to.
    #[must_use]
    pub fn host_header(&self) -> &str {
        self.base_urls.header().name()
    }

    /// Whether cookies are `Secure`.
    #[must_use]
    pub fn cookie_secure(&self) -> bool {
        self.cookies.own.attributes().secure
    }

    /// The domain whose subdomains share the session; none where it is this host's alone.
    #[must_use]
    pub fn cookie_domain(&self) -> Option<&str> {
        self.cookies.own.attributes().domain.as_deref()
    }

    /// The name of the session's cookie, as browsers have it: with `__Host-` or `__Secure-` where that was added.
    #[must_use]
    pub fn cookie_name(&self) -> &str {
        self.cookies.own.session_name()
    }

    /// Names that the session's cookie had before.
    #[must_use]
    pub fn previous_cookie_names(&self) -> Vec<&str> {
        self.cookies.earlier_names().collect()
    }

    /// The path of the cookies.
    #[must_use]
    pub fn cookie_path(&self) -> &str {
        &self.cookies.own.attributes().path
    }

    /// Whether the session's cookie comes along with requests that other sites cause.
    #[must_use]
    pub fn cookie_same_site(&self) -> SameSite {
        self.cookies.own.attributes().same_site
    }

    /// Whether a browser keeps the cookies apart for each site that shows this one in a frame.
    #[must_use]
    pub fn cookie_partitioned(&self) -> bool {
        self.cookies.own.attributes().partitioned
    }

    /// Whether the session's cookie has no `Max-Age`.
    #[must_use]
    pub fn cookie_session_only(&self) -> bool {
        self.cookies.own.attributes().session_only
    }

    /// All scopes that a sign-in asks for, `openid`, `offline_access` and `profile` among them.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// Whether `openid`, `offline_access` and `profile` are asked for without being named.
    #[must_use]
    pub fn include_reserved_scopes(&self) -> bool {
        self.include_reserved_scopes
    }

    /// The identifiers of the API resources to get access tokens for; with the scope of organizations, that of organization tokens, too.
    #[must_use]
    pub fn resources(&self) -> &[String] {
        &self.resources
    }

    /// What Logto asks the user.
    #[must_use]
    pub fn prompt(&self) -> &[Prompt] {
        &self.prompt
    }

    /// How Logto's answer comes to the callback.
    #[must_use]
    pub fn response_mode(&self) -> ResponseMode {
        self.response_mode
    }

    /// Other origins that a user may be sent to after signing in.
    #[must_use]
    pub fn allowed_return_origins(&self) -> Vec<String> {
        self.allowed_return_origins.iter().map(url::Origin::ascii_serialization).collect()
    }

    /// How long a session lives.
    #[must_use]
    pub fn session_lifetime(&self) -> SessionLifetime {
        self.cookies.lifetime
    }

    /// In which form a session is in its cookie.
    #[must_use]
    pub fn session_format(&self) -> SessionFormat {
        self.session_format
    }

    /// The one algorithm that ID tokens and logout tokens must be signed with, if it was set.
    #[must_use]
    pub fn id_token_signed_response_alg(&self) -> Option<&str> {
        self.id_token_alg.as_deref()
    }

    /// Audiences that a token may have beside this application.
    #[must_use]
    pub fn trusted_audiences(&self) -> &[String] {
        &self.trusted_audiences
    }

    /// When cookies of `@logto/next` cease to be taken over, if it was set.
    #[must_use]
    pub fn from_next_until(&self) -> Option<SystemTime> {
        self.from_next_until
    }

    /// How long a sign-in may take.
    #[must_use]
    pub fn sign_in_timeout(&self) -> Duration {
        Duration::from_secs(self.cookies.sign_in_timeout().unsigned_abs())
    }

    /// How far Logto's clock and this one may differ.
    #[must_use]
    pub fn leeway(&self) -> Duration {
        self.server.leeway
    }

    /// How long Logto may take to answer.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.server.timeout
    }

    /// How long a store may take to answer.
    #[must_use]
    pub fn store_timeout(&self) -> Duration {
        self.store_timeout
    }

    /// The paths of the authentication routes.
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// Where a user lands who signs in and asked for no page: an address.
    #[must_use]
    pub fn after_sign_in(&self) -> &str {
        self.pages.after_sign_in.as_ref().map_or(self.base_url(), Landing::address)
    }

    /// Where a user lands who signs out: an address.
    #[must_use]
    pub fn after_sign_out(&self) -> &str {
        self.pages.after_sign_out.as_ref().map_or(self.base_url(), Landing::address)
    }

    /// The path of the page that users are sent to who have to sign in, where it is not the sign-in route.
    #[must_use]
    pub fn sign_in_page(&self) -> Option<&str> {
        self.pages.sign_in_page.as_deref()
    }

    /// Whether every setting that has a safer end is there, unless it was set itself.
    #[must_use]
    pub fn strict(&self) -> bool {
        self.security.strict
    }

    /// How old the claims of a session may be before Logto is asked anew; none where it never is.
    #[must_use]
    pub fn claims_max_age(&self) -> Option<Duration> {
        self.security.claims_max_age
    }

    /// Whether Logto has to ask the user after a session that timed out.
    #[must_use]
    pub fn reauthenticate_after_timeout(&self) -> bool {
        self.security.reauthenticate_after_timeout
    }

    /// Whether no session is read while the revocation store fails.
    #[must_use]
    pub fn require_revocation_store(&self) -> bool {
        self.security.require_revocation_store
    }

    /// How many sessions a user may have at once, if it was set.
    #[must_use]
    pub fn max_sessions_per_user(&self) -> Option<u32> {
        self.security.max_sessions_per_user
    }

    /// Whether a sign-out sends the ID token to the server.
    #[must_use]
    pub fn id_token_hint(&self) -> bool {
        self.security.id_token_hint
    }

    /// What a browser is told to forget when a user signs out.
    #[must_use]
    pub fn clear_site_data(&self) -> &[String] {
        &self.security.clear_site_data
    }

    /// Whether a guarded page that another site leads to asks the user before a sign-in begins.
    #[must_use]
    pub fn confirm_cross_site_sign_in(&self) -> bool {
        self.security.confirm_cross_site_sign_in
    }

    /// Which claims the user route gives, if that was set; an empty list is for none.
    #[must_use]
    pub fn user_route_claims(&self) -> Option<&[String]> {
        self.security.user_route_claims.as_deref()
    }

    /// The algorithms that tokens may be signed with, if they were set.
    #[must_use]
    pub fn accepted_algorithms(&self) -> Option<&[String]> {
        self.server.accepted_algorithms()
    }

    /// What answers errors in place of the crate's own pages, if it was set.
    #[must_use]
    pub fn error_pages(&self) -> Option<&Arc<ErrorPages>> {
        self.pages.errors.as_ref()
    }

    /// The client that reaches Logto, if it was set.
    #[must_use]
    pub fn http_client(&self) -> Option<&Arc<dyn HttpClient>> {
        self.server.http_client()
    }

    /// Where sessions live besides cookies, if it was set. It is given up after [`store_timeout`](Self::store_timeout).
    #[must_use]
    pub fn session_store(&self) -> Option<&Arc<dyn SessionStore>> {
        self.cookies.stores.sessions.as_ref()
    }

    /// What remembers which sessions were ended: the one that was set, the session store's own, or one in memory.
    #[must_use]
    pub fn revocation_store(&self) -> &Arc<dyn RevocationStore> {
        &self.cookies.stores.revocations
    }

    /// What makes refreshes exclusive over several instances: the one that was set, or the session store's own.
    #[must_use]
    pub fn refresh_coordinator(&self) -> Option<Arc<dyn RefreshCoordinator>> {
        let of_store = || self.session_store().and_then(SessionStore::coordinator);
        self.refresh_coordinator.clone().or_else(of_store)
    }

    /// Whether sign-ins are begun by pushed authorization requests (RFC 9126).
    #[must_use]
    pub fn pushed_authorization_requests(&self) -> bool {
        self.security.pushed_authorization_requests
    }

    /// Whether the application is asked about each sign-in.
    #[must_use]
    pub fn on_sign_in(&self) -> bool {
        self.on_sign_in.is_some()
    }

    /// The clock to go by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.server.clock
    }
}
