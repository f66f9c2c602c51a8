//! What goes to Logto: how often, and how long it takes.

use std::{
    future::Future,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED, ParsedPublicKey};
use logto::{HeaderCookies, SignInOptions, TokenOptions, testing::Endpoint};
use logto_benches::{Browser, RESOURCE, Site, point, signed_parts};
use serde_json::Value;
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{
    Pace, Result,
    figure::{Claim, Contender, Figure},
    row::{Bound, Row},
};

const USERS: usize = 1000;
const REFRESHES: &str = "1,000 users refreshing at once";
const BARE_REFRESHES: &str = "1,000 token requests by reqwest, signatures checked by aws-lc-rs";
const COLD_START: &str = "new client to first redirect, less one discovery round trip";

pub fn rows(pace: Pace) -> Result<Vec<Row>> {
    let runtime = Rc::new(Runtime::new()?);
    let mut rows = refreshes(&runtime, pace)?.measure(pace)?;
    rows.extend(cold_start(&runtime).measure(pace)?);
    rows.push(runtime.block_on(requests_in_an_hour(pace))?);
    Ok(rows)
}

/// Both in one process with MockLogto, whose own work is in both.
fn refreshes(runtime: &Rc<Runtime>, pace: Pace) -> Result<Figure> {
    let users = if pace.is_smoke() { 10 } else { USERS };
    let (site, browsers) = runtime.block_on(async {
        let site = Site::start().await;
        let mut browsers = Vec::new();
        for _ in 0..users {
            browsers.push(site.sign_in().await);
        }
        (Rc::new(site), browsers)
    });
    let mut refresh_tokens = Vec::new();
    for browser in &browsers {
        let token = runtime.block_on(site.logto.get_refresh_token(&HeaderCookies::parse(browser.as_str())))?;
        refresh_tokens.push(token.ok_or("a session has a refresh token")?.expose().to_owned());
    }
    site.delay_tokens(Duration::from_millis(20));

    let (here, logto) = (Rc::clone(runtime), site.logto.clone());
    let ours = Contender::new(REFRESHES, move || {
        Ok(millis(&here, || {
            browsers.iter().map(|browser| {
                let (logto, browser) = (logto.clone(), browser.clone());
                async move {
                    let token = TokenOptions::new().resource(RESOURCE).force_refresh(true);
                    logto.get_access_token(&mut HeaderCookies::parse(browser), token).await.expect("a token");
                }
            })
        }))
    });
    let (here, client) = (Rc::clone(runtime), reqwest::Client::new());
    let url = format!("{}/token", site.mock.issuer());
    let jwks = format!("{}/jwks", site.mock.issuer());
    let jwks: Value = runtime.block_on(async { client.get(jwks).send().await?.json().await })?;
    let key = Arc::new(ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point(&jwks["keys"][0]))?);
    let bare = Contender::new(BARE_REFRESHES, move || {
        // The server is kept for as long as it is asked.
        let _site = &site;
        Ok(millis(&here, || {
            refresh_tokens.iter().map(|token| {
                let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("resource", RESOURCE)];
                let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
                let request = client.post(&url).basic_auth("app", Some("an app's secret")).body(body);
                let request = request.header("content-type", "application/x-www-form-urlencoded");
                let key = Arc::clone(&key);
                async move {
                    let answer = request.send().await.expect("an answer").error_for_status().expect("a token");
                    let answer: Value = answer.json().await.expect("a body");
                    let (message, signature) = signed_parts(answer["id_token"].as_str().expect("an ID token"));
                    key.verify_sig(&message, &signature).expect("the signature is right");
                }
            })
        }))
    });
    let claim = Claim {
        name: REFRESHES,
        unit: "ms",
        ours: REFRESHES,
        peer: Some(BARE_REFRESHES),
        bound: Bound::AtMostTimes(1.2),
    };
    Ok(Figure { contenders: vec![ours, bare], claims: vec![claim] })
}

/// Milliseconds until all of `tasks` are done.
fn millis<F, I>(runtime: &Runtime, tasks: impl FnOnce() -> I) -> f64
where
    F: Future<Output = ()> + Send + 'static,
    I: Iterator<Item = F>,
{
    let start = Instant::now();
    runtime.block_on(async { tasks().collect::<JoinSet<_>>().join_all().await });
    start.elapsed().as_secs_f64() * 1000.0
}

/// From nothing to the redirect of the first sign-in, beside a bare client that asks for the discovery document alone.
fn cold_start(runtime: &Rc<Runtime>) -> Figure {
    let (runtime, site) = (Rc::clone(runtime), runtime.block_on(Site::start()));
    let url = format!("{}/.well-known/openid-configuration", site.mock.issuer());
    let ours = Contender::new(COLD_START, move || {
        let start = Instant::now();
        runtime.block_on(async { reqwest::Client::new().get(&url).send().await?.bytes().await })?;
        let bare = start.elapsed();
        let start = Instant::now();
        let (logto, mut cookies) = (site.new_client(), HeaderCookies::default());
        drop(runtime.block_on(logto.sign_in(&mut cookies, SignInOptions::new()))?);
        Ok((start.elapsed().as_secs_f64() - bare.as_secs_f64()) * 1000.0)
    });
    let claim = Claim { name: COLD_START, unit: "ms", ours: COLD_START, peer: None, bound: Bound::Under(5.0) };
    Figure { contenders: vec![ours], claims: vec![claim] }
}

/// Users who sign in, and open a page that calls an API every five minutes, in an hour of a clock that is moved.
async fn requests_in_an_hour(pace: Pace) -> Result<Row> {
    let users = if pace.is_smoke() { 10 } else { USERS };
    let site = Site::start().await;
    let mut browsers: Vec<Browser> = Vec::new();
    for _ in 0..users {
        browsers.push(site.sign_in().await);
    }
    for _ in 0..11 {
        for browser in &mut browsers {
            site.page(browser, TokenOptions::new().resource(RESOURCE)).await;
        }
        site.clock.advance(Duration::from_mins(5));
    }
    let ours = [Endpoint::Discovery, Endpoint::Jwks, Endpoint::Token, Endpoint::UserInfo]
        .map(|at| site.mock.request_count(at));
    // The discovery document and the key set; for each user the code, and the token for the API, which lives for an hour.
    let least = 2 + 2 * users;
    let number = |count: usize| -> Result<f64> { Ok(f64::from(u32::try_from(count)?)) };
    let (ours, least) = (number(ours.iter().sum())?, number(least)?);
    Ok(Row::exact(
        "requests to Logto in an hour of 1,000 users",
        "requests",
        ours,
        ("the least that there can be", least),
        Bound::AtMostTimes(1.0),
    ))
}
