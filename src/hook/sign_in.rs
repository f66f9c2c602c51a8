//! A sign-in as the application's hook sees it.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    claims::{id_token::IdTokenClaims, user_info::UserInfo},
    error::{Code, Error, Result},
    secret::Secret,
    types::{AppJson, BoxFuture, MAX_DATA_BYTES},
};

/// A sign-in that Logto has confirmed, before it becomes a session: the argument of a [hook](crate::LogtoConfigBuilder::on_sign_in), and the data of
/// a [`PendingSignIn`](crate::PendingSignIn). Cheap to clone.
#[derive(Clone)]
pub struct SignIn(Arc<Inner>);

struct Inner {
    facts: SignInFacts,
    data: Mutex<NewData>,
}

/// What the session is to begin with.
enum NewData {
    /// So far. `None` where nothing was set.
    Open(Option<AppJson>),
    /// It was decided about the sign-in.
    Decided,
}

/// What is known of a sign-in.
pub(crate) struct SignInFacts {
    pub(crate) claims: IdTokenClaims,
    pub(crate) id_token: Secret,
    pub(crate) access_token: Option<Secret>,
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) return_to: String,
    pub(crate) app_state: Option<AppJson>,
    pub(crate) is_new_to_browser: bool,
    pub(crate) fetch_user_info: Box<dyn Fn() -> BoxFuture<'static, Result<UserInfo>> + Send + Sync>,
}

impl SignIn {
    pub(crate) fn new(facts: SignInFacts) -> Self {
        Self(Arc::new(Inner { facts, data: Mutex::new(NewData::Open(None)) }))
    }

    /// Returns the verified claims of the ID token.
    #[must_use]
    pub fn claims(&self) -> &IdTokenClaims {
        &self.0.facts.claims
    }

    /// Returns the address to which the user is redirected after an accepted sign-in.
    #[must_use]
    pub fn return_to(&self) -> &str {
        &self.0.facts.return_to
    }

    /// Fetches the user info of the user, with custom data and identities. Each call is a request to Logto.
    ///
    /// # Errors
    /// `fetch_user_info_failed`; `user_info.sub_mismatched`; `network.…`.
    pub async fn fetch_user_info(&self) -> Result<UserInfo> {
        (self.0.facts.fetch_user_info)().await
    }

    /// Returns the ID token, as Logto signed it.
    #[must_use]
    pub fn id_token(&self) -> &Secret {
        &self.0.facts.id_token
    }

    /// Returns the access token that came with it: for Logto's userinfo endpoint and the user's account, and for no API resource.
    #[must_use]
    pub fn access_token(&self) -> Option<&Secret> {
        self.0.facts.access_token.as_ref()
    }

    /// Returns the refresh token. The session that begins needs it: Logto may replace it when it is used.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.0.facts.refresh_token.as_ref()
    }

    /// Returns what [`SignInOptions::app_state`](crate::SignInOptions::app_state) passed. `None` if the sign-in started without a value, for example
    /// on the route.
    ///
    /// # Errors
    /// `session.data_unexpected` where it is of another type.
    pub fn app_state<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        self.0.facts.app_state.as_ref().map(|state| state.read("app_state")).transpose()
    }

    /// Returns whether the callback's request had no session of this user. So it is `false` if a signed-in user signs in again (a
    /// [silent](crate::SignInOptions::silent) sign-in, a step-up), and `true` at the first sign-in in this browser and at each one after a sign-out
    /// or the end of a session: no data of a user stays in a browser when the session ends.
    #[must_use]
    pub fn is_new_to_browser(&self) -> bool {
        self.0.facts.is_new_to_browser
    }

    /// Stores a value in the new session: see [`RequestSession::set_data`](crate::RequestSession::set_data). If none is set, the value of a previous
    /// session of the same user is kept.
    ///
    /// # Errors
    /// `session.data_too_large` beyond 1,024 bytes of JSON; `options.invalid` where it is no JSON, or it was decided about the sign-in before.
    pub fn set_data<T: Serialize + ?Sized>(&self, value: &T) -> Result<()> {
        let json = AppJson::of("the session's data", value, MAX_DATA_BYTES)
            .map_err(|error| error.with_code(Code::DataTooLarge))?;
        match &mut *self.0.data.lock().unwrap_or_else(PoisonError::into_inner) {
            NewData::Open(data) => *data = Some(json),
            NewData::Decided => {
                return Err(Error::new(
                    Code::InvalidOption,
                    "the sign-in is over: set the data of its session instead",
                ));
            }
        }
        Ok(())
    }

    pub(crate) fn state(&self) -> Option<&AppJson> {
        self.0.facts.app_state.as_ref()
    }

    /// What was set. From here on it cannot be changed.
    pub(crate) fn decide(&self) -> Option<AppJson> {
        let mut data = self.0.data.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *data, NewData::Decided) {
            NewData::Open(data) => data,
            NewData::Decided => None,
        }
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignIn(…)")
    }
}
