//! Access tokens out of the file, and one refresh for all runs of the program that need one.

use std::sync::Arc;

use super::{
    CliClient,
    interrupt::Write,
    storage::{KeptToken, Lock, SignedInUser},
};
use crate::{
    client::{AccessToken, stored_access_token},
    clock::{moment, whole_seconds},
    error::{Code, Error, Result},
    http::run_in_task,
    oidc::{
        discovery::ProviderMetadata,
        token::{self, TokenResponse},
    },
    secret::Secret,
    session::StoredAccessToken,
    types::{TokenKey, TokenOptions},
};

/// Which token will do.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    /// One that lives as many seconds yet, or as its lifetime calls for.
    Valid(Option<i64>),
    /// One that Logto gives from now on.
    Fresh,
    /// Any but this one, which was there when the caller came, or which an API refused.
    OtherThan(Option<Secret>),
}

impl Wanted {
    pub(super) fn by(options: &TokenOptions) -> Self {
        match options.force_refresh {
            true => Self::Fresh,
            false => Self::Valid(options.min_validity.map(whole_seconds)),
        }
    }

    pub(super) fn instead_of(refused: &AccessToken) -> Self {
        Self::OtherThan(Some(Secret::new(refused.token())))
    }

    fn is_satisfied_by(&self, kept: &KeptToken, now: i64) -> bool {
        match self {
            Self::Valid(validity) => is_usable(kept, now, *validity),
            Self::Fresh => false,
            Self::OtherThan(other) => other.as_ref() != Some(&kept.token.token) && is_usable(kept, now, Some(0)),
        }
    }
}

/// Whether it lives long enough yet. Where it never lived as long as `validity` asks for, no other would: then as for the default.
fn is_usable(kept: &KeptToken, now: i64, validity: Option<i64>) -> bool {
    let lifetime = kept.token.expires_at.saturating_sub(kept.since);
    // By a clock that was set back nobody knows how old it is.
    kept.since <= now && kept.token.is_fresh_for(now, validity.filter(|validity| *validity < lifetime))
}

impl CliClient {
    pub(super) async fn token(&self, key: TokenKey, wanted: Wanted) -> Result<AccessToken> {
        let user = self.signed_in()?;
        let kept = user.token(&key);
        if let Some(token) = self.suitable(&user, &key, &wanted) {
            return Ok((&token).into());
        }
        let wanted = match wanted {
            Wanted::Fresh => Wanted::OtherThan(kept.map(|kept| kept.token.token.clone())),
            wanted => wanted,
        };
        match self.refresh(key.clone(), wanted.clone()).await {
            Ok(token) => Ok((&token).into()),
            Err(error) => self.until_its_end(&user, &key, &wanted).filter(|_| error.is_transient()).ok_or(error),
        }
    }

    fn suitable(&self, user: &SignedInUser, key: &TokenKey, wanted: &Wanted) -> Option<StoredAccessToken> {
        let kept = user.token(key)?;
        wanted.is_satisfied_by(kept, self.now()).then(|| kept.token.clone())
    }

    /// Asks Logto, unless another run has done so in the meantime.
    async fn refresh(&self, key: TokenKey, wanted: Wanted) -> Result<StoredAccessToken> {
        let begun = moment();
        let lock = loop {
            if let Some(lock) = self.0.storage.try_lock()? {
                break lock;
            }
            self.wait_for_lock(begun.elapsed()).await?;
            if let Some(token) = self.suitable(&self.signed_in()?, &key, &wanted) {
                return Ok(token);
            }
        };
        // A caller that goes away before this leaves nothing behind. From here on the work is done without the caller.
        let write = self.0.writes.begin().await;
        let client = self.clone();
        run_in_task(async move { client.refresh_alone(lock, write, key, wanted).await }).await?
    }

    /// The refresh of the one run that holds the lock.
    async fn refresh_alone(
        self,
        lock: Lock,
        _write: Write,
        key: TokenKey,
        wanted: Wanted,
    ) -> Result<StoredAccessToken> {
        let mut user = self.signed_in()?;
        if let Some(token) = self.suitable(&user, &key, &wanted) {
            return Ok(token);
        }
        let refresh_token = user.refresh_token.clone().ok_or_else(|| {
            Error::new(
                Code::CliSignInEnded,
                "Logto gave no refresh token at the sign-in, and the access token has ended",
            )
        })?;
        // What cannot be kept is not asked for.
        let reserved = self.0.storage.reserve(&lock)?;
        let asked_at = self.now();
        let answer = self.ask(&user.client_id, &refresh_token, &key).await;
        let (metadata, mut tokens) = match answer {
            Ok(answer) => answer,
            Err(error) if is_over(&error) => {
                drop(reserved);
                self.0.storage.remove(&lock)?;
                return Err(Error::new(Code::CliSignInEnded, "Logto ended the sign-in").caused_by(error));
            }
            Err(error) => return Err(error),
        };
        // Nothing is awaited between the answer and the disk: the old refresh token is spent.
        user.refresh_token = tokens.refresh_token.take().or(user.refresh_token);
        self.0.storage.write(reserved, &user)?;
        self.take_over_claims(&mut user, &metadata, &mut tokens).await?;
        let token = stored_access_token(key, tokens, &self.0.scopes, asked_at);
        user.put(token.clone(), asked_at);
        self.0.storage.write(self.0.storage.reserve(&lock)?, &user)?;
        drop(lock);
        Ok(token)
    }

    async fn ask(
        &self,
        client_id: &str,
        refresh_token: &Secret,
        key: &TokenKey,
    ) -> Result<(Arc<ProviderMetadata>, TokenResponse)> {
        let provider = self.provider()?;
        let metadata = provider.metadata().await?;
        let client = token::Client { id: client_id, secret: None };
        let tokens =
            token::refresh(provider.transport(), &metadata.token_endpoint, &client, refresh_token, key).await?;
        Ok((metadata, tokens))
    }

    /// The claims of the new ID token, if it is good. Where the keys cannot be fetched, the claims stay as they are.
    async fn take_over_claims(
        &self,
        user: &mut SignedInUser,
        metadata: &ProviderMetadata,
        tokens: &mut TokenResponse,
    ) -> Result<()> {
        let Some(id_token) = tokens.id_token.take() else { return Ok(()) };
        let original = user.original();
        let judged =
            self.judge(metadata, &user.client_id, &id_token, &tokens.access_token, None, Some(&original)).await;
        match judged {
            Ok(claims) => {
                user.claims = claims;
                Ok(())
            }
            Err(error) if error.is_transient() => {
                tracing::warn!(target: "logto::cli", %error, "the refreshed ID token could not be judged; the claims stay as they were");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// The token that lives yet, where Logto is out of reach or the file cannot be written.
    fn until_its_end(&self, user: &SignedInUser, key: &TokenKey, wanted: &Wanted) -> Option<AccessToken> {
        let kept = user.token(key).filter(|kept| is_usable(kept, self.now(), Some(0)))?;
        matches!(wanted, Wanted::Valid(_)).then(|| (&kept.token).into())
    }
}

/// Whether the refresh token is good no more. Logto has one name for all the reasons.
fn is_over(error: &Error) -> bool {
    error.oauth_error().is_some_and(|oauth| oauth.error == "invalid_grant")
}
