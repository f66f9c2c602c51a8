//! The pages on which the user signs in, registers and agrees.

mod magic_link;

use url::form_urlencoded;

use super::{interaction, session_cookie};
use crate::testing::mock::{
    directory::MockUser,
    messages::{
        error::OidcResult,
        html::{self, escape, hidden},
        reply::Reply,
        request::RecordedRequest,
    },
    state::{State, ids::user_id, interaction::Interaction},
};

/// The page that a request is for, with its interaction.
struct Visit<'a> {
    id: &'a str,
    app_id: String,
    request: &'a RecordedRequest,
}

/// GET or POST on a page. `None`: there is no such page.
pub(crate) fn page(state: &mut State, request: &RecordedRequest) -> Option<OidcResult> {
    let handler = match request.path() {
        "/sign-in" | "/identifier-sign-in" | "/reset-password" | "/single-sign-on" => sign_in,
        "/register" | "/identifier-register" => register,
        "/consent" => consent,
        path => match path.strip_prefix("/direct/")? {
            "social/kakao" => kakao,
            _ => fallback,
        },
    };
    let id = request.query_value("interaction").unwrap_or_default();
    let Some(interaction) = state.interaction(id).cloned() else {
        let text = "This sign-in has ended or was begun too long ago. Go back to the application and begin again.";
        return Some(Ok(Reply::html(400, html::notice("Session not found", text))));
    };
    if let Some(interaction) = state.interactions.get_mut(id) {
        interaction.user_agent = request.header("user-agent").map(str::to_owned);
    }
    let visit = Visit { id, app_id: interaction.asked.client_id.clone(), request };
    Some(handler(state, &visit, &interaction))
}

fn sign_in(state: &mut State, visit: &Visit<'_>, _: &Interaction) -> OidcResult {
    if let Some(token) = visit.one_time_token() {
        return magic_link::open(state, visit, token);
    }
    if !visit.posts() {
        let hint = visit.request.query_value("login_hint").unwrap_or_default();
        return Ok(Reply::html(200, sign_in_page(state, visit, hint, None)));
    }
    let (username, password) = visit.credentials();
    let user = state.directory.user_identified_by(username);
    let known = user.filter(|user| user.is_password(password) && !user.suspended);
    let Some(id) = known.map(|user| user.id.clone()) else {
        let error = "Incorrect account or password. Please check your input.";
        return Ok(Reply::html(422, sign_in_page(state, visit, username, Some(error))));
    };
    interaction::sign_in(state, visit.id, session_cookie::presented(visit.request), &id, &[])
}

fn register(state: &mut State, visit: &Visit<'_>, _: &Interaction) -> OidcResult {
    if !visit.posts() {
        return Ok(Reply::html(200, register_page(visit, "", None)));
    }
    let (username, password) = visit.credentials();
    // An email address in the place of the username is an identifier, too.
    let by_email = username.contains('@');
    let email = if by_email { username } else { visit.request.form_value("email").unwrap_or_default().trim() };
    let error = if username.is_empty() || password.is_empty() {
        Some("Please give a username and a password.")
    } else if state.directory.user_called(username).is_some() {
        Some("This username is already taken.")
    } else if !email.is_empty() && state.directory.user_with_email(email).is_some() {
        Some("This email is associated with an existing account.")
    } else {
        None
    };
    if error.is_some() {
        return Ok(Reply::html(422, register_page(visit, username, error)));
    }
    let mut user = MockUser::new(username).password(password);
    user.email = Some(email.to_owned()).filter(|email| !email.is_empty());
    if by_email {
        user = user.id(user_id()?);
        user.username = None;
    }
    interaction::register(state, visit.id, session_cookie::presented(visit.request), user, &[])
}

/// Stands for Kakao's own page, and for Logto's way there and back.
fn kakao(state: &mut State, visit: &Visit<'_>, _: &Interaction) -> OidcResult {
    if !visit.posts() {
        return Ok(Reply::html(200, kakao_page(visit)));
    }
    let known = state.directory.users.iter().find(|user| user.identities.contains_key("kakao"));
    let presented = session_cookie::presented(visit.request);
    match known.map(|user| user.id.clone()) {
        Some(id) => interaction::sign_in(state, visit.id, presented, &id, &[]),
        None => interaction::register(state, visit.id, presented, MockUser::social("kakao", "Kakao User"), &[]),
    }
}

/// A connector that does not exist: Logto goes to the page that the request names for this.
#[allow(clippy::unnecessary_wraps, reason = "it is one of the handlers")]
fn fallback(_: &mut State, visit: &Visit<'_>, _: &Interaction) -> OidcResult {
    let path = if visit.request.query_value("fallback") == Some("register") { "/register" } else { "/sign-in" };
    Ok(Reply::redirect(303, visit.link(path)))
}

