//! A Redis with too little memory, which forgets what it was not asked for lately.

use logto::{
    LogtoClient,
    diagnose::CheckOutcome,
    store::{RedisStore, RevocationStore, SessionSelector, SessionStore},
};

use super::{id, session};
use crate::{
    redis_server::RedisServer,
    support::{APP_SECRET, Browser, Site, settings},
};

const SESSIONS: usize = 53;

/// An application whose Redis evicts what has an expiry.
struct Crowded {
    server: RedisServer,
    site: Site,
    browsers: Vec<Browser>,
    written: std::cell::Cell<usize>,
}

impl Crowded {
    async fn start(policy: &str) -> Option<Self> {
        let server = RedisServer::start_with(&["--maxmemory-policy", policy])?;
        let mut site = Site::start().await;
        let store = RedisStore::connect(server.url()).await.unwrap().clock(site.clock.clone());
        let config = settings(&site.mock, &site.clock).app_secret(APP_SECRET).session_store(store);
        site.logto = LogtoClient::new(config.build().unwrap()).unwrap();
        let mut browsers = Vec::new();
        for _ in 0..SESSIONS {
            browsers.push(site.signed_in("ada").await);
        }
        let info = server.cli(&["INFO", "memory"]);
        let used: u64 =
            info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap().trim().parse().unwrap();
        server.cli(&["CONFIG", "SET", "maxmemory", &(used + 2_000_000).to_string()]);
        Some(Self { server, site, browsers, written: std::cell::Cell::new(0) })
    }

    async fn alive(&self) -> usize {
        let mut alive = 0;
        for browser in &self.browsers {
            alive += usize::from(self.site.is_signed_in(browser).await);
        }
        alive
    }

    /// Another application fills the memory with what it needs for an hour.
    fn fill(&self) {
        let script = "for number = 1, 50 do
            redis.call('SET', 'other:' .. ARGV[1] .. ':' .. number, string.rep('x', 4000), 'EX', 3600) end";
        self.written.set(self.written.get() + 1);
        assert_eq!(self.server.cli(&["EVAL", script, "0", &self.written.get().to_string()]), "");
    }

    /// Until the sets that name the sessions are gone. The sessions are in use, and stay.
    async fn evict_the_index(&self) {
        while !self.server.keys("logto:sub:*").is_empty() {
            self.fill();
            self.alive().await;
        }
    }

    async fn log_out(&self, sid: Option<&str>) {
        let token = self.site.mock.logout_token(Some("user-ada"), sid);
        let outcome = self.site.logto.back_channel_logout(&format!("logout_token={token}")).await;
        outcome.map(drop).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_signed_in_after_a_logout_though_redis_has_evicted_what_names_the_sessions() {
    let Some(crowded) = Crowded::start("volatile-lru").await else { return };
    crowded.evict_the_index().await;
    let alive = crowded.alive().await;
    assert!(alive > SESSIONS / 2, "{alive} sessions are in use");

    crowded.log_out(None).await;
    assert_eq!(crowded.alive().await, 0);
    // What is noted of the logout may be evicted in its turn: by then the sessions are gone.
    while !crowded.server.keys("logto:revoked:*").is_empty() {
        crowded.fill();
    }
    assert_eq!(crowded.alive().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_is_deleted_on_load_after_eviction_of_the_redis_sets() {
    let Some(server) = RedisServer::start() else { return };
    let mut site = Site::start().await;
    let store = RedisStore::connect(server.url()).await.unwrap().clock(site.clock.clone());
    let config = settings(&site.mock, &site.clock).app_secret(APP_SECRET).session_store(store);
    site.logto = LogtoClient::new(config.build().unwrap()).unwrap();
    let before = site.signed_in("ada").await;
    for set in server.keys("logto:s*:*").iter().filter(|key| !key.starts_with("logto:session:")) {
        server.cli(&["DEL", set]);
    }
    let other = site.signed_in("bob").await;
    site.logto.end_user_sessions("user-ada").await.unwrap();
    assert_eq!(server.keys("logto:session:*").len(), 2, "no set has named it");
    assert!(!site.is_signed_in(&before).await);
    assert_eq!(server.keys("logto:session:*").len(), 1);
    assert!(site.is_signed_in(&other).await, "bob is not ada");
    site.advance(1);
    let after = site.signed_in("ada").await;
    assert!(site.is_signed_in(&after).await, "a session that began later is another");
}

#[tokio::test]
async fn the_noted_end_of_a_session_is_read_together_with_the_session() {
    let Some(server) = RedisServer::start() else { return };
    let store = RedisStore::connect(server.url()).await.unwrap();
    let (first, minute) = (session("ada", Some("s1")), std::time::Duration::from_secs(60));
    let at = |seconds| std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    for number in 1..=4 {
        assert!(store.create(&id(number), &first).await.unwrap());
    }
    assert_eq!(store.load(&id(1)).await.unwrap().unwrap().revoked_until, None);
    let until = async |number| store.load(&id(number)).await.unwrap().unwrap().revoked_until;
    let revocations = store.revocations();
    revocations.record(&format!("id/{}", id(2).to_key()), at(30), minute).await.unwrap();
    assert_eq!((until(1).await, until(2).await), (None, Some(at(30))));
    revocations.record("sub/ada", at(10), minute).await.unwrap();
    assert_eq!((until(1).await, until(2).await), (Some(at(10)), Some(at(30))), "the latest counts");
    revocations.record("sid/s1", at(20), minute).await.unwrap();
    assert_eq!(until(1).await, Some(at(20)));
    revocations.record("sub/adam", at(90), minute).await.unwrap();
    assert_eq!(until(1).await, Some(at(20)), "names are taken whole");
    assert_eq!(store.revoke(&SessionSelector::User("ada".to_owned())).await.unwrap(), 4);
}

#[tokio::test]
async fn a_redis_that_evicts_is_a_warning_of_the_diagnosis() {
    for (policy, outcome) in [
        ("noeviction", CheckOutcome::Ok),
        ("volatile-lru", CheckOutcome::Warning),
        ("allkeys-lru", CheckOutcome::Warning),
        ("volatile-ttl", CheckOutcome::Warning),
    ] {
        let Some(server) = RedisServer::start_with(&["--maxmemory-policy", policy]) else { return };
        let store = RedisStore::connect(server.url()).await.unwrap();
        let site = Site::with(|mock| mock, |config| config.session_store(store.clone())).await;
        let with_cookies = site.redeployed(|config| config.revocation_store(store.revocations()));
        for logto in [&site.logto, &with_cookies] {
            let diagnosis = logto.diagnose().await;
            let check = diagnosis.checks().iter().find(|check| check.name == "stores");
            if let Some(check) = check.filter(|check| check.outcome == CheckOutcome::Warning) {
                assert!(check.finding.contains(policy) && check.finding.contains("noeviction"), "{}", check.finding);
            }
            let found = check.map_or(CheckOutcome::Ok, |check| check.outcome);
            assert_eq!(found, outcome, "{policy}");
        }
    }
}
