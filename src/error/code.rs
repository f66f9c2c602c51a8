//! Every error there is: its name, who is to act, and what to do. `docs/errors.md` shows the same list.

use super::ErrorKind;

macro_rules! codes {
    ($($variant:ident $name:literal $kind:ident $hint:literal)*) => {
        /// The name of an error. The string is public and stable, the variant is ours.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(clippy::enum_variant_names)] // MissingCode misses an authorization code.
        pub(crate) enum Code { $($variant),* }

        impl Code {
            /// All of them, for the test that pins them.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),*];

            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            pub(crate) fn kind(self) -> ErrorKind {
                match self { $(Self::$variant => ErrorKind::$kind),* }
            }

            pub(crate) fn hint(self) -> &'static str {
                match self { $(Self::$variant => $hint),* }
            }
        }
    };
}

codes! {
    ConfigInvalid "config.invalid" Config "Correct each setting that the message names; docs/configuration.md describes them all."
    HttpClient "config.http_client" Config "Give a working client with `LogtoConfig::builder().http_client(…)`, or install CA certificates (the package `ca-certificates` in most containers)."
    ClientRejected "client.invalid_credentials" Config "Compare the app id and app secret with Logto Console › Applications › your app › Endpoints & Credentials."
    GrantNotAllowed "client.grant_not_allowed" Config "Client credentials are for an app of the type Machine-to-machine; for a token exchange turn on `Allow token exchange` in Logto Console › Applications › your app."
    RequestRefused "sign_in.request_refused" Config "Logto refuses how this application asks: compare the message with the settings here and with Logto Console › Applications › your app."
    IssuerMismatched "discovery.issuer_mismatched" Config "Set `endpoint` to exactly the address that Logto calls itself (scheme, host, port, path), or list the other one in `accepted_issuers`."

    LayerMissing "integration.missing" Usage "Add the integration's layer to the application, after the routes that use it."
    SessionCommitted "session.already_committed" Usage "The response has begun, so the session can no longer be written: do the work before the handler returns."
    ApiOtherOrigin "api.other_origin" Usage "Give `send` a path below the client's `base_url`, or an address that begins with it; make another client for another API."
    InvalidOption "options.invalid" Usage "Correct the option that the message names."
    ClaimsUnexpected "claims.unexpected" Usage "Let the type say what Logto Console › Custom JWT adds: an `Option` or `#[serde(default)]` for what may be missing."
    Randomness "system.randomness" Usage "The operating system must provide random bytes."

    ReturnToRefused "sign_in.return_to_refused" InvalidRequest "Return to a path on this site, or list the other origin in `allowed_return_origins`."
    InvalidParameter "sign_in.invalid_parameter" InvalidRequest "Correct the parameter that the message names, where the link to the sign-in is made: it came from the address of the request."
    InvalidInitiation "sign_in.invalid_initiation" InvalidRequest "Whoever sends users here to sign in gives this server's issuer as `iss`, letter by letter (OpenID Connect Core section 4)."
    MissingState "callback_uri_verification.missing_state" InvalidRequest "Begin the sign-in on this site; a callback is never opened by hand."
    StateMismatched "callback_uri_verification.state_mismatched" InvalidRequest "Sign in again: this callback belongs to a sign-in that was begun in another browser or too long ago, or after which four others were begun. If it persists, the browser may hold a second cookie of the sign-in's name (docs/troubleshooting.md)."
    RepeatedParameter "callback_uri_verification.repeated_parameter" InvalidRequest "Sign in again; if it persists, something between Logto and this site changes the callback's query."
    IssMissing "callback_uri_verification.iss_missing" InvalidRequest "Sign in again; if it persists, something between Logto and this site drops the `iss` parameter (RFC 9207)."
    IssMismatched "callback_uri_verification.iss_mismatched" InvalidRequest "Sign in again; if it persists, the answer comes from another server than `endpoint` names (RFC 9207)."
    MissingCode "callback_uri_verification.missing_code" InvalidRequest "Sign in again; the callback had neither a code nor an error."
    SignInSessionNotFound "sign_in_session.not_found" InvalidRequest "Sign in again. If it persists: open the site under the very host of `base_url` (localhost is not 127.0.0.1), over https when cookies are Secure, with cookies allowed; give all instances the same `cookie_secret`; look for other cookies of this name (docs/troubleshooting.md)."
    SignInSessionExpired "sign_in_session.expired" InvalidRequest "Sign in again: it took longer than `sign_in_timeout`, an hour unless it was set."
    CodeRefused "sign_in.invalid_code" InvalidRequest "Sign in again: Logto refused the authorization code. It lives 60 seconds, works once, and only for the redirect URI and app that asked for it."
    CrossSite "sign_out.cross_site" InvalidRequest "Sign out with a form on this site: `<form method=\"post\" action=\"/logto/sign-out\">`."
    MethodNotAllowed "routes.method_not_allowed" InvalidRequest "Sign out with a form: `<form method=\"post\" action=\"/logto/sign-out\">`."

    UserCancelled "user_cancelled" Cancelled "The user left the sign-in: offer to sign in again."
    AccessDenied "sign_in.access_denied" Forbidden "The user may not use this application, and another sign-in of the same user meets the same answer. Who may: Logto Console › Applications › your app › Rules; or a script in Logto Console › Custom JWT denied it, whose text is in the message."
    AuthorizationRefused "callback_uri_verification.error_found" Forbidden "Logto refused the sign-in and says why in the message."
    SilentUnfinished "sign_in.silent_unfinished" Cancelled "Send the browser on: `LogtoClient::error_response` makes a redirect of this error, and `handle_sign_in` follows it by itself."
    TokenAccessDenied "token.access_denied" Forbidden "Logto gives this user no such access token: a script in Logto Console › Custom JWT denied it (`api.denyAccess`), and its text is in the message; or the user may no longer use the application (Logto Console › Applications › your app › Rules)."
    OrganizationRefused "organization.access_denied" Forbidden "Logto refused the organization token and says why in the message: Logto Console › Organizations › the organization."
    OrganizationMember "organization.not_a_member" Forbidden "Add the user in Logto Console › Organizations › the organization › Members, or leave the organization out: `refresh_session` renews the user's list."
    OrganizationMfa "organization.mfa_required" Forbidden "The organization requires MFA (Logto Console › Organizations › the organization › Settings) and the user has none: let the user set up a factor (Logto Console › Multi-factor auth)."
    OrganizationConsent "organization.not_granted" Forbidden "The user did not let this third-party app into the organization: ask for consent again; Logto Console › Applications › your app › Permissions says what the app may ask for."
    SubjectRefused "token_exchange.subject_refused" Forbidden "Get a new token to exchange: Logto does not know this one, it has expired, or it was used before (a subject token works once, for ten minutes), or its user was suspended. An actor token must be opaque, with the scope `openid`."

    NotAuthenticated "not_authenticated" NotAuthenticated "Send the user to sign in."
    SessionEnded "session.ended" NotAuthenticated "Send the user to sign in: Logto no longer honours the refresh token (expired, revoked, or the user was suspended)."
    NoRefreshToken "session.no_refresh_token" NotAuthenticated "Keep the scope `offline_access` and `prompt=consent` (both are defaults): without them Logto gives no refresh token."
    MissingScope "session.scope_missing" NotAuthenticated "Send the user to sign in again: the scope was added to `scopes` after this session began, and a refresh token keeps the scopes it was issued with."
    StepUpRequired "step_up.required" NotAuthenticated "Send the user to sign in again with the `max_age` and `acr_values` that the message names: `LogtoClient::error_response` does, and leads back."
    StepUpNotReflectedInToken "step_up.not_reflected_in_token" Config "The API's access tokens do not say when or how the user authenticated: use a Logto with step-up authentication, add `auth_time` in Logto Console › Custom JWT, or let the page itself ask (`RecentlyAuthenticated`)."
    MissingOrganizationScope "missing_scope_organizations" Config "Add the scope `urn:logto:scope:organizations` to the configuration, then sign in again."

    IdTokenMalformed "id_token.invalid_token" InvalidToken "Logto's answer holds no readable ID token: check that `endpoint` is a Logto server."
    IdTokenAlg "id_token.invalid_alg" InvalidToken "Use a signing key of type ES384, ES256, ES512, RS256 or PS256: Logto Console › Signing keys."
    IdTokenKey "id_token.unknown_key" InvalidToken "The key is not in Logto's key set, which was asked for again: `endpoint` must name the server that issued the token."
    IdTokenSignature "id_token.invalid_signature" InvalidToken "The ID token was changed on its way or signed by someone else: check what `endpoint` resolves to."
    IdTokenIss "id_token.invalid_iss" InvalidToken "`endpoint` must name the server that issues the tokens; see `accepted_issuers` for a domain that moved."
    IdTokenAud "id_token.invalid_aud" InvalidToken "The ID token was issued to another app: compare `app_id` with the Logto Console."
    IdTokenAzp "id_token.invalid_azp" InvalidToken "The ID token was issued to another app: compare `app_id` with the Logto Console."
    IdTokenSid "id_token.invalid_sid" InvalidToken "Sign in again; if it persists, the server names its sessions (`sid`) by something that is not text of at most 255 bytes: check that `endpoint` is a Logto server."
    IdTokenSub "id_token.invalid_sub" InvalidToken "Sign in again: the ID token names no user, or another one than before."
    IdTokenExpired "id_token.expired" InvalidToken "Set the clock of this machine (NTP), or raise `leeway`."
    IdTokenNotYet "id_token.not_yet_valid" InvalidToken "Set the clock of this machine (NTP), or raise `leeway`."
    IdTokenIat "id_token.invalid_iat" InvalidToken "Set the clock of this machine (NTP): the ID token comes from the future."
    IdTokenNonce "id_token.invalid_nonce" InvalidToken "Sign in again: the ID token belongs to another sign-in."
    IdTokenAtHash "id_token.invalid_at_hash" InvalidToken "Sign in again: the access token does not belong to the ID token."
    IdTokenAuthTime "id_token.invalid_auth_time" InvalidToken "Logto was asked to authenticate the user again (`max_age`) and did not: set the clock of this machine (NTP), and check that nothing between changes the request."
    IdTokenAcr "id_token.invalid_acr" InvalidToken "Logto did not authenticate the user as strongly as `acr_values` asked: name each class that suffices, and check in discovery (`acr_values_supported`) that this Logto knows them."

    LogoutTokenMissing "logout_token.missing" InvalidToken "Register the address as back-channel logout URI in Logto Console › Applications › your app; Logto posts a form with `logout_token`."
    LogoutTokenMalformed "logout_token.invalid_token" InvalidToken "The request did not come from Logto, or not unchanged: register the address with Logto alone."
    LogoutTokenAlg "logout_token.invalid_alg" InvalidToken "Use a signing key of type ES384, ES256, ES512, RS256 or PS256: Logto Console › Signing keys."
    LogoutTokenKey "logout_token.unknown_key" InvalidToken "The key is not in Logto's key set: the request came from another server than `endpoint` names."
    LogoutTokenSignature "logout_token.invalid_signature" InvalidToken "The logout token was changed on its way or signed by someone else: check what `endpoint` resolves to."
    LogoutTokenIss "logout_token.invalid_iss" InvalidToken "`endpoint` must name the server that issues the tokens; see `accepted_issuers` for a domain that moved."
    LogoutTokenAud "logout_token.invalid_aud" InvalidToken "The logout token is for another app: register each app's back-channel logout URI with that app alone."
    LogoutTokenExpired "logout_token.expired" InvalidToken "Set the clock of this machine (NTP), or raise `leeway`; Logto's logout tokens live two minutes."
    LogoutTokenIat "logout_token.invalid_iat" InvalidToken "Set the clock of this machine (NTP): the logout token comes from the future."
    LogoutTokenSubject "logout_token.invalid_subject" InvalidToken "A logout token names a session (`sid`), a user (`sub`) or both: check that `endpoint` is a Logto server."
    LogoutTokenEvents "logout_token.invalid_events" InvalidToken "The token is no logout token (it lacks the event): check that `endpoint` is a Logto server."
    LogoutTokenNonce "logout_token.invalid_nonce" InvalidToken "A logout token must not have a nonce: somebody may have sent an ID token in its place."
    LogoutTokenJti "logout_token.invalid_jti" InvalidToken "A logout token needs a `jti`, so that it is taken once: check that `endpoint` is a Logto server."
    LogoutTokenReplayed "logout_token.replayed" InvalidToken "The logout token was taken before and needs nothing done; if Logto did not send it twice, somebody has seen it."

    OpaqueAccessToken "access_token.opaque" Usage "Ask for a resource or an organization: only then is the access token a JWT."
    AccessTokenMalformed "access_token.invalid_token" InvalidToken "Logto's answer holds no readable access token: check that `endpoint` is a Logto server."

    BearerMissing "bearer_token.missing" NotAuthenticated "Send an access token: `Authorization: Bearer <token>`."
    BearerRequest "bearer_token.invalid_request" InvalidToken "Send one `Authorization: Bearer <token>` header with one token of at most 16 KiB."
    BearerOpaque "bearer_token.opaque" InvalidToken "Ask Logto for a token for this API: name its identifier as `resource` at sign-in and with `get_access_token`; without a resource or an organization the access token is opaque. `introspection(…)` lets this API take opaque tokens."
    BearerIdToken "bearer_token.id_token" InvalidToken "Send the access token: an ID token is for the app that signed the user in, not for an API."
    BearerMalformed "bearer_token.invalid_token" InvalidToken "Send the access token exactly as Logto gave it."
    BearerTyp "bearer_token.invalid_typ" InvalidToken "Send an access token for an API resource or an organization: its type is `at+jwt` (RFC 9068)."
    BearerAlg "bearer_token.invalid_alg" InvalidToken "Use a signing key of type ES384, ES256, ES512, RS256 or PS256: Logto Console › Signing keys."
    BearerKey "bearer_token.unknown_key" InvalidToken "The key is not in Logto's key set: the token is of another server than `endpoint` names, or its key was withdrawn."
    BearerSignature "bearer_token.invalid_signature" InvalidToken "The access token was changed on its way or signed by someone else: get a new one from Logto."
    BearerIss "bearer_token.invalid_iss" InvalidToken "`endpoint` must name the server that issues the tokens; see `accepted_issuers` for a domain that moved."
    BearerAud "bearer_token.invalid_aud" InvalidToken "Ask Logto for a token for this API: its `resource` is what `audience` names here, character by character."
    BearerSub "bearer_token.invalid_sub" InvalidToken "An access token names a user or a machine (`sub`): check that `endpoint` is a Logto server."
    BearerClientId "bearer_token.invalid_client_id" InvalidToken "An access token names the app it was issued to (`client_id`); an opaque one must be of an app that `introspection(…)` names."
    BearerExpired "bearer_token.expired" InvalidToken "Get a new access token. If it was fresh: set the clock of this machine (NTP), or raise `leeway`."
    BearerNotYet "bearer_token.not_yet_valid" InvalidToken "Set the clock of this machine (NTP), or raise `leeway`."
    BearerIat "bearer_token.invalid_iat" InvalidToken "Set the clock of this machine (NTP): the access token comes from the future."
    BearerInactive "bearer_token.inactive" InvalidToken "Get a new access token: Logto no longer knows this one, or it is no access token."
    BearerScope "bearer_token.insufficient_scope" Forbidden "Ask for the scope at sign-in, and grant it by a role in the Logto Console."
    BearerOrganization "bearer_token.wrong_organization" Forbidden "Ask for a token for the organization (`organization_id`) that the request is about."
    BearerAuthentication "bearer_token.insufficient_user_authentication" NotAuthenticated "Sign the user in again with the `max_age` and `acr_values` of the challenge (RFC 9470)."
    BearerClaims "bearer_token.unreadable_claims" Config "Let the type fit the token: Logto Console › Custom JWT says which claims it has."

    UnexpectedResponse "unexpected_response_error" Provider "Check that `endpoint` is a Logto server and that nothing between (proxy, captive portal) answers in its place."
    SignInServerError "sign_in.server_error" Provider "Sign in again in a moment; if it persists, Logto's own log says why."
    DiscoveryFailed "discovery.failed" Provider "Open `<endpoint>/oidc/.well-known/openid-configuration`: it must answer with JSON. `endpoint` is the address without `/oidc`."
    KeySetFailed "jwks.failed" Provider "Open the `jwks_uri` that discovery names: it must answer with a JSON Web Key Set."
    IntrospectionFailed "introspection.failed" Provider "Check the client of `introspection(…)` in Logto Console › Applications; the answer must be JSON."
    TokenRefused "token.refused" Provider "Logto refused the token request and says why in the message."
    ResourceRefused "token.resource_refused" Config "Register the API resource in Logto Console › API resources under this very identifier, and list it in `resources` before the user signs in."
    ScopeRefused "token.scope_refused" Config "Ask for the scope when the user signs in (`scopes`), and grant it by a role in the Logto Console."
    UserInfoFailed "fetch_user_info_failed" Provider "Logto's userinfo endpoint refused the access token and says why in the message."
    UserInfoSub "user_info.sub_mismatched" InvalidToken "The user info names another user than the ID token and was refused (OpenID Connect Core 5.3.2)."

    Unreachable "network.unreachable" Network "Check that this server reaches `endpoint` (or `internal_endpoint`): DNS, firewall, TLS certificates. The session is kept."
    Timeout "network.timeout" Network "Logto did not answer in time; try again. The session is kept."
    BodyTooLarge "network.body_too_large" Provider "Check that `endpoint` is a Logto server: the answer was larger than 1 MB."
    Redirected "network.redirected" Provider "Use the final address as `endpoint`: Logto's endpoints do not redirect, and redirects are not followed."

    StoreFailed "store.failed" Store "Check the session store: its address, its credentials, its log. Nobody is logged out by it; try again."
    SessionTooLarge "session.too_large" SessionTooLarge "Keep sessions in a store (`session_store`), or make the member that the message names smaller."
}

impl Code {
    /// Where the status differs from its kind's.
    pub(crate) fn status(self) -> Option<u16> {
        match self {
            Self::CrossSite => Some(403),
            Self::MethodNotAllowed => Some(405),
            // OpenID Connect Back-Channel Logout 1.0 section 2.8. Other tokens come from Logto's answers, these from whoever posts one.
            code if code.as_str().starts_with("logout_token.") => Some(400),
            // RFC 6750 section 3.1.
            Self::BearerRequest => Some(400),
            code if code.kind() == ErrorKind::InvalidToken && code.as_str().starts_with("bearer_token.") => Some(401),
            _ => None,
        }
    }
}
