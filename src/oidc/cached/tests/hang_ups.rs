//! A caller may be cancelled at any moment: the fetch continues for the others.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, atomic::Ordering},
    task::Poll,
};

use tokio::runtime::{Builder, Runtime};

use super::{Caller, HOUR, LONGEST, Result, Subject, failure, settle};

/// Polls a future so many times at most, and then drops it. Says whether it came to its end before.
async fn leaves_after<T>(polls: usize, future: impl Future<Output = T>) -> bool {
    let (mut future, mut left) = (pin!(future), polls);
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending => {
                // The next poll is that of a wake-up that may never be: every moment is tried, not only those at which something happens.
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    })
    .await
}

/// A fetch with several await points.
fn in_steps(subject: &Subject, how: fn(usize) -> Result<usize>) -> impl Future<Output = Result<usize>> + Send + use<> {
    let fetches = Arc::clone(&subject.fetches);
    async move {
        let number = fetches.fetch_add(1, Ordering::Relaxed) + 1;
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        how(number)
    }
}

/// More polls than any of the futures takes.
const MOMENTS: usize = 20;

#[tokio::test]
async fn a_first_fetch_goes_on_when_its_caller_leaves_at_any_moment() {
    let mut whole = 0;
    for moment in 0..MOMENTS {
        let subject = Subject::new();
        let get = || subject.cached.get(Caller::Untrusted, || in_steps(&subject, Ok));
        whole += usize::from(leaves_after(moment, get()).await);
        assert_eq!(*get().await.unwrap(), 1, "{moment}");
        assert_eq!(subject.fetches(), 1, "{moment}: one fetch for both");
    }
    assert!((1..MOMENTS - 5).contains(&whole), "{whole} were not left early");
}

#[tokio::test]
async fn a_refetch_goes_on_when_its_caller_leaves_at_any_moment() {
    for moment in 0..MOMENTS {
        let subject = Subject::new();
        let known = subject.get().await.unwrap();
        let refetch =
            || subject.cached.refetch(Caller::Untrusted, subject.cached.turn(), &known, || in_steps(&subject, Ok));
        leaves_after(moment, refetch()).await;
        assert_eq!(*refetch().await.unwrap(), 2, "{moment}: what it needs is newer than what it knows");
        assert_eq!(subject.fetches(), 2, "{moment}: one fetch for both");
    }
}

#[tokio::test]
async fn a_failure_is_told_although_its_caller_has_left() {
    for moment in 1..MOMENTS {
        let subject = Subject::new();
        let known = subject.get().await.unwrap();
        let fail = || in_steps(&subject, |number| Err(failure(number)));
        leaves_after(moment, subject.cached.refetch(Caller::Untrusted, subject.cached.turn(), &known, fail)).await;
        assert_eq!(subject.refetch(&known).await.unwrap_err().to_string(), "failure 2", "{moment}");
    }
}

#[tokio::test]
async fn a_caller_that_waits_for_the_fetch_of_another_may_leave() {
    for moment in 0..MOMENTS {
        let subject = Subject::new();
        let (end, first) = subject.get_slowly();
        settle().await;
        assert!(!leaves_after(moment, subject.get()).await);
        end.send(Ok(7)).unwrap();
        assert_eq!(*first.await.unwrap().unwrap(), 7, "{moment}");
        assert_eq!(*subject.get().await.unwrap(), 7, "{moment}");
        assert_eq!(subject.fetches(), 1, "{moment}");
    }
}

/// A runtime that ends takes its tasks with it.
#[test]
fn a_fetch_whose_runtime_ends_is_made_by_the_next_caller() {
    let subject = Subject::new();
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let known = runtime().block_on(subject.get()).unwrap();
    let ended = runtime();
    let (_end, first) = ended.block_on(async {
        let begun = subject.refetch_slowly(&known);
        settle().await;
        begun
    });
    drop((ended, first));
    assert_eq!(subject.fetches(), 2);
    assert_eq!(*runtime().block_on(subject.refetch(&known)).unwrap(), 3, "no answer has come, so none is told");
}

/// A runtime that is driven no more when its `block_on` has come back, and one whose clock goes on when there is nothing to do but to wait.
fn two_runtimes() -> (Runtime, Runtime) {
    let runtime = |paused| Builder::new_current_thread().enable_time().start_paused(paused).build().unwrap();
    (runtime(false), runtime(true))
}

#[test]
fn a_fetch_whose_runtime_is_driven_no_more_is_given_up_in_its_time() {
    let subject = Subject::new();
    let (parked, other) = two_runtimes();
    let (end, first) = parked.block_on(async {
        let begun = subject.get_slowly();
        settle().await;
        begun
    });
    let known = other.block_on(subject.get()).unwrap();
    assert_eq!((*known, subject.fetches()), (2, 2));

    // What it brings in the end is its caller's alone.
    end.send(Ok(7)).unwrap();
    assert_eq!(*parked.block_on(first).unwrap().unwrap(), 7);
    assert_eq!(*other.block_on(subject.get()).unwrap(), 2);

    // So is a failure; and for a newer value it is the same.
    let (end, first) = parked.block_on(async {
        let begun = subject.refetch_slowly(&known);
        settle().await;
        begun
    });
    let newer = other.block_on(subject.refetch(&known)).unwrap();
    assert_eq!((*newer, subject.fetches()), (4, 4));
    end.send(Err(failure(3))).unwrap();
    assert_eq!(parked.block_on(first).unwrap().unwrap_err().to_string(), "failure 3");
    subject.clock.advance(10);
    assert_eq!(*other.block_on(subject.refetch(&newer)).unwrap(), 5);
}

#[test]
fn an_old_value_is_served_no_longer_than_a_fetch_takes_whose_runtime_is_driven_no_more() {
    let subject = Subject::new();
    let (parked, other) = two_runtimes();
    other.block_on(subject.get()).unwrap();
    subject.clock.advance(HOUR);
    let _begun = parked.block_on(async {
        let begun = subject.get_slowly();
        settle().await;
        begun
    });
    subject.clock.advance(10);
    assert_eq!(*other.block_on(subject.get()).unwrap(), 1);
    other.block_on(tokio::time::advance(2 * LONGEST));
    assert_eq!(*other.block_on(subject.get()).unwrap(), 3);
}

fn panics() -> Result<usize> {
    panic!("the HTTP client has a fault")
}

#[tokio::test]
async fn a_fetch_that_panics_is_a_transient_failure() {
    let subject = Subject::new();
    let known = subject.get().await.unwrap();
    let error =
        subject.cached.refetch(Caller::Untrusted, subject.cached.turn(), &known, async || panics()).await.unwrap_err();
    assert!(error.is_transient());
    assert!(subject.refetch(&known).await.unwrap_err().is_transient());
    subject.clock.advance(1);
    assert_eq!(*subject.refetch(&known).await.unwrap(), 2);
}
