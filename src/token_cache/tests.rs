use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::runtime::Builder;

use super::{Slot, Tokens, Want};
use crate::{
    clock::Clock,
    error::{Code, Error, Result},
    session::StoredAccessToken,
    types::TokenKey,
};

const NOON: i64 = 1_795_385_584;
/// What asking takes at most.
const LONGEST: Duration = Duration::from_secs(20);

struct Watch(AtomicI64);

impl Clock for Watch {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(u64::try_from(self.0.load(Ordering::Relaxed)).unwrap())
    }
}

/// A slot whose server is asked by the way.
struct World {
    slot: Arc<Slot>,
    watch: Arc<Watch>,
    asked: AtomicUsize,
}

impl World {
    fn new() -> Self {
        let watch = Arc::new(Watch(AtomicI64::new(NOON)));
        Self { slot: Arc::new(Slot::new(LONGEST)), watch, asked: AtomicUsize::new(0) }
    }

    /// Asks for a token while the server gives tokens of this lifetime, numbered; or while it fails.
    async fn get(&self, want: Want<'_>, server: Result<i64>) -> Result<String> {
        let watch: Arc<Watch> = Arc::clone(&self.watch);
        let clock: Arc<dyn Clock> = watch;
        let ask = || {
            let number = self.asked.fetch_add(1, Ordering::Relaxed);
            let now = self.watch.0.load(Ordering::Relaxed);
            async move {
                let key = TokenKey::default();
                Ok(StoredAccessToken::new(key, format!("token {number}").into(), String::new(), now, server?))
            }
        };
        Ok(self.slot.get(want, &clock, ask).await?.token.expose().to_owned())
    }

    fn set(&self, seconds: i64) {
        self.watch.0.store(NOON + seconds, Ordering::Relaxed);
    }

    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::Relaxed)
    }
}

fn down() -> Error {
    Error::new(Code::Unreachable, "down")
}

fn key(name: &str) -> TokenKey {
    TokenKey { organization: Some(name.to_owned()), ..TokenKey::default() }
}

#[test]
fn a_full_token_cache_evicts_the_longest_unused_idle_slot() {
    let tokens = Tokens::new(2, LONGEST);
    let slot = |name: &str| Arc::downgrade(&tokens.slot(&key(name)));
    let lives = |slot: &Weak<Slot>| slot.upgrade().is_some();
    let (a, b) = (slot("a"), slot("b"));
    assert!(Weak::ptr_eq(&a, &slot("a")));
    let c = slot("c");
    assert!(lives(&a) && !lives(&b) && lives(&c));

    let busy = a.upgrade().unwrap();
    let d = slot("d");
    assert!(Weak::ptr_eq(&a, &slot("a")) && !lives(&c) && lives(&d));
    // Whatever is busy, there are never more.
    let other = d.upgrade().unwrap();
    let _ = (slot("e"), slot("f"));
    assert_eq!(tokens.slots.lock().unwrap().by_key.len(), 2);
    drop((busy, other));
    assert_eq!(Tokens::<TokenKey>::new(0, LONGEST).capacity, 1);
}

#[test]
fn what_nobody_may_ask_for_any_more_is_dropped_within_a_minute() {
    let tokens = Tokens::new(100, LONGEST);
    let slot =
        |name: &str, until: i64, now: i64| Arc::downgrade(&tokens.slot_until(&key(name), NOON + until, NOON + now));
    let held = || tokens.slots.lock().unwrap().by_key.len();
    let (short, long) = (slot("short", 10, 0), slot("long", 3600, 0));
    slot("another", 3600, 30);
    assert!(short.upgrade().is_some(), "they are looked at once a minute");
    slot("yet another", 3600, 60);
    assert!(short.upgrade().is_none() && long.upgrade().is_some());
    assert_eq!(held(), 3);
    // Back by an hour, and on from there.
    slot("of before", -3000, -3540);
    slot("of later", 3600, -3000);
    assert_eq!(held(), 4);
    // What has no such time stays.
    tokens.slot(&key("for ever"));
    slot("of the end", 10_000, 9_000);
    assert_eq!(held(), 2);
}

#[tokio::test]
async fn a_failed_fetch_is_retried_after_a_second_without_a_token_or_ten_with_one() {
    let world = World::new();
    let valid = || Want::Valid(None);
    for seconds in [0, 0, 1] {
        world.set(seconds);
        assert!(world.get(valid(), Err(down())).await.is_err());
    }
    assert_eq!(world.asked(), 2);
    // The last failure was in this second.
    assert!(world.get(valid(), Ok(3600)).await.is_err());
    world.set(2);
    assert_eq!(world.get(valid(), Ok(3600)).await.unwrap(), "token 0");
    assert_eq!(world.asked(), 1);

    // Its last minute.
    for (seconds, asked) in [(3541, 0), (3542, 1), (3551, 0), (3552, 1), (3561, 0), (3562, 1), (3601, 1)] {
        world.set(seconds);
        assert_eq!(world.get(valid(), Err(down())).await.unwrap(), "token 0", "{seconds}");
        assert_eq!(world.asked(), asked, "{seconds}");
    }
    // Over. The previous failure is still the result, and nothing else is.
    world.set(3602);
    assert!(world.get(valid(), Ok(3600)).await.is_err());
    assert_eq!(world.asked(), 0);
    world.set(3611);
    assert_eq!(world.get(valid(), Ok(3600)).await.unwrap(), "token 0");
}

