//! Organizations, roles and applications: ids of any origin, what an update sends, and what is printed.

use logto::management::{ApplicationUpdate, InvitationMessage, NewInvitation, NewOrganization, OrganizationUpdate};
use serde_json::json;

use super::stand_in::{StandIn, answer_of, fixture, json_answer};

#[tokio::test]
async fn management_ids_of_organizations_and_the_like_are_one_segment_each() {
    let logto = StandIn::default();
    let management = logto.management();
    let (organizations, applications) = (management.organizations(), management.applications());
    logto.next(json_answer(200, &json!({})));
    organizations.remove_member_role("a/b", "c?d#e", "%2e").await.unwrap();
    logto.next(json_answer(200, &json!({})));
    organizations.remove_jit_email_domain("a", "exämple.com/x").await.unwrap();
    logto.next(json_answer(200, &json!({})));
    applications.delete_secret("a", "my secret/2").await.unwrap();
    logto.next(json_answer(200, &json!([])));
    management.invitations().list_of_invitee("a+b&c@example.com").page(1, 20).await.unwrap();
    let lines = [
        "DELETE /api/organizations/a%2Fb/users/c%3Fd%23e/roles/%252e",
        "DELETE /api/organizations/a/jit/email-domains/ex%C3%A4mple.com%2Fx",
        "DELETE /api/applications/a/secrets/my%20secret%2F2",
        "GET /api/organization-invitations?invitee=a%2Bb%26c%40example.com",
    ];
    assert_eq!(logto.lines(), lines);

    for id in ["", ".", "..", "../users", &"x".repeat(257)] {
        let outcomes = [
            organizations.remove_member("a", id).await,
            organizations.remove_member(id, "a").await,
            organizations.delete(id).await,
            organizations.remove_application_role("a", "b", id).await,
            management.roles().remove_scope("a", id).await,
            management.organization_roles().remove_resource_scope(id, "a").await,
            management.resources().delete_scope("a", id).await,
            management.invitations().delete(id).await,
            applications.rename_secret("a", id, "b").await,
        ];
        for outcome in outcomes {
            assert_eq!(outcome.unwrap_err().code().as_str(), "management.not_found", "{id}");
        }
    }
    assert_eq!(logto.lines().len(), lines.len(), "nothing was sent");
}

#[test]
fn management_updates_of_organizations_have_what_was_set_and_null_is_not_nothing() {
    let json = |update: &OrganizationUpdate| serde_json::to_value(update).unwrap();
    assert_eq!(json(&OrganizationUpdate::new()), json!({}));
    let update = OrganizationUpdate::new().name("a").no_description().mfa_required(false);
    assert_eq!(json(&update), json!({ "name": "a", "description": null, "isMfaRequired": false }));
    assert_eq!(json(&update.description("b"))["description"], "b", "the last one counts");
    assert_eq!(
        serde_json::to_value(ApplicationUpdate::new().no_description()).unwrap(),
        json!({ "description": null })
    );
}

#[tokio::test]
async fn management_no_secret_and_nobody_is_printed_of_organizations_and_applications() {
    let logto = StandIn::default();
    let management = logto.management();
    let recorded = |name: &str| logto.next(answer_of(&fixture(&format!("90-management/{name}")))).clone();
    let mut texts = Vec::new();
    macro_rules! print {
        ($name:literal, $call:expr) => {
            recorded($name);
            let value = $call.await.unwrap();
            texts.push(format!("{value:?}"));
        };
    }
    print!("organizations/08-list-featured", management.organizations().list().page(1, 2));
    print!("organizations/15-members-search", management.organizations().list_members("a").page(1, 2));
    print!("roles/04-list", management.roles().list().page(1, 2));
    print!("invitations/08-get", management.invitations().get("a"));
    print!("applications/13-secrets", management.applications().list_secrets("a").page(1, 2));
    let app = json!({ "id": "a", "name": "b", "secret": "SENTINEL", "future": { "secret": "SENTINEL" } });
    logto.next(json_answer(200, &app));
    let app = management.applications().get("a").await.unwrap();
    assert_eq!(app.secret.as_ref().unwrap().expose(), "SENTINEL");
    texts.push(format!("{app:?}"));
    let connector = json!({
        "id": "a", "providerName": "OIDC", "connectorName": "b", "domains": ["example.com"],
        "config": { "clientSecret": "SENTINEL" }, "future": "SENTINEL",
    });
    logto.next(json_answer(200, &json!([connector])));
    let page = management.sso_connectors().list().page(1, 20).await.unwrap();
    assert_eq!(page.items[0].extra["config"]["clientSecret"], "SENTINEL");
    texts.push(format!("{page:?}"));
    let message = InvitationMessage::new().code("SENTINEL").link("https://a.test/SENTINEL");
    texts.push(format!("{:?}", NewInvitation::new().invitee("dave@example.test").message(message)));
    texts.push(format!("{:?}", NewOrganization::new().name("SENTINEL")));
    for text in &texts {
        for hidden in ["Ada", "ada.png", "ada@", "dave", "3eRFMN03b70qpFI64AyvlQyohMhpEKsB", "SENTINEL"] {
            assert!(!text.contains(hidden), "{hidden} is in {text}");
        }
    }
    assert!(texts[0].contains("Acme") && texts[4].contains("Default secret"));
}
