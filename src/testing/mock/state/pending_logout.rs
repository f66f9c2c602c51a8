//! A sign-out at the end session endpoint, before the browser confirms it.

/// What the page that posts itself will confirm.
#[derive(Debug)]
pub(crate) struct PendingLogout {
    pub(crate) session: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) state: Option<String>,
}
