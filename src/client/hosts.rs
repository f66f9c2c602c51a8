//! Several hosts of one application: which client serves a request. They differ in their base URL and in what follows from it, and share all
//! else.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{Inner, LogtoClient};
use crate::{
    config::{BaseUrl, RequestHost},
    error::{Code, Error, Result, excerpt},
};

/// Whether any client has several base URLs. A request's host is not read before: an application that has one pays nothing.
static COMPARED: AtomicBool = AtomicBool::new(false);

/// Whether what a request says of its host may be asked for.
pub(crate) fn some_client_compares_hosts() -> bool {
    COMPARED.load(Ordering::Relaxed)
}

/// The clients of an application that has several base URLs, by the host and port of each.
pub(super) struct Hosts(HashMap<String, LogtoClient>);

impl Hosts {
    /// `None` where the application has one base URL.
    pub(super) fn of(inner: &Inner) -> Option<Self> {
        let listed = inner.config.base_urls.listed();
        if listed.is_empty() {
            return None;
        }
        COMPARED.store(true, Ordering::Relaxed);
        Some(Self(listed.iter().map(|base| (base.authority().to_owned(), inner.at(base))).collect()))
    }
}

impl Inner {
    /// The same without other hosts.
    fn alone(&self) -> Self {
        Self {
            config: self.config.clone(),
            provider: Arc::clone(&self.provider),
            under_way: Arc::clone(&self.under_way),
            coordinator: self.coordinator.clone(),
            mounting: Arc::clone(&self.mounting),
            exchanged: Arc::clone(&self.exchanged),
            hosts: None,
            elsewhere: None,
        }
    }

    /// The same at another base URL.
    fn at(&self, base: &BaseUrl) -> LogtoClient {
        LogtoClient(Arc::new(Self { config: self.config.at(base), ..self.alone() }))
    }

    /// The same for a host that is none of the application's.
    fn elsewhere(&self, host: Option<&str>) -> LogtoClient {
        let host = excerpt(host.unwrap_or_default()).into_owned();
        LogtoClient(Arc::new(Self { elsewhere: Some(host), ..self.alone() }))
    }
}

impl LogtoClient {
    /// The client for a request, by what its headers say of its host. With one base URL they are not asked for.
    pub(crate) fn at_host_of<'h>(&self, header: impl Fn(&str) -> Option<&'h str>) -> Cow<'_, Self> {
        let Some(Hosts(listed)) = &self.0.hosts else { return Cow::Borrowed(self) };
        let base_urls = &self.config().base_urls;
        let named = base_urls.named_host(header);
        let Some(host) = named.and_then(RequestHost::parse) else { return Cow::Owned(self.0.elsewhere(named)) };
        let mut listed = host.authorities().filter_map(|authority| listed.get(authority));
        if let Some(client) = listed.find(|client| host.is_of(&client.config().base_url)) {
            return Cow::Borrowed(client);
        }
        Cow::Owned(base_urls.by_pattern(&host).map_or_else(|| self.0.elsewhere(named), |base| self.0.at(&base)))
    }

    /// This client, and those of the hosts that are listed.
    pub(crate) fn at_all_hosts(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.0.hosts.iter().flat_map(|hosts| hosts.0.values()))
    }

    /// Whether this client is for a host that is none of the application's.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.0.elsewhere.is_some()
    }

    /// # Errors
    /// `sign_in.unknown_host`.
    pub(super) fn refuse_elsewhere(&self) -> Result<()> {
        match &self.0.elsewhere {
            Some(host) => {
                let message = format!("the request came to the host `{host}`, which none of the base URLs has");
                Err(Error::new(Code::UnknownHost, message))
            }
            None => Ok(()),
        }
    }
}
