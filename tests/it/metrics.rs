//! Counters and durations: each one that the table in `docs/deployment.md` names, and no other.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use logto::{
    SignInOptions, TokenOptions,
    api::{ApiAudience, ResourceServer, TokenRequirements},
    api_client::ApiClient,
    integrate::{BoxError, BoxFuture},
    store::{MemoryRevocations, MemoryStore, SaveOutcome, SessionId, SessionSelector, SessionStore, StoredSession},
    testing::{Endpoint, Fault},
};
use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, LocalRecorderGuard, Metadata, Recorder,
    SharedString, Unit, set_default_local_recorder,
};

use crate::{
    coordinator::Coordinator,
    support::{BOOKS, Browser, Site},
};

/// What was recorded on this thread: counts and durations, each under the name of its metric and its labels.
#[derive(Clone, Default)]
struct Recorded(Arc<Mutex<Numbers>>);

#[derive(Default)]
struct Numbers {
    /// Type and unit, by name.
    described: BTreeMap<String, (&'static str, Option<Unit>)>,
    counts: BTreeMap<Series, u64>,
    durations: BTreeMap<Series, Vec<f64>>,
}

/// A name and its labels.
type Series = (String, BTreeMap<String, String>);

struct One(Recorded, Series);

impl CounterFn for One {
    fn increment(&self, value: u64) {
        *self.0.0.lock().unwrap().counts.entry(self.1.clone()).or_default() += value;
    }

    fn absolute(&self, _: u64) {
        panic!("a counter counts");
    }
}

impl HistogramFn for One {
    fn record(&self, value: f64) {
        self.0.0.lock().unwrap().durations.entry(self.1.clone()).or_default().push(value);
    }
}

impl Recorder for Recorded {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.0.lock().unwrap().described.insert(name.as_str().to_owned(), ("counter", unit));
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.0.lock().unwrap().described.insert(name.as_str().to_owned(), ("gauge", unit));
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.0.lock().unwrap().described.insert(name.as_str().to_owned(), ("histogram", unit));
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::new(One(self.clone(), series(key))))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        panic!("{key} is a gauge")
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::new(One(self.clone(), series(key))))
    }
}

fn series(key: &Key) -> Series {
    (key.name().to_owned(), key.labels().map(|label| (label.key().to_owned(), label.value().to_owned())).collect())
}

impl Recorded {
    fn listen() -> (&'static Self, LocalRecorderGuard<'static>) {
        let recorded: &Self = Box::leak(Box::default());
        (recorded, set_default_local_recorder(recorded))
    }

    /// How often this was counted, over all labels that are not named.
    fn count(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        let numbers = self.0.lock().unwrap();
        let wanted = |(known, with): &Series| {
            known == name && labels.iter().all(|(label, value)| with.get(*label).is_some_and(|known| known == value))
        };
        numbers.counts.iter().filter(|(series, _)| wanted(series)).map(|(_, count)| count).sum()
    }
}

async fn token(site: &Site, browser: &mut Browser, options: TokenOptions) -> logto::Result<String> {
    let mut cookies = browser.request();
    let token = site.logto.get_access_token(&mut cookies, options).await;
    browser.receive(&cookies.set_cookie_headers());
    token.map(|token| token.token().to_owned())
}

fn books() -> TokenOptions {
    TokenOptions::new().resource(BOOKS)
}

