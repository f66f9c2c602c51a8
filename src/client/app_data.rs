//! The application's own data in a session.

use serde::{Serialize, de::DeserializeOwned};

use super::{LogtoClient, RequestSession, Session, session::not_authenticated};
use crate::{
    error::{Code, Result},
    session::Cookies,
    types::{AppJson, MAX_DATA_BYTES},
};

const DATA: &str = "the session's data";

impl Session {
    /// Returns the value of the application in the session: see [`set_data`](Self::set_data). `None` if there is none, or if nobody is signed in.
    ///
    /// # Errors
    /// `session.data_unexpected` where it is of another type. It stays there.
    pub fn data<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        let loaded = self.read();
        loaded.data().and_then(|data| data.app_data.slot()).map(|json| json.read(DATA)).transpose()
    }

    /// Stores a value of the application in the session and replaces the previous one: for example a chosen shop, or the id of the user's row. At
    /// most 1,024 bytes as JSON, because each request sends it.
    ///
    /// It is sealed with the session, wherever that is, and lives as long: it outlives refreshes, and another sign-in of the same user, and it is gone
    /// after a sign-out and when another user signs in. Of two requests that set it at once, the one that writes last counts: where
    /// sessions are in a store, a request that did not set it never takes back what another has set; where they are in cookies, the last answer that sets
    /// the session's cookie counts. Where it is shared with Next.js, it is lost when Next.js clears its access tokens.
    ///
    /// # Errors
    /// `session.data_too_large`; `options.invalid` for what is no JSON; `not_authenticated`; `session.already_committed`. What was there stays.
    pub fn set_data<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let json = AppJson::of(DATA, value, MAX_DATA_BYTES).map_err(|error| error.with_code(Code::DataTooLarge))?;
        self.write()?.data_mut().ok_or_else(not_authenticated)?.app_data.set_slot(Some(json));
        Ok(())
    }

    /// Removes the value of the application from the session.
    ///
    /// # Errors
    /// `session.already_committed`.
    pub fn clear_data(&mut self) -> Result<()> {
        let mut loaded = self.write()?;
        if loaded.data().is_some_and(|data| data.app_data.slot().is_some())
            && let Some(data) = loaded.data_mut()
        {
            data.app_data.set_slot(None);
        }
        Ok(())
    }

    /// Takes what [`SignInOptions::app_state`](crate::SignInOptions::app_state) sent along with the sign-in, for the page after it: the first call gives it, and
    /// from then on there is none.
    ///
    /// # Errors
    /// `session.data_unexpected` where it is of another type: then it stays there. `session.already_committed`.
    pub fn take_app_state<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        let mut loaded = self.write()?;
        let Some(state) = loaded.data().and_then(|data| data.app_data.carried()) else {
            return Ok(None);
        };
        let value = state.read("app_state")?;
        if let Some(data) = loaded.data_mut() {
            data.app_data.clear_carried();
        }
        Ok(Some(value))
    }
}

impl RequestSession {
    /// Returns the value of the application in the session: see [`Session::data`].
    ///
    /// # Errors
    /// See [`Session::data`] and [`LogtoClient::load_session`].
    pub async fn data<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        self.open().await?.data()
    }

    /// Stores a value in the session: see [`Session::set_data`].
    ///
    /// # Errors
    /// See [`Session::set_data`] and [`LogtoClient::load_session`].
    pub async fn set_data<T: Serialize + ?Sized + Sync>(&self, value: &T) -> Result<()> {
        self.open().await?.set_data(value)
    }

    /// Removes the value of the application from the session.
    ///
    /// # Errors
    /// See [`Session::clear_data`] and [`LogtoClient::load_session`].
    pub async fn clear_data(&self) -> Result<()> {
        self.open().await?.clear_data()
    }

    /// Takes what travelled with the sign-in: see [`Session::take_app_state`].
    ///
    /// # Errors
    /// See [`Session::take_app_state`] and [`LogtoClient::load_session`].
    pub async fn take_app_state<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        self.open().await?.take_app_state()
    }
}

impl LogtoClient {
    /// Returns the value of the application in the session: see [`Session::data`].
    ///
    /// # Errors
    /// See [`Session::data`] and [`load_session`](Self::load_session).
    pub async fn data<T: DeserializeOwned>(&self, cookies: &dyn Cookies) -> Result<Option<T>> {
        self.load_session(cookies).await?.data()
    }

    /// Stores a value in the session: see [`Session::set_data`].
    ///
    /// # Errors
    /// See [`Session::set_data`] and [`Session::commit`].
    pub async fn set_data<T: Serialize + ?Sized + Sync>(&self, cookies: &mut dyn Cookies, value: &T) -> Result<()> {
        let mut session = self.load_session(cookies).await?;
        session.set_data(value)?;
        session.commit(cookies).await
    }

    /// Removes the value of the application from the session.
    ///
    /// # Errors
    /// See [`Session::clear_data`] and [`Session::commit`].
    pub async fn clear_data(&self, cookies: &mut dyn Cookies) -> Result<()> {
        let mut session = self.load_session(cookies).await?;
        session.clear_data()?;
        session.commit(cookies).await
    }

    /// Takes what travelled with the sign-in: see [`Session::take_app_state`].
    ///
    /// # Errors
    /// See [`Session::take_app_state`] and [`Session::commit`].
    pub async fn take_app_state<T: DeserializeOwned>(&self, cookies: &mut dyn Cookies) -> Result<Option<T>> {
        let mut session = self.load_session(cookies).await?;
        let state = session.take_app_state()?;
        session.commit(cookies).await?;
        Ok(state)
    }
}
