//! The recordings 90 to 99: Management API, Account API, webhooks, token exchange, MFA, device flow, Custom JWT, access control, and 142 requests of a comparison.

mod access;
mod account;
mod comparison;
mod device;
mod exchange;
mod management;
mod oidc;
mod organizations;
mod stand_in;
mod webhooks;
mod world;

use std::collections::BTreeSet;

pub(crate) async fn all() -> BTreeSet<String> {
    let mut done = BTreeSet::new();
    done.extend(account::account_api().await);
    done.extend(account::hidden_password().await);
    done.extend(exchange::token_exchange().await);
    done.extend(exchange::mfa().await);
    done.extend(device::device_flow().await);
    done.extend(access::custom_jwt().await);
    done.extend(access::access_control().await);
    done.extend(oidc::pushed_request().await);
    done.extend(oidc::hints().await);
    done.extend(oidc::permissions().await);
    done.extend(comparison::authorization().await);
    done.extend(comparison::sign_out().await);
    done.extend(comparison::tokens().await);
    done.extend(comparison::exchanges().await);
    done.extend(comparison::inspection().await);
    done.extend(comparison::the_rest().await);
    done.extend(webhooks::deliveries().await);
    done.extend(webhooks::management().await);
    done.extend(organizations::management().await);
    done.extend(organizations::deliveries().await);
    done.extend(management::access().await);
    done.extend(management::users().await);
    done.extend(management::roles().await);
    done.extend(management::resources().await);
    done.extend(management::applications().await);
    done.extend(management::the_rest().await);
    done.extend(management::deliveries().await);
    done
}
