//! A delivery of a webhook, signed.

use std::fmt::Write;

use aws_lc_rs::hmac;
use logto::webhooks::{Event, Webhooks};
use serde_json::{Map, Value, json};

const KEY: &str = "fzjWgkxtLaXB9bAatxeteGdsFpujQJsR";
const BYTES: usize = 4096;

pub struct Delivery {
    webhooks: Webhooks,
    signature: String,
    body: String,
}

impl Delivery {
    /// The members of a recorded one (`tests/fixtures/logto/92-webhooks/deliveries/02-user-data-updated.json`), and as much custom data as makes it
    /// 4,096 bytes.
    pub fn of_4_kb() -> Self {
        let mut settings: Map<_, _> =
            (0..50).map(|number| (format!("setting{number}"), "x".repeat(40).into())).collect();
        settings.insert("note".to_owned(), "".into());
        let missing = BYTES - body(&settings).len();
        settings.insert("note".to_owned(), "x".repeat(missing).into());
        let body = body(&settings);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes()), body.as_bytes());
        let mut signature = String::new();
        for byte in tag.as_ref() {
            write!(signature, "{byte:02x}").expect("a string takes it");
        }
        Self { webhooks: Webhooks::new(KEY).expect("a key"), signature, body }
    }

    pub fn verify(&self) -> Event {
        self.webhooks.verify([&self.signature], self.body.as_bytes()).expect("the signature is right")
    }
}

fn body(custom_data: &Map<String, Value>) -> String {
    let event = json!({
        "event": "User.Data.Updated", "createdAt": "2026-11-28T15:11:58.012Z", "ip": "127.0.0.1", "path": "/users/vxzzmdwmpnpi",
        "method": "PATCH", "status": 200, "params": { "userId": "vxzzmdwmpnpi" }, "matchedRoute": "/users/:userId",
        "data": {
            "id": "vxzzmdwmpnpi", "username": "eve_7aaefa", "primaryEmail": "eve_7aaefa@example.test", "primaryPhone": null, "name": "Eva",
            "avatar": null, "customData": custom_data, "identities": {}, "lastSignInAt": null, "createdAt": 1_795_878_717_604_u64,
            "updatedAt": 1_795_878_717_990_u64, "profile": {}, "applicationId": null, "cimdClientId": null, "isSuspended": false,
            "hasPassword": true,
        },
        "hookId": "14l4ezidypj0bn470mrn4",
    });
    event.to_string()
}
