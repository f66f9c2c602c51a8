//! Every address that a browser is sent to is judged by one function, wherever it comes from: a request, an option, a setting, or Logto.

use std::{collections::BTreeSet, fs, path::Path};

use logto::{ErrorCode, HeaderCookies, LogtoClient, Routes, SignInOptions, SignOutOptions, testing::another_instance};

use crate::{
    header, open,
    return_to::{ELSEWHERE, HERE, is_of_this_site},
    support::{APP_SECRET, BASE_URL, Browser, Site, settings},
};

/// What is written where a browser is led somewhere: the type of a judged address, its maker, a header, a link, a form.
const SIGNS: &[&str] = &[
    "Destination(",
    "Redirect::to(",
    "Redirect { location",
    "\"location\"",
    "LOCATION",
    "\"refresh\"",
    "http-equiv",
    "hx-redirect",
    "href=",
    "action=",
    "src=",
];

/// Every place in `src/` that does so. `Redirect::to` takes a judged address and nothing else, the headers are written of a `Redirect`, and the
/// links of a page are judged addresses.
const PLACES: &[(&str, &str)] = &[
    ("src/diagnose/registration.rs", "LOCATION"),     // is read
    ("src/client/refresh/renewal.rs", "\"refresh\""), // the name of a span
    ("src/client/handle_sign_in.rs", "Redirect::to("),
    ("src/client/sign_in.rs", "Redirect::to("),
    ("src/client/sign_out.rs", "Redirect::to("),
    ("src/error/code.rs", "action="), // the text of a hint
    ("src/response.rs", "\"location\""),
    ("src/routes/asked_by.rs", "Redirect::to("), // the sign-in route itself
    ("src/response.rs", "hx-redirect"),
    ("src/response/ask.rs", "href="),
    ("src/response/page.rs", "action="),
    ("src/response/own.rs", "Redirect::to("),
    ("src/response/page.rs", "\"refresh\""),
    ("src/response/page.rs", "href="),
    ("src/response/page.rs", "http-equiv"),
    ("src/routes.rs", "Redirect::to("),
    ("src/routes/errors.rs", "Redirect::to("),
    ("src/routes/initiation.rs", "Redirect::to("),
    ("src/types.rs", "\"location\""), // in `Debug`
    ("src/types/destination.rs", "Destination("),
    ("src/web/actix_web/response.rs", "LOCATION"),
    ("src/web/axum.rs", "Redirect::to("),
    ("src/web/rocket/response.rs", "\"location\""),
];

fn places_below(folder: &Path, found: &mut BTreeSet<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            // The server inside sends browsers where it was told to, as Logto does.
            if name != "src/testing" {
                places_below(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && !name.ends_with("tests.rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            let signs = SIGNS.iter().filter(|sign| code.iter().any(|line| line.contains(**sign)));
            found.extend(signs.map(|sign| (name.clone(), (*sign).to_owned())));
        }
    }
}

#[test]
fn every_place_that_leads_a_browser_somewhere_is_known() {
    let mut found = BTreeSet::new();
    places_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let known: BTreeSet<_> = PLACES.iter().map(|(file, sign)| ((*file).to_owned(), (*sign).to_owned())).collect();
    assert!(
        found == known,
        "not in the list: {:?}\ngone: {:?}\nLead the address through src/types/destination.rs, and name the place here.",
        found.difference(&known).collect::<Vec<_>>(),
        known.difference(&found).collect::<Vec<_>>()
    );
}

async fn signed_out(logto: &LogtoClient, wanted: &str) -> String {
    let options = SignOutOptions::new().post_logout_redirect_uri(wanted);
    match logto.sign_out(&mut HeaderCookies::default(), options).await {
        Ok(redirect) => redirect.location().to_owned(),
        // A path is one of this application, and a URL is one of the web, or refused before anything ends.
        Err(error) => {
            let code = match wanted.starts_with('/') {
                true => ErrorCode::SIGN_IN_RETURN_TO_REFUSED,
                false => ErrorCode::OPTIONS_INVALID,
            };
            assert_eq!(error.code(), code, "{wanted:?}: {error}");
            format!("{BASE_URL}/")
        }
    }
}

const ALLOWED: &str = "https://admin.example.test";

/// Where Logto leads the browser, Logto compares the address with those that are registered. Where it does not, nobody else would.
#[tokio::test]
async fn a_sign_out_that_logto_has_no_part_in_leads_to_this_site_whatever_was_wanted() {
    let site = Site::with(|mock| mock, |config| config.allowed_return_origins([ALLOWED])).await;
    let begun = signed_out(&site.logto, "https://evil.example/").await;
    assert!(begun.starts_with(&format!("{}/session/end?", site.mock.issuer())), "Logto judges it: {begun}");
    for is_down in [false, true] {
        if is_down {
            site.mock.stop().await;
        } else {
            site.mock.tamper_discovery(|document| _ = document.as_object_mut().unwrap().remove("end_session_endpoint"));
        }
        let logto = site.another_instance();
        for wanted in ELSEWHERE {
            assert_eq!(signed_out(&logto, wanted).await, format!("{BASE_URL}/"), "{wanted:?}, Logto down: {is_down}");
        }
        for wanted in HERE {
            assert!(is_of_this_site(&signed_out(&logto, wanted).await), "{wanted:?}, Logto down: {is_down}");
        }
        assert_eq!(signed_out(&logto, "/bye?x=1").await, format!("{BASE_URL}/bye?x=1"));
        assert_eq!(signed_out(&logto, ALLOWED).await, format!("{ALLOWED}/"));
    }
}

#[tokio::test]
async fn the_return_address_is_checked_again_at_the_end_of_the_sign_in() {
    let mut site = Site::with(|mock| mock, |config| config.allowed_return_origins([ALLOWED])).await;
    let wanted = format!("{ALLOWED}/reports");
    for (allowed, reached) in [(true, wanted.clone()), (false, format!("{BASE_URL}/"))] {
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new().post_redirect_uri(&wanted)).await;
        if !allowed {
            site.logto = site.redeployed(|config| config);
        }
        let callback = site.mock.sign_in(&url, "ada").await;
        assert_eq!(site.end(&mut browser, &callback).await.unwrap(), reached);
    }
}

