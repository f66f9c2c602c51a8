//! Every error there is: its name, who is to act, and what to do. `docs/errors.md` shows the same list.

use std::fmt;

use super::ErrorKind;

/// The name of an error: what [`Error::code`](super::Error::code) gives. The text is stable and made for programs; where Logto's own SDKs have
/// the case, it is theirs.
///
/// Compare it with a constant, of which the compiler knows whether it exists, or with text:
///
/// ```
/// use logto::{ErrorCode, LogtoConfig};
///
/// let error = LogtoConfig::builder().build().unwrap_err();
/// match error.code() {
///     ErrorCode::CONFIG_INVALID => println!("{error}"),
///     code => panic!("{code}"),
/// }
/// assert_eq!(error.code(), "config.invalid");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct ErrorCode(&'static str);

impl ErrorCode {
    /// The name as text, such as `session.ended`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

impl AsRef<str> for ErrorCode {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl PartialEq<str> for ErrorCode {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for ErrorCode {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<ErrorCode> for str {
    fn eq(&self, other: &ErrorCode) -> bool {
        self == other.0
    }
}

impl PartialEq<ErrorCode> for &str {
    fn eq(&self, other: &ErrorCode) -> bool {
        *self == other.0
    }
}

macro_rules! codes {
    ($($variant:ident $constant:ident $name:literal $kind:ident $hint:literal)*) => {
        /// An error as this crate tells it apart. Its name is public and stable, the variant is ours.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[cfg_attr(
            not(all(feature = "account", feature = "cli", feature = "protected-app", feature = "webhooks")),
            allow(dead_code)
        )]
        #[expect(clippy::enum_variant_names)] // MissingCode misses an authorization code.
        pub(crate) enum Code { $($variant),* }

        impl Code {
            /// All of them, for the test that pins them.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),*];

            pub(crate) fn as_str(self) -> &'static str {
                self.name().as_str()
            }

            pub(crate) fn kind(self) -> ErrorKind {
                match self { $(Self::$variant => ErrorKind::$kind),* }
            }

            pub(crate) fn hint(self) -> &'static str {
                match self { $(Self::$variant => $hint),* }
            }

            pub(crate) fn name(self) -> ErrorCode {
                match self { $(Self::$variant => ErrorCode::$constant),* }
            }
        }

