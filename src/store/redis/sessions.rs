//! Sessions: a hash each, and for every user and every session at Logto the set of theirs.
//!
//! In a cluster these are on different servers, so they are written one after another. A session's own hash is changed in one step. Its
//! id is in both sets before anybody learns of the session and for as long as it lives, so that no revocation misses it; ids of sessions
//! that are no more are left over when a process dies between two steps, do no harm, and go when their time is up.
//!
//! A Redis with too little memory may lose a set before its sessions. So a read of a session also checks the recorded endings.

use std::{sync::Arc, time::SystemTime};

use redis::{Cmd, RedisError, Script, ScriptInvocation};
use tokio::task::JoinSet;

use super::{RedisStore, condition::Condition, keys, revocations};
use crate::{
    error::BoxError,
    store::{
        RefreshCoordinator, RevocationStore, SaveOutcome, SessionId, SessionSelector, SessionStore, StoredSession,
        StoredSessions, revocation_keys,
    },
    types::BoxFuture,
};

/// `KEYS[1]` the session; `ARGV` its lifetime, the name of this write, then names and values. What this very write has created is no other session.
const CREATE: &str = "
    if redis.call('EXISTS', KEYS[1]) == 1 then
        if redis.call('HGET', KEYS[1], 'write') == ARGV[2] then return 1 end
        return 0
    end
    redis.call('HSET', KEYS[1], unpack(ARGV, 3))
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
    return 1";

/// `KEYS[1]` the session; `ARGV` its lifetime, the revision it must have, the name of this write, then names and values. What this very write has
/// saved is saved.
const SAVE: &str = "
    local revision = redis.call('HGET', KEYS[1], 'revision')
    if not revision then return 'gone' end
    if revision ~= ARGV[2] then
        if redis.call('HGET', KEYS[1], 'write') == ARGV[3] then return 'saved' end
        return 'conflict'
    end
    redis.call('DEL', KEYS[1])
    redis.call('HSET', KEYS[1], unpack(ARGV, 4))
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
    return 'saved'";

/// `KEYS[1]` the session. Tells whose it was.
const DELETE: &str = "
    local owner = redis.call('HMGET', KEYS[1], 'sub', 'sid')
    redis.call('DEL', KEYS[1])
    return owner";

/// `KEYS[1]` the session; `ARGV` the name and value it must have.
const DELETE_IF: &str = "
    if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
    return redis.call('DEL', KEYS[1])";

/// `KEYS[1]` the set; `ARGV` the session's id and lifetime. An id stays for a minute longer than the session, and the set for its last id.
const LIST: &str = "
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
    redis.call('ZADD', KEYS[1], now + ARGV[2] + 60000, ARGV[1])
    local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
    redis.call('PEXPIREAT', KEYS[1], last[2])";

/// `KEYS` the session, and the name of what is noted of its end; `ARGV` what such names begin with for users and for sessions at Logto. Gives the
/// session's values, and behind them what is noted. It writes nothing.
///
/// It reads two names that are no keys of it: whose session it is, and which one at Logto, is known when it is read and not before, since the cookie
/// has its id alone. To one server that makes no difference; an ACL is asked for every name. In a cluster a session's node need not be that of its
/// user's names, which would take a hash tag of the user in the session's name, so there it is two reads.
const LOAD: &str = "
    local stored = redis.call('HMGET', KEYS[1], 'revision', 'sub', 'sid', 'expires', 'sealed')
    if not stored[2] then return stored end
    local names = {KEYS[2], ARGV[1] .. stored[2]}
    if stored[3] then names[3] = ARGV[2] .. stored[3] end
    for index, noted in ipairs(redis.call('MGET', unpack(names))) do stored[5 + index] = noted end
    return stored";

/// So many sessions are read or deleted at once.
const BATCH_SIZE: usize = 100;

/// Revision, `sub`, `sid`, end, the sealed session, and what is noted of endings.
type Stored = Vec<Option<Vec<u8>>>;

impl RedisStore {
    fn session(&self, id: &SessionId) -> String {
        self.keys.of("session", &id.to_key())
    }

    /// The names of the sets that a session is in.
    fn sets(&self, sub: Option<&str>, sid: Option<&str>) -> impl Iterator<Item = String> {
        let sub = sub.map(|sub| self.keys.of("sub", sub));
        sub.into_iter().chain(sid.map(|sid| self.keys.of("sid", sid)))
    }

    fn lifetime(&self, session: &StoredSession) -> u64 {
        keys::lifetime(session.expires_at.duration_since(self.clock.now()).unwrap_or_default())
    }

