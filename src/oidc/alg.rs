//! The signature algorithms that there are.

/// The signature algorithms that are accepted (RFC 7518 section 3.1): asymmetric ones, those that Logto supports, and related ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alg {
    Es256,
    Es384,
    Es512,
    Rs256,
    Ps256,
}

impl Alg {
    pub(crate) const ALL: [Self; 5] = [Self::Es256, Self::Es384, Self::Es512, Self::Rs256, Self::Ps256];
    pub(crate) const NAMES: &str = "ES256, ES384, ES512, RS256 or PS256";

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "ES512" => Self::Es512,
            "RS256" => Self::Rs256,
            "PS256" => Self::Ps256,
            _ => return None,
        })
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
        }
    }
}
