use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::oneshot;

use super::{Cached, Caller};
use crate::{
    error::{Code, Error, Result},
    oidc::test_support::TestClock,
};

mod clocks;
mod hang_ups;
mod insiders;
mod lifetimes;
mod pauses;

const START: u64 = 1_000_000;
const HOUR: u64 = 3600;
/// What a fetch takes at most.
const LONGEST: Duration = Duration::from_secs(10);

/// A cache whose values are the number of the fetch that got them.
struct Subject {
    cached: Cached<usize>,
    clock: Arc<TestClock>,
    fetches: Arc<AtomicUsize>,
}

/// A fetch that was begun, with what ends it.
type Fetching = (oneshot::Sender<Result<usize>>, tokio::task::JoinHandle<Result<Arc<usize>>>);

impl Subject {
    fn new() -> Arc<Self> {
        let clock = Arc::new(TestClock::new(START));
        let cached = Cached::new("numbers", Duration::from_secs(HOUR), LONGEST, clock.clone());
        Arc::new(Self { cached, clock, fetches: Arc::default() })
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::Relaxed)
    }

    /// A fetch that counts, and ends as is said.
    fn fetch(&self, how: fn(usize) -> Result<usize>) -> impl Future<Output = Result<usize>> + use<> {
        let fetches = Arc::clone(&self.fetches);
        async move { how(fetches.fetch_add(1, Ordering::Relaxed) + 1) }
    }

    async fn get(&self) -> Result<Arc<usize>> {
        self.cached.get(Caller::Untrusted, || self.fetch(Ok)).await
    }

    async fn get_failing(&self) -> Result<Arc<usize>> {
        self.cached.get(Caller::Untrusted, || self.fetch(|number| Err(failure(number)))).await
    }

    /// A `get` whose fetch lasts until it is told how to end.
    fn get_slowly(self: &Arc<Self>) -> Fetching {
        let (end, ended) = oneshot::channel();
        let subject = Arc::clone(self);
        let task = tokio::spawn(async move { subject.cached.get(Caller::Untrusted, || subject.slowly(ended)).await });
        (end, task)
    }

    /// A `refetch` whose fetch lasts until it is told how to end.
    fn refetch_slowly(self: &Arc<Self>, known: &Arc<usize>) -> Fetching {
        let (end, ended) = oneshot::channel();
        let (subject, known) = (Arc::clone(self), Arc::clone(known));
        let task = tokio::spawn(async move {
            let came = subject.cached.turn();
            subject.cached.refetch(Caller::Untrusted, came, &known, || subject.slowly(ended)).await
        });
        (end, task)
    }

    fn slowly(&self, ended: oneshot::Receiver<Result<usize>>) -> impl Future<Output = Result<usize>> + Send + use<> {
        let fetches = Arc::clone(&self.fetches);
        async move {
            fetches.fetch_add(1, Ordering::Relaxed);
            ended.await.unwrap()
        }
    }

    async fn refetch(&self, known: &Arc<usize>) -> Result<Arc<usize>> {
        self.refetch_as(Caller::Untrusted, known).await
    }

    async fn refetch_as(&self, caller: Caller, known: &Arc<usize>) -> Result<Arc<usize>> {
        self.cached.refetch(caller, self.cached.turn(), known, || self.fetch(Ok)).await
    }

    async fn refetch_failing(&self, known: &Arc<usize>) -> Result<Arc<usize>> {
        let failing = || self.fetch(|number| Err(failure(number)));
        self.cached.refetch(Caller::Untrusted, self.cached.turn(), known, failing).await
    }
}

fn failure(number: usize) -> Error {
    Error::new(Code::Unreachable, format!("failure {number}"))
}

