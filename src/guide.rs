//! Guides: the documents of the repository, with their links.
//!
//! - [`concepts`]: redirects, tokens and sessions, for those who are new to OpenID Connect
//! - [`configuration`]: every setting
//! - [`stores`]: where sessions live
//! - [`lifetimes`]: how long everything lives
//! - [`organizations`]: organizations and their tokens
//! - [`step_up`]: a fresh or a stronger login
//! - [`machines`]: programs that call APIs, in their own name or a user's
//! - [`apis`]: an API that takes access tokens
//! - [`sign_out`]: signing out, here and everywhere
//! - [`testing_your_app`]: a Logto in your tests
//! - [`deployment`]: before you go live; proxies, containers, several instances
//! - [`troubleshooting`]: when it does not work
//! - [`errors`]: every error
//! - [`adding_a_framework`]: a framework that has no integration
//! - [`from_next`]: coming from Next.js, or sharing sessions with it
//! - [`parity`]: each export of `@logto/next`, and what to use here
//! - [`comparison`]: other crates
//! - [`performance`]: figures, and how they were measured
//! - [`security`]: threats, checks, limits, and what is yours

/// Links between documents are links between modules here: of two definitions of a label the first counts.
macro_rules! guides {
    ($($module:ident $file:literal)*) => {
        $(
            #[doc = include_str!("guide/links.md")]
            #[doc = ""]
            #[doc = include_str!(concat!("../docs/", $file))]
            pub mod $module {}
        )*
    };
}

guides! {
    concepts "concepts.md"
    configuration "configuration.md"
    stores "stores.md"
    lifetimes "lifetimes.md"
    organizations "organizations.md"
    step_up "step-up.md"
    machines "machines.md"
    apis "apis.md"
    sign_out "sign-out.md"
    testing_your_app "testing-your-app.md"
    deployment "deployment.md"
    troubleshooting "troubleshooting.md"
    errors "errors.md"
    adding_a_framework "adding-a-framework.md"
    from_next "from-next.md"
    parity "parity.md"
    comparison "comparison.md"
    performance "performance.md"
    security "security.md"
}
