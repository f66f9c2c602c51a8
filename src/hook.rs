//! The application's decision on a sign-in before it becomes a session.

mod refusal;
mod sign_in;

use std::{fmt, sync::Arc};

pub use self::{refusal::SignInRefusal, sign_in::SignIn};
pub(crate) use self::{
    refusal::{Answer, Refusal},
    sign_in::SignInFacts,
};
use crate::types::BoxFuture;

/// The function that an application has set.
#[derive(Clone)]
pub(crate) struct SignInHook(Arc<dyn Fn(SignIn) -> BoxFuture<'static, Result<(), SignInRefusal>> + Send + Sync>);

impl SignInHook {
    pub(crate) fn new<F, Fut>(hook: F) -> Self
    where
        F: Fn(SignIn) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), SignInRefusal>> + Send + 'static,
    {
        Self(Arc::new(move |sign_in| Box::pin(hook(sign_in))))
    }

    pub(crate) async fn ask(self, sign_in: SignIn) -> Result<(), SignInRefusal> {
        self.0(sign_in).await
    }
}

impl fmt::Debug for SignInHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInHook(…)")
    }
}
