//! The paths of the authentication routes.

use serde::{Deserialize, Serialize};

/// The paths of the authentication routes, below `base_url`.
///
/// ```
/// let routes = logto::Routes::new().callback("/auth/callback");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[must_use]
pub struct Routes {
    pub(crate) sign_in: String,
    pub(crate) sign_up: String,
    pub(crate) callback: String,
    pub(crate) sign_out: String,
    pub(crate) user: String,
    pub(crate) back_channel_logout: String,
    pub(crate) initiate_login: Option<String>,
}

impl Default for Routes {
    fn default() -> Self {
        Self {
            sign_in: "/logto/sign-in".into(),
            sign_up: "/logto/sign-up".into(),
            callback: "/callback".into(),
            sign_out: "/logto/sign-out".into(),
            user: "/logto/user".into(),
            back_channel_logout: "/logto/back-channel-logout".into(),
            initiate_login: None,
        }
    }
}

macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident $set:ident)*) => {
        impl Routes {
            /// Creates the default paths.
            pub fn new() -> Self {
                Self::default()
            }

            $(
                $(#[$doc])*
                pub fn $name(mut self, path: impl Into<String>) -> Self {
                    self.$name = path.into();
                    self
                }

                $(#[$doc])*
                #[must_use]
                pub fn $set(&self) -> &str {
                    &self.$name
                }
            )*

            fn fixed(&self) -> [(&'static str, &str); 6] {
                [$((concat!("routes.", stringify!($name)), self.$name.as_str())),*]
            }
        }
    };
}

paths! {
    /// Begins a sign-in. Default: `/logto/sign-in`.
    sign_in sign_in_path
    /// Begins a registration. Default: `/logto/sign-up`.
    sign_up sign_up_path
    /// Where Logto sends the browser back to. Default: `/callback`.
    callback callback_path
    /// Ends the session, by POST. Default: `/logto/sign-out`.
    sign_out sign_out_path
    /// Whether somebody is signed in, and the claims, as JSON (`handleUser` of `@logto/next`). Default: `/logto/user`.
    user user_path
    /// Where Logto, by POST, tells that a session ended there. Default: `/logto/back-channel-logout`.
    back_channel_logout back_channel_logout_path
}

impl Routes {
    /// Creates the default paths below a prefix: `Routes::below("/auth")` has the callback at `/auth/callback`. Register that address in Logto
    /// Console, and mount the routes without the prefix: they have it already.
    pub fn below(prefix: &str) -> Self {
        let prefix = prefix.trim_end_matches('/');
        let below = |path: String| format!("{prefix}{path}");
        let Self { sign_in, sign_up, callback, sign_out, user, back_channel_logout, initiate_login } = Self::default();
        Self {
            sign_in: below(sign_in),
            sign_up: below(sign_up),
            callback: below(callback),
            sign_out: below(sign_out),
            user: below(user),
            back_channel_logout: below(back_channel_logout),
            initiate_login: initiate_login.map(below),
        }
    }

    /// Sets the path to which other sites, and Logto's pages, redirect a user to sign in (OpenID Connect Core 1.0 section 4), such as
    /// `/logto/initiate-login`. Default: there is no such route.
    pub fn initiate_login(mut self, path: impl Into<String>) -> Self {
        self.initiate_login = Some(path.into());
        self
    }

    /// Returns the path of [`initiate_login`](Self::initiate_login).
    #[must_use]
    pub fn initiate_login_path(&self) -> Option<&str> {
        self.initiate_login.as_deref()
    }

    /// Returns all paths, for a router.
    #[must_use]
    pub fn paths(&self) -> Vec<&str> {
        self.all().into_iter().map(|(_, path)| path).collect()
    }

    pub(crate) fn all(&self) -> Vec<(&'static str, &str)> {
        let optional = self.initiate_login_path().map(|path| ("routes.initiate_login", path));
        self.fixed().into_iter().chain(optional).collect()
    }
}
