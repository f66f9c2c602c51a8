//! What happens at the server, told to the webhooks that are registered for it: the bodies of deliveries, with the members and the order that
//! were recorded.

use std::collections::BTreeSet;

use super::{
    State,
    deliveries::signed,
    webhook_json::{application_json, fake_change, fake_sign_in, iso_8601, user_json},
};
use crate::testing::mock::{
    directory::{MockUser, MockWebhook},
    messages::ordered::{list, object, text},
};

/// Names of members with values that are JSON already.
pub(crate) type Members<'a> = Vec<(&'a str, String)>;

/// Whoever asks this server is on this machine.
const ADDRESS: &str = "127.0.0.1";

/// A request to the Management API, or to the Account API, that changed something.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) method: &'a str,
    /// Without `/api`.
    pub(crate) path: &'a str,
    pub(crate) route: &'a str,
    pub(crate) params: &'a [(&'a str, &'a str)],
    pub(crate) status: u16,
}

/// An interaction that ended: somebody registered or signed in on a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Completed<'a> {
    pub(crate) interaction: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) user_id: &'a str,
    pub(crate) registered: bool,
}

impl State {
    /// POST `/users`.
    pub(crate) fn tell_created(&mut self, id: &str) {
        let change = Change { method: "POST", path: "/users", route: "/users", params: &[], status: 200 };
        self.tell_of_user("User.Created", change, id);
    }

    /// PATCH `/users/{id}/is-suspended`.
    pub(crate) fn tell_suspension(&mut self, id: &str) {
        let (path, route) = (format!("/users/{id}/is-suspended"), "/users/:userId/is-suspended");
        let change = Change { method: "PATCH", path: &path, route, params: &[("userId", id)], status: 200 };
        self.tell_of_user("User.SuspensionStatus.Updated", change, id);
    }

    /// DELETE `/users/{id}`, of a user who is gone by now.
    pub(crate) fn tell_deleted(&mut self, user: &MockUser) {
        let (path, route) = (format!("/users/{}", user.id), "/users/:userId");
        let change = Change { method: "DELETE", path: &path, route, params: &[("userId", &user.id)], status: 204 };
        self.tell_change("User.Deleted", change, vec![("data", user_json(user, false))]);
    }

    /// PATCH `/users/{id}`, and POST or PUT `/organizations/{id}/users` for each organization that the user came to or left.
    pub(crate) fn tell_changed(&mut self, before: &MockUser, id: &str) {
        let (path, route) = (format!("/users/{id}"), "/users/:userId");
        let change = Change { method: "PATCH", path: &path, route, params: &[("userId", id)], status: 200 };
        let Some(user) = self.directory.user(id) else { return };
        let (left, came) = (organizations(before), organizations(user));
        if is_other(before, user) {
            self.tell_of_user("User.Data.Updated", change, id);
        }
        for organization in came.difference(&left) {
            self.tell_members(organization, id, ("POST", 201, "addedUserIds"));
        }
        for organization in left.difference(&came) {
            self.tell_members(organization, id, ("PUT", 204, "removedUserIds"));
        }
    }

    /// A user who changed something by the Account API. No delivery of this was recorded: it is like that of a deletion, the other one whose data is
    /// not the answer of the Management API.
    pub(crate) fn tell_changed_by_account(&mut self, before: &MockUser, method: &str, path: &str, status: u16) {
        let Some(user) = self.directory.user(&before.id).filter(|user| is_other(before, user)) else { return };
        let data = user_json(user, false);
        let change = Change { method, path, route: path, params: &[], status };
        self.tell_change("User.Data.Updated", change, vec![("data", data)]);
    }

    fn tell_members(&mut self, organization: &str, user: &str, (method, status, list_name): (&str, u16, &str)) {
        let (path, route) = (format!("/organizations/{organization}/users"), "/organizations/:id/users");
        let change = Change { method, path: &path, route, params: &[("id", organization)], status };
        let members = vec![("organizationId", text(organization)), (list_name, list([text(user)]))];
        self.tell_change("Organization.Membership.Updated", change, members);
    }

    fn tell_of_user(&mut self, event: &str, change: Change<'_>, id: &str) {
        let Some(data) = self.directory.user(id).map(|user| user_json(user, true)) else { return };
        self.tell_change(event, change, vec![("data", data)]);
    }

