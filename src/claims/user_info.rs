//! The answer of the userinfo endpoint.

use super::members::user_claims;

user_claims! {
    /// What Logto's userinfo endpoint says about the user (OpenID Connect Core 5.3.2): more, and more recent, than the ID token.
    ///
    /// A member that is null, or of another type than here, reads as absent.
    struct UserInfo {
        required {
            /// The user's id.
            sub: String,
        }
        optional {}
        lists {}
        json {}
    }
}
