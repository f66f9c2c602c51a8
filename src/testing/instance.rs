//! A second instance of an application, in one process.

use crate::config::LogtoConfig;

/// The configuration as another instance of the application has it: the same settings and stores, and nothing known of Logto yet. Clients of
/// one configuration share that, and a test may want one that has just started.
///
/// ```
/// # fn example(logto: logto::LogtoClient) -> logto::Result<()> {
/// use logto::{LogtoClient, testing::another_instance};
///
/// let just_started = LogtoClient::new(another_instance(logto.config()))?;
/// # drop(just_started); Ok(()) }
/// ```
#[must_use]
pub fn another_instance(config: &LogtoConfig) -> LogtoConfig {
    LogtoConfig { server: config.server.without_provider(), ..config.clone() }
}
