//! A delivery that comes twice is done once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use logto::{
    Error, ErrorCode,
    integrate::{BoxError, BoxFuture},
    store::{MemoryRevocations, RevocationStore},
    webhooks::{Event, Webhooks},
};
use tokio::sync::Notify;

use super::{Delivery, delivery};
use crate::support::Site;

/// A store that is down.
struct Away;

fn gone<'a, T: Send + 'a>() -> BoxFuture<'a, Result<T, BoxError>> {
    Box::pin(std::future::ready(Err("down".into())))
}

impl RevocationStore for Away {
    fn record<'a>(&'a self, _: &'a str, _: SystemTime, _: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        gone()
    }

    fn latest_cutoff<'a>(&'a self, _: &'a [String]) -> BoxFuture<'a, Result<Option<SystemTime>, BoxError>> {
        gone()
    }

    fn claim<'a>(&'a self, _: &'a str, _: Duration) -> BoxFuture<'a, Result<bool, BoxError>> {
        gone()
    }

    fn release<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        gone()
    }
}

fn event() -> (Webhooks, Event) {
    let Delivery { key, signature, body, .. } = delivery("03-user-suspended.json");
    let webhooks = Webhooks::new(key).unwrap();
    let event = webhooks.verify([signature], body.as_bytes()).unwrap();
    (webhooks, event)
}

fn counted(count: &Arc<AtomicUsize>) -> impl Future<Output = Result<(), Error>> + Send + 'static {
    let count = Arc::clone(count);
    async move {
        count.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        Ok(())
    }
}

#[tokio::test]
async fn of_eight_deliveries_of_one_event_at_once_one_is_done() {
    let (webhooks, event) = event();
    let (store, count) = (Arc::new(MemoryRevocations::new()), Arc::default());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (webhooks, event, store, work) = (webhooks.clone(), event.clone(), Arc::clone(&store), counted(&count));
        tasks.spawn(async move { webhooks.once(&store, &event, work).await.unwrap() });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|done| *done).count(), 1);
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_delivery_is_remembered_for_a_week() {
    let (webhooks, event) = event();
    let site = Site::start().await;
    let (store, count) = (site.logto.config().revocation_store(), Arc::default());
    let week = 7 * 24 * 60 * 60;
    assert!(webhooks.once(store, &event, counted(&count)).await.unwrap());
    site.advance(week - 1);
    assert!(!webhooks.once(store, &event, counted(&count)).await.unwrap());
    site.advance(2);
    assert!(webhooks.once(store, &event, counted(&count)).await.unwrap());
}

#[tokio::test]
async fn a_delivery_that_failed_or_panicked_is_done_when_it_comes_again() {
    let (webhooks, event) = event();
    let (store, count) = (Arc::new(MemoryRevocations::new()), Arc::default());
    let failed = webhooks.once(&store, &event, async { Err(std::io::Error::other("the database is down").into()) });
    let failed: Result<bool, Box<dyn std::error::Error + Send + Sync>> = failed.await;
    assert_eq!(failed.unwrap_err().to_string(), "the database is down");
    #[allow(clippy::panic)]
    let panicked = webhooks.once(&store, &event, async { panic!("a mistake") }).await;
    assert_eq!(Error::code(&panicked.unwrap_err()), ErrorCode::WEBHOOK_FAILED);
    assert!(webhooks.once(&store, &event, counted(&count)).await.unwrap());
    assert!(!webhooks.once(&store, &event, counted(&count)).await.unwrap());
}

#[tokio::test]
async fn logto_hanging_up_does_not_stop_what_is_being_done() {
    let (webhooks, event) = event();
    let store = Arc::new(MemoryRevocations::new());
    let (began, goes_on, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
    let work = {
        let (began, goes_on, ended) = (Arc::clone(&began), Arc::clone(&goes_on), Arc::clone(&ended));
        async move {
            began.notify_one();
            goes_on.notified().await;
            ended.notify_one();
            Ok::<_, Error>(())
        }
    };
    let mut delivered = Box::pin(webhooks.once(&store, &event, work));
    tokio::select! {
        _ = &mut delivered => unreachable!("it waits"),
        () = began.notified() => {}
    }
    drop(delivered);
    goes_on.notify_one();
    ended.notified().await;
    assert!(!webhooks.once(&store, &event, async { Ok::<_, Error>(()) }).await.unwrap());
}

#[tokio::test]
async fn a_store_that_fails_is_told_and_nothing_is_done() {
    let (webhooks, event) = event();
    let store: Arc<dyn RevocationStore> = Arc::new(Away);
    let count = Arc::default();
    let error = webhooks.once(&store, &event, counted(&count)).await.unwrap_err();
    assert_eq!((error.code(), error.http_status(), count.load(Ordering::Relaxed)), (ErrorCode::STORE_FAILED, 503, 0));
}
