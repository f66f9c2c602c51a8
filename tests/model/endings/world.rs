//! The instances, the browsers, and what is known of the sessions that they hold.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use logto::{
    HeaderCookies, LogtoClient, Session, SessionFormat,
    integrate::Clock,
    store::{MemoryRevocations, MemoryStore},
};

use crate::{
    coordinator::Coordinator,
    dice::Dice,
    provider::{Manners, PausedClock, Provider, SignedIn},
    session::Browser,
};

/// The default lifetimes.
pub const ABSOLUTE: Duration = Duration::from_secs(180 * 24 * 60 * 60);
const IDLE: i64 = 14 * 24 * 60 * 60;
/// Seconds between two writes that only say "still here".
const INTERVAL: i64 = 24 * 60 * 60;
/// By how much the clock of this machine may differ from the server's, and then those of two machines.
const LEEWAY: i64 = 60;
const TOLERANCE: i64 = 2 * LEEWAY;

/// Where an instance keeps sessions.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Place {
    Cookies,
    Store,
    Next,
    FromNext,
    FromNextToStore,
}

impl Place {
    pub const ALL: [Self; 5] = [Self::Cookies, Self::Store, Self::Next, Self::FromNext, Self::FromNextToStore];

    pub fn has_store(self) -> bool {
        matches!(self, Self::Store | Self::FromNextToStore)
    }

    /// The form in which it writes.
    fn form(self) -> Form {
        match self {
            Self::Cookies | Self::FromNext => Form::Sealed,
            Self::Store | Self::FromNextToStore => Form::Reference,
            Self::Next => Form::Next,
        }
    }

    fn reads(self, form: Form) -> bool {
        match form {
            Form::Sealed => self != Self::Next,
            Form::Reference => self.has_store(),
            Form::Next => matches!(self, Self::Next | Self::FromNext | Self::FromNextToStore),
        }
    }
}

/// In which form a browser has a session.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Form {
    Sealed,
    Reference,
    Next,
}

/// The clock of one instance: the right one, and so many seconds.
#[derive(Clone)]
pub struct WrongClock {
    right: PausedClock,
    ahead: Arc<AtomicI64>,
}

impl WrongClock {
    pub fn turn(&self, ahead: i64) {
        self.ahead.store(ahead, Ordering::Relaxed);
    }

    fn ahead(&self) -> i64 {
        self.ahead.load(Ordering::Relaxed)
    }
}

impl Clock for WrongClock {
    fn now(&self) -> SystemTime {
        let (right, by) = (self.right.now(), Duration::from_secs(self.ahead().unsigned_abs()));
        if self.ahead() < 0 { right - by } else { right + by }
    }
}

/// All times are seconds since the beginning.
#[derive(Debug)]
pub struct Known {
    pub sub: &'static str,
    pub sid: String,
    /// By the clock of the server.
    issued_at: i64,
    /// By the clock of the instance.
    created_at: i64,
    /// The latest time of a request that had it.
    last_seen: i64,
    /// The store says that it was in use then, or later.
    in_use: i64,
    /// Whether it was ever put into the store.
    is_stored: bool,
    pub is_over: bool,
    /// Whether it ended depends on clocks that were not together.
    pub is_doubtful: bool,
}

impl Known {
    fn begins_at(&self) -> i64 {
        self.created_at.max(self.issued_at)
    }
}

/// A tab: a browser of its own, or a copy of another's cookies.
#[derive(Clone)]
pub struct Tab {
    pub browser: Browser,
    /// Which session it has, in which form.
    holds: Option<(usize, Form)>,
    /// Its cookie says that the session was in use then, or later.
    in_use: i64,
}

/// A request that is under way.
pub struct Slow {
    pub session: Session,
    cookies: HeaderCookies,
    /// The tab, and what it held.
    pub tab: usize,
    before: Tab,
    pub instance: usize,
    pub place: Place,
    loaded_at: i64,
    /// The session that it will write.
    pub number: Option<usize>,
    pub was_signed_in: bool,
    /// The session that it came with.
    pub present: Option<usize>,
    /// The session that ends with the response.
    pub replaced: Option<usize>,
}

