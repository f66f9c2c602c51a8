//! What travels without encryption beyond this machine: one warning at the start that names the settings, and an error in a strict configuration.

use std::{sync::Arc, time::Duration};

use logto::{
    LogtoClient, LogtoConfig, LogtoConfigBuilder,
    integrate::{BoxError, BoxFuture},
    machine::MachineClient,
    store::{MemoryStore, RefreshCoordinator, SaveOutcome, SessionId, SessionSelector, SessionStore, StoredSession},
};

use crate::{logs::listen, support::COOKIE_SECRET};

/// A store of an application's own, that knows how it is reached.
struct Remote(MemoryStore);

impl SessionStore for Remote {
    fn create<'a>(&'a self, id: &'a SessionId, session: &'a StoredSession) -> BoxFuture<'a, Result<bool, BoxError>> {
        self.0.create(id, session)
    }

    fn load<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<StoredSession>, BoxError>> {
        self.0.load(id)
    }

    fn save<'a>(
        &'a self,
        id: &'a SessionId,
        session: &'a StoredSession,
        expected_revision: u64,
    ) -> BoxFuture<'a, Result<SaveOutcome, BoxError>> {
        self.0.save(id, session, expected_revision)
    }

    fn delete<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<(), BoxError>> {
        self.0.delete(id)
    }

    fn revoke<'a>(&'a self, which: &'a SessionSelector) -> BoxFuture<'a, Result<u64, BoxError>> {
        self.0.revoke(which)
    }

    fn is_in_clear_text(&self) -> bool {
        true
    }
}

struct RemoteLock;

impl RefreshCoordinator for RemoteLock {
    fn lock<'a>(&'a self, _: &'a str, _: Duration) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        Box::pin(async { Ok(None) })
    }

    fn unlock<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async { Ok(()) })
    }

    fn load_result<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        Box::pin(async { Ok(None) })
    }

    fn store_result<'a>(&'a self, _: &'a str, _: &'a str, _: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async { Ok(()) })
    }

    fn is_in_clear_text(&self) -> bool {
        true
    }
}

fn encrypted() -> LogtoConfigBuilder {
    LogtoConfig::builder()
        .endpoint("https://logto.example")
        .app_id("app")
        .base_url("https://www.example.com")
        .cookie_secret(COOKIE_SECRET)
}

/// A change to a configuration in which nothing travels in clear text, and the settings that then do.
fn samples() -> Vec<(LogtoConfigBuilder, &'static [&'static str])> {
    vec![
        (encrypted(), &[]),
        (encrypted().base_url("http://localhost:3000").endpoint("http://127.0.0.1:3001"), &[]),
        (encrypted().internal_endpoint("http://localhost:3001"), &[]),
        (encrypted().session_store(MemoryStore::new()), &[]),
        (encrypted().base_url("http://app.example.com"), &["base_url"]),
        (encrypted().further_base_urls(["http://shop.example.org"]), &["further_base_urls"]),
        (encrypted().endpoint("http://logto:3001").allow_insecure_endpoint(true), &["endpoint"]),
        (encrypted().internal_endpoint("http://logto:3001"), &["internal_endpoint"]),
        (encrypted().session_store(Remote(MemoryStore::new())), &["session_store"]),
        // Behind another one, as an application keeps it.
        (encrypted().session_store(Arc::new(Remote(MemoryStore::new()))), &["session_store"]),
        (encrypted().refresh_coordinator(RemoteLock), &["refresh_coordinator"]),
        (
            encrypted()
                .base_url("http://app.example.com")
                .endpoint("http://logto:3001")
                .allow_insecure_endpoint(true)
                .session_store(Remote(MemoryStore::new())),
            &["base_url", "endpoint", "session_store"],
        ),
    ]
}

#[test]
fn whatever_travels_in_clear_text_is_one_warning_that_names_the_settings() {
    for (config, settings) in samples() {
        let (log, _guard) = listen("logto=warn");
        let config = config.build().unwrap();
        assert_eq!(log.text().matches("without encryption").count(), 0, "a configuration alone asks for nothing");
        let client = LogtoClient::new(config.clone()).unwrap();
        let (text, expected) = (log.text(), usize::from(!settings.is_empty()));
        assert_eq!(text.matches("travel in the clear").count(), expected, "{settings:?}: {text}");
        let named = format!("settings=\"{}\"", settings.join(", "));
        assert!(settings.is_empty() || text.contains(&named), "{settings:?}: {text}");
        // What is made of the same configuration repeats nothing.
        let machine = MachineClient::builder().config(client.config()).app_id("machine").app_secret("secret");
        drop(machine.build().unwrap());
        assert_eq!(log.text(), text);
    }
}

#[test]
fn whatever_travels_in_clear_text_is_an_error_in_a_strict_configuration() {
    for (config, settings) in samples() {
        let error = config.strict(true).build().map(drop).err();
        let named: Vec<_> =
            error.iter().flat_map(logto::Error::config_problems).map(logto::diagnose::ConfigProblem::setting).collect();
        assert_eq!(named, settings, "{error:?}");
        assert!(
            error.is_none_or(
                |error| error.code() == "config.invalid" && error.to_string().contains("without encryption")
            )
        );
    }
}
