//! The server's signing keys: generated at the start, newest first in the key set.

use std::io;

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{self, EcdsaKeyPair, KeyPair, RsaKeyPair, UnparsedPublicKey},
};
use base64_simd::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A signing algorithm (RFC 7518 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum SigningAlg {
    /// ECDSA, curve P-256.
    Es256,
    /// ECDSA, curve P-384: what Logto signs with unless told otherwise.
    #[default]
    Es384,
    /// ECDSA, curve P-521.
    Es512,
    /// RSASSA-PKCS1-v1_5 with SHA-256: what Logto signs with after a rotation to RSA.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
}

impl SigningAlg {
    /// The name in a JOSE header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
        }
    }
}

/// The keys, the current one first. Never empty.
#[derive(Debug)]
pub(crate) struct KeyRing {
    current: SigningKey,
    previous: Vec<SigningKey>,
}

impl KeyRing {
    pub(crate) fn generate(alg: SigningAlg) -> io::Result<Self> {
        Ok(Self { current: SigningKey::generate(alg)?, previous: Vec::new() })
    }

    pub(crate) fn rotate(&mut self, alg: SigningAlg) -> io::Result<()> {
        let retired = std::mem::replace(&mut self.current, SigningKey::generate(alg)?);
        self.previous.insert(0, retired);
        Ok(())
    }

    pub(crate) fn remove_previous(&mut self) {
        self.previous.clear();
    }

    pub(crate) fn current(&self) -> &SigningKey {
        &self.current
    }

    /// The JSON Web Key Set (RFC 7517 section 5).
    pub(crate) fn public(&self) -> Value {
        let keys: Vec<_> = std::iter::once(&self.current).chain(&self.previous).map(|key| key.jwk.clone()).collect();
        json!({ "keys": keys })
    }

    /// The claims of a JWT that one of these keys signed, whether expired or not.
    pub(crate) fn verify(&self, jwt: &str) -> Option<Value> {
        let (signed, signature) = jwt.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode_to_vec(header).ok()?).ok()?;
        let signature = URL_SAFE_NO_PAD.decode_to_vec(signature).ok()?;
        let kid = header.get("kid")?.as_str()?;
        let key = std::iter::once(&self.current).chain(&self.previous).find(|key| key.kid == kid)?;
        key.verifies(signed.as_bytes(), &signature).then_some(())?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode_to_vec(claims).ok()?).ok()
    }
}

/// A key pair with the name under which it is published.
#[derive(Debug)]
pub(crate) struct SigningKey {
    alg: SigningAlg,
    pair: Pair,
    kid: String,
    jwk: Value,
}

#[derive(Debug)]
enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl SigningKey {
    fn generate(alg: SigningAlg) -> io::Result<Self> {
        let failed = |_| io::Error::other("the key could not be generated");
        let (pair, mut jwk) = match alg {
            SigningAlg::Rs256 | SigningAlg::Ps256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
                let jwk = rsa_jwk(pair.public_key().as_ref()).ok_or_else(|| io::Error::other("not an RSA key"))?;
                (Pair::Rsa(pair), jwk)
            }
            SigningAlg::Es256 => ec_pair(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256").map_err(failed)?,
            SigningAlg::Es384 => ec_pair(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, "P-384").map_err(failed)?,
            SigningAlg::Es512 => ec_pair(&signature::ECDSA_P521_SHA512_FIXED_SIGNING, "P-521").map_err(failed)?,
        };
        // RFC 7638: the required members only, in alphabetical order, which is serde_json's.
        let kid = URL_SAFE_NO_PAD.encode_to_string(Sha256::digest(jwk.to_string()));
        if let Some(members) = jwk.as_object_mut() {
            members.insert("use".into(), "sig".into());
            members.insert("kid".into(), kid.clone().into());
            // Logto names the algorithm of its EC keys, and not that of its RSA keys, which are for RS256.
            if alg != SigningAlg::Rs256 {
                members.insert("alg".into(), alg.as_str().into());
            }
        }
        Ok(Self { alg, pair, kid, jwk })
    }

    pub(crate) fn alg(&self) -> SigningAlg {
        self.alg
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// A JWT with this header and these claims (RFC 7515 section 7.1). `None` only if the key refuses to sign.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> Option<String> {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode_to_string(value.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = self.signature(signed.as_bytes())?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode_to_string(signature)))
    }

    fn signature(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ec(pair) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let padding = match self.alg {
                    SigningAlg::Ps256 => &signature::RSA_PSS_SHA256,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signature).ok()?;
                Some(signature)
            }
        }
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let algorithm: &'static dyn signature::VerificationAlgorithm = match self.alg {
            SigningAlg::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
            SigningAlg::Es384 => &signature::ECDSA_P384_SHA384_FIXED,
            SigningAlg::Es512 => &signature::ECDSA_P521_SHA512_FIXED,
            SigningAlg::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            SigningAlg::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        };
        let public = match &self.pair {
            Pair::Ec(pair) => pair.public_key().as_ref(),
            Pair::Rsa(pair) => pair.public_key().as_ref(),
        };
        UnparsedPublicKey::new(algorithm, public).verify(message, signature).is_ok()
    }
}

