//! Deliveries of webhooks: those that a real Logto sent, and those that somebody else might.

mod extractors;
mod once;

use std::{collections::BTreeSet, fs, path::Path, time::UNIX_EPOCH};

use logto::{
    ErrorCode,
    webhooks::{Event, EventName, WebhookUser, Webhooks},
};
use serde_json::Value;

use crate::logs::listen;

/// A delivery as it was recorded.
pub struct Delivery {
    pub file: String,
    pub key: String,
    pub signature: String,
    pub body: String,
}

pub fn recorded() -> Vec<Delivery> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/logto/92-webhooks");
    let read = |path: &Path| -> Value { serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap() };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut all: Vec<_> = fs::read_dir(folder.join("deliveries"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let delivery = read(&path);
            let request = &delivery["request"];
            Delivery {
                file: path.file_name().unwrap().to_str().unwrap().to_owned(),
                key: text(&delivery["signing_key"]),
                signature: text(&request["headers"]["logto-signature-sha-256"]),
                body: text(&request["body"]),
            }
        })
        .collect();
    all.sort_by(|one, other| one.file.cmp(&other.file));
    let key = all[0].key.clone();
    for delivery in read(&folder.join("retries-on-500.json"))["deliveries"].as_array().unwrap() {
        all.push(Delivery {
            file: "retries-on-500.json".to_owned(),
            key: key.clone(),
            signature: text(&delivery["headers"]["logto-signature-sha-256"]),
            body: text(&delivery["body"]),
        });
    }
    assert_eq!(all.len(), 21);
    all
}

pub fn delivery(file: &str) -> Delivery {
    recorded().into_iter().find(|delivery| delivery.file == file).unwrap()
}

fn verified(delivery: &Delivery) -> Event {
    let webhooks = Webhooks::new(delivery.key.as_str()).unwrap();
    webhooks.verify([&delivery.signature], delivery.body.as_bytes()).unwrap()
}

#[test]
fn every_recorded_delivery_is_verified_and_loses_no_member() {
    let mut names = BTreeSet::new();
    for delivery in recorded() {
        let event = verified(&delivery);
        let sent: Value = serde_json::from_str(&delivery.body).unwrap();
        assert_eq!(event.name.as_str(), sent["event"], "{}", delivery.file);
        assert!(!matches!(event.name, EventName::Other(_)), "{}", delivery.file);
        assert_eq!(event.hook_id, sent["hookId"], "{}", delivery.file);
        let known = [
            "event",
            "hookId",
            "createdAt",
            "application",
            "user",
            "data",
            "params",
            "organizationId",
            "addedUserIds",
            "removedUserIds",
            "sessionId",
            "ip",
            "userIp",
        ];
        for (name, value) in sent.as_object().unwrap() {
            assert!(
                known.contains(&name.as_str()) || event.extra.get(name) == Some(value),
                "{}: {name}",
                delivery.file
            );
        }
        assert_eq!(event.data.as_ref(), sent.get("data"), "{}", delivery.file);
        assert_eq!(event.ip.as_deref(), sent.get("ip").or_else(|| sent.get("userIp")).and_then(Value::as_str));
        names.insert(event.name.to_string());
    }
    assert_eq!(names.len(), 15, "{names:?}");
}

