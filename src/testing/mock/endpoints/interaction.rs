//! From an authorization request to its response: is the user signed in, has the user agreed?

use std::time::Duration;

use super::application_access::access_denied;
use crate::{
    clock::{random_token, unix_seconds},
    testing::mock::{
        directory::MockUser,
        messages::{
            error::{OidcError, OidcResult},
            reply::Reply,
        },
        state::{
            State,
            authorization_request::AuthorizationRequest,
            context::{self, Context},
            interaction::Interaction,
            session::{AppSession, Session, SignIn},
            store::{Authorized, Code, Grant},
            webhook_events::Completed,
        },
        tokens::permissions,
    },
};

const CODE_LIFETIME: Duration = Duration::from_secs(60);

/// Begins with a request that is in order.
pub(crate) fn begin(state: &mut State, asked: AuthorizationRequest, session: Option<&str>) -> OidcResult {
    let id = state.begin_interaction(asked)?;
    resume(state, &id, session)
}

/// Goes on where the interaction is: to a page, or back to the application.
pub(crate) fn resume(state: &mut State, id: &str, presented: Option<&str>) -> OidcResult {
    let Some(interaction) = state.interaction(id).cloned() else { return expired(state) };
    let asked = &interaction.asked;
    let session_id = interaction.signed_in.as_deref().or(presented);
    let session = session_id.and_then(|id| Some((id, state.session(id)?)));
    let reply = match session {
        // Who has signed in for it cannot do better, and who must not be asked cannot do at all.
        Some((_, session))
            if (interaction.signed_in.is_some() || asked.prompt.none)
                && state.is_unmet(&asked.acr_values, session.context) =>
        {
            asked.back.error(context::unmet())
        }
        Some((session_id, session)) if !must_sign_in(state, &interaction, session) => {
            // Who has just signed in is told so by the page for consent, and does not get back to the application.
            if !state.lets_in(&asked.client_id, &session.user_id) {
                if interaction.signed_in.is_some() {
                    return Ok(to_consent(asked, id));
                }
                asked.back.error(access_denied())
            } else if may_have(state, &interaction, session) {
                let (session_id, session) = (session_id.to_owned(), session.clone());
                let what = allow(state, asked, &session_id, session)?;
                finish(state, asked, what)?
            } else if asked.prompt.none {
                asked.back.error(OidcError::new(400, "consent_required", "requested scopes not granted"))
            } else {
                return Ok(to_consent(asked, id));
            }
        }
        session if asked.prompt.none => asked.back.error(login_required(asked, session.map(|(_, session)| session))),
        _ => return Ok(Reply::redirect(303, asked.screen.location(id))),
    };
    state.interactions.remove(id);
    Ok(reply)
}

/// The user has signed in on a page, and becomes a member of organizations by that.
pub(crate) fn sign_in(
    state: &mut State,
    id: &str,
    presented: Option<&str>,
    user_id: &str,
    organizations: &[String],
) -> OidcResult {
    complete(state, id, presented, Comer { user_id, organizations, registered: false })
}

/// The user has registered on a page, and is signed in by that.
pub(crate) fn register(
    state: &mut State,
    id: &str,
    presented: Option<&str>,
    user: MockUser,
    organizations: &[String],
) -> OidcResult {
    if state.interaction(id).is_none() {
        return expired(state);
    }
    let user_id = state.add_user(user);
    complete(state, id, presented, Comer { user_id: &user_id, organizations, registered: true })
}

#[derive(Clone, Copy)]
struct Comer<'a> {
    user_id: &'a str,
    /// Those that a one-time token names.
    organizations: &'a [String],
    registered: bool,
}

fn complete(state: &mut State, id: &str, presented: Option<&str>, comer: Comer<'_>) -> OidcResult {
    let Comer { user_id, organizations, registered } = comer;
    let Some(interaction) = state.interaction(id) else { return expired(state) };
    let context = Context::reached(&state.directory, user_id, &interaction.asked.acr_values);
    let sign_in = SignIn { client_id: interaction.asked.client_id.clone(), user_agent: interaction.user_agent.clone() };
    let session = state.begin_session(presented, user_id, context, sign_in)?;
    let Some(interaction) = state.interactions.get_mut(id) else { return expired(state) };
    interaction.signed_in = Some(session.clone());
    let client_id = interaction.asked.client_id.clone();
    let reply = resume_at(interaction, &state.issuer, 303, id);
    let done = Completed { interaction: id, client_id: &client_id, user_id, registered };
    let mut came_to = state.provision(user_id, organizations);
    if registered {
        came_to.extend(state.provision_by_email(user_id));
    }
    state.tell_provisioned(done, &came_to);
    if registered {
        state.tell_registered(done);
    }
    state.note_sign_in(user_id);
    state.tell_signed_in(done);
    Ok(reply.with_session(&session))
}

/// The user has agreed, or need not be asked.
pub(crate) fn consent(state: &mut State, id: &str, status: u16) -> OidcResult {
    if state.interaction(id).is_none() {
        return expired(state);
    }
    let Some(interaction) = state.interactions.get_mut(id) else { return expired(state) };
    interaction.consented = true;
    Ok(resume_at(interaction, &state.issuer, status, id))
}