    /// A change by one of the two APIs, with these members beside the usual ones.
    pub(crate) fn tell_change(&mut self, event: &str, change: Change<'_>, more: Members<'_>) {
        let params = object(change.params.iter().map(|(name, value)| (*name, text(value))));
        let mut members = vec![
            ("event", text(event)),
            ("createdAt", self.timestamp()),
            ("ip", text(ADDRESS)),
            ("path", text(change.path)),
            ("method", text(change.method)),
            ("status", change.status.to_string()),
            ("params", params),
            ("matchedRoute", text(change.route)),
        ];
        members.extend(more);
        self.tell(event, &members);
    }

    /// A user who was created on a page.
    pub(crate) fn tell_registered(&mut self, done: Completed<'_>) {
        let Some(data) = self.directory.user(done.user_id).map(|user| user_json(user, false)) else { return };
        self.tell_on_page("User.Created", done, vec![("data", data)]);
    }

    /// Organizations that a user came to on a page. No delivery of this was recorded: it has the form of the one about the user.
    pub(crate) fn tell_provisioned(&mut self, done: Completed<'_>, organizations: &[String]) {
        for id in organizations {
            let members = vec![("organizationId", text(id)), ("addedUserIds", list([text(done.user_id)]))];
            self.tell_on_page("Organization.Membership.Updated", done, members);
        }
    }

    fn tell_on_page(&mut self, event: &str, done: Completed<'_>, more: Members<'_>) {
        let interaction = if done.registered { "Register" } else { "SignIn" };
        let mut members = vec![
            ("event", text(event)),
            ("createdAt", self.timestamp()),
            ("interactionEvent", text(interaction)),
            ("applicationId", text(done.client_id)),
            ("sessionId", text(done.interaction)),
            ("ip", text(ADDRESS)),
            ("application", self.application_json(done.client_id)),
        ];
        members.extend(more);
        self.tell(event, &members);
    }

    /// A user who was signed in on a page: `PostSignIn`, or `PostRegister` in its place.
    pub(crate) fn tell_signed_in(&mut self, done: Completed<'_>) {
        let Some(user) = self.directory.user(done.user_id).map(|user| user_json(user, false)) else { return };
        let (event, interaction) =
            if done.registered { ("PostRegister", "Register") } else { ("PostSignIn", "SignIn") };
        let members = [
            ("event", text(event)),
            ("interactionEvent", text(interaction)),
            ("createdAt", self.timestamp()),
            ("sessionId", text(done.interaction)),
            ("userId", text(done.user_id)),
            ("userIp", text(ADDRESS)),
            ("user", user),
            ("application", self.application_json(done.client_id)),
        ];
        self.tell(event, &members);
    }

    /// The id of the webhook comes last.
    fn tell(&mut self, event: &str, members: &[(&str, String)]) {
        let now = self.now();
        let told = self.directory.webhooks.iter().filter(|webhook| webhook.wants(event)).map(|webhook| {
            let id = [("hookId", text(&webhook.id))];
            signed(webhook, event, object(members.iter().cloned().chain(id)), now)
        });
        for delivery in told.collect::<Vec<_>>() {
            self.deliveries.send(delivery);
        }
    }

    /// The made-up deliveries of POST `/hooks/{id}/test`.
    pub(crate) fn test_webhook(&mut self, webhook: &MockWebhook, events: &[String]) {
        let now = self.now();
        for event in events {
            let head = [
                ("event", text(event)),
                ("hookId", text(&webhook.id)),
                ("createdAt", self.timestamp()),
                ("userAgent", text("fake-user-agent")),
            ];
            let rest = if event.starts_with("Post") { fake_sign_in(now) } else { fake_change() };
            self.deliveries.send(signed(webhook, event, object(head.into_iter().chain(rest)), now));
        }
    }

    fn timestamp(&self) -> String {
        text(&iso_8601(self.now()))
    }

    fn application_json(&self, id: &str) -> String {
        self.directory.app(id).map_or_else(|| "null".to_owned(), application_json)
    }
}

/// Whether a webhook is told of the change.
fn is_other(before: &MockUser, after: &MockUser) -> bool {
    let mut before = before.clone();
    before.updated_at = after.updated_at;
    user_json(&before, true) != user_json(after, true) || before.password != after.password
}

fn organizations(user: &MockUser) -> BTreeSet<String> {
    user.memberships.iter().map(|membership| membership.organization.clone()).collect()
}
