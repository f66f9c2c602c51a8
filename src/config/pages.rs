//! Which pages of the application's own take part in signing in and out.

use std::sync::Arc;

use url::{Origin, Url};

use super::{LogtoConfig, base_urls::BaseUrls, problems::Problems};
use crate::{
    error::Result,
    response::ErrorPages,
    types::{Application, Destination},
};

#[derive(Clone, Default)]
pub(crate) struct Pages {
    pub(super) after_sign_in: Option<Landing>,
    pub(super) after_sign_out: Option<Landing>,
    pub(super) sign_in_page: Option<String>,
    pub(super) errors: Option<Arc<ErrorPages>>,
}

/// A page to land on, and the whole address that it has at a base URL.
#[derive(Clone)]
pub(super) struct Landing {
    /// A path below each base URL, or a whole address.
    wanted: String,
    address: String,
}

impl From<String> for Landing {
    fn from(wanted: String) -> Self {
        Self { address: wanted.clone(), wanted }
    }
}

impl Landing {
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// A path may begin with that of `base_url`, which other base URLs lack.
    fn below(self, base_url: &Url) -> Self {
        let path = Some(self.wanted.as_str()).filter(|wanted| wanted.starts_with('/'));
        let rest = path.and_then(|path| path.strip_prefix(base_url.path().trim_end_matches('/')));
        match rest.filter(|rest| rest.is_empty() || rest.starts_with(['/', '?'])) {
            Some(rest) if rest.starts_with('/') => Self::from(rest.to_owned()),
            Some(rest) => Self::from(format!("/{rest}")),
            None => self,
        }
    }

    /// `None` where it is no page of the application, nor of an allowed origin.
    fn at(&self, application: Application<'_>) -> Option<Self> {
        let address = application.return_to(&self.wanted).ok()?;
        Some(Self { wanted: self.wanted.clone(), address: as_registered(application.base_url, &address) })
    }
}

impl Pages {
    /// The pages as they were set, with whole addresses.
    pub(super) fn checked(
        mut self,
        problems: &mut Problems,
        base_url: Option<&Url>,
        base_urls: &BaseUrls,
        allowed: &[Origin],
    ) -> Self {
        let Some(base_url) = base_url else { return self };
        for landing in [&mut self.after_sign_in, &mut self.after_sign_out] {
            *landing = landing.take().map(|landing| landing.below(base_url));
        }
        for (name, landing) in [("after_sign_in", &self.after_sign_in), ("after_sign_out", &self.after_sign_out)] {
            let fits = |base_url: &Url| {
                landing.as_ref().is_none_or(|landing| landing.at(Application { base_url, allowed }).is_some())
            };
            let fits_all = fits(base_url) && base_urls.all().all(|(url, _)| fits(url));
            problems.unless(name, fits_all, || {
                format!(
                    "{name} is no page of this application at each of its base URLs (give a path like /welcome, or list the origin in allowed_return_origins)"
                )
            });
        }
        problems.unless("sign_in_page", self.sign_in_page.as_deref().is_none_or(is_plain_path), || {
            "sign_in_page is not a plain path (like /login)".into()
        });
        self.at(base_url, allowed)
    }

    /// The same at another base URL of the application.
    pub(super) fn at(&self, base_url: &Url, allowed: &[Origin]) -> Self {
        let there = |landing: &Option<Landing>| landing.as_ref()?.at(Application { base_url, allowed });
        let (after_sign_in, after_sign_out) = (there(&self.after_sign_in), there(&self.after_sign_out));
        Self { after_sign_in, after_sign_out, ..self.clone() }
    }
}

fn is_plain_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(['?', '#', '\\'])
        && !path.contains(char::is_whitespace)
}

/// The start page is registered with Logto as `base_url` is mostly written: without a slash at its end.
fn as_registered(base_url: &Url, address: &Destination) -> String {
    let home = base_url.as_str().trim_end_matches('/');
    if address.trim_end_matches('/') == home { home.to_owned() } else { address.to_string() }
}

impl LogtoConfig {
    /// [`after_sign_in`](Self::after_sign_in), for the browser.
    pub(crate) fn landing(&self) -> Destination {
        match &self.pages.after_sign_in {
            Some(landing) => self.application().return_to_or_home(landing.address()),
            None => self.application().home(),
        }
    }

    /// The address that Logto is told for a page that a sign-out is to lead to.
    ///
    /// # Errors
    /// `sign_in.return_to_refused` where it is none of this application's, nor of an allowed origin.
    pub(crate) fn post_logout_address(&self, wanted: &str) -> Result<String> {
        Ok(as_registered(&self.base_url, &self.application().return_to(wanted)?))
    }
}
