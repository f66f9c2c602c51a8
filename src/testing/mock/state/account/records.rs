//! Verification records: what a user has shown, for ten minutes.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::testing::mock::state::ids::short_id;
use crate::{
    error::Result,
    testing::mock::{
        directory::{MockProviderToken, mfa::Credential},
        state::State,
    },
};

const LIFETIME: Duration = Duration::from_secs(600);

#[derive(Debug)]
pub(crate) struct Record {
    /// Whose it is. `None` if it is about an address or an account that is not the user's yet.
    pub(crate) user_id: Option<String>,
    pub(crate) expires_at: SystemTime,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Password,
    Code(Box<CodeRecord>),
    Social(Box<SocialRecord>),
    Passkey(Box<PasskeyRecord>),
}

/// A code on its way to an address and back.
#[derive(Debug)]
pub(crate) struct CodeRecord {
    pub(crate) address: Address,
    pub(crate) code: String,
    pub(crate) wrong: usize,
    /// Whether it was sent to find out who the user is.
    pub(crate) for_permission: bool,
    pub(crate) verified: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) kind: AddressKind,
    pub(crate) value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressKind {
    Email,
    Phone,
}

#[derive(Debug)]
pub(crate) struct SocialRecord {
    pub(crate) connector: String,
    pub(crate) target: String,
    /// Who the user is at the provider, once it has said so.
    pub(crate) account: Option<Value>,
    pub(crate) token: Option<MockProviderToken>,
}

#[derive(Debug)]
pub(crate) struct PasskeyRecord {
    pub(crate) challenge: String,
    pub(crate) credential: Option<Credential>,
    pub(crate) agent: String,
}

impl Record {
    /// Whether it shows who the user is.
    fn permits(&self) -> bool {
        match &self.kind {
            Kind::Password => true,
            Kind::Code(code) => code.verified && code.for_permission,
            Kind::Social(_) | Kind::Passkey(_) => false,
        }
    }
}

impl State {
    /// Keeps a record. Gives its id, and when it ends.
    pub(crate) fn keep_record(&mut self, user_id: Option<String>, kind: Kind) -> Result<(String, SystemTime)> {
        let (id, expires_at) = (short_id()?, self.after(LIFETIME));
        self.account.records.insert(id.clone(), Record { user_id, expires_at, kind });
        Ok((id, expires_at))
    }

    /// The record, unless it is over.
    pub(crate) fn record(&self, id: &str) -> Option<&Record> {
        self.account.records.get(id).filter(|record| record.expires_at > self.now())
    }

    pub(crate) fn record_mut(&mut self, id: &str) -> Option<&mut Record> {
        let now = self.now();
        self.account.records.get_mut(id).filter(|record| record.expires_at > now)
    }

    /// Whether the record shows that it is this user who asks.
    pub(crate) fn is_permitted(&self, record: &str, user_id: &str) -> bool {
        let own = |record: &&Record| record.user_id.as_deref() == Some(user_id);
        self.record(record).filter(own).is_some_and(Record::permits)
    }
}