#[test]
fn a_delivery_tells_when_what_happened_to_whom() {
    let created = verified(&delivery("01-user-created.json"));
    assert_eq!((&created.name, created.user_id()), (&EventName::UserCreated, Some("vxzzmdwmpnpi")));
    assert_eq!(created.created_at.duration_since(UNIX_EPOCH).unwrap().as_millis(), 1_795_878_717_616);
    let user: WebhookUser = created.data_as().unwrap();
    assert_eq!((user.name.as_deref(), user.is_suspended), (Some("Eve · 이브 \"q\" \\ </script>"), false));
    assert_eq!(user.extra["hasPassword"], true);

    let suspended = verified(&delivery("03-user-suspended.json"));
    assert_eq!(suspended.name, EventName::UserSuspensionStatusUpdated);
    assert!(suspended.data_as::<WebhookUser>().unwrap().is_suspended);
    assert_eq!(suspended.user_id(), Some("vxzzmdwmpnpi"));

    let signed_in = verified(&delivery("05-post-sign-in.json"));
    assert_eq!(signed_in.user_id(), Some("vxzzmdwmpnpi"));
    let application = signed_in.application.as_ref().unwrap();
    assert_eq!((application.id.as_str(), application.kind.as_deref()), ("quxrgtxn5inac2i09j1fa", Some("Traditional")));
    assert_eq!(
        (signed_in.ip.as_deref(), signed_in.extra["interactionEvent"].as_str()),
        (Some("127.0.0.1"), Some("SignIn"))
    );
    assert!(signed_in.session_id.is_some() && signed_in.data.is_none());

    let members = verified(&delivery("07-membership-updated.json"));
    assert_eq!((members.user_id(), members.organization_id.as_deref()), (None, Some("wljhsahaqd86")));
    assert_eq!(
        (members.added_user_ids.as_slice(), members.removed_user_ids.len()),
        (["vxzzmdwmpnpi".to_owned()].as_slice(), 0)
    );
    assert_eq!(verified(&delivery("08-membership-updated-put.json")).removed_user_ids, ["vxzzmdwmpnpi"]);

    for (file, id) in
        [("10-organization-deleted.json", "wljhsahaqd86"), ("14-role-deleted.json", "jneww0yoars9qvb7zap68")]
    {
        let deleted = verified(&delivery(file));
        assert_eq!((deleted.user_id(), deleted.data.is_none(), deleted.params["id"].as_str()), (None, true, Some(id)));
    }
}

/// Each event that the description of the Management API lets a webhook be registered for has a name here, and no other has.
#[test]
fn every_event_has_a_name_and_an_unknown_one_survives() {
    for name in EventName::ALL {
        assert_eq!(&EventName::from(name.as_str()), name);
        assert_eq!(serde_json::from_value::<EventName>(serde_json::to_value(name).unwrap()).unwrap(), *name);
    }
    assert_eq!(EventName::ALL.len(), 29);
    let body = br#"{"event":"Passkey.Created","hookId":"h","createdAt":"2027-01-01T00:00:00.000Z","user":null,"passkey":{"id":1}}"#;
    let event = Webhooks::new("key").unwrap().verify([sign("key", body)], body).unwrap();
    assert_eq!(event.name, EventName::Other("Passkey.Created".into()));
    assert_eq!((event.extra["passkey"]["id"].as_i64(), event.user_id()), (Some(1), None));
}

fn digit(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap()
}

pub fn sign(key: &str, body: &[u8]) -> String {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key.as_bytes());
    aws_lc_rs::hmac::sign(&key, body).as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]).map(digit).collect()
}

#[test]
fn a_delivery_that_logto_did_not_sign_is_refused() {
    let (log, _guard) = listen("trace");
    let Delivery { key, signature, body, .. } = delivery("05-post-sign-in.json");
    let webhooks = Webhooks::new(key.as_str()).unwrap();
    let refused = |signatures: &[&str], body: &str| webhooks.verify(signatures, body.as_bytes()).unwrap_err();
    let missing = refused(&[], &body);
    assert_eq!((missing.code(), missing.http_status()), (ErrorCode::WEBHOOK_SIGNATURE_MISSING, 401));
    let other = sign("another key", body.as_bytes());
    let spaced = format!(" {signature}");
    let longer = format!("{signature}00");
    let prefixed = format!("sha256={signature}");
    let wrong: [&[&str]; 12] = [
        &[""],
        &[" "],
        &[&signature.to_ascii_uppercase()],
        &[&spaced],
        &[&longer],
        &[signature.get(..62).unwrap()],
        &[signature.get(..63).unwrap()],
        &[&prefixed],
        &["ünicode"],
        &[&other],
        &[&signature, &signature],
        &[&signature, &other],
    ];
    for signatures in wrong {
        let error = refused(signatures, &body);
        assert_eq!((error.code(), error.http_status()), (ErrorCode::WEBHOOK_SIGNATURE_INVALID, 401), "{signatures:?}");
    }
    let reread = serde_json::from_str::<Value>(&body).unwrap();
    for changed in
        [reread.to_string(), serde_json::to_string_pretty(&reread).unwrap(), format!("{body} "), String::new()]
    {
        assert_ne!(changed, body);
        assert_eq!(refused(&[&signature], &changed).code(), ErrorCode::WEBHOOK_SIGNATURE_INVALID);
    }
    assert!(!log.text().contains(&key));
    assert_eq!(format!("{webhooks:?}"), "Webhooks { keys: 1, .. }");
}

