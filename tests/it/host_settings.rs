//! Settings of pages, cookies and forms at an application's further hosts.

use logto::{
    LogtoClient, LogtoConfigBuilder,
    cookies::SameSite,
    integrate::{AuthRequest, AuthResponse},
    testing::{MockLogto, TestClock},
};
use url::{Position, Url};

use crate::{
    asked::{FETCH, NAVIGATION, header, json, request, route},
    counted_store::Counted,
    support::{APP_SECRET, Browser, Site, app, settings},
};

const WWW: &str = "https://www.example.com";
const SHOP: &str = "https://shop.example.org/store";
const PREVIEWS: &str = "https://*.preview.example.com";
/// The hosts, with the paths of their base URLs.
const HOSTS: [(&str, &str); 3] =
    [("www.example.com", ""), ("shop.example.org", "/store"), ("pr-1.preview.example.com", "")];

async fn site(config: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder) -> Site {
    let clock = TestClock::new();
    let registered = HOSTS.iter().fold(app("app"), |app, (host, path)| {
        app.redirect_uri(format!("https://{host}{path}/callback"))
            .post_logout_redirect_uri(format!("https://{host}{path}/bye"))
    });
    let mock = MockLogto::builder().app(registered).clock(clock.clone()).start().await.unwrap();
    let several = settings(&mock, &clock).app_secret(APP_SECRET).base_url(WWW).further_base_urls([SHOP, PREVIEWS]);
    let logto = LogtoClient::new(config(several).build().unwrap()).unwrap();
    Site { mock, logto, clock }
}

fn at(browser: &Browser, method: &str, host: &str, target: &str, headers: &[(&str, &str)]) -> AuthRequest {
    request(browser, method, target, &[&[("host", host)], headers].concat())
}

/// Signs `ada` in at a host; gives the callback's address and what it answered.
async fn sign_in(site: &Site, browser: &mut Browser, host: &str, path: &str) -> (String, AuthResponse) {
    let begin = at(browser, "GET", host, &format!("{path}/logto/sign-in"), NAVIGATION);
    let begun = route(&site.logto, browser, &begin).await;
    let callback = Url::parse(&site.mock.sign_in(header(&begun, "location").unwrap(), "ada").await).unwrap();
    let target = callback[Position::BeforePath..].to_owned();
    let end = at(browser, "GET", host, &target, &[NAVIGATION, &[("sec-fetch-site", "cross-site")]].concat());
    let ended = route(&site.logto, browser, &end).await;
    (target, ended)
}

#[tokio::test]
async fn each_host_has_the_pages_to_land_on_below_its_own_base_url() {
    let site = site(|config| config.after_sign_in("/dashboard").after_sign_out("/bye")).await;
    for (host, path) in HOSTS {
        let mut browser = Browser::default();
        let (callback, ended) = sign_in(&site, &mut browser, host, path).await;
        let dashboard = format!("https://{host}{path}/dashboard");
        assert_eq!(header(&ended, "location"), Some(dashboard.as_str()));
        // The back button: the callback was used, and the user is signed in.
        let again = at(&browser, "GET", host, &callback, NAVIGATION);
        let session = again.enter(&site.logto);
        assert_eq!(session.client().unwrap().config().after_sign_in(), dashboard);
        site.advance(60);
        let used = route(&site.logto, &mut browser, &again).await;
        assert_eq!((used.status(), header(&used, "location")), (302, Some(dashboard.as_str())));

        let headers = [NAVIGATION, &[("sec-fetch-site", "same-origin")]].concat();
        let leave = at(&browser, "POST", host, &format!("{path}/logto/sign-out"), &headers);
        let left = route(&site.logto, &mut browser, &leave).await;
        let landed = site.mock.end_session(header(&left, "location").unwrap()).await;
        assert_eq!(landed, format!("https://{host}{path}/bye"));
    }
}

#[tokio::test]
async fn a_sign_out_to_a_page_leads_to_that_page_of_the_host() {
    let site = site(|config| config).await;
    for (host, path) in HOSTS {
        let mut browser = Browser::default();
        _ = sign_in(&site, &mut browser, host, path).await;
        for (target, leads) in [("/bye", true), (WWW, host == "www.example.com"), ("https://evil.example", false)] {
            let headers = [FETCH, &[("content-type", "application/x-www-form-urlencoded")]].concat();
            let leave = at(&browser, "POST", host, &format!("{path}/logto/sign-out"), &headers);
            let left = route(&site.logto, &mut browser.clone(), &leave.body(format!("return_to={target}"))).await;
            assert_eq!(left.status(), if leads { 200 } else { 400 }, "{host} {target}");
            if target == "/bye" {
                let landed = site.mock.end_session(json(&left)["location"].as_str().unwrap()).await;
                assert_eq!(landed, format!("https://{host}{path}/bye"));
            }
        }
    }
}

