//! What can be set of an application.

use super::ApplicationKind;
use crate::management::body::body;

body! {
    /// An application to be created. The name and the type are required.
    NewApplication;
    /// Sets the name. At most 256 characters.
    text name "name";
    /// Sets the type, which cannot change.
    value(ApplicationKind) kind "type";
    /// Sets what the app is.
    text description "description";
    /// Sets redirect URIs and the like.
    value(RedirectSettings) redirects "oidcClientMetadata";
    /// Sets lifetimes of tokens and the like.
    value(AppTokenSettings) tokens "customClientMetadata";
    /// Sets data of your own.
    json custom_data "customData";
    /// Sets whether the app is a third party's.
    flag third_party "isThirdParty";
}

body! {
    /// What to change of an application. What is not set stays as it is.
    ApplicationUpdate;
    /// Sets the name. At most 256 characters.
    text name "name";
    /// Sets what the app is.
    text description |
    /// Removes the description.
    no_description "description";
    /// Replaces redirect URIs and the like, all of them.
    value(RedirectSettings) redirects "oidcClientMetadata";
    /// Replaces lifetimes of tokens and the like, all of them.
    value(AppTokenSettings) tokens "customClientMetadata";
    /// Replaces the data of your own, all of it. [`Applications::update_custom_data`](super::Applications::update_custom_data) leaves what it does
    /// not name.
    json custom_data "customData";
    /// Sets whether the app has access to the Management API: a machine-to-machine app gets or loses the role for it.
    flag admin "isAdmin";
    /// Sets whether only those sign in to the app who are on its list (Logto Console › Applications › Access control).
    flag app_level_access_control "appLevelAccessControlEnabled";
}

body! {
    /// Where an application's users may be sent. Both lists of URIs are required.
    RedirectSettings;
    /// Sets the redirect URIs (OpenID Connect Core section 3.1.2.1).
    texts redirect_uris "redirectUris";
    /// Sets the post sign-out redirect URIs (OpenID Connect RP-Initiated Logout section 2).
    texts post_logout_redirect_uris "postLogoutRedirectUris";
    /// Sets the address for logout tokens (OpenID Connect Back-Channel Logout section 2.2).
    text backchannel_logout_uri "backchannelLogoutUri";
    /// Sets whether logout tokens name the session.
    flag backchannel_logout_session_required "backchannelLogoutSessionRequired";
    /// Sets the address of the app's logo.
    text logo_uri "logoUri";
}

body! {
    /// How an application gets tokens.
    AppTokenSettings;
    /// Sets the origins of pages that may call Logto.
    texts cors_allowed_origins "corsAllowedOrigins";
    /// Sets how long ID tokens live, in seconds.
    number id_token_ttl "idTokenTtl";
    /// Sets how long refresh tokens live, in seconds.
    number refresh_token_ttl "refreshTokenTtl";
    /// Sets how long refresh tokens live, in days.
    number refresh_token_ttl_in_days "refreshTokenTtlInDays";
    /// Sets whether there is a refresh token without the prompt `consent`.
    flag always_issue_refresh_token "alwaysIssueRefreshToken";
    /// Sets whether a refresh may give a new refresh token.
    flag rotate_refresh_token "rotateRefreshToken";
    /// Sets whether the app may exchange tokens (RFC 8693).
    flag allow_token_exchange "allowTokenExchange";
    /// Sets whether a native app uses the device flow (RFC 8628).
    flag device_flow "isDeviceFlow";
    /// Sets how many sign-ins of a user the app has at most.
    number max_allowed_grants "maxAllowedGrants";
}
