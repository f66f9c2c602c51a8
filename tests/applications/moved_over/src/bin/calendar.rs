//! A calendar server. Whoever is outside of its group is refused, and an administrator can switch sign-up off: then a user whom it does not know is
//! refused, and those whom it knows go on.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use application_moved_over::{Answer, Place, client, serve};
use axum::{Router, routing::get};
use logto::{
    SignIn, SignInRefusal, SignedIn, scopes,
    testing::{Endpoint, MockUser},
};

const GROUP: &str = "family";
const OUTSIDE: &str = r#"<h1>This calendar is the family's</h1><form method="post" action="/logto/sign-out"><button>Leave</button></form>"#;

#[derive(Default, Clone)]
struct Users {
    known: Arc<Mutex<BTreeSet<String>>>,
    sign_up_is_off: Arc<AtomicBool>,
}

impl Users {
    async fn let_in(self, sign_in: SignIn) -> Result<(), SignInRefusal> {
        let claims = sign_in.claims();
        if !claims.roles.iter().any(|role| role == GROUP) {
            return Err(SignInRefusal::page(403, OUTSIDE));
        }
        let mut known = self.known.lock().unwrap();
        if self.sign_up_is_off.load(Ordering::SeqCst) && !known.contains(&claims.sub) {
            return Err(SignInRefusal::redirect("/no-new-users"));
        }
        known.insert(claims.sub.clone());
        Ok(())
    }
}

fn seen(answer: &Answer) -> (u16, &str, &str) {
    (answer.status, answer.at.split('?').next().unwrap(), &answer.body)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let member = |name: &str| MockUser::new(name).role(GROUP);
    let (place, listener) =
        Place::new(|logto| logto.user(member("ada")).user(member("bob")).user(MockUser::new("mallory"))).await;
    let users = Users::default();
    let hook = users.clone();
    let settings = place.settings().scopes([scopes::ROLES]);
    let logto = client(settings.on_sign_in(move |sign_in| hook.clone().let_in(sign_in)));
    let app = Router::new()
        .route("/", get(async |user: Option<SignedIn>| user.map_or("nobody".to_owned(), |user| user.sub().to_owned())))
        .route("/events", get(async |user: SignedIn| format!("the events of {}", user.sub())))
        .route("/no-new-users", get(async || "no new users at present"))
        .merge(logto::axum::routes(&logto))
        .layer(logto::axum::layer(&logto));
    serve(listener, app);

    let mut ada = place.browser();
    assert_eq!(seen(&ada.sign_in("/events", "ada").await), (200, "/events", "the events of user-ada"));

    // Outside of the group: the application's page, no session, no row, and no refresh token that lives on.
    let mut browser = place.browser();
    assert_eq!(seen(&browser.sign_in("/events", "mallory").await), (403, "/callback", OUTSIDE));
    assert_eq!(browser.open("/").await.body, "nobody");
    assert_eq!(place.logto.request_count(Endpoint::Revocation), 1);
    assert!(!users.known.lock().unwrap().contains("user-mallory"));
    // The button of the page signs out at Logto, and somebody else signs in.
    let to_logto = browser.submit("/logto/sign-out", "").await;
    assert_eq!(place.logto.end_session(to_logto.header("location")).await, format!("{}/", place.origin));

    // Sign-up is switched off while the server runs. Bob is of the family, and new.
    users.sign_up_is_off.store(true, Ordering::SeqCst);
    assert_eq!(seen(&browser.sign_in("/events", "bob").await), (200, "/no-new-users", "no new users at present"));
    assert_eq!(browser.open("/").await.body, "nobody");
    assert_eq!(place.logto.request_count(Endpoint::Revocation), 2);
    assert_eq!(seen(&place.browser().sign_in("/events", "ada").await), (200, "/events", "the events of user-ada"));
    assert_eq!(ada.open("/").await.body, "user-ada", "who is signed in stays so");
    // And on again.
    users.sign_up_is_off.store(false, Ordering::SeqCst);
    assert_eq!(seen(&browser.sign_in("/events", "bob").await), (200, "/events", "the events of user-bob"));
    println!("calendar: a group that refuses, sign-up switched off and on");
}
