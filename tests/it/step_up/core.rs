//! What is under the guards: the check of `acr` on return, and who counts as recently authenticated.

use std::time::Duration;

use logto::{
    HeaderCookies, LogtoClient, Prompt, SignInOptions,
    step_up::StepUp,
    testing::{MockUser, TestSession},
};

use crate::support::{Browser, Site};

const FIRST_FACTOR: &str = "urn:logto:acr:1fa";
const MFA: &str = "urn:logto:acr:mfa";

async fn newer() -> Site {
    let users = |mock: logto::testing::MockLogtoBuilder| {
        mock.step_up().user(MockUser::new("ada").password("a")).user(MockUser::new("mia").password("m").mfa())
    };
    Site::with(users, |config| config).await
}

/// Signs in as `user`; gives the claims `acr` and `amr`, or the error's code.
async fn sign_in(
    site: &Site,
    browser: &mut Browser,
    user: &str,
    options: SignInOptions,
) -> Result<(Option<String>, Vec<String>), &'static str> {
    let url = site.begin(browser, options).await;
    let callback = site.mock.sign_in(&url, user).await;
    site.end(browser, &callback).await.map_err(|error| error.code().as_str())?;
    let claims = site.logto.get_id_token_claims(&browser.request()).await.unwrap().unwrap();
    Ok((claims.acr, claims.amr))
}

#[tokio::test]
async fn an_acr_that_was_not_asked_for_is_refused() {
    let (older, newer) = (Site::start().await, newer().await);
    let ada = || Ok((Some(FIRST_FACTOR.to_owned()), vec!["pwd".to_owned()]));
    let mia = || Ok((Some(MFA.to_owned()), vec!["pwd".to_owned(), "otp".to_owned(), "mfa".to_owned()]));
    let both = format!("{MFA} {FIRST_FACTOR}");
    let cases = [
        // Which Logto, user, acr_values, outcome.
        (&older, "ada", None, Ok((None, vec![]))),
        (&older, "ada", Some(FIRST_FACTOR), Err("id_token.invalid_acr")),
        (&newer, "ada", None, ada()),
        (&newer, "ada", Some("  "), ada()),
        (&newer, "ada", Some(FIRST_FACTOR), ada()),
        (&newer, "ada", Some(both.as_str()), ada()),
        (&newer, "ada", Some(MFA), Err("callback_uri_verification.error_found")),
        (&newer, "ada", Some("urn:nobody:knows"), Err("callback_uri_verification.error_found")),
        (&newer, "mia", None, Ok((Some(FIRST_FACTOR.to_owned()), vec!["pwd".to_owned()]))),
        (&newer, "mia", Some(MFA), mia()),
        (&newer, "mia", Some(both.as_str()), mia()),
    ];
    for (site, user, acr_values, expected) in cases {
        site.mock.clear_browser_session();
        let options = SignInOptions::new();
        let options = acr_values.map_or(options.clone(), |values| options.acr_values([values]));
        let outcome = sign_in(site, &mut Browser::default(), user, options).await;
        assert_eq!(outcome, expected, "{user} {acr_values:?}");
    }
}

#[tokio::test]
async fn a_sign_in_without_the_required_acr_keeps_the_session_of_before() {
    let site = newer().await;
    let mut browser = site.signed_in("ada").await;
    // A server that ignores what it is asked for.
    let url = site.begin(&mut browser, SignInOptions::new().acr_values([FIRST_FACTOR])).await;
    for wrong in [serde_json::json!("0"), serde_json::json!(null), serde_json::json!(["urn:logto:acr:1fa"])] {
        let mut browser = browser.clone();
        site.mock.tamper_id_token(move |_, claims| claims["acr"] = wrong.clone());
        let callback = site.mock.sign_in(&url, "ada").await;
        let error = site.end(&mut browser, &callback).await.unwrap_err();
        assert_eq!(error.code(), "id_token.invalid_acr", "{error}");
        assert!(site.is_signed_in(&browser).await);
    }
}

