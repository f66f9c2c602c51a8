//! Settings that are valid, but cause problems: logged when the client is created.

use std::time::SystemTime;

use url::Url;

use super::{
    LogtoConfig, LogtoConfigBuilder,
    base_urls::BaseUrls,
    problems::Problems,
    server::{Server, is_clear_text},
};
use crate::session::SessionFormat;

impl LogtoConfig {
    /// Each with what to do. `diagnose` says the same at greater length.
    pub(crate) fn warnings(&self) -> Vec<&'static str> {
        let mut warnings = Vec::new();
        if self.doubles_callback() {
            warnings.push(
                "base_url ends with the callback path, which is added to it once more: leave the path out of base_url",
            );
        }
        warnings
    }

    /// The settings that lead to other machines in clear text, all of them.
    pub(crate) fn clear_text(&self) -> Vec<&'static str> {
        clear_text_of(&self.base_url, &self.base_urls)
            .into_iter()
            .chain(self.server.clear_text())
            .chain(self.clear_text_stores.iter().copied())
            .collect()
    }

    /// Whether `base_url` ends as the callback path does, which makes a redirect URI `…/callback/callback`.
    pub(crate) fn doubles_callback(&self) -> bool {
        self.path_prefix().ends_with(&self.routes.callback)
    }
}

/// Of the addresses of the application.
fn clear_text_of(base_url: &Url, base_urls: &BaseUrls) -> Vec<&'static str> {
    let mut found = Vec::new();
    found.extend(is_clear_text(base_url).then_some("base_url"));
    let is_further = |url: &Url| url != base_url && is_clear_text(url);
    found.extend(base_urls.all().any(|(url, _)| is_further(url)).then_some("further_base_urls"));
    found
}

impl LogtoConfigBuilder {
    /// Those of the stores, as far as they know.
    pub(super) fn clear_text_stores(&self) -> Vec<&'static str> {
        let stores = [
            ("session_store", self.session_store.as_ref().is_some_and(|store| store.is_in_clear_text())),
            ("revocation_store", self.revocation_store.as_ref().is_some_and(|store| store.is_in_clear_text())),
            ("refresh_coordinator", self.refresh_coordinator.as_ref().is_some_and(|store| store.is_in_clear_text())),
        ];
        stores.into_iter().filter_map(|(setting, is_clear)| is_clear.then_some(setting)).collect()
    }

    /// In strict mode nothing leads to other machines in clear text.
    pub(super) fn refuse_clear_text(
        &self,
        is_strict: bool,
        base_url: Option<&Url>,
        base_urls: &BaseUrls,
        server: Option<&Server>,
        problems: &mut Problems,
    ) {
        if !is_strict {
            return;
        }
        let of_server = server.map(Server::clear_text).unwrap_or_default();
        let of_base_url = base_url.map(|url| clear_text_of(url, base_urls)).unwrap_or_default();
        for setting in of_base_url.into_iter().chain(of_server).chain(self.clear_text_stores()) {
            let cure = match setting {
                "session_store" | "revocation_store" | "refresh_coordinator" => "use `rediss://`",
                _ => "use https",
            };
            problems.add(setting, format!("{setting} leads to another machine without encryption, and strict is set ({cure}, or leave strict out)"));
        }
    }
}

pub(super) fn warn_of_a_move_that_is_over(format: SessionFormat, until: Option<SystemTime>, now: SystemTime) {
    if format == SessionFormat::FromNext && until.is_some_and(|until| until <= now) {
        tracing::warn!(target: "logto::config", "`from_next_until` has passed: cookies of Next.js are ignored; leave `session_format` out");
    }
}
