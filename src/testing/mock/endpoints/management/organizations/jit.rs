//! Just-in-time provisioning: for which email domains and enterprise connectors, and with which roles.

use super::{
    member_roles::has_twice,
    refusals::{taken, unknown_reference},
    shown::{email_domain_json, role_json, sso_connector_json},
};
use crate::testing::mock::{
    directory::{MockDirectory, MockOrganization},
    endpoints::{
        account::{
            guard::Guard,
            refusal::{Answer, not_found, not_there},
        },
        management::{Call, Route, paging::page_if_asked},
    },
    messages::reply::Reply,
    state::State,
};

pub(in super::super) const ROUTES: &[Route] = &[
    ("GET", "organizations/:id/jit/email-domains", domains),
    ("POST", "organizations/:id/jit/email-domains", add_domain),
    ("PUT", "organizations/:id/jit/email-domains", replace_domains),
    ("DELETE", "organizations/:id/jit/email-domains/:emailDomain", remove_domain),
    ("GET", "organizations/:id/jit/roles", roles),
    ("POST", "organizations/:id/jit/roles", add_roles),
    ("PUT", "organizations/:id/jit/roles", replace_roles),
    ("DELETE", "organizations/:id/jit/roles/:organizationRoleId", remove_role),
    ("GET", "organizations/:id/jit/sso-connectors", connectors),
    ("POST", "organizations/:id/jit/sso-connectors", add_connectors),
    ("PUT", "organizations/:id/jit/sso-connectors", replace_connectors),
    ("DELETE", "organizations/:id/jit/sso-connectors/:ssoConnectorId", remove_connector),
];

/// Of an organization that does not exist there are none.
fn domains(state: &mut State, call: &Call<'_>) -> Answer {
    let id = call.param("id");
    let organization = state.directory.organization(id).into_iter();
    let items = organization.flat_map(|organization| &organization.jit.email_domains);
    page_if_asked(state, call, items.map(|domain| email_domain_json(id, domain)))
}

fn add_domain(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let domain = guard.text_within("emailDomain", 1, usize::MAX);
    guard.finish()?;
    let domains = &mut referred(state, call)?.jit.email_domains;
    if domains.contains(&domain) {
        return Err(taken());
    }
    let reply = Reply::json_text(201, email_domain_json(call.param("id"), &domain));
    domains.push(domain);
    Ok(reply)
}

fn replace_domains(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let domains = guard.texts("emailDomains");
    guard.finish()?;
    replace(state, call, domains, |organization| &mut organization.jit.email_domains)
}

fn remove_domain(state: &mut State, call: &Call<'_>) -> Answer {
    remove(state, call, call.param("emailDomain"), |organization| &mut organization.jit.email_domains)
}

fn roles(state: &mut State, call: &Call<'_>) -> Answer {
    let names = &existing(&state.directory, call)?.jit.roles;
    let named = names.iter().filter_map(|name| state.directory.organization_template.role_named(name));
    page_if_asked(state, call, named.map(|role| role_json(role, Vec::new())))
}

fn add_roles(state: &mut State, call: &Call<'_>) -> Answer {
    let names = asked_roles(state, call, 1)?;
    add(state, call, names, |organization| &mut organization.jit.roles)
}

fn replace_roles(state: &mut State, call: &Call<'_>) -> Answer {
    let names = asked_roles(state, call, 0)?;
    replace(state, call, names, |organization| &mut organization.jit.roles)
}

fn remove_role(state: &mut State, call: &Call<'_>) -> Answer {
    let role = state.directory.organization_template.role(call.param("organizationRoleId"));
    let name = role.map(|role| role.name.clone()).ok_or_else(not_found)?;
    remove(state, call, &name, |organization| &mut organization.jit.roles)
}

/// The names of the roles in the body: a role for machines can be among them, though nobody gets it.
fn asked_roles(state: &State, call: &Call<'_>, least: usize) -> Answer<Vec<String>> {
    let mut guard = Guard::read(call.request)?;
    let ids = if least == 0 { guard.ids("organizationRoleIds") } else { guard.some_ids("organizationRoleIds") };
    guard.finish()?;
    let template = &state.directory.organization_template;
    let names = ids.iter().map(|id| template.role(id).map(|role| role.name.clone()));
    names.collect::<Option<_>>().ok_or_else(unknown_reference)
}

fn connectors(state: &mut State, call: &Call<'_>) -> Answer {
    let ids = &existing(&state.directory, call)?.jit.sso_connectors;
    page_if_asked(state, call, ids.iter().map(|id| sso_connector_json(id)))
}

fn add_connectors(state: &mut State, call: &Call<'_>) -> Answer {
    let ids = asked_connectors(state, call, 1)?;
    add(state, call, ids, |organization| &mut organization.jit.sso_connectors)
}

fn replace_connectors(state: &mut State, call: &Call<'_>) -> Answer {
    let ids = asked_connectors(state, call, 0)?;
    replace(state, call, ids, |organization| &mut organization.jit.sso_connectors)
}

fn remove_connector(state: &mut State, call: &Call<'_>) -> Answer {
    remove(state, call, call.param("ssoConnectorId"), |organization| &mut organization.jit.sso_connectors)
}

/// An enterprise connector is known by the tokens that users have of it.
fn asked_connectors(state: &State, call: &Call<'_>, least: usize) -> Answer<Vec<String>> {
    let mut guard = Guard::read(call.request)?;
    let ids = if least == 0 { guard.ids("ssoConnectorIds") } else { guard.some_ids("ssoConnectorIds") };
    guard.finish()?;
    let is_known = |id: &String| state.directory.users.iter().any(|user| user.sso_tokens.contains_key(id));
    if ids.iter().all(is_known) { Ok(ids) } else { Err(unknown_reference()) }
}

type Part = fn(&mut MockOrganization) -> &mut Vec<String>;

/// What is there already stays as it is.
fn add(state: &mut State, call: &Call<'_>, items: Vec<String>, part: Part) -> Answer {
    let list = part(referred(state, call)?);
    for item in items {
        if !list.contains(&item) {
            list.push(item);
        }
    }
    Ok(Reply::text(201, "Created"))
}

/// The same item twice is refused.
fn replace(state: &mut State, call: &Call<'_>, items: Vec<String>, part: Part) -> Answer {
    if items.is_empty() && state.directory.organization(call.param("id")).is_none() {
        return Ok(Reply::empty(204));
    }
    if has_twice(&items) {
        return Err(taken());
    }
    *part(referred(state, call)?) = items;
    Ok(Reply::empty(204))
}

fn remove(state: &mut State, call: &Call<'_>, item: &str, part: Part) -> Answer {
    let organization = state.directory.organization_mut(call.param("id")).ok_or_else(not_found)?;
    let list = part(organization);
    let place = list.iter().position(|known| known == item).ok_or_else(not_found)?;
    list.remove(place);
    Ok(Reply::empty(204))
}

/// The organization of a list that is read.
fn existing<'a>(directory: &'a MockDirectory, call: &Call<'_>) -> Answer<&'a MockOrganization> {
    let id = call.param("id");
    directory.organization(id).ok_or_else(|| not_there("organizations", id))
}

/// The organization of a list that is written.
fn referred<'a>(state: &'a mut State, call: &Call<'_>) -> Answer<&'a mut MockOrganization> {
    state.directory.organization_mut(call.param("id")).ok_or_else(unknown_reference)
}