#[tokio::test]
async fn a_silent_sign_in_that_signs_nobody_in_does_not_lead_to_a_page_that_is_allowed_no_more() {
    let mut site = Site::with(|mock| mock, |config| config.allowed_return_origins([ALLOWED])).await;
    let wanted = format!("{ALLOWED}/reports");
    for (allowed, reached) in [(true, wanted.clone()), (false, format!("{BASE_URL}/"))] {
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new().silent(true).post_redirect_uri(&wanted)).await;
        if !allowed {
            site.logto = site.redeployed(|config| config);
        }
        let callback = site.mock.sign_in(&url, "ada").await;
        assert!(callback.contains("login_required"), "{callback}");
        assert_eq!(site.end(&mut browser, &callback).await.unwrap(), reached);
    }
}

/// Both endpoints that the crate leads browsers to, and those that it asks itself.
#[tokio::test]
async fn a_discovered_endpoint_of_another_scheme_is_refused_without_a_redirect() {
    const PUBLIC: &str = "https://logto.example.com";
    let site = Site::start().await;
    let signed_in = site.signed_in("ada").await;
    let public = settings(&site.mock, &site.clock).app_secret(APP_SECRET).endpoint(PUBLIC);
    let public = public.internal_endpoint(site.mock.endpoint()).build().unwrap();
    for (config, schemes) in [
        (site.logto.config().clone(), &["javascript", "data", "file", "ftp", "ws", "blob", "intent", "mailto"][..]),
        (public, &["http", "javascript", "data", "blob"]),
    ] {
        for member in [
            "authorization_endpoint",
            "end_session_endpoint",
            "token_endpoint",
            "jwks_uri",
            "userinfo_endpoint",
            "revocation_endpoint",
            "introspection_endpoint",
        ] {
            for scheme in schemes {
                let issuer = config.issuer().to_owned();
                site.mock.tamper_discovery(move |document| {
                    let real = document["issuer"].as_str().unwrap().to_owned();
                    *document = serde_json::from_str(&document.to_string().replace(&real, &issuer)).unwrap();
                    document[member] = format!("{scheme}://logto.example.com/%0aalert(1)").into();
                });
                let logto = LogtoClient::new(another_instance(&config)).unwrap();
                let error = logto.sign_in(&mut HeaderCookies::default(), SignInOptions::new()).await.unwrap_err();
                assert_eq!(error.code(), "discovery.failed", "{member} {scheme}");
                let redirect = logto.sign_out(&mut signed_in.request(), SignOutOptions::new()).await.unwrap();
                assert_eq!(redirect.location(), format!("{BASE_URL}/"), "{member} {scheme}: no ID token goes there");
            }
        }
    }
}

/// The links of every page that is rendered, by whatever address it was asked for.
#[tokio::test]
async fn the_links_of_every_page_lead_to_this_site() {
    let site = Site::with(|mock| mock, |config| config.routes(Routes::new().initiate_login("/initiate"))).await;
    let mut links = 0;
    for target in [
        "/callback?code=x&state=y",
        "/callback",
        "/logto/sign-out",
        "/logto/sign-in?return_to=//evil.example",
        "/logto/sign-in?one_time_token=t&return_to=//evil.example&login_hint=ada",
        "/logto/sign-in?one_time_token=t&direct_sign_in=social:kakao&href=//evil.example",
        "/initiate?iss=https://evil.example&target_link_uri=//evil.example",
    ] {
        for from in ["cross-site", "same-site"] {
            let reply = open(&site.logto, "GET", target, &Browser::default(), &[("sec-fetch-site", from)]).await;
            assert_eq!(header(&reply, "location"), None, "{target}");
            for name in ["href=\"", "action=\""] {
                for link in reply.body().split(name).skip(1) {
                    let link = link.split('"').next().unwrap().replace("&amp;", "&");
                    assert!(is_of_this_site(&link) && !link.starts_with("//"), "{target}: {link}");
                    links += 1;
                }
            }
        }
    }
    assert!(links >= 28, "{links} links");
}
