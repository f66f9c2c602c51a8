#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn a_host_is_read_with_its_port() {
    for (text, expected) in [
        ("www.example.com", Some(("www.example.com", None))),
        (" WWW.example.com:8443 ", Some(("www.example.com", Some(8443)))),
        ("[::1]", Some(("[::1]", None))),
        ("[::1]:3000", Some(("[::1]", Some(3000)))),
        ("127.0.0.1:80", Some(("127.0.0.1", Some(80)))),
        ("", None),
        (":", None),
        ("x:", None),
        ("x:65536", None),
        ("x:-1", None),
        ("x y", None),
        ("x,y", None),
        ("x@y", None),
        ("ä.example", None),
    ] {
        let host = RequestHost::parse(text);
        assert_eq!(host.as_ref().map(|host| (host.name(), host.port)), expected, "{text}");
    }
}

#[test]
fn several_values_of_forwarded_name_no_host() {
    for (value, expected) in [
        ("host=a", Some("a")),
        ("for=1.2.3.4; Host = \"a:1\" ;by=x", Some("a:1")),
        ("host=a,host=a", None),
        ("for=x;proto=https", None),
        ("", None),
        ("host", None),
    ] {
        assert_eq!(host_of_forwarded(value), expected, "{value}");
    }
}

#[test]
fn a_pattern_keeps_its_scheme_port_and_path() {
    let pattern =
        BaseUrl { url: "https://*.preview.example.com:8443/app".parse().unwrap(), secure: true, cookie_domain: None };
    let at = |host: &str| pattern.of_host(&RequestHost::parse(host).unwrap()).map(|base| base.url.to_string());
    assert_eq!(at("a-1.preview.example.com:8443").unwrap(), "https://a-1.preview.example.com:8443/app");
    for host in ["a.preview.example.com", "a.preview.example.com:443", "a.b.preview.example.com:8443"] {
        assert_eq!(at(host), None, "{host}");
    }
}
