//! Stores that do not respond, or may lose entries.

use super::Check;
use crate::client::LogtoClient;

const STORES: &str = "stores";

impl LogtoClient {
    /// Nothing where sessions are in cookies and nothing can be said of what remembers their ends.
    pub(super) async fn check_stores(&self) -> Option<Check> {
        let stores = &self.config().cookies.stores;
        let of_sessions = match &stores.sessions {
            Some(store) => Some(store.warnings().await),
            None => None,
        };
        let of_revocations = stores.revocations().warnings().await;
        let has_store = of_sessions.is_some();
        let mut warnings = Vec::new();
        for answer in of_sessions.into_iter().chain([of_revocations]) {
            match answer {
                Ok(told) => warnings.extend(told),
                Err(error) => {
                    return Some(Check::warning(
                        STORES,
                        format!("a store does not tell of itself: {error}"),
                        "Look whether it runs and can be reached; Redis needs the right to INFO for this. See docs/stores.md.",
                    ));
                }
            }
        }
        warnings.dedup();
        match warnings.as_slice() {
            [] => has_store.then(|| Check::ok(STORES, "nothing to say of where sessions are kept")),
            warnings => Some(Check::warning(
                STORES,
                warnings.join("; "),
                "Mend it in the store's settings: see docs/stores.md.",
            )),
        }
    }
}
