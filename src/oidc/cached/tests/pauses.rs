//! A server that asks to be left alone (`Retry-After`).

use std::time::Duration;

use super::{Arc, Caller, Code, Error, HOUR, Result, Subject};

fn busy(seconds: u64) -> Error {
    Error::new(Code::KeySetFailed, "busy").with_response(503, Some(Duration::from_secs(seconds)))
}

impl Subject {
    async fn get_from_busy(&self, caller: Caller) -> Result<Arc<usize>> {
        let asking = self.fetch(Ok);
        self.cached.get(caller, || async { asking.await.and(Err::<usize, _>(busy(120))) }).await
    }
}

#[tokio::test]
async fn without_a_value_nobody_asks_before_the_time_that_the_server_named() {
    let subject = Subject::new();
    let first = subject.get_from_busy(Caller::Untrusted).await.unwrap_err();
    assert_eq!(first.retry_after(), Some(Duration::from_secs(120)));
    for (passed, left) in [(1, 119), (58, 61), (60, 1)] {
        subject.clock.advance(passed);
        for caller in [Caller::Untrusted, Caller::Trusted] {
            let error = subject.get_from_busy(caller).await.unwrap_err();
            assert_eq!(error.retry_after(), Some(Duration::from_secs(left)));
        }
    }
    assert_eq!(subject.fetches(), 1);
    subject.clock.advance(1);
    assert_eq!(*subject.get().await.unwrap(), 2);
}

#[tokio::test]
async fn with_a_value_it_serves_and_nobody_gets_a_newer_one_before_that_time() {
    let subject = Subject::new();
    let known = subject.get().await.unwrap();
    subject.clock.advance(HOUR);
    assert_eq!(*subject.get_from_busy(Caller::Untrusted).await.unwrap(), 1);
    for _ in 0..119 {
        subject.clock.advance(1);
        assert_eq!(*subject.get().await.unwrap(), 1);
        for caller in [Caller::Untrusted, Caller::Trusted] {
            assert!(subject.refetch_as(caller, &known).await.unwrap_err().retry_after().is_some());
        }
    }
    assert_eq!(subject.fetches(), 2);
    subject.clock.advance(1);
    assert_eq!(*subject.refetch(&known).await.unwrap(), 3);
    // What it asked for is over with its answer.
    assert_eq!(*subject.get().await.unwrap(), 3);
}

#[tokio::test]
async fn a_pause_is_over_when_the_clock_is_set_back_to_before_it() {
    let subject = Subject::new();
    subject.get_from_busy(Caller::Untrusted).await.unwrap_err();
    subject.clock.set(super::START - 1);
    assert_eq!(*subject.get().await.unwrap(), 2);
}
