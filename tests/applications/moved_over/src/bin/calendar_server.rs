//! A calendar server below `/cal`, which was moved over. Its administrator sets OpenID Connect up in the server's own pages, while it runs; before that,
//! and beside it, users sign in with a password.

use std::sync::Arc;

use application_moved_over::{Browser, COOKIE, Passwords, Place, serve};
use axum::{
    Form, Router,
    extract::{FromRequestParts, State},
    http::{
        StatusCode,
        header::{COOKIE as COOKIE_HEADER, SET_COOKIE},
        request::Parts,
    },
    response::{IntoResponse, Response},
    routing::{get, post},
};
use logto::{Error, LogtoConfig, SignIn, SignInRefusal, SignedIn, integrate::CurrentClient, scopes, testing::MockUser};
use serde::Deserialize;

#[derive(Clone)]
struct Server {
    logto: CurrentClient,
    passwords: Arc<Passwords>,
}

/// A user of the server, whichever way they signed in.
enum User {
    Password(String),
    Logto(String),
}

impl User {
    fn name(&self) -> &str {
        let (Self::Password(name) | Self::Logto(name)) = self;
        name
    }
}

impl FromRequestParts<Server> for User {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Response> {
        let cookies = parts.headers.get(COOKIE_HEADER).and_then(|value| value.to_str().ok());
        if let Some(user) = cookies.and_then(|cookies| server.passwords.user_of(cookies)) {
            return Ok(Self::Password(user));
        }
        if server.logto.get().is_none() {
            return Err((StatusCode::UNAUTHORIZED, "sign in with your password").into_response());
        }
        let user = SignedIn::from_request_parts(parts, server).await.map_err(IntoResponse::into_response)?;
        Ok(Self::Logto(user.sub().to_owned()))
    }
}

#[derive(Deserialize)]
struct Password {
    user: String,
    password: String,
}

async fn login(State(server): State<Server>, Form(form): Form<Password>) -> Response {
    match server.passwords.sign_in(&form.user, &form.password) {
        Some(id) => {
            ([(SET_COOKIE, format!("{COOKIE}={id}; Path=/cal; HttpOnly; SameSite=Lax"))], "welcome").into_response()
        }
        None => (StatusCode::FORBIDDEN, "wrong password").into_response(),
    }
}

/// The form of the administrator. The names are those of the server, from before.
#[derive(Deserialize)]
struct Settings {
    provider_url: String,
    client_id: String,
    client_secret: Option<String>,
    public_url: String,
    allowed_group: String,
}

fn own_name(setting: &str) -> &str {
    match setting {
        "endpoint" => "provider_url",
        "app_id" => "client_id",
        "app_secret" => "client_secret",
        "base_url" => "public_url",
        other => other,
    }
}

async fn save(user: User, State(server): State<Server>, Form(form): Form<Settings>) -> Response {
    if !matches!(user, User::Password(name) if name == "admin") {
        return (StatusCode::FORBIDDEN, "for the administrator").into_response();
    }
    match set_up(&server.logto, form) {
        Ok(()) => "saved".into_response(),
        Err(error) => {
            let line = |setting, problem| format!("{} {problem}\n", own_name(setting));
            let lines: String = error.config_problems().iter().map(|one| line(one.setting(), one.problem())).collect();
            (StatusCode::UNPROCESSABLE_ENTITY, lines).into_response()
        }
    }
}

fn set_up(logto: &CurrentClient, form: Settings) -> Result<(), Error> {
    let group = Arc::new(form.allowed_group);
    let config = LogtoConfig::builder()
        .endpoint(form.provider_url)
        .app_id(form.client_id)
        .optional(form.client_secret, logto::LogtoConfigBuilder::app_secret)
        .base_url(form.public_url)
        .cookie_secret("kFvhX7IfZ0sL2m9QpTn4RbYw8uEaCdGj")
        .scopes([scopes::ROLES])
        .on_sign_in(move |sign_in: SignIn| {
            let is_in_it = sign_in.claims().roles.contains(&group);
            async move { if is_in_it { Ok(()) } else { Err(SignInRefusal::new()) } }
        });
    logto.replace(config.build()?)
}

