//! The table of events: its names are public and stay.

macro_rules! events {
    ($($kind:ident $name:literal $level:ident $message:literal)*) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum EventKind { $($kind),* }

        impl EventKind {
            /// The field `event`.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),* }
            }

            /// The text of the line.
            pub(crate) fn message(self) -> &'static str {
                match self { $(Self::$kind => $message),* }
            }

            /// Whether it is at `warn`, and not at `info`.
            pub(crate) fn is_warning(self) -> bool {
                match self { $(Self::$kind => stringify!($level) == "warn"),* }
            }
        }
    };
}

events! {
    SignedIn "signed_in" info "signed in"
    SignInRefused "sign_in_refused" info "a sign-in was refused"
    SignInCancelled "sign_in_cancelled" info "a sign-in was cancelled by the user"
    SignInsForgotten "sign_ins_forgotten" info "sign-ins under way were forgotten, since one browser began too many"
    SignedOut "signed_out" info "signed out"
    SessionReplaced "session_replaced" info "a session ended, since its user began another in its browser"
    SessionExpired "session_expired" info "a session has expired"
    SessionRevoked "session_revoked" info "a session was found to be ended from elsewhere"
    SessionRefused "session_refused" warn "the cookies of a session were refused"
    Refreshed "refreshed" info "the tokens of a session were refreshed"
    RefreshRefused "refresh_refused" warn "Logto refused a refresh"
    StepUpAsked "step_up_asked" info "the user is asked to authenticate again"
    StepUpPassed "step_up_passed" info "the user has authenticated again"
    PermissionRefused "permission_refused" warn "a request lacks a permission"
    CrossSiteRefused "cross_site_refused" warn "a request of another site was refused"
    BearerTokenRefused "bearer_token_refused" info "an access token was refused"
    LogoutTokenRefused "logout_token_refused" warn "a logout token was refused"
    StoreFailed "store_failed" warn "the session store failed"
    RevocationStoreFailed "revocation_store_failed" warn "the revocation store failed"
}
