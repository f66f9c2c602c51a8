//! The examples as a person meets them: a click, a password, a page, in Chromium and in WebKit, over http and over https.
//!
//! Needs the programs `chromium`, `chromedriver`, `WebKitWebDriver` and `Xvfb`, and the examples' binaries; `bash tests/all.sh` has them
//! all. With `LOGTO_TEST_SCREENSHOTS=<directory>` the pages of the axum example are kept as pictures.

mod app;
mod command_line;
mod companies;
mod engine;
mod front;
mod settings_page;
mod window;

use std::sync::Arc;

use app::{App, Scheme};
use companies::a_company_grows_by_an_invitation;
use engine::Engine;
use settings_page::a_user_changes_her_settings;
use window::Browser;

/// Each test for each example.
macro_rules! in_a_browser {
    ($($name:ident: $example:ident in $engine:ident over $scheme:ident: $($test:ident),+;)+) => {$(
        mod $name {
            use super::{App, Browser, Engine, Scheme};

            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let app = App::start(stringify!($example), Scheme::$scheme).await;
                super::$test(&app, &Browser::start(Engine::$engine).await).await;
            })+
        }
    )+};
}

// Over http WebKit keeps pages for its back button although they say `no-store`; over https it keeps none.
in_a_browser! {
    axum: axum in Chromium over Http:
        a_user_signs_in_with_a_password_and_out,
        a_user_signs_in_with_kakao_and_out,
        a_reload_keeps_a_session_and_a_sign_out,
        two_windows_sign_in_at_once_and_sign_out_together,
        the_back_button_after_a_sign_out_shows_nothing_of_the_user,
        a_sign_in_leads_back_to_the_page_wanted,
        pictures_are_taken_before_during_and_after_a_sign_in;
    actix_web: actix_web in Chromium over Http:
        a_user_signs_in_with_a_password_and_out,
        a_user_signs_in_with_kakao_and_out,
        a_reload_keeps_a_session_and_a_sign_out,
        two_windows_sign_in_at_once_and_sign_out_together,
        the_back_button_after_a_sign_out_shows_nothing_of_the_user,
        a_sign_in_leads_back_to_the_page_wanted;
    rocket: rocket in Chromium over Http:
        a_user_signs_in_with_a_password_and_out,
        a_user_signs_in_with_kakao_and_out,
        a_reload_keeps_a_session_and_a_sign_out,
        two_windows_sign_in_at_once_and_sign_out_together,
        the_back_button_after_a_sign_out_shows_nothing_of_the_user,
        a_sign_in_leads_back_to_the_page_wanted;
    chromium_https: axum in Chromium over Https:
        a_user_signs_in_with_a_password_and_out,
        a_user_signs_in_with_kakao_and_out,
        a_reload_keeps_a_session_and_a_sign_out,
        two_windows_sign_in_at_once_and_sign_out_together,
        the_back_button_after_a_sign_out_shows_nothing_of_the_user,
        a_sign_in_leads_back_to_the_page_wanted;
    webkit: axum in WebKit over Http:
        a_user_signs_in_with_a_password_and_out,
        a_user_signs_in_with_kakao_and_out,
        a_reload_keeps_a_session_and_a_sign_out,
        two_windows_sign_in_at_once_and_sign_out_together,
        a_sign_in_leads_back_to_the_page_wanted;
    webkit_https: axum in WebKit over Https:
        a_user_signs_in_with_a_password_and_out,
        a_user_signs_in_with_kakao_and_out,
        a_reload_keeps_a_session_and_a_sign_out,
        two_windows_sign_in_at_once_and_sign_out_together,
        the_back_button_after_a_sign_out_shows_nothing_of_the_user,
        a_sign_in_leads_back_to_the_page_wanted;
    kakao: kakao in Chromium over Http: the_tutorial_works_from_its_first_checkpoint_to_its_last;
    sessions: sessions in Chromium over Http: a_user_ends_her_other_sessions_from_a_list;
    sessions_https: sessions in Chromium over Https: a_user_ends_her_other_sessions_from_a_list;
    settings: account in Chromium over Http: a_user_changes_her_settings;
    settings_https: account in Chromium over Https: a_user_changes_her_settings;
    saas: saas in Chromium over Http: a_company_grows_by_an_invitation;
    spa: spa in Chromium over Http: a_page_of_scripts_lives_on_a_cookie, a_page_of_scripts_calls_an_api_with_a_token;
    spa_https: spa in Chromium over Https: a_page_of_scripts_lives_on_a_cookie, a_page_of_scripts_calls_an_api_with_a_token;
}

/// The callback is posted by Logto's page, which is another site's, and then once more by our own: its script runs by its hash, and the
/// cookies come along.
macro_rules! a_callback_by_post {
    ($($name:ident in $engine:ident over $scheme:ident;)+) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            a_callback_by_post(Engine::$engine, Scheme::$scheme).await;
        }
    )+};
}

a_callback_by_post! {
    a_callback_by_post_in_chromium in Chromium over Http;
    a_callback_by_post_in_chromium_over_https in Chromium over Https;
    a_callback_by_post_in_webkit in WebKit over Http;
    a_callback_by_post_in_webkit_over_https in WebKit over Https;
}

