//! Several requests with one callback, in one process and over instances: the hook is asked once, and all take its word.

use std::{sync::Arc, time::Duration};

use logto::{
    LogtoClient, SignIn, SignInRefusal,
    store::{MemoryRevocations, MemoryStore},
    testing::Endpoint,
};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
};

use super::{Asked, sent_back};
use crate::{
    coordinator::Coordinator,
    support::{Browser, Site, settings},
};

/// What a hook says that is asked in this test.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Word {
    LetIn,
    Refuse,
    Page,
    Address,
    Fail,
}

impl Word {
    fn said(self, sign_in: &SignIn) -> Result<(), SignInRefusal> {
        sign_in.set_data("by the hook")?;
        match self {
            Self::LetIn => Ok(()),
            Self::Refuse => Err(SignInRefusal::new()),
            Self::Page => Err(SignInRefusal::page(418, "<p>tea</p>")),
            Self::Address => Err(SignInRefusal::redirect("/terms")),
            Self::Fail => Err(SignInRefusal::failure("broken")),
        }
    }

    /// What each request gets.
    fn outcome(self) -> Result<&'static str, (&'static str, u16)> {
        match self {
            Self::LetIn => Ok("http://localhost:3000/wanted"),
            Self::Refuse => Err(("sign_in.refused", 403)),
            Self::Page => Err(("sign_in.refused", 418)),
            Self::Address => Ok("http://localhost:3000/terms"),
            Self::Fail => Err(("sign_in.hook_failed", 500)),
        }
    }

    const ALL: [Self; 5] = [Self::LetIn, Self::Refuse, Self::Page, Self::Address, Self::Fail];
}

