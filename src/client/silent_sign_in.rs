//! A sign-in that shows no page: for what only a sign-in renews, such as the permissions of a role that the user was given since.
//!
//! One request does not do it. `prompt=none` keeps Logto from asking, and with it Logto gives no refresh token (OpenID Connect Core section
//! 11), and answers `consent_required` where there is anything new to grant. `prompt=consent` brings both, and for a first-party app without
//! a page, if the user has a session at Logto; if not, it is the sign-in page. So the first request asks whether there is a session, and the
//! second signs in.

use url::Url;

use super::{LogtoClient, PendingSignIn, Session};
use crate::{
    error::{Code, Error, Result},
    scopes,
    session::{Hints, Silent, Transaction},
    types::{Prompt, Redirect, SignInOptions},
};

/// What Logto answers where it would have to ask the user who they are (OpenID Connect Core section 3.1.2.6, OpenID Connect Unmet
/// Authentication Requirements 1.0).
const MUST_ASK: &[&str] =
    &["login_required", "interaction_required", "account_selection_required", "unmet_authentication_requirements"];

impl Session {
    /// What comes after `prompt=none`: the second request, or the page again, as `sign_in.silent_unfinished`. The code, where there is
    /// nothing that a second request could add.
    pub(super) async fn after_probe<'a>(&mut self, answer: Result<&'a str>, done: &Transaction) -> Result<&'a str> {
        let refusal = answer.as_ref().err().and_then(Error::oauth_error).map(|oauth| oauth.error().to_owned());
        match (answer, refusal.as_deref()) {
            (Ok(code), _) if !self.wants_refresh_token() => Ok(code),
            (Ok(_), _) | (Err(_), Some("consent_required")) => Err(self.second_request(done).await?),
            (Err(error), Some(refusal)) if MUST_ASK.contains(&refusal) => Err(self.would_have_to_ask(error, done)),
            (Err(error), _) => Err(error),
        }
    }

    /// What comes of an error after `prompt=none` that the application has asked for: the page again where Logto would have to ask the user, which is
    /// what was to be learned.
    pub(super) fn nobody_to_ask(&self, error: Error, done: &Transaction) -> Error {
        let refusal = error.oauth_error().map(|oauth| oauth.error().to_owned());
        match refusal.as_deref() {
            Some("consent_required") => self.would_have_to_ask(error, done),
            Some(refusal) if MUST_ASK.contains(&refusal) => self.would_have_to_ask(error, done),
            _ => error,
        }
    }

    fn would_have_to_ask(&self, error: Error, done: &Transaction) -> Error {
        tracing::debug!(target: "logto::sign_in", %error, "no silent sign-in; the session is that of before");
        // It was right when the sign-in began, by the settings of then.
        let page = self.client.config().application().return_to_or_home(&done.return_to);
        unfinished("Logto would have to ask the user", &page).caused_by(error)
    }

    fn wants_refresh_token(&self) -> bool {
        let config = self.client.config();
        config.prompt.contains(&Prompt::Consent) && config.scopes.iter().any(|scope| scope == scopes::OFFLINE_ACCESS)
    }

    async fn second_request(&mut self, done: &Transaction) -> Result<Error> {
        let now = self.client.config().now();
        let mut transaction = Transaction::begin(done.redirect_uri.clone(), done.return_to.clone(), now)?;
        transaction.silent = Some(Silent::SignIn);
        (transaction.max_age, transaction.acr_values) = (done.max_age, done.acr_values.clone());
        transaction.from_another_site = done.from_another_site;
        transaction.app_state.clone_from(&done.app_state);
        let Hints { login_hint, organization_id, ui_locales } = done.hints.clone();
        let mut options =
            SignInOptions { login_hint, organization_id, ui_locales, ..SignInOptions::new().prompt([Prompt::Consent]) };
        options.max_age = done.max_age.and_then(|age| u64::try_from(age).ok()).map(std::time::Duration::from_secs);
        options.acr_values.clone_from(&done.acr_values);
        let redirect = self.send_to_logto(transaction, &options).await?;
        Ok(unfinished("the user has a session at Logto, which is asked once more", redirect.location()))
    }

    /// A silent sign-in never makes another user of the one who is signed in.
    pub(super) async fn of_the_same_user(&self, pending: PendingSignIn) -> Result<PendingSignIn> {
        let present = self.get_id_token_claims().map(|claims| claims.sub);
        if present.is_none_or(|sub| sub == pending.claims().sub) {
            return Ok(pending);
        }
        let error = unfinished("another user is signed in at Logto", pending.return_to());
        pending.refuse().await;
        Err(error)
    }
}

impl LogtoClient {
    /// Where a silent sign-in leads on that ended with this error: to a page of the application, or to Logto once more.
    pub(crate) fn leads_on(&self, error: &Error) -> Option<Redirect> {
        let address = error.goes_on_to()?;
        let to_logto = || Url::parse(address).ok().and_then(|url| self.config().server().open(url).ok());
        self.config().application().return_to(address).ok().or_else(to_logto).map(Redirect::to)
    }
}

fn unfinished(why: &str, goes_on_to: &str) -> Error {
    Error::new(Code::SilentUnfinished, format!("the silent sign-in brought nobody: {why}")).with_return_to(goes_on_to)
}
