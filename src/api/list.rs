//! An API that accepts the tokens of several servers: which of them validates a token.

use std::sync::Arc;

use serde::Deserialize;
use tokio::task::JoinSet;
use tracing::Instrument;

use super::{
    Inner, ResourceServer,
    metadata::Metadata,
    opaque,
    verify::{jws_error, required},
};
use crate::{
    claims::{Audience, Claim},
    config::problems::Problems,
    error::{Code, Error, Result, excerpt},
    oidc::jws::decode_unverified,
    response::AuthResponse,
};

/// At least one server, no two of which could validate the same token.
pub(super) struct List {
    servers: Vec<Arc<Inner>>,
    /// A document for each resource of any of them.
    documents: Vec<Arc<Metadata>>,
}

/// Whose token it is and for whom, by its own word.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Addressed {
    iss: Claim<String>,
    aud: Claim<Audience>,
    organization_id: Claim<String>,
}

impl ResourceServer {
    /// Creates an API that accepts the tokens of several servers, for example of several tenants of Logto.
    ///
    /// ```
    /// use logto::api::{ApiAudience, ResourceServer};
    ///
    /// # fn example() -> logto::Result<()> {
    /// let books = ApiAudience::resource("https://api.example.com");
    /// let europe = ResourceServer::builder().endpoint("https://eu.logto.app").audience(books.clone()).build()?;
    /// let america = ResourceServer::builder().endpoint("https://us.logto.app").audience(books).build()?;
    /// let api = ResourceServer::one_of([europe, america])?;
    /// # drop(api); Ok(()) }
    /// ```
    ///
    /// The token's `iss` selects the server that validates it; nothing else is read before the verification. A token of another issuer is rejected
    /// without a request. Each server uses its own keys, audiences, settings and caches. If several have the same issuer, the first one with an
    /// audience for the token validates it.
    ///
    /// An opaque token names no issuer, so one server at most may have [`introspection`](super::ResourceServerBuilder::introspection): it is asked
    /// about all of them, and no server sees another's.
    ///
    /// The first server answers requests without a token, with its realm. The [metadata](Self::protected_resource_metadata) is that of each resource of
    /// any of them, and names each server that has the resource.
    ///
    /// Users are told apart by [`issuer`](super::AuthInfo::issuer) *and* [`sub`](super::AuthInfo::sub).
    ///
    /// # Errors
    /// `config.invalid`: there is none in the list; two have one issuer and one audience; an issuer of one is among the accepted issuers of another;
    /// two have introspection.
    pub fn one_of(servers: impl IntoIterator<Item = Self>) -> Result<Self> {
        let all = servers.into_iter().flat_map(|api| match api.list {
            Some(list) => list.servers.clone(),
            None => vec![api.server],
        });
        let list = List::of(all.collect());
        let mut problems = Problems::default();
        list.check(&mut problems);
        match list.servers.first().map(Arc::clone) {
            Some(server) if problems.0.is_empty() => Ok(Self { server, list: Some(Arc::new(list)), addressed: None }),
            _ => Err(problems.into_error()),
        }
    }
}

impl List {
    fn of(servers: Vec<Arc<Inner>>) -> Self {
        let mut documents: Vec<Arc<Metadata>> = Vec::new();
        for document in servers.iter().flat_map(|server| &server.metadata) {
            if documents.iter().all(|known| known.resource != document.resource) {
                documents.push(Arc::clone(document));
            }
        }
        Self { servers, documents }
    }

    fn check(&self, problems: &mut Problems) {
        problems.unless("resource_servers", !self.servers.is_empty(), || {
            "resource_servers is empty (`ResourceServer::one_of` needs a server whose tokens are taken)".into()
        });
        for (index, one) in self.servers.iter().enumerate() {
            for other in self.servers.iter().skip(index + 1) {
                one.check_beside(other, problems);
            }
        }
        problems.unless("introspection", self.servers.iter().filter(|server| server.opaque.is_some()).count() <= 1, || {
            "introspection is set for several servers of a list (an opaque token does not say whose it is, and no server may see another's: leave it to one)".into()
        });
    }

