//! One run of a module: a provider, a relying party, a browser, and the verdict.

use std::{env, panic, path::PathBuf};

use tokio::task::JoinHandle;

use crate::{
    browser::{Browser, Tab},
    naive,
    op::{Behaviour, CLIENT_ID, CLIENT_SECRET, Op, Registration, SUB},
    port::Port,
    program::{Program, command},
};

/// A module's verdict, in the words that `naive::…` looks for.
macro_rules! verdict {
    ($passed:expr, $($failure:tt)+) => {
        if !$passed {
            panic!("FAILED: {}", format!($($failure)+));
        }
    };
}

/// The tests of a plan: each module against ours, and against the naive relying party that fails it, for the reason given.
macro_rules! modules {
    ($mode:ident: $($module:path as $name:ident: $naive:ident fails with $reason:literal;)+) => {
        pub const MODULES: &[&str] = &[$(stringify!($name)),+];

        mod ours {
            use crate::suite::{Kind, Mode, Play};

            $(
                #[tokio::test]
                async fn $name() {
                    $module(Play { kind: Kind::Ours, mode: Mode::$mode }).await;
                }
            )+
        }

        mod naive {
            use crate::suite::{Kind, Mode, Play, fails};

            $(
                #[tokio::test]
                async fn $name() {
                    fails($module(Play { kind: Kind::$naive, mode: Mode::$mode }), $reason).await;
                }
            )+
        }
    };
}

/// Against whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ours,
    /// Does everything right, and believes everything.
    Credulous,
    /// Sends what it must and no more, where it likes.
    Sloppy,
    /// Believes nothing, and so never fails to reject.
    Refusing,
}

/// The response mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Query,
    FormPost,
}

/// How a module is played.
#[derive(Debug, Clone, Copy)]
pub struct Play {
    pub kind: Kind,
    pub mode: Mode,
}

pub struct Suite {
    pub op: Op,
    base: String,
    mode: Mode,
    _rp: Running,
    _port: Port,
}

enum Running {
    Ours { _program: Program },
    Naive(JoinHandle<()>),
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Self::Naive(server) = self {
            server.abort();
        }
    }
}

impl Suite {
    /// A relying party that was just started, registered with a provider of this behaviour.
    pub async fn start(play: Play, behaviour: Behaviour) -> Self {
        let reserved = Port::reserve();
        let port = reserved.number();
        // Another site than the provider's, which is at 127.0.0.1: cookies come with fewer of its requests.
        let base = format!("http://localhost:{port}");
        let registration = Registration {
            redirect_uri: format!("{base}/callback"),
            post_logout_redirect_uri: format!("{base}/signed-out"),
            back_channel_logout_uri: format!("http://127.0.0.1:{port}/logto/back-channel-logout"),
        };
        let op = Op::start(registration, behaviour).await;
        let rp = match play.kind {
            Kind::Ours => Running::Ours { _program: ours(port, &base, &op, play.mode).await },
            kind => Running::Naive(naive::start(kind, port, &base, &op.issuer, play.mode).await),
        };
        Self { op, base, mode: play.mode, _rp: rp, _port: reserved }
    }

    pub fn url(&self, target: &str) -> String {
        format!("{}{target}", self.base)
    }

    /// A new browser opens a page of the relying party.
    pub async fn open(&self, target: &str) -> Tab {
        let mut tab = Browser::new().tab();
        tab.open(&self.url(target)).await;
        tab
    }

    /// A new browser opens the page that is for users alone.
    pub async fn sign_in(&self) -> Tab {
        self.open("/user").await
    }

    /// The verdict where the relying party has to go on: it has asked for the user info with what it was given, and shows it.
    pub fn accepted(&self, tab: &Tab) {
        self.nothing_was_wrong();
        verdict!(!self.op.received("userinfo").is_empty(), "no userinfo request came");
        verdict!(
            tab.page.status == 200 && tab.page.body.contains(SUB),
            "the user is not shown ({}): {}",
            tab.page.status,
            tab.page.body
        );
        self.came_by_the_mode(tab);
    }

    /// The verdict where the relying party has to stop at the tokens: no userinfo request, an error for the user, and no session.
    pub async fn rejected(&self, mut tab: Tab) {
        self.nothing_was_wrong();
        verdict!(self.op.received("token").len() == 1, "the relying party never got as far as the token request");
        verdict!(self.op.received("userinfo").is_empty(), "a userinfo request came");
        self.came_by_the_mode(&tab);
        self.has_no_session(&mut tab).await;
    }

    /// The user sees an error, and nobody is signed in.
    pub async fn has_no_session(&self, tab: &mut Tab) {
        verdict!(
            tab.page.status.is_client_error() || tab.page.status.is_server_error(),
            "the user sees no error: {}",
            tab.page.body
        );
        self.nobody_is_signed_in(tab).await;
    }

    pub async fn nobody_is_signed_in(&self, tab: &mut Tab) {
        tab.open(&self.url("/")).await;
        verdict!(tab.page.status == 200, "the start page fails: {}", tab.page.body);
        verdict!(!tab.page.body.contains("Signed in as"), "there is a session: {}", tab.page.body);
    }

    pub fn nothing_was_wrong(&self) {
        let violations = self.op.violations();
        verdict!(violations.is_empty(), "{}", violations.join("; "));
    }

    fn came_by_the_mode(&self, tab: &Tab) {
        if self.mode == Mode::Query {
            return;
        }
        for asked in self.op.received("authorize") {
            verdict!(
                asked.query.get("response_mode").is_some_and(|mode| mode == "form_post"),
                "form_post was not asked for"
            );
        }
        let leak = tab.page.trail.iter().find(|url| url.query_pairs().any(|(name, _)| name == "code"));
        verdict!(leak.is_none(), "the code is in an address: {leak:?}");
    }
}

async fn ours(port: u16, base: &str, op: &Op, mode: Mode) -> Program {
    let mut command = command(&example());
    command
        .env("PORT", port.to_string())
        .env("LOGTO_ISSUER", &op.issuer)
        .env("LOGTO_APP_ID", CLIENT_ID)
        .env("LOGTO_APP_SECRET", CLIENT_SECRET)
        .env("LOGTO_BASE_URL", base)
        .env("LOGTO_COOKIE_SECRET", "the cookie secret of the certification")
        // As registered with the suite.
        .env("LOGTO_ID_TOKEN_SIGNED_RESPONSE_ALG", "RS256")
        .env("LOGTO_TIMEOUT", "60");
    if mode == Mode::FormPost {
        command.env("LOGTO_RESPONSE_MODE", "form_post");
    }
    Program::start(command, &format!("http://127.0.0.1:{port}/")).await
}

/// `cargo test` builds it beside the tests: `target/debug/deps/certification-…`.
fn example() -> PathBuf {
    let tests = env::current_exe().unwrap();
    let binary = tests.parent().unwrap().parent().unwrap().join("examples/certification_rp");
    assert!(binary.exists(), "{} is missing; build it first: cargo build --example certification_rp", binary.display());
    binary
}

/// The module must fail, and say this.
pub async fn fails(module: impl Future<Output = ()> + Send + 'static, reason: &str) {
    let failure = tokio::spawn(module).await.expect_err("the module passes a naive relying party");
    let failure = failure.into_panic();
    let Some(message) = failure.downcast_ref::<String>().cloned() else { panic::resume_unwind(failure) };
    assert!(message.starts_with("FAILED: ") && message.contains(reason), "it fails for another reason: {message}");
}
