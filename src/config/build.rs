//! From the settings as they are given to a configuration: the one place that checks them.

use std::{mem, sync::Arc, time::Duration};

use super::{
    LogtoConfig, LogtoConfigBuilder, base_urls::BaseUrls, pages::Pages, problems::Problems,
    warnings::warn_of_a_move_that_is_over,
};
use crate::{
    clock::Clock,
    error::Result,
    scopes,
    session::{CookieSettings, Keys, NextCookie, Stores},
    store::{Bounded, MemoryRevocations, RefreshCoordinator, RevocationStore, SessionStore},
    types::Prompt,
};

impl LogtoConfigBuilder {
    /// Checks all settings.
    ///
    /// # Errors
    /// `config.invalid`, which names every setting that is missing or wrong, each with what to do.
    pub fn build(mut self) -> Result<LogtoConfig> {
        let mut problems = Problems::default();
        self.make_server_strict();
        let server = self.server.clone().check(&mut problems);

        let app_id = problems.app_id(self.app_id.as_deref());
        problems.unless(
            "app_secret",
            self.app_secret.as_ref().is_none_or(|secret| !secret.expose().trim().is_empty()),
            || "app_secret is empty (leave it out for a public client)".into(),
        );

        let base_url = problems.url(
            "base_url",
            self.base_url.as_deref(),
            "set LOGTO_BASE_URL to the public address of this application, such as http://localhost:3000",
        );
        let cookies = self.cookies(base_url.as_ref(), &app_id, &mut problems);
        let base_urls = BaseUrls::check(&self, base_url.as_ref(), cookies.own.attributes(), &mut problems);
        self.fit_elsewhere(&base_urls, &mut problems);

        let public_url = base_urls.public().or(base_url.as_ref());
        problems.secrets(self.cookie_secret.as_ref(), &self.previous_cookie_secrets, public_url);

        let prompt = self.prompt.take().unwrap_or_else(|| vec![Prompt::Consent]);
        problems.unless("prompt", !prompt.contains(&Prompt::None) || prompt.len() == 1, || {
            "prompt holds `none` with others (`none` stands alone)".into()
        });
        let scopes = problems.scopes(&self.scopes, self.include_reserved_scopes.unwrap_or(true));
        let resources = problems.resources(mem::take(&mut self.resources), &scopes);
        let allowed_return_origins = problems.origins(&self.allowed_return_origins);
        problems.routes(&self.routes);
        problems.trusted_audiences(&self.trusted_audiences);
        let pages = Pages {
            after_sign_in: self.after_sign_in.take().map(Into::into),
            after_sign_out: self.after_sign_out.take().map(Into::into),
            sign_in_page: self.sign_in_page.take(),
            errors: self.error_pages.take(),
        }
        .checked(&mut problems, base_url.as_ref(), &base_urls, &allowed_return_origins);
        problems
            .signing_alg(self.id_token_signed_response_alg.as_deref(), server.as_ref().map(|server| server.algorithms));
        let security = self.security(&mut problems);
        self.refuse_clear_text(security.strict, base_url.as_ref(), &base_urls, server.as_ref(), &mut problems);
        let clear_text_stores = self.clear_text_stores();

        let lifetime = self.session_lifetime.unwrap_or_default();
        problems.session_format(
            self.session_format,
            self.session_store.is_some(),
            self.cookie_domain.is_some(),
            &app_id,
        );
        problems.end_of_move(self.session_format, self.from_next_until);
        let sign_in_timeout = problems.sign_in_timeout(self.sign_in_timeout);
        problems.lifetime(lifetime);
        let store_timeout = self.store_timeout.unwrap_or(Duration::from_secs(3));
        problems.store_timeout(store_timeout);

        let (Some(server), Some(base_url), Some(cookie_secret), true) =
            (server, base_url, self.cookie_secret, problems.0.is_empty())
        else {
            return Err(problems.into_error());
        };
        if scopes.iter().any(|scope| scope == scopes::OFFLINE_ACCESS) && !prompt.contains(&Prompt::Consent) {
            tracing::warn!(target: "logto::config", "`prompt` lacks consent, so Logto gives no refresh token although `offline_access` is asked for");
        }
        let stores = bounded_stores(self.session_store, self.revocation_store, store_timeout, &server.clock);
        let refresh_coordinator = self.refresh_coordinator.map(|coordinator| bounded(coordinator, store_timeout));
        let keys = Keys::derive(&app_id, &cookie_secret, &self.previous_cookie_secrets)?;
        let next = NextCookie::new(self.session_format, &app_id, &cookie_secret, &self.previous_cookie_secrets)
            .map(|next| next.until(self.from_next_until));
        warn_of_a_move_that_is_over(self.session_format, self.from_next_until, server.clock.now());
        Ok(LogtoConfig {
            cookies: CookieSettings::new(keys, lifetime, stores, cookies.own)
                .with_earlier(cookies.earlier)
                .with_unprefixed(!security.strict)
                .with_leeway(server.leeway)
                .with_next(next)
                .with_sign_in_timeout(sign_in_timeout)
                .requiring_revocations(security.require_revocation_store)
                .remembering_timeouts(security.reauthenticate_after_timeout),
            app_id,
            app_secret: self.app_secret,
            base_url,
            base_urls,
            scopes,
            include_reserved_scopes: self.include_reserved_scopes.unwrap_or(true),
            resources,
            prompt,
            response_mode: self.response_mode,
            allowed_return_origins,
            id_token_alg: self.id_token_signed_response_alg,
            trusted_audiences: self.trusted_audiences,
            store_timeout,
            session_format: self.session_format,
            from_next_until: self.from_next_until,
            routes: self.routes,
            pages,
            refresh_coordinator,
            on_sign_in: self.on_sign_in,
            security,
            clear_text_stores,
            server,
        })
    }
}

fn bounded(coordinator: Arc<dyn RefreshCoordinator>, timeout: Duration) -> Arc<dyn RefreshCoordinator> {
    Arc::new(Bounded::new(coordinator, timeout))
}

/// The stores, each bounded in time.
fn bounded_stores(
    sessions: Option<Arc<dyn SessionStore>>,
    revocations: Option<Arc<dyn RevocationStore>>,
    timeout: Duration,
    clock: &Arc<dyn Clock>,
) -> Stores {
    let sessions = sessions.map(|store| -> Arc<dyn SessionStore> { Arc::new(Bounded::new(store, timeout)) });
    let revocations = revocations
        .map(|store| -> Arc<dyn RevocationStore> { Arc::new(Bounded::new(store, timeout)) })
        .or_else(|| sessions.as_ref()?.revocations());
    match revocations {
        Some(revocations) => Stores::new(sessions, revocations),
        None => Stores::remembering_in_memory(sessions, MemoryRevocations::with_clock(Arc::clone(clock))),
    }
}