        /// All codes. Each is named as its text is.
        impl ErrorCode {
            /// All of them, for the test that compares the names.
            #[cfg(test)]
            pub(crate) const NAMED: &[(&'static str, Self)] = &[$((stringify!($constant), Self::$constant)),*];

            $(
                #[doc = concat!("`", $name, "`, of the kind [`", stringify!($kind), "`](ErrorKind::", stringify!($kind), "). ", $hint)]
                pub const $constant: Self = Self($name);
            )*
        }
    };
}

codes! {
    ConfigInvalid CONFIG_INVALID "config.invalid" Config "Correct each setting that the message names; docs/configuration.md describes them all."
    HttpClient CONFIG_HTTP_CLIENT "config.http_client" Config "Give a working client with `LogtoConfig::builder().http_client(…)`, or install CA certificates (the package `ca-certificates` in most containers)."
    ClientRejected CLIENT_INVALID_CREDENTIALS "client.invalid_credentials" Config "Compare the app id and app secret with Logto Console › Applications › your app › Endpoints & Credentials."
    GrantNotAllowed CLIENT_GRANT_NOT_ALLOWED "client.grant_not_allowed" Config "Client credentials are for an app of the type Machine-to-machine; for a token exchange turn on `Allow token exchange` in Logto Console › Applications › your app."
    RequestRefused SIGN_IN_REQUEST_REFUSED "sign_in.request_refused" Config "Logto refuses how this application asks: compare the message with the settings here and with Logto Console › Applications › your app."
    NoPushedRequests SIGN_IN_NO_PUSHED_REQUESTS "sign_in.no_pushed_requests" Config "Turn `pushed_authorization_requests` off (LOGTO_PUSHED_AUTHORIZATION_REQUESTS): the discovery document of the server at `endpoint` names no `pushed_authorization_request_endpoint`."
    NotSetUp SIGN_IN_NOT_SET_UP "sign_in.not_set_up" Config "This application runs without sign-in: give its `CurrentClient` settings with `replace`, or leave out what needs a user."
    SubjectForeign TOKEN_EXCHANGE_OTHER_SERVER "token_exchange.other_server" Config "Exchange the caller's token at the server that issued it: of an API that takes the tokens of several tenants choose the client by `AuthInfo::issuer`."
    IssuerMismatched DISCOVERY_ISSUER_MISMATCHED "discovery.issuer_mismatched" Config "Set `endpoint` to exactly the address that Logto calls itself (scheme, host, port, path), or list the other one in `accepted_issuers`."

    LayerMissing INTEGRATION_MISSING "integration.missing" Usage "Add the integration's layer to the application, after the routes that use it."
    RoutesNested INTEGRATION_NESTED "integration.nested" Usage "Mount the authentication routes at the outermost router, without a prefix; `Routes::below` gives them other paths."
    SessionCommitted SESSION_ALREADY_COMMITTED "session.already_committed" Usage "The response has begun, so the session can no longer be written: do the work before the handler returns."
    CallerTokenNotKept TOKEN_EXCHANGE_CALLER_TOKEN_NOT_KEPT "token_exchange.caller_token_not_kept" Usage "Set `keep_caller_tokens(true)` on the `ResourceServer` that verifies the caller's token: by default it is forgotten when it has been verified."
    ApiOtherOrigin API_OTHER_ORIGIN "api.other_origin" Usage "Give `send` a path below the client's `base_url`, or an address that begins with it; make another client for another API."
    InvalidOption OPTIONS_INVALID "options.invalid" Usage "Correct the option that the message names."
    ClaimsUnexpected CLAIMS_UNEXPECTED "claims.unexpected" Usage "Let the type say what Logto Console › Custom JWT adds: an `Option` or `#[serde(default)]` for what may be missing."
    DataTooLarge SESSION_DATA_TOO_LARGE "session.data_too_large" Usage "Keep what is large in a database, under the user's id (`sub`); the slot in the session takes 1,024 bytes of JSON."
    DataUnexpected SESSION_DATA_UNEXPECTED "session.data_unexpected" Usage "Read the value as the type that it was written as, or one that takes both: sessions outlive a deployment. `set_data` and `clear_data` replace it."
    Randomness SYSTEM_RANDOMNESS "system.randomness" Usage "The operating system must provide random bytes."

    LooksOnly REQUEST_LOOKS_ONLY "request.looks_only" InvalidRequest "Nothing is to be done: a HEAD request or a prefetch changes nothing, and the browser asks again when its user comes."
    UnknownHost SIGN_IN_UNKNOWN_HOST "sign_in.unknown_host" InvalidRequest "Open the site at one of its base URLs, or list this host in `further_base_urls`. Behind a proxy: have it pass on the `Host` that the browser asked for, or name the header that it sets in `host_header`."
    HookFailed SIGN_IN_HOOK_FAILED "sign_in.hook_failed" Application "The function of `on_sign_in` returned an error or panicked: the log has the cause. Nobody was signed in; the user signs in again."
    HookTimeout SIGN_IN_HOOK_TIMEOUT "sign_in.hook_timeout" Application "The function of `on_sign_in` did not return within 10 seconds: bound what it waits for. Nobody was signed in; the user signs in again."

    ReturnToRefused SIGN_IN_RETURN_TO_REFUSED "sign_in.return_to_refused" InvalidRequest "Return to a path on this site, or list the other origin in `allowed_return_origins`."
    InvalidParameter SIGN_IN_INVALID_PARAMETER "sign_in.invalid_parameter" InvalidRequest "Correct the parameter that the message names, where the link to the sign-in is made: it came from the address of the request."
    InvalidInitiation SIGN_IN_INVALID_INITIATION "sign_in.invalid_initiation" InvalidRequest "Whoever sends users here to sign in gives this server's issuer as `iss`, letter by letter (OpenID Connect Core section 4)."
    NotAPage SIGN_IN_NOT_A_PAGE "sign_in.not_a_page" InvalidRequest "Begin a sign-in where a browser goes to a page (a link, a redirect), or by a script of this site; images, scripts and frames of others begin none. For an application that is shown in frames set `cookie_same_site` to `none`."
    Unconfirmed SIGN_IN_UNCONFIRMED "sign_in.unconfirmed" InvalidRequest "Let the user decide: the page of this error has a link that goes on. It is asked where another site leads to the sign-in and `confirm_cross_site_sign_in` is set."
    MissingState CALLBACK_URI_VERIFICATION_MISSING_STATE "callback_uri_verification.missing_state" InvalidRequest "Begin the sign-in on this site. A callback that is opened by hand or from a bookmark has no state."
    StateMismatched CALLBACK_URI_VERIFICATION_STATE_MISMATCHED "callback_uri_verification.state_mismatched" InvalidRequest "Sign in again: this callback belongs to a sign-in that was begun in another browser or too long ago, or after which four others were begun. If it persists, the browser may hold a second cookie of the sign-in's name (docs/troubleshooting.md)."
    RepeatedParameter CALLBACK_URI_VERIFICATION_REPEATED_PARAMETER "callback_uri_verification.repeated_parameter" InvalidRequest "Sign in again; if it persists, something between Logto and this site changes the callback's query."
    IssMissing CALLBACK_URI_VERIFICATION_ISS_MISSING "callback_uri_verification.iss_missing" InvalidRequest "Sign in again; if it persists, something between Logto and this site drops the `iss` parameter (RFC 9207)."
    IssMismatched CALLBACK_URI_VERIFICATION_ISS_MISMATCHED "callback_uri_verification.iss_mismatched" InvalidRequest "Sign in again; if it persists, the answer comes from another server than `endpoint` names (RFC 9207)."
    MissingCode CALLBACK_URI_VERIFICATION_MISSING_CODE "callback_uri_verification.missing_code" InvalidRequest "Sign in again; the callback had neither a code nor an error."
    SignInSessionNotFound SIGN_IN_SESSION_NOT_FOUND "sign_in_session.not_found" InvalidRequest "Sign in again. If it persists: open the site under the very host of `base_url` (localhost is not 127.0.0.1), over https when cookies are Secure, with cookies allowed; give all instances the same `cookie_secret`; look for other cookies of this name (docs/troubleshooting.md)."
    SignInSessionExpired SIGN_IN_SESSION_EXPIRED "sign_in_session.expired" InvalidRequest "Sign in again: it took longer than `sign_in_timeout`, an hour unless it was set."
    CodeRefused SIGN_IN_INVALID_CODE "sign_in.invalid_code" InvalidRequest "Sign in again: Logto refused the authorization code. It lives 60 seconds, works once, and only for the redirect URI and app that asked for it."
    CrossSite SIGN_OUT_CROSS_SITE "sign_out.cross_site" InvalidRequest "Sign out with a form on this site: `<form method=\"post\" action=\"/logto/sign-out\">`."
    MethodNotAllowed ROUTES_METHOD_NOT_ALLOWED "routes.method_not_allowed" InvalidRequest "Sign out with a form: `<form method=\"post\" action=\"/logto/sign-out\">`."

    UserCancelled USER_CANCELLED "user_cancelled" Cancelled "The user left the sign-in: offer to sign in again."
    AccessDenied SIGN_IN_ACCESS_DENIED "sign_in.access_denied" Forbidden "The user may not use this application, and another sign-in of the same user meets the same answer. Who may: Logto Console › Applications › your app › Rules; or a script in Logto Console › Custom JWT denied it, whose text is in the message."
    SignInRefused SIGN_IN_REFUSED "sign_in.refused" Forbidden "The application's sign-in hook refused the user: let them sign out and use another account."
    AuthorizationRefused CALLBACK_URI_VERIFICATION_ERROR_FOUND "callback_uri_verification.error_found" Forbidden "Logto refused the sign-in and says why in the message."
    SilentUnfinished SIGN_IN_SILENT_UNFINISHED "sign_in.silent_unfinished" Cancelled "Send the browser on: `LogtoClient::error_response` makes a redirect of this error, and `handle_sign_in` follows it by itself."
    TokenAccessDenied TOKEN_ACCESS_DENIED "token.access_denied" Forbidden "Logto gives this user no such access token: a script in Logto Console › Custom JWT denied it (`api.denyAccess`), and its text is in the message; or the user may no longer use the application (Logto Console › Applications › your app › Rules)."
    OrganizationRefused ORGANIZATION_ACCESS_DENIED "organization.access_denied" Forbidden "Logto refused the organization token and says why in the message: Logto Console › Organizations › the organization."
    OrganizationMember ORGANIZATION_NOT_A_MEMBER "organization.not_a_member" Forbidden "Add the user in Logto Console › Organizations › the organization › Members, or leave the organization out: `refresh_session` renews the user's list."
    OrganizationMfa ORGANIZATION_MFA_REQUIRED "organization.mfa_required" Forbidden "The organization requires MFA (Logto Console › Organizations › the organization › Settings) and the user has none: let the user set up a factor (Logto Console › Multi-factor auth)."
    OrganizationConsent ORGANIZATION_NOT_GRANTED "organization.not_granted" Forbidden "The user did not let this third-party app into the organization: ask for consent again; Logto Console › Applications › your app › Permissions says what the app may ask for."
    SubjectRefused TOKEN_EXCHANGE_SUBJECT_REFUSED "token_exchange.subject_refused" Forbidden "Get a new token to exchange: Logto does not know this one, it has expired, or it was used before (a subject token works once, for ten minutes), or its user was suspended. An actor token must be opaque, with the scope `openid`."

    NotAuthenticated NOT_AUTHENTICATED "not_authenticated" NotAuthenticated "Send the user to sign in."
    SessionEnded SESSION_ENDED "session.ended" NotAuthenticated "Send the user to sign in: Logto no longer honours the refresh token (expired, revoked, or the user was suspended)."
    NoRefreshToken SESSION_NO_REFRESH_TOKEN "session.no_refresh_token" NotAuthenticated "Keep the scope `offline_access` and `prompt=consent` (both are defaults): without them Logto gives no refresh token."
    MissingScope SESSION_SCOPE_MISSING "session.scope_missing" NotAuthenticated "Send the user to sign in again: the scope was added to `scopes` after this session began, and a refresh token keeps the scopes it was issued with."
    StepUpRequired STEP_UP_REQUIRED "step_up.required" NotAuthenticated "Send the user to sign in again with the `max_age` and `acr_values` that the message names: `LogtoClient::error_response` does, and leads back."
    StepUpNotReflectedInToken STEP_UP_NOT_REFLECTED_IN_TOKEN "step_up.not_reflected_in_token" Config "The API's access tokens do not say when or how the user authenticated: use a Logto with step-up authentication, add `auth_time` in Logto Console › Custom JWT, or let the page itself ask (`RecentlyAuthenticated`)."
    MissingOrganizationScope MISSING_SCOPE_ORGANIZATIONS "missing_scope_organizations" Config "Add the scope `urn:logto:scope:organizations` to the configuration, then sign in again."

    IdTokenMalformed ID_TOKEN_INVALID_TOKEN "id_token.invalid_token" InvalidToken "Logto's answer holds no readable ID token: check that `endpoint` is a Logto server."
    IdTokenAlg ID_TOKEN_INVALID_ALG "id_token.invalid_alg" InvalidToken "Use a signing key of type ES384, ES256, ES512, RS256 or PS256: Logto Console › Signing keys."
    IdTokenKey ID_TOKEN_UNKNOWN_KEY "id_token.unknown_key" InvalidToken "The key is not in Logto's key set, which was asked for again: `endpoint` must name the server that issued the token."
    IdTokenSignature ID_TOKEN_INVALID_SIGNATURE "id_token.invalid_signature" InvalidToken "The ID token was changed on its way or signed by someone else: check what `endpoint` resolves to."
    IdTokenIss ID_TOKEN_INVALID_ISS "id_token.invalid_iss" InvalidToken "`endpoint` must name the server that issues the tokens; see `accepted_issuers` for a domain that moved."
    IdTokenAud ID_TOKEN_INVALID_AUD "id_token.invalid_aud" InvalidToken "The ID token was issued to another app: compare `app_id` with the Logto Console."
    IdTokenAzp ID_TOKEN_INVALID_AZP "id_token.invalid_azp" InvalidToken "The ID token was issued to another app: compare `app_id` with the Logto Console."
    IdTokenSid ID_TOKEN_INVALID_SID "id_token.invalid_sid" InvalidToken "Sign in again; if it persists, the server names its sessions (`sid`) by something that is not text of at most 255 bytes: check that `endpoint` is a Logto server."
    IdTokenSub ID_TOKEN_INVALID_SUB "id_token.invalid_sub" InvalidToken "Sign in again: the ID token names no user, or another one than before."
    IdTokenExpired ID_TOKEN_EXPIRED "id_token.expired" InvalidToken "Set the clock of this machine (NTP), or raise `leeway`."
    IdTokenNotYet ID_TOKEN_NOT_YET_VALID "id_token.not_yet_valid" InvalidToken "Set the clock of this machine (NTP), or raise `leeway`."
    IdTokenIat ID_TOKEN_INVALID_IAT "id_token.invalid_iat" InvalidToken "Set the clock of this machine (NTP): the ID token comes from the future."
    IdTokenNonce ID_TOKEN_INVALID_NONCE "id_token.invalid_nonce" InvalidToken "Sign in again: the ID token belongs to another sign-in."
    IdTokenAtHash ID_TOKEN_INVALID_AT_HASH "id_token.invalid_at_hash" InvalidToken "Sign in again: the access token does not belong to the ID token."
    IdTokenAuthTime ID_TOKEN_INVALID_AUTH_TIME "id_token.invalid_auth_time" InvalidToken "Logto was asked to authenticate the user again (`max_age`) and did not: set the clock of this machine (NTP), and check that nothing between changes the request."
    IdTokenAcr ID_TOKEN_INVALID_ACR "id_token.invalid_acr" InvalidToken "Logto did not authenticate the user as strongly as `acr_values` asked: name each class that suffices, and check in discovery (`acr_values_supported`) that this Logto knows them."

    LogoutTokenMissing LOGOUT_TOKEN_MISSING "logout_token.missing" InvalidToken "Register the address as back-channel logout URI in Logto Console › Applications › your app; Logto posts a form with `logout_token`."
    LogoutTokenMalformed LOGOUT_TOKEN_INVALID_TOKEN "logout_token.invalid_token" InvalidToken "The request did not come from Logto, or not unchanged: register the address with Logto alone."
    LogoutTokenAlg LOGOUT_TOKEN_INVALID_ALG "logout_token.invalid_alg" InvalidToken "Use a signing key of type ES384, ES256, ES512, RS256 or PS256: Logto Console › Signing keys."
    LogoutTokenKey LOGOUT_TOKEN_UNKNOWN_KEY "logout_token.unknown_key" InvalidToken "The key is not in Logto's key set: the request came from another server than `endpoint` names."
    LogoutTokenSignature LOGOUT_TOKEN_INVALID_SIGNATURE "logout_token.invalid_signature" InvalidToken "The logout token was changed on its way or signed by someone else: check what `endpoint` resolves to."
    LogoutTokenIss LOGOUT_TOKEN_INVALID_ISS "logout_token.invalid_iss" InvalidToken "`endpoint` must name the server that issues the tokens; see `accepted_issuers` for a domain that moved."
    LogoutTokenAud LOGOUT_TOKEN_INVALID_AUD "logout_token.invalid_aud" InvalidToken "The logout token is for another app: register each app's back-channel logout URI with that app alone."
    LogoutTokenExpired LOGOUT_TOKEN_EXPIRED "logout_token.expired" InvalidToken "Set the clock of this machine (NTP), or raise `leeway`; Logto's logout tokens live two minutes."
    LogoutTokenIat LOGOUT_TOKEN_INVALID_IAT "logout_token.invalid_iat" InvalidToken "Set the clock of this machine (NTP): the logout token comes from the future."
    LogoutTokenSubject LOGOUT_TOKEN_INVALID_SUBJECT "logout_token.invalid_subject" InvalidToken "A logout token names a session (`sid`), a user (`sub`) or both: check that `endpoint` is a Logto server."
    LogoutTokenEvents LOGOUT_TOKEN_INVALID_EVENTS "logout_token.invalid_events" InvalidToken "The token is no logout token (it lacks the event): check that `endpoint` is a Logto server."
    LogoutTokenNonce LOGOUT_TOKEN_INVALID_NONCE "logout_token.invalid_nonce" InvalidToken "A logout token must not have a nonce: somebody may have sent an ID token in its place."
    LogoutTokenJti LOGOUT_TOKEN_INVALID_JTI "logout_token.invalid_jti" InvalidToken "A logout token needs a `jti`, so that it is taken once: check that `endpoint` is a Logto server."
    LogoutTokenReplayed LOGOUT_TOKEN_REPLAYED "logout_token.replayed" InvalidToken "The logout token was taken before and needs nothing done; if Logto did not send it twice, somebody has seen it."

    OpaqueAccessToken ACCESS_TOKEN_OPAQUE "access_token.opaque" Usage "Ask for a resource or an organization: only then is the access token a JWT."
    AccessTokenMalformed ACCESS_TOKEN_INVALID_TOKEN "access_token.invalid_token" InvalidToken "Logto's answer holds no readable access token: check that `endpoint` is a Logto server."

    BearerMissing BEARER_TOKEN_MISSING "bearer_token.missing" NotAuthenticated "Send an access token: `Authorization: Bearer <token>`."
    BearerRequest BEARER_TOKEN_INVALID_REQUEST "bearer_token.invalid_request" InvalidToken "Send one `Authorization: Bearer <token>` header with one token of at most 16 KiB."
    BearerOpaque BEARER_TOKEN_OPAQUE "bearer_token.opaque" InvalidToken "Ask Logto for a token for this API: name its identifier as `resource` at sign-in and with `get_access_token`; without a resource or an organization the access token is opaque. `introspection(…)` lets this API take opaque tokens."
    BearerIdToken BEARER_TOKEN_ID_TOKEN "bearer_token.id_token" InvalidToken "Send the access token: an ID token is for the app that signed the user in, not for an API."
    BearerMalformed BEARER_TOKEN_INVALID_TOKEN "bearer_token.invalid_token" InvalidToken "Send the access token exactly as Logto gave it."
    BearerTyp BEARER_TOKEN_INVALID_TYP "bearer_token.invalid_typ" InvalidToken "Send an access token for an API resource or an organization: its type is `at+jwt` (RFC 9068)."
    BearerAlg BEARER_TOKEN_INVALID_ALG "bearer_token.invalid_alg" InvalidToken "Use a signing key of type ES384, ES256, ES512, RS256 or PS256: Logto Console › Signing keys."
    BearerKey BEARER_TOKEN_UNKNOWN_KEY "bearer_token.unknown_key" InvalidToken "The key is not in Logto's key set: the token is of another server than `endpoint` names, or its key was withdrawn."
    BearerSignature BEARER_TOKEN_INVALID_SIGNATURE "bearer_token.invalid_signature" InvalidToken "The access token was changed on its way or signed by someone else: get a new one from Logto."
    BearerIss BEARER_TOKEN_INVALID_ISS "bearer_token.invalid_iss" InvalidToken "`endpoint` must name the server that issues the tokens; see `accepted_issuers` for a domain that moved."
    BearerAud BEARER_TOKEN_INVALID_AUD "bearer_token.invalid_aud" InvalidToken "Ask Logto for a token for this API: its `resource` is what `audience` names here, character by character."
    BearerSub BEARER_TOKEN_INVALID_SUB "bearer_token.invalid_sub" InvalidToken "An access token names a user or a machine (`sub`): check that `endpoint` is a Logto server."
    BearerClientId BEARER_TOKEN_INVALID_CLIENT_ID "bearer_token.invalid_client_id" InvalidToken "An access token names the app it was issued to (`client_id`); an opaque one must be of an app that `introspection(…)` names."
    BearerExpired BEARER_TOKEN_EXPIRED "bearer_token.expired" InvalidToken "Get a new access token. If it was fresh: set the clock of this machine (NTP), or raise `leeway`."
    BearerNotYet BEARER_TOKEN_NOT_YET_VALID "bearer_token.not_yet_valid" InvalidToken "Set the clock of this machine (NTP), or raise `leeway`."
    BearerIat BEARER_TOKEN_INVALID_IAT "bearer_token.invalid_iat" InvalidToken "Set the clock of this machine (NTP): the access token comes from the future."
    BearerInactive BEARER_TOKEN_INACTIVE "bearer_token.inactive" InvalidToken "Get a new access token: Logto no longer knows this one, or it is no access token."
    BearerBound BEARER_TOKEN_KEY_BOUND "bearer_token.key_bound" InvalidToken "Ask for a plain bearer token: this one is good with proof of a key alone (`cnf`, RFC 7800; DPoP or mutual TLS), and this API asks nobody for such a proof."
    BearerScope BEARER_TOKEN_INSUFFICIENT_SCOPE "bearer_token.insufficient_scope" Forbidden "Ask for the scope at sign-in, and grant it by a role in the Logto Console."
    BearerOrganization BEARER_TOKEN_WRONG_ORGANIZATION "bearer_token.wrong_organization" Forbidden "Ask for a token for the organization (`organization_id`) that the request is about."
    BearerAuthentication BEARER_TOKEN_INSUFFICIENT_USER_AUTHENTICATION "bearer_token.insufficient_user_authentication" NotAuthenticated "Sign the user in again with the `max_age` and `acr_values` of the challenge (RFC 9470)."
    BearerClaims BEARER_TOKEN_UNREADABLE_CLAIMS "bearer_token.unreadable_claims" Config "Let the type fit the token: Logto Console › Custom JWT says which claims it has."

    ProtectedMissing PROTECTED_APP_TOKEN_MISSING "protected_app.token_missing" InvalidToken "Open the application at the address of its Protected App: Logto's edge adds the header `Logto-ID-Token`, and this request came past it, or for a path without authentication (Logto Console › Applications › the app)."
    ProtectedRepeated PROTECTED_APP_TOKEN_REPEATED "protected_app.token_repeated" InvalidToken "Logto's edge sends one header `Logto-ID-Token`: somebody has added another, or a proxy in between has."
    ProtectedMalformed PROTECTED_APP_INVALID_TOKEN "protected_app.invalid_token" InvalidToken "The header `Logto-ID-Token` is an ID token as Logto signs it: this request did not come from Logto's edge, or something in between has changed it."
    ProtectedSignature PROTECTED_APP_INVALID_SIGNATURE "protected_app.invalid_signature" InvalidToken "None of the keys of the server at `endpoint` signed this ID token: the request did not come from Logto's edge, or `endpoint` is another tenant's."
    ProtectedIss PROTECTED_APP_INVALID_ISS "protected_app.invalid_iss" InvalidToken "`endpoint` must name the server that issues the tokens: with a custom domain of the tenant it is that one; see `accepted_issuers`."
    ProtectedAud PROTECTED_APP_INVALID_AUD "protected_app.invalid_aud" InvalidToken "The ID token was issued to another app: compare `app_id` with Logto Console › Applications › the Protected App."
    ProtectedExpired PROTECTED_APP_EXPIRED "protected_app.expired" InvalidToken "Reload the page: Logto's edge sends a new ID token. If it persists, set the clock of this machine (NTP), or raise `leeway`."
    ProtectedNotYet PROTECTED_APP_NOT_YET_VALID "protected_app.not_yet_valid" InvalidToken "Set the clock of this machine (NTP): the ID token comes from the future."

    AccountNoLogto ACCOUNT_NO_LOGTO "account.no_logto" Config "The Account API is Logto's own: name the server by `endpoint`, and not by `issuer`."
    AccountDisabled ACCOUNT_DISABLED "account.disabled" Config "Turn the Account API on: Logto Console › Sign-in & account › Account center › Enable Account API."
    AccountNotSetUp ACCOUNT_NOT_SET_UP "account.not_set_up" Config "Logto lacks what this needs: for codes an email or SMS connector, for a link the social connector of this id (Logto Console › Connectors), for an avatar a storage provider."
    AccountScopeMissing ACCOUNT_SCOPE_MISSING "account.scope_missing" Config "Add the scope that the message names to `scopes`; users sign in once more to have it. A third-party app must be allowed it, too: Logto Console › Applications › your app › Permissions."
    AccountAppRefused ACCOUNT_APP_REFUSED "account.app_refused" Config "Logto takes changes of an account from first-party applications alone, and by tokens with the scope `openid`: Logto Console › Applications › your app."
    AccountTokenRefused ACCOUNT_TOKEN_REFUSED "account.token_refused" InvalidToken "Logto refused a fresh access token of the user: it must be the opaque one, without resource and organization, and have the scope that the message names."
    AccountFieldOff ACCOUNT_FIELD_OFF "account.field_off" Forbidden "Set the field that the message names to `Edit` (or `ReadOnly`, to show it): Logto Console › Sign-in & account › Account center. `Account::center` says what users may change."
    AccountVerification ACCOUNT_VERIFICATION_REQUIRED "account.verification_required" Forbidden "Verify the user by password or by code once more, and use what that gives: a verification is for its user, and lasts ten minutes."
    AccountMfaOff ACCOUNT_MFA_OFF "account.mfa_off" Forbidden "Turn the factor on: Logto Console › Multi-factor auth › Factors."
    AccountLockedOut ACCOUNT_LOCKED_OUT "account.locked_out" Forbidden "Let the user wait: there were too many wrong passwords or codes. How many, and for how long: Logto Console › Security › General. An administrator may end it: Logto Console › User management › the user."
    AccountCredentials ACCOUNT_CREDENTIALS_WRONG "account.credentials_wrong" InvalidRequest "Let the user enter the password or the code once more."
    AccountCode ACCOUNT_CODE_UNUSABLE "account.code_unusable" InvalidRequest "Send another code: this one is over, was tried too often, or was sent to another address."
    AccountValue ACCOUNT_VALUE_REFUSED "account.value_refused" InvalidRequest "Let the user choose another value; `account::Refusal` has Logto's reasons. What Logto takes: Logto Console › Security › Password policy, and Logto Console › Sign-in & account › Sign-up and sign-in."
    AccountNotFound ACCOUNT_NOT_FOUND "account.not_found" InvalidRequest "It is not there, or no longer: show the list anew."
    AccountLinkMismatched ACCOUNT_LINK_MISMATCHED "account.link_mismatched" InvalidRequest "Begin the link once more: this callback belongs to another one, or to none that this user began."
    AccountLinkCancelled ACCOUNT_LINK_CANCELLED "account.link_cancelled" Cancelled "The user left the provider's page: offer to link again."
    AccountLinkRefused ACCOUNT_LINK_REFUSED "account.link_refused" Forbidden "The provider refused and names the reason in the message: compare the settings of the connector, Logto Console › Connectors, with those at the provider, its redirect URI above all."
    AccountFailed ACCOUNT_FAILED "account.failed" Provider "Check that `endpoint` is a Logto server that has this part of the Account API, and that nothing between (proxy, captive portal) answers in its place."
    ProviderTokenMissing PROVIDER_TOKEN_MISSING "provider_token.missing" Forbidden "Let the user link the provider again, with the scopes that the token is for (`Account::begin_link`). Logto keeps tokens where the connector stores them: Logto Console › Connectors › the connector › Store tokens for persistent API access."

    ManagementTokenRefused MANAGEMENT_TOKEN_REFUSED "management.token_refused" Config "Let the machine-to-machine app, `endpoint` and `resource` be of one tenant. The resource is in Logto Console › API resources › Logto Management API: `https://<tenant id>.logto.app/api` on Logto Cloud, `https://default.logto.app/api` on a self-hosted server."
    ManagementForbidden MANAGEMENT_FORBIDDEN "management.forbidden" Config "Give the machine-to-machine app the role \"Logto Management API access\": Logto Console › Applications › the app › Roles. A role of your own needs the permission `all` of \"Logto Management API\"."
    ManagementNotFound MANAGEMENT_NOT_FOUND "management.not_found" InvalidRequest "Nothing has this id, or no longer. List what there is, or create it."
    ManagementNoRoute MANAGEMENT_NO_SUCH_OPERATION "management.no_such_operation" Provider "Compare the method and the path with the Management API of your Logto's version, and check that `endpoint` is a Logto and no proxy answers in its place."
    ManagementValue MANAGEMENT_VALUE_REFUSED "management.value_refused" InvalidRequest "Change what is sent: `management::Refusal` has Logto's code, and for a body of another shape the members that are wrong."
    ManagementNotSetUp MANAGEMENT_NOT_SET_UP "management.not_set_up" Config "Set up in Logto what this needs: for messages an email or SMS connector (Logto Console › Connectors), for files a storage provider."
    ManagementRateLimited MANAGEMENT_RATE_LIMITED "management.rate_limited" Network "Send fewer requests at once, or wait longer: `max_retry_wait` of the `Management`. `Error::retry_after` has the time that Logto named."
    ManagementFailed MANAGEMENT_FAILED "management.failed" Provider "Try again in a moment. If it stays so, check that `endpoint` is a Logto and no proxy answers in its place; Logto's own log has the cause."

    WebhookUnsigned WEBHOOK_SIGNATURE_MISSING "webhook.signature_missing" InvalidToken "Deliveries of Logto have the header `logto-signature-sha-256`: this one is of somebody else, or something in between drops the header."
    WebhookSignature WEBHOOK_SIGNATURE_INVALID "webhook.signature_invalid" InvalidToken "Compare the signing key with Logto Console › Webhooks › the webhook. Verify the body as it came: JSON that was read and written again is other bytes."
    WebhookFailed WEBHOOK_FAILED "webhook.failed" Application "What the application does for a delivery panicked: the log has the cause. The delivery is done when it comes again."
    WebhookBody WEBHOOK_BODY_INVALID "webhook.body_invalid" InvalidRequest "The body is signed and is no event: check that the signing key signs webhooks of Logto alone."
    WebhookBodyTooLarge WEBHOOK_BODY_TOO_LARGE "webhook.body_too_large" InvalidRequest "A delivery is read up to 1 MB: `Webhooks::MAX_BODY_BYTES`."

    CliNotSignedIn CLI_NOT_SIGNED_IN "cli.not_signed_in" NotAuthenticated "Sign in with this program: its command for that is mostly called `login`."
    CliSignInEnded CLI_SIGN_IN_ENDED "cli.sign_in_ended" NotAuthenticated "Sign in again: the sign-in is over at Logto. It expired, was revoked, or a copy of its refresh token was used."
    CliStorageUnreadable CLI_STORAGE_UNREADABLE "cli.storage_unreadable" NotAuthenticated "Sign in again: that replaces the file. The message names it and says what is wrong."
    CliStorageFailed CLI_STORAGE_FAILED "cli.storage_failed" Store "Let this user write the file that the message names, and its folder; check the space on the disk. A present sign-in is kept."
    CliDenied CLI_DENIED "cli.denied" Forbidden "Nobody was signed in: it was refused in the browser, or Logto does not let this user into the application."
    CliExpired CLI_EXPIRED "cli.expired" Cancelled "Sign in again, and enter the code before its time is over."
    CliTimeout CLI_TIMEOUT "cli.timeout" Cancelled "Sign in again, and finish in the browser that opens. On a machine without a browser use the device flow."
    CliCancelled CLI_CANCELLED "cli.cancelled" Cancelled "The sign-in was left: begin again when you want to."
    CliNoBrowser CLI_NO_BROWSER "cli.no_browser" Config "Set `device_app_id` to a native app for the device flow (Logto Console › Applications): this machine has no display, or is reached by SSH."
    CliNoDeviceFlow CLI_NO_DEVICE_FLOW "cli.no_device_flow" Config "Set `device_app_id` to the id of an app of the type Native that was made for the device flow: Logto Console › Applications. An app with redirect URIs cannot have it."
    CliPort CLI_PORT "cli.port" Config "End the program that listens on the port, or leave `redirect_port` out: the system then chooses a free one, and Logto takes any port of a native app."

    UnexpectedResponse UNEXPECTED_RESPONSE_ERROR "unexpected_response_error" Provider "Check that `endpoint` is a Logto server and that nothing between (proxy, captive portal) answers in its place."
    SignInServerError SIGN_IN_SERVER_ERROR "sign_in.server_error" Provider "Sign in again in a moment; if it persists, Logto's own log says why."
    DiscoveryFailed DISCOVERY_FAILED "discovery.failed" Provider "Open `<endpoint>/oidc/.well-known/openid-configuration`: it must answer with JSON. `endpoint` is the address without `/oidc`."
    KeySetFailed JWKS_FAILED "jwks.failed" Provider "Open the `jwks_uri` that discovery names: it must answer with a JSON Web Key Set."
    IntrospectionFailed INTROSPECTION_FAILED "introspection.failed" Provider "Check the client of `introspection(…)` in Logto Console › Applications; the answer must be JSON."
    TokenRefused TOKEN_REFUSED "token.refused" Provider "Logto refused the token request and says why in the message."
    ResourceRefused TOKEN_RESOURCE_REFUSED "token.resource_refused" Config "Register the API resource in Logto Console › API resources under this very identifier, and list it in `resources` before the user signs in."
    ScopeRefused TOKEN_SCOPE_REFUSED "token.scope_refused" Config "Ask for the scope when the user signs in (`scopes`), and grant it by a role in the Logto Console."
    UserInfoFailed FETCH_USER_INFO_FAILED "fetch_user_info_failed" Provider "Logto's userinfo endpoint refused the access token and says why in the message."
    UserInfoSub USER_INFO_SUB_MISMATCHED "user_info.sub_mismatched" InvalidToken "The user info names another user than the ID token and was refused (OpenID Connect Core 5.3.2)."

    Unreachable NETWORK_UNREACHABLE "network.unreachable" Network "Check that this server reaches `endpoint` (or `internal_endpoint`): DNS, firewall, TLS certificates. The session is kept."
    Timeout NETWORK_TIMEOUT "network.timeout" Network "Logto did not answer in time; try again. The session is kept."
    BodyTooLarge NETWORK_BODY_TOO_LARGE "network.body_too_large" Provider "Check that `endpoint` is a Logto server: the answer was larger than 1 MB."
    BodyEncoded NETWORK_ENCODED "network.encoded" Provider "Turn off compression in the proxy before Logto, or let it heed `Accept-Encoding: identity` (nginx: `gzip off` and no `gzip_static always`; a CDN: its setting for compression)."
    Redirected NETWORK_REDIRECTED "network.redirected" Provider "Use the final address as `endpoint`: Logto's endpoints do not redirect, and redirects are not followed."

    StoreFailed STORE_FAILED "store.failed" Store "Check the session store: its address, its credentials, its log. Nobody is logged out by it; try again."
    StoreCannotList STORE_CANNOT_LIST "store.cannot_list" Usage "Keep sessions in a store that lists those of a user: MemoryStore, RedisStore, or one of your own with `SessionStore::list`."
    SessionTooLarge SESSION_TOO_LARGE "session.too_large" SessionTooLarge "Keep sessions in a store (`session_store`), or make the member that the message names smaller."
}

impl Code {
    /// Where the status differs from its kind's.
    pub(crate) fn status(self) -> Option<u16> {
        match self {
            // No content: whoever looks gets nothing to look at.
            Self::LooksOnly => Some(204),
            Self::CrossSite | Self::NotAPage | Self::Unconfirmed => Some(403),
            Self::MethodNotAllowed => Some(405),
            Self::NotSetUp => Some(403),
            // RFC 9110 section 15.5.20: another host was meant.
            Self::UnknownHost => Some(421),
            // OpenID Connect Back-Channel Logout 1.0 section 2.8. Other tokens come from Logto's answers, these from whoever posts one.
            code if code.as_str().starts_with("logout_token.") => Some(400),
            code if code.as_str().starts_with("protected_app.") => Some(401),
            // RFC 6585 section 4.
            Self::AccountLockedOut => Some(429),
            Self::AccountCredentials | Self::AccountCode | Self::AccountValue | Self::ManagementValue => Some(422),
            Self::AccountNotFound | Self::ManagementNotFound | Self::ProviderTokenMissing => Some(404),
            Self::WebhookUnsigned | Self::WebhookSignature => Some(401),
            Self::WebhookBodyTooLarge => Some(413),
            // RFC 6750 section 3.1.
            Self::BearerRequest => Some(400),
            code if code.kind() == ErrorKind::InvalidToken && code.as_str().starts_with("bearer_token.") => Some(401),
            _ => None,
        }
    }
}
