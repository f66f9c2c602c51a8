//! What a user reads and types who is verified by a code.

use crate::testing::mock::{MockLogto, tokens::totp};

/// Codes, for tests that do what a user does.
impl MockLogto {
    /// The last code that the Account API sent to an e-mail address or a phone number. Nothing is really sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mock = logto::testing::MockLogto::start().await;
    /// assert_eq!(mock.sent_code("ada@example.test"), None);
    /// # }
    /// ```
    #[must_use]
    pub fn sent_code(&self, address: &str) -> Option<String> {
        self.shared.state().account.sent_codes.get(address).cloned()
    }

    /// What an authenticator app shows now, by the server's clock, for a TOTP secret (RFC 6238: SHA-1, six digits, 30 seconds).
    ///
    /// # Panics
    ///
    /// If the secret is no Base32.
    #[allow(clippy::expect_used, reason = "a test cannot go on without the code it asks for")]
    #[must_use]
    pub fn totp_code(&self, secret: &str) -> String {
        totp::code(secret, self.shared.state().now()).expect("the secret is Base32")
    }
}
