//! One public key of the server (RFC 7517), ready to verify.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, EcdsaVerificationAlgorithm,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents,
};
use base64_simd::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::{alg::Alg, algorithms::Algorithms};
use crate::error::excerpt;

/// RFC 7518 sections 3.3 and 3.5: a smaller key must not be used.
const RSA_MIN_BITS: usize = 2048;

/// A key, decoded once: what a verification needs is ready.
pub(crate) struct Key {
    kid: Option<String>,
    /// The only algorithm that the server wants it used with, if it says so.
    alg: Option<Alg>,
    material: Material,
}

enum Material {
    Ec { alg: Alg, key: ParsedPublicKey },
    Rsa { pkcs1: ParsedPublicKey, pss: ParsedPublicKey },
}

impl Key {
    /// Reads a JWK, or says why it cannot serve.
    pub(super) fn from_jwk(jwk: serde_json::Value) -> Result<Self, String> {
        let jwk: Jwk = serde_json::from_value(jwk).map_err(|error| error.to_string())?;
        // RFC 7517 sections 4.2 and 4.3: a key for encryption verifies nothing.
        if jwk.usage.as_deref().is_some_and(|usage| usage != "sig")
            || jwk.key_ops.as_ref().is_some_and(|ops| !ops.iter().any(|op| op == "verify"))
        {
            return Err("it is not for signatures".to_owned());
        }
        let alg = match jwk.alg.as_deref() {
            Some(name) => {
                Some(Alg::from_name(name).ok_or_else(|| format!("its algorithm {} is not accepted", excerpt(name)))?)
            }
            None => None,
        };
        let key = Self { material: Material::from_jwk(&jwk)?, kid: jwk.kid, alg };
        match key.alg {
            Some(alg) if !key.material.fits(alg) => {
                Err(format!("its type does not fit its algorithm {}", alg.as_str()))
            }
            _ => Ok(key),
        }
    }

    /// Whether the key may have made a signature of this algorithm.
    ///
    /// RFC 8725 section 3.1: a key is used with one algorithm. That of an EC key is told by its curve; an RSA key without `alg` has `rsa`.
    pub(super) fn supports(&self, alg: Alg, rsa: Alg) -> bool {
        self.only(rsa) == alg
    }

    fn only(&self, rsa: Alg) -> Alg {
        match (self.alg, &self.material) {
            (Some(alg), _) => alg,
            (None, Material::Ec { alg, .. }) => *alg,
            (None, Material::Rsa { .. }) => rsa,
        }
    }

    /// The algorithm that the key is used with.
    pub(super) fn algorithm(&self, algorithms: Algorithms) -> Alg {
        self.only(algorithms.of_unnamed_rsa_keys())
    }

    pub(super) fn has_kid(&self, kid: &str) -> bool {
        self.kid.as_deref() == Some(kid)
    }

    /// Whether the key made this signature over `message`.
    pub(super) fn verifies(&self, alg: Alg, message: &[u8], signature: &[u8]) -> bool {
        self.material.verifies(alg, message, signature)
    }
}

impl Material {
    /// RFC 7518 section 6: the parameters of each key type. Secrets (`oct`) and other curves are not for us.
    fn from_jwk(jwk: &Jwk) -> Result<Self, String> {
        match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("EC", Some("P-256")) => Self::ec(jwk, Alg::Es256, 32, &ECDSA_P256_SHA256_FIXED),
            ("EC", Some("P-384")) => Self::ec(jwk, Alg::Es384, 48, &ECDSA_P384_SHA384_FIXED),
            ("EC", Some("P-521")) => Self::ec(jwk, Alg::Es512, 66, &ECDSA_P521_SHA512_FIXED),
            ("RSA", _) => Self::rsa(jwk),
            (kty, crv) => {
                Err(format!("its type {} {} is not supported", excerpt(kty), excerpt(crv.unwrap_or_default())))
            }
        }
    }

    fn ec(jwk: &Jwk, alg: Alg, length: usize, check: &'static EcdsaVerificationAlgorithm) -> Result<Self, String> {
        let key = ParsedPublicKey::new(check, ec_point(jwk, length)?)
            .map_err(|error| format!("its point is no key: {error}"))?;
        Ok(Self::Ec { alg, key })
    }

    fn rsa(jwk: &Jwk) -> Result<Self, String> {
        let n = without_leading_zeros(parameter("n", jwk.n.as_deref())?);
        let e = without_leading_zeros(parameter("e", jwk.e.as_deref())?);
        if bits(&n) < RSA_MIN_BITS {
            return Err(format!("its modulus has {} bits, less than {RSA_MIN_BITS}", bits(&n)));
        }
        let components = RsaPublicKeyComponents { n, e };
        let parsed = |check: &'static RsaParameters| {
            components.to_parsed_public_key(check).map_err(|error| format!("its numbers are no key: {error}"))
        };
        Ok(Self::Rsa { pkcs1: parsed(&RSA_PKCS1_2048_8192_SHA256)?, pss: parsed(&RSA_PSS_2048_8192_SHA256)? })
    }

    fn fits(&self, alg: Alg) -> bool {
        match self {
            Self::Ec { alg: only, .. } => *only == alg,
            Self::Rsa { .. } => matches!(alg, Alg::Rs256 | Alg::Ps256),
        }
    }

    /// aws-lc-rs is called by name. A JWT library would take its backend from a default of the process, which is the application's to set.
    fn verifies(&self, alg: Alg, message: &[u8], signature: &[u8]) -> bool {
        let key = match (self, alg) {
            (Self::Ec { alg: only, key }, alg) if *only == alg => key,
            (Self::Rsa { pkcs1, .. }, Alg::Rs256) => pkcs1,
            (Self::Rsa { pss, .. }, Alg::Ps256) => pss,
            _ => return false,
        };
        key.verify_sig(message, signature).is_ok()
    }
}

/// A key as it is written. Private members, if a server were to publish them, are not read.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

/// An uncompressed point (SEC 1 section 2.3.3) from coordinates of full length (RFC 7518 section 6.2.1.2).
fn ec_point(jwk: &Jwk, length: usize) -> Result<Vec<u8>, String> {
    let (x, y) = (parameter("x", jwk.x.as_deref())?, parameter("y", jwk.y.as_deref())?);
    if x.len() != length || y.len() != length {
        return Err(format!("its coordinates have {} and {} bytes, not {length}", x.len(), y.len()));
    }
    Ok([&[4], x.as_slice(), y.as_slice()].concat())
}

fn parameter(name: &str, text: Option<&str>) -> Result<Vec<u8>, String> {
    let text = text.ok_or_else(|| format!("it has no `{name}`"))?;
    URL_SAFE_NO_PAD.decode_to_vec(text).map_err(|_| format!("its `{name}` is not base64url"))
}

/// RFC 7518 section 2 (`Base64urlUInt`) forbids leading zeros; some libraries write one all the same, for the sign.
fn without_leading_zeros(number: Vec<u8>) -> Vec<u8> {
    number.into_iter().skip_while(|byte| *byte == 0).collect()
}

fn bits(number: &[u8]) -> usize {
    let spare = number.first().map_or(0, |byte| byte.leading_zeros());
    (number.len() * 8).saturating_sub(usize::try_from(spare).unwrap_or(0))
}

#[cfg(test)]
mod tests;
