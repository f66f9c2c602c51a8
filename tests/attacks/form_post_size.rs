//! A page that repeats what was posted makes more of it: each field becomes an element, each quotation mark six characters.

use logto::{ResponseMode, SignInOptions, testing::Endpoint};

use crate::{
    encoded, post,
    support::{Browser, Site},
};

/// Bytes that a body of ours may have: 8 KiB that are repeated, each as an entity of six characters at the worst, and the page around.
const LARGEST: usize = 8 * 1024 * 6 + 4 * 1024;

async fn site() -> Site {
    Site::with(|mock| mock, |config| config.response_mode(ResponseMode::FormPost)).await
}

/// 64 KiB of fields without a name, or of others than those of an authorization response, made 1.3 MB where each was repeated.
#[tokio::test]
async fn the_reply_to_a_posted_callback_of_64_kib_repeats_only_known_parameters() {
    const BODY: usize = 64 * 1024;
    let site = site().await;
    let known = ["code", "state", "iss", "error", "error_description", "error_uri"];
    let mut bodies: Vec<String> = ["&", "a&", "a=b&", "=&", "\"&", "%22=%22&", "submit&", "<i>&"]
        .iter()
        .map(|unit| format!("state=s&code=c&{}", unit.repeat((BODY - 20) / unit.len())))
        .collect();
    for name in known {
        for unit in ["\"", "%22", "'", "<", "x", "\u{e9}"] {
            for length in [500, 8 * 1024, BODY - 200] {
                let others =
                    ["state", "code"].iter().filter(|other| **other != name).map(|other| format!("{other}=x&"));
                let others = others.collect::<String>();
                bodies.push(format!("{others}{name}={}", unit.repeat(length / unit.len())));
            }
        }
    }
    for body in &bodies {
        assert!(body.len() <= BODY);
        let reply = post(&site.logto, "/callback", &Browser::default(), body).await;
        let what = body.get(..40).unwrap_or_default();
        assert!(reply.body().len() <= LARGEST, "{what}…: {} bytes", reply.body().len());
        let repeated = reply.body().split("<input type=\"hidden\" name=\"").skip(1);
        let names: Vec<_> = repeated.map(|input| input.split('"').next().unwrap()).collect();
        assert!(names.len() <= known.len() + 1, "{what}…: {names:?}");
        assert!(names.iter().all(|name| known.contains(name) || *name == "logto_posted_again"), "{what}…: {names:?}");
    }
    assert_eq!(site.mock.request_count(Endpoint::Token), 0);
    println!("{} bodies", bodies.len());
}

/// A code of 4 kB, as other servers make them, is repeated letter by letter.
#[tokio::test]
async fn a_posted_code_of_4_kb_is_repeated_whole() {
    let site = site().await;
    let url = site.begin(&mut Browser::default(), SignInOptions::new()).await;
    let state = url.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let code = "aZ09-_.~".repeat(512);
    let body = format!("code={code}&state={state}&iss={}&session_state=x", encoded(&site.mock.issuer()));
    let reply = post(&site.logto, "/callback", &Browser::default(), &body).await;
    assert_eq!(reply.status(), 200);
    assert!(reply.body().contains(&format!("name=\"code\" value=\"{code}\"")), "{}", reply.body());
    assert!(reply.body().contains(&format!("name=\"state\" value=\"{state}\"")), "{}", reply.body());
    assert!(!reply.body().contains("session_state"), "what is not read is not repeated");
}
