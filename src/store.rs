//! Where sessions live besides cookies: the traits of stores, and those that come with the crate.

mod bounded;
mod breaker;
mod memory;
#[cfg(feature = "redis")]
mod redis;
pub(crate) mod revocation_keys;
mod shared;
#[cfg(feature = "tower-sessions")]
mod tower_sessions;
mod traits;

pub(crate) use self::bounded::Bounded;
#[cfg(feature = "redis")]
pub use self::redis::{RedisCoordinator, RedisRevocations, RedisStore, RedisStoreBuilder};
#[cfg(feature = "tower-sessions")]
pub use self::tower_sessions::TowerSessionStore;
pub use self::{
    memory::{MemoryRevocations, MemoryStore},
    traits::{
        RefreshCoordinator, RevocationStore, SaveOutcome, SessionId, SessionSelector, SessionStore, StoredSession,
    },
};
