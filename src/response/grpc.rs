//! Refusals for clients of gRPC.

use super::AuthResponse;
use crate::error::{Error, ErrorKind};

/// Codes of gRPC (`google.rpc.Code`).
const PERMISSION_DENIED: &str = "7";
const INTERNAL: &str = "13";
const UNAVAILABLE: &str = "14";
const UNAUTHENTICATED: &str = "16";

impl AuthResponse {
    /// Creates the response to a gRPC call: the status in the head, without a body ("Trailers-Only" in the protocol of gRPC over HTTP/2).
    ///
    /// | The error is | `grpc-status` |
    /// |---|---|
    /// | a token that is missing or no good | 16, `UNAUTHENTICATED` |
    /// | a token that is good and not enough | 7, `PERMISSION_DENIED` |
    /// | transient | 14, `UNAVAILABLE` |
    /// | any other | 13, `INTERNAL` |
    ///
    /// `grpc-message` says what the body of an answer over HTTP would say, and the challenge stays in `www-authenticate`.
    pub fn grpc(error: &Error) -> Self {
        let answer = Self::from(error);
        let status = match answer.status {
            // A header that is no token at all is a client's mistake, too.
            400 if error.challenge().is_some() => UNAUTHENTICATED,
            401 => UNAUTHENTICATED,
            403 => PERMISSION_DENIED,
            503 => UNAVAILABLE,
            _ => INTERNAL,
        };
        let message = match (error.challenge(), error.kind()) {
            (Some(challenge), _) => challenge.description.to_owned(),
            (None, ErrorKind::Usage) => error.to_string(),
            (None, _) => error.summary().to_owned(),
        };
        let answer = answer
            .replace_header("content-type", Some("application/grpc".to_owned()))
            // A client of gRPC has no cookies to answer that challenge with.
            .replace_header("www-authenticate", error.challenge().map(|challenge| challenge.header.clone()))
            .header("grpc-status", status)
            .header("grpc-message", &percent_encoded(&message));
        Self { status: 200, body: String::new(), ..answer }
    }
}

/// As `grpc-message` is written: bytes that are no printable ASCII, and `%`, as `%` with two digits.
fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b' '..=b'~' if byte != b'%' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn each_kind_of_error_has_the_grpc_status_that_its_http_status_says() {
        for (code, status) in [
            (Code::NotAuthenticated, UNAUTHENTICATED),
            (Code::AccessDenied, PERMISSION_DENIED),
            (Code::LayerMissing, INTERNAL),
            (Code::MissingState, INTERNAL),
        ] {
            let answer = AuthResponse::grpc(&Error::new(code, "not for the client"));
            assert_eq!((answer.status(), answer.header_value("grpc-status")), (200, Some(status)), "{code:?}");
            assert_eq!(answer.header_value("content-type"), Some("application/grpc"));
            assert_eq!(answer.headers().filter(|(name, _)| *name == "content-type").count(), 1);
            assert_eq!(answer.body(), "");
            assert_eq!(answer.header_value("www-authenticate"), None, "a cookie is nothing that a client of gRPC has");
        }
    }

    #[test]
    fn a_message_of_grpc_has_printable_ascii_alone() {
        assert_eq!(percent_encoded("100 % für alle\n"), "100 %25 f%C3%BCr alle%0A");
        assert_eq!(percent_encoded("~ plain words."), "~ plain words.");
    }
}
