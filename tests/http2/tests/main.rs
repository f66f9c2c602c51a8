//! HTTP/2 end to end, in each integration. A client may send each cookie in a field of its own there (RFC 9113 section 8.2.3), and browsers do.

mod applications;
mod browser;

use logto::{
    LogtoClient, LogtoConfig,
    testing::{MockApp, MockLogto, MockUser},
};

use self::{
    applications::FRAMEWORKS,
    browser::{Browser, Fields, sub},
};

const BASE_URL: &str = "http://localhost:3000";
const FIELDS: [Fields; 4] = [Fields::AllInOne, Fields::Each, Fields::EachBackwards, Fields::InPairs];

/// Text that does not compress, so that the session needs several cookies.
fn noise(length: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut letter = || {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(LETTERS[usize::try_from(state >> 58).unwrap()])
    };
    (0..length).map(|_| letter()).collect()
}

async fn site() -> (MockLogto, LogtoClient) {
    let app = MockApp::new("app", "the secret of the app");
    let app = app.redirect_uri(format!("{BASE_URL}/callback")).post_logout_redirect_uri(BASE_URL);
    let mock = MockLogto::builder().app(app).start().await.unwrap();
    assert!(mock.update_user("ada", |ada: MockUser| ada.claim("website", noise(10_000))));
    let config = LogtoConfig::builder().endpoint(mock.endpoint()).app_id("app").app_secret("the secret of the app");
    let config = config.base_url(BASE_URL).cookie_secret("the cookie secret of the tests of HTTP/2").build().unwrap();
    (mock, LogtoClient::new(config).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_several_cookie_fields_is_read_until_the_sign_out() {
    for framework in FRAMEWORKS {
        for fields in FIELDS {
            let (mock, logto) = site().await;
            let mut browser = Browser::new(framework.serve(logto).await, fields);
            browser.cookies.insert("aaa".to_owned(), "the application's own".to_owned());
            browser.cookies.insert("zzz".to_owned(), "another".to_owned());

            let answer = browser.get("/logto/sign-in").await;
            let callback = mock.sign_in(answer.header("location"), "ada").await;
            // The sign-in's cookie is among others.
            let answer = browser.get(callback.strip_prefix(BASE_URL).unwrap()).await;
            assert_eq!(answer.header("location"), format!("{BASE_URL}/"), "{framework:?} {fields:?}: {}", answer.body);
            let session = browser.cookies.keys().filter(|name| name.starts_with("logto_app")).count();
            assert!(session > 2, "{framework:?} {fields:?}: the session is in {session} cookies");

            for _ in 0..2 {
                let home = browser.get("/").await;
                assert_eq!(sub(&home), "user-ada", "{framework:?} {fields:?}");
                assert_eq!(
                    home.header("x-cookie-fields"),
                    browser.fields().len().to_string(),
                    "{framework:?} {fields:?}"
                );
            }
            let kept = browser.cookies.clone();
            let answer = browser.post("/logto/sign-out").await;
            assert!(answer.header("location").contains("/session/end"), "{framework:?} {fields:?}: {}", answer.body);
            assert_eq!(sub(&browser.get("/").await), "nobody", "{framework:?} {fields:?}");
            assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["aaa", "zzz"], "{framework:?} {fields:?}");
            // Nor does the session come back with the cookies of before.
            browser.cookies = kept;
            assert_eq!(sub(&browser.get("/").await), "nobody", "{framework:?} {fields:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_field_in_any_bytes_leaves_the_session_in_the_others_alone() {
    for framework in FRAMEWORKS {
        let (mock, logto) = site().await;
        let mut browser = Browser::new(framework.serve(logto).await, Fields::Each);
        let answer = browser.get("/logto/sign-in").await;
        let callback = mock.sign_in(answer.header("location"), "ada").await;
        browser.get(callback.strip_prefix(BASE_URL).unwrap()).await;
        for bytes in [&b"caf\xe9=\xff\xfe"[..], b"=", b";;", b"nothing"] {
            browser.odd = Some(bytes);
            assert_eq!(sub(&browser.get("/").await), "user-ada", "{framework:?} {bytes:?}");
        }
    }
}