fn ec_pair(
    algorithm: &'static signature::EcdsaSigningAlgorithm,
    curve: &str,
) -> Result<(Pair, Value), aws_lc_rs::error::Unspecified> {
    let pair = EcdsaKeyPair::generate(algorithm)?;
    // SEC 1 section 2.3.3: 0x04, then x and y in equal lengths.
    let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
    let (x, y) = point.split_at(point.len() / 2);
    let jwk = json!({ "kty": "EC", "crv": curve, "x": URL_SAFE_NO_PAD.encode_to_string(x), "y": URL_SAFE_NO_PAD.encode_to_string(y) });
    Ok((Pair::Ec(pair), jwk))
}

/// From the DER of RFC 8017 appendix A.1.1: a sequence of modulus and exponent.
fn rsa_jwk(der: &[u8]) -> Option<Value> {
    let (sequence, _) = der_element(der, 0x30)?;
    let (modulus, rest) = der_element(sequence, 0x02)?;
    let (exponent, _) = der_element(rest, 0x02)?;
    let encode = |integer: &[u8]| URL_SAFE_NO_PAD.encode_to_string(integer.strip_prefix(&[0]).unwrap_or(integer));
    Some(json!({ "kty": "RSA", "n": encode(modulus), "e": encode(exponent) }))
}

/// The content of the first element, which must have this tag, and what follows it (X.690 section 8.1).
fn der_element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[first, length], rest) = der.split_first_chunk()?;
    if first != tag {
        return None;
    }
    if length < 0x80 {
        return rest.split_at_checked(length.into());
    }
    let (octets, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
    let length = octets.iter().try_fold(0_usize, |sum, &octet| sum.checked_mul(256)?.checked_add(octet.into()))?;
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_every_algorithm_verifies_its_own_signature() {
        for alg in [SigningAlg::Es256, SigningAlg::Es384, SigningAlg::Es512, SigningAlg::Rs256, SigningAlg::Ps256] {
            let ring = KeyRing::generate(alg).unwrap();
            let header = json!({ "alg": alg.as_str(), "kid": ring.current().kid() });
            let jwt = ring.current().sign(&header, &json!({ "sub": "ada" })).unwrap();
            assert_eq!(ring.verify(&jwt), Some(json!({ "sub": "ada" })), "{alg:?}");
            assert_eq!(ring.verify(&jwt.replace('.', ".A")), None);
            assert_eq!(ring.verify("garbage"), None);
        }
    }

    #[test]
    fn a_signing_key_verifies_after_a_rotation_until_removed() {
        let mut ring = KeyRing::generate(SigningAlg::Es384).unwrap();
        let old = ring.current().sign(&json!({ "alg": "ES384", "kid": ring.current().kid() }), &json!({})).unwrap();
        ring.rotate(SigningAlg::Rs256).unwrap();
        let keys = ring.public();
        assert_eq!(keys["keys"][0]["kty"], "RSA");
        assert_eq!(keys["keys"][0].get("alg"), None);
        assert_eq!(keys["keys"][1]["alg"], "ES384");
        assert!(ring.verify(&old).is_some());
        ring.remove_previous();
        assert!(ring.verify(&old).is_none());
    }
}
