//! Which page the user sees first, and with what in its address.

use url::form_urlencoded;

use super::request::Params;

/// What Logto hands from the authorization request on to its pages.
const PASSED_ON: &[&str] = &["identifier", "organization_id", "one_time_token", "login_hint", "ui_locales"];

#[derive(Debug, Clone)]
pub(crate) struct Screen {
    path: String,
    query: Vec<(&'static str, String)>,
}

impl Screen {
    pub(crate) fn read(params: &Params) -> Self {
        let mut query: Vec<_> = vec![("app_id", params.owned("client_id").unwrap_or_default())];
        let first = first_screen(params);
        let path = match direct_sign_in(params) {
            Some(path) => {
                let fallback = if first == "/register" { "register" } else { "sign-in" };
                query.push(("fallback", fallback.to_owned()));
                path
            }
            None => first.to_owned(),
        };
        query.extend(PASSED_ON.iter().filter_map(|&name| Some((name, params.owned(name)?))));
        Self { path, query }
    }

    /// The page's address. Logto keeps the interaction in a cookie; here it is in the address, so that tabs do not meet.
    pub(crate) fn location(&self, interaction: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.query).append_pair("interaction", interaction);
        format!("{}?{}", self.path, query.finish())
    }
}

fn first_screen(params: &Params) -> &'static str {
    match (params.get("first_screen"), params.get("interaction_mode")) {
        (Some("register"), _) | (None, Some("signUp")) => "/register",
        (Some("identifier:sign_in"), _) => "/identifier-sign-in",
        (Some("identifier:register"), _) => "/identifier-register",
        (Some("reset_password"), _) => "/reset-password",
        (Some("single_sign_on"), _) => "/single-sign-on",
        _ => "/sign-in",
    }
}

/// `social:kakao` is `/direct/social/kakao`.
fn direct_sign_in(params: &Params) -> Option<String> {
    let target = match params.get("direct_sign_in") {
        Some(target) => target,
        None => params.get("google_one_tap_credential").map(|_| "social:google")?,
    };
    let encoded = |part: &str| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
    let segments: Vec<_> = target.splitn(2, ':').map(encoded).collect();
    Some(format!("/direct/{}", segments.join("/")))
}
