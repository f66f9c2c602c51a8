//! Each session that ends from a list, or beyond a limit, is an event of its own that says by whom.

use logto::store::MemoryStore;

use crate::{
    security_events::seen::{Event, Events},
    support::{Browser, Site},
};

const ADA: &str = "user-ada";

async fn two_devices(limit: Option<u32>) -> (Site, Browser, Browser) {
    let site = Site::with(
        |mock| mock,
        |config| {
            let config = config.session_store(MemoryStore::new());
            limit.map_or(config.clone(), |limit| config.max_sessions_per_user(limit))
        },
    )
    .await;
    let first = site.signed_in("ada").await;
    site.mock.clear_browser_session();
    site.advance(60);
    let second = site.signed_in("ada").await;
    (site, first, second)
}

/// The one event of an end, with the session that it names.
fn the_end(events: &Events, by: &str) -> String {
    let all: Vec<Event> = events.all().into_iter().filter(|event| event.field("event") == "signed_out").collect();
    let [event] = &all[..] else { panic!("{all:?}") };
    assert_eq!((event.field("by"), event.field("sub"), event.field("client_id")), (by, ADA, "app"));
    event.field("session").to_owned()
}

/// The sessions that have begun, in the order of their sign-ins.
fn begun(events: &Events) -> Vec<String> {
    let all = events.all().into_iter().filter(|event| event.field("event") == "signed_in");
    all.map(|event| event.field("session").to_owned()).collect()
}

#[tokio::test]
async fn a_session_that_ends_from_a_list_is_signed_out_by_who_ended_it() {
    for by in ["user", "application"] {
        let (events, _guard) = Events::listen();
        let (site, first, second) = two_devices(None).await;
        let listed = site.logto.own_sessions(&mut second.request()).await.unwrap();
        let other = listed.iter().find(|session| !session.is_current()).unwrap().id().to_owned();
        let found = match by {
            "user" => site.logto.end_own_session(&mut second.request(), &other).await,
            _ => site.logto.end_session_of(ADA, &other).await,
        };
        assert!(found.unwrap());
        assert_eq!(the_end(&events, by), begun(&events)[0]);
        assert!(!site.is_signed_in(&first).await);
        assert!(site.is_signed_in(&second).await);
    }
}

#[tokio::test]
async fn sessions_that_a_user_ends_elsewhere_are_signed_out_by_the_user() {
    let (events, _guard) = Events::listen();
    let (site, _, second) = two_devices(None).await;
    assert_eq!(site.logto.revoke_others(&mut second.request()).await.unwrap(), 1);
    assert_eq!(the_end(&events, "user"), begun(&events)[0]);
    // Nothing ends, and nothing is told.
    assert_eq!(site.logto.revoke_others(&mut second.request()).await.unwrap(), 0);
    assert!(!site.logto.end_session_of(ADA, "nothing").await.unwrap());
    the_end(&events, "user");
}

#[tokio::test]
async fn a_session_beyond_the_limit_is_signed_out_by_the_limit() {
    let (events, _guard) = Events::listen();
    let (site, first, _) = two_devices(Some(1)).await;
    assert_eq!(the_end(&events, "limit"), begun(&events)[0]);
    assert!(!site.is_signed_in(&first).await);
}
