//! The authorization endpoint (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2): is the request in order?

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::{interaction, session_cookie};
use crate::testing::mock::{
    directory::{AppKind, MockApp, MockDirectory, claims::is_user_scope},
    messages::{
        error::{OidcError, OidcResult},
        request::{Params, RecordedRequest},
        respond::{ResponseMode, Return},
        screens::Screen,
    },
    state::{
        State,
        authorization_request::{AuthorizationRequest, Prompt},
    },
};

/// GET or POST `/oidc/auth`.
pub(crate) fn authorize(state: &mut State, request: &RecordedRequest) -> OidcResult {
    let params = match state.take_pushed(request.params()) {
        Ok(params) => params,
        Err(error) => return refuse(state, request.params(), unsent(state, request.params(), error)),
    };
    match read(state, &params) {
        Ok(asked) => interaction::begin(state, asked, session_cookie::presented(request)),
        Err(refusal) => refuse(state, &params, refusal),
    }
}

fn refuse(state: &State, params: &Params, refusal: Refusal) -> OidcResult {
    match refusal {
        Refusal::Here(error) => {
            let error = error.member("state", params.get("state"));
            Err(error.member("iss", Some(state.issuer.as_str())))
        }
        Refusal::There(back, error) => Ok(back.error(error)),
    }
}

/// Whether a request would be accepted, without a browser: what a pushed one is asked.
pub(crate) fn examine(state: &State, params: &Params) -> OidcResult<()> {
    match read(state, params) {
        Ok(_) => Ok(()),
        Err(Refusal::Here(error) | Refusal::There(_, error)) => Err(error),
    }
}

/// A device's request: it names no redirect URI and wants no code.
pub(crate) fn for_device(
    state: &State,
    app: &MockApp,
    params: &Params,
    user_code: &str,
) -> OidcResult<AuthorizationRequest> {
    let prompt = Prompt { consent: true, ..Prompt::default() };
    let redirect_uri = format!("{}/device", state.endpoint);
    Ok(AuthorizationRequest {
        client_id: app.id.clone(),
        third_party: app.third_party,
        back: Return { redirect_uri, mode: ResponseMode::Query, state: None, iss: None },
        scopes: check_scopes(app, params, prompt)?,
        resources: check_resources(&state.directory, params)?,
        nonce: None,
        challenge: None,
        prompt,
        max_age: None,
        acr_values: Vec::new(),
        hinted: None,
        screen: Screen::read(&params.clone().with("client_id", &app.id)),
        device: Some(user_code.to_owned()),
    })
}

/// A wrong request is answered here as long as it is not known where to send the browser back to.
enum Refusal {
    Here(OidcError),
    There(Box<Return>, OidcError),
}

fn read(state: &State, params: &Params) -> Result<AuthorizationRequest, Refusal> {
    let (app, redirect_uri) = addressee(&state.directory, params).map_err(Refusal::Here)?;
    let back = way_back(state, params, redirect_uri);
    check(state, app, params, back.clone()).map_err(|error| Refusal::There(Box::new(back), error))
}

fn way_back(state: &State, params: &Params, redirect_uri: String) -> Return {
    let iss = (!state.tampering.omit_iss).then(|| state.issuer.clone());
    let mode = ResponseMode::read(params.get("response_mode"), params.get("response_type"));
    Return { redirect_uri, mode, state: params.owned("state"), iss }
}

/// The refusal of a request that was not pushed, at least not lately: it may name a way back itself.
fn unsent(state: &State, params: &Params, error: OidcError) -> Refusal {
    match addressee(&state.directory, params) {
        Ok((_, redirect_uri)) => Refusal::There(Box::new(way_back(state, params, redirect_uri)), error),
        Err(_) => Refusal::Here(error),
    }
}

fn addressee<'a>(directory: &'a MockDirectory, params: &Params) -> OidcResult<(&'a MockApp, String)> {
    if let Some(name) = params.repeated() {
        return Err(OidcError::repeated(name));
    }
    let client_id = params.get("client_id").ok_or_else(|| OidcError::missing("client_id"))?;
    let app = directory.app(client_id).ok_or_else(|| OidcError::unknown_client(client_id))?;
    let redirect_uri = params.get("redirect_uri").ok_or_else(|| OidcError::missing("redirect_uri"))?;
    if !app.allows_redirect(redirect_uri) {
        let description = "redirect_uri did not match any of the client's registered redirect_uris";
        return Err(OidcError::new(400, "invalid_redirect_uri", description));
    }
    Ok((app, redirect_uri.to_owned()))
}

fn check(state: &State, app: &MockApp, params: &Params, back: Return) -> OidcResult<AuthorizationRequest> {
    if params.get("request").is_some() {
        return Err(OidcError::without_description("request_not_supported"));
    }
    if params.get("request_uri").is_some() {
        return Err(OidcError::without_description("request_uri_not_supported"));
    }
    if params.get("registration").is_some() {
        return Err(OidcError::without_description("registration_not_supported"));
    }
    check_response(params)?;
    let challenge = check_pkce(app, params)?;
    let prompt = check_prompt(params)?;
    let scopes = check_scopes(app, params, prompt)?;
    let resources = check_resources(&state.directory, params)?;
    let acr_values = params.words("acr_values").unwrap_or_default();
    state.check_classes(&acr_values)?;
    Ok(AuthorizationRequest {
        client_id: app.id.clone(),
        third_party: app.third_party,
        back,
        scopes,
        resources,
        nonce: params.owned("nonce"),
        challenge,
        prompt,
        max_age: check_max_age(params)?,
        acr_values,
        hinted: check_hint(state, params)?,
        screen: Screen::read(params),
        device: None,
    })
}

