//! The provider behind the social connectors, which is the server itself.

use crate::testing::mock::state::ids::short_id;
use crate::{error::Result, testing::mock::state::State};

/// What the code in the provider's answer stands for.
#[derive(Debug)]
pub(crate) struct ProviderCode {
    pub(crate) connector: String,
    pub(crate) redirect_uri: String,
    /// The user's id at the provider.
    pub(crate) account: String,
    pub(crate) scope: String,
}

impl State {
    /// The user of this account agrees at the provider. Gives the code.
    pub(crate) fn agree_at_provider(&mut self, agreed: ProviderCode) -> Result<String> {
        let code = short_id()?;
        self.account.provider_codes.insert(code.clone(), agreed);
        Ok(code)
    }
}