#[tokio::test]
async fn a_session_at_logto_that_shows_too_little_is_asked_for_more() {
    let site = newer().await;
    let mut browser = site.signed_in("mia").await;
    let options = || SignInOptions::new().prompt([Prompt::None]).acr_values([MFA]);
    assert_eq!(sign_in(&site, &mut browser, "mia", options()).await, Err("callback_uri_verification.error_found"));
    assert!(sign_in(&site, &mut browser, "mia", SignInOptions::new().acr_values([MFA])).await.is_ok());
    // A refresh keeps what the user has shown, and when.
    let before = site.logto.get_id_token_claims(&browser.request()).await.unwrap().unwrap();
    site.advance(100);
    let mut cookies = browser.request();
    let after = site.logto.refresh_session(&mut cookies).await.unwrap().claims().unwrap().clone();
    assert_eq!((after.acr, after.amr, after.auth_time), (before.acr, before.amr, before.auth_time));
    assert!(after.iat > before.iat && after.auth_time.is_some());
    assert!(sign_in(&site, &mut browser, "mia", options()).await.is_ok(), "now Logto's session shows enough");
}

/// The code for a session whose user authenticated `seconds` ago, with this class.
async fn judged(logto: &LogtoClient, seconds: Option<i64>, acr: Option<&str>, step_up: &StepUp) -> &'static str {
    let session = TestSession::new().sub("ada");
    let config = logto.config();
    let time =
        TIME.with(|clock| logto::integrate::Clock::now(clock).duration_since(std::time::UNIX_EPOCH).unwrap().as_secs());
    let session = match seconds {
        Some(seconds) => session.claim("auth_time", i64::try_from(time).unwrap() - seconds),
        None => session,
    };
    let session = acr.map_or(session.clone(), |acr| session.claim("acr", acr));
    let cookies = session.cookies(config).await.unwrap();
    let session = logto.load_session(&cookies).await.unwrap();
    session.require_recent_auth(step_up).map_or_else(
        |error| error.code().as_str(),
        |user| {
            assert_eq!(user.claims().sub, "ada");
            "ok"
        },
    )
}

thread_local! {
    static TIME: logto::testing::TestClock = logto::testing::TestClock::new();
}

#[tokio::test]
async fn a_login_is_recent_within_max_age_plus_the_leeway() {
    let client = |leeway| {
        let config = logto::LogtoConfig::builder()
            .endpoint("http://localhost:3001")
            .app_id("app")
            .base_url("http://localhost:3000")
            .cookie_secret("0123456789abcdef0123456789abcdef")
            .clock(TIME.with(Clone::clone))
            .leeway(Duration::from_secs(leeway));
        LogtoClient::new(config.build().unwrap()).unwrap()
    };
    let (usual, exact) = (client(60), client(0));
    let five_minutes = StepUp::new().max_age(Duration::from_secs(300));
    let cases = [
        // Client, seconds ago, expected.
        (&usual, Some(0), "ok"),
        (&usual, Some(360), "ok"),
        (&usual, Some(361), "step_up.required"),
        (&usual, Some(-60), "ok"),
        (&usual, Some(-61), "step_up.required"),
        (&usual, Some(i64::from(i32::MIN)), "step_up.required"),
        (&usual, Some(1 << 40), "step_up.required"),
        (&usual, None, "step_up.required"),
        // Without a leeway there is still the way back from Logto.
        (&exact, Some(330), "ok"),
        (&exact, Some(331), "step_up.required"),
    ];
    for (logto, seconds, expected) in cases {
        assert_eq!(judged(logto, seconds, None, &five_minutes).await, expected, "{seconds:?}");
    }
    let any_age = StepUp::new().max_age(Duration::MAX);
    assert_eq!(judged(&usual, Some(1 << 40), None, &any_age).await, "ok");
    assert_eq!(judged(&usual, None, None, &StepUp::new()).await, "ok", "a user is enough");

    let strong = StepUp::new().acr_values([MFA, FIRST_FACTOR]);
    for (acr, expected) in
        [(Some(MFA), "ok"), (Some(FIRST_FACTOR), "ok"), (Some("1fa"), "step_up.required"), (None, "step_up.required")]
    {
        assert_eq!(judged(&usual, None, acr, &strong).await, expected, "{acr:?}");
    }
    let nobody = usual.load_session(&HeaderCookies::parse("")).await.unwrap();
    assert_eq!(nobody.require_recent_auth(&five_minutes).unwrap_err().code(), "not_authenticated");
}

#[tokio::test]
async fn options_that_ask_for_a_step_up_ask_logto() {
    let site = Site::start().await;
    let step_up = StepUp::new().max_age(Duration::from_millis(300_900)).acr_values([MFA, FIRST_FACTOR]);
    let url = site.begin(&mut Browser::default(), SignInOptions::new().step_up(&step_up)).await;
    assert!(url.contains("&max_age=300&acr_values=urn%3Alogto%3Aacr%3Amfa+urn%3Alogto%3Aacr%3A1fa"), "{url}");
}
