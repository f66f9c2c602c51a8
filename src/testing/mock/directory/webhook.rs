//! A webhook as it is registered in the Logto Console.

use std::time::SystemTime;

use crate::secret::Secret;

/// What a webhook can be registered for, in the server's order (`92-webhooks/02-create-bad-event.json`).
pub(crate) const EVENTS: &[&str] = &[
    "PostRegister",
    "PostSignIn",
    "PostSignInAdaptiveMfaTriggered",
    "PostResetPassword",
    "User.Created",
    "User.Deleted",
    "User.Data.Updated",
    "User.SuspensionStatus.Updated",
    "Role.Created",
    "Role.Deleted",
    "Role.Data.Updated",
    "Role.Scopes.Updated",
    "Scope.Created",
    "Scope.Deleted",
    "Scope.Data.Updated",
    "Organization.Created",
    "Organization.Deleted",
    "Organization.Data.Updated",
    "Organization.Membership.Updated",
    "OrganizationRole.Created",
    "OrganizationRole.Deleted",
    "OrganizationRole.Data.Updated",
    "OrganizationRole.Scopes.Updated",
    "OrganizationScope.Created",
    "OrganizationScope.Deleted",
    "OrganizationScope.Data.Updated",
    "Identifier.Lockout",
    "Message.RateLimited",
    "Grant.LimitExceeded",
];

/// Whether Logto has an event of this name.
pub(crate) fn is_event(name: &str) -> bool {
    EVENTS.contains(&name)
}

/// A webhook, as the Logto Console knows it: where deliveries go, of which events, and which key signs them.
///
/// ```
/// use logto::testing::MockWebhook;
///
/// let webhook = MockWebhook::new("http://localhost:3000/hook")
///     .events(["User.SuspensionStatus.Updated", "User.Deleted"])
///     .signing_key("a signing key")
///     .header("x-custom", "custom value");
/// ```
#[derive(Debug, Clone)]
pub struct MockWebhook {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) events: Vec<String>,
    pub(crate) signing_key: Secret,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) enabled: bool,
    pub(crate) created_at: Option<SystemTime>,
}

impl MockWebhook {
    /// What signs deliveries unless [`signing_key`](Self::signing_key) sets another.
    pub const SIGNING_KEY: &'static str = "mock-signing-key";

    /// A webhook for all events, with the id `mock-webhook`, which posts to this address.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            id: "mock-webhook".to_owned(),
            name: "mock-webhook".to_owned(),
            url: url.into(),
            events: EVENTS.iter().map(|&name| name.to_owned()).collect(),
            signing_key: Secret::new(Self::SIGNING_KEY),
            headers: Vec::new(),
            enabled: true,
            created_at: None,
        }
    }

    /// Its id, which each delivery tells.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// Its name in the Console.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Where deliveries go.
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = url.into();
        self
    }

    /// The events that it is told of: their names (`User.Created`), or `logto::webhooks::EventName`. Those that were set before do not count.
    ///
    /// # Panics
    ///
    /// If Logto has no event of such a name.
    #[must_use]
    pub fn events<T: ToString>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.events = names.into_iter().map(|name| name.to_string()).collect();
        let unknown = self.events.iter().find(|name| !is_event(name));
        assert!(unknown.is_none(), "Logto has no event {unknown:?} for webhooks");
        self
    }

    /// The key that signs deliveries from now on.
    #[must_use]
    pub fn signing_key(mut self, key: impl Into<Secret>) -> Self {
        self.signing_key = key.into();
        self
    }

    /// A header field that deliveries carry. One of the same name is replaced.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        self.headers.push((name, value.into()));
        self
    }

    /// Whether it is told of events at all, as a switch of the Console says.
    #[must_use]
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    pub(crate) fn wants(&self, event: &str) -> bool {
        self.enabled && self.events.iter().any(|name| name == event)
    }
}
