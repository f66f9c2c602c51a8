//! The settings of cookies.

use super::LogtoConfigBuilder;
use crate::cookies::SameSite;

impl LogtoConfigBuilder {
    /// Sets whether cookies are `Secure`. Default: whether `base_url` is https.
    pub fn cookie_secure(mut self, secure: bool) -> Self {
        self.cookie_secure = Some(secure);
        self
    }

    /// Shares the session with subdomains. Default: this host alone, which is safer: then the cookies have the prefix `__Host-` (over https), and no
    /// other host can set them. With a domain it is `__Secure-`, and every subdomain can by https: one that is not yours could sign your users in to
    /// an attacker's session (session fixation). Share it only where all subdomains are trusted. Browsers drop the cookie where the domain is a
    /// public suffix, like `co.uk` or `github.io`, which is not checked here.
    pub fn cookie_domain(mut self, domain: impl Into<String>) -> Self {
        self.cookie_domain = Some(domain.into());
        self
    }

    /// Sets the name of the session's cookie, in place of `logto_` and the App ID: 1 to 64 letters, digits, `-`, `_` and `.`. Over https a prefix is
    /// added: `__Host-`, or `__Secure-` with a [`cookie_domain`](Self::cookie_domain) or another path than `/`. For users to stay signed in through a
    /// change see [`previous_cookie_names`](Self::previous_cookie_names).
    pub fn cookie_name(mut self, name: impl Into<String>) -> Self {
        self.cookie_name = Some(name.into());
        self
    }

    /// Sets the previous names of the session's cookie, as browsers have them, with `__Host-` or `__Secure-` where it had that: at most four. A
    /// session under such a name, and a pending sign-in, is taken over; the first response writes the present name and deletes the old one. After one
    /// idle lifetime you can remove the list.
    ///
    /// The cookie that is deleted is one with the present path and domain, or with the path `/` where the name begins with `__Host-`. One of
    /// another path or domain stays until it expires by itself, and ends when the session does.
    pub fn previous_cookie_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.previous_cookie_names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the path of the cookies, as it is written in the address: for two applications on one host that must not read each other's cookies. All
    /// routes must be below it. Default: `/`. Another one puts `__Secure-` in place of `__Host-`, so that other pages of the host can set a cookie of
    /// this name, and with that its name changes: see [`previous_cookie_names`](Self::previous_cookie_names).
    pub fn cookie_path(mut self, path: impl Into<String>) -> Self {
        self.cookie_path = Some(path.into());
        self
    }

    /// Sets whether browsers send the session's cookie with requests that other sites cause. Default: only for links ([`SameSite::Lax`]).
    pub fn cookie_same_site(mut self, same_site: SameSite) -> Self {
        self.cookie_same_site = same_site;
        self
    }

    /// Sets whether a browser keeps separate cookies for each site that shows this one in a frame (`Partitioned`, also called CHIPS). It takes
    /// [`SameSite::None`]. A session that began in a tab of its own is then none in a frame.
    pub fn cookie_partitioned(mut self, partitioned: bool) -> Self {
        self.cookie_partitioned = Some(partitioned);
        self
    }

    /// Sets whether the session's cookie has no `Max-Age`: a browser deletes it when it is closed, unless it restores its tabs. Default: no.
    pub fn cookie_session_only(mut self, session_only: bool) -> Self {
        self.cookie_session_only = Some(session_only);
        self
    }
}
