//! The server's keys: which one verifies a token, and when to ask for newer ones.

use std::{future::Future, sync::Arc, time::Duration};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use url::Url;

use super::{
    algorithms::Algorithms,
    cached::{Cached, Caller, Turn},
    jwk::Key,
    jws::{Jws, JwsError},
};
use crate::{
    clock::Clock,
    error::{Code, Error, Result},
    http::{Fetched, Transport, path_of},
    telemetry::Endpoint,
};

/// For how long a key that the server has removed may still be trusted, if the server states no lifetime. New keys are noticed at once, by the tokens
/// that name them.
const KEY_SET_TTL: Duration = Duration::from_secs(60 * 60);

/// Where the keys come from: fetched when first needed, kept, fetched again when a token asks for one that is not among them.
#[derive(Debug)]
pub(crate) struct KeySource {
    cached: Cached<KeySet>,
}

impl KeySource {
    /// For a server that answers within `timeout`.
    pub(crate) fn new(timeout: Duration, clock: Arc<dyn Clock>) -> Self {
        Self { cached: Cached::new("keys", KEY_SET_TTL, timeout, clock) }
    }

    /// The keys, if nobody has to be asked for them.
    pub(crate) fn cached_keys(&self) -> Option<Arc<KeySet>> {
        self.cached.cached_value()
    }

    /// The keys, if they came within the hour, or if nobody has to be asked for them.
    pub(crate) fn recent_keys(&self) -> Option<Arc<KeySet>> {
        self.cached.recent_value()
    }

    /// The source, with what it needs to fetch.
    pub(crate) fn keys<'a>(&'a self, transport: &'a Transport, jwks_uri: &'a Url) -> Keys<'a> {
        Keys { cached: &self.cached, transport, jwks_uri, caller: Caller::Untrusted }
    }
}

/// A [`KeySource`] at work.
#[derive(Clone, Copy)]
pub(crate) struct Keys<'a> {
    cached: &'a Cached<KeySet>,
    transport: &'a Transport,
    jwks_uri: &'a Url,
    caller: Caller,
}

/// Other callers may fetch the key set meanwhile; after so many newer ones a token is verified by the last.
const MAX_REFETCHES: usize = 3;

impl Keys<'_> {
    /// For a token that the token endpoint has just given: for one whose key is not known, the keys are fetched once whatever others asked
    /// for a moment before. An untrusted caller cannot make up such a token, and who signs in cannot come again with it.
    pub(crate) fn for_issued_token(self) -> Self {
        Self { caller: Caller::Trusted, ..self }
    }

    /// Checks a token's signature and hands out its payload.
    ///
    /// A key that is not known, and a signature that does not verify (the server may have another key under the same id, after a restore
    /// or a new installation), ask the server once more. The cooldown of [`Cached`] keeps forged tokens from asking at will.
    pub(crate) async fn verify(&self, jws: Jws<'_>) -> Result<Vec<u8>, JwsError> {
        self.find_verifying_keys(&jws).await.map(|_| jws.payload)
    }

    /// [`verify`](Self::verify), for those who remember the verdict: it holds as long as the keys are these.
    pub(crate) async fn verify_with_keys(&self, jws: Jws<'_>) -> Result<(Vec<u8>, Arc<KeySet>), JwsError> {
        self.find_verifying_keys(&jws).await.map(|keys| (jws.payload, keys))
    }

    /// The keys of now.
    pub(crate) async fn current(&self) -> Result<Arc<KeySet>> {
        self.cached.get(self.caller, || self.fetch()).await
    }

    /// The keys by which the signature is right.
    async fn find_verifying_keys(&self, jws: &Jws<'_>) -> Result<Arc<KeySet>, JwsError> {
        let (mut keys, came) = if let Some(keys) = self.cached.cached_value() {
            (keys, None)
        } else {
            let came = self.cached.turn();
            (self.current().await.map_err(JwsError::Keys)?, Some(came))
        };
        let mut verdict = keys.verify(jws);
        if verdict.is_ok() {
            return Ok(keys);
        }
        let came = came.unwrap_or_else(|| self.cached.turn());
        for _ in 0..MAX_REFETCHES {
            match self.refetch(came, &keys).await {
                Ok(newer) if Arc::ptr_eq(&newer, &keys) => break,
                Ok(newer) => (verdict, keys) = (newer.verify(jws), newer),
                // The known key has spoken.
                Err(_) if matches!(verdict, Err(JwsError::BadSignature { .. })) => break,
                Err(error) => return Err(JwsError::Keys(error)),
            }
            if verdict.is_ok() {
                break;
            }
        }
        verdict.map(|()| keys)
    }

    async fn refetch(&self, came: Turn, known: &Arc<KeySet>) -> Result<Arc<KeySet>> {
        self.cached.refetch(self.caller, came, known, || self.fetch()).await
    }

    fn fetch(&self) -> impl Future<Output = Result<Fetched<KeySet>>> + Send + use<> {
        let (transport, jwks_uri) = (self.transport.clone(), self.jwks_uri.clone());
        async move {
            let keys: Fetched<KeySet> = transport.get_json(Endpoint::KeySet, &jwks_uri, Code::KeySetFailed).await?;
            // It would take the place of keys that serve.
            if keys.value.keys.is_empty() {
                let message = format!("{} answered without a key that can verify a signature", path_of(&jwks_uri));
                return Err(Error::new(Code::KeySetFailed, message).for_now());
            }
            Ok(keys)
        }
    }
}

