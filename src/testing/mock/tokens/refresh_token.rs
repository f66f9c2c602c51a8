//! Refresh tokens.

use crate::{
    clock::random_token,
    testing::mock::{
        messages::error::OidcResult,
        state::{
            State,
            store::{Authorized, RefreshToken},
        },
    },
};

/// The first refresh token of a line.
pub(crate) fn issue(state: &mut State, what: &Authorized) -> OidcResult<String> {
    let now = state.now();
    let token = RefreshToken {
        what: what.clone(),
        line_began_at: now,
        issued_at: now,
        expires_at: state.after(state.refresh_token_ttl(&what.client_id)),
        replaced_at: None,
    };
    keep(state, token)
}

/// Keeps a refresh token. Gives its value.
pub(crate) fn keep(state: &mut State, token: RefreshToken) -> OidcResult<String> {
    let value = random_token()?;
    state.store.refresh_tokens.insert(value.clone(), token);
    Ok(value)
}
