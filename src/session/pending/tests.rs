use std::collections::BTreeMap;

use super::*;
use crate::session::{HeaderCookies, LoadedSession, tests::settings_of};

const NOW: i64 = 1_795_385_600;
const HOME: &str = "https://www.example.com/";

/// A browser that keeps cookies by name, and requests that may run at once.
#[derive(Default)]
struct Browser(BTreeMap<String, String>);

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn settings() -> CookieSettings {
    settings_of("h8rc2xdlth5ihimk3tfuc", true)
}

impl Browser {
    fn header(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn request(&self) -> LoadedSession {
        wait(LoadedSession::load(&settings(), &HeaderCookies::parse(self.header()), NOW)).unwrap()
    }

    fn receive(&mut self, open: LoadedSession, now: i64) -> Vec<Cookie<'static>> {
        let cookies = wait(open.commit(&settings(), now)).unwrap();
        let mut names: Vec<_> = cookies.iter().map(|cookie| cookie.name().to_owned()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), cookies.len(), "a response sets a cookie once");
        for cookie in &cookies {
            assert!(cookie.to_string().len() <= 4096);
            match cookie.value() {
                "" => self.0.remove(cookie.name()),
                value => self.0.insert(cookie.name().to_owned(), value.to_owned()),
            };
        }
        cookies
    }

    fn begin(&mut self, return_to: &str, from_another_site: bool, now: i64) -> String {
        let (open, state) = begin(self.request(), return_to, from_another_site, now);
        self.receive(open, now);
        state
    }

    /// Where the sign-in with this state leads, if it can end.
    fn end(&mut self, state: &str, now: i64) -> Option<String> {
        let mut open = self.request();
        let transaction = open.take_transaction(&settings(), state);
        self.receive(open, now);
        transaction.map(|transaction| transaction.return_to.clone())
    }
}

fn begin(mut open: LoadedSession, return_to: &str, from_another_site: bool, now: i64) -> (LoadedSession, String) {
    let mut transaction = Transaction::begin(format!("{HOME}callback"), return_to.to_owned(), now).unwrap();
    transaction.from_another_site = from_another_site;
    open.begin_transaction(&settings(), &mut transaction, HOME, now).unwrap();
    (open, transaction.state.clone())
}

fn address(bytes: usize) -> String {
    format!("{HOME}search?q={}", "a".repeat(bytes - HOME.len() - 9))
}

#[test]
fn an_address_comes_back_whole_or_as_its_path_or_as_the_start_page() {
    let path = |bytes| format!("{HOME}{}", "p".repeat(bytes));
    for (wanted, reached) in [
        (HOME.to_owned(), HOME.to_owned()),
        (format!("{HOME}me?tab=2#top"), format!("{HOME}me?tab=2#top")),
        ("https://admin.example.net/users".to_owned(), "https://admin.example.net/users".to_owned()),
        (address(300), address(300)),
        (address(1400), address(1400)),
        (address(2000), format!("{HOME}search")),
        (format!("{}?a=b", path(100)), format!("{}?a=b", path(100))),
        (format!("{}?{}", path(100), "q".repeat(4000)), path(100)),
        (path(1350), path(1350)),
        (path(4000), HOME.to_owned()),
        (format!("{HOME}caf%C3%A9#{}", "x".repeat(60_000)), format!("{HOME}caf%C3%A9")),
    ] {
        let mut browser = Browser::default();
        let state = browser.begin(&wanted, false, NOW);
        assert_eq!(browser.end(&state, NOW).unwrap(), reached);
        assert!(browser.0.is_empty(), "nothing is left over: {:?}", browser.0.keys());
    }
}

