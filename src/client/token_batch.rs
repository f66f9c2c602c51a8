//! Access tokens for many things: what the session holds first, then what Logto gives.

use super::{
    access_token::AccessToken,
    freshness::FreshnessPolicy,
    refresh::{RefreshRequest, Refreshed, Renewal},
    session::{Session, id_token_claims, not_authenticated},
};
use crate::{
    error::{Code, Error, ErrorKind, Result},
    events::EventKind,
    oidc::id_token::Original,
    scopes,
    store::SessionId,
    types::TokenKey,
};

/// How many requests for one session may run at once, if that is safe. Enough to hide the way to Logto; few enough that a user in a hundred
/// organizations is no burden to it.
const MAX_CONCURRENT_REQUESTS: usize = 4;

impl Session {
    /// A token for each key, or why Logto refuses that one ([`ErrorKind::Forbidden`]). What was got before a failure stays in the session.
    ///
    /// A refresh token that Logto replaces is good for one request, so the next one has to wait for the answer. One that it keeps serves several at
    /// once. Nothing says beforehand which it is: a public client's is replaced with each use, a confidential client's when it is old. So the first
    /// request goes alone, and others go beside each other only for a confidential client, as long as the answer before left the refresh token as it
    /// was. If one is replaced nevertheless while others are running, these were sent before: Logto accepts them for 3 s more.
    ///
    /// # Errors
    /// If no more tokens are available: the session has ended, a setting is wrong, Logto is unreachable.
    pub(super) async fn tokens_for(
        &mut self,
        mut keys: Vec<TokenKey>,
        freshness: FreshnessPolicy,
    ) -> Result<Vec<(TokenKey, Result<AccessToken>)>> {
        keys.iter().try_for_each(TokenKey::check)?;
        let now = self.client.config().now();
        let (mut tokens, mut unexpired) = (Vec::new(), Vec::new());
        let id = {
            let loaded = self.read();
            let data = loaded.data().ok_or_else(not_authenticated)?;
            keys.retain(|key| {
                let Some(held) = data.access_token(key, now, Some(0)) else { return true };
                let is_fresh = freshness.is_met_by(held, now);
                match is_fresh {
                    true => tokens.push((key.clone(), Ok(AccessToken::from(held)))),
                    false => unexpired.push((key.clone(), AccessToken::from(held))),
                }
                !is_fresh
            });
            data.id
        };
        // A token in its last minute, for when there is no other.
        let last_resort = |key: &TokenKey| {
            let unexpired = unexpired.iter().find(|(of, _)| of == key).filter(|_| !freshness.force && !freshness.renew);
            unexpired.map(|(_, token)| token.clone())
        };
        self.check_organization_scope(&keys)?;
        let is_confidential = self.client.config().app_secret.is_some();
        let mut at_once = 1;
        while !keys.is_empty() {
            if self.get_refresh_token().is_none() {
                tokens.extend(keys.iter().filter_map(|key| Some((key.clone(), Ok(last_resort(key)?)))));
                if keys.iter().all(|key| last_resort(key).is_some()) {
                    break;
                }
                let message = "the access token has ended and the session holds no refresh token";
                return Err(Error::new(Code::NoRefreshToken, message));
            }
            let request = RefreshRequest { keys: keys.clone(), at_once, freshness };
            let refreshed = self.refresh(id, request).await?;
            at_once = if is_confidential && refreshed.kept { MAX_CONCURRENT_REQUESTS } else { 1 };
            for (key, result) in refreshed.access_tokens {
                keys.retain(|wanted| *wanted != key);
                let token = match (result, last_resort(&key)) {
                    (Ok(token), _) => Ok(AccessToken::from(&token)),
                    (Err(error), Some(unexpired)) if error.is_transient() => {
                        tracing::warn!(target: "logto::refresh", %error, "Logto cannot be asked; the present access token is used to its end");
                        Ok(unexpired)
                    }
                    (Err(error), _) if error.kind() == ErrorKind::Forbidden => {
                        self.forget_refused(id, &key);
                        Err(error)
                    }
                    (Err(error), _) => return Err(add_resource_to_error(error, &key, &self.client.config().resources)),
                };
                tokens.push((key, token));
            }
        }
        Ok(tokens)
    }

