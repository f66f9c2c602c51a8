//! Login CSRF by a magic link: the attacker leads the victim's browser to a link of the attacker's own account.

use logto::{Routes, SignInOptions};

use crate::{
    encoded, header, open,
    support::{BASE_URL, Browser, Site},
};

const LINK: &str =
    "/logto/sign-in?one_time_token=t0ken&login_hint=eve%40evil.example&return_to=%2Fbooks%3Fa%3D1%262&unknown=x";

/// A link, an image, a frame or a redirect of another site; a subdomain's page; and a browser that says nothing.
///
/// Whoever goes on to Logto at once signs the victim in as the attacker, who then reads what the victim enters.
#[tokio::test]
async fn a_one_time_token_that_another_site_leads_to_signs_nobody_in_who_is_not_asked() {
    let site = Site::start().await;
    for route in ["/logto/sign-in", "/logto/sign-up"] {
        let link = LINK.replace("/logto/sign-in", route);
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site"), ("referer", BASE_URL)],
            &[("sec-fetch-site", "")],
            &[("sec-fetch-site", "same-origin, cross-site")],
            &[],
            &[("referer", "https://evil.example/")],
            &[("referer", "http://localhost:3000.evil.example/")],
            &[("origin", BASE_URL)],
        ] {
            let reply = open(&site.logto, "GET", &link, &Browser::default(), headers).await;
            assert_eq!((reply.status(), header(&reply, "location")), (200, None), "{headers:?}");
            assert_eq!(header(&reply, "set-cookie"), None, "no sign-in has begun: {headers:?}");
            assert!(reply.body().contains("<strong>eve@evil.example</strong>"), "{}", reply.body());
            assert!(!reply.body().contains("<script") && !reply.body().contains("<form"), "nothing goes on by itself");
        }
    }
    assert_eq!(site.mock.requests_total(), 0);
}

/// The link of the page leads on, with all that the first one asked for.
#[tokio::test]
async fn a_user_who_confirms_goes_on_to_logto_with_the_one_time_token() {
    let site = Site::start().await;
    let asked = open(&site.logto, "GET", LINK, &Browser::default(), &[("sec-fetch-site", "cross-site")]).await;
    let link = asked.body().split("class=\"button\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let link = link.replace("&amp;", "&");
    assert!(link.starts_with("/logto/sign-in?") && !link.contains("unknown"), "{link}");
    let page = format!("{BASE_URL}{LINK}");
    // Older browsers do not say which site led there; the page's own address does.
    for headers in [[("sec-fetch-site", "same-origin")], [("sec-fetch-site", "none")], [("referer", page.as_str())]] {
        let mut browser = Browser::default();
        let reply = open(&site.logto, "GET", &link, &browser, &headers).await;
        assert_eq!(reply.status(), 302, "{headers:?}");
        let location = header(&reply, "location").unwrap();
        assert!(location.starts_with(&format!("{}/auth?", site.mock.issuer())), "{location}");
        assert!(location.contains("one_time_token=t0ken") && location.contains("login_hint=eve%40evil.example"));
        let cookies: Vec<_> =
            reply.headers().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value.to_owned()).collect();
        browser.receive(&cookies);
        site.mock.clear_browser_session();
        let callback = site.mock.sign_in(&location, "ada").await;
        assert_eq!(site.end(&mut browser, &callback).await.unwrap(), format!("{BASE_URL}/books?a=1&2"));
    }
}

/// The question is about the token alone: a plain sign-in asks for the password, or shows who is signed in at Logto.
#[tokio::test]
async fn a_sign_in_without_a_one_time_token_in_the_link_needs_no_confirmation() {
    let site = Site::start().await;
    let plain = "/logto/sign-in?login_hint=ada&first_screen=register";
    let reply = open(&site.logto, "GET", plain, &Browser::default(), &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(reply.status(), 302);
    let url = site.begin(&mut Browser::default(), SignInOptions::new().one_time_token("t0ken")).await;
    assert!(url.contains("one_time_token=t0ken"));
}

#[tokio::test]
async fn the_confirmation_of_a_one_time_token_shows_no_markup_from_parameters() {
    let site = Site::start().await;
    let from = [("sec-fetch-site", "cross-site")];
    let hint = "%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%3E".repeat(100);
    let link = format!("/logto/sign-in?one_time_token=%22%3E%3Cscript%3E&login_hint={hint}&acr_values={hint}");
    let reply = open(&site.logto, "GET", &link, &Browser::default(), &from).await;
    assert_eq!(reply.status(), 200);
    assert!(!reply.body().contains("<script"), "{}", reply.body());
    assert!(reply.body().contains("&lt;script&gt;") && reply.body().len() < link.len() * 2 + 4096);
    let link = "/logto/sign-in?one_time_token=t&direct_sign_in=x";
    assert_ne!(open(&site.logto, "GET", link, &Browser::default(), &from).await.status(), 200);
}

/// After a sign-in that ends in a page of this site (`form_post`), or at a Logto behind the same host, the link would come from this site.
#[tokio::test]
async fn a_return_address_with_a_one_time_token_sign_in_is_refused_from_any_site() {
    let site = Site::with(|mock| mock, |config| config.routes(Routes::new().initiate_login("/initiate"))).await;
    let issuer = encoded(&site.mock.issuer());
    for link in [
        LINK,
        "http://localhost:3000/logto/sign-in?one_time_token=t",
        "/logto/sign-up?one_time_token=t",
        "/books/../logto/sign-in?a=b&one%5Ftime_token=t",
        "/books/%2e%2e/logto/sign-in?one_time_token=t",
    ] {
        for address in
            ["/logto/sign-in?return_to=", "/logto/sign-up?return_to=", "/initiate?iss=ISSUER&target_link_uri="]
        {
            let address = format!("{}{}", address.replace("ISSUER", &issuer), encoded(link));
            for from in ["cross-site", "same-origin", "none"] {
                let from = [("sec-fetch-site", from)];
                let reply = open(&site.logto, "GET", &address, &Browser::default(), &from).await;
                assert_eq!((reply.status(), header(&reply, "set-cookie")), (400, None), "{address}");
            }
        }
    }
    // A page that only has a parameter of that name is a page.
    let page = "/logto/sign-in?return_to=%2Fbooks%3Fone_time_token%3Dt";
    assert_eq!(open(&site.logto, "GET", page, &Browser::default(), &[]).await.status(), 302);
}

#[tokio::test]
async fn the_link_of_the_question_asks_for_the_user_whom_the_question_names() {
    let site = Site::start().await;
    let link = "/logto/sign-in?one_time_token=t&one_time_token=&login_hint=eve%40evil.example&login_hint=";
    let reply = open(&site.logto, "GET", link, &Browser::default(), &[]).await;
    assert!(reply.body().contains("<strong>eve@evil.example</strong>"), "{}", reply.body());
    let link = "/logto/sign-in?login_hint=eve%40evil.example&amp;one_time_token=t";
    assert!(reply.body().contains(&format!("href=\"{link}\"")), "{}", reply.body());
}
