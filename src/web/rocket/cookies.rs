//! The cookies of a request and its response, for handlers that call the operations of the client by hand.

use std::{convert::Infallible, fmt};

use rocket::{
    Request,
    http::{Cookie, CookieJar},
    request::{FromRequest, Outcome},
};

use super::request::cookie_header;
use crate::session::{Cookies, HeaderCookies};

/// [`Cookies`] over Rocket's [`CookieJar`], as a request guard. It needs no fairing.
///
/// What is queued goes into the jar, and by it into the response. What the browser sent is read from the request: the jar keeps one cookie of
/// a name, and shows none of those that were added until the response is there.
///
/// ```
/// use logto::{Error, LogtoClient, Redirect, SignInOptions, rocket::JarCookies};
/// use rocket::{State, get};
///
/// #[get("/go")]
/// async fn go(mut cookies: JarCookies<'_>, logto: &State<LogtoClient>) -> Result<Redirect, Error> {
///     logto.sign_in(&mut cookies, SignInOptions::new()).await
/// }
/// ```
pub struct JarCookies<'r> {
    known: HeaderCookies,
    jar: &'r CookieJar<'r>,
}

impl fmt::Debug for JarCookies<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The jar would print values, which give access to the session.
        f.debug_tuple("JarCookies").field(&self.known).finish()
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for JarCookies<'r> {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let known = HeaderCookies::parse(cookie_header(request).unwrap_or_default());
        Outcome::Success(Self { known, jar: request.cookies() })
    }
}

impl Cookies for JarCookies<'_> {
    fn each(&self, visit: &mut dyn FnMut(&str, &str)) {
        self.known.each(visit);
    }

    fn set(&mut self, cookie: Cookie<'static>) {
        self.jar.add(cookie.clone());
        self.known.set(cookie);
    }
}