/// A sign-in that ends in each way, a refresh, an API, a store that fails, a Logto that does not answer.
async fn whole_run() -> (&'static Recorded, LocalRecorderGuard<'static>) {
    let (recorded, guard) = Recorded::listen();
    let store = Failing(MemoryStore::new());
    let site = Site::rotating_with(|config| {
        let config = config.session_store(store).revocation_store(MemoryRevocations::new());
        config.refresh_coordinator(Coordinator::default())
    })
    .await;
    let mut browser = site.signed_in("ada").await;

    let mut refused = Browser::default();
    site.mock.clear_browser_session();
    let url = site.begin(&mut refused, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    let pending = site.logto.verify_sign_in(&mut refused.request(), &callback).await.unwrap();
    pending.refuse().await;
    site.end(&mut Browser::default(), &callback).await.unwrap_err();

    let mut late = browser.clone();
    let jwt = token(&site, &mut browser, books()).await.unwrap();
    site.logto.clear_access_token(&mut late.request()).await.unwrap();
    token(&site, &mut late, books().force_refresh(true)).await.unwrap();
    site.mock.inject_fault(Endpoint::Token, Fault::status(500));
    token(&site, &mut browser, books().force_refresh(true)).await.unwrap_err();
    site.mock.clear_faults();
    site.mock.inject_fault(Endpoint::Token, Fault::drop_connection());
    token(&site, &mut browser, books().force_refresh(true)).await.unwrap_err();
    site.mock.clear_faults();

    let api =
        ResourceServer::builder().config(site.logto.config()).audience(ApiAudience::resource(BOOKS)).build().unwrap();
    let nothing = TokenRequirements::new();
    api.authorize([format!("Bearer {jwt}")], &nothing).await.unwrap();
    api.verify("a.b.c").await.unwrap_err();
    api.authorize([format!("Bearer {jwt}")], &nothing.clone().scopes(["fly"])).await.unwrap_err();
    api.authorize_optional([""; 0], &nothing).await.unwrap();
    site.logto.end_user_sessions("ada").await.unwrap_err();
    (recorded, guard)
}

/// Cannot revoke.
struct Failing(MemoryStore);

impl SessionStore for Failing {
    fn create<'a>(&'a self, id: &'a SessionId, session: &'a StoredSession) -> BoxFuture<'a, Result<bool, BoxError>> {
        self.0.create(id, session)
    }

    fn load<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<StoredSession>, BoxError>> {
        self.0.load(id)
    }

    fn save<'a>(
        &'a self,
        id: &'a SessionId,
        session: &'a StoredSession,
        expected_revision: u64,
    ) -> BoxFuture<'a, Result<SaveOutcome, BoxError>> {
        self.0.save(id, session, expected_revision)
    }

    fn delete<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<(), BoxError>> {
        self.0.delete(id)
    }

    fn revoke<'a>(&'a self, _: &'a SessionSelector) -> BoxFuture<'a, Result<u64, BoxError>> {
        Box::pin(async { Err("it cannot".into()) })
    }
}

#[tokio::test]
async fn everything_that_is_counted_is_in_the_table_of_the_documentation() {
    let (recorded, _guard) = whole_run().await;
    let numbers = recorded.0.lock().unwrap();
    let documented = documented();

    let of = |kind: &'static str, series: &Series| {
        let unit = numbers.described.get(&series.0).map(|(known, unit)| {
            assert_eq!(*known, kind, "{}", series.0);
            unit.map_or("", |unit| unit.as_str())
        });
        let labels = series.1.keys().cloned().collect::<BTreeSet<_>>();
        (series.0.clone(), (kind.to_owned(), unit.unwrap_or("none").to_owned(), labels))
    };
    let counted = numbers.counts.keys().map(|series| of("counter", series));
    let seen: BTreeMap<_, _> = counted.chain(numbers.durations.keys().map(|series| of("histogram", series))).collect();
    let table: BTreeMap<_, _> = documented
        .iter()
        .map(|(name, row)| {
            let labels = row.labels.keys().cloned().collect::<BTreeSet<_>>();
            (name.clone(), (row.kind.clone(), row.unit.clone(), labels))
        })
        .collect();
    assert_eq!(seen, table);

    let codes = include_str!("../../docs/errors.md");
    for (name, labels) in numbers.counts.keys().chain(numbers.durations.keys()) {
        for (label, value) in labels {
            let known = &documented[name].labels[label];
            let is_known = match label.as_str() {
                "code" => value == "none" || codes.contains(&format!("`{value}`")),
                "status" => value == "none" || value.parse::<http::StatusCode>().is_ok(),
                _ => known.contains(value),
            };
            assert!(is_known, "{name}: {label} is {value}, which the documentation does not name: {known:?}");
        }
    }
    assert!(numbers.durations.values().flatten().all(|seconds| (0.0..60.0).contains(seconds)));
}

