//! Guides: the documents of the repository, with their links.
//!
//! - [`concepts`]: redirects, tokens and sessions, for those who are new to OpenID Connect
//! - [`configuration`]: every setting
//! - [`own_routes`]: signing in and out in handlers of your own
//! - [`single_page`]: a front end of scripts, htmx, server-sent events
//! - [`after_sign_in`]: who is let in, and what the application notes of them
//! - [`stores`]: where sessions live
//! - [`lifetimes`]: how long everything lives
//! - [`organizations`]: organizations and their tokens
//! - [`step_up`]: a fresh or a stronger login
//! - [`guards`]: a part of an application for users alone, roles, errors of your own
//! - [`machines`]: programs that call APIs, in their own name or a user's
//! - [`apis`]: an API that takes access tokens
//! - [`mcp`]: a server that language models call, by the Model Context Protocol
//! - [`sign_out`]: signing out, here and everywhere
//! - [`testing_your_app`]: a Logto in your tests
//! - [`deployment`]: before you go live; proxies, containers, several instances
//! - [`hosts`]: several hosts, and settings that change while the application runs
//! - [`troubleshooting`]: when it does not work
//! - [`errors`]: every error
//! - [`adding_a_framework`]: a framework that has no integration
//! - [`from_next`]: coming from Next.js, or sharing sessions with it
//! - [`parity`]: each export of `@logto/next`, and what to use here
//! - [`comparison`]: other crates
//! - [`performance`]: figures, and how they were measured
//! - [`security`]: threats, checks, limits, and what is yours
//! - [`security_events`]: what the log says of sign-ins, sessions and refusals

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
    own_routes "own-routes.md"
    single_page "single-page.md"
    after_sign_in "after-sign-in.md"
    stores "stores.md"
    lifetimes "lifetimes.md"
    organizations "organizations.md"
    step_up "step-up.md"
    guards "guards.md"
    machines "machines.md"
    apis "apis.md"
    mcp "mcp.md"
    sign_out "sign-out.md"
    testing_your_app "testing-your-app.md"
    deployment "deployment.md"
    hosts "hosts.md"
    protected_app "protected-app.md"
    webhooks "webhooks.md"
    account "account.md"
    troubleshooting "troubleshooting.md"
    errors "errors.md"
    adding_a_framework "adding-a-framework.md"
    from_next "from-next.md"
    parity "parity.md"
    comparison "comparison.md"
    performance "performance.md"
    security "security.md"
    strict "strict.md"
    security_events "security-events.md"
}
