//! The claims of an ID token.

use std::time::SystemTime;

use super::{Audience, members::user_claims};

user_claims! {
    /// What an ID token says: who signed in, and when (OpenID Connect Core 2).
    ///
    /// Which claims about the user are there depends on the scopes that were asked for; `custom_data`, `identities`, `sso_identities` and
    /// `organization_data` also on the Console, which has them off (Sign-in & account › ID token). A claim that is null, or of another type
    /// than here, reads as absent. Custom claims (Console › Custom JWT) are in access tokens alone.
    ///
    /// ```
    /// let claims: logto::IdTokenClaims = serde_json::from_str(
    ///     r#"{"iss": "https://example.logto.app/oidc", "sub": "amc3emckvas6", "aud": "app", "exp": 1795389184, "iat": 1795385584,
    ///         "name": null, "email": "ada@example.test", "organization_roles": ["lh6cvveo9nmz:admin"], "custom_data": {"plan": "pro"}}"#,
    /// )?;
    /// assert_eq!(claims.name, None);
    /// assert_eq!(claims.email.as_deref(), Some("ada@example.test"));
    /// assert!(claims.organization_roles_of("lh6cvveo9nmz").eq(["admin"]));
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Subscription { plan: String }
    /// assert_eq!(claims.custom_data_as::<Subscription>()?.plan, "pro");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    struct IdTokenClaims {
        required {
            /// The Logto server that issued the token.
            iss: String,
            /// The user's id.
            sub: String,
            /// Whom the token is for: this app.
            aud: Audience,
            /// When the token expires.
            exp: SystemTime,
            /// When the token was issued.
            iat: SystemTime,
        }
        optional {
            /// When the token begins to be valid.
            nbf: SystemTime,
            /// The nonce of the sign-in that the token belongs to.
            nonce: String,
            /// The app that the token was issued to.
            azp: String,
            /// Half of the access token's hash (OpenID Connect Core 3.1.3.6).
            at_hash: String,
            /// When the user authenticated. Only where the sign-in asked for `max_age`.
            auth_time: SystemTime,
            /// How the user authenticated, as a class.
            acr: String,
            /// The session in Logto. Only where the app has back-channel logout with "session required".
            sid: String,
        }
        lists {
            /// How the user authenticated, as a list of methods (RFC 8176).
            amr,
        }
        json {}
    }
}

impl IdTokenClaims {
    /// Returns the names of the user's roles in one organization.
    pub fn organization_roles_of(&self, organization_id: &str) -> impl Iterator<Item = &str> {
        self.organization_roles.iter().filter_map(move |role| role.strip_prefix(organization_id)?.strip_prefix(':'))
    }
}
