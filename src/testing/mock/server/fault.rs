//! Logto's bad days, for tests.

use std::time::Duration;

use crate::testing::mock::messages::endpoint::Endpoint;

/// What goes wrong at an endpoint: see [`MockLogto::inject_fault`](crate::testing::MockLogto::inject_fault).
///
/// ```
/// use std::time::Duration;
/// use logto::testing::Fault;
///
/// Fault::status(503).retry_after(Duration::from_secs(2)).times(1);
/// Fault::drop_connection().after_processing(); // the refresh token is rotated, and nobody hears of it
/// ```
#[derive(Debug, Clone)]
pub struct Fault {
    pub(crate) kind: Kind,
    retry_after: Option<Duration>,
    remaining: Option<usize>,
    after_processing: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Answer { status: u16, content_type: String, body: Vec<u8>, location: Option<String> },
    Delay(Duration),
    Drip(Duration),
    Close,
    Silence,
}

impl Fault {
    /// Answers with this status and an empty body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::body(status, "text/plain; charset=utf-8", "")
    }

    /// Answers with this status and an HTML page, as a proxy in between does.
    #[must_use]
    pub fn html(status: u16) -> Self {
        let page = format!("<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>nginx</body></html>");
        Self::body(status, "text/html", page)
    }

    /// Answers 429 with Logto's error `request.rate_limited`. It has `Retry-After` only with [`retry_after`](Self::retry_after).
    #[must_use]
    pub fn rate_limited() -> Self {
        let body = r#"{"code":"request.rate_limited","message":"Too many requests. Please try again later."}"#;
        Self::body(429, "application/json; charset=utf-8", body)
    }

    /// Answers with this.
    #[must_use]
    pub fn body(status: u16, content_type: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self::new(Kind::Answer { status, content_type: content_type.into(), body: body.into(), location: None })
    }

    /// Answers 200 with JSON that breaks off and bytes that are no text.
    #[must_use]
    pub fn malformed_body() -> Self {
        Self::body(200, "application/json", *b"{\"access_token\":\"\xff\xfe\x00")
    }

    /// Answers with a redirect (302).
    #[must_use]
    pub fn redirect(to: impl Into<String>) -> Self {
        let (content_type, body, location) = ("text/plain".to_owned(), Vec::new(), Some(to.into()));
        Self::new(Kind::Answer { status: 302, content_type, body, location })
    }

    /// Answers rightly, after a while of the real clock.
    #[must_use]
    pub fn delay(time: Duration) -> Self {
        Self::new(Kind::Delay(time))
    }

    /// Answers rightly, one byte at a time.
    #[must_use]
    pub fn slow_body(interval: Duration) -> Self {
        Self::new(Kind::Drip(interval))
    }

    /// Takes the request, then drops the connection.
    #[must_use]
    pub fn drop_connection() -> Self {
        Self::new(Kind::Close)
    }

    /// Takes the request, then says nothing for ever.
    #[must_use]
    pub fn hang() -> Self {
        Self::new(Kind::Silence)
    }

    /// Adds `Retry-After` to the answer.
    #[must_use]
    pub fn retry_after(mut self, time: Duration) -> Self {
        self.retry_after = Some(time);
        self
    }

    /// Ends after this many requests. Without it, a fault stays until [`MockLogto::clear_faults`](crate::testing::MockLogto::clear_faults).
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.remaining = Some(times);
        self
    }

    /// Does what was asked (rotates the token, ends the session) before the answer fails.
    #[must_use]
    pub fn after_processing(mut self) -> Self {
        self.after_processing = true;
        self
    }

    fn new(kind: Kind) -> Self {
        Self { kind, retry_after: None, remaining: None, after_processing: false }
    }

    /// Whether the request is to be handled at all.
    pub(crate) fn processes(&self) -> bool {
        self.after_processing || matches!(self.kind, Kind::Delay(_) | Kind::Drip(_))
    }

    pub(crate) fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after.map(|time| time.as_secs())
    }
}

/// The faults that are set; for each endpoint the oldest applies.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<(Endpoint, Fault)>);

impl Faults {
    pub(crate) fn set(&mut self, endpoint: Endpoint, fault: Fault) {
        self.0.push((endpoint, fault));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault for the next request there, counted down.
    pub(crate) fn take(&mut self, endpoint: Endpoint) -> Option<Fault> {
        self.0.retain(|(_, fault)| fault.remaining != Some(0));
        let (_, fault) = self.0.iter_mut().find(|(place, _)| *place == endpoint)?;
        fault.remaining = fault.remaining.map(|times| times.saturating_sub(1));
        Some(fault.clone())
    }
}
