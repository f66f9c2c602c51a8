//! The device flow (RFC 8628): the pages on which the user types the code and agrees.

use url::form_urlencoded;

use crate::{
    clock::random_token,
    testing::mock::{
        endpoints::{interaction, session_cookie},
        messages::{
            error::{OidcError, OidcResult},
            html::{self, escape, hidden},
            reply::Reply,
            request::RecordedRequest,
        },
        state::{State, devices::Outcome},
    },
};

const COOKIE: &str = "_logto_device_flow_xsrf";

/// GET `/device`: a form for the code, or the question whether it is the user's.
pub(crate) fn page(request: &RecordedRequest) -> Reply {
    let code = request.query_value("user_code");
    let Some(xsrf) = request.cookie(COOKIE) else {
        return Reply::redirect(302, with_query("/oidc/device", code.map(|code| ("user_code", code))));
    };
    let content = code.map_or_else(|| code_form(xsrf, request), |code| question(xsrf, code));
    Reply::html(200, html::page("Connect a device", &format!("<h1>Connect a device</h1>\n{content}")))
}

fn code_form(xsrf: &str, request: &RecordedRequest) -> String {
    let error = escape(request.query_value("error").unwrap_or_default());
    let typed = escape(request.query_value("input_code").unwrap_or_default());
    let field = format!("<label>Code<input name=\"user_code\" value=\"{typed}\" required autofocus></label>");
    format!("<p>{error}</p>\n{}", form(xsrf, &format!("{field}\n<button>Continue</button>")))
}

fn question(xsrf: &str, code: &str) -> String {
    let answer = |name: &str, button: &str| {
        form(xsrf, &format!("{}{}<button>{button}</button>", hidden("user_code", code), hidden(name, "yes")))
    };
    let (yes, no) = (answer("confirm", "Continue"), answer("abort", "Cancel"));
    format!("<p>Does your device show <b>{}</b>?</p>\n{yes}\n{no}", escape(code))
}

/// GET `/device/success`.
pub(crate) fn success() -> Reply {
    Reply::html(200, html::notice("Your device is connected", "Close this page, and go back to the device."))
}

/// GET `/oidc/device`: posts the code of the address, or sends to the form.
pub(crate) fn begin(state: &mut State, request: &RecordedRequest) -> OidcResult {
    let xsrf = random_token()?;
    state.devices.forms.insert(xsrf.clone());
    let Some(code) = request.query_value("user_code") else { return Ok(to_page(&xsrf, &[])) };
    let action = format!("{}/device", state.issuer);
    Ok(Reply::html(200, html::self_posting(&action, &[("xsrf", xsrf), ("user_code", code.to_owned())])))
}

/// POST `/oidc/device`: the code, then whether the user agrees.
pub(crate) fn submit(state: &mut State, request: &RecordedRequest) -> OidcResult {
    let form = request.form_params();
    let xsrf = form.get("xsrf").filter(|xsrf| state.devices.forms.contains(*xsrf));
    let xsrf = xsrf.ok_or_else(|| OidcError::invalid_request("could not find device form details"))?;
    let code = form.get("user_code").unwrap_or_default();
    let now = state.now();
    let Some(found) = state.devices.of_user(code) else {
        return Ok(to_page(xsrf, &[("input_code", code), ("error", "NotFoundError")]));
    };
    if found.expires_at <= now {
        return Ok(to_page(xsrf, &[("input_code", code), ("error", "ExpiredError")]));
    }
    if !matches!(found.outcome, Outcome::Pending) {
        return Ok(to_page(xsrf, &[("input_code", code), ("error", "AlreadyUsedError")]));
    }
    if form.get("abort").is_some() {
        found.outcome = Outcome::Denied;
        return Ok(to_page(xsrf, &[("error", "AbortedError")]));
    }
    if form.get("confirm").is_none() {
        return Ok(to_page(xsrf, &[("user_code", code)]));
    }
    let asked = found.asked.clone();
    interaction::begin(state, asked, session_cookie::presented(request))
}

fn to_page(xsrf: &str, query: &[(&str, &str)]) -> Reply {
    let cookie = format!("{COOKIE}={xsrf}; path=/device; samesite=lax; max-age=600");
    Reply::redirect(302, with_query("/device", query.iter().copied())).header("set-cookie", cookie)
}

fn with_query<'a>(path: &str, query: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

fn form(xsrf: &str, content: &str) -> String {
    format!("<form method=\"post\" action=\"/oidc/device\">\n{}{content}\n</form>", hidden("xsrf", xsrf))
}
