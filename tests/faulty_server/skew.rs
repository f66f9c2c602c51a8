//! The clocks of the application and of Logto, up to ten minutes apart.

use std::time::Duration;

use logto::{
    LogtoClient, TokenOptions,
    api::{ApiAudience, ResourceServer},
    integrate::Clock,
    testing::{MockLogto, TestClock},
};

use crate::support::{APP_SECRET, BOOKS, Site, app, settings};

const MINUTE: Duration = Duration::from_secs(60);

/// A site whose clock is `minutes` ahead of Logto's.
async fn apart(minutes: i32, leeway: Duration) -> Site {
    let theirs = TestClock::new();
    let clock = TestClock::at(theirs.now());
    set_ahead(&clock, minutes);
    let mock = MockLogto::builder().app(app("app")).clock(theirs).start().await.unwrap();
    let config = settings(&mock, &clock).app_secret(APP_SECRET).leeway(leeway);
    let logto = LogtoClient::new(config.build().unwrap()).unwrap();
    Site { mock, logto, clock }
}

fn set_ahead(clock: &TestClock, minutes: i32) {
    let step = MINUTE * minutes.unsigned_abs();
    if minutes < 0 { clock.rewind(step) } else { clock.advance(step) }
}

fn code<T>(result: logto::Result<T>) -> &'static str {
    result.map_or_else(|error| error.code().as_str(), |_| "served")
}

/// What each moment of a session's life gives with the clock `minutes` ahead: sign-in, refresh, API, back-channel logout.
async fn lived(minutes: i32, leeway: Duration) -> [&'static str; 4] {
    let site = apart(minutes, leeway).await;
    let mut stranger = crate::support::Browser::default();
    let url = site.begin(&mut stranger, logto::SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    let sign_in = code(site.end(&mut stranger, &callback).await);

    // Who signed in while the clocks were right.
    let right = apart(0, leeway).await;
    let mut browser = right.signed_in("ada").await;
    set_ahead(&right.clock, minutes);
    let options = || TokenOptions::new().resource(BOOKS).force_refresh(true);
    let mut cookies = browser.request();
    let refreshed = right.logto.get_access_token(&mut cookies, options()).await;
    browser.receive(&cookies.set_cookie_headers());
    let refresh = code(refreshed);
    // A session that begins in the future, by more than both machines' leeway, signs nobody in until the clock is right again.
    let is_early = i32::try_from(leeway.as_secs() * 2 / 60).unwrap() < -minutes;
    assert_eq!(right.is_signed_in(&browser).await, !is_early, "{minutes} min: a wrong clock signs nobody out");
    set_ahead(&right.clock, -minutes);
    let mut cookies = browser.request();
    let token = right.logto.get_access_token(&mut cookies, options()).await.expect("the clock is right again");
    browser.receive(&cookies.set_cookie_headers());

    set_ahead(&right.clock, minutes);
    let api = ResourceServer::builder().config(right.logto.config()).audience(ApiAudience::resource(BOOKS));
    let api = code(api.build().unwrap().verify(token.token()).await);
    let logout = right.mock.logout_token(Some("user-ada"), None);
    let logout = code(right.logto.back_channel_logout(&format!("logout_token={logout}")).await);
    [sign_in, refresh, api, logout]
}

/// A naive implementation has no leeway, or judges the age of `iat` and so refuses users whose server is ahead, or computes with unsigned
/// numbers and panics.
#[tokio::test]
async fn clocks_are_up_to_ten_minutes_apart() {
    let mut cases = 0;
    for minutes in -10..=10 {
        let found = lived(minutes, MINUTE).await;
        let expected = match minutes {
            // The session is from the future, too.
            ..=-3 => {
                ["id_token.invalid_iat", "not_authenticated", "bearer_token.invalid_iat", "logout_token.invalid_iat"]
            }
            // The token is from the future.
            -2 => {
                ["id_token.invalid_iat", "id_token.invalid_iat", "bearer_token.invalid_iat", "logout_token.invalid_iat"]
            }
            -1..=2 => ["served"; 4],
            // A logout token lives for two minutes.
            3.. => ["served", "served", "served", "logout_token.expired"],
        };
        assert_eq!(found, expected, "{minutes} min ahead");
        cases += found.len();
    }
    println!("{cases} clocks");
    assert_eq!(cases, 84);
}

#[tokio::test]
async fn a_leeway_of_ten_minutes_accepts_clocks_ten_minutes_apart() {
    for minutes in [-10, -5, 5, 10] {
        assert_eq!(lived(minutes, 10 * MINUTE).await, ["served"; 4], "{minutes} min ahead");
    }
}
