//! What the Account API knows: verification records, codes that were sent, wrong attempts, pictures.

pub(crate) mod lockouts;
pub(crate) mod provider;
pub(crate) mod records;

use std::collections::HashMap;

use bytes::Bytes;

use self::{lockouts::Lockouts, provider::ProviderCode, records::Record};

#[derive(Debug, Default)]
pub(crate) struct AccountState {
    pub(crate) records: HashMap<String, Record>,
    /// The last code that was sent to an e-mail address or a phone number.
    pub(crate) sent_codes: HashMap<String, String>,
    pub(crate) lockouts: Lockouts,
    /// By the code in the provider's answer.
    pub(crate) provider_codes: HashMap<String, ProviderCode>,
    /// By path.
    pub(crate) pictures: HashMap<String, Picture>,
}

/// A picture that was uploaded.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    pub(crate) media_type: &'static str,
    pub(crate) bytes: Bytes,
}
