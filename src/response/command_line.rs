//! What a command line program shows the browser that comes back to it.

use super::{AuthResponse, ON_ITS_OWN, page};
use crate::error::Error;

impl AuthResponse {
    /// The last page of a sign-in at a program of this machine.
    pub(crate) fn cli_page(application: &str, failure: Option<&Error>) -> Self {
        let status = if failure.is_some() { 400 } else { 200 };
        Self::page(status, page::cli(application, failure), page::WITHOUT_FORM)
            .replace_header("referrer-policy", Some("no-referrer".to_owned()))
            .header(ON_ITS_OWN.0, ON_ITS_OWN.1)
    }

    /// What a program of this machine answers to a request that is none of its sign-in's.
    pub(crate) fn cli_refusal(status: u16, application: &str) -> Self {
        Self::page(status, page::cli_refusal(application), page::WITHOUT_FORM)
    }
}