/// As many requests at once, spread over the instances; each gets what the word says, and those that are let in the same session.
async fn all_get(word: Word, instances: &[LogtoClient], browser: &Browser, callback: &str) {
    let mut tasks = JoinSet::new();
    for number in 0..8 {
        let (logto, mut browser) = (instances[number % instances.len()].clone(), browser.clone());
        let callback = callback.to_owned();
        tasks.spawn(async move {
            let mut cookies = browser.request();
            let answer = logto.handle_sign_in(&mut cookies, &callback).await;
            browser.receive(&cookies.set_cookie_headers());
            (answer, browser)
        });
    }
    for (answer, after) in tasks.join_all().await {
        match (answer, word.outcome()) {
            (Ok(redirect), Ok(location)) => assert_eq!(redirect.location(), location, "{word:?}"),
            (Err(error), Err(expected)) => assert_eq!((error.code().as_str(), error.http_status()), expected),
            (answer, expected) => panic!("{word:?}: {answer:?}, expected {expected:?}"),
        }
        let data = instances[0].data::<String>(&after.request()).await.unwrap();
        assert_eq!(data.as_deref(), (word == Word::LetIn).then_some("by the hook"), "{word:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_is_asked_once_for_several_requests_at_once() {
    for word in Word::ALL {
        for store in [None, Some(MemoryStore::new())] {
            let asked = Asked::default();
            let count = asked.clone();
            let hook = move |sign_in: SignIn| {
                count.note();
                async move {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    word.said(&sign_in)
                }
            };
            let kept = store.clone();
            let site = Site::with(
                |mock| mock,
                |config| match store {
                    Some(store) => config.session_store(store).on_sign_in(hook),
                    None => config.on_sign_in(hook),
                },
            )
            .await;
            let (browser, callback) = sent_back(&site, Browser::default(), "ada").await;
            all_get(word, std::slice::from_ref(&site.logto), &browser, &callback).await;
            let lets_in = word == Word::LetIn;
            assert_eq!(asked.count(), 1, "{word:?}");
            assert_eq!(site.mock.request_count(Endpoint::Token), 1);
            assert_eq!(site.mock.request_count(Endpoint::Revocation), usize::from(!lets_in), "{word:?}");
            assert!(kept.is_none_or(|store| store.len() == usize::from(lets_in)), "{word:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_with_a_coordinator_ask_their_hooks_once_in_all() {
    for word in Word::ALL {
        for place in ["cookies", "a store"] {
            let (site, coordinator, store) = (Site::rotating().await, Coordinator::default(), MemoryStore::new());
            let revocations = MemoryRevocations::new().clock(site.clock.clone());
            let asked = Asked::default();
            let instance = || {
                let count = asked.clone();
                let hook = move |sign_in: SignIn| {
                    count.note();
                    async move {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        word.said(&sign_in)
                    }
                };
                let config = settings(&site.mock, &site.clock).app_id("spa").refresh_coordinator(coordinator.clone());
                let config = match place {
                    "cookies" => config.revocation_store(revocations.clone()),
                    _ => config.session_store(store.clone()),
                };
                LogtoClient::new(config.on_sign_in(hook).build().unwrap()).unwrap()
            };
            let instances: Vec<_> = (0..3).map(|_| instance()).collect();
            let (browser, callback) = sent_back(&site, Browser::default(), "ada").await;
            all_get(word, &instances, &browser, &callback).await;
            // One that comes later, too.
            all_get(word, &[instance()], &browser, &callback).await;
            assert_eq!(asked.count(), 1, "{word:?}, {place}");
            assert_eq!(site.mock.request_count(Endpoint::Token), 1);
            assert_eq!(store.len(), usize::from(word == Word::LetIn && place == "a store"), "{word:?}");
            assert!(
                coordinator.values.lock().unwrap().values().all(|value| !value.contains("by the hook")),
                "what is shared is sealed"
            );
        }
    }
}

#[tokio::test]
async fn a_browser_that_hangs_up_does_not_stop_the_hook() {
    let (entered, leave, asked) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)), Asked::default());
    let (enters, may_leave, count) = (Arc::clone(&entered), Arc::clone(&leave), asked.clone());
    let finished = Asked::default();
    let done = finished.clone();
    let hook = move |sign_in: SignIn| {
        let (enters, may_leave, done) = (Arc::clone(&enters), Arc::clone(&may_leave), done.clone());
        count.note();
        async move {
            enters.notify_one();
            may_leave.acquire().await?.forget();
            done.note();
            sign_in.set_data("written")?;
            Ok(())
        }
    };
    let site = Site::with(|mock| mock, |config| config.on_sign_in(hook)).await;
    let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
    let mut cookies = browser.request();
    tokio::select! {
        _ = site.logto.handle_sign_in(&mut cookies, &callback) => panic!("the hook waits"),
        () = entered.notified() => {}
    }
    // The request is gone. The same callback once more, by a browser that has no answer yet.
    let logto = site.logto.clone();
    let again = tokio::spawn({
        let callback = callback.clone();
        async move {
            let mut cookies = browser.request();
            let answer = logto.handle_sign_in(&mut cookies, &callback).await;
            browser.receive(&cookies.set_cookie_headers());
            (answer.map(|redirect| redirect.location().to_owned()), browser)
        }
    });
    leave.add_permits(1);
    let (answer, browser) = again.await.unwrap();
    assert_eq!(answer.unwrap(), "http://localhost:3000/wanted");
    assert_eq!((asked.count(), finished.count()), (1, 1), "it was asked once, and it ran to its end");
    assert_eq!(site.logto.data::<String>(&browser.request()).await.unwrap().as_deref(), Some("written"));
}

#[tokio::test]
async fn without_its_coordinator_an_instance_asks_its_own_hook() {
    let (coordinator, asked) = (Coordinator::default(), Asked::default());
    let count = asked.clone();
    let hook = move |_: SignIn| {
        count.note();
        std::future::ready(Ok(()))
    };
    let site = Site::with(|mock| mock, |config| config.refresh_coordinator(coordinator.clone()).on_sign_in(hook)).await;
    for (down, in_all) in [(false, 1), (true, 2)] {
        coordinator.down.store(down, std::sync::atomic::Ordering::SeqCst);
        let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
        site.end(&mut browser, &callback).await.unwrap();
        assert!(site.is_signed_in(&browser).await);
        assert_eq!(asked.count(), in_all);
    }
}
