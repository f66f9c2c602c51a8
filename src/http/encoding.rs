//! Compressed answers: none is asked for, and none can be read.

use ::http::{HeaderMap, HeaderValue, Response, header};

use crate::error::{Code, Error, Result};

/// What is asked for (RFC 9110 section 12.5.3): without the header a server may choose any encoding.
pub(super) const IDENTITY: HeaderValue = HeaderValue::from_static("identity");

/// Refuses a body that is encoded all the same. A client that decodes takes the header away, as `reqwest` does.
///
/// A redirect is reported as what it is, and an answer without a body says what it says by its status.
///
/// # Errors
/// `network.encoded`, with the status of the answer.
pub(super) fn check(response: &Response<Vec<u8>>, what: &str) -> Result<()> {
    let status = response.status();
    match encoding(response.headers()) {
        Some(encoding) if !response.body().is_empty() && !status.is_redirection() => Err(Error::new(
            Code::BodyEncoded,
            format!("{what} answered with `Content-Encoding: {encoding}`, which was not asked for"),
        )
        .with_response(status.as_u16(), super::retry_after::retry_after(response.headers()))),
        _ => Ok(()),
    }
}

/// The first encoding that changes the bytes, as text that may be shown.
fn encoding(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(header::CONTENT_ENCODING).iter();
    let tokens = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let encoding = tokens.map(<[u8]>::trim_ascii).find(|it| !it.is_empty() && !it.eq_ignore_ascii_case(b"identity"))?;
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    match encoding.iter().all(is_token) && encoding.len() <= 20 {
        true => std::str::from_utf8(encoding).ok().map(str::to_owned),
        false => Some("…".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(status: u16, body: &str, encodings: &[&[u8]]) -> Option<Error> {
        let mut response = Response::builder().status(status);
        for encoding in encodings {
            response = response.header(header::CONTENT_ENCODING, *encoding);
        }
        check(&response.body(body.into()).unwrap(), "GET https://logto.test/oidc/jwks").err()
    }

    #[test]
    fn a_body_with_any_encoding_is_refused_and_named() {
        for (encodings, named) in [
            (&[b"gzip".as_slice()][..], "gzip"),
            (&[b"BR"], "BR"),
            (&[b"x-gzip"], "x-gzip"),
            (&[b"identity, zstd"], "zstd"),
            (&[b"identity", b" deflate "], "deflate"),
            (&[b"\xff\xfe"], "…"),
            (&[b"a\"b"], "…"),
            (&[b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"], "…"),
        ] {
            for status in [200, 400, 503] {
                let error = judge(status, "{}", encodings).unwrap();
                assert_eq!(
                    (error.code().as_str(), error.provider_status()),
                    ("network.encoded", Some(status)),
                    "{named}"
                );
                assert!(error.to_string().contains(&format!("`Content-Encoding: {named}`")), "{error}");
            }
        }
    }

    #[test]
    fn what_is_not_encoded_is_read() {
        for encodings in [&[][..], &[b"identity".as_slice()], &[b"Identity, identity"], &[b""], &[b" , "]] {
            assert!(judge(200, "{}", encodings).is_none(), "{encodings:?}");
        }
        assert!(judge(204, "", &[b"gzip"]).is_none() && judge(302, "moved", &[b"gzip"]).is_none());
    }
}
