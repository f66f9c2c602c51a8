//! A session store of one's own, complete: each session is a JSON file in a directory. It survives restarts, and several processes may share it.
//!
//! `cargo run --example custom_store` starts a Logto of its own; the user is `ada`, the password `lovelace`. `PORT` and the `LOGTO_…`
//! variables work as for `examples/axum.rs`. The directory is `target/sessions`.
//! Its test is one line: `logto::testing::store_conformance(FileStore::new(directory)?).await`.

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

use std::{
    error::Error,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use axum::{Router, routing::get};
use logto::{
    LogtoContext,
    integrate::{BoxError, BoxFuture},
    store::{SaveOutcome, SessionId, SessionSelector, SessionStore, StoredSession},
    testing::Playground,
};
use serde_json::json;
use tokio::net::TcpListener;

type Later<'a, T> = BoxFuture<'a, Result<T, BoxError>>;

/// Sessions as files. What is in them is sealed, and their names open nothing: cookies hold them sealed, too.
#[derive(Debug, Clone)]
pub struct FileStore(PathBuf);

impl FileStore {
    /// # Errors
    /// Where the directory is not there and cannot be made.
    pub fn new(directory: impl Into<PathBuf>) -> io::Result<Self> {
        let store = Self(directory.into());
        fs::create_dir_all(&store.0)?;
        Ok(store)
    }

    /// Does `work` while nobody else does, in this process or another; off the threads that serve requests, since files may be slow.
    fn alone<'a, T: Send + 'static>(&self, work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static) -> Later<'a, T> {
        let directory = self.0.clone();
        let task = move || {
            let lock = File::create(directory.with_extension("lock"))?;
            lock.lock()?; // until it is dropped
            work(&directory)
        };
        Box::pin(async { Ok(tokio::task::spawn_blocking(task).await??) })
    }
}

impl SessionStore for FileStore {
    fn create<'a>(&'a self, id: &'a SessionId, session: &'a StoredSession) -> Later<'a, bool> {
        let (name, session) = (id.to_key(), session.clone());
        self.alone(move |directory| match read(&directory.join(&name))? {
            Some(_) => Ok(false),
            None => write(directory, &name, &session).map(|()| true),
        })
    }

    fn load<'a>(&'a self, id: &'a SessionId) -> Later<'a, Option<StoredSession>> {
        let name = id.to_key();
        self.alone(move |directory| read(&directory.join(name)))
    }

    fn save<'a>(&'a self, id: &'a SessionId, session: &'a StoredSession, expected: u64) -> Later<'a, SaveOutcome> {
        let (name, session) = (id.to_key(), session.clone());
        self.alone(move |directory| match read(&directory.join(&name))? {
            None => Ok(SaveOutcome::Gone),
            Some(stored) if stored.revision != expected => Ok(SaveOutcome::Conflict),
            Some(_) => write(directory, &name, &session).map(|()| SaveOutcome::Saved),
        })
    }

    fn delete<'a>(&'a self, id: &'a SessionId) -> Later<'a, ()> {
        let name = id.to_key();
        self.alone(move |directory| match fs::remove_file(directory.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
    }

    fn revoke<'a>(&'a self, which: &'a SessionSelector) -> Later<'a, u64> {
        let which = which.clone();
        self.alone(move |directory| {
            let is_meant = |session: StoredSession| match &which {
                SessionSelector::LogtoSession(sid) => session.sid.as_ref() == Some(sid),
                SessionSelector::User(sub) => session.sub == *sub,
                _ => false,
            };
            let mut count = 0;
            for entry in fs::read_dir(directory)? {
                let path = entry?.path();
                if read(&path)?.is_some_and(is_meant) {
                    fs::remove_file(&path)?;
                    count += 1;
                }
            }
            Ok(count)
        })
    }

    fn list<'a>(&'a self, sub: &'a str) -> Option<Later<'a, Vec<(SessionId, StoredSession)>>> {
        let sub = sub.to_owned();
        Some(self.alone(move |directory| {
            let mut listed = Vec::new();
            for entry in fs::read_dir(directory)? {
                let path = entry?.path();
                let id = path.file_name().and_then(|name| SessionId::from_key(name.to_str()?));
                let session = read(&path)?.filter(|session| session.sub == sub);
                listed.extend(id.zip(session));
            }
            Ok(listed)
        }))
    }
}

/// The session in a file; one that has expired is no longer there.
fn read(path: &Path) -> io::Result<Option<StoredSession>> {
    if !fs::exists(path)? {
        return Ok(None);
    }
    let (revision, sub, sid, expires_at, sealed): (u64, String, Option<String>, SystemTime, String) =
        serde_json::from_slice(&fs::read(path)?)?;
    let session = StoredSession::new(sub, sealed).sid(sid).revision(revision).expires_at(expires_at);
    Ok((expires_at > SystemTime::now()).then_some(session))
}

/// Under another name first: a crash leaves the old session or the new one, never half of one.
fn write(directory: &Path, name: &str, session: &StoredSession) -> io::Result<()> {
    let new = directory.with_extension("new");
    let StoredSession { revision, sub, sid, expires_at, sealed, .. } = session;
    fs::write(&new, json!([revision, sub, sid, expires_at, sealed]).to_string())?;
    fs::rename(new, directory.join(name))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = FileStore::new("target/sessions")?;
    // In an application of your own: `let config = LogtoConfigBuilder::from_env().session_store(store).build()?;`
    // and `let logto = LogtoClient::new(config)?;`
    let playground = Playground::start_with(|settings| settings.session_store(store)).await?;
    let logto = playground.client();
    let app = Router::new().route("/", get(home)).merge(logto::axum::routes(&logto)).layer(logto::axum::layer(logto));

    let listener = TcpListener::bind(std::net::SocketAddr::from(playground.address())).await?;
    println!("{playground}");
    Ok(axum::serve(listener, app).await?)
}

async fn home(context: LogtoContext) -> String {
    match context.claims() {
        Some(claims) => format!("hello, {}; sign out by POST to /logto/sign-out", claims.sub),
        None => "please go to /logto/sign-in".into(),
    }
}
