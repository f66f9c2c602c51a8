//! Signing somebody out who does not want to.

use logto::SignInOptions;

use crate::{
    open,
    support::{Browser, Site},
};

/// A link, an image, a prefetch or a prerender of the sign-out address.
///
/// Where GET signs out, a browser that looks ahead does it, or any page with `<img src="…/logto/sign-out">`.
#[tokio::test]
async fn a_get_head_or_prefetch_of_the_sign_out_route_signs_nobody_out() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let ahead = [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-purpose", "preview"),
        ("x-moz", "prefetch"),
        ("next-router-prefetch", "1"),
        ("sec-fetch-dest", "image"),
        ("sec-fetch-site", "same-origin"),
    ];
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "post", "QUERY"] {
        for header in ahead {
            let reply = open(&site.logto, method, "/logto/sign-out", &browser, &[header]).await;
            assert_eq!(reply.status(), 405, "{method} {header:?}");
            assert!(reply.headers().all(|(name, _)| name != "set-cookie"), "{method} {header:?}");
        }
    }
    assert!(site.is_signed_in(&browser).await);
    assert_eq!(site.mock.requests_total(), 0, "nothing was revoked");
}

/// A POST from another site, with every origin that one may have or pretend.
///
/// A check that the origin begins with, ends with or holds the site's, or that lets a request pass that says nothing, lets some through.
#[tokio::test]
async fn a_sign_out_from_another_site_signs_nobody_out() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    for headers in [
        &[][..],
        &[("origin", "")],
        &[("origin", "null")],
        &[("origin", "http://evil.example")],
        &[("origin", "http://localhost:3000.evil.example")],
        &[("origin", "http://evil.example/http://localhost:3000")],
        &[("origin", "http://localhost:3000@evil.example")],
        &[("origin", "http://localhost")],
        &[("origin", "http://localhost:3001")],
        &[("origin", "https://localhost:3000")],
        &[("origin", "http://localhost:3000/")],
        &[("origin", "http://localhost:3000, http://evil.example")],
        &[("referer", "http://localhost:3000/")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "")],
        &[("sec-fetch-site", "cross-site, same-origin")],
        // The browser's own word counts, whatever the origin seems to be.
        &[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:3000")],
        &[("sec-fetch-site", "same-site"), ("origin", "http://localhost:3000")],
    ] {
        let reply = open(&site.logto, "POST", "/logto/sign-out", &browser, headers).await;
        assert_eq!(reply.status(), 403, "{headers:?}");
        assert!(reply.headers().all(|(name, _)| name != "set-cookie"), "{headers:?}");
    }
    assert!(site.is_signed_in(&browser).await);
    for headers in [[("sec-fetch-site", "same-origin")], [("origin", "http://localhost:3000")]] {
        let browser = site.signed_in("ada").await;
        assert_eq!(open(&site.logto, "POST", "/logto/sign-out", &browser, &headers).await.status(), 303);
        assert!(!site.is_signed_in(&browser).await);
    }
}

/// A prefetch of the callback does not use the sign-in up, so the victim can still end it.
#[tokio::test]
async fn a_head_or_prefetch_of_the_callback_does_not_use_the_sign_in_up() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    let target = callback.strip_prefix("http://localhost:3000").unwrap();
    for header in [("sec-purpose", "prefetch"), ("purpose", "prefetch"), ("x-moz", "prefetch")] {
        assert_eq!(open(&site.logto, "GET", target, &browser, &[header]).await.status(), 204);
    }
    assert_eq!(open(&site.logto, "HEAD", target, &browser, &[]).await.status(), 204);
    site.end(&mut browser, &callback).await.unwrap();
}
