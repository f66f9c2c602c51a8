//! The main job in one file: sign in, read claims, call for tokens, sign out.
//!
//! `cargo run --example quickstart` starts a Logto of its own (`MockLogto`), so there is nothing to install and nothing to configure.
//! With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in the environment it uses that Logto instead.
//! `PORT` is where it listens (3000), and `PORT` + 1 is where its own Logto does.

#![allow(clippy::print_stdout, clippy::print_stderr)] // A program talks to the one who runs it.

use std::{env, error::Error, process::ExitCode};

use axum::{
    Router,
    extract::{Path, State},
    response::Html,
    routing::get,
};
use logto::{
    LogtoClient, LogtoConfigBuilder, LogtoContext, RequestSession, TokenOptions,
    axum::SignedIn,
    scopes,
    testing::{MockApp, MockLogto},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The API resource of the embedded Logto. With a real one it is the first of `LOGTO_RESOURCES`.
const SAMPLE_RESOURCE: &str = "https://api.example.test";

#[tokio::main]
async fn main() -> ExitCode {
    let filter = env::var("RUST_LOG").unwrap_or_else(|_| "info,logto=info".into());
    tracing_subscriber::fmt().with_env_filter(filter).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let port: u16 = env::var("PORT")
        .ok()
        .map_or(Ok(3000), |port| port.parse())
        .map_err(|_| "PORT is not a port number (1 to 65534)")?;
    let listener = listen(port).await?;
    let (logto, _embedded) = client(port).await?;

    println!("\n  Open {} in a browser.\n", logto.config().base_url());
    axum::serve(listener, app(logto)).with_graceful_shutdown(async { _ = tokio::signal::ctrl_c().await }).await?;
    Ok(())
}

fn app(logto: LogtoClient) -> Router {
    let resource = env::var("LOGTO_RESOURCES")
        .map_or(SAMPLE_RESOURCE.into(), |all| all.split([' ', ',']).next().unwrap_or_default().to_owned());
    Router::new()
        .route("/", get(home))
        .route("/user-info", get(user_info))
        .route("/access-token", get(access_token))
        .route("/organization/{id}", get(organization))
        .with_state(resource)
        .merge(logto::axum::routes(&logto))
        .layer(logto::axum::layer(logto))
}

async fn home(context: LogtoContext) -> Html<String> {
    match context.claims() {
        None => page("Welcome", SIGNED_OUT),
        Some(claims) => {
            let name = claims.name.as_deref().unwrap_or(&claims.sub);
            let organizations = claims
                .organizations
                .iter()
                .map(|id| format!(r#"<a class="quiet" href="/organization/{0}">Organization {0}</a>"#, escape(id)))
                .collect::<Vec<_>>();
            let body = format!(
                "{}<h2>Claims</h2>{}",
                SIGNED_IN.replace("{organizations}", &organizations.concat()),
                pretty(&json!(claims))
            );
            page(&format!("Hello, {}", escape(name)), &body)
        }
    }
}

async fn user_info(_user: SignedIn, session: RequestSession) -> Result<Html<String>, logto::Error> {
    let user_info = session.fetch_user_info().await?;
    Ok(page("User info", &pretty(&json!(user_info))))
}

async fn access_token(
    _user: SignedIn,
    session: RequestSession,
    State(resource): State<String>,
) -> Result<Html<String>, logto::Error> {
    let claims = session.get_access_token_claims(TokenOptions::resource(resource)).await?;
    Ok(page(
        "Access token",
        &format!("<p>The claims of an access token for an API resource:</p>{}", pretty(&json!(claims))),
    ))
}

async fn organization(
    _user: SignedIn,
    session: RequestSession,
    Path(id): Path<String>,
) -> Result<Html<String>, logto::Error> {
    let claims = session.get_organization_token_claims(&id).await?;
    Ok(page("Organization token", &format!("<p>The claims of an organization token:</p>{}", pretty(&json!(claims)))))
}

/// The client, for the Logto of the environment or for an embedded one, which lives as long as the second value.
async fn client(port: u16) -> Result<(LogtoClient, Option<MockLogto>), Box<dyn Error>> {
    let base_url = env::var("LOGTO_BASE_URL").unwrap_or_else(|_| format!("http://localhost:{port}"));
    let asked = LogtoConfigBuilder::from_env().base_url(&base_url);
    if env::var_os("LOGTO_ENDPOINT").is_some() {
        let logto = LogtoClient::new(asked.build()?)?;
        println!(
            "Register in the Logto Console: redirect URI {}, post sign-out redirect URI {base_url}",
            logto.config().redirect_uri()
        );
        return Ok((logto, None));
    }
    let app = MockApp::new("quickstart", "quickstart-secret")
        .redirect_uri(format!("{base_url}/callback"))
        .post_logout_redirect_uri(&base_url);
    let mock_port = port.checked_add(1).ok_or("PORT is too high: PORT + 1 is needed, too")?;
    let mock =
        MockLogto::builder().port(mock_port).app(app).start().await.map_err(|error| in_use(mock_port, &error))?;
    let config = asked
        .endpoint(mock.endpoint())
        .app_id("quickstart")
        .app_secret("quickstart-secret")
        .cookie_secret("a secret for this example alone, never for production")
        .scopes([
            scopes::EMAIL,
            scopes::ROLES,
            scopes::ORGANIZATIONS,
            scopes::ORGANIZATION_ROLES,
            scopes::CUSTOM_DATA,
            scopes::IDENTITIES,
            "read:books",
            "write:books",
        ])
        .resources([SAMPLE_RESOURCE])
        .build()?;
    println!("An embedded Logto answers at {}: the user is `ada`, the password `lovelace`.", mock.endpoint());
    Ok((LogtoClient::new(config)?, Some(mock)))
}

async fn listen(port: u16) -> Result<TcpListener, String> {
    TcpListener::bind(("127.0.0.1", port)).await.map_err(|error| in_use(port, &error))
}

fn in_use(port: u16, error: &std::io::Error) -> String {
    format!(
        "cannot listen on port {port}: {error}. Another program may use it: stop that, or choose another with PORT=4000 cargo run --example quickstart"
    )
}

const SIGNED_OUT: &str = r#"<p>Sign in to see what Logto knows of you.</p>
<nav><a href="/logto/sign-in">Sign in</a><a class="quiet" href="/logto/sign-up">Create account</a>
<a class="kakao" href="/logto/sign-in?direct_sign_in=social:kakao">Continue with Kakao</a></nav>"#;

const SIGNED_IN: &str = r#"<nav><a class="quiet" href="/user-info">Fetch user info</a><a class="quiet" href="/access-token">Access token</a>{organizations}
<form method="post" action="/logto/sign-out"><button>Sign out</button></form></nav>"#;

fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title><style>
:root {{ color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.55; --accent: #5d34f2; }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; background: light-dark(#f5f4fb, #14121d); }}
main {{ box-sizing: border-box; width: min(44rem, 100% - 2rem); margin: 2rem 0; padding: 2.5rem; border-radius: 1.25rem; background: light-dark(#fff, #1f1c2b); box-shadow: 0 1rem 3rem #0002; }}
h1 {{ margin: 0 0 .5rem; font-size: 1.8rem; }} h1 a {{ color: inherit; text-decoration: none; }} h2 {{ font-size: 1rem; margin: 2rem 0 .5rem; opacity: .7; }}
nav {{ display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }}
nav a, button {{ padding: .6rem 1.2rem; border: 1px solid transparent; border-radius: .6rem; background: var(--accent); color: #fff; font: inherit; text-decoration: none; cursor: pointer; }}
nav .quiet, button {{ background: none; border-color: #8886; color: inherit; }} nav .kakao {{ background: #fee500; color: #191600; }}
pre {{ padding: 1rem; border-radius: .6rem; background: #8881; overflow: auto; font-size: .85rem; }} small a {{ color: inherit; }}
</style></head><body><main><h1>{title}</h1>{body}<p><small><a href="/">Start page</a></small></p></main></body></html>"#
    ))
}

fn pretty(value: &Value) -> String {
    format!("<pre>{}</pre>", escape(&format!("{value:#}")))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
