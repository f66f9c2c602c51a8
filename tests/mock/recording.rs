//! What was recorded: the world it was recorded in, the files, and those that are not replayed.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use logto::testing::{MockApp, MockLogto, MockLogtoBuilder, MockOrganization, MockResource, MockUser};
use serde_json::json;

use crate::{replay::fixtures, support::API};

const WEB: &str = "h8rc2xdlth5ihimk3tfuc";
const ORGANIZATION: &str = "lh6cvveo9nmz";
pub(crate) const CALLBACK: &str = "http://localhost:3000/callback";

/// The world of the recording.
pub(crate) fn world() -> MockLogtoBuilder {
    world_where_the_web_app(|web| web)
}

pub(crate) fn world_where_the_web_app(differs: impl FnOnce(MockApp) -> MockApp) -> MockLogtoBuilder {
    let web = differs(MockApp::new(WEB, "PBw1T5q84pQL5ysG52ZbDMzMyvgdDpZc").redirect_uri(CALLBACK));
    let web = web.redirect_uri("http://127.0.0.1:3000/callback").post_logout_redirect_uri("http://localhost:3000/");
    let machine = MockApp::new("0oy4vc0dezrhkz2gm8mjb", "6B5OTs3oXn1GEIQcp6eYYlfqJdRg8lYZ");
    let third_party = MockApp::new("lte7t131whcexc4ex0grf", "cOxlq2OMACso0BEkPgLjlQf6vKadQqrN");
    MockLogto::builder()
        .app(web)
        .app(MockApp::new("fb2mcffu06byggw1g17z6", "").public().redirect_uri(CALLBACK))
        .app(third_party.third_party().redirect_uri(CALLBACK))
        .machine(machine.role("librarian").organization(ORGANIZATION, &["admin"]))
        .user(
            MockUser::new("ada")
                .id("amc3emckvas6")
                .password("Ada-Lovelace-1815!")
                .name("Ada Lovelace")
                .email("ada@example.test")
                .phone("14155550123")
                .picture("https://example.test/ada.png")
                .claim("given_name", "Ada")
                .claim("family_name", "Lovelace")
                .claim("zoneinfo", "Europe/London")
                .claim("locale", "en-GB")
                .claim("custom_data", json!({ "plan": "pro", "nested": { "n": 1 } }))
                .role("librarian")
                .organization(ORGANIZATION, &["admin"]),
        )
        .user(MockUser::new("lonely").id("ywl2azwlnzom"))
        .user(MockUser::new("newuser41bfba").id("iignepfcmvwy"))
        .organization(
            MockOrganization::new(ORGANIZATION)
                .name("Acme")
                .description("Acme org")
                .role("admin", &["read:billing", "invite:member"])
                .role_for_resource("admin", API, &["read:books", "write:books"]),
        )
        .organization(MockOrganization::new("6juhex33i2rb"))
        .resource(MockResource::new(API).scope("read:books").scope("write:books").scope("delete:books"))
        .resource(MockResource::new("https://short.example.test").access_token_ttl(Duration::from_secs(1)))
        .role("librarian", API, &["read:books", "write:books"])
}

