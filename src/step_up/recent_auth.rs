//! Checks whether the user has authenticated recently, and strongly enough.

use std::{fmt, marker::PhantomData, ops::Deref, time::Duration};

use crate::{
    client::{RequestSession, Session, SignedIn, not_authenticated},
    clock::{date_seconds, whole_seconds},
    error::{Code, Error, Result, excerpt},
    events::EventKind,
    step_up::StepUp,
};

/// How long a browser may take from its callback to the page it wanted. A user who has just authenticated is never redirected to do so again, even if
/// `max_age` is zero: that would be a redirect loop.
const RETURN_TOLERANCE_SECONDS: i64 = 30;

/// What [`RecentlyAuthenticated`] asks for, by type.
///
/// ```
/// use std::time::Duration;
/// use logto::step_up::{StepUp, StepUpPolicy};
///
/// struct Payment;
///
/// impl StepUpPolicy for Payment {
///     fn step_up() -> StepUp {
///         StepUp::new().max_age(Duration::from_secs(300)).acr_values(["urn:logto:acr:mfa"])
///     }
/// }
/// ```
pub trait StepUpPolicy {
    /// How recently and how strongly the user must have authenticated.
    fn step_up() -> StepUp;
}

/// Within the last so many seconds: `RecentlyAuthenticated<MaxAge<300>>`.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct MaxAge<const SECONDS: u64>;

impl<const SECONDS: u64> StepUpPolicy for MaxAge<SECONDS> {
    fn step_up() -> StepUp {
        StepUp::new().max_age(Duration::from_secs(SECONDS))
    }
}

/// A user who authenticated as `R` requires: the argument of a handler that moves money or changes a password.
///
/// The handler does not run for others. A browser is redirected to sign-in and returned to the same page. A posted form is not sent again: the
/// browser returns to the page with the form, and the user submits it once more. An API client gets 401 as JSON with `max_age`, `acr_values` and the
/// address to `sign_in` at. `Option<RecentlyAuthenticated<R>>` is `None` instead.
///
/// If Logto returns the user without the required authentication, the sign-in fails with `id_token.invalid_auth_time` or `id_token.invalid_acr`, so
/// there is no redirect loop.
pub struct RecentlyAuthenticated<R> {
    user: SignedIn,
    required: PhantomData<fn() -> R>,
}

impl<R: StepUpPolicy> RecentlyAuthenticated<R> {
    /// Returns the user of a request. For integrations.
    ///
    /// # Errors
    /// See [`RequestSession::require_recent_auth`].
    pub async fn extract(session: &RequestSession) -> Result<Self> {
        let user = session.require_recent_auth(&R::step_up()).await?;
        Ok(Self { user, required: PhantomData })
    }

    /// Returns the user like [`extract`](Self::extract), and `None` for a user who would have to sign in (again). For integrations.
    ///
    /// # Errors
    /// Those of [`extract`](Self::extract) that say something else.
    pub async fn extract_optional(session: &RequestSession) -> Result<Option<Self>> {
        // Nobody is asked for anything, so the log has nothing to tell.
        let found = session.open().await.and_then(|session| session.recent_auth(&R::step_up()));
        match found {
            Ok(user) => Ok(Some(Self { user, required: PhantomData })),
            Err(error) if error.means_nobody() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl<R> Deref for RecentlyAuthenticated<R> {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.user
    }
}

impl<R> Clone for RecentlyAuthenticated<R> {
    fn clone(&self) -> Self {
        Self { user: self.user.clone(), required: PhantomData }
    }
}

impl<R> fmt::Debug for RecentlyAuthenticated<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RecentlyAuthenticated").field(&self.user).finish()
    }
}

impl RequestSession {
    /// Returns the signed-in user, if the user authenticated as `step_up` requires. For a handler whose requirement depends on the request: if it
    /// returns the error, the browser is redirected to sign-in and back, as with [`RecentlyAuthenticated`].
    ///
    /// ```
    /// # async fn example(session: logto::RequestSession, amount: u64) -> Result<(), logto::Error> {
    /// use std::time::Duration;
    /// use logto::step_up::StepUp;
    ///
    /// if amount > 1000 {
    ///     session.require_recent_auth(&StepUp::new().max_age(Duration::from_secs(300))).await?;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// See [`Session::require_recent_auth`]; `session.already_committed` once the response has begun.
    pub async fn require_recent_auth(&self, step_up: &StepUp) -> Result<SignedIn> {
        let mut session = self.open().await?;
        session.renew_due_claims().await;
        session.require_recent_auth(step_up)
    }

