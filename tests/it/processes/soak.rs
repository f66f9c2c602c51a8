//! The soak: Redis and Logto fail now and then, and 50 users go on. They sign in by two callbacks at once, sign out while requests are under
//! way, and sign in again. Redis is restarted once, and another one takes its place once.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use logto::{
    ContextOptions, Error, ErrorKind, LogtoClient, SignInOptions, SignOutOptions, TokenOptions,
    store::RedisStore,
    testing::{Endpoint, Fault, MockLogto, MockResource},
};
use tokio::{sync::Mutex, task::JoinSet, time::sleep};

use super::{instance, settings};
use crate::{
    redis::{
        failover::{field, follow},
        forwarder::Forwarder,
    },
    redis_server::RedisServer,
    skipped::skipped,
    support::{BOOKS, Browser, app},
};

const USERS: usize = 50;
/// Requests of a user between two sign-outs.
const TURNS: usize = 40;
/// How often a request that fails for a moment is sent again.
const PATIENCE: usize = 600;

struct World {
    mock: MockLogto,
    /// Logto's page is of one browser at a time.
    at_logto: Mutex<()>,
    /// When Redis was away last.
    away: std::sync::Mutex<Option<Instant>>,
}

/// How long after a restart or a failover an instance may not have Redis back, or read from the one that was demoted, and an end not be noted.
const RECOVERY: Duration = Duration::from_secs(15);

impl World {
    /// While this is done Redis is away.
    async fn without_redis(&self, done: impl Future<Output = ()>) {
        *self.away.lock().unwrap() = Some(Instant::now());
        done.await;
        *self.away.lock().unwrap() = Some(Instant::now());
    }

    /// Whether Redis was away since then, or a moment before.
    fn was_without_redis_since(&self, then: Instant) -> bool {
        self.away.lock().unwrap().is_some_and(|away| away + RECOVERY > then)
    }

    async fn callback(&self, url: &str) -> String {
        let _here = self.at_logto.lock().await;
        self.mock.clear_browser_session();
        self.mock.sign_in(url, "ada").await
    }
}

/// What came of it.
#[derive(Default)]
struct Count {
    served: usize,
    failed_for_a_moment: usize,
    sign_ins: usize,
    /// Sign-ins in which both callbacks were answered with a session.
    twice: usize,
    sign_outs: usize,
    /// Without a coordinator two instances exchange one code, and Logto ends the grant.
    lost_to_an_outage: usize,
    /// What must not be: where, and what.
    logged_out_by_mistake: Vec<String>,
    signed_in_after_a_sign_out: Vec<String>,
}

struct User {
    number: usize,
    /// Of an application.
    instances: Vec<LogtoClient>,
    browser: Browser,
    /// What the browser has had since the last sign-in, in any tab.
    copies: Vec<Browser>,
    /// What it had before the sign-outs.
    old: Vec<Browser>,
    /// The last callback, and the browser that was sent back with it.
    callback: Option<(Browser, String)>,
    /// Whether both callbacks came to instances that could not ask Redis.
    at_risk: bool,
    count: Count,
}

fn fails_for_a_moment(error: &Error) -> bool {
    error.is_transient() || error.kind() == ErrorKind::Store
}