    async fn enlist(&self, id: &SessionId, session: &StoredSession) -> Result<(), BoxError> {
        let script = Script::new(LIST);
        for set in self.sets(Some(&session.sub), session.sid.as_deref()) {
            let mut list = script.key(set);
            list.arg(id.to_key()).arg(self.lifetime(session));
            self.connection.run::<()>(&list).await?;
        }
        Ok(())
    }

    async fn unlist(&self, id: &SessionId, sets: impl Iterator<Item = String>) -> Result<(), BoxError> {
        for set in sets {
            Cmd::zrem(set, id.to_key()).exec_async(&mut self.connection.clone()).await?;
        }
        Ok(())
    }

    async fn create_session(&self, id: &SessionId, session: &StoredSession) -> Result<bool, BoxError> {
        let script = Script::new(CREATE);
        let mut create = script.key(self.session(id));
        let name = keys::random()?;
        write(create.arg(self.lifetime(session)).arg(&name), session, &name);
        if !self.connection.run(&create).await? {
            return Ok(false);
        }
        self.enlist(id, session).await?;
        Ok(true)
    }

    async fn load_session(&self, id: &SessionId) -> Result<Option<StoredSession>, BoxError> {
        if self.connection.is_cluster() {
            return self.load_from_cluster(id).await;
        }
        let script = Script::new(LOAD);
        let mut load = script.key(self.session(id));
        let noted = |key: &str| self.keys.of("revoked", key);
        load.key(noted(&revocation_keys::session(id)))
            .arg(noted(&revocation_keys::user("")))
            .arg(noted(&revocation_keys::logto_session("")));
        Ok(read(self.connection.run(&load).await?, self.clock.now()))
    }

    /// What belongs to a session is on other nodes, so it takes two reads.
    async fn load_from_cluster(&self, id: &SessionId) -> Result<Option<StoredSession>, BoxError> {
        let fields = ["revision", "sub", "sid", "expires", "sealed"];
        let stored: Stored = Cmd::hmget(self.session(id), &fields).query_async(&mut self.connection.clone()).await?;
        let Some(session) = read(stored, self.clock.now()) else {
            return Ok(None);
        };
        let names = [revocation_keys::session(id), revocation_keys::user(&session.sub)].into_iter();
        let names = names.chain(session.sid.as_deref().map(revocation_keys::logto_session));
        let revoked_until = self.revocations().latest(&names.collect::<Vec<_>>()).await?;
        Ok(Some(session.revoked_until(revoked_until)))
    }

    async fn save_session(
        &self,
        id: &SessionId,
        session: &StoredSession,
        expected_revision: u64,
    ) -> Result<SaveOutcome, BoxError> {
        // First, so that the sets last for as long as the session will.
        self.enlist(id, session).await?;
        let script = Script::new(SAVE);
        let mut save = script.key(self.session(id));
        let name = keys::random()?;
        write(save.arg(self.lifetime(session)).arg(expected_revision).arg(&name), session, &name);
        let outcome: String = self.connection.run(&save).await?;
        Ok(match outcome.as_str() {
            "saved" => SaveOutcome::Saved,
            "conflict" => SaveOutcome::Conflict,
            _ => SaveOutcome::Gone,
        })
    }

    async fn delete_session(&self, id: &SessionId) -> Result<(), BoxError> {
        let script = Script::new(DELETE);
        let owner: (Option<String>, Option<String>) = self.connection.run(&script.key(self.session(id))).await?;
        self.unlist(id, self.sets(owner.0.as_deref(), owner.1.as_deref())).await
    }

    async fn ids_in(&self, set: &str) -> Result<Vec<String>, BoxError> {
        Ok(Cmd::zrange(set, 0, -1).query_async(&mut self.connection.clone()).await?)
    }

    /// By the user's set. What is there may be another user's by now, or no more.
    async fn list_sessions(&self, sub: &str) -> Result<Vec<(SessionId, StoredSession)>, BoxError> {
        let ids: Vec<_> =
            self.ids_in(&self.keys.of("sub", sub)).await?.iter().filter_map(|id| SessionId::from_key(id)).collect();
        let mut listed = Vec::with_capacity(ids.len());
        for ids in ids.chunks(BATCH_SIZE) {
            let mut loads = JoinSet::new();
            for id in ids {
                let (store, id) = (self.clone(), *id);
                loads.spawn(async move { Ok::<_, BoxError>((id, store.load_session(&id).await?)) });
            }
            while let Some(loaded) = loads.join_next().await {
                let (id, session) = loaded??;
                listed.extend(session.filter(|session| session.sub == sub).map(|session| (id, session)));
            }
        }
        Ok(listed)
    }

