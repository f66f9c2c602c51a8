//! What users may see and change of their own accounts.

use serde_json::{Map, Value, json};

const FIELDS: [&str; 11] =
    ["name", "avatar", "profile", "email", "phone", "password", "username", "social", "customData", "mfa", "session"];

/// The account center (Logto Console › Sign-in & account › Account center), which opens the Account API to users.
///
/// Fields have Logto's names: `name`, `avatar`, `profile`, `email`, `phone`, `password`, `username`, `social`, `customData`, `mfa` and
/// `session`.
///
/// ```
/// use logto::testing::{MockAccountCenter, MockLogto};
///
/// // Users see their pictures and cannot change them; nobody sees a name.
/// let center = MockAccountCenter::new().read_only("avatar").hidden("name");
/// let builder = MockLogto::builder().account_center(center);
/// ```
#[derive(Debug, Clone)]
pub struct MockAccountCenter {
    enabled: bool,
    limits: Vec<(&'static str, &'static str)>,
    related_origins: Vec<String>,
}

impl Default for MockAccountCenter {
    fn default() -> Self {
        Self { enabled: true, limits: Vec::new(), related_origins: Vec::new() }
    }
}

impl MockAccountCenter {
    /// One that is on, with every field open to changes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One that is off, as it is at a new Logto: every request to the Account API is refused.
    #[must_use]
    pub fn off() -> Self {
        Self { enabled: false, ..Self::default() }
    }

    /// Lets users see a field, and not change it (`ReadOnly`).
    ///
    /// # Panics
    ///
    /// If there is no such field.
    #[must_use]
    pub fn read_only(self, field: &str) -> Self {
        self.limited(field, "ReadOnly")
    }

    /// Takes a field away from users (`Off`).
    ///
    /// # Panics
    ///
    /// If there is no such field.
    #[must_use]
    pub fn hidden(self, field: &str) -> Self {
        self.limited(field, "Off")
    }

    /// Lets pages of another origin register passkeys (`webauthnRelatedOrigins`): `http://localhost:3000`.
    #[must_use]
    pub fn related_origin(mut self, origin: impl Into<String>) -> Self {
        self.related_origins.push(origin.into());
        self
    }

    fn limited(mut self, field: &str, limit: &'static str) -> Self {
        let known = FIELDS.into_iter().find(|known| *known == field);
        assert!(known.is_some(), "the account center has no field {field:?}; it has: {}", FIELDS.join(", "));
        self.limits.retain(|(limited, _)| *limited != field);
        self.limits.extend(known.map(|known| (known, limit)));
        self
    }

    pub(crate) fn is_on(&self) -> bool {
        self.enabled
    }

    pub(crate) fn edits(&self, field: &str) -> bool {
        self.control(field) == "Edit"
    }

    pub(crate) fn shows(&self, field: &str) -> bool {
        self.control(field) != "Off"
    }

    pub(crate) fn related_origins(&self) -> &[String] {
        &self.related_origins
    }

    /// As everybody may see it.
    pub(crate) fn public(&self) -> Value {
        let fields: Map<_, _> = FIELDS.iter().map(|field| ((*field).to_owned(), self.control(field).into())).collect();
        json!({
            "tenantId": "default", "id": "default", "enabled": self.enabled, "fields": fields,
            "webauthnRelatedOrigins": self.related_origins, "deleteAccountUrl": null, "customCss": null,
            "profileFields": null,
        })
    }

    fn control(&self, field: &str) -> &'static str {
        self.limits.iter().find(|(limited, _)| *limited == field).map_or("Edit", |(_, limit)| limit)
    }
}