/// What the mock does not do, or what no single request can show: then another test does.
pub(crate) const NOT_REPLAYED: &[(&str, &str)] = &[
    ("12-deny/abort/02", "the Experience API, which the mock's own pages stand for"),
    ("12-deny/abort/03", "the outcome is 12-deny/abort-callback.json"),
    ("12-deny/third-party-consent/02", "the Experience API"),
    ("12-deny/third-party-consent/03", "the Experience API"),
    ("12-deny/third-party-consent/04", "the Experience API"),
    ("12-deny/third-party-consent/05", "the Experience API"),
    ("12-deny/third-party-consent/06", "pages::a_third_party_asks_for_consent"),
    ("12-deny/third-party-consent/07", "pages::a_third_party_asks_for_consent"),
    ("12-deny/third-party-consent/08-consent-info", "the Interaction API"),
    ("12-deny/third-party-consent/09", "the Interaction API"),
    ("12-deny/third-party-consent/10", "pages::a_third_party_asks_for_consent"),
    ("14-register/02", "the Experience API"),
    ("14-register/03", "the Experience API"),
    ("14-register/04", "the Experience API"),
    ("14-register/05", "the Experience API"),
    ("14-register/06", "pages::a_new_user_registers"),
    ("14-register/07", "pages::a_new_user_registers"),
    ("14-register/08", "pages::a_new_user_registers"),
    ("23-rotation/01", "a summary; tokens::a_web_app_keeps_its_refresh_token_until_70_percent"),
    ("23-rotation/02", "a summary; tokens::a_web_app_keeps_its_refresh_token_until_70_percent"),
    ("23-rotation/17", "a summary of 10 to 16"),
    ("23-rotation/33", "a summary; tokens::a_replaced_token_works_while_it_is_used_within_three_seconds"),
    ("23-rotation/40", "a summary; tokens::a_replaced_token_works_while_it_is_used_within_three_seconds"),
    ("23-rotation/41", "a summary; tokens::a_web_app_keeps_its_refresh_token_until_70_percent"),
    ("23-rotation/42", "a summary; tokens::a_web_app_keeps_its_refresh_token_until_70_percent"),
    ("23-rotation/43", "a summary; tokens::rotation_prolongs_a_web_apps_line_and_not_a_public_apps"),
    ("24-client-auth-and-lifetimes/20", "rows of a database"),
    ("51-backchannel-logout/01-default-refresh", "the same as 50-logout/03"),
    ("51-backchannel-logout/01-default.json", "backchannel::apps_are_told_when_a_session_ends"),
    ("51-backchannel-logout/02-session-required-refresh", "the same as 50-logout/03"),
    ("51-backchannel-logout/02-session-required.json", "backchannel::apps_are_told_when_a_session_ends"),
    ("51-backchannel-logout/03", "the Management API"),
    ("51-backchannel-logout/04", "the Management API"),
    ("51-backchannel-logout/05", "the Management API"),
    ("51-backchannel-logout/06", "the Management API"),
    ("51-backchannel-logout/09", "a summary: nothing was received"),
    ("70-api/19", "pushed authorization requests are not covered"),
    ("jwt/many_organizations", "sizes, for other tests"),
    ("jwt/id_token_backchannel", "backchannel::apps_are_told_when_a_session_ends"),
];

/// The parts of Ada that `profile` and `email` show.
pub(crate) fn recorded_ada() -> MockUser {
    let ada = MockUser::new("ada").id("amc3emckvas6").name("Ada Lovelace").email("ada@example.test");
    let ada = ada.picture("https://example.test/ada.png").claim("given_name", "Ada").claim("family_name", "Lovelace");
    ada.claim("zoneinfo", "Europe/London").claim("locale", "en-GB")
}

pub(crate) fn collect(folder: &Path, prefix: &str, files: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            // Only the folders that this test is about: others may keep their own recordings beside them.
            if !prefix.is_empty() || FOLDERS.contains(&name.as_str()) {
                collect(&entry.path(), &format!("{name}/"), files);
            }
        } else if !prefix.is_empty() {
            files.insert(name);
        }
    }
}

pub(crate) const FOLDERS: &[&str] = &[
    "00-discovery",
    "11-authorization-requests",
    "12-deny",
    "14-register",
    "20-token",
    "21-code-errors",
    "22-organization",
    "23-rotation",
    "24-client-auth-and-lifetimes",
    "30-userinfo",
    "31-expired",
    "40-introspection",
    "41-revocation",
    "50-logout",
    "51-backchannel-logout",
    "60-client-credentials",
    "61-token-exchange",
    "70-api",
    "jwt",
];

/// The files of a folder, in order, whose names begin with one of these.
pub(crate) fn files(folder: &str, prefixes: &[&str]) -> Vec<String> {
    let mut names = BTreeSet::new();
    collect(&fixtures().join(folder), &format!("{folder}/"), &mut names);
    let wanted = |file: &String| prefixes.iter().any(|prefix| file.starts_with(&format!("{folder}/{prefix}")));
    names.into_iter().filter(wanted).collect()
}
