//! The authorization response: back to the application, in the query, the fragment or a form.

use url::{Url, form_urlencoded};

use super::{error::OidcError, html, reply::Reply};

/// Where and how the browser goes back to the application.
#[derive(Debug, Clone)]
pub(crate) struct Return {
    pub(crate) redirect_uri: String,
    pub(crate) mode: ResponseMode,
    pub(crate) state: Option<String>,
    /// RFC 9207. `None` only if a test has it left out.
    pub(crate) iss: Option<String>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

impl ResponseMode {
    /// OAuth 2.0 Multiple Response Types section 5: what is not a plain code comes back in the fragment.
    pub(crate) fn read(mode: Option<&str>, response_type: Option<&str>) -> Self {
        match (mode, response_type) {
            (Some("form_post"), _) => Self::FormPost,
            (None, None | Some("code" | "none")) => Self::Query,
            (Some("fragment"), _) | (None, Some(_)) => Self::Fragment,
            (Some(_), _) => Self::Query,
        }
    }
}

impl Return {
    pub(crate) fn code(&self, code: String) -> Reply {
        self.send(200, vec![("code", code)])
    }

    pub(crate) fn error(&self, error: OidcError) -> Reply {
        self.send(400, error.into_params())
    }

    fn send(&self, form_status: u16, mut params: Vec<(&'static str, String)>) -> Reply {
        params.extend(self.state.clone().map(|state| ("state", state)));
        params.extend(self.iss.clone().map(|iss| ("iss", iss)));
        match self.mode {
            ResponseMode::Query => Reply::redirect(303, with_query(&self.redirect_uri, &params)),
            ResponseMode::Fragment => {
                let fragment = form_urlencoded::Serializer::new(String::new()).extend_pairs(&params).finish();
                Reply::redirect(303, format!("{}#{fragment}", self.redirect_uri))
            }
            ResponseMode::FormPost => Reply::html(form_status, html::self_posting(&self.redirect_uri, &params)),
        }
    }
}

/// The URI with these parameters after those it has.
pub(crate) fn with_query(uri: &str, params: &[(&'static str, String)]) -> String {
    match Url::parse(uri) {
        Ok(mut url) => {
            if !params.is_empty() {
                url.query_pairs_mut().extend_pairs(params);
            }
            url.into()
        }
        // A native app's private scheme that is no URL: nothing to parse, nothing to keep.
        Err(_) => {
            format!("{uri}?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish())
        }
    }
}
