//! Users and applications as webhooks tell of them, and what a test delivery makes up.

use std::time::SystemTime;

use cookie::time::OffsetDateTime;
use serde_json::Value;

use crate::testing::mock::{
    directory::{AppKind, MockApp, MockUser, claims::millis},
    messages::ordered::{object, optional, stored, text},
};

/// The Management API tells whether there is a password; where the server looked the user up itself, it does not.
pub(crate) fn user_json(user: &MockUser, with_password: bool) -> String {
    let custom_data = user.claims.get("custom_data").map_or_else(|| "{}".to_owned(), stored);
    let mut members = vec![
        ("id", text(&user.id)),
        ("username", optional(user.username.as_deref())),
        ("primaryEmail", optional(user.email.as_deref())),
        ("primaryPhone", optional(user.phone.as_deref())),
        ("name", optional(user.name.as_deref())),
        ("avatar", optional(user.picture.as_deref())),
        ("customData", custom_data),
        ("identities", stored(&Value::Object(user.identities.clone()))),
        ("lastSignInAt", user.last_sign_in_at.map_or_else(|| "null".to_owned(), |time| millis(Some(time)).to_string())),
        ("createdAt", millis(user.created_at).to_string()),
        ("updatedAt", millis(user.updated_at).to_string()),
        ("profile", object(user.profile().map(|(name, value)| (name, stored(value))))),
        ("applicationId", optional(user.application_id.as_deref())),
        ("cimdClientId", "null".to_owned()),
        ("isSuspended", user.suspended.to_string()),
    ];
    if with_password {
        members.push(("hasPassword", user.password.is_some().to_string()));
    }
    object(members)
}

pub(super) fn application_json(app: &MockApp) -> String {
    object([
        ("id", text(&app.id)),
        ("type", text(kind_of(app))),
        ("name", text(&app.name)),
        ("description", optional(app.description.as_deref())),
    ])
}

/// What Logto calls the kind of an application.
pub(crate) fn kind_of(app: &MockApp) -> &'static str {
    match app.kind {
        AppKind::Web => "Traditional",
        AppKind::Public if app.native => "Native",
        AppKind::Public => "SPA",
        AppKind::Machine => "MachineToMachine",
    }
}

pub(super) fn fake_change() -> Vec<(&'static str, String)> {
    vec![
        ("path", text("/fake-path/:id")),
        ("method", text("POST")),
        ("status", "200".to_owned()),
        ("params", object([("id", text("fake-id"))])),
        ("data", object([("result", text("success"))])),
    ]
}

pub(super) fn fake_sign_in(now: SystemTime) -> Vec<(&'static str, String)> {
    let time = || millis(Some(now)).to_string();
    let user = object([
        ("id", text("fake-id")),
        ("username", text("fake-user")),
        ("primaryEmail", text("fake-user@fake-service.com")),
        ("primaryPhone", text("1234567890")),
        ("name", text("Fake User")),
        ("avatar", text("https://fake-service.com/avatars/fake-user.png")),
        ("customData", object([("theme", text("light"))])),
        ("identities", object([("google", object([("userId", text("fake-google-user-id"))]))])),
        ("profile", object([])),
        ("applicationId", text("fake-application-id")),
        ("cimdClientId", "null".to_owned()),
        ("isSuspended", "false".to_owned()),
        ("lastSignInAt", time()),
        ("createdAt", time()),
        ("updatedAt", time()),
    ]);
    let application = object([
        ("id", text("fake-spa-application-id")),
        ("type", text("SPA")),
        ("name", text("Fake Application")),
        ("description", text("Fake application data for testing")),
    ]);
    vec![
        ("sessionId", text("fake-session-id")),
        ("userIp", text("fake-user-ip")),
        ("userId", text("fake-id")),
        ("user", user),
        ("application", application),
    ]
}

/// To the millisecond, which is always three digits.
pub(super) fn iso_8601(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    let (year, month, day) = (time.year(), u8::from(time.month()), time.day());
    let (hour, minute, second, millisecond) = (time.hour(), time.minute(), time.second(), time.millisecond());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}
