//! Requests that have nothing but ids, and answers of which nothing is read.

use serde_json::{Map, Value};

use super::{Management, Nothing, Path};
use crate::error::Result;

impl Management {
    /// Sends `POST` with a list of ids under this name.
    pub(super) async fn post_ids<S: AsRef<str>>(
        &self,
        path: Path,
        name: &str,
        ids: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.post::<Nothing>(path, &list(name, ids)).await.map(drop)
    }

    /// Sends `PUT` with a list of ids under this name.
    pub(super) async fn put_ids<S: AsRef<str>>(
        &self,
        path: Path,
        name: &str,
        ids: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.put::<Nothing>(path, &list(name, ids)).await.map(drop)
    }

    /// Sends `DELETE`.
    pub(super) async fn remove(&self, path: Path) -> Result<()> {
        self.delete::<Nothing>(path).await.map(drop)
    }
}

/// A body with a list of ids under this name.
pub(super) fn list<S: AsRef<str>>(name: &str, ids: impl IntoIterator<Item = S>) -> Map<String, Value> {
    let ids: Vec<Value> = ids.into_iter().map(|id| id.as_ref().into()).collect();
    Map::from_iter([(name.to_owned(), ids.into())])
}