#[test]
fn a_signed_body_that_is_no_event_is_refused_without_its_text() {
    let webhooks = Webhooks::new("key").unwrap();
    let time = r#""createdAt":"2027-01-01T00:00:00.000Z""#;
    for body in [
        String::new(),
        "no JSON SENTINEL".into(),
        "[]".into(),
        "null".into(),
        format!(r#"{{"event":"SENTINEL",{time}}}"#),
        format!(r#"{{"hookId":"h",{time}}}"#),
        r#"{"event":"User.Created","hookId":"h","createdAt":"SENTINEL"}"#.into(),
        r#"{"event":"User.Created","hookId":"h","createdAt":1795878717616}"#.into(),
        format!(r#"{{"event":"PostSignIn","hookId":"h",{time},"user":{{"id":7,"name":"SENTINEL"}}}}"#),
        format!(r#"{{"event":"A","event":"B","hookId":"h",{time}}}"#),
        "[".repeat(200_000),
    ] {
        let error = webhooks.verify([sign("key", body.as_bytes())], body.as_bytes()).unwrap_err();
        assert_eq!((error.code(), error.http_status()), (ErrorCode::WEBHOOK_BODY_INVALID, 400), "{body:.80}");
        assert!(!format!("{error} {error:?}").contains("SENTINEL"), "{error}");
    }
    let large = vec![b' '; Webhooks::MAX_BODY_BYTES + 1];
    let error = webhooks.verify([sign("key", &large)], &large).unwrap_err();
    assert_eq!((error.code(), error.http_status()), (ErrorCode::WEBHOOK_BODY_TOO_LARGE, 413));
}

#[test]
fn an_old_key_and_a_new_one_are_taken_and_an_empty_one_is_refused() {
    let Delivery { key, signature, body, .. } = delivery("01-user-created.json");
    for keys in [vec!["new", &key], vec![&key, "new"]] {
        let webhooks = Webhooks::with_signing_keys(keys).unwrap();
        webhooks.verify([&signature], body.as_bytes()).unwrap();
        webhooks.verify([sign("new", body.as_bytes())], body.as_bytes()).unwrap();
        assert!(webhooks.verify([sign("", body.as_bytes())], body.as_bytes()).is_err());
    }
    for keys in [vec![], vec![""], vec![" "], vec![key.as_str(), ""]] {
        let error = Webhooks::with_signing_keys(keys).unwrap_err();
        assert_eq!(error.code(), ErrorCode::CONFIG_INVALID);
        assert!(!error.to_string().contains(&key));
    }
    // A key of the environment often ends with a line break.
    Webhooks::new(format!("{key}\n")).unwrap().verify([&signature], body.as_bytes()).unwrap();
}

#[test]
fn deliveries_are_told_apart_and_one_that_comes_again_is_not() {
    let all = recorded();
    let ids: BTreeSet<_> = all.iter().map(|delivery| verified(delivery).delivery_id()).collect();
    assert_eq!(ids.len(), all.len());
    let again = verified(&all[0]);
    assert!(ids.contains(&again.delivery_id()) && again.delivery_id().len() == 64);
}
