//! What was recorded first, 00 to 80: the world it was recorded in, and the files.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use logto::testing::{MockApp, MockLogto, MockLogtoBuilder, MockOrganization, MockResource, MockUser};
use serde_json::json;

use crate::{replay::fixtures, support::API};

const WEB: &str = "h8rc2xdlth5ihimk3tfuc";
const ORGANIZATION: &str = "lh6cvveo9nmz";
pub(crate) const ADA: &str = "amc3emckvas6";
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
        .app(MockApp::new("fb2mcffu06byggw1g17z6", "").public_client().redirect_uri(CALLBACK))
        .app(third_party.third_party().redirect_uri(CALLBACK))
        .machine_to_machine_app(machine.role("librarian").organization(ORGANIZATION, &["admin"]))
        .user(whole_ada(ADA, ORGANIZATION).password("Ada-Lovelace-1815!"))
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

/// The parts of Ada that `profile` and `email` show. Her id is another in each world.
pub(crate) fn recorded_ada(id: &str) -> MockUser {
    let ada = MockUser::new("ada").id(id).name("Ada Lovelace").email("ada@example.test");
    let ada = ada.picture("https://example.test/ada.png").claim("given_name", "Ada").claim("family_name", "Lovelace");
    ada.claim("zoneinfo", "Europe/London").claim("locale", "en-GB")
}

/// Ada with all that was recorded of her.
pub(crate) fn whole_ada(id: &str, organization: &str) -> MockUser {
    let ada = recorded_ada(id).phone("14155550123").role("librarian").organization(organization, &["admin"]);
    ada.claim("custom_data", json!({ "plan": "pro", "nested": { "n": 1 } }))
}

pub(crate) fn collect(folder: &Path, prefix: &str, files: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else if !prefix.is_empty() {
            files.insert(name);
        }
    }
}

/// The name of every exchange that was recorded, also of those that no test has a copy of.
pub(crate) fn all() -> BTreeSet<String> {
    let list = include_str!("recorded.txt");
    let mut names: BTreeSet<_> = list.lines().map(str::to_owned).collect();
    collect(&fixtures(), "", &mut names);
    names
}

/// The files of a folder, in order, whose names begin with one of these.
pub(crate) fn files(folder: &str, prefixes: &[&str]) -> Vec<String> {
    let mut names = BTreeSet::new();
    collect(&fixtures().join(folder), &format!("{folder}/"), &mut names);
    let wanted = |file: &String| prefixes.iter().any(|prefix| file.starts_with(&format!("{folder}/{prefix}")));
    names.into_iter().filter(wanted).collect()
}
