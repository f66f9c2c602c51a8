//! A revocation that failed is tried once more, by a task that nobody waits for.

use std::time::Duration;

use logto::SignOutOptions;
use tokio::time::{Instant, pause, sleep};

use crate::{
    altered::{Altered, answer},
    logs::listen,
    support::Site,
};

const REVOCATION: &str = "/oidc/token/revocation";

/// Signs a user out whose revocations are answered with these statuses and `Retry-After`, one after the other; gives after how many seconds which were asked for.
async fn sign_out(answers: &[(u16, &'static str)]) -> Vec<u64> {
    let http = Altered::new();
    let site = Site::with(|mock| mock, |config| config.http_client(http.clone())).await;
    let mut browser = site.signed_in("ada").await;
    // From here on no socket is used, and time goes on by itself when nothing else is to be done.
    pause();
    let (began, asked) = (Instant::now(), std::sync::Arc::new(std::sync::Mutex::new(Vec::new())));
    let (noted, answers) = (asked.clone(), answers.to_vec());
    let mut answers = answers.into_iter();
    http.answer(move |path| {
        assert_eq!(path, REVOCATION);
        noted.lock().unwrap().push(began.elapsed().as_secs());
        let (status, retry_after) = answers.next().expect("no third try");
        let headers = [("retry-after", retry_after)];
        Some(answer(status, if retry_after.is_empty() { &[] } else { &headers }))
    });
    let mut cookies = browser.request();
    _ = site.logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    assert!(!site.is_signed_in(&browser).await);
    assert!(began.elapsed().is_zero(), "nobody waits for the second try");
    sleep(Duration::from_secs(24 * 60 * 60)).await;

    asked.lock().unwrap().clone()
}

#[tokio::test]
async fn a_revocation_is_tried_once_more_after_a_moment_or_when_logto_says() {
    for (answers, asked) in [
        (&[(200, "")][..], &[0][..]),
        (&[(503, ""), (200, "")], &[0, 5]),
        (&[(500, ""), (500, "")], &[0, 5]),
        (&[(429, "60"), (200, "")], &[0, 60]),
        (&[(429, "0"), (200, "")], &[0, 5]),
        (&[(503, "86400"), (200, "")], &[0, 300]),
        // A refusal stays one.
        (&[(400, "")], &[0]),
        (&[(401, "60")], &[0]),
    ] {
        assert_eq!(sign_out(answers).await, asked, "{answers:?}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn the_log_says_what_became_of_a_revocation() {
    let (log, _guard) = listen("logto::sign_out=debug");
    sign_out(&[(503, ""), (200, "")]).await;
    assert!(log.text().contains("Logto is asked once more") && log.text().contains("is revoked now"), "{}", log.text());
    tokio::time::resume();
    let (log, _guard) = listen("logto::sign_out=debug");
    sign_out(&[(503, ""), (503, "")]).await;
    assert!(log.text().contains("it lives on at Logto"), "{}", log.text());
}