#[test]
fn sign_ins_under_way_stay_below_4_kb_however_long_their_addresses_are() {
    for bytes in [40, 200, 600, 1400, 2000, 9000] {
        let mut browser = Browser::default();
        let mut states = Vec::new();
        for second in 0..30 {
            states.push(browser.begin(&address(bytes), second % 3 == 0, NOW + second));
            assert!(browser.header().len() < MAX_HEADER_BYTES, "{bytes}: {}", browser.header().len());
        }
        for (index, state) in states.iter().enumerate() {
            assert_eq!(browser.end(state, NOW + 30).is_some(), index >= 26, "{bytes}: sign-in {index}");
        }
        assert!(browser.0.is_empty());
    }
}

#[test]
fn only_the_latest_long_return_address_keeps_its_query() {
    let mut browser = Browser::default();
    let [first, second] = [0, 1].map(|second| browser.begin(&address(1000), false, NOW + second));
    let short = browser.begin(&format!("{HOME}me"), false, NOW + 2);
    assert_eq!(browser.end(&first, NOW + 3).unwrap(), format!("{HOME}search"));
    assert_eq!(browser.end(&second, NOW + 3).unwrap(), address(1000));
    assert_eq!(browser.end(&short, NOW + 3).unwrap(), format!("{HOME}me"));
}

/// Tabs that are restored at once do not see each other's cookies.
#[test]
fn twenty_tabs_at_once_leave_no_header_that_a_proxy_refuses() {
    for (tabs, bytes) in [(20, 40), (20, 60), (10, 2000), (20, 2000), (10, 1400)] {
        let mut browser = Browser::default();
        let begun: Vec<_> = (0..tabs).map(|_| begin(browser.request(), &address(bytes), false, NOW)).collect();
        let mut states = Vec::new();
        for (open, state) in begun {
            browser.receive(open, NOW);
            states.push(state);
        }
        assert!(browser.header().len() < 8000, "{tabs} tabs, {bytes} bytes: {}", browser.header().len());
        // Logto still knows the user: all of them come back.
        assert!(states.iter().all(|state| browser.end(state, NOW + 1).is_some()));

        // Or none does, and another begins.
        for _ in 0..tabs {
            let (open, _) = begin(LoadedSession::default(), &address(bytes), false, NOW);
            browser.receive(open, NOW);
        }
        for second in 1..3 {
            browser.begin(&address(bytes), false, NOW + second);
        }
        assert!(browser.header().len() < MAX_HEADER_BYTES && browser.0.len() <= 5, "{:?}", browser.0.keys());
    }
}

#[test]
fn a_too_long_cookie_header_drops_the_oldest_pending_sign_ins_once() {
    let mut browser = Browser::default();
    let mut states = Vec::new();
    for second in 0..30 {
        let (open, state) = begin(LoadedSession::default(), &address(60), false, NOW + second);
        browser.receive(open, NOW);
        states.push(state);
    }
    assert!(browser.header().len() > MAX_HEADER_BYTES);
    let open = browser.request();
    assert!(!browser.receive(open, NOW + 30).is_empty());
    assert!(browser.header().len() < MAX_HEADER_BYTES, "{}", browser.header().len());
    let open = browser.request();
    assert!(browser.receive(open, NOW + 30).is_empty(), "it is done once");
    assert!(browser.end(states.last().unwrap(), NOW + 30).is_some() && browser.end(&states[0], NOW + 30).is_none());
}

/// All at once, none of them seeing another: the worst that a page of another site can make of a browser.
#[test]
fn another_site_cannot_fill_the_header() {
    for bytes in [40, 600, 2000, 9000] {
        let mut browser = Browser::default();
        for _ in 0..200 {
            let (open, _) = begin(LoadedSession::default(), &address(bytes), true, NOW);
            browser.receive(open, NOW);
        }
        assert!(browser.header().len() < MAX_HEADER_BYTES, "{bytes}: {}", browser.header().len());
        // Whom an honest site has led here signs in, one after another or four tabs beside each other.
        let states = [1, 2, 3, 4].map(|second| browser.begin(HOME, true, NOW + second));
        assert!(states.iter().all(|state| browser.end(state, NOW + 5).is_some()));
    }
}

