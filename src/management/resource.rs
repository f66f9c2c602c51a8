//! Which API resource the Management API is.

use url::{Host, Url};

/// Of a self-hosted server, whose one tenant is called so.
const SELF_HOSTED: &str = "https://default.logto.app/api";

/// The resource of the tenant at this endpoint: on Logto Cloud the host names the tenant.
pub(super) fn of(endpoint: &Url) -> String {
    match endpoint.host() {
        Some(Host::Domain(host)) if host.ends_with(".logto.app") => format!("https://{host}/api"),
        _ => SELF_HOSTED.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_host_of_logto_cloud_names_the_tenant_and_every_other_host_is_self_hosted() {
        for (endpoint, resource) in [
            ("https://my-tenant.logto.app", "https://my-tenant.logto.app/api"),
            ("https://MY-tenant.logto.app/", "https://my-tenant.logto.app/api"),
            ("https://auth.example.com", SELF_HOSTED),
            ("https://logto.app.example.com", SELF_HOSTED),
            ("https://logto.app", SELF_HOSTED),
            ("http://localhost:3001", SELF_HOSTED),
            ("http://127.0.0.1:3001", SELF_HOSTED),
        ] {
            assert_eq!(of(&endpoint.parse().unwrap()), resource, "{endpoint}");
        }
    }
}