#[tokio::test]
async fn retry_after_is_heeded_up_to_five_minutes() {
    for (seconds, until) in [(0, 1), (5, 5), (300, 300), (3600, 300), (u64::MAX, 300)] {
        let world = World::new();
        let busy = Error::new(Code::TokenRefused, "busy").with_response(429, Some(Duration::from_secs(seconds)));
        assert!(world.get(Want::Fresh, Err(busy)).await.is_err());
        world.set(until - 1);
        let error = world.get(Want::Fresh, Ok(60)).await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(u64::from(seconds > 0))), "{seconds}");
        world.set(until);
        world.get(Want::Fresh, Ok(60)).await.unwrap();
        assert_eq!(world.asked(), 2);
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_make_a_failure_last() {
    let world = World::new();
    assert!(world.get(Want::Valid(None), Err(down())).await.is_err());
    world.set(-3600);
    world.get(Want::Valid(None), Ok(60)).await.unwrap();
}

#[tokio::test]
async fn a_refusal_is_returned_although_an_old_token_still_lives() {
    let world = World::new();
    world.get(Want::Valid(None), Ok(3600)).await.unwrap();
    world.set(3590);
    let refused = Error::new(Code::ClientRejected, "the secret was changed");
    let error = world.get(Want::Valid(None), Err(refused)).await.unwrap_err();
    assert!(error.is(Code::ClientRejected));
    // Who insists on a fresh one gets no old one.
    let world = World::new();
    world.get(Want::Valid(None), Ok(3600)).await.unwrap();
    assert!(world.get(Want::Fresh, Err(down())).await.is_err());
    assert_eq!(world.get(Want::Valid(None), Err(down())).await.unwrap(), "token 0");
}

#[tokio::test]
async fn a_token_that_was_refused_is_replaced_once() {
    let world = World::new();
    let first = world.get(Want::Valid(None), Ok(3600)).await.unwrap();
    let second = world.get(Want::InsteadOf(&first), Ok(3600)).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(world.asked(), 2);
    // A late caller with the first gets the second.
    assert_eq!(world.get(Want::InsteadOf(&first), Ok(3600)).await.unwrap(), second);
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn a_short_lived_token_is_renewed_at_half_of_its_life() {
    let world = World::new();
    let valid = || Want::Valid(None);
    world.get(valid(), Ok(20)).await.unwrap();
    world.set(9);
    world.get(valid(), Ok(20)).await.unwrap();
    assert_eq!(world.asked(), 1);
    world.set(10);
    world.get(valid(), Ok(20)).await.unwrap();
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_validity_that_no_token_has_is_asked_for_once() {
    let world = World::new();
    for seconds in 0..10 {
        world.set(seconds);
        assert_eq!(world.get(Want::Valid(Some(600)), Ok(20)).await.unwrap(), "token 0", "{seconds}");
    }
    assert_eq!(world.asked(), 1, "ten calls");
    // Then as without it: half a short life, or all but a minute.
    for (seconds, asked) in [(10, 1), (11, 0), (3549, 0), (3550, 1)] {
        world.set(seconds);
        world.get(Want::Valid(Some(3600)), Ok(3600)).await.unwrap();
        assert_eq!(world.asked(), asked, "{seconds}");
    }
    // One that a token can have is kept to.
    let world = World::new();
    world.get(Want::Valid(Some(3599)), Ok(3600)).await.unwrap();
    world.set(1);
    world.get(Want::Valid(Some(3599)), Ok(3600)).await.unwrap();
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn a_machine_token_fetched_under_a_fast_clock_is_fetched_again_after_the_correction() {
    for validity in [None, Some(30), Some(7200)] {
        let world = World::new();
        world.set(7200);
        assert_eq!(world.get(Want::Valid(validity), Ok(3600)).await.unwrap(), "token 0");
        // Right again. It would be taken to live for three hours from here.
        world.set(0);
        assert_eq!(world.get(Want::Valid(validity), Ok(3600)).await.unwrap(), "token 1");
        world.set(3539);
        assert_eq!(world.get(Want::Valid(None), Ok(3600)).await.unwrap(), "token 1");
        world.set(3600);
        assert_eq!(world.get(Want::Valid(validity), Ok(3600)).await.unwrap(), "token 2");
    }
    // Nobody knows when it ends: it is not served in place of an answer either.
    let world = World::new();
    world.set(7200);
    let first = world.get(Want::Valid(None), Ok(3600)).await.unwrap();
    world.set(0);
    assert!(world.get(Want::Valid(None), Err(down())).await.is_err());
    world.set(2);
    assert_ne!(world.get(Want::InsteadOf("another"), Ok(3600)).await.unwrap(), first);
}

#[test]
fn a_request_whose_runtime_is_driven_no_more_is_given_up_in_its_time() {
    let world = World::new();
    let runtime = |paused| Builder::new_current_thread().enable_time().start_paused(paused).build().unwrap();
    let (parked, other) = (runtime(false), runtime(true));
    let (slot, watch) = (Arc::clone(&world.slot), Arc::clone(&world.watch));
    parked.block_on(async {
        let clock: Arc<dyn Clock> = watch;
        tokio::spawn(async move { slot.get(Want::Valid(None), &clock, std::future::pending).await });
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    });
    for _ in 0..2 {
        assert_eq!(other.block_on(world.get(Want::Valid(None), Ok(3600))).unwrap(), "token 0");
    }
    assert_eq!(world.asked(), 1);
}
