//! Security events are the same in every integration, and one for a request.

use super::{ADAPTERS, ask, sites};
use crate::security_events::seen::Events;

#[tokio::test]
async fn every_integration_writes_the_same_events() {
    for adapter in ADAPTERS {
        let [(_, site), _] = sites().await;
        let mut browser = site.signed_in("ada").await;
        site.advance(3600);
        let (events, guard) = Events::listen();
        assert!(!ask(adapter, &site.logto, &mut browser, "GET", "/recent").await.status().is_success(), "{adapter:?}");
        let names: Vec<_> = events.all().iter().map(|event| event.field("event").to_owned()).collect();
        assert_eq!(names, ["step_up_asked"], "{adapter:?}");
        assert_eq!(events.all()[0].field("sub"), "user-ada", "{adapter:?}");
        drop(guard);

        browser.cookies.values_mut().for_each(|value| value.replace_range(40..44, "AAAA"));
        let (events, _guard) = Events::listen();
        _ = ask(adapter, &site.logto, &mut browser, "GET", "/token").await;
        let all: Vec<_> = events
            .all()
            .iter()
            .map(|event| (event.field("event").to_owned(), event.field("reason").to_owned()))
            .collect();
        assert_eq!(all, [("session_refused".to_owned(), "forged".to_owned())], "{adapter:?}");
    }
}
