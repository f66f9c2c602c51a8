//! The page that asks before somebody is signed in by a link of another site.

use super::{
    AuthResponse, ON_ITS_OWN,
    page::{WITHOUT_FORM, escape, head},
};
use crate::types::Destination;

/// Longer text of others is not repeated.
const MAX_EXCERPT_CHARS: usize = 120;

impl AuthResponse {
    /// Asks whether to go on as this user, if it is known who. There is nothing on the page but links.
    pub(crate) fn ask_first(user: Option<&str>, go_on: &Destination, home: &Destination) -> Self {
        let who = user.filter(|user| !user.is_empty()).map_or_else(String::new, |user| {
            let user: String = user.chars().take(MAX_EXCERPT_CHARS).collect();
            format!(" as <strong>{}</strong>", escape(&user))
        });
        let body = format!(
            "{}<h1>Do you want to sign in{who}?</h1>\n\
             <p>Another page has led here with a link that signs you in{who}. Continue only if you asked for this link yourself.</p>\n\
             <p><a class=\"button\" href=\"{}\">Continue</a></p>\n\
             <p><a href=\"{}\">Back to the start page</a></p>\n\
             </main></body></html>\n",
            head("Sign-in"),
            escape(go_on),
            escape(home)
        );
        Self::page(200, body, WITHOUT_FORM).header(ON_ITS_OWN.0, ON_ITS_OWN.1)
    }
}
