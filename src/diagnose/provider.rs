//! Logto itself: the discovery document, what it says of the server, and the keys.

use http::{HeaderMap, Method, StatusCode, header};
use serde_json::Value;
use url::Url;

use super::{Check, CheckOutcome, KEYS, clock};
use crate::{
    client::LogtoClient,
    error::{Code, Error, Result},
    http::{Repeat, parse_json, request, unexpected, valid},
    oidc::{
        discovery::{self, ProviderMetadata},
        jwks,
    },
    telemetry::Endpoint,
};

const DISCOVERY: &str = "discovery";
const ISSUER: &str = "issuer";
const ENDPOINTS: &str = "endpoints";

/// What the discovery document tells, and the document where it can be used.
pub(super) struct Provider {
    pub(super) checks: Vec<Check>,
    pub(super) metadata: Option<ProviderMetadata>,
}

impl LogtoClient {
    /// Asks for the document itself, not the cache: what was right an hour ago is not the question.
    pub(super) async fn check_discovery(&self) -> Provider {
        let asked = self.now();
        let (url, document, headers) = match self.fetch_discovery().await {
            Ok(answer) => answer,
            Err(error) => {
                let why = "Logto's discovery document was not read";
                let skipped = [clock::CLOCK, ISSUER, ENDPOINTS].map(|name| Check::skipped(name, why));
                let checks = [Check::failure(DISCOVERY, error.to_string(), self.discovery_hint(&error))];
                return Provider { checks: checks.into_iter().chain(skipped).collect(), metadata: None };
            }
        };
        let clock = clock::check(&headers, asked, self.now(), self.config().server.leeway);
        let issuer = self.check_issuer(&document);
        let (endpoints, metadata) = self.check_metadata(document);
        // A server that calls itself something else never receives the App secret.
        let metadata = metadata.filter(|_| issuer.outcome == CheckOutcome::Ok);
        Provider { checks: vec![Check::ok(DISCOVERY, format!("{url} answers")), clock, issuer, endpoints], metadata }
    }

    async fn fetch_discovery(&self) -> Result<(Url, Value, HeaderMap)> {
        let url = discovery::document_url(self.0.provider.addresses())?;
        let request = request(Method::GET, &url).header(header::ACCEPT, "application/json").body(Vec::new());
        let response = self.transport().send(Endpoint::Discovery, valid(request)?, Repeat::Always).await?;
        if response.status() != StatusCode::OK {
            return Err(unexpected(&response, Code::DiscoveryFailed, &url));
        }
        let document = parse_json(&response, Code::DiscoveryFailed, &url)?;
        Ok((url, document, response.into_parts().0.headers))
    }

    fn discovery_hint(&self, error: &Error) -> String {
        let endpoint = self.config().addresses().endpoint.as_str().trim_end_matches('/');
        match &self.config().addresses().internal_endpoint {
            _ if !error.is(Code::Unreachable) && !error.is(Code::Timeout) => error.hint().to_owned(),
            Some(internal) => format!(
                "Compare LOGTO_INTERNAL_ENDPOINT ({internal}) with where Logto runs, seen from here: DNS, firewall, TLS certificates."
            ),
            None => format!(
                "Compare LOGTO_ENDPOINT ({endpoint}) with where Logto runs. If that is right: DNS, firewall, TLS certificates; in a container, localhost is the container, and LOGTO_INTERNAL_ENDPOINT names the way out."
            ),
        }
    }

    fn check_issuer(&self, document: &Value) -> Check {
        let expected = self.config().issuer();
        let Some(found) = document.get("issuer").and_then(Value::as_str) else {
            let hint = format!("Set LOGTO_ENDPOINT to a Logto server; its issuer would be {expected}.");
            return Check::failure(ISSUER, "the document names no issuer", hint);
        };
        match discovery::check_issuer(found, self.0.provider.addresses()) {
            Ok(()) => Check::ok(ISSUER, found),
            Err(error) => {
                // Logto's issuer is its address and `/oidc`.
                let hint = match found.strip_suffix("/oidc") {
                    Some(address) => format!(
                        "Set LOGTO_ENDPOINT to {address}, which is what Logto calls itself (its ENDPOINT), or list {found} in LOGTO_ACCEPTED_ISSUERS. localhost and 127.0.0.1 are two addresses."
                    ),
                    None => format!(
                        "Set LOGTO_ENDPOINT to a Logto server, whose issuer ends with /oidc; or LOGTO_ISSUER to {found}, if that is the server you mean."
                    ),
                };
                Check::failure(ISSUER, error.to_string(), hint)
            }
        }
    }