/// The user has given up.
pub(crate) fn abort(state: &mut State, id: &str) -> OidcResult {
    let Some(interaction) = state.interactions.remove(id) else { return expired(state) };
    Ok(interaction.asked.back.error(OidcError::without_description("oidc.aborted")))
}

/// The user who is about to agree.
pub(crate) fn user<'a>(state: &'a State, interaction: &'a Interaction, presented: Option<&'a str>) -> Option<&'a str> {
    let session = state.session(interaction.signed_in.as_deref().or(presented)?)?;
    Some(&session.user_id)
}

/// What the authorization endpoint answers when the interaction that a URL names is gone.
fn expired(state: &State) -> OidcResult<Reply> {
    let error = OidcError::session_not_found("authorization request has expired");
    Err(error.member("iss", Some(state.issuer.as_str())))
}

fn to_consent(asked: &AuthorizationRequest, id: &str) -> Reply {
    Reply::redirect(303, format!("/consent?app_id={}&interaction={id}", asked.client_id))
}

fn resume_at(interaction: &Interaction, issuer: &str, status: u16, id: &str) -> Reply {
    let place = if interaction.asked.device.is_some() { "device" } else { "auth" };
    Reply::redirect(status, format!("{issuer}/{place}/{id}"))
}

/// Why no answer is possible without a page.
fn login_required(asked: &AuthorizationRequest, session: Option<&Session>) -> OidcError {
    let someone_else = |session: &Session| asked.hinted.as_ref().is_some_and(|hinted| *hinted != session.user_id);
    let description = match session {
        _ if asked.max_age.is_some_and(|max| max.is_zero()) => "login prompt was not resolved",
        None => "End-User authentication is required",
        Some(session) if someone_else(session) => "id_token_hint and authenticated subject do not match",
        Some(_) => "End-User authentication could not be obtained",
    };
    OidcError::new(400, "login_required", description)
}

fn must_sign_in(state: &State, interaction: &Interaction, session: &Session) -> bool {
    let age = state.now().duration_since(session.signed_in_at).unwrap_or_default();
    let too_old = interaction.asked.max_age.is_some_and(|max| max.is_zero() || age > max);
    let someone_else = interaction.asked.hinted.as_ref().is_some_and(|hinted| *hinted != session.user_id);
    let unmet = state.is_unmet(&interaction.asked.acr_values, session.context);
    interaction.signed_in.is_none() && (interaction.asked.prompt.login || too_old || someone_else || unmet)
}

/// Whether consent was given, now or before. A first-party app too needs a grant, which it gets without a page.
fn may_have(state: &State, interaction: &Interaction, session: &Session) -> bool {
    let asked = &interaction.asked;
    if interaction.consented || asked.prompt.consent {
        return interaction.consented;
    }
    let app = session.apps.get(&asked.client_id);
    let grant = app.and_then(|app| state.store.grants.get(&app.grant));
    grant.is_some_and(|grant| permissions::has_all(&state.directory, grant, asked, &session.user_id))
}

/// The grant, as the session has it from now on.
fn allow(
    state: &mut State,
    asked: &AuthorizationRequest,
    session_id: &str,
    mut session: Session,
) -> OidcResult<Authorized> {
    let app = match session.apps.get(&asked.client_id) {
        // A grant that was revoked is not revived.
        Some(app) if state.store.grants.contains_key(&app.grant) => app.clone(),
        Some(app) => AppSession { grant: random_token()?, ..app.clone() },
        None => AppSession { sid: random_token()?, grant: random_token()? },
    };
    let new = Grant::new(&asked.client_id, &session.user_id, state.now());
    let grant = state.store.grants.entry(app.grant.clone()).or_insert(new);
    permissions::give_all(&state.directory, grant, asked, &session.user_id);
    session.apps.insert(asked.client_id.clone(), app.clone());
    state.note_application(&session.user_id, &asked.client_id);
    let what = Authorized {
        grant: app.grant,
        client_id: asked.client_id.clone(),
        user_id: session.user_id.clone(),
        session: session.uid.clone(),
        sid: app.sid,
        scopes: asked.scopes.clone(),
        resources: asked.resources.clone(),
        nonce: asked.nonce.clone(),
        auth_time: (asked.max_age.is_some() || asked.prompt.login || state.step_up)
            .then(|| unix_seconds(session.signed_in_at)),
        context: session.context,
    };
    state.sessions.insert(session_id.to_owned(), session);
    Ok(what)
}

/// Tells the application: a code for its callback, or the tokens that its device comes for.
fn finish(state: &mut State, asked: &AuthorizationRequest, what: Authorized) -> OidcResult {
    if let Some(user_code) = &asked.device {
        state.devices.approve(user_code, what);
        return Ok(Reply::redirect(302, "/device/success"));
    }
    let code = Code {
        what,
        redirect_uri: asked.back.redirect_uri.clone(),
        challenge: asked.challenge.clone(),
        expires_at: state.after(CODE_LIFETIME),
        used: false,
    };
    let value = random_token()?;
    state.store.codes.insert(value.clone(), code);
    Ok(asked.back.code(value))
}