    async fn revoke_sessions(&self, which: &SessionSelector) -> Result<u64, BoxError> {
        let (kind, name) = match which {
            SessionSelector::LogtoSession(sid) => ("sid", sid),
            SessionSelector::User(sub) => ("sub", sub),
        };
        let set = self.keys.of(kind, name);
        let ids = self.ids_in(&set).await?;
        let mut ended = 0;
        for ids in ids.chunks(BATCH_SIZE) {
            let deleted = self.delete_those_of(kind, name, ids).await?;
            if !deleted.is_empty() {
                Cmd::zrem(&set, &deleted).exec_async(&mut self.connection.clone()).await?;
            }
            ended += deleted.len();
        }
        Ok(u64::try_from(ended)?)
    }

    /// Deletes sessions, if they are whose they are taken for, and gives their ids. All at once, each by a command of its own: in a cluster they are
    /// on different nodes.
    async fn delete_those_of(&self, kind: &'static str, name: &str, ids: &[String]) -> Result<Vec<String>, BoxError> {
        let (script, mut deletions) = (Script::new(DELETE_IF), JoinSet::new());
        for id in ids.iter().filter_map(|id| SessionId::from_key(id)) {
            let (connection, script) = (self.connection.clone(), script.clone());
            let (session, name) = (self.session(&id), name.to_owned());
            deletions.spawn(async move {
                let mut delete = script.key(session);
                let is_deleted: bool = connection.run(delete.arg(kind).arg(name)).await?;
                Ok::<_, RedisError>(is_deleted.then(|| id.to_key()))
            });
        }
        let mut deleted = Vec::new();
        while let Some(deletion) = deletions.join_next().await {
            deleted.extend(deletion??);
        }
        Ok(deleted)
    }
}

/// Adds a session's names and values to a script's arguments.
fn write(script: &mut ScriptInvocation<'_>, session: &StoredSession, name: &str) {
    script.arg("revision").arg(session.revision).arg("write").arg(name).arg("sub").arg(&session.sub);
    script.arg("expires").arg(keys::millis(session.expires_at)).arg("sealed").arg(&session.sealed);
    if let Some(sid) = &session.sid {
        script.arg("sid").arg(sid);
    }
}

/// A number that cannot be read is none, and so is the session.
fn read(stored: Stored, now: SystemTime) -> Option<StoredSession> {
    let mut values = stored.into_iter();
    let mut next = || values.next().flatten().and_then(|value| String::from_utf8(value).ok());
    let (revision, sub, sid, expires, sealed) = (next(), next(), next(), next(), next());
    let revoked_until = values.flatten().map(|value| revocations::read(&value)).max();
    let expires_at = keys::time(expires?.parse().ok()?);
    let session = StoredSession::new(sub?, sealed?).sid(sid).revision(revision?.parse().ok()?).expires_at(expires_at);
    (expires_at > now).then_some(session.revoked_until(revoked_until))
}

impl SessionStore for RedisStore {
    fn create<'a>(&'a self, id: &'a SessionId, session: &'a StoredSession) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(self.create_session(id, session))
    }

    fn load<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<StoredSession>, BoxError>> {
        Box::pin(self.load_session(id))
    }

    fn save<'a>(
        &'a self,
        id: &'a SessionId,
        session: &'a StoredSession,
        expected_revision: u64,
    ) -> BoxFuture<'a, Result<SaveOutcome, BoxError>> {
        Box::pin(self.save_session(id, session, expected_revision))
    }

    fn delete<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(self.delete_session(id))
    }

    fn revoke<'a>(&'a self, which: &'a SessionSelector) -> BoxFuture<'a, Result<u64, BoxError>> {
        Box::pin(self.revoke_sessions(which))
    }

    fn list<'a>(&'a self, sub: &'a str) -> Option<StoredSessions<'a>> {
        Some(Box::pin(self.list_sessions(sub)))
    }

    fn coordinator(&self) -> Option<Arc<dyn RefreshCoordinator>> {
        Some(Arc::new(RedisStore::coordinator(self)))
    }

    fn revocations(&self) -> Option<Arc<dyn RevocationStore>> {
        Some(Arc::new(RedisStore::revocations(self)))
    }

    fn warnings(&self) -> BoxFuture<'_, Result<Vec<String>, BoxError>> {
        Box::pin(async move { Ok(Condition::of(&self.connection).await?.warnings()) })
    }

    fn is_in_clear_text(&self) -> bool {
        self.connection.is_in_clear_text()
    }
}
