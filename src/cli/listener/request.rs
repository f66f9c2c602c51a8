//! The head of a request, as far as it is needed (RFC 9112 sections 3 and 5).

use std::time::Duration;

use tokio::{io::AsyncReadExt, net::TcpStream};

/// How long a connection may take to send its head.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes. A browser sends the cookies of whatever else was developed on this machine along.
const MAX_HEAD: usize = 64 * 1024;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    /// The path and the query.
    pub(super) target: String,
    pub(super) host: Option<String>,
    /// `Sec-Fetch-Mode` (Fetch Metadata Request Headers).
    pub(super) fetch_mode: Option<String>,
    /// `Sec-Fetch-Dest`.
    pub(super) fetch_dest: Option<String>,
}

/// Reads one request. `None` where none comes, or something else.
pub(super) async fn read(mut stream: TcpStream) -> Option<(Request, TcpStream)> {
    let mut head = Vec::new();
    let whole = async {
        loop {
            if head.windows(4).any(|end| end == b"\r\n\r\n") {
                return Some(());
            }
            if head.len() >= MAX_HEAD || stream.read_buf(&mut head).await.ok()? == 0 {
                return None;
            }
        }
    };
    tokio::time::timeout(TIMEOUT, whole).await.ok()??;
    Some((parse(&head)?, stream))
}

fn parse(head: &[u8]) -> Option<Request> {
    let text = std::str::from_utf8(head).ok()?;
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target, version) = (first.next()?, first.next()?, first.next()?);
    if first.next().is_some() || !version.starts_with("HTTP/1.") || !target.starts_with('/') {
        return None;
    }
    let mut request = Request {
        method: method.to_owned(),
        target: target.to_owned(),
        host: None,
        fetch_mode: None,
        fetch_dest: None,
    };
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        let value = Some(value.trim().to_owned());
        if name.eq_ignore_ascii_case("host") {
            request.host = value;
        } else if name.eq_ignore_ascii_case("sec-fetch-mode") {
            request.fetch_mode = value;
        } else if name.eq_ignore_ascii_case("sec-fetch-dest") {
            request.fetch_dest = value;
        }
    }
    Some(request)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_request_is_read_by_its_first_line_and_two_headers() {
        let head =
            "GET /callback?code=a HTTP/1.1\r\nHost: 127.0.0.1:4711\r\nCookie: a=b\r\nsec-fetch-mode:navigate\r\n\r\n";
        let request = parse(head.as_bytes()).unwrap();
        assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/callback?code=a"));
        assert_eq!(
            (request.host.as_deref(), request.fetch_mode.as_deref()),
            (Some("127.0.0.1:4711"), Some("navigate"))
        );
    }

    #[test]
    fn what_is_no_request_is_none() {
        for head in [
            &b""[..],
            b"\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET /\r\n\r\n",
            b"GET / HTTP/2\r\n\r\n",
            b"GET http://evil.test/ HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1 x\r\n\r\n",
            b"GET / HTTP/1.1\r\nno header\r\n\r\n",
            b"GET /\xff HTTP/1.1\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
        ] {
            assert_eq!(parse(head), None, "{head:?}");
        }
    }
}