    /// What Logto refuses the user is not to be given out again: of an organization all tokens, with and without a resource, else the one.
    fn forget_refused(&self, id: SessionId, refused: &TokenKey) {
        let mut loaded = self.read();
        let data = loaded.data().filter(|data| data.id == id);
        let has_some =
            data.is_some_and(|data| data.access_tokens.iter().any(|token| token.key.is_refused_with(refused)));
        if has_some
            && !loaded.is_committed()
            && let Some(data) = loaded.data_mut()
        {
            data.access_tokens.retain(|token| !token.key.is_refused_with(refused));
        }
    }

    /// Refreshes some of the tokens of the session with this id, and keeps what came.
    ///
    /// With a store, a task saves the session before its result is told: a browser that goes away does not take the tokens with it.
    async fn refresh(&self, id: SessionId, request: RefreshRequest) -> Result<Refreshed> {
        let (refresh_token, before, stored, refreshes) = {
            let loaded = self.write()?;
            // Another task of the request may have signed another user in meanwhile, or in the answer before.
            let data = loaded.data().filter(|data| data.id == id).ok_or_else(not_authenticated)?;
            let refresh_token = data.refresh_token.clone().ok_or_else(not_authenticated)?;
            let claims = id_token_claims(&loaded).ok_or_else(not_authenticated)?;
            let before = Original { claims, issued_at: data.issued_at };
            (refresh_token, before, loaded.stored_copy(&self.client.config().cookies), data.refreshes)
        };
        let renewal = Renewal {
            client: self.client.clone(),
            refresh_token: refresh_token.clone(),
            request,
            before,
            refreshes,
            session: id,
        };
        let result = match stored {
            Some(copy) => renewal.run_and_save(copy).await,
            None => renewal.run().await.map(|refreshed| (refreshed, None)),
        };
        // The request may have signed the user out meanwhile, or signed another one in.
        let mut loaded = self.read();
        let is_same = !loaded.is_committed() && loaded.data().is_some_and(|data| data.id == id);
        let (refreshed, saved) = match result {
            Ok(refreshed) => refreshed,
            Err(error) => {
                if error.is(Code::SessionEnded) && is_same {
                    let ended = loaded.discard();
                    let event = EventKind::SessionRevoked.event().client_id(self.client.config().app_id());
                    let event = event.reason("refresh_refused").session(id.as_bytes());
                    event.sub(ended.as_ref().map_or("", |data| &data.subject.sub)).write();
                }
                return Err(error);
            }
        };
        match saved {
            _ if !is_same => {}
            Some(saved) => loaded.take_saved(saved),
            None if refreshed.has_more_than(&refresh_token) => {
                if let Some(data) = loaded.data_mut() {
                    refreshed.give_to(data);
                }
            }
            None => {}
        }
        Ok(refreshed)
    }

    fn check_organization_scope(&self, keys: &[TokenKey]) -> Result<()> {
        let asked = self.client.config().scopes.iter().any(|scope| scope == scopes::ORGANIZATIONS);
        if asked || keys.iter().all(|key| key.organization.is_none()) {
            return Ok(());
        }
        Err(Error::new(Code::MissingOrganizationScope, "the user was not asked for the scope of organizations"))
    }
}

/// Logto's answer does not say which resource it refuses, nor why.
fn add_resource_to_error(error: Error, key: &TokenKey, resources: &[String]) -> Error {
    let Some(resource) = key.resource.as_ref().filter(|_| error.is(Code::ResourceRefused)) else {
        return error;
    };
    let hint = if resources.contains(resource) {
        "Send the user to sign in again: a refresh token keeps the resources it was issued for. If that does not help, register the API resource in Logto Console › API resources under this very identifier."
    } else {
        "List the resource in `resources`: a user is asked for it at sign-in, so those who are signed in have to sign in again. It must be registered in Logto Console › API resources under this very identifier."
    };
    Error::new(Code::ResourceRefused, format!("Logto refused the resource `{resource}`"))
        .caused_by(error)
        .with_hint(hint)
}
