//! Applications.

mod registration;
mod roles;
mod secrets;

use serde_json::Value;

use self::registration::Registration;
use super::{
    Call, Route,
    paging::page_if_asked,
    searching::{Field, Search},
};
use crate::testing::mock::{
    directory::{AppKind, MockApp, claims::millis, role::INTERNAL_ROLE},
    endpoints::account::{
        call::require,
        guard::{Guard, wrong_query},
        refusal::{Answer, failure, no_such, not_there, refusal, senseless},
    },
    messages::{
        ordered::{list as json_list, object, optional, stored, text},
        reply::Reply,
    },
    state::{
        State,
        ids::{random_letters, short_id},
        webhook_json::kind_of,
    },
};

pub(super) const ROUTES: &[Route] = &[
    ("GET", "applications", list),
    ("POST", "applications", create),
    ("GET", "applications/:id", show),
    ("PATCH", "applications/:id", change),
    ("DELETE", "applications/:id", delete),
    ("PATCH", "applications/:applicationId/custom-data", change_custom_data),
    ("GET", "applications/:applicationId/roles", roles::list),
    ("POST", "applications/:applicationId/roles", roles::add),
    ("PUT", "applications/:applicationId/roles", roles::replace),
    ("DELETE", "applications/:applicationId/roles/:roleId", roles::remove),
    ("GET", "applications/:id/secrets", secrets::list),
    ("POST", "applications/:id/secrets", secrets::create),
    ("DELETE", "applications/:id/secrets/:name", secrets::delete),
    ("PATCH", "applications/:id/secrets/:name", secrets::rename),
    ("GET", "systems/application", no_protected_apps),
];

/// What applications are searched by.
pub(super) const FIELDS: &[Field<MockApp>] =
    &[("id", |app| Some(&app.id)), ("name", |app| Some(&app.name)), ("description", |app| app.description.as_deref())];

const SECRET_LETTERS: usize = 32;

pub(super) fn app_json(app: &MockApp) -> String {
    object(members(app))
}

fn members(app: &MockApp) -> Vec<(&'static str, String)> {
    let uris = |uris: &[String]| json_list(uris.iter().map(|uri| text(uri)));
    let mut client = vec![
        ("redirectUris", uris(&app.redirect_uris)),
        ("postLogoutRedirectUris", uris(&app.post_logout_redirect_uris)),
    ];
    if let Some(uri) = &app.backchannel_logout_uri {
        client.push(("backchannelLogoutUri", text(uri)));
    }
    if app.backchannel_session_required {
        client.push(("backchannelLogoutSessionRequired", "true".to_owned()));
    }
    client.extend(app.logo_uri.as_ref().map(|uri| ("logoUri", text(uri))));
    vec![
        ("tenantId", text("default")),
        ("id", text(&app.id)),
        ("name", text(&app.name)),
        ("description", optional(app.description.as_deref())),
        ("type", text(kind_of(app))),
        ("oidcClientMetadata", object(client)),
        ("customClientMetadata", object(app.shown_metadata().map(|(name, value)| (name, stored(&value))))),
        ("protectedAppMetadata", "null".to_owned()),
        ("customData", stored(&Value::Object(app.custom_data.clone()))),
        ("isThirdParty", app.third_party.to_string()),
        ("appLevelAccessControlEnabled", app.has_access_control().to_string()),
        ("createdAt", millis(app.created_at).to_string()),
    ]
}

/// The application that the path names.
fn app<'a>(state: &'a State, id: &str) -> Answer<&'a MockApp> {
    state.directory.app(id).ok_or_else(|| not_there("applications", id))
}

/// The same, which is about to be changed.
fn app_mut<'a>(state: &'a mut State, id: &str) -> Answer<&'a mut MockApp> {
    state.directory.app_mut(id).ok_or_else(|| not_there("applications", id))
}

