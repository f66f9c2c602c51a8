//! The sign-in by password that the applications had before, which they keep: sessions in memory, and a cookie of their own.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use cookie::Cookie;

/// The name of the cookie.
pub const COOKIE: &str = "local_session";

/// Sessions of users who signed in with a password.
#[derive(Default)]
pub struct Passwords(Mutex<BTreeMap<String, String>>);

impl Passwords {
    /// The value of the cookie, for whoever knows the password. In an application of your own: a hash, and a random value.
    pub fn sign_in(&self, user: &str, password: &str) -> Option<String> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = format!("{user}-{}", sessions.len());
        (password == "open sesame").then(|| {
            sessions.insert(id.clone(), user.to_owned());
            id
        })
    }

    /// The user whose session is in a `Cookie` header.
    pub fn user_of(&self, header: &str) -> Option<String> {
        let cookie = Cookie::split_parse(header).flatten().find(|cookie| cookie.name() == COOKIE)?;
        self.user(cookie.value())
    }

    /// The user whose session it is, by the value of the cookie.
    pub fn user(&self, id: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    pub fn sign_out(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}
