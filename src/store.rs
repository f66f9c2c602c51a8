//! Session stores: their traits, and the stores of the crate.

mod bounded;
mod breaker;
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod refresh_coordinator;
pub(crate) mod revocation_keys;
mod revocation_store;
mod session_store;
mod shared;
mod stored_session;
#[cfg(feature = "tower-sessions")]
mod tower_sessions;

pub(crate) use self::bounded::Bounded;
#[cfg(feature = "redis")]
pub use self::redis::{RedisCoordinator, RedisRevocations, RedisStore, RedisStoreBuilder};
#[cfg(feature = "tower-sessions")]
pub use self::tower_sessions::TowerSessionStore;
#[cfg(feature = "tower-sessions-0-15")]
pub use self::tower_sessions::TowerSessions015;
pub use self::{
    memory::{MemoryRevocations, MemoryStore},
    refresh_coordinator::RefreshCoordinator,
    revocation_store::RevocationStore,
    session_store::{SaveOutcome, SessionSelector, SessionStore, StoredSessions},
    stored_session::{SessionId, StoredSession},
};
