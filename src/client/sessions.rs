//! The sessions of a user: listed, ended, and kept to a number.

mod listed_session;

use std::{cmp::Reverse, time::Duration};

use tokio::task::JoinSet;
use tracing::{Instrument, Level};

pub use self::listed_session::ListedSession;
use super::{LogtoClient, RequestSession, Session, session::not_authenticated};
use crate::{
    error::{Result, WithCauses},
    events::EventKind,
    secret::Secret,
    session::{self, Cookies, SessionData},
    telemetry::in_operation,
    types::Device,
};

/// Sessions that are ended at once, and tokens that are revoked at once.
const BATCH_SIZE: usize = 16;
/// Who ends sessions does not wait longer for Logto. Running operations continue.
const REVOCATION_PATIENCE: Duration = Duration::from_secs(2);

impl LogtoClient {
    /// Returns the sessions of the user `sub` in this application, the last seen first: for an operator. For the user's own page use
    /// [`own_sessions`](Self::own_sessions), which marks the present one.
    ///
    /// It needs a [session store](crate::LogtoConfigBuilder::session_store) that implements `list`. A session that is still in cookies, because it is
    /// older than the store, is not listed.
    ///
    /// # Errors
    /// `store.cannot_list`; `store.failed`.
    pub async fn sessions_of(&self, sub: &str) -> Result<Vec<ListedSession>> {
        in_operation!(Level::INFO, "sessions_of", {
            let config = self.config();
            let sessions = session::sessions_of(&config.cookies, sub, config.now()).await?;
            Ok(sorted(sessions.iter().map(ListedSession::of).collect()))
        })
    }

    /// Ends one session of the user `sub`, by the [`id`](ListedSession::id) of the list; `false` where this user has none of that id. The session is
    /// over with its next request. Its refresh token is revoked at Logto where that spares the user's others: see [`revoke_others`](Self::revoke_others).
    /// The session at Logto goes on.
    ///
    /// # Errors
    /// `store.cannot_list`; `store.failed`: nothing was ended.
    pub async fn end_session_of(&self, sub: &str, id: &str) -> Result<bool> {
        in_operation!(Level::INFO, "end_session_of", {
            let config = self.config();
            let sessions = session::sessions_of(&config.cookies, sub, config.now()).await?;
            Ok(self.end_one(sessions, id, "application").await)
        })
    }

    async fn end_one(&self, sessions: Vec<SessionData>, id: &str, by: &'static str) -> bool {
        let (ended, staying): (Vec<_>, Vec<_>) =
            sessions.into_iter().partition(|data| session::shown_id(&data.id) == id);
        let is_found = !ended.is_empty();
        self.end_all(ended, &staying, by).await;
        is_found
    }

    /// Ends the oldest sessions of a user until there are no more than the setting says. A sign-in that has begun stays, whatever the store says: it
    /// is in the store already, and two that begin at once see each other there and agree on the oldest.
    pub(super) async fn end_beyond_limit(&self, sub: &str) {
        let config = self.config();
        let Some(limit) = config.max_sessions_per_user().and_then(|limit| usize::try_from(limit).ok()) else {
            return;
        };
        match session::sessions_of(&config.cookies, sub, config.now()).await {
            Ok(mut sessions) => {
                sessions.sort_by_cached_key(|data| Reverse(data.seniority()));
                let oldest = sessions.split_off(limit.min(sessions.len()));
                self.end_all(oldest, &sessions, "limit").await;
            }
            Err(error) => {
                tracing::error!(target: "logto::sign_in", error = %WithCauses(&error), "the sessions of a user cannot be counted; max_sessions_per_user is not kept");
            }
        }
    }

    /// Ends sessions for good and revokes their refresh tokens, in a task of its own: who asked for it may close the page. Back when they have
    /// ended; Logto is waited for a moment.
    ///
    /// Sessions that belong to one session at Logto have one grant there, and revoking a refresh token ends it whole (recorded: `41-revocation`). So a
    /// token is revoked where nothing that is `staying` may belong to the same one.
    async fn end_all(&self, sessions: Vec<SessionData>, staying: &[SessionData], by: &'static str) {
        if sessions.is_empty() {
            return;
        }
        for data in &sessions {
            let event = EventKind::SignedOut.event().client_id(self.config().app_id()).by(by);
            event.sub(&data.subject.sub).session(data.id.as_bytes()).write();
        }
        let now = self.config().now();
        let refresh_tokens: Vec<Secret> = sessions
            .iter()
            .filter(|data| !staying.iter().any(|other| may_share_grant(data, other)))
            .filter_map(|data| data.refresh_token.clone())
            .collect();
        for refresh_token in sessions.iter().filter_map(|data| data.refresh_token.as_ref()) {
            self.0.under_way.refreshes.sign_out(refresh_token, now);
        }
        let client = self.clone();
        let ending = async move {
            in_batches(sessions, move |data| {
                let client = client.clone();
                async move { session::end_session(&client.config().cookies, &data, now).await }
            })
            .await;
        };
        if let Err(error) = tokio::spawn(ending.in_current_span()).await {
            tracing::error!(target: "logto::sign_out", %error, "the end of a session broke off");
        }
        let client = self.clone();
        let revoking = async move {
            in_batches(refresh_tokens, move |refresh_token| {
                let client = client.clone();
                async move { client.revoke(&refresh_token).await }
            })
            .await;
        };
        let revoking = tokio::spawn(revoking.in_current_span());
        _ = tokio::time::timeout(REVOCATION_PATIENCE, revoking).await;
    }
}

