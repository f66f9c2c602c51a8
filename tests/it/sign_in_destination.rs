//! A sign-in begins where a browser goes to a page, or by a script of this site: images, scripts and frames of others begin none (Fetch Metadata,
//! `Sec-Fetch-Dest`), and the user's own goes on.

use logto::{LogtoClient, LogtoConfigBuilder, Routes, cookies::SameSite};

use crate::{
    asked::{header, json, request, route},
    support::{APP_SECRET, BASE_URL, Browser, Site, settings},
};

const BEGINNINGS: [&str; 3] = ["/logto/sign-in", "/logto/sign-up", "/logto/initiate-login"];

fn with_initiation(config: LogtoConfigBuilder) -> LogtoConfigBuilder {
    config.routes(Routes::default().initiate_login("/logto/initiate-login"))
}

fn targets(site: &Site) -> Vec<String> {
    BEGINNINGS.iter().map(|path| format!("{path}?iss={}&return_to=/books", site.mock.issuer())).collect()
}

/// The status, and how many cookies are set.
async fn asked(logto: &LogtoClient, browser: &mut Browser, target: &str, headers: &[(&str, &str)]) -> (u16, usize) {
    let asked = request(browser, "GET", target, headers);
    let answer = route(logto, browser, &asked).await;
    if answer.status() == 403 && header(&answer, "content-type") == Some("application/json") {
        assert_eq!(json(&answer)["code"], "sign_in.not_a_page", "{headers:?}");
    }
    (answer.status(), answer.headers().filter(|(name, _)| *name == "set-cookie").count())
}

#[tokio::test]
async fn images_scripts_and_frames_of_other_sites_begin_nothing() {
    let site = Site::with(|mock| mock, with_initiation).await;
    for target in targets(&site) {
        for dest in [
            "image",
            "script",
            "style",
            "font",
            "audio",
            "video",
            "track",
            "manifest",
            "worker",
            "object",
            "embed",
            "iframe",
            "frame",
            "fencedframe",
            "report",
            "empty",
            "webidentity",
            "something-new",
            "",
        ] {
            let mode = if matches!(dest, "iframe" | "frame") { "navigate" } else { "cors" };
            let headers = [("sec-fetch-dest", dest), ("sec-fetch-mode", mode), ("sec-fetch-site", "cross-site")];
            let answer = asked(&site.logto, &mut Browser::default(), &target, &headers).await;
            assert_eq!(answer, (403, 0), "{target} {dest}");
        }
        // Nobody can read the answer, so nobody goes there; also where a browser says no more than this.
        for site_of in ["same-origin", "cross-site"] {
            let headers = [("sec-fetch-mode", "no-cors"), ("sec-fetch-site", site_of)];
            assert_eq!(asked(&site.logto, &mut Browser::default(), &target, &headers).await, (403, 0), "{target}");
        }
    }
}

#[tokio::test]
async fn pages_scripts_of_this_site_and_browsers_that_say_nothing_begin_a_sign_in() {
    let site = Site::with(|mock| mock, with_initiation).await;
    for target in targets(&site) {
        for (headers, status) in [
            (
                &[("sec-fetch-dest", "document"), ("sec-fetch-mode", "navigate"), ("sec-fetch-site", "cross-site")][..],
                302,
            ),
            (&[("sec-fetch-dest", "document"), ("sec-fetch-mode", "navigate"), ("sec-fetch-site", "none")], 302),
            (&[("sec-fetch-dest", "iframe"), ("sec-fetch-mode", "navigate"), ("sec-fetch-site", "same-origin")], 302),
            (&[("accept", "text/html")], 302),
            (&[], 302),
        ] {
            let answer = asked(&site.logto, &mut Browser::default(), &target, headers).await;
            assert_eq!(answer, (status, 1), "{target} {headers:?}");
        }
    }
    // By `fetch`, by htmx, and from another host of the same site.
    for (from, extra) in
        [("same-origin", ("x-none", "")), ("same-origin", ("hx-request", "true")), ("same-site", ("x-none", ""))]
    {
        let headers = [("sec-fetch-dest", "empty"), ("sec-fetch-mode", "cors"), ("sec-fetch-site", from), extra];
        assert_eq!(asked(&site.logto, &mut Browser::default(), "/logto/sign-in", &headers).await, (200, 1), "{from}");
    }
}

#[tokio::test]
async fn four_images_of_another_site_leave_a_sign_in_under_way_alone() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let page = [("sec-fetch-dest", "document"), ("sec-fetch-mode", "navigate"), ("sec-fetch-site", "same-origin")];
    let begun = request(&browser, "GET", "/logto/sign-in?return_to=/books", &page);
    let begun = route(&site.logto, &mut browser, &begun).await;
    let before = browser.cookies.clone();
    let image = [("sec-fetch-dest", "image"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "same-site")];
    for _ in 0..5 {
        assert_eq!(asked(&site.logto, &mut browser, "/logto/sign-in", &image).await, (403, 0));
    }
    assert_eq!(browser.cookies, before);
    let callback = site.mock.sign_in(header(&begun, "location").unwrap(), "ada").await;
    assert_eq!(site.end(&mut browser, &callback).await.unwrap(), format!("{BASE_URL}/books"));
}

/// An application that asks for cookies in frames is shown there.
#[tokio::test]
async fn an_application_for_frames_of_other_sites_begins_a_sign_in_there_and_none_for_an_image() {
    let site = Site::start().await;
    let embedded = settings(&site.mock, &site.clock).app_secret(APP_SECRET).base_url("https://www.example.com");
    let embedded = embedded.cookie_same_site(SameSite::None).cookie_partitioned(true).build().unwrap();
    let embedded = LogtoClient::new(embedded).unwrap();
    for (dest, mode, answer) in
        [("iframe", "navigate", (302, 1)), ("image", "no-cors", (403, 0)), ("empty", "cors", (403, 0))]
    {
        let headers = [("sec-fetch-dest", dest), ("sec-fetch-mode", mode), ("sec-fetch-site", "cross-site")];
        assert_eq!(asked(&embedded, &mut Browser::default(), "/logto/sign-in", &headers).await, answer, "{dest}");
    }
}
