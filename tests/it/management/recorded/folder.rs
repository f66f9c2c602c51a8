//! A folder of recorded exchanges, each given with the call that it is the answer to.

use std::{
    collections::BTreeSet,
    fmt::Debug,
    future::Future,
    sync::Mutex,
    time::{Duration, SystemTime},
};

use logto::{Result, management::Management};

use super::replay::Recorded;
use crate::management::stand_in::StandIn;

pub struct Folder {
    pub management: Management,
    logto: StandIn,
    name: String,
    done: Mutex<BTreeSet<String>>,
}

impl Folder {
    pub fn new(name: &str) -> Self {
        let logto = StandIn::default();
        let name = format!("90-management/{name}");
        Self { management: logto.management(), logto, name, done: Mutex::default() }
    }

    /// What a call returns that is answered as recorded. Fails unless it sends the recorded request.
    pub async fn read<T>(&self, name: &str, call: impl Future<Output = Result<T>>) -> T {
        self.outcome(name, None, call).await.unwrap()
    }

    /// Fails unless a call sends the recorded request, and the answer becomes this error with all that Logto said.
    pub async fn refused<T: Debug>(&self, name: &str, code: &str, call: impl Future<Output = Result<T>>) {
        let value = self.outcome(name, Some(code), call).await;
        assert!(value.is_none(), "{name}: {value:?}");
    }

    /// [`refused`](Self::refused) for a request that our types cannot make.
    pub async fn by_path(&self, name: &str, code: &str) {
        let recorded = Recorded::read(&self.name, name, &self.logto);
        let outcome = recorded.any().await;
        recorded.compare(&self.logto, &outcome, Some(code));
        self.note(name);
    }

    /// Fails unless each exchange of the folder was replayed.
    pub fn finish(self) {
        let folder = format!("{}/tests/fixtures/logto/{}", env!("CARGO_MANIFEST_DIR"), self.name);
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let all: BTreeSet<_> = files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        assert_eq!(self.done.into_inner().unwrap(), all);
    }

    async fn outcome<T>(&self, name: &str, code: Option<&str>, call: impl Future<Output = Result<T>>) -> Option<T> {
        let recorded = Recorded::read(&self.name, name, &self.logto);
        let (value, outcome) = match call.await {
            Ok(value) => (Some(value), Ok(())),
            Err(error) => (None, Err(error)),
        };
        recorded.compare(&self.logto, &outcome, code);
        self.note(name);
        value
    }

    fn note(&self, name: &str) {
        assert!(self.done.lock().unwrap().insert(name.to_owned()), "{name} was replayed before");
    }
}

/// Milliseconds since 1970.
#[track_caller]
pub fn millis(time: Option<SystemTime>) -> u128 {
    time.unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis()
}

/// The time at these milliseconds since 1970.
pub fn at(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}
