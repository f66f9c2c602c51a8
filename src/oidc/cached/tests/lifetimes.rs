//! Values whose answers say how long they are fresh.

use std::time::Duration;

use super::{Caller, HOUR, Subject, failure, settle};
use crate::{error::Error, http::Fetched};

const MINUTE: u64 = 60;

impl Subject {
    /// A `get` whose fetch brings a value for so many seconds.
    async fn get_for(&self, seconds: u64) -> usize {
        let lifetime = Some(Duration::from_secs(seconds));
        let number = self.fetch(Ok);
        let fetch = move || async move { Ok::<_, Error>(Fetched { value: number.await?, lifetime }) };
        *self.cached.get(Caller::Untrusted, fetch).await.unwrap()
    }
}

#[tokio::test]
async fn a_value_is_fresh_for_as_long_as_its_answer_says_within_bounds() {
    for (said, kept) in [(0, MINUTE), (59, MINUTE), (61, 61), (7200, 7200), (86_400, 86_400), (u64::MAX, 86_400)] {
        let subject = Subject::new();
        assert_eq!(subject.get_for(said).await, 1);
        subject.clock.advance(kept - 1);
        assert_eq!(subject.get_for(said).await, 1, "{said}");
        subject.clock.advance(1);
        assert_eq!(subject.get_for(said).await, 2, "{said}");
        // The next answer says nothing.
        subject.clock.advance(kept);
        assert_eq!(*subject.get().await.unwrap(), 3);
        subject.clock.advance(HOUR - 1);
        assert_eq!(*subject.get().await.unwrap(), 3);
        subject.clock.advance(1);
        assert_eq!(*subject.get().await.unwrap(), 4);
    }
}

#[tokio::test]
async fn after_a_failure_nobody_waits_for_a_value_that_is_due_earlier_than_it_would_be_by_itself() {
    let subject = Subject::new();
    subject.get_for(0).await;
    subject.clock.advance(MINUTE);
    // Nothing is known of an outage: the first caller waits.
    let (end, first) = subject.get_slowly();
    settle().await;
    assert!(!first.is_finished());
    end.send(Err(failure(0))).unwrap();
    assert_eq!(*first.await.unwrap().unwrap(), 1);
    // From now on the value comes at once, and the server is asked behind it.
    for round in 0..3 {
        subject.clock.advance(MINUTE);
        let (end, caller) = subject.get_slowly();
        settle().await;
        assert!(caller.is_finished(), "{round}");
        assert_eq!((*caller.await.unwrap().unwrap(), subject.fetches()), (1, round + 3));
        assert_eq!(*subject.get().await.unwrap(), 1, "one request is under way");
        end.send(Err(failure(round))).unwrap();
        settle().await;
    }
    // After the time that is given here one caller waits, as usual.
    subject.clock.advance(HOUR);
    let (end, caller) = subject.get_slowly();
    settle().await;
    assert!(!caller.is_finished());
    end.send(Ok(7)).unwrap();
    assert_eq!(*caller.await.unwrap().unwrap(), 7);
}

#[tokio::test]
async fn a_success_behind_the_value_takes_its_place() {
    let subject = Subject::new();
    subject.get_for(0).await;
    subject.clock.advance(MINUTE);
    subject.get_failing().await.unwrap();
    subject.clock.advance(MINUTE);
    assert_eq!(*subject.get().await.unwrap(), 1);
    settle().await;
    assert_eq!(*subject.get().await.unwrap(), 3);
    subject.clock.advance(HOUR - 1);
    assert_eq!(*subject.get().await.unwrap(), 3);
}

#[tokio::test]
async fn an_old_value_serves_for_a_day_beyond_the_longer_of_both_times() {
    const DAY: u64 = 24 * HOUR;
    for (said, served) in [(0, HOUR + DAY), (2 * HOUR, 2 * HOUR + DAY)] {
        let subject = Subject::new();
        subject.get_for(said).await;
        subject.clock.advance(served - 1);
        assert_eq!(*subject.get_failing().await.unwrap(), 1, "{said}");
        settle().await;
        subject.clock.advance(11);
        subject.get_failing().await.unwrap_err();
    }
}

#[tokio::test]
async fn a_recent_value_is_one_of_the_time_that_is_given_here() {
    for said in [0, 7200] {
        let subject = Subject::new();
        assert!(subject.cached.recent_value().is_none());
        subject.get_for(said).await;
        subject.clock.advance(HOUR - 1);
        assert_eq!(subject.cached.recent_value().map(|value| *value), Some(1), "{said}");
        assert_eq!(subject.cached.cached_value().is_some(), said > 0);
    }
    let subject = Subject::new();
    subject.get_for(0).await;
    subject.clock.advance(HOUR);
    assert!(subject.cached.recent_value().is_none());
    assert_eq!(subject.fetches(), 1);
}
