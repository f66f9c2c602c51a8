//! A certificate manager on Rocket, which was moved over: a single-page front end from files, an API with errors of its own form, a sign-out here alone,
//! and passwords beside.

use application_moved_over::{COOKIE, Passwords, Place};
use logto::{
    RequestSession,
    integrate::{AuthResponse, CurrentClient},
    testing::{Endpoint, MockUser},
};
use reqwest::Method;
use rocket::{
    Build, Config, Request, Rocket, State, async_trait,
    config::LogLevel,
    delete,
    fairing::AdHoc,
    form::{Form, FromForm},
    fs::FileServer,
    get,
    http::{CookieJar, Status},
    post,
    request::{FromRequest, Outcome},
    routes,
};
use serde_json::json;
use tokio::sync::oneshot;

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/files/certificates");

/// A user, whichever way they signed in.
struct User(String);

#[async_trait]
impl<'r> FromRequest<'r> for User {
    type Error = logto::Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, logto::Error> {
        let passwords = request.rocket().state::<Passwords>().expect("managed");
        if let Some(user) = request.cookies().get(COOKIE).and_then(|cookie| passwords.user(cookie.value())) {
            return Outcome::Success(Self(user));
        }
        request.guard::<logto::SignedIn>().await.map(|user| Self(user.sub().to_owned()))
    }
}

#[get("/certificates")]
fn certificates(user: User) -> String {
    format!("[\"of {}\"]", user.0)
}

#[derive(FromForm)]
struct Login<'r> {
    user: &'r str,
    password: &'r str,
}

#[post("/login", data = "<form>")]
fn login(form: Form<Login<'_>>, passwords: &State<Passwords>, cookies: &CookieJar<'_>) -> Status {
    let id = passwords.sign_in(form.user, form.password);
    id.map_or(Status::Forbidden, |id| {
        cookies.add((COOKIE, id));
        Status::NoContent
    })
}

/// Ends the session here, of both kinds. The session at Logto goes on: other applications use it.
#[delete("/session")]
async fn sign_out(
    session: RequestSession,
    passwords: &State<Passwords>,
    cookies: &CookieJar<'_>,
) -> logto::Result<Status> {
    session.require_from_this_site()?;
    if let Some(cookie) = cookies.get(COOKIE) {
        passwords.sign_out(cookie.value());
        cookies.remove(COOKIE);
    }
    session.sign_out_locally().await?;
    Ok(Status::NoContent)
}

fn application(current: &CurrentClient) -> Rocket<Build> {
    let config = Config { port: 0, log_level: LogLevel::Off, ..Config::release_default() };
    rocket::custom(config)
        .mount("/api", routes![certificates, login, sign_out])
        .mount("/", FileServer::from(FILES))
        .mount("/", logto::rocket::routes(current))
        .manage(Passwords::default())
        .attach(logto::rocket::fairing(current))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // The port is known when Rocket listens, so the client is made then.
    let (current, (tell, told)) = (CurrentClient::default(), oneshot::channel());
    let on_liftoff =
        AdHoc::on_liftoff("the port", |rocket| Box::pin(async { tell.send(rocket.config().port).unwrap() }));
    tokio::spawn(application(&current).attach(on_liftoff).launch());
    let place = Place::at(told.await.unwrap(), |logto| logto.user(MockUser::new("ada"))).await;
    let settings = place.settings().error_pages(|error, request| {
        let body = json!({ "error": { "type": error.code(), "text": error.summary(), "go_to": request.sign_in() } });
        Some(AuthResponse::json(error.status(), &body))
    });
    current.replace(settings.build().unwrap()).unwrap();

    // The page is for everyone. Its API tells nobody anything, in the form that the page reads.
    let mut browser = place.browser();
    let (page, script) = (browser.open("/").await, browser.open("/app.js").await);
    assert_eq!((page.status, page.body.contains("app.js"), script.status), (200, true, 200));
    let nobody = browser.fetch(Method::GET, "/", "/api/certificates").await;
    assert_eq!((nobody.status, &nobody.json()["error"]["type"]), (401, &json!("not_authenticated")));
    let sign_in = nobody.json()["error"]["go_to"].as_str().unwrap().to_owned();
    let broken = browser.open("/callback?state=of-another-tab&code=1").await;
    assert_eq!(broken.json()["error"]["type"], "sign_in_session.not_found", "{}", broken.body);

    let page = browser.sign_in(&sign_in, "ada").await;
    assert_eq!((page.status, page.at.as_str()), (200, "/"));
    assert_eq!(browser.fetch(Method::GET, "/", "/api/certificates").await.body, r#"["of user-ada"]"#);

    // A password beside it, in another browser.
    let mut other = place.browser();
    assert_eq!(other.submit("/api/login", "user=root&password=guess").await.status, 403);
    assert_eq!(other.submit("/api/login", "user=root&password=open%20sesame").await.status, 204);
    assert_eq!(other.fetch(Method::GET, "/", "/api/certificates").await.body, r#"["of root"]"#);

    // Signed out here: no address to go to, the refresh token is revoked, and Logto still knows the user.
    for browser in [&mut browser, &mut other] {
        let left = browser.fetch(Method::DELETE, "/", "/api/session").await;
        assert_eq!((left.status, left.header("location")), (204, ""));
        assert_eq!(browser.fetch(Method::GET, "/", "/api/certificates").await.status, 401);
        assert_eq!(browser.cookies().count(), 0);
    }
    assert_eq!(
        (place.logto.request_count(Endpoint::Revocation), place.logto.request_count(Endpoint::EndSession)),
        (1, 0)
    );
    println!("certificates: errors of its own form, files beside the API, sign-out here alone, passwords beside");
}
