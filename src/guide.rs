//! Guides: the documents of the repository, with their links.
//!
//! - [`concepts`]: redirects, tokens and sessions, for readers who are new to OpenID Connect
//! - [`configuration`]: every setting
//! - [`own_routes`]: sign-in and sign-out in your own handlers
//! - [`single_page`]: a single-page front end, htmx, server-sent events
//! - [`after_sign_in`]: accepting or refusing a sign-in, and storing data of the user
//! - [`stores`]: session stores
//! - [`lifetimes`]: session and token lifetimes
//! - [`organizations`]: organizations and their tokens
//! - [`saas`]: companies that sign up, invitations by magic link, colleagues of a domain
//! - [`step_up`]: step-up authentication: a recent or a stronger authentication
//! - [`guards`]: parts of an application that require sign-in, roles, your own error type
//! - [`machines`]: machine-to-machine access, calling APIs, token exchange
//! - [`management`]: users, roles and organizations by Logto's Management API
//! - [`cli`]: command line programs
//! - [`apis`]: an API that takes access tokens
//! - [`mcp`]: a server of the Model Context Protocol
//! - [`sign_out`]: sign-out, here and on all devices
//! - [`testing_your_app`]: testing your application: test sessions, MockLogto, a test clock
//! - [`deployment`]: before you go live; proxies, containers, several instances
//! - [`hosts`]: several hosts, and settings that change while the application runs
//! - [`troubleshooting`]: troubleshooting
//! - [`errors`]: every error
//! - [`adding_a_framework`]: a framework that has no integration
//! - [`from_next`]: coming from Next.js, or sharing sessions with it
//! - [`parity`]: each export of `@logto/next`, and what to use here
//! - [`comparison`]: other crates
//! - [`performance`]: figures, and how they were measured
//! - [`security`]: threats, checks, limits, and your responsibilities
//! - [`security_events`]: events of sign-ins, sessions and refusals in the log

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
    saas "saas.md"
    step_up "step-up.md"
    guards "guards.md"
    machines "machines.md"
    management "management.md"
    cli "cli.md"
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