    /// Returns the server that validates a token.
    pub(super) fn server_for(&self, token: &str) -> Result<&Arc<Inner>> {
        let introspecting = self.servers.iter().find(|server| server.opaque.is_some());
        if let Some(server) = introspecting.filter(|_| opaque::is_opaque(token)) {
            return Ok(server);
        }
        let addressed: Addressed = match decode_unverified(token) {
            Ok(Some(addressed)) => addressed,
            Ok(None) if token.contains('.') => {
                return Err(Error::new(Code::BearerMalformed, "the access token has not the three parts of a JWS"));
            }
            Ok(None) => return Err(Error::new(Code::BearerOpaque, "the access token is opaque, expected a JWT")),
            Err(error) => return Err(jws_error(error)),
        };
        let iss = required(addressed.iss, "iss", Code::BearerIss)?;
        let of_issuer = || self.servers.iter().filter(|server| server.issuers().any(|issuer| issuer == iss));
        // Where the audience is no server's, the first of the issuer's says so, and not before it has verified the token.
        let (aud, organization) = (addressed.aud.optional(), addressed.organization_id.optional());
        let fitting = match (aud, organization) {
            (Ok(Some(aud)), Ok(organization)) => {
                of_issuer().find(|server| server.admits(&aud, organization.as_deref()))
            }
            _ => None,
        };
        fitting.or_else(|| of_issuer().next()).ok_or_else(|| {
            let expected: Vec<_> = self.servers.iter().map(|server| server.provider.issuer()).collect();
            let message =
                format!("the access token's iss is `{}`, expected `{}`", excerpt(&iss), expected.join("` or `"));
            Error::new(Code::BearerIss, message)
        })
    }

    pub(super) fn documents(&self) -> &[Arc<Metadata>] {
        &self.documents
    }

    /// Whether challenges name documents. One server that names none speaks for all: its address may be a mere name.
    pub(super) fn advertises(&self) -> bool {
        self.servers.iter().all(|server| server.is_advertised)
    }

    /// The document of a resource, in the name of all servers that have it.
    pub(super) fn metadata_response(&self, metadata: &Metadata) -> AuthResponse {
        let mut issuers: Vec<&str> = Vec::new();
        let mut scopes: Vec<&str> = Vec::new();
        for server in &self.servers {
            let Some(same) = server.metadata.iter().find(|other| other.resource == metadata.resource) else {
                continue;
            };
            add(&mut issuers, server.provider.issuer());
            same.scopes.iter().for_each(|scope| add(&mut scopes, scope));
        }
        metadata.response(&issuers, &scopes)
    }

    /// Asks all of them at once. The first failure is told when all have answered.
    pub(super) async fn warm_up(&self) -> Result<()> {
        let mut tasks = JoinSet::new();
        for server in &self.servers {
            let provider = Arc::clone(&server.provider);
            tasks.spawn(async move { provider.warm_up().await }.in_current_span());
        }
        tasks.join_all().await.into_iter().collect()
    }
}

impl Inner {
    /// What this server's tokens may have as `iss`.
    fn issuers(&self) -> impl Iterator<Item = &str> {
        let accepted = self.provider.addresses().accepted_issuers.iter().map(String::as_str);
        std::iter::once(self.provider.issuer()).chain(accepted)
    }

    fn admits(&self, aud: &Audience, organization: Option<&str>) -> bool {
        self.audiences.iter().any(|audience| audience.admit(aud, organization).is_ok())
    }

    /// No token can be meant for both: it would be validated with the keys of one on behalf of the other.
    fn check_beside(&self, other: &Self, problems: &mut Problems) {
        if self.provider.issuer() == other.provider.issuer() {
            if let Some(audience) = self.audiences.iter().find(|audience| other.audiences.contains(audience)) {
                problems.add(
                    "audience",
                    format!(
                        "audience `{audience}` is that of two servers with the issuer `{}` (name it once)",
                        self.provider.issuer()
                    ),
                );
            }
        } else if let Some(issuer) = self.issuers().find(|issuer| other.issuers().any(|known| known == *issuer)) {
            problems.add(
                "accepted_issuers",
                format!("accepted_issuers holds `{issuer}` of another server of the list (an issuer's tokens are signed by one server)"),
            );
        }
    }
}

fn add<'a>(list: &mut Vec<&'a str>, text: &'a str) {
    if !list.contains(&text) {
        list.push(text);
    }
}

#[cfg(test)]
mod tests;
