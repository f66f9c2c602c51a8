//! `90-management/auth`.

use logto::{Result, management::Nothing};

use super::replay::{Recorded, replay};

const NOT_OURS: &[&str] = &[
    // Each request of ours has a bearer token; a token that is refused is replaced, which `refusals.rs` has.
    "01-no-token",
    "02-garbage",
    "06-basic",
    // The token endpoint: `refusals.rs` has them.
    "04-token-without-role",
    "08-token-with-role",
    // No request of ours is conditional.
    "13-conditional",
];

const REFUSED: &[(&str, &str)] = &[
    ("05-no-scope", "management.forbidden"),
    ("10-unknown-route", "management.no_such_operation"),
    ("11-unknown-method", "management.no_such_operation"),
];

async fn perform(recorded: &Recorded) -> Result<()> {
    match recorded.path().as_slice() {
        ["status"] => recorded.management.get::<Nothing>("/status").await.map(drop),
        ["users"] if recorded.method == "GET" => recorded.page(recorded.management.users().list()).await,
        _ => recorded.any().await,
    }
}

#[tokio::test]
async fn management_recorded_auth() {
    assert_eq!(replay("90-management/auth", NOT_OURS, REFUSED, perform).await, 5);
}
