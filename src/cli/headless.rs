//! A program without a user in front of it: a personal access token, out of the environment, in the place of a sign-in.

use super::{CliClient, CliUser, refresh::Wanted};
use crate::{
    client::{AccessToken, stored_access_token},
    error::{Code, Error, Result},
    http::Repeat,
    oidc::{
        token::{self, Exchanged},
        user_info,
    },
    scopes,
    secret::Secret,
    session::StoredAccessToken,
    token_cache::{Tokens, Want},
    types::TokenKey,
};

/// What Logto calls a personal access token in a token exchange (RFC 8693 section 2.1).
const PERSONAL_ACCESS_TOKEN: &str = "urn:logto:token-type:personal_access_token";

pub(super) struct Headless {
    token: Secret,
    /// The app that exchanges it.
    app_id: String,
    exchanged: Tokens<TokenKey>,
}

impl Headless {
    pub(super) fn new(token: Secret, app_id: String, timeout: std::time::Duration) -> Self {
        // Discovery, and the token.
        Self { token, app_id, exchanged: Tokens::new(64, timeout.saturating_mul(2)) }
    }

    /// A token in exchange for the personal access token. It is kept in memory alone.
    pub(super) async fn token(&self, client: &CliClient, key: TokenKey, wanted: Wanted) -> Result<AccessToken> {
        let want = match &wanted {
            Wanted::Valid(validity) => Want::Valid(*validity),
            Wanted::OtherThan(Some(other)) => Want::InsteadOf(other.expose()),
            Wanted::Fresh | Wanted::OtherThan(None) => Want::Fresh,
        };
        let slot = self.exchanged.slot(&key);
        let (asking, subject, app_id) = (client.clone(), self.token.clone(), self.app_id.clone());
        let ask = move || async move { exchange(&asking, &subject, &app_id, key).await };
        Ok((&slot.get(want, &client.0.server.clock, ask).await?).into())
    }

    /// Whose it is.
    pub(super) async fn who(&self, client: &CliClient) -> Result<CliUser> {
        let token = self.token(client, TokenKey::default(), Wanted::Valid(None)).await?;
        let provider = client.provider()?;
        let metadata = provider.metadata().await?;
        let endpoint = metadata
            .userinfo_endpoint
            .as_ref()
            .ok_or_else(|| Error::new(Code::UserInfoFailed, "the server has no userinfo endpoint"))?;
        let issuers = provider.issuers(&metadata);
        let expected = user_info::Expected {
            sub: None,
            client_id: &self.app_id,
            issuers: &issuers,
            algorithms: client.0.server.algorithms,
            leeway: client.0.server.leeway,
            now: client.clock().now(),
        };
        let (transport, keys) = (provider.transport(), provider.keys(&metadata));
        let user_info = user_info::fetch(transport, endpoint, &Secret::new(token.token()), &keys, &expected).await?;
        Ok(CliUser::of_user_info(user_info))
    }
}

async fn exchange(client: &CliClient, subject: &Secret, app_id: &str, key: TokenKey) -> Result<StoredAccessToken> {
    let provider = client.provider()?;
    let metadata = provider.metadata().await?;
    let tokens = Exchanged {
        subject_token: subject,
        subject_token_type: PERSONAL_ACCESS_TOKEN,
        actor_token: None,
        // It works as often as one likes.
        repeat: Repeat::Always,
    };
    // Logto gives no scope that is not asked for; those of a sign-in are asked for once, here with each token.
    let asked = match key.scopes.is_empty() {
        true => client.0.scopes.iter().filter(|scope| *scope != scopes::OFFLINE_ACCESS).cloned().collect(),
        false => key.scopes.clone(),
    };
    let asking = TokenKey { scopes: asked, ..key.clone() };
    let asked_at = client.now();
    let app = token::Client { id: app_id, secret: None };
    let answer = token::exchange(provider.transport(), &metadata.token_endpoint, &app, &tokens, &asking).await?;
    Ok(stored_access_token(key, answer, &asking.scopes, asked_at))
}
