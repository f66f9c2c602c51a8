//! Rates, outages, time and size. Time is tokio's, which runs on by itself when everybody waits.

use std::{sync::Arc, time::Duration};

use http::Response;
use logto::management::Nothing;
use serde_json::json;
use tokio::time::Instant;

use super::stand_in::{Answer, StandIn, json_answer, refusal, text_answer, token, with_header};

fn ada() -> Response<Vec<u8>> {
    json_answer(200, &json!({ "id": "ada" }))
}

#[tokio::test(start_paused = true)]
async fn management_a_request_is_repeated_after_429_when_logto_says_so() {
    let logto = StandIn::default();
    let management = logto.management();
    for post in [false, true] {
        logto.next(with_header(429, "retry-after", "7")).next(ada());
        let began = Instant::now();
        match post {
            true => management.users().create(&logto::management::NewUser::new()).await.map(drop),
            false => management.users().get("ada").await.map(drop),
        }
        .unwrap();
        assert_eq!(began.elapsed().as_secs(), 7, "429 is before the request was looked at, whatever it is");
    }
    // Without a time: one, two and four seconds.
    logto.next(refusal(429, "a.b")).next(refusal(429, "a.b")).next(with_header(429, "x-a", "b")).next(ada());
    let began = Instant::now();
    management.users().get("ada").await.unwrap();
    assert_eq!((began.elapsed().as_secs(), logto.lines().len(), logto.token_count()), (7, 8, 1));
}

#[tokio::test(start_paused = true)]
async fn management_a_rate_limit_that_stays_is_an_error_with_the_time() {
    let logto = StandIn::default();
    for _ in 0..4 {
        logto.next(with_header(429, "retry-after", "5"));
    }
    let began = Instant::now();
    let error = logto.management().users().get("ada").await.unwrap_err();
    assert_eq!((error.code().as_str(), error.retry_after()), ("management.rate_limited", Some(Duration::from_secs(5))));
    assert!(error.is_transient());
    assert_eq!((logto.lines().len(), began.elapsed().as_secs()), (4, 15), "three times again");

    // Longer than the program is ready to wait: at once.
    for (wait, settings) in [("31", None), ("3600", None), ("2", Some(1)), ("1", Some(0))] {
        let logto = StandIn::default();
        logto.next(with_header(429, "retry-after", wait));
        let began = Instant::now();
        let management = logto.management_with(|builder| match settings {
            Some(seconds) => builder.max_retry_wait(Duration::from_secs(seconds)),
            None => builder,
        });
        let error = management.users().get("ada").await.unwrap_err();
        assert_eq!(
            (error.code().as_str(), began.elapsed(), logto.lines().len()),
            ("management.rate_limited", Duration::ZERO, 1)
        );
        assert_eq!(error.retry_after().unwrap().as_secs().to_string(), wait);
    }
}

#[tokio::test(start_paused = true)]
async fn management_after_503_only_what_may_be_done_twice_is_done_twice() {
    let logto = StandIn::default();
    let management = logto.management();
    let users = management.users();
    let busy = || text_answer(503, "text/html", "<html>Back soon");
    logto.next(busy()).next(ada());
    users.get("ada").await.unwrap();
    logto.next(busy()).next(with_header(204, "x-a", "b"));
    users.replace_roles("ada", ["a"]).await.unwrap();
    let before = logto.lines().len();
    logto.next(busy());
    let error = users.create(&logto::management::NewUser::new()).await.unwrap_err();
    assert_eq!((error.code().as_str(), logto.lines().len()), ("management.failed", before + 1));
    logto.next(busy());
    let error = users.suspend("ada").await.unwrap_err();
    assert_eq!((error.code().as_str(), logto.lines().len()), ("management.failed", before + 2));
    assert!(error.is_transient());
    logto.next(busy());
    let error = users.delete("ada").await.unwrap_err();
    assert_eq!((error.code().as_str(), logto.lines().len()), ("management.failed", before + 3));
}

#[tokio::test(start_paused = true)]
async fn management_a_logto_that_hangs_or_breaks_is_the_networks_error() {
    let logto = StandIn::default();
    logto.will(Answer::Hang);
    let management = logto.management();
    assert_eq!(management.users().get("ada").await.unwrap_err().code().as_str(), "network.timeout");
    logto.will(Answer::Break);
    assert_eq!(management.users().suspend("ada").await.unwrap_err().code().as_str(), "network.unreachable");
    // A redirect is no answer, and is not followed.
    let before = logto.lines().len();
    for status in [301, 302, 307, 308] {
        logto.next(with_header(status, "location", "http://169.254.169.254/latest"));
        let error = management.users().get("ada").await.unwrap_err();
        assert!(
            error.code().as_str().starts_with("management.") || error.code().as_str() == "network.redirected",
            "{error:?}"
        );
    }
    assert_eq!(logto.lines().len(), before + 4);
    assert_eq!(logto.asked("/latest").len(), 0);

    // The token endpoint is away.
    let logto = StandIn::default();
    logto.next_token(Answer::Hang);
    assert_eq!(logto.management().users().get("ada").await.unwrap_err().code().as_str(), "network.timeout");
    assert!(logto.lines().is_empty());
}

#[tokio::test]
async fn management_callers_at_once_share_one_token_and_one_who_goes_away_takes_it_from_nobody() {
    let logto = StandIn::default();
    let management = logto.management();
    for _ in 0..20 {
        logto.next(ada());
    }
    {
        // It began to ask for the token, and goes away.
        let users = management.users();
        let mut gone = std::pin::pin!(users.get("ada"));
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(gone.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
    }
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let management = management.clone();
        tasks.spawn(async move { management.users().get("ada").await.map(|user| user.id) });
    }
    for outcome in tasks.join_all().await {
        assert_eq!(outcome.unwrap(), "ada");
    }
    management.users().get("ada").await.unwrap();
    assert_eq!((logto.token_count(), logto.lines().len()), (1, 11));
}

#[tokio::test]
async fn management_an_answer_may_have_ten_million_bytes() {
    let logto = StandIn::default();
    logto.next(ada());
    let management = logto.management();
    management.users().get("ada").await.unwrap();
    assert_eq!(logto.limit(), 10_000_000, "what the HTTP client is told");

    // Over the network, by the client of the crate.
    let sizes = Arc::new([9_999_990_usize, 10_000_100]);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let oidc = format!("{endpoint}/oidc");
    let app = axum::Router::new().fallback(move |request: axum::extract::Request| {
        let (oidc, sizes) = (oidc.clone(), Arc::clone(&sizes));
        async move {
            let path = request.uri().path().to_owned();
            let body = match path.as_str() {
                "/oidc/.well-known/openid-configuration" => json!({
                    "issuer": oidc, "authorization_endpoint": format!("{oidc}/auth"),
                    "token_endpoint": format!("{oidc}/token"), "jwks_uri": format!("{oidc}/jwks"),
                })
                .to_string(),
                "/oidc/token" => String::from_utf8(token("t").into_body()).unwrap(),
                path => format!("\"{}\"", "x".repeat(sizes[usize::from(path.ends_with("large"))] - 2)),
            };
            ([("content-type", "application/json")], body)
        }
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    let machine = logto::machine::MachineClient::builder().endpoint(&endpoint).app_id("m2m").app_secret("secret");
    let management = logto::management::Management::new(machine.build().unwrap()).unwrap();
    assert_eq!(management.get::<String>("/small").await.unwrap().len(), 9_999_988);
    let error = management.get::<Nothing>("/large").await.unwrap_err();
    assert_eq!(error.code().as_str(), "network.body_too_large");
}