/// Only third parties are asked about; the others come through without a page.
fn consent(state: &mut State, visit: &Visit<'_>, interaction: &Interaction) -> OidcResult {
    let user = interaction::user(state, interaction, session_cookie::presented(visit.request));
    if user.is_some_and(|user| !state.lets_in(&visit.app_id, user)) {
        let text = "Access denied. The administrator of this application has not let you in.";
        return Ok(Reply::html(400, html::notice("Access denied", text)));
    }
    match (interaction.asked.third_party, visit.posts()) {
        (false, _) => interaction::consent(state, visit.id, 302),
        (true, false) => Ok(Reply::html(200, consent_page(visit, interaction))),
        (true, true) => interaction::consent(state, visit.id, 303),
    }
}

impl Visit<'_> {
    fn posts(&self) -> bool {
        self.request.method() == "POST"
    }

    /// What a magic link carries. The request of another method than GET uses nothing up.
    fn one_time_token(&self) -> Option<&str> {
        self.request.query_value("one_time_token").filter(|_| self.request.method() == "GET")
    }

    fn credentials(&self) -> (&str, &str) {
        let field = |name| self.request.form_value(name).unwrap_or_default();
        (field("username").trim(), field("password"))
    }

    /// A page of the same interaction.
    fn link(&self, path: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("app_id", &self.app_id)
            .append_pair("interaction", self.id)
            .finish();
        format!("{path}?{query}")
    }

    fn form(&self, path: &str, content: &str) -> String {
        format!("<form method=\"post\" action=\"{}\">\n{content}\n</form>", escape(&self.link(path)))
    }
}

fn sign_in_page(state: &State, visit: &Visit<'_>, username: &str, error: Option<&str>) -> String {
    let people = state.directory.users.iter().filter_map(|user| {
        let (username, password) = (user.username.as_deref()?, user.password.as_ref()?.plain()?);
        Some(format!("{} / {}", escape(username), escape(password)))
    });
    let people: Vec<_> = people.take(3).collect();
    let hint = format!("<p class=\"hint\">Demo users: <b>{}</b></p>", people.join("</b>, <b>"));
    let body = format!(
        "<h1>Sign in</h1>\n{}{}\n<a class=\"button kakao\" href=\"{}\">Continue with Kakao</a>\n{hint}\n\
         <p class=\"hint\">No account yet? <a href=\"{}\">Create account</a></p>",
        error_line(error),
        visit.form("/sign-in", &credential_fields(username, "current-password", "Sign in")),
        escape(&visit.link("/direct/social/kakao")),
        escape(&visit.link("/register")),
    );
    html::page("Sign in", &body)
}

/// Logto can be set up to ask for it, too. It is not verified here.
const EMAIL_FIELD: &str =
    "<label>Email address (optional)<input name=\"email\" type=\"email\" autocomplete=\"email\"></label>\n";

fn register_page(visit: &Visit<'_>, username: &str, error: Option<&str>) -> String {
    let body = format!(
        "<h1>Create account</h1>\n{}{}\n<p class=\"hint\">Have an account? <a href=\"{}\">Sign in</a></p>",
        error_line(error),
        visit.form(
            "/register",
            &format!("{EMAIL_FIELD}{}", credential_fields(username, "new-password", "Create account"))
        ),
        escape(&visit.link("/sign-in")),
    );
    html::page("Create account", &body)
}

fn kakao_page(visit: &Visit<'_>) -> String {
    let body = format!(
        "<h1>Kakao (pretended)</h1>\n<p>The application would like to know your nickname.</p>\n{}\n\
         <a class=\"button plain\" href=\"{}\">Cancel</a>",
        visit.form("/direct/social/kakao", "<button class=\"kakao\">Agree and continue</button>"),
        escape(&visit.link("/sign-in")),
    );
    html::page("Kakao", &body)
}

/// "Cancel" goes to the bare redirect URI, without any parameter: that is what Logto does.
fn consent_page(visit: &Visit<'_>, interaction: &Interaction) -> String {
    let asked = &interaction.asked;
    let scopes: Vec<_> = asked.scopes.iter().map(|scope| escape(scope)).collect();
    let scopes = scopes.join("</li><li>");
    let agree = format!("{}<button>Authorize</button>", hidden("consent", "yes"));
    let body = format!(
        "<h1>Authorize {}</h1>\n<p>It would like to have access to:</p>\n<ul><li>{scopes}</li></ul>\n{}\n\
         <a class=\"button plain\" href=\"{}\">Cancel</a>",
        escape(&asked.client_id),
        visit.form("/consent", &agree),
        escape(&asked.back.redirect_uri),
    );
    html::page("Authorize", &body)
}

fn credential_fields(username: &str, autocomplete: &str, button: &str) -> String {
    format!(
        "<label>Username<input name=\"username\" value=\"{}\" autocomplete=\"username\" autocapitalize=\"none\" required autofocus></label>\n\
         <label>Password<input name=\"password\" type=\"password\" autocomplete=\"{autocomplete}\" required></label>\n\
         <button>{button}</button>",
        escape(username)
    )
}

fn error_line(error: Option<&str>) -> String {
    error.map(|error| format!("<p class=\"error\" role=\"alert\">{}</p>\n", escape(error))).unwrap_or_default()
}
