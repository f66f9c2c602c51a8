//! One session's use of a refresh: the request for tokens, and what its result does to the session.

use tracing::{Instrument, Level};

use super::{RefreshRequest, Refreshed};
use crate::{
    client::{LogtoClient, task_failed},
    error::{Code, Error, Result},
    oidc::id_token::Original,
    secret::Secret,
    session::{SessionData, StoredCopy},
    store::SessionId,
    telemetry::in_operation,
};

/// What a session asks for.
pub(in crate::client) struct Renewal {
    pub(in crate::client) client: LogtoClient,
    pub(in crate::client) refresh_token: Secret,
    pub(in crate::client) request: RefreshRequest,
    /// The login that a refreshed ID token must be of.
    pub(in crate::client) before: Original,
    /// How many refreshes the session has seen.
    pub(in crate::client) refreshes: u64,
    pub(in crate::client) session: SessionId,
}

impl Renewal {
    pub(in crate::client) async fn run(self) -> Result<Refreshed> {
        let client = self.client.clone();
        in_operation!(Level::INFO, "refresh", client.refresh(self).await)
    }

    /// Runs in a task of its own and saves the session in its store, so that the tokens survive a handler that is dropped. Without a copy
    /// where there was nothing to save, or where saving failed: then the response tries again.
    ///
    /// # Errors
    /// `session.ended` if the session was ended meanwhile, and the errors of [`run`](Self::run).
    pub(in crate::client) async fn run_and_save(self, copy: StoredCopy) -> Result<(Refreshed, Option<StoredCopy>)> {
        let task = tokio::spawn(
            async move {
                let (client, spent) = (self.client.clone(), self.refresh_token.clone());
                let refreshed = self.run().await?;
                let saved = match refreshed.has_more_than(&spent) {
                    true => save(&client, copy, &refreshed).await?,
                    false => None,
                };
                Ok((refreshed, saved))
            }
            .in_current_span(),
        );
        task.await.map_err(task_failed)?
    }
}

async fn save(client: &LogtoClient, mut copy: StoredCopy, refreshed: &Refreshed) -> Result<Option<StoredCopy>> {
    refreshed.give_to(&mut copy.data);
    let config = client.config();
    match copy.save(&config.cookies, config.now()).await {
        Ok(Some(saved)) => Ok(Some(saved)),
        Ok(None) => Err(Error::new(Code::SessionEnded, "the session was ended during the refresh")),
        Err(error) => {
            tracing::warn!(target: "logto::refresh", %error, "the refreshed session is not saved yet; the response tries again");
            Ok(None)
        }
    }
}

impl Refreshed {
    /// Whether a session has something to take over. A refresh that brought nothing must not stand as an equal beside one that another
    /// instance made.
    pub(in crate::client) fn has_more_than(&self, spent: &Secret) -> bool {
        self.refresh_token != *spent || self.access_tokens.iter().any(|(_, token)| token.is_ok())
    }

    /// Puts the tokens into a session.
    pub(in crate::client) fn give_to(&self, data: &mut SessionData) {
        data.refreshed_at = self.answered_at.max(data.refreshed_at);
        data.refreshes = self.refreshes.max(data.refreshes);
        data.refresh_token = Some(self.refresh_token.clone());
        if let Some(id_token) = &self.id_token {
            data.renew_id_token(id_token.clone());
        }
        for token in self.access_tokens.iter().filter_map(|(_, token)| token.as_ref().ok()) {
            data.put_access_token(token.clone());
        }
    }
}
