//! A browser inside: it signs in, gives up and signs out without any HTML.

use std::sync::{MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use url::Url;

use super::{
    MockLogto,
    directory::MockUser,
    endpoints::interaction,
    messages::{error::OidcResult, reply::Reply, request::RecordedRequest},
    state::State,
};

/// Authorization, sign-in, resumption, consent, resumption: a longer way goes in circles.
const LONGEST_WAY: usize = 8;

/// What a user does, without a browser. Of the URLs only path and query count.
///
/// These requests are counted like others, but meet no faults: those are for what the application itself asks.
impl MockLogto {
    /// Opens an authorization URL, signs in and agrees. Gives the URL that the browser is sent to: the application's
    /// callback, with a code or an error.
    ///
    /// Like a browser, it keeps the server's session: the same user need not sign in again (`prompt=none` works),
    /// and [`end_session`](Self::end_session) ends it. [`clear_browser_session`](Self::clear_browser_session) is another browser.
    /// The user `kakao` comes by way of Kakao.
    ///
    /// # Panics
    ///
    /// If there is no such user, or the server answers the URL with a page of its own, as it does to an unknown app
    /// or an unregistered redirect URI.
    pub async fn sign_in(&self, authorization_url: &str, user: &str) -> String {
        let _alone = self.on_its_way.lock().await;
        let user_id = self.user_id(user);
        if self.signed_in_user().is_some_and(|known| Some(known) != user_id) {
            self.clear_browser_session();
        }
        self.follow_redirects(authorization_url, |state, interaction, session| match &user_id {
            Some(user_id) => interaction::sign_in(state, interaction, session, user_id, &[]),
            None => interaction::register(state, interaction, session, MockUser::social("kakao", "Kakao User"), &[]),
        })
        .await
    }

    /// Opens an authorization URL that a magic link leads to: one with `one_time_token` and `login_hint`, which signs the user of the e-mail
    /// address in. Gives the callback URL. A user of a new address is registered by that.
    ///
    /// # Panics
    ///
    /// If the token is not good (any more), or like [`sign_in`](Self::sign_in).
    pub async fn follow_magic_link(&self, authorization_url: &str) -> String {
        let _alone = self.on_its_way.lock().await;
        self.clear_browser_session();
        let mut at = path_and_query(authorization_url);
        for _ in 0..LONGEST_WAY {
            let method = if at.starts_with("/consent?") { Method::POST } else { Method::GET };
            let reply = self.open(method, &at, Bytes::new()).await;
            match reply.location() {
                Some(location) if self.is_here(location) => at = path_and_query(location),
                Some(location) => return location.to_owned(),
                None => panic_with_response(authorization_url, &reply),
            }
        }
        panic_with_response(authorization_url, &Reply::empty(508))
    }

    /// Opens an authorization URL and gives up. Gives the callback URL with `error=oidc.aborted`.
    ///
    /// # Panics
    ///
    /// Like [`sign_in`](Self::sign_in).
    pub async fn cancel_sign_in(&self, authorization_url: &str) -> String {
        let _alone = self.on_its_way.lock().await;
        self.clear_browser_session();
        self.follow_redirects(authorization_url, |state, interaction, _| interaction::abort(state, interaction)).await
    }

    /// Opens an end-session URL and follows its page. Gives the URL that the browser is sent to; by then
    /// back-channel logouts were made.
    ///
    /// # Panics
    ///
    /// If the server refuses, as it does for an unregistered URI.
    pub async fn end_session(&self, end_session_url: &str) -> String {
        let _alone = self.on_its_way.lock().await;
        let page = self.open(Method::GET, &path_and_query(end_session_url), Bytes::new()).await;
        let html = String::from_utf8_lossy(&page.body).into_owned();
        let xsrf = html.split("name=\"xsrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let Some(xsrf) = xsrf else { panic_with_response(end_session_url, &page) };
        let form = format!("xsrf={xsrf}&logout=yes");
        let reply = self.open(Method::POST, "/oidc/session/end/confirm", form.into()).await;
        self.clear_browser_session();
        match reply.location() {
            Some(location) => location.to_owned(),
            None => panic_with_response(end_session_url, &reply),
        }
    }

    /// Makes the browser inside forget the server's session, as if it were another browser.
    pub fn clear_browser_session(&self) {
        *self.browser() = None;
    }

    /// Follows redirects until they leave the server. Where the user is to do something on a page, `submit` does it.
    async fn follow_redirects(
        &self,
        url: &str,
        submit: impl Fn(&mut State, &str, Option<&str>) -> OidcResult,
    ) -> String {
        let mut at = path_and_query(url);
        for _ in 0..LONGEST_WAY {
            let reply = match page_interaction(&at) {
                Some(interaction) => self.submit(&submit, &interaction),
                // Posting the consent page is agreeing to it.
                None if at.starts_with("/consent?") => self.open(Method::POST, &at, Bytes::new()).await,
                None => self.open(Method::GET, &at, Bytes::new()).await,
            };
            match reply.location() {
                Some(location) if self.is_here(location) => at = path_and_query(location),
                Some(location) => return location.to_owned(),
                None => panic_with_response(url, &reply),
            }
        }
        panic_with_response(url, &Reply::empty(508))
    }

    fn submit(&self, submit: impl Fn(&mut State, &str, Option<&str>) -> OidcResult, interaction: &str) -> Reply {
        let session = self.browser().clone();
        let mut state = self.shared.state();
        let issuer = state.issuer.clone();
        let reply = match submit(&mut state, interaction, session.as_deref()) {
            Ok(reply) => reply,
            Err(error) => error.into_reply(&issuer, false),
        };
        drop(state);
        self.keep_session(&reply);
        reply
    }

    async fn open(&self, method: Method, at: &str, body: Bytes) -> Reply {
        let uri = Uri::try_from(at).unwrap_or_default();
        let mut headers = HeaderMap::new();
        let cookie = self.browser().as_deref().map(Reply::session_cookie);
        headers
            .extend(cookie.and_then(|cookie| HeaderValue::try_from(cookie).ok()).map(|value| (header::COOKIE, value)));
        if method == Method::POST {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.insert(header::CONTENT_TYPE, form);
        }
        let request = RecordedRequest::new(method, &uri, headers, body);
        self.shared.record(&request);
        let reply = self.shared.process(&request).await;
        self.keep_session(&reply);
        reply
    }

    fn keep_session(&self, reply: &Reply) {
        if let Some(session) = reply.new_session() {
            *self.browser() = Some(session.to_owned()).filter(|session| !session.is_empty());
        }
    }

    fn is_here(&self, location: &str) -> bool {
        location.starts_with('/') || location.starts_with(&format!("{}/", self.address.endpoint))
    }

    fn signed_in_user(&self) -> Option<String> {
        let session = self.browser().clone()?;
        Some(self.shared.state().session(&session)?.user_id.clone())
    }

    #[allow(clippy::panic, reason = "a test cannot go on without the user it names")]
    /// `None` is who comes by way of Kakao for the first time, and registers by that.
    fn user_id(&self, name: &str) -> Option<String> {
        let mut state = self.shared.state();
        match state.directory.user_called(name) {
            Some(user) => Some(user.id.clone()),
            None if name == "kakao" => None,
            None => {
                let names: Vec<_> = state.directory.users.iter().map(MockUser::handle).collect();
                let names = names.join(", ");
                drop(state);
                panic!("MockLogto has no user {name:?}; it has: {names}")
            }
        }
    }

    fn browser(&self) -> MutexGuard<'_, Option<String>> {
        self.browser.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[allow(clippy::panic, reason = "a test cannot go on when the server refuses its URL")]
fn panic_with_response(url: &str, reply: &Reply) -> ! {
    panic!("MockLogto answered {url} with {}: {}", reply.status, String::from_utf8_lossy(&reply.body))
}

/// The interaction of a page on which the user is to sign in.
fn page_interaction(at: &str) -> Option<String> {
    let (path, query) = at.split_once('?')?;
    if path.starts_with("/oidc/") || path == "/consent" {
        return None;
    }
    url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "interaction").map(|(_, id)| id.into_owned())
}

fn path_and_query(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) => url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path())),
        Err(_) => url.to_owned(),
    }
}
