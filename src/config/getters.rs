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
    /// Returns the address of Logto, without a trailing slash; of another server its issuer.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.addresses().endpoint.as_str().trim_end_matches('/')
    }

    /// Returns the issuer: `endpoint` and `/oidc`, or the setting `issuer`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.addresses().issuer
    }

    /// Returns the address under which this server reaches Logto, where it differs from the browser's, without a trailing slash.
    #[must_use]
    pub fn internal_endpoint(&self) -> Option<&str> {
        self.addresses().internal_endpoint.as_ref().map(|url| url.as_str().trim_end_matches('/'))
    }

    /// Returns the issuers that are accepted beside [`issuer`](Self::issuer).
    #[must_use]
    pub fn accepted_issuers(&self) -> &[String] {
        &self.addresses().accepted_issuers
    }

    /// Returns whether the address of Logto may be http on another machine.
    #[must_use]
    pub fn allow_insecure_endpoint(&self) -> bool {
        self.server.allows_insecure_endpoint()
    }

    /// Returns the App ID.
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.app_id
    }

    /// Returns the address of the application itself, without a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.base_url.as_str().trim_end_matches('/')
    }

    /// Returns the other addresses of the application, without a trailing slash.
    #[must_use]
    pub fn further_base_urls(&self) -> &[String] {
        self.base_urls.further()
    }

    /// Returns the header that contains the request's host.
    #[must_use]
    pub fn host_header(&self) -> &str {
        self.base_urls.header().name()
    }

    /// Returns whether cookies are `Secure`.
    #[must_use]
    pub fn cookie_secure(&self) -> bool {
        self.cookies.own.attributes().secure
    }

    /// Returns the domain whose subdomains share the session; none where it is this host's alone.
    #[must_use]
    pub fn cookie_domain(&self) -> Option<&str> {
        self.cookies.own.attributes().domain.as_deref()
    }

    /// Returns the name of the session's cookie, as browsers have it: with `__Host-` or `__Secure-` where that was added.
    #[must_use]
    pub fn cookie_name(&self) -> &str {
        self.cookies.own.session_name()
    }

    /// Returns the previous names of the session's cookie.
    #[must_use]
    pub fn previous_cookie_names(&self) -> Vec<&str> {
        self.cookies.earlier_names().collect()
    }

    /// Returns the path of the cookies.
    #[must_use]
    pub fn cookie_path(&self) -> &str {
        &self.cookies.own.attributes().path
    }

    /// Returns whether the session's cookie comes along with requests that other sites cause.
    #[must_use]
    pub fn cookie_same_site(&self) -> SameSite {
        self.cookies.own.attributes().same_site
    }

    /// Returns whether a browser keeps the cookies apart for each site that shows this one in a frame.
    #[must_use]
    pub fn cookie_partitioned(&self) -> bool {
        self.cookies.own.attributes().partitioned
    }

    /// Returns whether the session's cookie has no `Max-Age`.
    #[must_use]
    pub fn cookie_session_only(&self) -> bool {
        self.cookies.own.attributes().session_only
    }

    /// Returns all scopes that a sign-in asks for, `openid`, `offline_access` and `profile` among them.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// Returns whether `openid`, `offline_access` and `profile` are asked for without being named.
    #[must_use]
    pub fn include_reserved_scopes(&self) -> bool {
        self.include_reserved_scopes
    }

    /// Returns the identifiers of the API resources to get access tokens for; with the scope of organizations, that of organization tokens, too.
    #[must_use]
    pub fn resources(&self) -> &[String] {
        &self.resources
    }

    /// Returns what Logto asks the user.
    #[must_use]
    pub fn prompt(&self) -> &[Prompt] {
        &self.prompt
    }

    /// Returns how Logto's answer comes to the callback.
    #[must_use]
    pub fn response_mode(&self) -> ResponseMode {
        self.response_mode
    }

    /// Returns the other origins that a user may be sent to after signing in.
    #[must_use]
    pub fn allowed_return_origins(&self) -> Vec<String> {
        self.allowed_return_origins.iter().map(url::Origin::ascii_serialization).collect()
    }

    /// Returns how long a session lives.
    #[must_use]
    pub fn session_lifetime(&self) -> SessionLifetime {
        self.cookies.lifetime
    }

    /// Returns the format of the session cookie.
    #[must_use]
    pub fn session_format(&self) -> SessionFormat {
        self.session_format
    }

    /// Returns the one algorithm that ID tokens and logout tokens must be signed with, if it was set.
    #[must_use]
    pub fn id_token_signed_response_alg(&self) -> Option<&str> {
        self.id_token_alg.as_deref()
    }

    /// Returns the audiences that a token may have beside this application.
    #[must_use]
    pub fn trusted_audiences(&self) -> &[String] {
        &self.trusted_audiences
    }

    /// Returns when cookies of `@logto/next` cease to be taken over, if it was set.
    #[must_use]
    pub fn from_next_until(&self) -> Option<SystemTime> {
        self.from_next_until
    }

    /// Returns how long a sign-in may take.
    #[must_use]
    pub fn sign_in_timeout(&self) -> Duration {
        Duration::from_secs(self.cookies.sign_in_timeout().unsigned_abs())
    }

    /// Returns how far Logto's clock and this one may differ.
    #[must_use]
    pub fn leeway(&self) -> Duration {
        self.server.leeway
    }

    /// Returns how long Logto may take to answer.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.server.timeout
    }

    /// Returns how long a store may take to answer.
    #[must_use]
    pub fn store_timeout(&self) -> Duration {
        self.store_timeout
    }

    /// Returns the paths of the authentication routes.
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// Returns the address of the page after a sign-in that names no page.
    #[must_use]
    pub fn after_sign_in(&self) -> &str {
        self.pages.after_sign_in.as_ref().map_or(self.base_url(), Landing::address)
    }

    /// Returns the address of the page after a sign-out.
    #[must_use]
    pub fn after_sign_out(&self) -> &str {
        self.pages.after_sign_out.as_ref().map_or(self.base_url(), Landing::address)
    }

    /// Returns the path of the page to which users are redirected who have to sign in, if it is not the sign-in route.
    #[must_use]
    pub fn sign_in_page(&self) -> Option<&str> {
        self.pages.sign_in_page.as_deref()
    }

    /// Returns whether the strict profile is on.
    #[must_use]
    pub fn strict(&self) -> bool {
        self.security.strict
    }

    /// Returns how old the claims of a session may be before the user is verified at Logto again; `None` if never.
    #[must_use]
    pub fn claims_max_age(&self) -> Option<Duration> {
        self.security.claims_max_age
    }

    /// Returns whether Logto has to ask the user after a session that timed out.
    #[must_use]
    pub fn reauthenticate_after_timeout(&self) -> bool {
        self.security.reauthenticate_after_timeout
    }

    /// Returns whether no session is read while the revocation store fails.
    #[must_use]
    pub fn require_revocation_store(&self) -> bool {
        self.security.require_revocation_store
    }

    /// Returns how many sessions a user may have at once, if it was set.
    #[must_use]
    pub fn max_sessions_per_user(&self) -> Option<u32> {
        self.security.max_sessions_per_user
    }

    /// Returns whether a sign-out sends the ID token to the server.
    #[must_use]
    pub fn id_token_hint(&self) -> bool {
        self.security.id_token_hint
    }

    /// Returns which data a browser deletes when a user signs out.
    #[must_use]
    pub fn clear_site_data(&self) -> &[String] {
        &self.security.clear_site_data
    }

    /// Returns whether a guarded page that another site leads to asks the user before a sign-in begins.
    #[must_use]
    pub fn confirm_cross_site_sign_in(&self) -> bool {
        self.security.confirm_cross_site_sign_in
    }

    /// Returns which claims the user route gives, if that was set; an empty list is for none.
    #[must_use]
    pub fn user_route_claims(&self) -> Option<&[String]> {
        self.security.user_route_claims.as_deref()
    }

    /// Returns the algorithms that tokens may be signed with, if they were set.
    #[must_use]
    pub fn accepted_algorithms(&self) -> Option<&[String]> {
        self.server.accepted_algorithms()
    }

    /// Returns the function for custom error pages, if it was set.
    #[must_use]
    pub fn error_pages(&self) -> Option<&Arc<ErrorPages>> {
        self.pages.errors.as_ref()
    }

    /// Returns the HTTP client for requests to Logto, if it was set.
    #[must_use]
    pub fn http_client(&self) -> Option<&Arc<dyn HttpClient>> {
        self.server.http_client()
    }

    /// Returns the session store, if it was set. A call to it fails after [`store_timeout`](Self::store_timeout).
    #[must_use]
    pub fn session_store(&self) -> Option<&Arc<dyn SessionStore>> {
        self.cookies.stores.sessions.as_ref()
    }

    /// Returns the store that records ended sessions: the one that was set, the session store's own, or one in memory.
    #[must_use]
    pub fn revocation_store(&self) -> &Arc<dyn RevocationStore> {
        self.cookies.stores.revocations()
    }

    /// Returns the coordinator of refreshes across instances: the one that was set, or the session store's own.
    #[must_use]
    pub fn refresh_coordinator(&self) -> Option<Arc<dyn RefreshCoordinator>> {
        let of_store = || self.session_store().and_then(SessionStore::coordinator);
        self.refresh_coordinator.clone().or_else(of_store)
    }

    /// Returns whether sign-ins are begun by pushed authorization requests (RFC 9126).
    #[must_use]
    pub fn pushed_authorization_requests(&self) -> bool {
        self.security.pushed_authorization_requests
    }

    /// Returns whether a function is called for each sign-in.
    #[must_use]
    pub fn on_sign_in(&self) -> bool {
        self.on_sign_in.is_some()
    }

    /// Returns the clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.server.clock
    }
}
