//! The settings of a [`Management`], and the one place that checks them.

use std::time::Duration;

use super::{Management, resource};
use crate::{
    api_client::ApiClient,
    config::problems::Problems,
    error::Result,
    logto_api,
    machine::{MachineClient, MachineClientBuilder},
    types::TokenOptions,
};

/// A page of a hundred users with their custom data.
const MAX_BODY_BYTES: usize = 10_000_000;

/// Settings on their way to a [`Management`].
#[derive(Debug, Clone)]
#[must_use]
pub struct ManagementBuilder {
    machine: MachineClient,
    resource: Option<String>,
    max_retry_wait: Duration,
}

impl ManagementBuilder {
    pub(super) fn new(machine: MachineClient) -> Self {
        Self { machine, resource: None, max_retry_wait: Duration::from_secs(30) }
    }

    /// Takes what [`Management::from_env`] reads; the rest can be set by the builder's methods.
    ///
    /// # Errors
    /// `config.invalid`, which names everything that is missing or wrong.
    pub fn from_env() -> Result<Self> {
        let mut machine = MachineClientBuilder::from_env();
        if let Some(id) = variable("LOGTO_MANAGEMENT_APP_ID") {
            machine = machine.app_id(id);
        }
        if let Some(secret) = variable("LOGTO_MANAGEMENT_APP_SECRET") {
            machine = machine.app_secret(secret);
        }
        Ok(Self { resource: variable("LOGTO_MANAGEMENT_RESOURCE"), ..Self::new(machine.build()?) })
    }

    /// Sets the identifier of the Management API, as Logto Console › API resources › Logto Management API shows it. Needed for a custom domain of Logto
    /// Cloud. Default: see [`Management::new`].
    pub fn resource(mut self, identifier: impl Into<String>) -> Self {
        self.resource = Some(identifier.into());
        self
    }

    /// Sets for how long at most one call waits in all after 429 and 503. Default: 30 seconds. With zero nothing is sent again.
    ///
    /// The time to wait is that of `Retry-After`. After 429 without it, it is 1, 2 and 4 seconds.
    pub fn max_retry_wait(mut self, time: Duration) -> Self {
        self.max_retry_wait = time;
        self
    }

    /// Checks everything. Nothing is sent yet.
    ///
    /// # Errors
    /// `config.invalid`, which names every setting that is wrong, each with what to do.
    pub fn build(self) -> Result<Management> {
        let mut problems = Problems::default();
        let provider = self.machine.provider();
        let addresses = provider.addresses();
        problems.unless("endpoint", self.machine.is_logto(), || {
            "issuer names the machine's server (the Management API is Logto's own: set endpoint to the address of Logto)".into()
        });
        let resource = self.resource.unwrap_or_else(|| resource::of(&addresses.endpoint));
        problems.resource("resource", &resource);
        if !problems.0.is_empty() {
            return Err(problems.into_error());
        }
        let token = TokenOptions::new().resource(resource).scopes(["all"]);
        let transport = provider.transport().up_to(MAX_BODY_BYTES);
        let base_url = logto_api::base_url(addresses)?;
        let api = ApiClient::at_logto(base_url, transport, token, self.max_retry_wait, self.machine.clock());
        Ok(Management { machine: self.machine, api })
    }
}

fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok()?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}
