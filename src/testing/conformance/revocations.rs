//! What every [`RevocationStore`] has to do, as checks that run against any.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::task::JoinSet;

use super::{ok, random};
use crate::store::RevocationStore;

const HOUR: Duration = Duration::from_secs(3600);
/// More than a server sends again.
const RACERS: usize = 64;

/// Checks that a store of your own does what [`RevocationStore`] asks for: `instances` are one or several over the same data, as several
/// processes have them. Call it in a test:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use logto::{store::MemoryRevocations, testing::revocation_conformance};
///
/// let store = MemoryRevocations::new();
/// let other_process = store.clone(); // for a store with a server: a second connection
/// revocation_conformance([store, other_process]).await;
/// # }
/// ```
///
/// It takes some seconds, since it waits for keys to be forgotten. All keys are made at random and forgotten within the hour, but for one that
/// is to last for ever.
///
/// # Panics
/// At the first requirement that the store does not meet, which the message states.
pub async fn revocation_conformance<S: RevocationStore>(instances: impl IntoIterator<Item = S>) {
    let instances: Vec<Arc<dyn RevocationStore>> =
        instances.into_iter().map(|store| -> Arc<dyn RevocationStore> { Arc::new(store) }).collect();
    let suite = Suite(instances);
    suite.the_latest_counts().await;
    suite.extremes_are_kept().await;
    suite.keys_are_forgotten().await;
    suite.of_many_claims_one_is_given().await;
    suite.a_claim_lasts_and_is_given_back().await;
}

struct Suite(Vec<Arc<dyn RevocationStore>>);

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH)
}

impl Suite {
    /// An instance: neighbours in numbers are different ones.
    fn store(&self, number: usize) -> Arc<dyn RevocationStore> {
        match self.0.iter().cycle().nth(number) {
            Some(store) => Arc::clone(store),
            None => panic!("there is no store"),
        }
    }

    async fn record(&self, number: usize, key: &str, cutoff: SystemTime, ttl: Duration) {
        ok("record", self.store(number).record(key, cutoff, ttl).await);
    }

    async fn latest_cutoff(&self, number: usize, keys: &[&String]) -> Option<SystemTime> {
        let keys: Vec<String> = keys.iter().map(|key| (*key).clone()).collect();
        ok("latest_cutoff", self.store(number).latest_cutoff(&keys).await)
    }

    async fn claim(&self, number: usize, key: &str, ttl: Duration) -> bool {
        ok("claim", self.store(number).claim(key, ttl).await)
    }

    async fn the_latest_counts(&self) {
        let (one, other) = (random("key-"), random("key- ünï 한국어 \"'\\%_*:{}"));
        assert!(
            self.latest_cutoff(0, &[&one]).await.is_none(),
            "`latest_cutoff` has to give None for a key that has no cutoff"
        );
        assert!(self.latest_cutoff(0, &[]).await.is_none(), "`latest_cutoff` has to give None for no keys");
        self.record(0, &one, at(1_700_000_100), HOUR).await;
        self.record(1, &one, at(1_700_000_050), Duration::from_millis(1)).await;
        let rule = "of two calls of `record` the later time has to stay, for the longer";
        assert!(self.latest_cutoff(1, &[&one]).await == Some(at(1_700_000_100)), "{rule}");
        self.record(1, &other, at(1_700_000_200), HOUR).await;
        let rule = "`latest_cutoff` has to give the latest of the keys";
        assert!(self.latest_cutoff(0, &[&random("key-"), &other, &one]).await == Some(at(1_700_000_200)), "{rule}");
        assert!(self.latest_cutoff(0, &[&one]).await == Some(at(1_700_000_100)), "`record` must not touch another key");
    }

    async fn extremes_are_kept(&self) {
        let key = random("key-");
        let late = at(u64::try_from(i64::MAX).unwrap_or_default());
        let now = SystemTime::now();
        self.record(0, &key, late, Duration::MAX).await;
        let rule = "a time and a lifetime that are too long have to become the longest there are, not none";
        assert!(self.latest_cutoff(1, &[&key]).await.is_some_and(|cutoff| cutoff > now), "{rule}");
        self.record(1, &key, at(1_700_000_000), HOUR).await;
        let rule = "what comes after a time that is too late must not take its place";
        assert!(self.latest_cutoff(0, &[&key]).await.is_some_and(|cutoff| cutoff > now), "{rule}");
    }

    async fn keys_are_forgotten(&self) {
        let (revoked, claimed) = (random("key-"), random("key-"));
        self.record(0, &revoked, at(1_700_000_000), Duration::from_secs(1)).await;
        assert!(
            self.claim(0, &claimed, Duration::from_secs(1)).await,
            "`claim` has to give true for a key that is free"
        );
        // A store that counts in whole seconds may be late by one.
        for _ in 0..8 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            if self.latest_cutoff(0, &[&revoked]).await.is_none() {
                break;
            }
        }
        assert!(
            self.latest_cutoff(1, &[&revoked]).await.is_none(),
            "`latest_cutoff` has to give None when the time is over"
        );
        tokio::time::sleep(Duration::from_millis(1100)).await;
        assert!(self.claim(1, &claimed, HOUR).await, "`claim` has to give true when the claim before it is over");
        assert!(self.claim(1, &revoked, HOUR).await, "`claim` has to give true when a revocation is forgotten");
    }

    async fn of_many_claims_one_is_given(&self) {
        for _ in 0..8 {
            let (key, mut racers) = (random("key-"), JoinSet::new());
            for number in 0..RACERS {
                let (store, key) = (self.store(number), key.clone());
                racers.spawn(async move { ok("claim", store.claim(&key, HOUR).await) });
            }
            let given = racers.join_all().await.into_iter().filter(|given| *given).count();
            assert!(given == 1, "of {RACERS} claims at once `claim` has to give true to exactly one; {given} got it");
        }
    }

    async fn a_claim_lasts_and_is_given_back(&self) {
        let key = random("key-");
        assert!(self.claim(0, &key, HOUR).await, "`claim` has to give true for a key that is free");
        assert!(!self.claim(1, &key, HOUR).await, "`claim` has to give false for a key that is taken");
        ok("release", self.store(1).release(&key).await);
        ok("release (of a key that is not there)", self.store(0).release(&key).await);
        assert!(self.claim(0, &key, Duration::from_secs(2)).await, "`release` has to give a key back");
        // What is done with is kept for longer than what is begun.
        self.record(1, &key, at(1_700_000_000), HOUR).await;
        tokio::time::sleep(Duration::from_millis(2100)).await;
        assert!(!self.claim(0, &key, HOUR).await, "`record` has to keep a key that was claimed for longer");
        assert!(
            self.latest_cutoff(0, &[&key]).await == Some(at(1_700_000_000)),
            "`record` has to note the time of a claimed key"
        );
    }
}
