//! Software for companies: a customer signs up and founds a company, invites people by magic link, and colleagues of its email domain are in at once.
//!
//! `cargo run --example saas --features management` starts a Logto of its own: sign in as `ada` with the password `lovelace`, or create an account.
//! That Logto sends no messages, so the page shows what it would have sent.
//!
//! With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in the environment it uses that Logto, and for what users do not
//! do themselves the machine-to-machine app of `LOGTO_MANAGEMENT_APP_ID` and `LOGTO_MANAGEMENT_APP_SECRET`. The roles and the permission of the
//! organization template are created at the first start. `PORT` is where it listens (3000). docs/saas.md goes through it step by step.
//!
//! A company is an organization of Logto. Who may do what in it is decided by the user's token for the organization, which Logto gives to members alone
//! and with the permissions that their roles grant. Before a change the token is asked for again, so that a role that was taken away permits nothing.
//!
//! | File | About |
//! |---|---|
//! | `main.rs` | settings and routes |
//! | `template.rs` | the roles and the permission that all companies share |
//! | `member.rs` | the guard: a user in a company |
//! | `company.rs` | founding one, and its page |
//! | `invite.rs`, `open_invitations.rs` | invitations, as an admin makes them |
//! | `join.rs` | invitations, as the invited person accepts them |
//! | `domain.rs` | colleagues who are in at once |
//! | `html.rs` | the frame of the pages |

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

mod company;
mod domain;
mod html;
mod invite;
mod join;
mod member;
mod open_invitations;
mod template;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::State,
    response::Response,
    routing::{get, post},
};
use html::{card, escape, page};
use logto::{RequestSession, SignedIn, management::Management, scopes, testing::Playground};
use template::{INVITE, Template};
use tokio::net::TcpListener;

#[derive(Clone)]
struct App {
    playground: Playground,
    management: Management,
    template: Template,
    /// What the Logto inside would have sent, by invitation. For this example alone: who reads a magic link can sign in by it.
    outbox: Arc<Mutex<HashMap<String, String>>>,
}

type Answer = Result<Response, logto::Error>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    // In an application of your own: `LogtoClient::from_env()` with these in `LOGTO_SCOPES`, and `Management::from_env()`.
    let scopes = [scopes::EMAIL, scopes::ORGANIZATIONS, scopes::ORGANIZATION_ROLES, INVITE];
    let playground = Playground::start_with(|settings| settings.scopes(scopes)).await?;
    let (logto, management) = (playground.client(), playground.management()?);
    let template = Template::ensure(&management).await?;
    let app = App { playground: playground.clone(), management, template, outbox: Arc::default() };
    let routes = Router::new()
        .route("/", get(home))
        .route("/style.css", get(|| async { ([("content-type", "text/css")], include_str!("../account/style.css")) }))
        .route("/companies", post(company::found))
        .route("/company/{company}", get(company::show))
        .route("/company/{company}/invitations", post(invite::invite))
        .route("/company/{company}/invitations/{invitation}/again", post(invite::send_again))
        .route("/company/{company}/invitations/{invitation}/revoke", post(invite::revoke))
        .route("/company/{company}/domain", post(domain::set))
        .route("/join/{invitation}", get(join::show).post(join::accept))
        .with_state(app)
        .merge(logto::axum::routes(&logto))
        .layer(logto::axum::layer(logto));
    let listener = TcpListener::bind(std::net::SocketAddr::from(playground.address())).await?;
    println!("{playground}");
    Ok(axum::serve(listener, routes).await?)
}

async fn home(user: Option<SignedIn>, session: RequestSession, State(app): State<App>) -> Answer {
    let base = app.base();
    let Some(user) = user else {
        let body = format!(
            r#"<h1>Desk</h1><p class="muted">The work of your company, in one place.</p>
            <div class="go"><a class="button" href="{base}/logto/sign-up">Create account</a>
            <a class="button quiet" href="{base}/logto/sign-in">Sign in</a></div>"#
        );
        return Ok(page(base, "Desk", &body));
    };
    let mine = if user.claims().organizations.is_empty() {
        String::new()
    } else {
        // The ids are in the ID token; the names are asked for.
        let companies = session.fetch_user_info().await?.organization_data;
        let row = |(id, name): (&str, &str)| {
            format!(
                r#"<li><a href="{base}/company/{}">{}</a><span class="muted small">{}</span></li>"#,
                escape(id),
                escape(name),
                escape(&user.claims().organization_roles_of(id).collect::<Vec<_>>().join(", "))
            )
        };
        let rows = companies.iter().map(|company| row((&company.id, &company.name))).collect::<Vec<_>>().concat();
        card("companies", "Your companies", &format!(r#"<ul class="rows wide">{rows}</ul>"#))
    };
    let body = format!("{}{mine}{}", html::who(base, &user), company::form(base, None));
    Ok(page(base, "Desk", &body))
}

impl App {
    fn base(&self) -> &str {
        self.playground.base_path()
    }

    /// An address for a message.
    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.playground.client().config().base_url().trim_end_matches('/'))
    }

    /// Goes through with it although the browser may have gone: half of it would be worse than all.
    async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = logto::Result<T>> + Send + 'static,
    ) -> logto::Result<T> {
        tokio::spawn(work).await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    fn would_have_sent(&self, invitation: &str) -> Option<String> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner).get(invitation).cloned()
    }
}