#[tokio::test]
async fn a_page_to_land_on_that_one_of_the_hosts_does_not_have_is_refused_when_the_configuration_is_built() {
    let site = site(|config| config).await;
    let settings = || settings(&site.mock, &site.clock).base_url(WWW);
    let several = || settings().further_base_urls([SHOP]);
    for (page, alone, together) in [
        ("/welcome", true, true),
        ("https://www.example.com/welcome", true, false),
        ("https://shop.example.org/store/welcome", false, false),
    ] {
        assert_eq!(settings().after_sign_in(page).build().is_ok(), alone, "{page}");
        assert_eq!(several().after_sign_in(page).build().is_ok(), together, "{page}");
        assert_eq!(several().after_sign_out(page).build().is_ok(), together, "{page}");
        let origins = ["https://www.example.com", "https://shop.example.org"];
        let listed = several().allowed_return_origins(origins).after_sign_in(page).build().unwrap();
        assert!(listed.after_sign_in().ends_with("/welcome"), "{page}");
    }
}

#[tokio::test]
async fn a_strict_callback_is_asked_for_once_more_at_its_own_host() {
    let site = site(|config| config.cookie_same_site(SameSite::Strict).after_sign_in("/dashboard")).await;
    for (host, path) in HOSTS {
        let mut browser = Browser::default();
        let (callback, asked) = sign_in(&site, &mut browser, host, path).await;
        let again = format!("{callback}&logto_again=1");
        assert_eq!(asked.status(), 200);
        assert!(
            asked.body().contains(&format!("content=\"0;url={}\"", again.replace('&', "&amp;"))),
            "{}",
            asked.body()
        );
        let dashboard = format!("https://{host}{path}/dashboard");
        // The second time is the back button, and a browser may say that the way to it began at Logto.
        for from in ["same-origin", "cross-site"] {
            let ask = at(&browser, "GET", host, &again, &[NAVIGATION, &[("sec-fetch-site", from)]].concat());
            let ended = route(&site.logto, &mut browser, &ask).await;
            assert_eq!((ended.status(), header(&ended, "location")), (302, Some(dashboard.as_str())), "{host} {from}");
            site.advance(60);
        }
        // Nor is there a circle where the cookie has stayed behind, or the user has signed out.
        let nobody = at(&Browser::default(), "GET", host, &again, NAVIGATION);
        assert_eq!(site.logto.handle_auth_routes(&nobody).await.unwrap().status(), 400);
    }
}

#[tokio::test]
async fn a_page_of_another_host_of_the_application_is_no_way_back() {
    let site = site(|config| config.sign_in_page("/login")).await;
    for (host, path) in HOSTS {
        for (other, other_path) in HOSTS {
            let page = format!("https://{other}{other_path}/books");
            let headers = [FETCH, &[("referer", page.as_str())]].concat();
            let refused = site.logto.sign_in_redirect(&at(&Browser::default(), "GET", host, "/api", &headers));
            let sign_in = json(&refused)["sign_in"].as_str().unwrap().to_owned();
            let login = format!("{path}/login");
            match host == other {
                true => assert!(sign_in.starts_with(&format!("{login}?return_to=")), "{sign_in}"),
                false => assert_eq!(sign_in, login, "{other}"),
            }
        }
    }
}

/// `cookie_domain` puts `__Secure-` in place of `__Host-` where it covers the host, so the name of before is the present one elsewhere.
#[tokio::test]
async fn a_name_of_before_may_be_the_present_one_at_another_host() {
    let clock = TestClock::new();
    let store = Counted::new(&clock);
    let kept = store.clone();
    let site = site(|config| {
        config.cookie_domain("example.com").previous_cookie_names(["__Host-logto_app"]).session_store(kept)
    })
    .await;
    let mut browser = Browser::default();
    _ = sign_in(&site, &mut browser, "shop.example.org", "/store").await;
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["__Host-logto_app"]);
    _ = store.take();
    let session = at(&browser, "GET", "shop.example.org", "/store/me", NAVIGATION).enter(&site.logto);
    assert!(session.is_authenticated().await.unwrap());
    assert!(session.commit().await.unwrap().set_cookies().is_empty());
    assert_eq!(store.take(), (1, 0), "it is read once");
}