impl Session {
    /// Returns the sessions of the signed-in user, the last seen first, this one included: for a page like "Where you are signed in".
    ///
    /// # Errors
    /// `not_authenticated`; `store.cannot_list`; `store.failed`.
    pub async fn own_sessions(&mut self) -> Result<Vec<ListedSession>> {
        let (client, present) = (self.client.clone(), self.present()?);
        let config = client.config();
        let sessions = session::sessions_of(&config.cookies, &present.subject.sub, config.now()).await?;
        let others = sessions.iter().filter(|data| data.id != present.id).map(ListedSession::of);
        // It may be that its sign-in or its move from cookies has yet to be written. It is seen now.
        let present = ListedSession::current(&present, config.now());
        Ok(sorted(others.chain([present]).collect()))
    }

    /// Ends one session of the signed-in user, by the [`id`](ListedSession::id) of the list; `false` where this user has none of that id. Of another
    /// session it does what [`LogtoClient::end_session_of`] does, and of this one what [`sign_out_locally`](Self::sign_out_locally) does.
    ///
    /// Take the id from a form, and see to it that a page of this site posted that: [`RequestSession::require_from_this_site`].
    ///
    /// # Errors
    /// `not_authenticated`; `store.cannot_list`; `store.failed`: nothing was ended.
    pub async fn end_own_session(&mut self, id: &str) -> Result<bool> {
        let present = self.present()?;
        if session::shown_id(&present.id) == id {
            return self.sign_out_locally().await.map(|()| true);
        }
        let (client, sub) = (self.client.clone(), present.subject.sub.clone());
        let config = client.config();
        let mut sessions = session::sessions_of(&config.cookies, &sub, config.now()).await?;
        // It may be that it has yet to be written.
        if sessions.iter().all(|data| data.id != present.id) {
            sessions.push(present);
        }
        Ok(client.end_one(sessions, id, "user").await)
    }

    /// Ends all other sessions of the signed-in user, and returns their number: "sign out everywhere else". This one stays, and so does one that
    /// starts meanwhile or afterwards, even in the same second. To end this one as well, use [`LogtoClient::end_user_sessions`].
    ///
    /// A refresh token of theirs is revoked at Logto where it is known to belong to another session at Logto than this one (`sid`): sessions of the same one
    /// share a grant, and a revocation ends it for all of them. Else the token is forgotten here. The sessions at Logto go on, so another device may
    /// sign in again without a password.
    ///
    /// # Errors
    /// `not_authenticated`; `store.cannot_list`; `store.failed`: nothing was ended.
    pub async fn revoke_others(&mut self) -> Result<usize> {
        let (client, present) = (self.client.clone(), self.present()?);
        let config = client.config();
        let mut others = session::sessions_of(&config.cookies, &present.subject.sub, config.now()).await?;
        others.retain(|data| data.id != present.id);
        let count = others.len();
        client.end_all(others, &[present], "user").await;
        Ok(count)
    }

    fn present(&self) -> Result<SessionData> {
        self.read().data().cloned().ok_or_else(not_authenticated)
    }

    /// Stores the device of the user, for a [list of sessions](Self::own_sessions). If nobody is signed in yet, it is stored for a sign-in that
    /// completes in this request, so a middleware between the session's layer and the routes may call it on each request.
    ///
    /// It is sealed in the session, is written where it differs from what is known, and does nothing where sessions are kept in cookies.
    ///
    /// # Errors
    /// `session.already_committed`.
    pub fn set_device(&mut self, device: &Device) -> Result<()> {
        let mut loaded = self.write()?;
        if self.client.config().cookies.session_store().is_some() {
            loaded.set_device(device);
        }
        Ok(())
    }
}

impl RequestSession {
    /// Notes on what the user is signed in: see [`Session::set_device`].
    ///
    /// # Errors
    /// See [`Session::set_device`] and [`LogtoClient::load_session`].
    pub async fn set_device(&self, device: &Device) -> Result<()> {
        self.open().await?.set_device(device)
    }
}

impl LogtoClient {
    /// Notes on what the user is signed in: see [`Session::set_device`].
    ///
    /// # Errors
    /// See [`Session::set_device`] and [`Session::commit`].
    pub async fn set_device(&self, cookies: &mut dyn Cookies, device: &Device) -> Result<()> {
        let mut session = self.load_session(cookies).await?;
        session.set_device(device)?;
        session.commit(cookies).await
    }
}

/// Whether two sessions may belong to one session at Logto. Without `sid` in their ID tokens nobody can tell.
fn may_share_grant(one: &SessionData, other: &SessionData) -> bool {
    match (&one.subject.sid, &other.subject.sid) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

/// The last seen first; of those of one second the one that began last.
fn sorted(mut sessions: Vec<ListedSession>) -> Vec<ListedSession> {
    sessions.sort_by_cached_key(|session| Reverse(session.order()));
    sessions
}

async fn in_batches<T, F>(items: Vec<T>, work: impl Fn(T) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for item in items {
        if tasks.len() >= BATCH_SIZE {
            _ = tasks.join_next().await;
        }
        tasks.spawn(work(item).in_current_span());
    }
    while tasks.join_next().await.is_some() {}
}
