//! What a request gets that failed: a page, JSON, or the way to sign in.

use url::form_urlencoded;

use super::{AuthRequest, page_address, reader::Reader};
use crate::{
    client::LogtoClient,
    error::{Authentication, Code, Error},
    response::{AuthResponse, ErrorPageRequest, Links, ResponseFormat, signs_in},
    types::Redirect,
};

impl LogtoClient {
    /// Creates the response to a request without the required user: a browser is redirected to sign-in and back, an API client gets 401. See
    /// [`error_response`](Self::error_response).
    pub fn sign_in_redirect(&self, request: &AuthRequest) -> AuthResponse {
        self.error_response(request, &Error::new(Code::NotAuthenticated, "nobody is signed in"))
    }

    /// Creates the response to a request whose handler or guard failed: a page, or JSON for an API client. If the user has to sign in
    /// (`not_authenticated`, `session.ended`) or to authenticate again (`step_up.required`), a browser is redirected to do so and returned to the
    /// page. After a posted form it returns to the start page, or after a step-up to the page with the form.
    ///
    /// A script of a page is told the way in JSON, as `sign_in`, which leads back to the page that the script runs on; htmx by `HX-Redirect`, too,
    /// and an `EventSource` by the event `sign_in`. Where the sign-in is, is [`Routes::sign_in`](crate::Routes::sign_in), or the setting
    /// [`sign_in_page`](crate::LogtoConfigBuilder::sign_in_page).
    pub fn error_response(&self, request: &AuthRequest, error: &Error) -> AuthResponse {
        self.of_request(request).error_here(request, error)
    }

    fn error_here(&self, request: &AuthRequest, error: &Error) -> AuthResponse {
        if signs_in(error) {
            self.mounting().sends_to_sign_in(self.config());
        }
        let step_up = error.step_up();
        if !signs_in(error) || request.response_format() != ResponseFormat::Html {
            return self.error_page(request, error);
        }
        // Only a page can be returned to; a form that was posted cannot.
        if request.is_page_request() {
            let page = page_address::of(self, &request.target);
            return AuthResponse::redirect(&self.sign_in_location(step_up, page.as_deref()));
        }
        let referring_page = step_up.and_then(|_| request.referring_page(self.config().application()));
        AuthResponse::see_other(&self.sign_in_location(step_up, referring_page))
    }

    /// Where users sign in, with what is asked of them and where they go then.
    fn sign_in_location(&self, step_up: Option<&Authentication>, return_to: Option<&str>) -> Redirect {
        let max_age = step_up.and_then(|step_up| step_up.max_age).map(|seconds| seconds.to_string());
        let acr_values = step_up.and_then(|step_up| step_up.acr_values.as_deref());
        let query = [("max_age", max_age.as_deref()), ("acr_values", acr_values), ("return_to", return_to)];
        let query = query.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let config = self.config();
        let path = self.below_base(config.sign_in_page().unwrap_or(config.routes().sign_in_path()));
        Redirect::to(config.application().path(&if query.is_empty() { path } else { format!("{path}?{query}") }))
    }

    /// The response that tells of an error: a page, JSON or an event. It is opaque, except on a developer's own machine.
    pub(super) fn error_page(&self, request: &AuthRequest, error: &Error) -> AuthResponse {
        let format = request.response_format();
        if let Some(redirect) = self.leads_on(error).filter(|_| format == ResponseFormat::Html) {
            return AuthResponse::redirect(&redirect);
        }
        let page = if signs_in(error) { page_address::of_script(self, request) } else { None };
        let sign_in = self.sign_in_location(error.step_up(), page.as_deref().or(error.return_to()));
        self.error_page_to(request, error, sign_in)
    }

    /// The same, where it is known which sign-in the page is to lead to.
    pub(super) fn error_page_to(&self, request: &AuthRequest, error: &Error, sign_in: Redirect) -> AuthResponse {
        let (config, format) = (self.config(), request.response_format());
        let sign_out = config.application().path(&self.below_base(config.routes().sign_out_path()));
        let home = config.application().home();
        let sign_in = match self.is_elsewhere() {
            // Nobody signs in at this host.
            true => Redirect::to(config.application().return_to_or_home(sign_in.location())),
            false => sign_in,
        };
        let links = Links { home: &home, sign_in: sign_in.destination(), sign_out: &sign_out };
        let asked = ErrorPageRequest { format, path: request.path(), links, application: config.application() };
        let response = AuthResponse::error(error, &asked, config.error_pages(), config.is_local());
        match request.reader() {
            Reader::Htmx if signs_in(error) => response.hx_redirect(sign_in.location()),
            _ => response,
        }
    }
}