/// Lets every other task run until it waits.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_cached_value_is_fetched_on_first_use_then_only_after_its_lifetime() {
    let subject = Subject::new();
    assert_eq!(subject.fetches(), 0);
    assert_eq!(*subject.get().await.unwrap(), 1);
    subject.clock.advance(HOUR - 1);
    assert_eq!(*subject.get().await.unwrap(), 1);
    subject.clock.advance(1);
    assert_eq!(*subject.get().await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_concurrent_callers_make_one_fetch() {
    let subject = Subject::new();
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let subject = Arc::clone(&subject);
            tokio::spawn(async move {
                let fetch = || {
                    let fetching = subject.fetch(Ok);
                    async {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        fetching.await
                    }
                };
                subject.cached.get(Caller::Untrusted, fetch).await
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(*task.await.unwrap().unwrap(), 1);
    }
    assert_eq!(subject.fetches(), 1);
}

#[tokio::test]
async fn callers_that_waited_for_a_fetch_share_its_failure() {
    let subject = Subject::new();
    let (end, first) = subject.get_slowly();
    settle().await;
    let waiting: Vec<_> = (0..99)
        .map(|_| {
            let subject = Arc::clone(&subject);
            tokio::spawn(async move { subject.get().await })
        })
        .collect();
    settle().await;
    // The server took its time: a memory of one second would be over for the last in line.
    subject.clock.advance(30);
    end.send(Err(failure(1))).unwrap();
    assert_eq!(first.await.unwrap().unwrap_err().to_string(), "failure 1");
    for task in waiting {
        assert_eq!(task.await.unwrap().unwrap_err().to_string(), "failure 1");
    }
    assert_eq!(subject.fetches(), 1);
}

#[tokio::test]
async fn without_a_value_a_failure_answers_for_a_second() {
    let subject = Subject::new();
    assert!(subject.get_failing().await.is_err());
    assert_eq!(subject.get().await.unwrap_err().to_string(), "failure 1");
    assert_eq!(subject.fetches(), 1);
    subject.clock.advance(1);
    assert_eq!(*subject.get().await.unwrap(), 2);
}

#[tokio::test]
async fn an_old_value_is_served_while_the_server_fails() {
    let subject = Subject::new();
    subject.get().await.unwrap();
    subject.clock.advance(HOUR);
    assert_eq!(*subject.get_failing().await.unwrap(), 1);
    assert_eq!(subject.fetches(), 2);
    // The cooldown: nobody asks.
    subject.clock.advance(9);
    assert_eq!(*subject.get_failing().await.unwrap(), 1);
    assert_eq!(subject.fetches(), 2);
    // And one does.
    subject.clock.advance(1);
    assert_eq!(*subject.get_failing().await.unwrap(), 1);
    assert_eq!(subject.fetches(), 3);
    // A day after its time was over, it is no longer served.
    subject.clock.set(START + 25 * HOUR - 1);
    assert_eq!(*subject.get_failing().await.unwrap(), 1);
    subject.clock.set(START + 25 * HOUR);
    assert_eq!(subject.get_failing().await.unwrap_err().to_string(), "failure 5");
    subject.clock.advance(1);
    assert_eq!(*subject.get().await.unwrap(), 6);
}

#[tokio::test]
async fn nobody_waits_for_the_renewal_of_an_old_value() {
    let subject = Subject::new();
    subject.get().await.unwrap();
    subject.clock.advance(HOUR);
    let (end, renewing) = subject.get_slowly();
    settle().await;
    assert_eq!(*subject.get().await.unwrap(), 1);
    // Not even when it takes longer than the cooldown.
    subject.clock.advance(60);
    assert_eq!(*subject.get().await.unwrap(), 1);
    assert_eq!(subject.fetches(), 2);
    end.send(Ok(7)).unwrap();
    assert_eq!(*renewing.await.unwrap().unwrap(), 7);
    assert_eq!(*subject.get().await.unwrap(), 7);
}

#[tokio::test]
async fn a_fresh_value_is_read_during_a_fetch() {
    let subject = Subject::new();
    let known = subject.get().await.unwrap();
    subject.clock.advance(10);
    let (_end, _refetching) = subject.refetch_slowly(&known);
    settle().await;
    assert_eq!(subject.fetches(), 2);
    assert_eq!(*subject.get().await.unwrap(), 1);
}

#[tokio::test]
async fn a_refetch_asks_again_but_not_within_the_cooldown() {
    let subject = Subject::new();
    let first = subject.get().await.unwrap();
    // Keys may be rotated right after the first fetch.
    let second = subject.refetch(&first).await.unwrap();
    assert_eq!(*second, 2);
    // Who still holds the first gets the second, at any time.
    assert!(Arc::ptr_eq(&subject.refetch(&first).await.unwrap(), &second));
    assert!(Arc::ptr_eq(&subject.get().await.unwrap(), &second));
    subject.clock.advance(9);
    assert!(Arc::ptr_eq(&subject.refetch(&second).await.unwrap(), &second));
    assert_eq!(subject.fetches(), 2);
    subject.clock.advance(1);
    assert_eq!(*subject.refetch(&second).await.unwrap(), 3);
}

#[tokio::test]
async fn a_failed_refetch_is_reported_for_a_second_without_loss_of_the_cached_value() {
    let subject = Subject::new();
    let known = subject.get().await.unwrap();
    assert_eq!(subject.refetch_failing(&known).await.unwrap_err().to_string(), "failure 2");
    assert_eq!(subject.refetch(&known).await.unwrap_err().to_string(), "failure 2");
    assert!(Arc::ptr_eq(&subject.get().await.unwrap(), &known));
    subject.clock.advance(1);
    assert_eq!(*subject.refetch(&known).await.unwrap(), 3);
    assert_eq!(*subject.get().await.unwrap(), 3);
}

#[tokio::test]
async fn failures_in_a_row_have_the_server_left_alone_for_longer() {
    let subject = Subject::new();
    let known = subject.get().await.unwrap();
    for pause in [1, 2, 4, 8, 10, 10] {
        subject.refetch_failing(&known).await.unwrap_err();
        let asked = subject.fetches();
        subject.clock.advance(pause - 1);
        assert!(subject.refetch(&known).await.is_err());
        assert_eq!(subject.fetches(), asked, "{pause}");
        subject.clock.advance(1);
    }
    let newer = subject.refetch(&known).await.unwrap();
    subject.clock.advance(10);
    // One answer, and the next failure is the first one again.
    subject.refetch_failing(&newer).await.unwrap_err();
    subject.clock.advance(1);
    subject.refetch(&newer).await.unwrap();
}

#[tokio::test]
async fn callers_that_waited_for_a_newer_value_share_the_failure() {
    let subject = Subject::new();
    let known = subject.get().await.unwrap();
    let (end, first) = subject.refetch_slowly(&known);
    settle().await;
    let waiting: Vec<_> = (0..99)
        .map(|_| {
            let (subject, known) = (Arc::clone(&subject), Arc::clone(&known));
            tokio::spawn(async move { subject.refetch(&known).await })
        })
        .collect();
    settle().await;
    // The timeout may be longer than any pause.
    subject.clock.advance(60);
    end.send(Err(failure(2))).unwrap();
    assert_eq!(first.await.unwrap().unwrap_err().to_string(), "failure 2");
    for task in waiting {
        assert_eq!(task.await.unwrap().unwrap_err().to_string(), "failure 2");
    }
    assert_eq!(subject.fetches(), 2);
}

#[tokio::test]
async fn concurrent_refetches_make_one_fetch() {
    let subject = Subject::new();
    let known = subject.get().await.unwrap();
    subject.clock.advance(10);
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let (subject, known) = (Arc::clone(&subject), Arc::clone(&known));
            tokio::spawn(async move { subject.refetch(&known).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(*task.await.unwrap().unwrap(), 2);
    }
    assert_eq!(subject.fetches(), 2);
}

#[test]
fn futures_of_a_cached_value_can_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    let cached = Cached::<usize>::new("numbers", Duration::ZERO, LONGEST, Arc::new(TestClock::new(0)));
    is_send(&cached.get(Caller::Untrusted, async || Ok(1)));
    is_send(&cached.refetch(Caller::Untrusted, cached.turn(), &Arc::new(1), async || Ok(1)));
}

/// As in a program that reads sessions from cookies on another executor.
#[test]
fn a_value_at_hand_needs_no_runtime() {
    let subject = Subject::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(subject.get()).unwrap();
    drop(runtime);
    let mut get = std::pin::pin!(subject.get());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(get.as_mut().poll(&mut context).is_ready());
}