async fn events(browser: &mut Browser<'_>) -> (u16, String) {
    let answer = browser.open("/cal/events").await;
    (answer.status, answer.body)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let ada = MockUser::new("ada").role("staff");
    let (place, listener) = Place::new(|logto| logto.user(ada).user(MockUser::new("bob").role("board"))).await;
    let current = CurrentClient::default();
    let server = Server { logto: current.clone(), passwords: Arc::default() };
    let calendar = Router::new()
        .route("/events", get(async |user: User| format!("the events of {}", user.name())))
        .route("/login", post(login))
        .route("/settings", post(save))
        .with_state(server)
        .merge(logto::axum::routes(&current))
        .layer(logto::axum::layer(&current));
    serve(listener, Router::new().nest("/cal", calendar));
    let form = |url: &str, secret: &str, base: &str, group: &str| {
        format!("provider_url={url}&client_id=app&client_secret={secret}&public_url={base}&allowed_group={group}")
    };
    let (url, secret, base) = (place.logto.endpoint(), place.logto.app_secret(), format!("{}/cal", place.origin));

    // No OpenID Connect yet. The password works, and a sign-in by Logto says what is the matter.
    let (mut admin, mut ada) = (place.browser(), place.browser());
    assert_eq!(events(&mut ada).await, (401, "sign in with your password".to_owned()));
    let not_set_up = ada.open("/cal/logto/sign-in").await;
    assert_eq!((not_set_up.status, not_set_up.body.contains("sign_in.not_set_up")), (403, true));
    assert_eq!(admin.submit("/cal/login", "user=admin&password=open sesame").await.body, "welcome");
    assert_eq!(events(&mut admin).await, (200, "the events of admin".to_owned()));

    // A mistake is shown by the server's own names, and nothing has changed.
    let saved = admin.submit("/cal/settings", &form("logto", "", "localhost", "staff")).await;
    assert_eq!(
        (saved.status, saved.body.lines().map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>()),
        (422, vec!["provider_url", "client_secret", "public_url"]),
        "{}",
        saved.body
    );
    assert_eq!(events(&mut ada).await.0, 401);

    // Set up: the staff may sign in, Bob may not. The password goes on beside it.
    assert_eq!(admin.submit("/cal/settings", &form(&url, &secret, &base, "staff")).await.body, "saved");
    let page = ada.sign_in("/cal/events", "ada").await;
    assert_eq!((page.at.as_str(), page.body.as_str()), ("/cal/events", "the events of user-ada"));
    let refused = place.browser().sign_in("/cal/events", "bob").await;
    assert_eq!((refused.status, refused.body.contains("You do not have access to this application.")), (403, true));
    assert_eq!(events(&mut admin).await, (200, "the events of admin".to_owned()));

    // The settings are the administrator's alone.
    let mut eve = place.browser();
    assert_eq!(eve.submit("/cal/login", "user=eve&password=open sesame").await.body, "welcome");
    for browser in [&mut ada, &mut eve] {
        let saved = browser.submit("/cal/settings", &form(&url, &secret, &base, "staff")).await;
        assert_eq!((saved.status, saved.body.as_str()), (403, "for the administrator"));
    }

    // Another group. Ada stays signed in, and Bob may sign in now.
    assert_eq!(admin.submit("/cal/settings", &form(&url, &secret, &base, "board")).await.body, "saved");
    assert_eq!(events(&mut ada).await, (200, "the events of user-ada".to_owned()));
    assert_eq!(place.browser().sign_in("/cal/events", "bob").await.body, "the events of user-bob");
    // A mistake leaves these settings in force, and without a client nobody is signed in.
    assert_eq!(admin.submit("/cal/settings", &form("", &secret, &base, "staff")).await.status, 422);
    assert_eq!(place.browser().sign_in("/cal/events", "bob").await.body, "the events of user-bob");
    current.remove();
    assert_eq!((events(&mut ada).await.0, events(&mut admin).await.0), (401, 200));
    println!("calendar server: settings that change, a base path, groups, passwords beside");
}