/// Asks again for as long as it fails for a moment.
async fn patiently<T, A: Future<Output = logto::Result<T>>>(
    failed: &mut usize,
    mut ask: impl FnMut() -> A,
) -> logto::Result<T> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        match ask().await {
            Err(error) if fails_for_a_moment(&error) && attempt < PATIENCE => *failed += 1,
            outcome => return outcome,
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// One request with the callback, and the browser after its answer.
async fn call_back(logto: &LogtoClient, browser: &Browser, callback: &str) -> (logto::Result<()>, Browser) {
    let (mut cookies, mut browser) = (browser.request(), browser.clone());
    let outcome = logto.handle_sign_in(&mut cookies, callback).await.map(drop);
    browser.receive(&cookies.set_cookie_headers());
    (outcome, browser)
}

impl User {
    fn new(number: usize, instances: Vec<LogtoClient>) -> Self {
        let (browser, count) = (Browser::default(), Count::default());
        Self { number, instances, browser, copies: Vec::new(), old: Vec::new(), callback: None, at_risk: false, count }
    }

    fn instance(&self, number: usize) -> &LogtoClient {
        &self.instances[number % self.instances.len()]
    }

    /// Both callbacks have one outcome, unless one of them fails for a moment.
    async fn sign_in(&mut self, world: &World, turn: usize) {
        for _ in 0..PATIENCE {
            let (logto, other) = (self.instance(turn).clone(), self.instance(turn + self.number / 2 % 2).clone());
            let begin = || async {
                let (mut cookies, mut browser) = (self.browser.request(), self.browser.clone());
                let redirect = logto.sign_in(&mut cookies, SignInOptions::new()).await?;
                browser.receive(&cookies.set_cookie_headers());
                Ok((redirect.location().to_owned(), browser))
            };
            let (url, browser) = patiently(&mut self.count.failed_for_a_moment, begin).await.unwrap();
            let callback = world.callback(&url).await;
            let begun = Instant::now();
            let answers = tokio::join!(call_back(&logto, &browser, &callback), call_back(&other, &browser, &callback),);
            self.at_risk = world.was_without_redis_since(begun);
            self.callback = Some((browser.clone(), callback));
            self.browser = browser;
            let mut signed_in = 0;
            for (outcome, after) in [answers.0, answers.1] {
                match outcome {
                    Ok(()) => {
                        signed_in += 1;
                        self.copies.push(after.clone());
                        self.browser = after;
                    }
                    Err(error) if fails_for_a_moment(&error) => self.count.failed_for_a_moment += 1,
                    Err(_) if self.at_risk => self.count.lost_to_an_outage += 1,
                    Err(error) => self.count.logged_out_by_mistake.push(format!("a callback: {error:?}")),
                }
            }
            if signed_in > 0 {
                self.count.sign_ins += 1;
                self.count.twice += signed_in / 2;
                return;
            }
        }
        panic!("user {} cannot sign in", self.number);
    }

    /// A request of the signed-in user; gives the browser after it.
    async fn ask(logto: &LogtoClient, browser: &Browser, options: TokenOptions) -> (logto::Result<()>, Browser) {
        let (mut cookies, mut browser) = (browser.request(), browser.clone());
        let outcome = logto.get_access_token(&mut cookies, options).await.map(drop);
        browser.receive(&cookies.set_cookie_headers());
        (outcome, browser)
    }

    /// With three requests under way, one of which exchanges the refresh token.
    async fn sign_out(&mut self, world: &World, turn: usize) {
        let begun = Instant::now();
        let mut under_way = JoinSet::new();
        for number in 0..3 {
            let (logto, browser) = (self.instance(turn + number).clone(), self.browser.clone());
            under_way.spawn(async move {
                let options = TokenOptions::new().resource(BOOKS).force_refresh(number == 0);
                Self::ask(&logto, &browser, options).await.1
            });
        }
        sleep(Duration::from_millis(u64::try_from(turn % 5).unwrap() * 4)).await;
        let logto = self.instance(turn + 1).clone();
        let leave = || async {
            let (mut cookies, mut browser) = (self.browser.request(), self.browser.clone());
            _ = logto.sign_out(&mut cookies, SignOutOptions::new()).await?;
            browser.receive(&cookies.set_cookie_headers());
            Ok(browser)
        };
        let after = patiently(&mut self.count.failed_for_a_moment, leave).await.unwrap();
        self.count.sign_outs += 1;
        let mut older = std::mem::take(&mut self.copies);
        older.push(std::mem::replace(&mut self.browser, after));
        older.push(self.browser.clone());
        older.extend(under_way.join_all().await);
        // The callback comes a third time.
        if let Some((browser, callback)) = self.callback.take() {
            older.push(call_back(self.instance(turn + 2), &browser, &callback).await.1);
        }
        older.sort_by(|one, other| one.cookies.cmp(&other.cookies));
        older.dedup_by(|one, other| one.cookies == other.cookies);
        for browser in &older {
            self.is_nobody(world, begun, browser, "at once").await;
        }
        self.old.extend(older);
    }

    /// Whether a copy of before the sign-out at `since` signs in. While Redis is away an end is neither noted nor found: it is when Redis is back.
    async fn is_nobody(&mut self, world: &World, since: Instant, browser: &Browser, when: &str) {
        for (number, logto) in self.instances.clone().iter().enumerate() {
            let look = || async { logto.is_authenticated(&browser.request()).await };
            let mut signed_in = patiently(&mut self.count.failed_for_a_moment, look).await.unwrap();
            if signed_in && world.was_without_redis_since(since) {
                sleep(RECOVERY).await;
                signed_in = patiently(&mut self.count.failed_for_a_moment, look).await.unwrap();
            }
            if signed_in {
                let what = format!("user {} at instance {number}, {when}: {:?}", self.number, browser.cookies.keys());
                self.count.signed_in_after_a_sign_out.push(what);
            }
        }
    }

    async fn live(mut self, world: Arc<World>, end: Instant) -> Self {
        let mut turn = self.number;
        while Instant::now() < end {
            turn += 1;
            if turn.is_multiple_of(TURNS) {
                self.sign_out(&world, turn).await;
                self.sign_in(&world, turn).await;
            }
            let (outcome, after) =
                Self::ask(self.instance(turn), &self.browser, TokenOptions::new().resource(BOOKS)).await;
            self.browser = after;
            match outcome {
                Ok(()) => self.count.served += 1,
                Err(error) if fails_for_a_moment(&error) => self.count.failed_for_a_moment += 1,
                Err(error) => {
                    match self.at_risk {
                        true => self.count.lost_to_an_outage += 1,
                        false => self.count.logged_out_by_mistake.push(format!("user {}: {error:?}", self.number)),
                    }
                    self.sign_in(&world, turn).await;
                }
            }
            sleep(Duration::from_millis(20 + u64::try_from(turn % 7).unwrap() * 30)).await;
        }
        self
    }

    /// Nobody is signed in by anything older, and who did not sign out is signed in still.
    async fn ends(&mut self, world: &World) {
        for browser in std::mem::take(&mut self.old) {
            self.is_nobody(world, Instant::now(), &browser, "in the end").await;
        }
        let options = || ContextOptions::new().access_token(TokenOptions::new().resource(BOOKS).force_refresh(true));
        let context = self.instance(0).get_context(&mut self.browser.request(), options()).await;
        if !context.as_ref().is_ok_and(logto::LogtoContext::is_authenticated) && !self.at_risk {
            self.count.logged_out_by_mistake.push(format!("user {} in the end: {context:?}", self.number));
        }
    }
}

/// A Redis that keeps what it was told, one that follows it, and a name that leads to the master.
struct Servers {
    first: RedisServer,
    second: RedisServer,
    name: Forwarder,
}

impl Servers {
    async fn start() -> Option<Self> {
        let start = || {
            let durable = ["--appendonly", "yes", "--appendfsync", "always"];
            RedisServer::start_with(&[&durable[..], &["--repl-diskless-sync-delay", "0"]].concat())
        };
        let (first, second) = (start()?, start()?);
        follow(&second, &first).await;
        let name = Forwarder::to(first.port()).await;
        Some(Self { first, second, name })
    }

    /// The second one becomes the master and has all that the first one had. It is asked for until it is ready: it may still be loading.
    async fn fail_over(&self) {
        let port = self.second.port().to_string();
        while !self.has_failed_over() {
            self.first.cli(&["FAILOVER", "TO", "127.0.0.1", &port]);
            sleep(Duration::from_millis(10)).await;
        }
        self.name.point_to(self.second.port());
    }

    fn has_failed_over(&self) -> bool {
        let role = |server: &RedisServer| field(server, "replication", "role");
        role(&self.second) == "master" && role(&self.first) == "slave"
    }
}

async fn instance_with_cookies(logto: &str, redis: &str) -> LogtoClient {
    let redis = RedisStore::connect(redis).await.unwrap();
    let config = settings(logto, 0).refresh_coordinator(redis.coordinator()).revocation_store(redis.revocations());
    LogtoClient::new(config.build().unwrap()).unwrap()
}

/// 60 seconds in `tests/all.sh`; `LOGTO_TEST_SOAK=600` for ten minutes.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_logged_out_in_a_soak() {
    let Ok(seconds) = std::env::var("LOGTO_TEST_SOAK") else {
        skipped("the soak", "it runs with LOGTO_TEST_SOAK=<seconds>");
        return;
    };
    let seconds: u64 = seconds.parse().unwrap();
    let Some(mut redis) = Servers::start().await else { return };
    let short = MockResource::new(BOOKS).scope("read:books").access_token_ttl(Duration::from_secs(5));
    let mock = MockLogto::builder().app(app("spa").public_client()).resource(short).start().await.unwrap();
    // Two applications of three instances each: one has its sessions in the store, one in cookies.
    let mut applications = [Vec::new(), Vec::new()];
    for _ in 0..3 {
        applications[0].push(instance(&mock.endpoint(), &redis.name.url(), 0).await);
        applications[1].push(instance_with_cookies(&mock.endpoint(), &redis.name.url()).await);
    }
    let world = Arc::new(World { mock, at_logto: Mutex::default(), away: std::sync::Mutex::default() });
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut users = JoinSet::new();
    for number in 0..USERS {
        let world = Arc::clone(&world);
        let instances = applications[number % 2].clone();
        users.spawn(async move {
            let mut user = User::new(number, instances);
            user.sign_in(&world, number).await;
            user.live(world, end).await
        });
    }
    // Logto answers one request in twenty with 500, and is slow at times; Redis is restarted, and then fails over.
    let mut outages = 0;
    while Instant::now() < end {
        world.mock.inject_fault(Endpoint::Token, Fault::status(500).times(1));
        world.mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_millis(300)).times(2));
        sleep(Duration::from_secs(1)).await;
        let passed = seconds.saturating_sub(end.saturating_duration_since(Instant::now()).as_secs());
        if outages < 2 && passed >= seconds * (outages + 1) / 3 {
            match outages {
                0 => world.without_redis(async { redis.first.restart() }).await,
                _ => world.without_redis(redis.fail_over()).await,
            }
            outages += 1;
        }
    }
    assert!(redis.has_failed_over() || seconds < 3, "the second Redis is the master");
    let mut users = users.join_all().await;
    world.mock.clear_faults();
    let mut all = Count::default();
    let mut old = 0;
    for user in &mut users {
        old += user.old.len();
        user.ends(&world).await;
        let count = std::mem::take(&mut user.count);
        all.served += count.served;
        all.failed_for_a_moment += count.failed_for_a_moment;
        all.sign_ins += count.sign_ins;
        all.twice += count.twice;
        all.sign_outs += count.sign_outs;
        all.lost_to_an_outage += count.lost_to_an_outage;
        all.logged_out_by_mistake.extend(count.logged_out_by_mistake);
        all.signed_in_after_a_sign_out.extend(count.signed_in_after_a_sign_out);
    }
    println!(
        "{seconds} s, {USERS} users: {} requests served, {} failed for a moment; {} sign-ins, of which {} by two callbacks; \
         {} sign-outs, {old} older cookies; lost to an outage of Redis: {}; logged out by mistake: {}; signed in after a sign-out: {}",
        all.served,
        all.failed_for_a_moment,
        all.sign_ins,
        all.twice,
        all.sign_outs,
        all.lost_to_an_outage,
        all.logged_out_by_mistake.len(),
        all.signed_in_after_a_sign_out.len(),
    );
    // Both in one, so that neither hides the other.
    let wrong = [all.logged_out_by_mistake, all.signed_in_after_a_sign_out];
    assert!(wrong.iter().all(Vec::is_empty), "{wrong:#?}");
    assert!(all.sign_outs > 0 || seconds < 30, "users have signed out");
}
