//! The world of the recordings 93 to 99.

use logto::testing::{MockApp, MockLogto, MockLogtoBuilder, MockOrganization, MockResource, MockUser};

use crate::{
    recording::{CALLBACK, whole_ada},
    support::API,
};

pub(super) const ORGANIZATION: &str = "7ivtbhtrj7t0";
pub(super) const MFA_ORGANIZATION: &str = "hmdb9ku099ja";
pub(super) const MACHINE: (&str, &str) = ("850p3ghmh1s8xv95kxuzp", "gghMBwM2sXQJPdNfWcSj7o7kbyIhZWfa");
pub(super) const PASSWORD: &str = "Ada-Lovelace-1815!";

/// What the recorded sign-ins asked for, unless they show something else.
pub(super) const FULL: [(&str, &str); 2] = [
    (
        "scope",
        "openid offline_access profile email roles urn:logto:scope:organizations urn:logto:scope:organization_roles \
         read:books write:books",
    ),
    ("resource", API),
];

pub(super) fn web() -> MockApp {
    MockApp::new("quxrgtxn5inac2i09j1fa", "C0SVwkks0PCWWleGQWppIaSfKK0UrMvQ")
        .redirect_uri(CALLBACK)
        .post_logout_redirect_uri("http://localhost:3000/")
        .token_exchange(true)
}

pub(super) fn page() -> MockApp {
    MockApp::new("1n5ev5wdk35263909r62x", "").public_client().redirect_uri(CALLBACK).token_exchange(true)
}

pub(super) fn world() -> MockLogtoBuilder {
    world_with(web(), page())
}

pub(super) fn world_with(web: MockApp, page: MockApp) -> MockLogtoBuilder {
    let machine = MockApp::new(MACHINE.0, MACHINE.1).role("librarian").organization(ORGANIZATION, &["admin"]);
    MockLogto::builder()
        .app(web)
        .app(page)
        .machine_to_machine_app(machine.token_exchange(true))
        .app(MockApp::new("md1kdhptxg4nxh73iccsp", "AgPgI5s9LqOKEt8HTQnBmub4XOfKKiwQ").redirect_uri(CALLBACK))
        .app(MockApp::new("d0b53ij7ow781fj4whela", "").device_flow())
        .user(whole_ada("hmsct46yllsj", ORGANIZATION).password(PASSWORD))
        .user(bob())
        .user(MockUser::new("nobody").id("jq05n7axh8ms"))
        .user(MockUser::new("mfa_4a85eb").id("mnc04bpvqpdo").mfa().organization("uqgqvpm6cic9", &[]))
        .user(MockUser::new("one-factor").organization("uqgqvpm6cic9", &[]))
        .organization(
            MockOrganization::new(ORGANIZATION)
                .name("Acme")
                .description("Acme org")
                .role("admin", &["read:billing", "invite:member"])
                .role_for_resource("admin", API, &["read:books"]),
        )
        .organization(MockOrganization::new("srebhjm1lxvw"))
        .organization(MockOrganization::new("uqgqvpm6cic9").require_mfa())
        .organization(MockOrganization::new(MFA_ORGANIZATION).name("Cmp MFA").require_mfa())
        .resource(MockResource::new(API).scope("read:books").scope("write:books").scope("delete:books"))
        .role("librarian", API, &["read:books", "write:books"])
        .role("ro", API, &["read:books"])
        .role("rw", API, &["read:books", "write:books"])
}

pub(super) fn bob() -> MockUser {
    MockUser::new("bob").id("dtyu8qlg9lii").password(PASSWORD).name("Bob").email("bob@example.test")
}
