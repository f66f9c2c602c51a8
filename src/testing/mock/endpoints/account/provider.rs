//! The provider behind the social connectors: a page with a button.

use url::Url;

use crate::{
    error::Result,
    testing::mock::{
        MockLogto,
        messages::{
            html::{self, escape, hidden},
            reply::Reply,
            request::RecordedRequest,
            respond::with_query,
        },
        state::{State, account::provider::ProviderCode},
    },
};

pub(crate) const PATH: &str = "/provider/authorize";
const ACCOUNT: &str = "3141592653";

/// GET and POST of the page. Its form says by which account the user is known at the provider.
pub(crate) fn page(state: &mut State, request: &RecordedRequest) -> Reply {
    let asked = |name| request.query_value(name).unwrap_or_default().to_owned();
    if state.directory.connector(&asked("client_id")).is_none() {
        return Reply::html(400, html::notice("Unknown connector", "The server has no connector of this id."));
    }
    if request.method() != "POST" {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(request.query()).finish();
        let form = format!(
            "<h1>Link an account</h1>\n<p>{} asks who you are at this provider.</p>\n\
             <form method=\"post\" action=\"{PATH}?{}\">\n\
             <label for=\"account\">Account</label>\n<input id=\"account\" name=\"account\" value=\"{ACCOUNT}\"/>\n\
             {}<button type=\"submit\">Agree</button>\n</form>",
            escape(&asked("client_id")),
            escape(&query),
            hidden("agree", "yes"),
        );
        return Reply::html(200, html::page("Link an account", &form));
    }
    let account = request.form_value("account").filter(|account| !account.is_empty()).unwrap_or(ACCOUNT);
    match agree(state, &asked, account) {
        Ok(callback) => Reply::redirect(303, callback),
        Err(_) => Reply::empty(500),
    }
}

/// Gives the address that the browser is sent back to.
fn agree(state: &mut State, asked: &dyn Fn(&'static str) -> String, account: &str) -> Result<String> {
    let redirect_uri = asked("redirect_uri");
    let code = state.agree_at_provider(ProviderCode {
        connector: asked("client_id"),
        redirect_uri: redirect_uri.clone(),
        account: account.to_owned(),
        scope: asked("scope"),
    })?;
    Ok(with_query(&redirect_uri, &[("code", code), ("state", asked("state"))]))
}

/// What a user does at a social provider, without a browser.
impl MockLogto {
    /// Opens the authorization URI of a social verification (`POST /api/verifications/social`) and agrees, as the user of this account at the
    /// provider. Gives the URL that the browser is sent back to, with `code` and `state`.
    ///
    /// # Panics
    ///
    /// If it is no URI that this server gave.
    #[allow(clippy::expect_used, reason = "a test cannot go on without the provider that it names")]
    #[must_use]
    pub fn sign_in_at_provider(&self, authorization_uri: &str, account: &str) -> String {
        let uri = Url::parse(authorization_uri).expect("it is a URL");
        assert_eq!(uri.path(), PATH, "MockLogto gave no such URI: {authorization_uri}");
        let asked = |name: &'static str| {
            let value = uri.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
            value.unwrap_or_default()
        };
        agree(&mut self.shared.state(), &asked, account).expect("the system gives random bytes")
    }
}
