//! Every operation against Logto's own description of its Account API, and against the table of the guide.

use std::collections::BTreeSet;

use http::{Request, header};
use logto::{
    Secret,
    account::{
        AccountAddress, CodeFor, GrantsOf, Identifier, LinkOptions, LogtoConfigsUpdate, ProfileUpdate, RevokeGrants,
        TotpSecret, UserUpdate,
    },
};
use serde_json::{Map, Value, json};

use super::stand_in::{App, fixture, record};

/// Asks for each operation once, with all members that it can have. Each answer is an outage: the requests are looked at.
async fn requests() -> Vec<Request<Vec<u8>>> {
    let app = App::new();
    let (account, v) = (app.account().await, &app.verification());
    let (secret, code) = (Secret::new("secret"), Secret::new("123456"));
    let email = &serde_json::from_value(json!({ "v": record("e"), "a": Identifier::email("a@b.test") })).unwrap();
    let phone = &serde_json::from_value(json!({ "v": record("p"), "a": Identifier::phone("+1 415") })).unwrap();
    let sent = &serde_json::from_value(json!({ "v": record("c"), "a": Identifier::email("a@b.test") })).unwrap();
    let link =
        &serde_json::from_value(json!({ "v": record("l"), "r": "http://localhost:3000/social", "s": "abc" })).unwrap();
    let social = &serde_json::from_value(json!({ "v": record("s") })).unwrap();
    let passkey = &serde_json::from_value(json!({ "v": record("k") })).unwrap();
    let registration = &serde_json::from_value(json!({ "v": record("k") })).unwrap();
    let codes = &serde_json::from_value(json!(["a", "b"])).unwrap();
    let totp = &TotpSecret::new("D5WXOWSI");
    let profile = ProfileUpdate::new().family_name("a").given_name("a").middle_name("a").nickname("a").profile("a");
    let profile = profile.preferred_username("a").website("a").gender("a").birthdate("a").zoneinfo("a").locale("a");
    let profile = profile.address(&AccountAddress { country: Some("DE".into()), ..AccountAddress::default() });
    let options = || LinkOptions::new("github", "http://localhost:3000/social");
    let configs = LogtoConfigsUpdate::new().mfa_skipped(true).mfa_enabled(true).passkey_skipped(true);

    macro_rules! each {
        ($($call:expr),* $(,)?) => {$(
            assert_eq!($call.await.err().map(|error| error.code().as_str()), Some("network.unreachable"), "{}", stringify!($call));
        )*};
    }
    each![
        account.user(),
        account.update(&UserUpdate::new().name("a").avatar("https://a.test").custom_data(Map::new())),
        account.update(&UserUpdate::new().no_name().no_avatar()),
        account.update_profile(&profile),
        account.upload_avatar("a.png", "image/png", b"png"),
        account.verify_password(&secret),
        account.send_code(Identifier::email("a@b.test"), CodeFor::NewAddress),
        account.send_code(Identifier::phone("1"), CodeFor::Permission),
        account.send_code(Identifier::phone("1"), CodeFor::Mfa),
        account.verify_code(sent, &code),
        account.set_username("a", v),
        account.remove_username(v),
        account.set_password(&secret, v),
        account.set_first_password(&secret),
        account.set_email(email, v),
        account.remove_email(v),
        account.set_phone(phone, v),
        account.remove_phone(v),
        account.begin_link(options()),
        account.begin_link(options().scopes(["repo", "gist"]).state("abc")),
        account.finish_link(link, "?state=abc&code=x"),
        account.link_identity(social, v),
        account.replace_identity(social, v),
        account.unlink_identity("github", v),
        account.social_token("github"),
        account.sso_token("connector"),
        account.replace_social_token("github", social),
        account.mfa_factors(),
        account.new_totp_secret(),
        account.add_totp(totp, &code, v),
        account.replace_totp(totp, &code, v),
        account.new_backup_codes(v),
        account.add_backup_codes(codes, v),
        account.backup_codes(v),
        account.begin_passkey(),
        account.finish_passkey(registration, &json!({ "id": "x", "type": "public-key" })),
        account.add_passkey(passkey, Some("key"), v),
        account.add_passkey(passkey, None, v),
        account.rename_factor("id", "key", v),
        account.remove_factor("id", v),
        account.skips_mfa(),
        account.set_skips_mfa(true, v),
        account.logto_configs(),
        account.update_logto_configs(&configs),
        account.sessions(v),
        account.end_session("id", RevokeGrants::Online, v),
        account.end_session("id", RevokeGrants::All, v),
        account.end_session("id", RevokeGrants::FirstParty, v),
        account.grants(GrantsOf::All, v),
        account.grants(GrantsOf::FirstParty, v),
        account.grants(GrantsOf::ThirdParty, v),
        account.revoke_grant("id", v),
    ];
    app.logto.asked("/api/")
}

