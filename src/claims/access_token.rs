//! The claims of an access token that is a JWT.

use std::time::SystemTime;

use super::{Actor, Audience, members::claims};

claims! {
    /// What an access token for an API resource or an organization says (RFC 9068).
    ///
    /// An access token without a resource is opaque: it has no claims.
    struct AccessTokenClaims {
        required {
            /// The Logto server that issued the token.
            iss: String,
            /// The user's id; for a machine-to-machine app its client id.
            sub: String,
            /// The API resource, or `urn:logto:organization:<id>` for an organization token.
            aud: Audience,
            /// When the token expires.
            exp: SystemTime,
            /// When the token was issued.
            iat: SystemTime,
        }
        optional {
            /// When the token begins to be valid.
            nbf: SystemTime,
            /// The app that the token was issued to.
            client_id: String,
            /// The scopes, separated by spaces. Logto leaves it out of a machine's token that has none.
            scope: String,
            /// The token's own id.
            jti: String,
            /// The organization of a token for an API resource in an organization. An organization token names it in `aud` instead.
            organization_id: String,
            /// When the user last authenticated (RFC 9068 section 2.2.1).
            auth_time: SystemTime,
            /// How strongly the user authenticated (RFC 9068 section 2.2.1).
            acr: String,
        }
        lists {
            /// By which methods the user authenticated (RFC 9068 section 2.2.1).
            amr,
            /// Names of roles (RFC 9068 section 2.2.3.1). Logto puts them there if a custom token claim of this name says so.
            roles,
        }
        json {}
        objects {
            /// Who acts for `sub`, after a token exchange with an actor token (RFC 8693 section 4.1).
            act: Actor,
        }
    }
}

impl AccessTokenClaims {
    /// Returns the scopes, one by one, in the token's order (which is not the order they were asked for).
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.as_deref().unwrap_or_default().split_ascii_whitespace()
    }
}
