//! Refreshes by several instances at once. The model: one exchange at a time and none before it is due, every request served, and nobody
//! signed out who did not sign out.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use logto::{
    HeaderCookies, LogtoClient, SignInOptions, SignOutOptions, TokenOptions,
    store::{MemoryRevocations, MemoryStore},
};
use tokio::{task::LocalSet, time::sleep};

use crate::{
    coordinator::Coordinator,
    dice::Dice,
    histories,
    provider::{Manners, Provider},
    session::{Browser, sign_in},
};

/// Seconds. Half of it is the time in which a token is renewed that still serves (`docs/architecture.md`, "Access tokens").
const TOKEN_LIFETIME: u64 = 20;
const LASTS: Duration = Duration::from_secs(60);

#[test]
fn random_refreshes_of_sessions_in_cookies_follow_the_model() {
    histories(500, async |dice| play(dice, false).await);
}

#[test]
fn random_refreshes_of_sessions_in_a_store_follow_the_model() {
    histories(500, async |dice| play(dice, true).await);
}

/// A browser, as all its requests see it.
type Shared = Rc<RefCell<Browser>>;

async fn play(mut dice: Dice, stored: bool) {
    let manners = Manners { token_lifetime: TOKEN_LIFETIME, ..Manners::default() };
    let provider = Provider::new(Dice::new(dice.roll(u64::MAX)), manners);
    let instances = instances(&provider, 1 + dice.index(3), stored);
    let mut browser = Browser::default();
    sign_in(&instances[0], &mut browser, "ada", SignInOptions::new()).await;
    let browser = Shared::new(RefCell::new(browser));
    *provider.manners.lock().unwrap() =
        Manners { delay: dice.up_to(Duration::from_secs(3)), failures: [0, 0, 20][dice.index(3)], ..manners };

    let sign_out_at = dice.chance(30).then(|| dice.up_to(LASTS));
    let has_signed_out = Rc::new(Cell::new(false));
    LocalSet::new()
        .run_until(async {
            let mut tasks = Vec::new();
            for _ in 0..2 + dice.roll(30) {
                // Half of them come in crowds.
                let start =
                    if dice.chance(50) { dice.up_to(LASTS) } else { LASTS * u32::try_from(dice.roll(4)).unwrap() / 4 };
                let (logto, browser) = (instances[dice.index(instances.len())].clone(), Rc::clone(&browser));
                let (way_back, has_signed_out) = (dice.up_to(Duration::from_secs(1)), Rc::clone(&has_signed_out));
                tasks.push(tokio::task::spawn_local(async move {
                    sleep(start).await;
                    request(&logto, &browser, way_back, &has_signed_out).await;
                }));
            }
            if let Some(at) = sign_out_at {
                let (logto, browser) = (instances[0].clone(), Rc::clone(&browser));
                let has_signed_out = Rc::clone(&has_signed_out);
                tasks.push(tokio::task::spawn_local(async move {
                    sleep(at).await;
                    let mut cookies = browser.borrow().request();
                    has_signed_out.set(true);
                    let local = SignOutOptions::new().local_only(true);
                    let _home = logto.sign_out(&mut cookies, local).await.unwrap();
                    browser.borrow_mut().receive(&cookies);
                }));
            }
            for task in tasks {
                task.await.unwrap();
            }
        })
        .await;

    let early = Duration::from_secs(TOKEN_LIFETIME / 2);
    for pair in provider.exchanges().windows(2) {
        assert!(pair[1] - pair[0] >= early, "two exchanges within {:?}", pair[1] - pair[0]);
    }
    provider.manners.lock().unwrap().failures = 0;
    let logto = &instances[dice.index(instances.len())];
    let mut cookies = browser.borrow().request();
    assert_eq!(logto.is_authenticated(&cookies).await.unwrap(), !has_signed_out.get(), "who is signed in at the end");
    if !has_signed_out.get() {
        sleep(Duration::from_secs(TOKEN_LIFETIME)).await;
        logto.get_access_token(&mut cookies, TokenOptions::new()).await.expect("the session is alive");
        let refresh_token = logto.get_refresh_token(&cookies).await.unwrap().unwrap();
        assert_eq!(Some(refresh_token.expose().to_owned()), provider.refresh_token_of("ada"));
    }
}

/// A page that calls an API: it has a token, or Logto was away for a moment.
async fn request(logto: &LogtoClient, browser: &Shared, way_back: Duration, has_signed_out: &Cell<bool>) {
    let mut cookies: HeaderCookies = browser.borrow().request();
    let was_signed_out = has_signed_out.get();
    let outcome = logto.get_access_token(&mut cookies, TokenOptions::new()).await;
    match outcome {
        Ok(_) => assert!(!was_signed_out, "a token after the sign-out"),
        Err(error) if has_signed_out.get() => assert!(error.requires_sign_in() || error.is_transient(), "{error}"),
        Err(error) => assert!(error.is_transient(), "{error}"),
    }
    sleep(way_back).await;
    browser.borrow_mut().receive(&cookies);
}

fn instances(provider: &std::sync::Arc<Provider>, count: usize, stored: bool) -> Vec<LogtoClient> {
    let (coordinator, store, revocations) = (Coordinator::default(), MemoryStore::new(), MemoryRevocations::new());
    let (store, revocations) = (store.clock(provider.clock), revocations.clock(provider.clock));
    let instance = |_| {
        let settings = provider.settings().cookie_secret("0123456789abcdef0123456789abcdef");
        let settings = settings.refresh_coordinator(coordinator.clone()).revocation_store(revocations.clone());
        let settings = if stored { settings.session_store(store.clone()) } else { settings };
        LogtoClient::new(settings.build().unwrap()).unwrap()
    };
    (0..count).map(instance).collect()
}
