//! Finds out why a sign-in does not work.

mod clock;
mod diagnosis;
mod provider;
mod registration;
mod settings;
mod stores;

use std::sync::Arc;

use tokio::task::JoinSet;
use tracing::{Instrument, Level};

pub use self::diagnosis::{Check, CheckOutcome, Diagnosis};
pub use crate::error::ConfigProblem;
use crate::{client::LogtoClient, oidc::discovery::ProviderMetadata, telemetry::operation_span, types::BoxFuture};

/// The names of what is asked of Logto's endpoints, in the order in which it is read.
const KEYS: &str = "keys";
const CLIENT: &str = "client authentication";
const REDIRECT_URI: &str = "redirect URI";
const SCOPES: &str = "scopes and resources";
const POST_SIGN_OUT: &str = "post sign-out redirect URI";

impl LogtoClient {
    /// Checks everything that a sign-in needs: the settings, the stores, Logto's discovery and keys, the clock, and the registration of this app in
    /// the Logto Console. Useful during setup and when investigating an incident.
    ///
    /// It sends at most five requests to Logto, without caches, and changes nothing there: no user signs in, and the code with which it tests the App
    /// secret is invalid. It ends within twice the configuration's `timeout`, and never fails; the list says what does. No secret is in it.
    ///
    /// ```no_run
    /// # async fn example(logto: logto::LogtoClient) {
    /// let diagnosis = logto.diagnose().await;
    /// println!("{diagnosis}");
    /// assert!(diagnosis.is_ok());
    /// # }
    /// ```
    pub async fn diagnose(&self) -> Diagnosis {
        self.check_all().instrument(operation_span!(Level::INFO, "diagnose")).await
    }

    async fn check_all(&self) -> Diagnosis {
        let mut checks = settings::checks(self.config());
        checks.extend(self.check_stores().await);
        let provider = self.check_discovery().await;
        checks.extend(provider.checks);
        checks.extend(match provider.metadata {
            Some(metadata) => self.check_endpoints(metadata).await,
            None => [KEYS, CLIENT, REDIRECT_URI, SCOPES, POST_SIGN_OUT]
                .map(|name| Check::skipped(name, "it takes a discovery document that can be used"))
                .into(),
        });
        Diagnosis::new(checks)
    }

    /// What needs an endpoint. The requests do not depend on each other, so they are made at once.
    async fn check_endpoints(&self, metadata: ProviderMetadata) -> Vec<Check> {
        type Request = fn(LogtoClient, Arc<ProviderMetadata>) -> BoxFuture<'static, Vec<Check>>;
        let requests: [Request; 4] = [
            |client, metadata| Box::pin(async move { vec![client.check_keys(&metadata).await] }),
            |client, metadata| Box::pin(async move { vec![client.check_credentials(&metadata).await] }),
            |client, metadata| Box::pin(async move { client.check_authorization(&metadata).await.into() }),
            |client, metadata| Box::pin(async move { vec![client.check_sign_out(&metadata).await] }),
        ];
        let metadata = Arc::new(metadata);
        let mut tasks = JoinSet::new();
        for (index, request) in requests.into_iter().enumerate() {
            let checks = request(self.clone(), Arc::clone(&metadata));
            tasks.spawn(async move { (index, checks.await) }.in_current_span());
        }
        let mut found = tasks.join_all().await;
        found.sort_by_key(|(index, _)| *index);
        found.into_iter().flat_map(|(_, checks)| checks).collect()
    }
}
