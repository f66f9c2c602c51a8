//! What the system gives this process for one thing, in bytes, and how many bytes of it are what was to be kept. In a process of its own,
//! for memory that was used before would be used again.

use std::{env::args, fs, hint::black_box, time::SystemTime};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use logto::store::{MemoryStore, SessionId, SessionStore, StoredSession};
use logto_benches::{MORE_THAN_REMEMBERED, User, World, at_once, header};

const SESSIONS: u128 = 100_000;

fn main() {
    let (resident, kept) = match args().nth(1).as_deref() {
        Some("client") => client(),
        Some("sessions") => sessions(),
        Some("tokens") => tokens(),
        other => panic!("{other:?} is none of `client`, `sessions`, `tokens`"),
    };
    println!("{resident} {kept}");
}

/// A client that has nothing to do.
fn client() -> (usize, usize) {
    let before = resident();
    let client = User::client_alone();
    let after = resident();
    drop(black_box(client));
    (after - before, 0)
}

/// A store full of sessions as long as the recorded one.
fn sessions() -> (usize, usize) {
    let user = User::recorded();
    let (_, sealed) = user.cookie_header().split_once('=').expect("a cookie");
    let kept = usize::try_from(SESSIONS).expect("a number") * (sealed.len() + "amc3emckvas6".len() + 16);
    let before = resident();
    let store = MemoryStore::new().capacity(usize::try_from(SESSIONS).expect("a number"));
    for number in 0..SESSIONS {
        let id = SessionId::from_key(&URL_SAFE_NO_PAD.encode(number.to_be_bytes())).expect("sixteen bytes");
        let stored = StoredSession::new("amc3emckvas6", sealed).revision(1).expires_at(SystemTime::now() + DAY);
        assert!(at_once(store.create(&id, &stored)).expect("room"), "a new id");
    }
    let after = resident();
    drop(black_box(store));
    (after - before, kept)
}

/// An API that has seen so many tokens that it remembers as many as it may.
fn tokens() -> (usize, usize) {
    let world = tokio::runtime::Runtime::new().expect("a runtime").block_on(World::start());
    let headers: Vec<_> = (0..MORE_THAN_REMEMBERED).map(|number| header(&world.token(number))).collect();
    world.authorize(&headers[0]);
    let before = resident();
    for header in &headers {
        world.authorize(header);
    }
    (resident() - before, 0)
}

const DAY: std::time::Duration = std::time::Duration::from_hours(24);

/// proc(5): the resident set, which is counted in pages.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a resident set");
    let kilobytes: usize = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kilobytes * 1024
}
