//! An exchange and its result over all instances.

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::{CodeExchange, Progress, Verified, exchanges::USED_CODE_TTL_SECONDS};
use crate::{
    client::{
        coordinate::{Coordination, Exclusive, name},
        result_age::{RESULT_TTL_SECONDS, is_recent_elsewhere},
    },
    error::BoxError,
    session::SessionData,
};

/// An exchange that one instance makes.
pub(super) struct Exchanging<'a> {
    exchange: &'a CodeExchange,
    /// How far the sign-in has come elsewhere, if its code was exchanged there.
    pub(super) progress: Option<Progress>,
}

impl<'a> Exchanging<'a> {
    pub(super) fn new(exchange: &'a CodeExchange) -> Self {
        Self { exchange, progress: None }
    }
}

impl Exclusive for Exchanging<'_> {
    async fn lock_name(&mut self, coordination: &Coordination<'_>) -> Result<Option<String>, BoxError> {
        self.progress = coordination.open(&self.exchange.progress_name()).await?;
        Ok(self.progress.is_none().then(|| name("code-lock", &self.exchange.callback)))
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    #[serde(with = "serde_bytes")]
    session: Vec<u8>,
    /// As JSON: the validated claims are not read from the token a second time.
    claims: String,
    /// Unix seconds when it was shared.
    at: i64,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.session.zeroize();
    }
}

impl Coordination<'_> {
    /// What another instance's exchange gave.
    pub(super) async fn verified(&self, exchange: &CodeExchange, now: i64) -> Option<Verified> {
        let wire: Wire = self.read(&exchange.result_name()).await?;
        if !is_recent_elsewhere(wire.at, now) {
            return None;
        }
        Some(Verified {
            data: SessionData::from_bytes(&wire.session)?,
            claims: serde_json::from_str(&wire.claims).ok()?,
        })
    }

    /// Tells the other instances what an exchange gave, and then that it was made.
    pub(super) async fn publish_verified(&self, exchange: &CodeExchange, verified: &Verified, now: i64) {
        if let (Ok(session), Ok(claims)) = (verified.data.to_bytes(), serde_json::to_string(&verified.claims)) {
            let wire = Wire { session: session.to_vec(), claims, at: now };
            self.publish(&exchange.result_name(), &wire, RESULT_TTL_SECONDS).await;
        }
        self.publish_progress(exchange, Progress::Exchanged).await;
    }

    pub(super) async fn progress(&self, exchange: &CodeExchange) -> Option<Progress> {
        self.read(&exchange.progress_name()).await
    }

    pub(super) async fn publish_progress(&self, exchange: &CodeExchange, progress: Progress) {
        self.publish(&exchange.progress_name(), &progress, USED_CODE_TTL_SECONDS).await;
    }
}

impl CodeExchange {
    fn progress_name(&self) -> String {
        name("code", &self.callback)
    }

    fn result_name(&self) -> String {
        name("code-result", &self.callback)
    }
}