async fn a_user_signs_in_with_a_password_and_out(app: &App, browser: &Arc<Browser>) {
    let window = browser.open(&app.base).await;
    window.shows("Sign in to see what Logto knows of you.").await;
    window.click("Sign in").await;
    window.sign_in("ada", "wrong").await;
    window.shows("Incorrect account or password").await;
    window.sign_in("ada", "lovelace").await;
    window.shows("Hello, Ada Lovelace").await;
    window.shows(r#""sub": "user-ada""#).await;
    assert_eq!(window.url().await, format!("{}/", app.base));
    for (link, shown) in [
        ("Protected page", "user-ada"),
        ("Fetch user info", "custom_data"),
        ("Access token", "read:books"),
        ("Organization org-acme", "urn:logto:organization:org-acme"),
    ] {
        window.click(link).await;
        window.shows(shown).await;
        window.click("Start page").await;
    }
    window.press("Sign out").await;
    window.shows("Welcome").await;
    // Logto has ended its session, too: it asks for the password again.
    window.click("Sign in").await;
    window.shows("Password").await;
}

async fn a_user_signs_in_with_kakao_and_out(app: &App, browser: &Arc<Browser>) {
    let window = browser.open(&app.base).await;
    window.click("Continue with Kakao").await;
    window.press("Agree and continue").await;
    window.shows("Hello, Kakao User").await;
    window.press("Sign out").await;
    window.shows("Welcome").await;
}

/// `docs/tutorial-kakao.md`, from its first checkpoint to its last.
async fn the_tutorial_works_from_its_first_checkpoint_to_its_last(app: &App, browser: &Arc<Browser>) {
    let window = browser.open(&app.base).await;
    window.shows("Welcome").await;
    window.click("Sign in").await;
    window.sign_in("ada", "lovelace").await;
    window.shows("Hello, Ada Lovelace").await;
    window.shows("Your id is user-ada").await;
    window.press("Sign out").await;
    window.shows("Welcome").await;
    window.click("Continue with Kakao").await;
    window.press("Agree and continue").await;
    window.shows("Hello, Kakao User").await;
    window.press("Sign out").await;
    window.shows("Welcome").await;
}

async fn a_reload_keeps_a_session_and_a_sign_out(app: &App, browser: &Arc<Browser>) {
    let window = browser.open(&format!("{}/protected", app.base)).await;
    window.sign_in("ada", "lovelace").await;
    window.shows("user-ada").await;
    for page in ["/protected", "/"] {
        window.go(&format!("{}{page}", app.base)).await;
        window.reload().await;
        window.shows("user-ada").await;
    }
    window.press("Sign out").await;
    window.shows("Welcome").await;
    window.reload().await;
    window.shows("Welcome").await;
}

/// Both begin before either ends.
async fn two_windows_sign_in_at_once_and_sign_out_together(app: &App, browser: &Arc<Browser>) {
    let first = browser.open(&format!("{}/protected", app.base)).await;
    first.shows("Password").await;
    let second = first.another(&format!("{}/user-info", app.base)).await;
    second.shows("Password").await;
    second.sign_in("ada", "lovelace").await;
    second.shows("custom_data").await;
    first.turn_to().await;
    first.sign_in("ada", "lovelace").await;
    first.shows("user-ada").await;
    assert_eq!(first.url().await, format!("{}/protected", app.base));
    // One signs out, and so is the other.
    first.go(&app.base).await;
    first.press("Sign out").await;
    first.shows("Welcome").await;
    second.turn_to().await;
    second.go(&app.base).await;
    second.shows("Welcome").await;
}

/// After the sign-out it shows nothing of the one who was here.
async fn the_back_button_after_a_sign_out_shows_nothing_of_the_user(app: &App, browser: &Arc<Browser>) {
    let window = browser.open(&app.base).await;
    window.click("Sign in").await;
    window.sign_in("ada", "lovelace").await;
    window.shows("Hello, Ada Lovelace").await;
    // Back to the callback, which was used: she is still signed in, and sees no error.
    window.click("Protected page").await;
    window.shows("user-ada").await;
    window.back().await;
    window.shows("Hello, Ada Lovelace").await;
    window.press("Sign out").await;
    window.shows("Welcome").await;
    for step in 1..=4 {
        window.back().await;
        let page = window.settled_text().await;
        assert!(!page.contains("Ada") && !page.contains("user-ada"), "{step} back: {page}");
    }
}

async fn a_sign_in_leads_back_to_the_page_wanted(app: &App, browser: &Arc<Browser>) {
    let wanted = format!("{}/protected?chapter=1&title=a%20b", app.base);
    let window = browser.open(&wanted).await;
    window.sign_in("ada", "lovelace").await;
    window.shows("Protected page").await;
    assert_eq!(window.url().await, wanted);
}

/// `docs/single-page.md`: the page is told where to go, and comes back to itself.
async fn a_page_of_scripts_lives_on_a_cookie(app: &App, browser: &Arc<Browser>) {
    let page = format!("{}/?view=all", app.base);
    let window = browser.open(&page).await;
    window.shows("Nobody is signed in.").await;
    window.press("Sign in").await;
    window.sign_in("ada", "lovelace").await;
    window.shows("Signed in as user-ada.").await;
    assert_eq!(window.url().await, page);
    window.press("Add a note").await;
    window.shows("a note").await;
    // Another window signs out by `fetch`, at Logto as well.
    let other = window.another(&app.base).await;
    other.shows("a note").await;
    other.press("Sign out").await;
    other.shows("Nobody is signed in.").await;
    // This one hears of it with its next call, and the user comes back to it.
    window.turn_to().await;
    window.press("Add a note").await;
    window.sign_in("ada", "lovelace").await;
    window.shows("Signed in as user-ada.").await;
    assert_eq!(window.url().await, page);
}

/// Three browsers: two are ended from the page of the first, one by its button and one with all others.
async fn a_user_ends_her_other_sessions_from_a_list(app: &App, browser: &Arc<Browser>) {
    let here = browser.open(&app.base).await;
    here.sign_in("ada", "lovelace").await;
    here.shows("Where you are signed in").await;
    here.shows("this browser").await;
    for (button, picture) in [("End", "sessions"), ("Sign out everywhere else", "sessions-others")] {
        let another = Browser::start(Engine::Chromium).await;
        let there = another.open(&app.base).await;
        there.sign_in("ada", "lovelace").await;
        there.shows("this browser").await;
        here.reload().await;
        here.shows("End").await;
        here.picture(picture).await;
        here.press(button).await;
        here.shows("this browser").await;
        let page = here.settled_text().await;
        assert!(!page.lines().any(|line| line.trim() == "End"), "the other session has ended: {page}");
        there.reload().await;
        // Logto's session in that browser goes on, so the next page begins another session silently, and the user ends that, too.
        there.shows("this browser").await;
        there.press("Sign out").await;
        there.shows("Password").await;
    }
    here.reload().await;
    here.shows("this browser").await;
    here.picture("sessions-alone").await;
}

async fn a_page_of_scripts_calls_an_api_with_a_token(app: &App, browser: &Arc<Browser>) {
    let page = format!("{}/bearer", app.base);
    let window = browser.open(&page).await;
    window.sign_in("ada", "lovelace").await;
    window.shows("user-ada reads Sketch of the Analytical Engine.").await;
    assert_eq!(window.url().await, page);
    // A token that the API no longer takes is replaced.
    window.press("Try a wrong token").await;
    window.shows("user-ada reads Sketch of the Analytical Engine.").await;
}

async fn a_callback_by_post(engine: Engine, scheme: Scheme) {
    let app = App::with("certification_rp", scheme, &[("LOGTO_RESPONSE_MODE", "form_post")]).await;
    let browser = Browser::start(engine).await;
    let window = browser.open(&format!("{}/user", app.base)).await;
    window.sign_in("ada", "lovelace").await;
    window.shows("user-ada").await;
    assert_eq!(window.url().await, format!("{}/user", app.base));
    window.press("Sign out").await;
    window.shows("The state is the one that was sent.").await;
}

/// A `Strict` cookie does not come along on the way back from Logto, nor to the page after it, unless a page of this site leads there.
#[tokio::test(flavor = "multi_thread")]
async fn a_strict_session_cookie_is_there_on_the_page_after_the_sign_in() {
    let app = App::with("certification_rp", Scheme::Http, &[("LOGTO_COOKIE_SAME_SITE", "strict")]).await;
    let browser = Browser::start(Engine::Chromium).await;
    let window = browser.open(&format!("{}/user", app.base)).await;
    window.sign_in("ada", "lovelace").await;
    window.shows("user-ada").await;
    assert_eq!(window.url().await, format!("{}/user", app.base));
}

/// The page that asks for the callback once more takes the callback's place in the history, and the page after it takes that.
#[tokio::test(flavor = "multi_thread")]
async fn the_back_button_after_a_strict_sign_in_goes_in_no_circle() {
    let app = App::with("certification_rp", Scheme::Http, &[("LOGTO_COOKIE_SAME_SITE", "strict")]).await;
    let browser = Browser::start(Engine::Chromium).await;
    let wanted = format!("{}/user", app.base);
    let window = browser.open(&wanted).await;
    window.sign_in("ada", "lovelace").await;
    window.shows("user-ada").await;
    window.back().await;
    let text = window.settled_text().await;
    assert!(!window.url().await.contains("/callback"), "{text}");
    window.go(&wanted).await;
    window.shows("user-ada").await;
    assert_eq!(window.url().await, wanted);
}

async fn pictures_are_taken_before_during_and_after_a_sign_in(app: &App, browser: &Arc<Browser>) {
    let window = browser.open(&app.base).await;
    window.shows("Welcome").await;
    window.picture("signed-out").await;
    window.click("Sign in").await;
    window.shows("Password").await;
    window.picture("sign-in").await;
    window.sign_in("ada", "lovelace").await;
    window.shows("Hello, Ada Lovelace").await;
    window.picture("signed-in").await;
}
