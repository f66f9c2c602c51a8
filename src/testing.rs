//! A Logto for tests, in the process: see [`MockLogto`].
//!
//! For development and tests only. Turn the feature `testing` on under `[dev-dependencies]`:
//!
//! ```toml
//! [dev-dependencies]
//! logto = { version = "0.1", features = ["testing"] }
//! ```
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use logto::testing::{Endpoint, Fault, MockLogto};
//!
//! let mock = MockLogto::start().await;
//! assert!(mock.issuer().ends_with("/oidc"));
//!
//! // The user agrees, without a browser: this is the URL that the application's callback is opened with.
//! let url = format!("{}/auth?client_id={}&redirect_uri=http://localhost:3000/callback&response_type=code&scope=openid", mock.issuer(), mock.app_id());
//! let callback = mock.sign_in(&url, "ada").await;
//! assert!(callback.starts_with("http://localhost:3000/callback?code="));
//!
//! // Logto's bad days.
//! mock.inject_fault(Endpoint::Token, Fault::status(503).times(1));
//! # }
//! ```

mod clock;
mod conformance;
mod held_port;
mod instance;
mod mock;
mod playground;
mod session;

pub use self::{
    clock::TestClock,
    conformance::{StoreConformance, revocations::revocation_conformance, store_conformance},
    instance::another_instance,
    mock::{
        CustomJwtScript, Endpoint, Fault, MockAccessControl, MockAccountCenter, MockApp, MockConnector, MockDelivery,
        MockLogto, MockLogtoBuilder, MockOrganization, MockProviderToken, MockResource, MockUser, MockWebhook,
        RecordedRequest, SigningAlg,
    },
    playground::{ApiPlayground, Playground, PlaygroundError},
    session::TestSession,
};