struct Row {
    kind: String,
    unit: String,
    /// Its values, by the name of the label.
    labels: BTreeMap<String, BTreeSet<String>>,
}

/// The table of metrics, with the values of their labels from the table below it.
fn documented() -> BTreeMap<String, Row> {
    let text = include_str!("../../docs/deployment.md");
    let rows = |first: &str| -> Vec<Vec<String>> {
        let lines = text.lines().skip_while(|line| !line.starts_with(first)).skip(2);
        let lines = lines.take_while(|line| line.starts_with('|'));
        lines.map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
    };
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let mut values = BTreeMap::<(String, String), BTreeSet<String>>::new();
    for row in rows("| Label |") {
        for metric in quoted(&row[1]) {
            values.entry((metric, quoted(&row[0])[0].clone())).or_default().extend(quoted(&row[2]));
        }
    }
    let row = |cells: Vec<String>| {
        let name = quoted(&cells[0]).remove(0);
        let label = |label: String| (label.clone(), values.remove(&(name.clone(), label)).unwrap_or_default());
        let labels = quoted(&cells[3]).into_iter().map(label).collect();
        (name.clone(), Row { kind: cells[1].clone(), unit: cells[2].clone(), labels })
    };
    rows("| Metric |").into_iter().map(row).collect()
}

#[tokio::test]
async fn each_end_is_counted_once() {
    let (recorded, _guard) = whole_run().await;
    let sign_ins = |outcome| recorded.count("logto_sign_ins_total", &[("outcome", outcome)]);
    assert_eq!((sign_ins("completed"), sign_ins("refused"), sign_ins("failed")), (1, 1, 1));
    let not_found = [("code", "sign_in_session.not_found")];
    assert_eq!(recorded.count("logto_sign_ins_total", &not_found), 1, "by code");

    let refreshes = |outcome| recorded.count("logto_refreshes_total", &[("outcome", outcome)]);
    assert_eq!((refreshes("done"), refreshes("failed")), (2, 2));

    let verified = |outcome| recorded.count("logto_token_verifications_total", &[("outcome", outcome)]);
    assert_eq!((verified("accepted"), verified("refused"), verified("failed")), (1, 2, 0), "no token is none to count");

    // Of the token endpoint: two codes, two refreshes, one that failed, one that broke off and was sent twice for one answer.
    let token = |status| recorded.count("logto_requests_total", &[("endpoint", "token"), ("status", status)]);
    assert_eq!((token("200"), token("500"), token("none")), (4, 1, 1));
    let revoked = [("store", "session"), ("operation", "revoke"), ("outcome", "failed")];
    assert_eq!(recorded.count("logto_store_calls_total", &revoked), 1);
    assert!(recorded.count("logto_store_calls_total", &[("store", "coordinator"), ("operation", "lock")]) > 0);
    let created = [("store", "session"), ("operation", "create"), ("outcome", "done")];
    assert_eq!(recorded.count("logto_store_calls_total", &created), 1);

    let numbers = recorded.0.lock().unwrap();
    let timed = |name: &str| {
        numbers.durations.iter().filter(|((known, _), _)| known == name).map(|(_, times)| times.len()).sum::<usize>()
    };
    let counted = |name: &str| {
        let counts = numbers.counts.iter().filter(|((known, _), _)| known == name);
        counts.map(|(_, count)| usize::try_from(*count).unwrap()).sum::<usize>()
    };
    assert_eq!(timed("logto_request_duration_seconds"), counted("logto_requests_total"));
    assert_eq!(timed("logto_store_call_duration_seconds"), counted("logto_store_calls_total"));
}

#[tokio::test]
async fn the_second_callback_of_one_sign_in_is_not_counted() {
    let (recorded, _guard) = Recorded::listen();
    let site = Site::start().await;
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    let mut twice = browser.clone();
    site.end(&mut browser, &callback).await.unwrap();
    site.end(&mut twice, &callback).await.unwrap();
    assert_eq!(recorded.count("logto_sign_ins_total", &[]), 1);
}