#[test]
fn another_site_ends_no_sign_in_of_this_one() {
    for own in 1..=3 {
        let mut browser = Browser::default();
        let states: Vec<_> = (0..own).map(|second| browser.begin(&address(300), false, NOW + second)).collect();
        for second in 10..60 {
            browser.begin(&address(300), true, NOW + second);
            // And the cookie that they share.
            assert!(browser.0.len() <= MAX_PENDING + 1, "{:?}", browser.0.keys());
        }
        assert!(states.iter().all(|state| browser.end(state, NOW + 60).is_some()), "{own} of this site");
    }
}

#[test]
fn a_thousand_unknown_cookies_cost_twenty_deletions_at_a_time() {
    let unknown: Vec<_> =
        (0..1000).map(|number| format!("__Host-logto_h8rc2xdlth5ihimk3tfuc_txn_{number:012}")).collect();
    let header = unknown.iter().map(|name| format!("{name}=x")).collect::<Vec<_>>().join("; ");
    let load = || wait(LoadedSession::load(&settings(), &HeaderCookies::parse(header.as_str()), NOW)).unwrap();
    let deletions = |open| {
        let cookies = wait(LoadedSession::commit(open, &settings(), NOW)).unwrap();
        cookies.iter().filter(|cookie| cookie.value().is_empty()).count()
    };
    let (open, _) = begin(load(), HOME, false, NOW);
    assert_eq!(deletions(open), 20);
    let mut open = load();
    open.sign_out(&settings());
    assert_eq!(deletions(open), 20);
    let mut open = load();
    assert!(open.take_transaction(&settings(), "state").is_none());
    assert_eq!(deletions(open), 0);
    assert_eq!(deletions(load()), 0, "a page that only looks leaves them alone");
    // Those of a browser go, in time.
    let mut browser = Browser(unknown.into_iter().take(170).map(|name| (name, "x".to_owned())).collect());
    for second in 0..9 {
        browser.begin(HOME, false, NOW + second);
    }
    assert_eq!(browser.0.len(), 4);
}

#[test]
fn the_cookie_that_opens_counts_where_one_sign_in_has_two() {
    let mut browser = Browser::default();
    let state = browser.begin(&format!("{HOME}me"), false, NOW);
    let name = settings().own.transaction_name(&state);
    let good = browser.header();
    for header in [format!("{name}=planted; {good}"), format!("{good}; {name}=planted"), format!("{name}=; {good}")] {
        let mut open = wait(LoadedSession::load(&settings(), &HeaderCookies::parse(header.as_str()), NOW)).unwrap();
        assert_eq!(open.take_transaction(&settings(), &state).unwrap().return_to, format!("{HOME}me"), "{header}");
        // It is used up.
        let cookies = wait(open.commit(&settings(), NOW)).unwrap();
        assert_eq!(cookies.iter().map(|cookie| (cookie.name(), cookie.value())).collect::<Vec<_>>(), [(&*name, "")]);
        // Another that begins beside it deletes neither.
        let open = wait(LoadedSession::load(&settings(), &HeaderCookies::parse(header.as_str()), NOW)).unwrap();
        let (open, _) = begin(open, HOME, false, NOW);
        assert!(wait(open.commit(&settings(), NOW)).unwrap().iter().all(|cookie| cookie.name() != name), "{header}");
    }
}

#[test]
fn each_state_nonce_or_code_verifier_is_a_unique_256_bit_value() {
    let [one, other] = [0, 1].map(|_| Transaction::begin(HOME.into(), HOME.into(), NOW).unwrap());
    let of = |of: &Transaction| [of.state.clone(), of.nonce.clone(), of.code_verifier.clone()];
    let mut all = [of(&one), of(&other)].concat();
    assert!(all.iter().all(|text| text.len() == 43));
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 6);
    let back = Transaction::from_bytes(&one.to_bytes().unwrap()).unwrap();
    assert_eq!(of(&back), of(&one));
    for bytes in [&[][..], &[0; 32], &[255; 400], &[0; 400]] {
        let _ = Transaction::from_bytes(bytes);
    }
}
