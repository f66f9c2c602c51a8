//! A clock that was ahead, and is set right.

use super::{HOUR, START, Subject};

#[tokio::test]
async fn a_value_fetched_by_a_clock_that_was_ahead_is_not_served_for_ever() {
    let subject = Subject::new();
    subject.clock.set(START + 1_000 * 24 * HOUR);
    subject.get().await.unwrap();
    subject.clock.set(START);
    // It is due, and while the server fails it is served for a day, as any other.
    assert_eq!(*subject.get_failing().await.unwrap(), 1);
    assert_eq!(subject.fetches(), 2);
    subject.clock.set(START + 24 * HOUR - 1);
    assert_eq!(*subject.get_failing().await.unwrap(), 1);
    subject.clock.set(START + 24 * HOUR);
    assert!(subject.get_failing().await.is_err());
}

#[tokio::test]
async fn a_failure_noted_by_a_clock_that_was_ahead_is_forgotten() {
    let subject = Subject::new();
    subject.clock.set(START + 2 * HOUR);
    subject.get_failing().await.unwrap_err();
    subject.clock.set(START);
    let known = subject.get().await.unwrap();
    subject.clock.set(START + 2 * HOUR - 1);
    let known = subject.refetch(&known).await.unwrap();
    subject.clock.set(START);
    assert_eq!(*subject.refetch(&known).await.unwrap(), 4);
}

#[tokio::test]
async fn a_clock_set_back_costs_one_fetch() {
    let subject = Subject::new();
    subject.get().await.unwrap();
    subject.clock.set(START - 1_000);
    assert_eq!(*subject.get_failing().await.unwrap(), 1);
    assert_eq!(*subject.get().await.unwrap(), 1);
    subject.clock.advance(10);
    assert_eq!(*subject.get().await.unwrap(), 3);
    assert_eq!(*subject.get().await.unwrap(), 3);
    assert_eq!(subject.fetches(), 3);
}
