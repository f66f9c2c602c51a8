//! What is in the directory of `MockLogto::start()`.

use serde_json::json;

use super::{
    MockApp, MockConnector, MockDirectory, MockOrganization, MockResource, MockUser,
    resource::MANAGEMENT_RESOURCE,
    role::{INTERNAL_ROLE, MANAGEMENT_ROLE, Role},
};

const API: &str = "https://api.example.test";

impl MockDirectory {
    /// Fills in each kind of thing of which there is none.
    pub(in super::super) fn or_default(mut self) -> Self {
        fill(&mut self.apps, || vec![app()]);
        fill(&mut self.users, || vec![ada(), bob()]);
        fill(&mut self.organizations, organizations);
        fill(&mut self.resources, || vec![resource()]);
        fill(&mut self.roles, || vec![librarian()]);
        fill(&mut self.connectors, connectors);
        self.with_management_api()
    }
}

impl MockDirectory {
    /// The Management API with the role that opens it is there always, and so is a definition of each role.
    fn with_management_api(mut self) -> Self {
        if self.resource(MANAGEMENT_RESOURCE).is_none() {
            self.resources.insert(0, MockResource::management());
        }
        self.define_role(MANAGEMENT_ROLE, |role| {
            role.for_machines = true;
            "This default role grants access to the Logto management API.".clone_into(&mut role.description);
            role.grant(MANAGEMENT_RESOURCE, "all");
        });
        self.define_role(INTERNAL_ROLE, |role| {
            role.for_machines = true;
            "Internal admin role for Logto tenant default.".clone_into(&mut role.description);
            role.grant(MANAGEMENT_RESOURCE, "all");
        });
        self.define_roles();
        self
    }
}

fn fill<T>(things: &mut Vec<T>, defaults: impl FnOnce() -> Vec<T>) {
    if things.is_empty() {
        *things = defaults();
    }
}

fn app() -> MockApp {
    MockApp::new("mock-app-id", "mock-app-secret")
        .redirect_uri("http://localhost:3000/callback")
        .post_logout_redirect_uri("http://localhost:3000")
        .allow_any_loopback_redirect()
}

/// With everything, but for a picture.
fn ada() -> MockUser {
    MockUser::new("ada")
        .password("lovelace")
        .name("Ada Lovelace")
        .email("ada@example.test")
        .phone("14155550123")
        .claim("given_name", "Ada")
        .claim("family_name", "Lovelace")
        .claim("zoneinfo", "Europe/London")
        .claim("locale", "en-GB")
        .claim("custom_data", json!({ "plan": "pro", "nested": { "n": 1 } }))
        .role("librarian")
        .organization("org-acme", &["admin"])
        .organization("org-globex", &["member"])
}

/// With nothing.
fn bob() -> MockUser {
    MockUser::new("bob").password("builder")
}

fn organizations() -> Vec<MockOrganization> {
    let acme = MockOrganization::new("org-acme")
        .name("Acme")
        .description("Acme org")
        .role("admin", &["read:reports", "invite:member"])
        .role_for_resource("admin", API, &["read:books", "write:books"]);
    let globex = MockOrganization::new("org-globex")
        .name("Globex")
        .role("member", &["read:reports"])
        .role_for_resource("member", API, &["read:books"]);
    vec![acme, globex]
}

fn resource() -> MockResource {
    MockResource::new(API).scope("read:books").scope("write:books").scope("delete:books")
}

fn librarian() -> Role {
    let mut role = Role::predefined("librarian");
    role.grant(API, "read:books");
    role.grant(API, "write:books");
    role
}

fn connectors() -> Vec<MockConnector> {
    vec![
        MockConnector::new("connector-kakao", "kakao"),
        MockConnector::new("connector-github", "github").keeps_tokens(),
    ]
}