/// The keys of one answer (RFC 7517 section 5), those that can serve.
#[derive(Deserialize)]
#[serde(from = "Document")]
pub(crate) struct KeySet {
    keys: Vec<Key>,
    fingerprint: Fingerprint,
}

/// SHA-256 of a key set: two answers with the same keys are the same set, whenever they came.
pub(crate) type Fingerprint = [u8; 32];

impl KeySet {
    pub(crate) fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// Whether one of the keys signed the token.
    pub(crate) fn verify(&self, jws: &Jws<'_>) -> Result<(), JwsError> {
        let mut candidates = self.candidates(jws).peekable();
        if candidates.peek().is_none() {
            let known = self.keys.iter().filter(|key| key.supports(jws.alg, jws.rsa)).count();
            return Err(JwsError::UnknownKey { kid: jws.kid.clone(), alg: jws.alg, known });
        }
        if candidates.any(|key| key.verifies(jws.alg, jws.signing_input.as_bytes(), &jws.signature)) {
            Ok(())
        } else {
            Err(JwsError::BadSignature { alg: jws.alg })
        }
    }

    /// The keys that may have signed the token: those it names, or all if it names none (OpenID Connect Core 10.1), of the right type.
    fn candidates(&self, jws: &Jws<'_>) -> impl Iterator<Item = &Key> {
        self.keys
            .iter()
            .filter(|key| key.supports(jws.alg, jws.rsa) && jws.kid.as_deref().is_none_or(|kid| key.has_kid(kid)))
    }
}

/// What a key set holds, for a person to read.
#[derive(Debug)]
pub(crate) struct KeyClassification {
    /// The algorithms of the keys that can serve, one a key.
    pub(crate) usable: Vec<&'static str>,
    /// Why the others cannot.
    pub(crate) skipped: Vec<String>,
}

/// Fetches the key set past the cache, and says what is in it.
pub(crate) async fn classify_keys(
    transport: &Transport,
    jwks_uri: &Url,
    algorithms: Algorithms,
) -> Result<KeyClassification> {
    let document: Fetched<Document> = transport.get_json(Endpoint::KeySet, jwks_uri, Code::KeySetFailed).await?;
    let mut classification = KeyClassification { usable: Vec::new(), skipped: Vec::new() };
    for jwk in document.value.keys {
        match Key::from_jwk(jwk) {
            Ok(key) => match key.algorithm(algorithms) {
                alg if algorithms.admit(alg) => classification.usable.push(alg.as_str()),
                alg => classification.skipped.push(format!("it is for {}, and taken is {algorithms}", alg.as_str())),
            },
            Err(reason) => classification.skipped.push(reason),
        }
    }
    Ok(classification)
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

impl From<Document> for KeySet {
    fn from(document: Document) -> Self {
        // RFC 7517 section 5: a key that is not understood is skipped, so a new kind of key does not lock everyone out.
        let read = |jwk| {
            Key::from_jwk(jwk)
                .inspect_err(|reason| tracing::debug!(target: "logto::jwks", %reason, "skipped a key"))
                .ok()
        };
        let written = serde_json::Value::Array(document.keys.clone()).to_string();
        let fingerprint = Sha256::digest(written.as_bytes()).into();
        Self { keys: document.keys.into_iter().filter_map(read).collect(), fingerprint }
    }
}

impl std::fmt::Debug for KeySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeySet").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
