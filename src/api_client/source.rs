//! Where the access tokens for an API come from.

use std::sync::Arc;

use crate::{
    client::{AccessToken, RequestSession},
    error::Result,
    machine::{MachineClient, OnBehalfOf},
    types::{BoxFuture, TokenOptions},
};

/// Gives access tokens: a [`MachineClient`] its own, a [`RequestSession`] those of the user who is signed in, [`OnBehalfOf`] those of the user who
/// called an API, an [`AccessToken`] itself.
///
/// Implement it to choose among them, say a user where somebody is signed in and else the machine.
pub trait TokenSource: Send + Sync {
    /// A token that is valid as far as is known here.
    ///
    /// # Errors
    /// Whatever keeps the source from giving one.
    fn access_token<'a>(&'a self, options: &'a TokenOptions) -> BoxFuture<'a, Result<AccessToken>>;

    /// A token in place of one that the API refused. The same one again means that there is no other.
    ///
    /// By default the present one, if it is another already; else one that is forced to be fresh. So many requests that were refused with
    /// one token ask Logto once.
    ///
    /// # Errors
    /// Whatever keeps the source from giving one.
    fn replace_rejected<'a>(
        &'a self,
        refused: &'a AccessToken,
        options: &'a TokenOptions,
    ) -> BoxFuture<'a, Result<AccessToken>> {
        Box::pin(async move {
            let present = self.access_token(options).await?;
            if present.token() == refused.token() {
                return self.access_token(&options.clone().force_refresh(true)).await;
            }
            Ok(present)
        })
    }
}

impl<T: TokenSource + ?Sized> TokenSource for Arc<T> {
    fn access_token<'a>(&'a self, options: &'a TokenOptions) -> BoxFuture<'a, Result<AccessToken>> {
        (**self).access_token(options)
    }

    fn replace_rejected<'a>(
        &'a self,
        refused: &'a AccessToken,
        options: &'a TokenOptions,
    ) -> BoxFuture<'a, Result<AccessToken>> {
        (**self).replace_rejected(refused, options)
    }
}

impl TokenSource for MachineClient {
    fn access_token<'a>(&'a self, options: &'a TokenOptions) -> BoxFuture<'a, Result<AccessToken>> {
        Box::pin(self.get_access_token(options.clone()))
    }

    fn replace_rejected<'a>(
        &'a self,
        refused: &'a AccessToken,
        options: &'a TokenOptions,
    ) -> BoxFuture<'a, Result<AccessToken>> {
        Box::pin(self.replace_access_token(refused, options))
    }
}

impl TokenSource for OnBehalfOf {
    fn access_token<'a>(&'a self, options: &'a TokenOptions) -> BoxFuture<'a, Result<AccessToken>> {
        Box::pin(self.get_access_token(options.clone()))
    }

    fn replace_rejected<'a>(
        &'a self,
        refused: &'a AccessToken,
        options: &'a TokenOptions,
    ) -> BoxFuture<'a, Result<AccessToken>> {
        Box::pin(self.replace_access_token(refused, options))
    }
}

impl TokenSource for RequestSession {
    fn access_token<'a>(&'a self, options: &'a TokenOptions) -> BoxFuture<'a, Result<AccessToken>> {
        Box::pin(self.get_access_token(options.clone()))
    }
}

impl TokenSource for AccessToken {
    fn access_token<'a>(&'a self, _: &'a TokenOptions) -> BoxFuture<'a, Result<AccessToken>> {
        Box::pin(async { Ok(self.clone()) })
    }
}