    /// Starts a step-up for an API that rejected the user's access token.
    ///
    /// # Errors
    /// See [`Session::step_up_if_challenged`]; `session.already_committed` once the response has begun.
    pub async fn step_up_if_challenged(&self, www_authenticate: &str) -> Result<()> {
        self.open().await?.step_up_if_challenged(www_authenticate)
    }
}

impl Session {
    /// Returns the signed-in user, if they authenticated as `step_up` asks: by `auth_time` and `acr` of the ID token, and never longer ago than
    /// `max_age` and the leeway together (at least 30 seconds, for the way back).
    ///
    /// An ID token without `auth_time` is taken for an old one: Logto adds it where a sign-in asked for `max_age`.
    ///
    /// # Errors
    /// `not_authenticated` and `step_up.required`. [`LogtoClient::error_response`](crate::LogtoClient::error_response) makes of both what a
    /// browser needs.
    pub fn require_recent_auth(&self, step_up: &StepUp) -> Result<SignedIn> {
        self.recent_auth(step_up).map_err(|error| match error.is(Code::StepUpRequired) {
            true => self.tell_step_up(error),
            false => error,
        })
    }

    /// Writes the event of a user who is asked to authenticate again.
    fn tell_step_up(&self, error: Error) -> Error {
        let Some(claims) = self.get_id_token_claims() else { return error };
        let id = self.session_id();
        let event = EventKind::StepUpAsked.event().client_id(self.client.config().app_id()).sub(&claims.sub);
        let event = event.authentication(claims.acr.as_deref(), &claims.amr);
        match &id {
            Some(id) => event.session(id).write_error(error),
            None => event.write_error(error),
        }
    }

    /// The same, without a log entry.
    fn recent_auth(&self, step_up: &StepUp) -> Result<SignedIn> {
        let refused =
            |message: String| Error::new(Code::StepUpRequired, message).with_step_up(step_up.authentication());
        let claims =
            self.get_id_token_claims().ok_or_else(|| not_authenticated().with_step_up(step_up.authentication()))?;
        if let Some(max_age) = step_up.max_age_seconds() {
            let config = self.client.config();
            let tolerance = whole_seconds(config.server.leeway).max(RETURN_TOLERANCE_SECONDS);
            let most = i64::try_from(max_age).unwrap_or(i64::MAX);
            let auth_time = claims.auth_time.ok_or_else(|| {
                refused(format!("the ID token does not say when the user authenticated, expected at most {most} s ago"))
            })?;
            let age = config.now().saturating_sub(date_seconds(auth_time));
            if age > most.saturating_add(tolerance) || age.saturating_add(tolerance) < 0 {
                return Err(refused(format!("the user authenticated {age} s ago, expected at most {most} s")));
            }
        }
        if !step_up.admits(claims.acr.as_deref()) {
            let found = claims.acr.as_deref().map_or_else(|| "missing".to_owned(), |acr| format!("`{}`", excerpt(acr)));
            let expected = step_up.classes().unwrap_or_default().replace(' ', "` or `");
            return Err(refused(format!("the ID token's acr is {found}, expected `{expected}`")));
        }
        Ok(SignedIn::new(claims))
    }

    /// Starts a step-up for an API that rejected the user's access token (RFC 9470): pass the `WWW-Authenticate` of its 401, and return the error
    /// from the handler. The browser is redirected to sign-in and back, and the handler calls the API again, with a new token.
    ///
    /// `Ok` where the API complains of something else: see [`StepUp::from_www_authenticate`].
    ///
    /// # Errors
    /// `not_authenticated` and `step_up.required`. `step_up.not_reflected_in_token` where the user has done what the API asks and it asks all the same,
    /// because its access tokens do not say so.
    pub fn step_up_if_challenged(&self, www_authenticate: &str) -> Result<()> {
        let Some(asked) = StepUp::from_www_authenticate(www_authenticate) else {
            return Ok(());
        };
        self.require_recent_auth(&asked)?;
        // The ID token says yes, the access token says no. A login that Logto did not skip settles it.
        if asked.max_age_seconds().is_some() {
            self.require_recent_auth(&asked.max_age(Duration::ZERO))?;
        }
        let message = "the user authenticated as the API asks, and it refuses the access token nevertheless";
        Err(Error::new(Code::StepUpNotReflectedInToken, message))
    }
}
