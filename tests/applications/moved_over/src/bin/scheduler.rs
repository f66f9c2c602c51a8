//! A scheduler of jobs. Its cookie is `SameSite=Strict`, and a user's jobs stop when their session at Logto ends.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use application_moved_over::{Place, client, serve};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CACHE_CONTROL},
    response::IntoResponse,
    routing::{get, post},
};
use logto::{
    LogtoClient, RequestSession, Result, SignedIn, cookies::SameSite, store::SessionSelector, testing::MockUser,
};

#[derive(Clone)]
struct Scheduler {
    logto: LogtoClient,
    /// Whose jobs run, by `sub`.
    running: Arc<Mutex<BTreeSet<String>>>,
}

async fn start(user: SignedIn, session: RequestSession, State(scheduler): State<Scheduler>) -> Result<String> {
    session.require_from_this_site()?;
    scheduler.running.lock().unwrap().insert(user.sub().to_owned());
    Ok(format!("{} has a job", user.sub()))
}

async fn jobs(user: SignedIn, State(scheduler): State<Scheduler>) -> &'static str {
    if scheduler.running.lock().unwrap().contains(user.sub()) { "running" } else { "stopped" }
}

/// Logto tells that a session has ended. The crate ends the sessions here and says whose they were.
async fn session_ended(State(scheduler): State<Scheduler>, body: String) -> impl IntoResponse {
    let status = match scheduler.logto.back_channel_logout(&body).await {
        Ok(SessionSelector::User(sub)) => {
            scheduler.running.lock().unwrap().remove(&sub);
            StatusCode::OK
        }
        Ok(_) => StatusCode::OK,
        Err(error) => {
            error.log();
            StatusCode::BAD_REQUEST
        }
    };
    (status, [(CACHE_CONTROL, "no-store")])
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (place, listener) = Place::new(|logto| logto.user(MockUser::new("ada")).user(MockUser::new("bob"))).await;
    let event = format!("{}/events/session-ended", place.origin);
    assert!(place.logto.update_app("app", |app| app.backchannel_logout_uri(event)));
    let logto = client(place.settings().cookie_same_site(SameSite::Strict));
    let scheduler = Scheduler { logto: logto.clone(), running: Arc::default() };
    let running = Arc::clone(&scheduler.running);
    let app = Router::new()
        .route("/jobs", get(jobs).post(start))
        .route("/events/session-ended", post(session_ended))
        .with_state(scheduler)
        .merge(logto::axum::routes(&logto))
        .layer(logto::axum::layer(&logto));
    serve(listener, app);

    // Back from Logto, by a link of another site, the page that was wanted finds the user signed in.
    let (mut laptop, mut phone, mut bob) = (place.browser(), place.browser(), place.browser());
    for (browser, user) in [(&mut laptop, "ada"), (&mut phone, "ada"), (&mut bob, "bob")] {
        let page = browser.sign_in("/jobs", user).await;
        assert_eq!((page.status, page.at.as_str(), page.body.as_str()), (200, "/jobs", "stopped"));
        assert!(browser.cookies().all(|cookie| cookie.same_site() == Some(cookie::SameSite::Strict)));
        place.logto.clear_browser_session();
    }
    // A link of another site comes without the cookie. It leads to Logto, which knows the user, and back.
    let linked = laptop.follow_a_link("/jobs").await;
    assert!(linked.header("location").starts_with(&place.logto.endpoint()), "{}", linked.status);
    assert_eq!(laptop.sign_in_at_logto(&linked, "ada").await.body, "stopped");

    assert_eq!(laptop.submit("/jobs", "").await.body, "user-ada has a job");
    assert_eq!(bob.submit("/jobs", "").await.body, "user-bob has a job");
    assert_eq!(phone.open("/jobs").await.body, "running");

    // The session at Logto ends with the sign-out on the laptop. The application is told, the phone is signed out, and Bob goes on.
    let to_logto = laptop.submit("/logto/sign-out", "").await;
    assert_eq!(place.logto.end_session(to_logto.header("location")).await, format!("{}/", place.origin));
    assert_eq!(*running.lock().unwrap(), BTreeSet::from(["user-bob".to_owned()]));
    let phone_is_led_to = phone.open("/jobs").await;
    assert!(phone_is_led_to.header("location").starts_with(&place.logto.endpoint()), "{}", phone_is_led_to.body);
    assert_eq!(bob.open("/jobs").await.body, "running");
    // Nobody but Logto can send the event.
    let forged = bob.submit("/events/session-ended", "logout_token=e30.e30.").await;
    assert_eq!((forged.status, bob.open("/jobs").await.status), (400, 200));
    println!("scheduler: a strict cookie through the sign-in, the end of a session stops the jobs");
}
