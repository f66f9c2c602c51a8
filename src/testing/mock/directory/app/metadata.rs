//! `customClientMetadata` of an application, as far as it has an effect here.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::MockApp;

/// Its members, in Logto's order.
const MEMBERS: &[&str] = &[
    "corsAllowedOrigins",
    "idTokenTtl",
    "refreshTokenTtl",
    "refreshTokenTtlInDays",
    "tenantId",
    "alwaysIssueRefreshToken",
    "rotateRefreshToken",
    "allowTokenExchange",
    "isDeviceFlow",
    "maxAllowedGrants",
];
const DAY: u64 = 24 * 3600;

impl MockApp {
    /// The members that are set, or differ from what Logto takes without them.
    pub(crate) fn shown_metadata(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let of = |name: &'static str| {
            let known = self.metadata.contains_key(name);
            match name {
                "rotateRefreshToken" => (known || !self.rotate_refresh_token).then(|| json!(self.rotate_refresh_token)),
                "allowTokenExchange" => (known || self.token_exchange).then(|| json!(self.token_exchange)),
                "isDeviceFlow" => (known || self.device_flow).then(|| json!(self.device_flow)),
                name => self.metadata.get(name).cloned(),
            }
        };
        MEMBERS.iter().filter_map(move |name| Some((*name, of(name)?)))
    }

    /// Puts these members in the place of those there are.
    pub(crate) fn set_metadata(&mut self, metadata: Map<String, Value>) {
        let flag = |name: &str| metadata.get(name).and_then(Value::as_bool);
        self.rotate_refresh_token = flag("rotateRefreshToken").unwrap_or(true);
        self.token_exchange = flag("allowTokenExchange").unwrap_or_default();
        self.device_flow = flag("isDeviceFlow").unwrap_or_default();
        self.metadata = metadata;
        self.metadata.retain(|name, _| MEMBERS.contains(&name.as_str()));
    }

    pub(crate) fn id_token_ttl(&self) -> Option<Duration> {
        self.seconds("idTokenTtl")
    }

    pub(crate) fn refresh_token_ttl(&self) -> Option<Duration> {
        let days = self.metadata.get("refreshTokenTtlInDays").and_then(Value::as_u64);
        days.map(|days| Duration::from_secs(days.saturating_mul(DAY))).or_else(|| self.seconds("refreshTokenTtl"))
    }

    pub(super) fn has_cors_origin(&self, origin: &str) -> bool {
        let origins = self.metadata.get("corsAllowedOrigins").and_then(Value::as_array);
        origins.into_iter().flatten().any(|known| known == origin)
    }

    fn seconds(&self, name: &str) -> Option<Duration> {
        Duration::try_from_secs_f64(self.metadata.get(name)?.as_f64()?).ok()
    }
}