/// Whether a path is one of this template, such as `/api/my-account/sessions/{sessionId}`.
fn is_of(path: &str, template: &str) -> bool {
    let (path, template): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
    path.len() == template.len()
        && path.iter().zip(&template).all(|(one, other)| other.starts_with('{') || one == other)
}

fn texts(value: &Value) -> BTreeSet<String> {
    serde_json::from_value(value.clone()).unwrap_or_default()
}

/// What is wrong with a request, by the description of its operation.
fn objection(request: &Request<Vec<u8>>, described: &Value) -> Option<String> {
    let query: BTreeSet<_> = url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
        .map(|(name, _)| name.into_owned())
        .collect();
    if !query.is_subset(&texts(&described["query"])) {
        return Some(format!("the query {query:?}"));
    }
    let Some(bodies) = described["body"].as_array() else {
        return (!request.body().is_empty()).then(|| "a body".to_owned());
    };
    let media_type = described["media_type"].as_str().unwrap_or("application/json");
    if !request.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with(media_type) {
        return Some("the media type".to_owned());
    }
    if media_type != "application/json" {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let has = |member: &String| body.contains(&format!("name=\"{member}\""));
        return (!texts(&bodies[0]["members"]).iter().all(has)).then(|| "the form".to_owned());
    }
    let body: Map<String, Value> = serde_json::from_slice(request.body()).unwrap();
    let sent: BTreeSet<_> = body.keys().cloned().collect();
    let fits = |described: &&Value| {
        let is_of_type = described["type"].is_null() || described["type"] == body["type"];
        is_of_type && sent.is_subset(&texts(&described["members"])) && texts(&described["required"]).is_subset(&sent)
    };
    bodies.iter().find(fits).is_none().then(|| format!("the members {sent:?}"))
}

#[tokio::test]
async fn account_every_operation_is_as_logto_describes_it() {
    let described = fixture("account-operations");
    let described = described.as_array().unwrap();
    let mut seen = BTreeSet::new();
    for request in requests().await {
        let (method, path) = (request.method().as_str(), request.uri().path());
        let operation = described
            .iter()
            .find(|operation| operation["method"] == method && is_of(path, operation["path"].as_str().unwrap()))
            .unwrap_or_else(|| panic!("{method} {path} is not described"));
        assert_eq!(objection(&request, operation), None, "{method} {path}");
        seen.insert(format!("{method} {}", operation["path"].as_str().unwrap()));
    }
    let all: BTreeSet<_> = described
        .iter()
        .map(|operation| format!("{} {}", operation["method"].as_str().unwrap(), operation["path"].as_str().unwrap()))
        .collect();
    assert_eq!((all.len(), &seen), (38, &all));

    // The guide has them all, and nothing else.
    let guide = include_str!("../../../docs/account.md");
    let told: BTreeSet<_> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(operation, _)| operation.replacen(' ', " /api/", 1))
        .filter(|operation| {
            ["GET", "PUT", "POST", "PATCH", "DELETE"].iter().any(|method| operation.starts_with(method))
        })
        .filter(|operation| !operation.contains(".well-known"))
        .collect();
    assert_eq!(told, all);
}

#[tokio::test]
async fn account_a_request_that_is_not_described_is_seen() {
    let described = fixture("account-operations");
    let of = |method: &str, path: &str| {
        let is = |operation: &&Value| operation["method"] == method && operation["path"] == path;
        described.as_array().unwrap().iter().find(is).unwrap().clone()
    };
    let request = |body: &str| {
        let request = Request::post("http://localhost/api/my-account/password?a=b");
        request.header(header::CONTENT_TYPE, "application/json").body(body.as_bytes().to_vec()).unwrap()
    };
    let password = of("POST", "/api/my-account/password");
    assert!(objection(&request("{}"), &password).unwrap().starts_with("the query"));
    let plain = |body: &str| {
        let mut request = request(body);
        *request.uri_mut() = "http://localhost/api/my-account/password".parse().unwrap();
        request
    };
    assert_eq!(objection(&plain(r#"{"password":"x"}"#), &password), None);
    for wrong in ["{}", r#"{"Password":"x"}"#, r#"{"password":"x","more":1}"#] {
        assert!(objection(&plain(wrong), &password).unwrap().starts_with("the members"), "{wrong}");
    }
    assert_eq!(objection(&plain("{}"), &of("GET", "/api/my-account")).unwrap(), "a body");
}