fn check_response(params: &Params) -> OidcResult<()> {
    match params.get("response_type").ok_or_else(|| OidcError::missing("response_type"))? {
        "code" => {}
        "code id_token" | "id_token" | "none" => {
            return Err(OidcError::invalid_request("requested response_type is not allowed for this client"));
        }
        _ => return Err(OidcError::new(400, "unsupported_response_type", "unsupported response_type requested")),
    }
    match params.get("response_mode") {
        None | Some("query" | "fragment" | "form_post") => Ok(()),
        Some(_) => Err(OidcError::new(400, "unsupported_response_mode", "unsupported response_mode requested")),
    }
}

/// RFC 7636: S256 only, and for public clients always.
fn check_pkce(app: &MockApp, params: &Params) -> OidcResult<Option<String>> {
    let challenge = params.owned("code_challenge");
    if params.get("code_challenge_method").is_some_and(|method| method != "S256") {
        return Err(OidcError::invalid_request("not supported value of code_challenge_method"));
    }
    if challenge.is_some() && params.get("code_challenge_method").is_none() {
        return Err(OidcError::invalid_request("code_challenge_method must be provided"));
    }
    if challenge.as_ref().is_some_and(|challenge| challenge.len() < 43) {
        let description = "code_challenge must be a string with a minimum length of 43 characters";
        return Err(OidcError::invalid_request(description));
    }
    if challenge.is_none() && app.kind == AppKind::Public {
        return Err(OidcError::invalid_request(
            "Authorization Server policy requires PKCE to be used for this request",
        ));
    }
    Ok(challenge)
}

fn check_prompt(params: &Params) -> OidcResult<Prompt> {
    let words = params.words("prompt").unwrap_or_default();
    let mut prompt = Prompt::default();
    for word in &words {
        match word.as_str() {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            _ => return Err(OidcError::invalid_request("unsupported prompt value requested")),
        }
    }
    if prompt.none && words.len() > 1 {
        return Err(OidcError::invalid_request("prompt none must only be used alone"));
    }
    Ok(prompt)
}

fn check_scopes(app: &MockApp, params: &Params, prompt: Prompt) -> OidcResult<Vec<String>> {
    const FOR_THIRD_PARTIES: &[&str] = &["openid", "offline_access", "profile", "email"];
    let mut scopes = params.words("scope").unwrap_or_default();
    if params.get("nonce").is_some() && !scopes.iter().any(|scope| scope == "openid") {
        return Err(OidcError::invalid_request("openid scope must be requested when using the nonce parameter"));
    }
    let refused = |scope: &&String| is_user_scope(scope) && !FOR_THIRD_PARTIES.contains(&scope.as_str());
    if let Some(scope) = scopes.iter().find(refused).filter(|_| app.third_party) {
        let error = OidcError::new(400, "invalid_scope", "requested scope is not allowed");
        return Err(error.member("scope", Some(scope)));
    }
    scopes.retain(|scope| scope != "offline_access" || prompt.consent);
    Ok(scopes)
}

/// Logto also takes several resources with commas between them.
fn check_resources(directory: &MockDirectory, params: &Params) -> OidcResult<Vec<String>> {
    let resources: Vec<_> = params.all("resource").flat_map(|value| value.split(',')).map(str::to_owned).collect();
    for resource in &resources {
        let refused = |description: &str| Err(OidcError::new(400, "invalid_target", description));
        match Url::parse(resource) {
            Err(_) => return refused("resource indicator must be an absolute URI"),
            Ok(url) if url.fragment().is_some() => {
                return refused("resource indicator must not contain a fragment component");
            }
            Ok(_) => {}
        }
    }
    if resources.iter().all(|resource| directory.knows_resource(resource)) {
        Ok(resources)
    } else {
        Err(OidcError::invalid_target())
    }
}

fn check_max_age(params: &Params) -> OidcResult<Option<Duration>> {
    let Some(max_age) = params.get("max_age") else { return Ok(None) };
    let seconds = max_age.parse().map_err(|_| OidcError::invalid_request("invalid max_age parameter value"))?;
    Ok(Some(Duration::from_secs(seconds)))
}

/// An expired hint is as good as a fresh one (OpenID Connect Core section 3.1.2.1).
fn check_hint(state: &State, params: &Params) -> OidcResult<Option<String>> {
    let Some(hint) = params.get("id_token_hint") else { return Ok(None) };
    let claims = state.keys.verify(hint);
    let claims = claims.ok_or_else(|| OidcError::invalid_request("could not validate id_token_hint"))?;
    Ok(claims.get("sub").and_then(Value::as_str).map(str::to_owned))
}