/// GET `/api/applications`, the newest first.
fn list(state: &mut State, call: &Call<'_>) -> Answer {
    let value = |name| call.request.query_value(name).filter(|value| !value.is_empty());
    let types: Vec<_> = call.request.query().iter().filter(|(name, _)| name == "types").map(|(_, kind)| kind).collect();
    if let Some(unknown) = types.iter().find(|kind| !registration::TYPES.contains(&kind.as_str())) {
        return Err(wrong_query("types", unknown, registration::TYPES));
    }
    let (role, organization) = (value("excludeRoleId"), value("excludeOrganizationId"));
    if role.is_some() && organization.is_some() {
        let why = "Parameter `excludeRoleId` and `excludeOrganizationId` cannot be used at the same time.";
        return Err(senseless(why));
    }
    let role = role.and_then(|id| state.directory.role(id));
    let search = Search::read(call, FIELDS)?;
    let third_party = value("isThirdParty").map(|value| value == "true");
    let found = state.directory.apps.iter().rev().filter(|app| {
        let is_member = |id: &str| app.memberships.iter().any(|membership| membership.organization == id);
        search.finds(app)
            && (types.is_empty() || types.iter().any(|kind| *kind == kind_of(app)))
            && third_party.is_none_or(|third_party| app.third_party == third_party)
            && !role.is_some_and(|role| app.roles.contains(&role.name))
            && !organization.is_some_and(is_member)
    });
    page_if_asked(state, call, found.map(app_json))
}

/// POST `/api/applications`. The new secret is one of `/secrets`.
fn create(state: &mut State, call: &Call<'_>) -> Answer {
    let (registration, kind) = Registration::of_new(Guard::read(call.request)?)?;
    let secret =
        if matches!(kind, AppKind::Web | AppKind::Machine) { random_letters(SECRET_LETTERS)? } else { String::new() };
    let mut app = MockApp::new(short_id()?, secret.clone());
    app.kind = kind;
    app.secrets.retain(|_| !secret.is_empty());
    registration.apply(&mut app);
    app.begin(state.now());
    let reply = Reply::json_text(200, app_json(&app));
    state.directory.apps.push(app);
    Ok(reply)
}

/// GET `/api/applications/{id}`.
fn show(state: &mut State, call: &Call<'_>) -> Answer {
    let app = app(state, call.param("id"))?;
    let is_admin = app.roles.iter().any(|role| role == INTERNAL_ROLE);
    Ok(Reply::json_text(200, object(members(app).into_iter().chain([("isAdmin", is_admin.to_string())]))))
}

/// PATCH `/api/applications/{id}`.
fn change(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let is_admin = guard.optional_bool("isAdmin");
    let access_control = guard.optional_bool("appLevelAccessControlEnabled");
    let registration = Registration::of_known(guard)?;
    let app = app_mut(state, call.param("id"))?;
    if let Some(on) = access_control {
        let mut switched = app.clone();
        let has_rules = switched.switch_access_control(on);
        let why =
            "Input is invalid. Application access control must include at least one rule before it can be enabled.";
        require(has_rules || !on, || failure(422, "request.invalid_input", why))?;
        registration.check(app)?;
        *app = switched;
    }
    registration.check(app)?;
    match is_admin {
        Some(true) if !app.roles.iter().any(|role| role == INTERNAL_ROLE) => app.roles.push(INTERNAL_ROLE.to_owned()),
        Some(false) => app.roles.retain(|role| role != INTERNAL_ROLE),
        _ => {}
    }
    registration.apply(app);
    Ok(Reply::json_text(200, app_json(app)))
}

/// DELETE `/api/applications/{id}`. What users allowed it goes, too.
fn delete(state: &mut State, call: &Call<'_>) -> Answer {
    let id = call.param("id");
    app(state, id)?;
    state.directory.apps.retain(|app| app.id != id);
    state.store.grants.retain(|_, grant| grant.client_id != id);
    Ok(Reply::empty(204))
}

/// PATCH `/api/applications/{id}/custom-data`: the members given, beside those there are. The whole body is the data.
fn change_custom_data(state: &mut State, call: &Call<'_>) -> Answer {
    let guard = Guard::read(call.request)?;
    let members = guard.members().clone();
    let app = state.directory.app_mut(call.param("applicationId")).ok_or_else(|| no_such("application"))?;
    app.custom_data.extend(members);
    Ok(Reply::json_text(200, stored(&Value::Object(app.custom_data.clone()))))
}

/// GET `/api/systems/application`: where Protected Apps run, which a self-hosted Logto has not.
fn no_protected_apps(_: &mut State, _: &Call<'_>) -> Answer {
    Err(refusal(501, "application.protected_app_not_configured"))
}

/// Only machines have roles.
fn machine<'a>(state: &'a State, call: &Call<'_>) -> Answer<&'a MockApp> {
    let app = app(state, call.param("applicationId"))?;
    require(app.kind == AppKind::Machine, || refusal(422, "application.invalid_type"))?;
    Ok(app)
}