/// What an instance should say of a tab.
pub enum Answer {
    Nobody,
    User(&'static str),
    Unknown(&'static str),
}

pub struct World {
    pub provider: Arc<Provider>,
    pub instances: Vec<LogtoClient>,
    pub places: Vec<Place>,
    pub clocks: Vec<WrongClock>,
    pub is_coordinated: bool,
    coordinator: Coordinator,
    store: MemoryStore,
    revocations: MemoryRevocations,
    pub tabs: Vec<Tab>,
    pub slow: Vec<Slow>,
    pub sessions: Vec<Known>,
    /// Until when all sessions of a user are over.
    over_until: BTreeMap<&'static str, i64>,
    /// What happened, for who reads of a failure.
    story: Vec<String>,
}

impl World {
    pub fn new(dice: &mut Dice) -> Self {
        let manners = Manners { token_lifetime: 600, forgives: true, ..Manners::default() };
        let provider = Provider::new(Dice::new(dice.roll(u64::MAX)), manners);
        let clock = || WrongClock { right: provider.clock, ahead: Arc::default() };
        let tab = || Tab { browser: Browser::default(), holds: None, in_use: 0 };
        let mut world = Self {
            clocks: vec![clock(), clock()],
            instances: Vec::new(),
            places: Vec::new(),
            is_coordinated: dice.chance(50),
            coordinator: Coordinator::default(),
            store: MemoryStore::new().clock(provider.clock),
            revocations: MemoryRevocations::new().clock(provider.clock),
            tabs: vec![tab(), tab()],
            slow: Vec::new(),
            sessions: Vec::new(),
            over_until: BTreeMap::new(),
            story: Vec::new(),
            provider,
        };
        let place = Place::ALL[dice.index(Place::ALL.len())];
        for instance in 0..2 {
            world.places.push(place);
            world.tell(format!("instance {instance} keeps sessions in {place:?}"));
            let client = world.client(instance, place);
            world.instances.push(client);
        }
        world
    }

    fn client(&self, instance: usize, place: Place) -> LogtoClient {
        let settings = self.provider.settings().cookie_secret("0123456789abcdef0123456789abcdef");
        let settings = settings.clock(self.clocks[instance].clone()).revocation_store(self.revocations.clone());
        let settings = if place.has_store() { settings.session_store(self.store.clone()) } else { settings };
        let settings =
            if self.is_coordinated { settings.refresh_coordinator(self.coordinator.clone()) } else { settings };
        let far = UNIX_EPOCH + Duration::from_secs(100 * 365 * 24 * 60 * 60);
        let settings = match place {
            Place::Cookies | Place::Store => settings,
            Place::Next => settings.session_format(SessionFormat::Next),
            Place::FromNext | Place::FromNextToStore => {
                settings.session_format(SessionFormat::FromNext).from_next_until(far)
            }
        };
        LogtoClient::new(settings.build().unwrap()).unwrap()
    }

    #[allow(clippy::needless_pass_by_value)] // Most are made for it.
    pub fn tell(&mut self, what: String) {
        self.story.push(format!("{}: {what}", self.right_now()));
    }

    pub fn deploy(&mut self, instance: usize, place: Place) {
        self.places[instance] = place;
        self.instances[instance] = self.client(instance, place);
    }

    pub fn clocks_are_right(&self) {
        self.clocks.iter().for_each(|clock| clock.turn(0));
    }

    /// By the clock of an instance.
    pub fn now(&self, instance: usize) -> i64 {
        self.right_now() + self.clocks[instance].ahead()
    }

    pub fn right_now(&self) -> i64 {
        i64::try_from(self.provider.now()).unwrap()
    }

    pub fn is_wrong(&self, instance: usize) -> bool {
        self.clocks[instance].ahead().abs() > LEEWAY
    }

    /// Takes note of the session that a sign-in has just begun.
    pub fn began(&mut self, sub: &'static str, instance: usize) -> usize {
        let SignedIn { sid, issued_at } = self.provider.last_sign_in();
        let (issued_at, now) = (i64::try_from(issued_at).unwrap(), self.now(instance));
        let is_over = self.over_until.get(sub).is_some_and(|until| issued_at <= *until);
        let (created_at, last_seen) = (now, now);
        self.sessions.push(Known {
            sub,
            sid,
            issued_at,
            created_at,
            last_seen,
            in_use: i64::MAX,
            is_stored: false,
            is_over,
            is_doubtful: false,
        });
        self.sessions.len() - 1
    }

    /// A session was ended by an instance. One without the store cannot delete what is in it (`docs/stores.md`).
    pub fn ended(&mut self, number: usize, place: Place) {
        let session = &mut self.sessions[number];
        if session.is_stored && !place.has_store() {
            session.is_doubtful = true;
        } else {
            session.is_over = true;
        }
    }

    /// All sessions of a user ended that began until then.
    pub fn ended_up_to(&mut self, sub: &'static str, until: i64, place: Place) {
        for number in 0..self.sessions.len() {
            let session = &mut self.sessions[number];
            if session.sub == sub && session.issued_at <= until {
                self.ended(number, place);
            } else if session.sub == sub {
                // A store ends all that it has.
                session.is_doubtful = true;
            }
        }
        let known = self.over_until.entry(sub).or_insert(until);
        *known = until.max(*known);
    }

    pub async fn load(&self, tab: usize, instance: usize) -> Slow {
        let before = self.tabs[tab].clone();
        let cookies = before.browser.request();
        let session = self.instances[instance].load_session(&cookies).await.unwrap();
        let was_signed_in = session.is_authenticated();
        let number = before.holds.map(|(number, _)| number).filter(|_| was_signed_in);
        let (place, loaded_at) = (self.places[instance], self.now(instance));
        // One that begins in the future signs nobody in, and ends as any other.
        let is_early = |number: &usize| self.sessions[*number].begins_at() > loaded_at + TOLERANCE;
        let early = before.holds.filter(|(_, form)| place.reads(*form)).map(|(number, _)| number).filter(is_early);
        let present = number.or(early);
        let replaced = None;
        Slow { session, cookies, tab, before, instance, place, loaded_at, number, was_signed_in, present, replaced }
    }

    /// The response arrives: in its tab, or in a copy of it where that has another session by now.
    pub async fn commit(&mut self, request: Slow) {
        let Slow { session, mut cookies, tab, before, instance, place, loaded_at, number, replaced, .. } = request;
        let now = self.now(instance);
        session.commit(&mut cookies).await.unwrap();
        if let Some(replaced) = replaced {
            self.ended(replaced, place);
        }
        let is_as_before = self.tabs[tab].holds.is_none_or(|(holds, _)| before.holds.is_some_and(|it| it.0 == holds));
        if !is_as_before {
            self.tabs[tab] = before;
        }
        let tab = &mut self.tabs[tab];
        tab.browser.receive(&cookies);
        let form = place.form();
        let written = session_cookie(&cookies);
        match (&written, number) {
            (Some(true), Some(number)) => {
                tab.holds = Some((number, form));
                tab.in_use = now - INTERVAL;
            }
            (Some(true), None) => panic!("a session out of nothing"),
            (Some(false), _) => tab.holds = None,
            (None, Some(_)) if loaded_at == now => tab.in_use = tab.in_use.max(now - INTERVAL),
            (None, _) => {}
        }
        if let Some(number) = number {
            let session = &mut self.sessions[number];
            session.last_seen = session.last_seen.max(now);
            let is_reference = tab.holds.is_some_and(|(_, form)| form == Form::Reference);
            session.is_stored |= is_reference;
            if is_reference && loaded_at == now {
                session.in_use = now - INTERVAL;
            } else {
                session.in_use = session.in_use.min(loaded_at - INTERVAL);
            }
        }
    }

    pub fn expected(&self, tab: &Tab, instance: usize) -> Answer {
        let Some((number, form)) = tab.holds else { return Answer::Nobody };
        let (session, now) = (&self.sessions[number], self.now(instance));
        let absolute = session.created_at + i64::try_from(ABSOLUTE.as_secs()).unwrap();
        let is_of_the_future = session.begins_at() > now + TOLERANCE;
        let is_out_of_time = now >= absolute.min(session.last_seen + IDLE);
        if session.is_over || is_of_the_future || is_out_of_time || !self.places[instance].reads(form) {
            return Answer::Nobody;
        }
        // The store goes by its own clock.
        let (in_use, now) = match form {
            Form::Reference => (session.in_use, now.max(self.right_now())),
            Form::Sealed | Form::Next => (tab.in_use, now),
        };
        if session.is_doubtful || now >= absolute.min(in_use.saturating_add(IDLE)) {
            return Answer::Unknown(session.sub);
        }
        Answer::User(session.sub)
    }

    pub fn describe(&self, tab: usize, instance: usize) -> String {
        let holds = self.tabs[tab].holds;
        let session = holds.map(|(number, _)| &self.sessions[number]);
        format!(
            "{}\ntab {tab} holds {holds:?} in use {}, instance {instance} in {:?}, its time {}, the right time {}; {session:?}",
            self.story.join("\n"),
            self.tabs[tab].in_use,
            self.places[instance],
            self.now(instance),
            self.right_now(),
        )
    }
}

/// Whether the response writes a session or deletes it.
fn session_cookie(cookies: &HeaderCookies) -> Option<bool> {
    let headers = cookies.set_cookie_headers();
    let parsed = headers.iter().map(|header| cookie::Cookie::parse(header.as_str()).unwrap());
    let own = parsed.into_iter().filter(|cookie| cookie.name() == "logto_app");
    own.map(|cookie| cookie.value().len() > 40 && !cookie.max_age().is_some_and(cookie::time::Duration::is_zero))
        .next_back()
}
