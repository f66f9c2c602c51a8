//! Sessions by their ids, and by whose they are.

use std::{
    collections::{HashMap, HashSet},
    time::SystemTime,
};

use super::expiring::Expiring;
use crate::store::{SessionId, SessionSelector, StoredSession};

/// Sessions, each found by its id, its user and its session at Logto, without looking at the others.
#[derive(Default)]
pub(super) struct Sessions {
    all: Expiring<SessionId, StoredSession>,
    by_sub: Index,
    by_sid: Index,
}

type Index = HashMap<String, HashSet<SessionId>>;

impl Sessions {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The session, unless it has expired.
    pub(super) fn get(&self, id: &SessionId, now: SystemTime) -> Option<&StoredSession> {
        self.all.get(id, now)
    }

    /// Those of a user that have not expired.
    pub(super) fn of_user(&self, sub: &str, now: SystemTime) -> Vec<(SessionId, StoredSession)> {
        let ids = self.by_sub.get(sub).into_iter().flatten();
        ids.filter_map(|id| Some((*id, self.get(id, now)?.clone()))).collect()
    }

    /// Puts a session in the place of the one before it.
    pub(super) fn put(&mut self, id: SessionId, session: StoredSession) {
        self.remove(&id);
        self.by_sub.entry(session.sub.clone()).or_default().insert(id);
        if let Some(sid) = &session.sid {
            self.by_sid.entry(sid.clone()).or_default().insert(id);
        }
        let expires_at = session.expires_at;
        self.all.insert(id, session, expires_at);
    }

    pub(super) fn remove(&mut self, id: &SessionId) {
        if let Some(session) = self.all.remove(id) {
            self.forget(id, &session);
        }
    }

    /// Makes room for one more.
    pub(super) fn make_room(&mut self, capacity: usize, now: SystemTime) {
        for (id, session) in self.all.make_room(capacity, now) {
            self.forget(&id, &session);
        }
    }

    /// Ends the sessions of `which`; says how many there were.
    pub(super) fn revoke(&mut self, which: &SessionSelector) -> usize {
        let ids = match which {
            SessionSelector::LogtoSession(sid) => self.by_sid.remove(sid),
            SessionSelector::User(sub) => self.by_sub.remove(sub),
        };
        let ids = ids.unwrap_or_default();
        for id in &ids {
            self.remove(id);
        }
        ids.len()
    }

    /// Takes a session that is gone out of the indexes.
    fn forget(&mut self, id: &SessionId, session: &StoredSession) {
        forget(&mut self.by_sub, &session.sub, id);
        if let Some(sid) = &session.sid {
            forget(&mut self.by_sid, sid, id);
        }
    }
}

fn forget(index: &mut Index, name: &str, id: &SessionId) {
    if let Some(ids) = index.get_mut(name) {
        ids.remove(id);
        if ids.is_empty() {
            index.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn session(sub: u8, sid: Option<u8>, expires_at: u64) -> StoredSession {
        let sid = sid.map(|sid| format!("sid-{sid}"));
        StoredSession::new(format!("sub-{sub}"), "sealed").sid(sid).expires_at(at(expires_at))
    }

    fn id(number: u8) -> SessionId {
        SessionId::from_bytes([number; 16])
    }

    /// Whether the indexes name the sessions that there are, and no others.
    fn is_whole(sessions: &Sessions) -> bool {
        let named = |index: &Index| index.values().map(HashSet::len).sum::<usize>();
        let none_is_empty = |index: &Index| index.values().all(|ids| !ids.is_empty());
        let found = |index: &Index| index.values().flatten().all(|id| sessions.get(id, UNIX_EPOCH).is_some());
        let with_sid = sessions.by_sub.values().flatten().filter_map(|id| sessions.get(id, UNIX_EPOCH)?.sid.as_ref());
        named(&sessions.by_sub) == sessions.len()
            && named(&sessions.by_sid) == with_sid.count()
            && [&sessions.by_sub, &sessions.by_sid].into_iter().all(|index| none_is_empty(index) && found(index))
    }

    /// Against a list that is looked through. The steps are those of a generator of Lehmer's.
    #[test]
    fn revocations_end_what_a_look_at_all_sessions_would_end() {
        let (mut sessions, mut model) = (Sessions::default(), HashMap::new());
        let mut seed = 1_u64;
        let mut dice = |sides: u64| {
            seed = seed * 48_271 % 2_147_483_647;
            u8::try_from(seed % sides).unwrap()
        };
        for step in 0..20_000 {
            let which = id(dice(40));
            match dice(8) {
                0 => {
                    let sid = format!("sid-{}", dice(5));
                    let before = model.len();
                    model.retain(|_, kept: &mut StoredSession| kept.sid.as_ref() != Some(&sid));
                    assert_eq!(sessions.revoke(&SessionSelector::LogtoSession(sid)), before - model.len(), "{step}");
                }
                1 => {
                    let sub = format!("sub-{}", dice(5));
                    let before = model.len();
                    model.retain(|_, kept| kept.sub != sub);
                    assert_eq!(sessions.revoke(&SessionSelector::User(sub)), before - model.len(), "{step}");
                }
                2 => {
                    sessions.remove(&which);
                    model.remove(&which);
                }
                _ => {
                    let sid = dice(6);
                    let new = session(dice(5), (sid < 5).then_some(sid), 100 + u64::from(dice(50)));
                    model.insert(which, new.clone());
                    sessions.put(which, new);
                }
            }
            assert!(is_whole(&sessions), "{step}");
            assert_eq!(sessions.len(), model.len(), "{step}");
            assert!(model.keys().all(|id| sessions.get(id, UNIX_EPOCH).is_some()), "{step}");
            let (sub, now) = (format!("sub-{}", dice(5)), at(100 + u64::from(dice(50))));
            let listed: HashMap<_, _> = sessions.of_user(&sub, now).into_iter().collect();
            let is_listed = |(_, kept): &(&SessionId, &StoredSession)| kept.sub == sub && kept.expires_at > now;
            let wanted: HashMap<_, _> = model.iter().filter(is_listed).map(|(id, kept)| (*id, kept.clone())).collect();
            assert_eq!(listed, wanted, "{step}");
        }
        sessions.make_room(1, at(200));
        assert!(sessions.len() == 0 && is_whole(&sessions));
    }
}
