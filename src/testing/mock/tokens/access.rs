//! Access tokens: opaque for Logto itself, JWTs (RFC 9068) for API resources and organizations.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::permissions;
use crate::{
    clock::{random_token, whole_seconds},
    testing::mock::{
        directory::{
            Holder, MockDirectory, MockUser,
            claims::{ORGANIZATIONS, is_user_scope},
        },
        messages::error::{OidcError, OidcResult},
        state::{
            State,
            store::{AccessToken, Authorized},
        },
    },
};

const LIFETIME: Duration = Duration::from_secs(3600);

/// For what the token is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) resource: Option<&'a str>,
    pub(crate) organization: Option<&'a str>,
}

/// An access token as it stands in the response.
#[derive(Debug)]
pub(crate) struct AccessGranted {
    pub(crate) token: String,
    pub(crate) expires_in: i64,
    pub(crate) scope: Option<String>,
}

/// A token for a user. `scopes` are those asked for: what the user may not have is left out in silence.
pub(crate) fn for_user(
    state: &mut State,
    what: &Authorized,
    target: Target<'_>,
    scopes: &[String],
) -> OidcResult<AccessGranted> {
    let user = state.directory.user(&what.user_id).ok_or_else(OidcError::invalid_grant)?;
    if target.organization.is_some() && !what.has_scope(ORGANIZATIONS) {
        let error = OidcError::new(403, "insufficient_scope", "refresh token missing required scope");
        return Err(error.member("scope", Some(ORGANIZATIONS)));
    }
    let target = resolved(what, target, scopes);
    let known = |resource: &str| what.resources.iter().any(|known| known == resource);
    let mut available = match target {
        Target { organization: Some(_), .. } => {
            let scopes = available_to_user(&state.directory, user, target)?;
            if !target.resource.is_none_or(known) {
                return Err(OidcError::invalid_target());
            }
            scopes
        }
        Target { resource: Some(resource), .. } => {
            if !known(resource) {
                return Err(OidcError::invalid_target());
            }
            available(&state.directory, user.holder(), target).unwrap_or_default()
        }
        Target { .. } => return opaque(state, what, scopes),
    };
    if let Some(resource) = target.resource {
        permissions::narrow(&mut available, state.store.grants.get(&what.grant), resource);
    }
    let scope = intersection(available, scopes).join(" ");
    signed(state, &Party::of(what), target, Some(scope), state.authentication(what))
}

/// What a token is for. Where the scopes lack `openid`, one that names nothing is for the resource that the user was asked for, if there was
/// exactly one (`99-oidc-misc/cmp-refresh-scope-only-offline.json`).
fn resolved<'a>(what: &'a Authorized, target: Target<'a>, scopes: &[String]) -> Target<'a> {
    match (target, what.resources.as_slice()) {
        (Target { resource: None, organization: None }, [only]) if !scopes.iter().any(|scope| scope == "openid") => {
            Target { resource: Some(only), organization: None }
        }
        _ => target,
    }
}

/// Whose token it is.
pub(crate) struct Party<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) subject: &'a str,
    /// Who acts for the subject (RFC 8693 section 4.1).
    pub(crate) actor: Option<&'a str>,
}

impl<'a> Party<'a> {
    fn is_machine(&self) -> bool {
        self.client_id == self.subject
    }

    fn of(what: &'a Authorized) -> Self {
        Self { client_id: &what.client_id, subject: &what.user_id, actor: None }
    }
}

/// The scopes that a user has of the target now, if the organization lets the user in.
pub(crate) fn available_to_user(
    directory: &MockDirectory,
    user: &MockUser,
    target: Target<'_>,
) -> OidcResult<Vec<String>> {
    let refused = |description: &str| OidcError::new(403, "access_denied", description);
    let scopes = available(directory, user.holder(), target);
    let scopes = scopes.ok_or_else(|| refused("user is not a member of the organization"))?;
    if directory.requires_mfa(target.organization) && !user.has_mfa() {
        return Err(refused("organization requires MFA but user has no MFA configured"));
    }
    Ok(scopes)
}

/// The scopes that the holder has of the target now. `None`: no member of the organization.
pub(crate) fn available(directory: &MockDirectory, holder: Holder<'_>, target: Target<'_>) -> Option<Vec<String>> {
    match (target.organization, target.resource) {
        (Some(organization), resource) => directory.organization_scopes(holder, organization, resource),
        (None, Some(resource)) => Some(directory.resource_scopes(holder, resource)),
        (None, None) => Some(Vec::new()),
    }
}

pub(crate) fn intersection(mut available: Vec<String>, asked: &[String]) -> Vec<String> {
    available.retain(|scope| asked.contains(scope));
    available
}

pub(crate) fn signed(
    state: &State,
    party: &Party<'_>,
    target: Target<'_>,
    scope: Option<String>,
    authentication: Map<String, Value>,
) -> OidcResult<AccessGranted> {
    let has_custom_claims = state.custom_jwt.judge(party.is_machine())?;
    let lifetime = target.resource.and_then(|indicator| state.directory.resource(indicator));
    let lifetime = lifetime.map_or(LIFETIME, |resource| resource.access_token_ttl);
    let audience = match (target.resource, target.organization) {
        (Some(resource), _) => resource.to_owned(),
        (None, organization) => format!("urn:logto:organization:{}", organization.unwrap_or_default()),
    };
    let custom = has_custom_claims.then(|| custom_claims(&state.directory, party.subject));
    let mut claims = custom.unwrap_or_default();
    claims.extend(state.new_claims(&audience, lifetime)?);
    claims.extend(authentication);
    claims.insert("sub".into(), party.subject.into());
    claims.insert("client_id".into(), party.client_id.into());
    claims.extend(party.actor.map(|actor| ("act".into(), json!({ "sub": actor }))));
    claims.extend(scope.as_deref().map(|scope| ("scope".into(), scope.into())));
    if let (Some(_), Some(organization)) = (target.resource, target.organization) {
        claims.insert("organization_id".into(), organization.into());
    }
    let token = state.sign("at+jwt", &Value::Object(claims))?;
    Ok(AccessGranted { token, expires_in: whole_seconds(lifetime), scope })
}

/// What a script of Console › Custom JWT adds for the user or the machine. Registered claims do not count (`96-custom-jwt/23-reserved.json`).
fn custom_claims(directory: &MockDirectory, subject: &str) -> Map<String, Value> {
    const REGISTERED: &[&str] = &["jti", "sub", "iat", "exp", "scope", "client_id", "iss", "aud"];
    let user = directory.user(subject).map(|user| &user.token_claims);
    let claims = user.or_else(|| directory.app(subject).map(|app| &app.token_claims)).into_iter().flatten();
    let custom = claims.filter(|(name, _)| !REGISTERED.contains(&name.as_str()));
    custom.map(|(name, value)| (name.clone(), value.clone())).collect()
}

pub(crate) fn opaque(state: &mut State, what: &Authorized, scopes: &[String]) -> OidcResult<AccessGranted> {
    let scopes: Vec<_> = scopes.iter().filter(|scope| is_user_scope(scope)).cloned().collect();
    let token = random_token()?;
    let (issued_at, expires_at) = (state.now(), state.after(LIFETIME));
    let scope = Some(scopes.join(" "));
    state.store.access_tokens.insert(token.clone(), AccessToken { what: what.clone(), scopes, issued_at, expires_at });
    Ok(AccessGranted { token, expires_in: whole_seconds(LIFETIME), scope })
}
