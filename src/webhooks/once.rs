//! A delivery that comes twice is done once.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::task::JoinError;
use tracing::Instrument;

use super::{Event, Webhooks};
use crate::{
    error::{Code, Error},
    store::RevocationStore,
};

/// For how long a delivery is taken while it is done: after a process that ended in the middle it can be done again by then.
const TAKEN_FOR: Duration = Duration::from_secs(5 * 60);
/// A week protects against a recorded delivery that is posted again.
const REMEMBERED_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

impl Webhooks {
    /// Does what an event calls for, unless it was done before: `Ok(false)` then, and nothing is done. `store` remembers deliveries for a week, for all
    /// instances that share it: [`RedisRevocations`](crate::store::RedisRevocations), that of the configuration
    /// ([`LogtoConfig::revocation_store`](crate::LogtoConfig::revocation_store)), or [`MemoryRevocations`](crate::store::MemoryRevocations) for one process.
    ///
    /// `handle` runs in a task of its own, so Logto, which hangs up after some seconds, does not stop it. Where it fails or panics the delivery is forgotten, so
    /// that it is done when it comes again. While it runs, for five minutes at most, the same delivery counts as done.
    ///
    /// ```
    /// # async fn example(webhooks: logto::webhooks::Webhooks, event: logto::webhooks::Event) -> Result<(), logto::Error> {
    /// use std::sync::Arc;
    /// use logto::store::MemoryRevocations;
    ///
    /// let done = Arc::new(MemoryRevocations::new());
    /// let name = event.name.clone();
    /// webhooks.once(&done, &event, async move { println!("{name}"); Ok::<_, logto::Error>(()) }).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What `handle` fails with; `webhook.failed` if it panics; `store.failed` if the store does not say whether the delivery was done. Answer with a status of
    /// 500 or above: the Console shows it.
    pub async fn once<S, E>(
        &self,
        store: &Arc<S>,
        event: &Event,
        handle: impl Future<Output = Result<(), E>> + Send + 'static,
    ) -> Result<bool, E>
    where
        S: RevocationStore + ?Sized,
        E: From<Error> + Send + 'static,
    {
        let key = format!("webhook/{}", event.delivery_id());
        let claimed = store.claim(&key, TAKEN_FOR).await.map_err(|error| {
            Error::new(Code::StoreFailed, "whether a delivery was done before is not known").with_source(error)
        })?;
        if !claimed {
            return Ok(false);
        }
        let store = Arc::clone(store);
        let doing = async move {
            let outcome = tokio::spawn(handle.in_current_span()).await.unwrap_or_else(broke_off);
            let noted = match &outcome {
                Ok(()) => store.record(&key, SystemTime::UNIX_EPOCH, REMEMBERED_FOR).await,
                Err(_) => store.release(&key).await,
            };
            if let Err(error) = noted {
                tracing::error!(target: "logto::webhooks", %error, done = outcome.is_ok(), "whether a delivery was done cannot be noted: for five minutes it counts as done, and then as not done");
            }
            outcome.map(|()| true)
        };
        tokio::spawn(doing.in_current_span()).await.unwrap_or_else(broke_off)
    }
}

fn broke_off<T, E: From<Error>>(error: JoinError) -> Result<T, E> {
    Err(Error::new(Code::WebhookFailed, "what a delivery calls for broke off").with_source(error).into())
}
