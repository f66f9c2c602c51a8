//! The operations of [`Session`] in two more forms: over cookies, and on the session that a request's middleware and handlers share.

use tracing::Level;

use super::{AccessToken, ListedSession, LogtoClient, LogtoContext, PendingSignIn, RequestSession};
use crate::{
    claims::{AccessTokenClaims, IdTokenClaims, UserInfo},
    error::Result,
    secret::Secret,
    session::Cookies,
    telemetry::in_operation,
    types::{ContextOptions, Redirect, SignInOptions, SignOutOptions, TokenOptions},
};

/// The level of an operation's span. Pages call some often, and these mostly find in the session what they need.
macro_rules! level {
    (get_context) => {
        Level::DEBUG
    };
    (get_access_token) => {
        Level::DEBUG
    };
    (get_organization_token) => {
        Level::DEBUG
    };
    (get_access_token_claims) => {
        Level::DEBUG
    };
    (get_organization_token_claims) => {
        Level::DEBUG
    };
    ($other:ident) => {
        Level::INFO
    };
}

/// What works with a session and may change it: in the session that `$load` and `$open` give, by the method of the same name. `or` is what it
/// gives where the application has no client.
macro_rules! operations {
    ($load:ident, $open:ident: $($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) -> $result:ty $(, or $nobody:expr)?;)*) => {
        impl LogtoClient {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                #[doc = concat!("See [`Session::", stringify!($name), "`](crate::Session::", stringify!($name),
                    ") and [`Session::commit`](crate::Session::commit).")]
                pub async fn $name(&self, cookies: &mut dyn Cookies, $($argument: $type),*) -> Result<$result> {
                    in_operation!(level!($name), stringify!($name), {
                        let mut session = self.$load(cookies).await?;
                        let result = session.$name($($argument),*).await;
                        // After a failure, too: it may have used up a sign-in, or the session may have ended.
                        let committed = session.commit(cookies).await;
                        result.and_then(|result| committed.map(|()| result))
                    })
                }
            )*
        }

        impl RequestSession {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                #[doc = concat!("See [`Session::", stringify!($name), "`](crate::Session::", stringify!($name),
                    "); `session.already_committed` once the response has begun.")]
                pub async fn $name(&self, $($argument: $type),*) -> Result<$result> {
                    $(if self.client().is_none() {
                        return Ok($nobody);
                    })?
                    in_operation!(level!($name), stringify!($name), {
                        let outcome = match self.$open().await {
                            Ok(mut session) => session.$name($($argument),*).await,
                            Err(error) => Err(error),
                        };
                        outcome.map_err(|error| self.failed(error))
                    })
                }
            )*
        }
    };
}

/// What looks at a session.
macro_rules! reads {
    ($($(#[$doc:meta])* $name:ident() -> $result:ty;)*) => {
        impl LogtoClient {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// See [`load_session`](Self::load_session).
                pub async fn $name(&self, cookies: &dyn Cookies) -> Result<$result> {
                    Ok(self.load_session(cookies).await?.$name())
                }
            )*
        }

        impl RequestSession {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// See [`LogtoClient::load_session`].
                pub async fn $name(&self) -> Result<$result> {
                    if self.client().is_none() {
                        return Ok(<$result>::default());
                    }
                    Ok(self.open().await.map_err(|error| self.failed(error))?.$name())
                }
            )*
        }
    };
}

/// Operations that remove data from a session, without a network request: by `$try_name`, which fails after the response has started.
macro_rules! forgets {
    ($($(#[$doc:meta])* $load:ident, $open:ident: $name:ident by $try_name:ident;)*) => {
        impl LogtoClient {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// See [`Session::commit`](crate::Session::commit).
                pub async fn $name(&self, cookies: &mut dyn Cookies) -> Result<()> {
                    let mut session = self.$load(cookies).await?;
                    session.$name();
                    session.commit(cookies).await
                }
            )*
        }

        impl RequestSession {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// `session.already_committed` once the response has begun. See also [`LogtoClient::load_session`].
                pub async fn $name(&self) -> Result<()> {
                    self.$open().await.and_then(|session| session.$try_name()).map_err(|error| self.failed(error))
                }
            )*
        }
    };
}

operations! { load_session, open_to_sign_in:
    /// Starts a sign-in: the redirect leads to Logto.
    sign_in(options: SignInOptions) -> Redirect;
    /// Completes a sign-in, on the callback route: the redirect leads to the requested page.
    #[doc(alias = "handle_sign_in_callback")]
    handle_sign_in(query_or_url: &str) -> Redirect;
    /// Verifies a sign-in, on the callback route, for the application to accept or to refuse.
    verify_sign_in(query_or_url: &str) -> PendingSignIn;
    /// Signs in the user of a verified sign-in: the redirect leads to the requested page.
    accept_sign_in(pending: PendingSignIn) -> Redirect;
}

operations! { load_session, open_to_sign_in:
    /// Ends one session of the signed-in user, by its id in the list.
    end_own_session(id: &str) -> bool;
    /// Ends all other sessions of the signed-in user, and returns their number. This one stays.
    revoke_others() -> usize;
}

operations! { load_session, open:
    /// Returns the sessions of the signed-in user, this one included.
    own_sessions() -> Vec<ListedSession>;
    /// Returns the signed-in user and the data that `options` request.
    get_context(options: ContextOptions) -> LogtoContext, or LogtoContext::default();
    /// Returns an access token, from the session or from Logto.
    get_access_token(options: TokenOptions) -> AccessToken;
    /// Returns an organization token, for use with Logto's organization permissions.
    get_organization_token(organization_id: &str) -> AccessToken;
    /// Returns the claims of an access token for an API resource.
    get_access_token_claims(options: TokenOptions) -> AccessTokenClaims;
    /// Returns the claims of an organization token.
    get_organization_token_claims(organization_id: &str) -> AccessTokenClaims;
    /// Requests new tokens from Logto: the ID token and every access and organization token in the session.
    refresh_session() -> LogtoContext;
    /// Fetches the user info from Logto's userinfo endpoint.
    fetch_user_info() -> UserInfo;
}

operations! { load_to_end, open_to_end:
    /// Ends the session here and at Logto. If the session store is unavailable, the cookie is still deleted, the log has an error, and the session
    /// ends when the store is available again.
    sign_out(options: SignOutOptions) -> Redirect;
    /// Ends only the session here, and revokes the refresh token; the session at Logto stays. There is no redirect: the application sends its own
    /// response.
    sign_out_locally() -> ();
}

reads! {
    /// Returns whether a user is signed in. Makes no network request.
    is_authenticated() -> bool;
    /// Returns the ID token, as Logto signed it.
    get_id_token() -> Option<Secret>;
    /// Returns the claims of the ID token. They were validated when it was received.
    get_id_token_claims() -> Option<IdTokenClaims>;
    /// Returns the refresh token.
    get_refresh_token() -> Option<Secret>;
}

forgets! {
    /// Removes the access tokens from the session. The next call requests a new one: see [`refresh_session`](Self::refresh_session) for its effect.
    load_session, open: clear_access_token by try_clear_access_token;
    /// Removes the local session. The session at Logto and the refresh token stay valid: use [`sign_out`](Self::sign_out) to end them.
    #[doc(alias = "clear_session")]
    load_to_end, open_to_end: clear_all_tokens by try_clear_all_tokens;
}