    fn check_metadata(&self, document: Value) -> (Check, Option<ProviderMetadata>) {
        const NEEDED: [&str; 3] = ["authorization_endpoint", "token_endpoint", "jwks_uri"];
        const WANTED: [&str; 2] = ["userinfo_endpoint", "end_session_endpoint"];
        let hint =
            "Open the discovery document: a proxy may have changed it, or LOGTO_ENDPOINT may not be a Logto server.";
        let is_url = |name: &str| document.get(name).and_then(Value::as_str).is_some_and(|url| Url::parse(url).is_ok());
        let absent = |names: &[&str]| names.iter().filter(|name| !is_url(name)).copied().collect::<Vec<_>>().join(", ");
        let (needed, wanted) = (absent(&NEEDED), absent(&WANTED));
        if !needed.is_empty() {
            return (Check::failure(ENDPOINTS, format!("the document lacks {needed}"), hint), None);
        }
        let addresses = NEEDED.iter().chain(&WANTED).filter_map(|name| document.get(*name)?.as_str()?.parse().ok());
        let elsewhere = self.other_origins(addresses);
        let metadata = serde_json::from_value::<ProviderMetadata>(document)
            .map_err(|source| Error::new(Code::DiscoveryFailed, "the document cannot be read").with_source(source))
            .and_then(|metadata| metadata.resolve_endpoints(self.0.provider.addresses()));
        let metadata = match metadata {
            Ok(metadata) => metadata,
            Err(error) => return (Check::failure(ENDPOINTS, error.to_string(), hint), None),
        };
        let check = if let Some(check) = self.check_pushed_requests(&metadata) {
            check
        } else if !wanted.is_empty() {
            Check::warning(ENDPOINTS, format!("the document lacks {wanted}"), hint)
        } else if elsewhere.is_empty() {
            let pushed = match self.config().pushed_authorization_requests() {
                true => ", pushed_authorization_request_endpoint",
                false => "",
            };
            Check::ok(ENDPOINTS, format!("{}, {}{pushed}: all there", NEEDED.join(", "), WANTED.join(", ")))
        } else {
            let found = format!(
                "some are not at {} but at {elsewhere}",
                self.config().addresses().endpoint.origin().ascii_serialization()
            );
            Check::warning(
                ENDPOINTS,
                found,
                "Logto's ENDPOINT and the proxy before it (X-Forwarded-Proto, Host) should agree with LOGTO_ENDPOINT.",
            )
        };
        (check, Some(metadata))
    }

    /// Whether the server takes sign-ins as the settings have them begin (RFC 9126), if not.
    fn check_pushed_requests(&self, metadata: &ProviderMetadata) -> Option<Check> {
        let has_endpoint = metadata.pushed_authorization_request_endpoint.is_some();
        match (self.config().pushed_authorization_requests(), has_endpoint) {
            (true, false) => Some(Check::failure(
                ENDPOINTS,
                "the document lacks pushed_authorization_request_endpoint, and no sign-in begins without it",
                Code::NoPushedRequests.hint(),
            )),
            (false, _) if metadata.require_pushed_authorization_requests => Some(Check::failure(
                ENDPOINTS,
                "the server takes pushed authorization requests alone (require_pushed_authorization_requests)",
                "Set LOGTO_PUSHED_AUTHORIZATION_REQUESTS to true.",
            )),
            _ => None,
        }
    }

    /// The origins that are not Logto's, each once.
    fn other_origins(&self, endpoints: impl Iterator<Item = Url>) -> String {
        let config = self.config();
        let known = [Some(&config.addresses().endpoint), config.addresses().internal_endpoint.as_ref()];
        let known: Vec<_> = known.into_iter().flatten().map(Url::origin).collect();
        let mut others: Vec<_> = endpoints
            .map(|url| url.origin())
            .filter(|origin| !known.contains(origin))
            .map(|origin| origin.ascii_serialization())
            .collect();
        others.sort();
        others.dedup();
        others.join(", ")
    }

    pub(super) async fn check_keys(&self, metadata: &ProviderMetadata) -> Check {
        let algorithms = self.config().id_token_algorithms();
        let classification = match jwks::classify_keys(self.transport(), &metadata.jwks_uri, algorithms).await {
            Ok(classification) => classification,
            Err(error) => return Check::failure(KEYS, error.to_string(), error.hint()),
        };
        let skipped = match classification.skipped.as_slice() {
            [] => String::new(),
            reasons => format!("; {} of no use here ({})", reasons.len(), reasons.join("; ")),
        };
        match classification.usable.len() {
            0 => Check::failure(
                KEYS,
                format!("none that can verify a token{skipped}"),
                "Logto Console › Signing keys: rotate to a private key of type EC or RSA.",
            ),
            count => {
                Check::ok(KEYS, format!("{count} to verify tokens with: {}{skipped}", classification.usable.join(", ")))
            }
        }
    }

    fn now(&self) -> i64 {
        self.config().now()
    }
}
