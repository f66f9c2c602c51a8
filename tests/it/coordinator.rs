//! A coordinator in the memory of a test.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use logto::{
    integrate::{BoxError, BoxFuture},
    store::RefreshCoordinator,
};
use tokio::sync::watch;

/// What Redis is to real instances.
#[derive(Clone, Default)]
pub struct Coordinator {
    locks: Arc<Mutex<HashMap<String, (usize, tokio::time::Instant)>>>,
    pub values: Arc<Mutex<HashMap<String, String>>>,
    holders: Arc<AtomicUsize>,
    waiting: Arc<watch::Sender<bool>>,
    pub down: Arc<AtomicBool>,
    /// How often it was asked for anything.
    pub calls: Arc<AtomicUsize>,
}

impl Coordinator {
    /// Until somebody was refused a lock, since another holds it.
    pub async fn someone_waits(&self) {
        self.waiting.subscribe().wait_for(|waiting| *waiting).await.unwrap();
    }

    /// Lets the time of a lock end now.
    pub fn expire(&self, key: &str) {
        self.locks.lock().unwrap().remove(key).unwrap();
    }

    fn answer<'a, T: Send + 'a>(&self, value: impl FnOnce() -> T) -> BoxFuture<'a, Result<T, BoxError>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let answer = if self.down.load(Ordering::SeqCst) { Err("down".into()) } else { Ok(value()) };
        Box::pin(std::future::ready(answer))
    }
}

impl RefreshCoordinator for Coordinator {
    fn lock<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        self.answer(|| {
            let (mut locks, now) = (self.locks.lock().unwrap(), tokio::time::Instant::now());
            if locks.get(key).is_some_and(|(_, until)| *until > now) {
                self.waiting.send_replace(true);
                return None;
            }
            let holder = self.holders.fetch_add(1, Ordering::SeqCst);
            locks.insert(key.to_owned(), (holder, now + ttl));
            Some(holder.to_string())
        })
    }

    fn unlock<'a>(&'a self, key: &'a str, holder: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        self.answer(|| {
            self.locks.lock().unwrap().retain(|known, (held_by, _)| known != key || held_by.to_string() != holder);
        })
    }

    fn load_result<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        self.answer(|| self.values.lock().unwrap().get(key).cloned())
    }

    fn store_result<'a>(&'a self, key: &'a str, value: &'a str, _: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        self.answer(|| _ = self.values.lock().unwrap().insert(key.to_owned(), value.to_owned()))
    }
}