#[tokio::test]
async fn a_sign_in_that_two_requests_refuse_is_counted_once() {
    let refused = |recorded: &Recorded| {
        let of = |outcome| recorded.count("logto_sign_ins_total", &[("outcome", outcome)]);
        (of("refused"), of("completed"), of("failed"))
    };
    let at_once = async |site: &Site| {
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new()).await;
        let callback = site.mock.sign_in(&url, "ada").await;
        (browser.clone(), browser, callback)
    };
    // By the application's own code.
    let (recorded, guard) = Recorded::listen();
    let site = Site::start().await;
    let (one, two, callback) = at_once(&site).await;
    let (mut one, mut two) = (one.request(), two.request());
    let pending =
        tokio::join!(site.logto.verify_sign_in(&mut one, &callback), site.logto.verify_sign_in(&mut two, &callback));
    tokio::join!(pending.0.unwrap().refuse(), pending.1.unwrap().refuse());
    assert_eq!(refused(recorded), (1, 0, 0));
    drop(guard);

    // By the hook.
    let (recorded, _guard) = Recorded::listen();
    let nobody = async |_: logto::SignIn| Err(logto::SignInRefusal::new());
    let site = Site::with(|mock| mock, |config| config.on_sign_in(nobody)).await;
    let (mut one, mut two, callback) = at_once(&site).await;
    let ended = tokio::join!(site.end(&mut one, &callback), site.end(&mut two, &callback));
    assert!(ended.0.is_err() && ended.1.is_err());
    assert_eq!(refused(recorded), (1, 0, 0));
}

#[tokio::test]
async fn a_silent_sign_in_that_leads_on_is_not_counted_as_failed() {
    let (recorded, _guard) = Recorded::listen();
    let site = Site::start().await;
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new().silent(true)).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    let next = site.end(&mut browser, &callback).await.unwrap();
    assert_eq!(recorded.count("logto_sign_ins_total", &[]), 0, "{next}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_counted_as_not_asked_for_a_second() {
    let (recorded, _guard) = Recorded::listen();
    let config =
        logto::LogtoConfig::builder().endpoint("https://logto.example.test").app_id("app").app_secret("secret");
    let config = config.base_url("https://app.example.test").cookie_secret(crate::support::COOKIE_SECRET);
    let config = config.revocation_store(HangingRevocations).store_timeout(Duration::from_secs(2)).build().unwrap();
    let logto = logto::LogtoClient::new(config).unwrap();
    logto.end_user_sessions("ada").await.unwrap_err();
    logto.end_user_sessions("ada").await.unwrap_err();
    let recorded_calls = |outcome| {
        recorded
            .count("logto_store_calls_total", &[("store", "revocation"), ("operation", "record"), ("outcome", outcome)])
    };
    assert_eq!((recorded_calls("failed"), recorded_calls("not_asked")), (1, 1));
    let numbers = recorded.0.lock().unwrap();
    let times: Vec<_> = numbers.durations.values().flatten().copied().collect();
    assert!(matches!(times.as_slice(), [seconds] if (2.0..2.1).contains(seconds)), "{times:?}");
}

struct HangingRevocations;

impl logto::store::RevocationStore for HangingRevocations {
    fn record<'a>(&'a self, _: &'a str, _: std::time::SystemTime, _: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(std::future::pending())
    }

    fn latest_cutoff<'a>(&'a self, _: &'a [String]) -> BoxFuture<'a, Result<Option<std::time::SystemTime>, BoxError>> {
        Box::pin(std::future::pending())
    }

    fn claim<'a>(&'a self, _: &'a str, _: Duration) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(std::future::pending())
    }

    fn release<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn requests_to_an_api_are_the_applications_to_count() {
    let (recorded, _guard) = Recorded::listen();
    let site = Site::start().await;
    let mut cookies = site.signed_in("ada").await.request();
    let token = site.logto.get_access_token(&mut cookies, books()).await.unwrap();
    let before = recorded.count("logto_requests_total", &[]);
    let caller = ApiClient::builder().base_url(site.mock.endpoint()).token_options(books()).build().unwrap();
    caller.send(&token, http::Request::get("/oidc/me").body("").unwrap()).await.unwrap();
    assert_eq!(recorded.count("logto_requests_total", &[]), before);
}
