//! What browsers and servers accept of cookies.

/// Bytes of one cookie that every browser stores: name, value and attributes together (RFC 6265 section 6.1).
pub(super) const MAX_COOKIE_BYTES: usize = 4096;
/// Cookies that one session may take. Four are a header of 16 kB, which is the most that most servers accept. A proxy that accepts 8 kB (nginx, by
/// default) needs a setting: `docs/deployment.md` has the numbers.
pub(super) const MAX_CHUNKS: usize = 4;
