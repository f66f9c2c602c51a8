//! The keys that the suite signs with: RS256, and an ES256 key beside it, as the official one publishes both.

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// How a token is signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Signature {
    /// By the RS256 key.
    #[default]
    Right,
    /// By the RS256 key, and then changed.
    Broken,
    /// `alg: none`, and no signature.
    None,
    /// Rightly, by a published key of another algorithm than was registered.
    Es256,
}

pub struct Keys {
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
    /// Made anew with each key.
    generation: u32,
    named: bool,
}

impl Keys {
    pub fn generate(generation: u32, named: bool) -> Self {
        Self {
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
            ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            generation,
            named,
        }
    }

    pub fn rotated(&self) -> Self {
        Self::generate(self.generation + 1, self.named)
    }

    /// The public RS256 key, without a name where there are none.
    pub fn rsa(&self) -> Value {
        let der = self.rsa.public_key().as_ref();
        // RFC 8017 appendix A.1.1, for 2048 bits: 0x30 length(4), 0x02 length(4), a zero, the modulus, and the exponent 65537.
        let modulus = &der[9..9 + 256];
        assert!(der[..9].ends_with(&[0]) && der.ends_with(&[1, 0, 1]), "another encoding than expected");
        self.jwk(json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(modulus), "e": "AQAB" }), "RS256")
    }

    pub fn ec(&self) -> Value {
        let point = self.ec.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
        self.jwk(json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y }), "ES256")
    }

    fn jwk(&self, mut jwk: Value, alg: &str) -> Value {
        jwk["use"] = "sig".into();
        jwk["alg"] = alg.into();
        if self.named {
            jwk["kid"] = self.kid(alg).into();
        }
        jwk
    }

    fn kid(&self, alg: &str) -> String {
        format!("{alg}-{}", self.generation)
    }

    /// The header of a token that is signed so.
    pub fn header(&self, signature: Signature) -> Value {
        let alg = match signature {
            Signature::Right | Signature::Broken => "RS256",
            Signature::None => return json!({ "alg": "none" }),
            Signature::Es256 => "ES256",
        };
        if self.named { json!({ "alg": alg, "kid": self.kid(alg) }) } else { json!({ "alg": alg }) }
    }

    pub fn sign(&self, header: &Value, claims: &Value, how: Signature) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let random = SystemRandom::new();
        let mut signature = match how {
            Signature::None => Vec::new(),
            Signature::Es256 => self.ec.sign(&random, signed.as_bytes()).unwrap().as_ref().to_vec(),
            Signature::Right | Signature::Broken => {
                let mut signature = vec![0; self.rsa.public_modulus_len()];
                self.rsa.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
                signature
            }
        };
        if how == Signature::Broken {
            signature[100] ^= 1;
        }
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
