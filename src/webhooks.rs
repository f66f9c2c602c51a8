//! Webhooks of Logto: verification and reading of deliveries.
//!
//! Logto posts an [`Event`] to an address of the application when a user is created, is suspended, signs in, and so on (Logto Console › Webhooks).
//! The body is signed with the signing key of the webhook. [`Webhooks`] verifies the signature over the received body, and reads it.
//!
//! ```
//! use logto::webhooks::{EventName, Webhooks};
//!
//! # fn main() -> Result<(), logto::Error> {
//! let webhooks = Webhooks::new("the signing key, from Logto Console › Webhooks")?;
//! # let (signature, body) = (None::<&str>, b"");
//! match webhooks.verify(signature, body) {
//!     Ok(event) if event.name == EventName::UserSuspensionStatusUpdated => println!("{:?}", event.user_id()),
//!     Ok(event) => println!("{}", event.name),
//!     Err(error) => println!("{} {error}", error.http_status()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! With the features `axum`, `actix-web` and `rocket` an [`Event`] is an extractor, which keeps the received body. A delivery may arrive twice:
//! [`once`](Webhooks::once) processes it once across all instances.

mod event;
mod event_name;
mod once;

use std::{fmt, sync::Arc, time::Duration};

use aws_lc_rs::hmac;

pub use self::{
    event::{Event, WebhookApplication, WebhookUser},
    event_name::EventName,
};
use crate::{
    error::{Code, ConfigProblem, Error, Result},
    secret::Secret,
};

/// Logto sends a delivery in a packet or two. A client that sends one byte a minute does not hold a task without limit.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Verifies deliveries of webhooks. It is cheap to clone.
#[derive(Clone)]
pub struct Webhooks {
    keys: Arc<[hmac::Key]>,
}

impl Webhooks {
    /// The header that a delivery has its signature in: 64 hexadecimal digits in lower case.
    pub const SIGNATURE_HEADER: &'static str = "logto-signature-sha-256";
    /// Bytes of a body that are read. A user with all that Logto keeps of one has some kilobytes; an import of many users into an organization has 30
    /// bytes for each.
    pub const MAX_BODY_BYTES: usize = 1024 * 1024;

    /// Creates a verifier for deliveries that are signed with this key: Logto Console › Webhooks › the webhook › Signing key.
    ///
    /// # Errors
    /// `config.invalid` if the key is empty: anyone could sign with it.
    pub fn new(signing_key: impl Into<Secret>) -> Result<Self> {
        Self::with_signing_keys([signing_key])
    }

    /// Creates a verifier with several keys: of several webhooks, or the new and the old one while you change a key.
    ///
    /// # Errors
    /// `config.invalid` if there is no key, or an empty one.
    pub fn with_signing_keys<K: Into<Secret>>(signing_keys: impl IntoIterator<Item = K>) -> Result<Self> {
        let keys: Vec<Secret> = signing_keys.into_iter().map(Into::into).collect();
        if keys.is_empty() || keys.iter().any(|key| key.expose().trim().is_empty()) {
            let problem =
                "a signing key of a webhook is missing or empty (copy it from Logto Console › Webhooks › the webhook)";
            let problem = ConfigProblem::new("signing_key", problem.to_owned());
            return Err(Error::new(Code::ConfigInvalid, problem.to_string()).with_config_problems(vec![problem]));
        }
        let key = |key: &Secret| hmac::Key::new(hmac::HMAC_SHA256, key.expose().trim().as_bytes());
        Ok(Self { keys: keys.iter().map(key).collect() })
    }

    /// Verifies a delivery and returns its event. `signatures` are all its headers of the name [`SIGNATURE_HEADER`](Self::SIGNATURE_HEADER), of which
    /// there is to be one: an `Option<&str>`, or what a framework gives. `body` is the body as it came: JSON that was read and written again is other
    /// bytes.
    ///
    /// # Errors
    /// - `webhook.signature_missing` without the header.
    /// - `webhook.signature_invalid` if no key signed this body, the header is not 64 digits in lower case, or there are several.
    /// - `webhook.body_too_large` for more than [`MAX_BODY_BYTES`](Self::MAX_BODY_BYTES) bytes.
    /// - `webhook.body_invalid` if the body is signed, and is not an event as JSON.
    pub fn verify<V: AsRef<[u8]>>(&self, signatures: impl IntoIterator<Item = V>, body: &[u8]) -> Result<Event> {
        if body.len() > Self::MAX_BODY_BYTES {
            return Err(too_large());
        }
        let mut signatures = signatures.into_iter();
        let signature = signatures.next().ok_or_else(|| {
            Error::new(Code::WebhookUnsigned, format!("a delivery has no header `{}`", Self::SIGNATURE_HEADER))
        })?;
        if signatures.next().is_some() {
            return Err(Error::new(Code::WebhookSignature, "a delivery has several signatures"));
        }
        let signature = decode_hex(signature.as_ref()).ok_or_else(|| {
            Error::new(Code::WebhookSignature, "the signature is not 64 hexadecimal digits in lower case")
        })?;
        // Each is compared in constant time.
        if !self.keys.iter().any(|key| hmac::verify(key, body, &signature).is_ok()) {
            return Err(Error::new(Code::WebhookSignature, "no signing key made this signature of this body"));
        }
        Event::read(body)
    }

    /// Verifies a delivery like [`verify`](Self::verify), for a body that is not yet read: `read` returns it, and must fail after
    /// [`MAX_BODY_BYTES`](Self::MAX_BODY_BYTES) bytes. Nothing is read without a signature. For frameworks without an extractor.
    ///
    /// # Errors
    /// Those of `verify`; `webhook.body_too_large` where `read` fails or takes longer than 10 seconds.
    pub async fn receive<V, B, E>(
        &self,
        signatures: impl IntoIterator<Item = V>,
        read: impl Future<Output = std::result::Result<B, E>>,
    ) -> Result<Event>
    where
        V: AsRef<[u8]>,
        B: AsRef<[u8]>,
    {
        let signatures: Vec<V> = signatures.into_iter().take(2).collect();
        if signatures.is_empty() {
            return self.verify(signatures, &[]);
        }
        let body = tokio::time::timeout(READ_TIMEOUT, read).await.ok().and_then(std::result::Result::ok);
        let body = body.ok_or_else(too_large)?;
        self.verify(signatures, body.as_ref())
    }
}

fn too_large() -> Error {
    let message = format!("a delivery has more than {} bytes, broke off, or took too long", Webhooks::MAX_BODY_BYTES);
    Error::new(Code::WebhookBodyTooLarge, message)
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

/// 32 bytes in 64 digits, as Logto writes them. Another spelling is of somebody else.
fn decode_hex(text: &[u8]) -> Option<[u8; 32]> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let bytes = text.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    });
    bytes.collect::<Option<Vec<u8>>>()?.try_into().ok()
}
