//! One request of one user: the session, the account behind it, and what the session keeps between two pages.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::{
    extract::FromRequestParts,
    http::{Method, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use logto::{
    Error, ErrorCode, RequestSession, SignedIn,
    account::{
        Account, BackupCodes, PasskeyRegistration, PendingLink, SentCode, TotpSecret, Verification, VerifiedSocial,
    },
};
use serde::{Deserialize, Serialize};

use crate::{Settings, html::escape, trouble::Trouble};

/// What the session keeps, sealed, at most 1,024 bytes: so a page has no secret in a hidden field, and a sign-out forgets it all.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Kept {
    /// The user has shown that it is them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) confirmed: Option<Verification>,
    /// A code was sent to confirm it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) confirm_code: Option<SentCode>,
    /// What is under way. One thing at a time, so that it fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<Step>,
    /// What has been done, for the next page to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) done: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum Step {
    /// A code was sent to a new address or number.
    Contact(SentCode),
    /// The user is at the other provider.
    Link(PendingLink),
    /// The user is back from it, but has yet to confirm once more.
    Linked(VerifiedSocial),
    App(TotpSecret),
    BackupCodes(BackupCodes),
    Passkey(PasskeyRegistration),
}

pub(crate) struct Visit {
    session: RequestSession,
    pub(crate) account: Account,
    pub(crate) settings: Settings,
    pub(crate) kept: Kept,
}

/// A handler that takes a `Visit` is for users alone, and a form that comes to it was on a page of this site: another site could post one, too.
impl FromRequestParts<Settings> for Visit {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, settings: &Settings) -> Result<Self, Error> {
        SignedIn::from_request_parts(parts, settings).await?;
        let session = RequestSession::from_request_parts(parts, settings).await?;
        if parts.method == Method::POST {
            session.require_from_this_site()?;
        }
        let kept = match session.data().await {
            // Another version of this program has kept something else.
            Err(error) if error.code() == ErrorCode::SESSION_DATA_UNEXPECTED => None,
            kept => kept?,
        };
        Ok(Self { account: session.account(), session, settings: settings.clone(), kept: kept.unwrap_or_default() })
    }
}

/// What a handler answers in place of its page.
pub(crate) enum Instead {
    Redirect(Redirect),
    /// Nothing that the user can mend here: the crate's own page says what it is.
    Failed(Error),
}

pub(crate) type Answer = Result<Response, Instead>;

impl From<Error> for Instead {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl IntoResponse for Instead {
    fn into_response(self) -> Response {
        match self {
            Self::Redirect(redirect) => redirect.into_response(),
            Self::Failed(error) => error.into_response(),
        }
    }
}

impl Visit {
    pub(crate) fn base(&self) -> &str {
        self.settings.playground.base_path()
    }

    #[expect(clippy::unnecessary_wraps, reason = "handlers end with it")]
    pub(crate) fn go_to(&self, path: &str) -> Answer {
        Ok(self.redirect(path).into_response())
    }

    fn redirect(&self, path: &str) -> Redirect {
        Redirect::to(&format!("{}{path}", self.base()))
    }

    pub(crate) async fn keep(&self) -> Result<(), Error> {
        self.session.set_data(&self.kept).await
    }

    /// Keeps what is under way, and leads to the page that goes on with it.
    pub(crate) async fn next(&mut self, step: Step, path: &str) -> Answer {
        self.kept.step = Some(step);
        self.keep().await?;
        self.go_to(path)
    }

    /// Nothing is under way any more. Leads to a page that says what has been done.
    pub(crate) async fn done(&mut self, what: &str, path: &str) -> Answer {
        self.kept.step = None;
        self.kept.done = Some(what.to_owned());
        self.keep().await?;
        self.go_to(path)
    }

    /// The same for what the ID token says, too: other pages read it from there.
    pub(crate) async fn saved(&mut self, what: &str, path: &str) -> Answer {
        // Logto has it, whether or not this comes off: the next refresh brings it as well.
        _ = self.session.refresh_session().await;
        self.done(what, path).await
    }

    /// What has been done, said once.
    pub(crate) async fn take_done(&mut self) -> Result<String, Error> {
        let Some(done) = self.kept.done.take() else { return Ok(String::new()) };
        self.keep().await?;
        Ok(format!(r#"<p class="done" role="status">{}</p>"#, escape(&done)))
    }

    /// The proof that it is the user. Without one they are asked for it first, and come back to `path`.
    pub(crate) fn confirmed(&self, path: &str) -> Result<Verification, Instead> {
        // What ends while Logto reads it is of no use.
        let soon = SystemTime::now() + Duration::from_secs(5);
        let holds = self.kept.confirmed.as_ref().filter(|confirmed| !confirmed.is_over(soon));
        holds.cloned().ok_or_else(|| self.ask(path))
    }

    fn ask(&self, path: &str) -> Instead {
        Instead::Redirect(self.redirect(&format!("/confirm?then={}", path.trim_start_matches('/'))))
    }

    /// Until when the confirmation holds.
    pub(crate) fn holds(&self) -> String {
        let Some(end) = self.kept.confirmed.as_ref().map(Verification::expires_at) else { return String::new() };
        let Ok(left) = end.duration_since(SystemTime::now()) else { return String::new() };
        let left = match left.as_secs().div_ceil(60) {
            1 => "1 more minute".to_owned(),
            minutes => format!("{minutes} more minutes"),
        };
        // Where the user is on earth nobody knows here.
        let minute = end.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 60 % 1_440;
        let until = format!("{:02}:{:02} UTC", minute / 60, minute % 60);
        format!(r#"<p class="holds">You have confirmed that it is you. That holds for {left}, until {until}.</p>"#)
    }

    /// What the page at `path` says of an error, beside the field that it is about.
    pub(crate) async fn trouble(&mut self, error: Error, field: &'static str, path: &str) -> Result<Trouble, Instead> {
        if error.code() == ErrorCode::ACCOUNT_VERIFICATION_REQUIRED {
            self.kept.confirmed = None;
            self.keep().await?;
            return Err(self.ask(path));
        }
        Ok(Trouble::of(error, field)?)
    }

    /// The Logto inside sends nothing, so the page has what would be in the message.
    pub(crate) fn message(&self, address: &str) -> String {
        let code = self.settings.playground.mock().and_then(|logto| logto.sent_code(address));
        let note = |code| {
            format!(
                r#"<aside class="demo">The Logto of this example sends no messages. It would send: <code>{code}</code></aside>"#
            )
        };
        code.map(note).unwrap_or_default()
    }
}
