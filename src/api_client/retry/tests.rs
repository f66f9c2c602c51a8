use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{Method, Response};

use super::Retries;
use crate::{api_client::builder::RetryBudget, http::retry_after_at};

/// RFC 9110 section 5.6.7 writes this time in three ways.
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(784_111_777)
}

fn response(status: u16, retry_after: Option<&str>) -> Response<()> {
    let mut response = Response::builder().status(status);
    if let Some(value) = retry_after {
        response = response.header("retry-after", value);
    }
    response.body(()).unwrap()
}

fn retries(seconds: u64, any_method: bool) -> Retries {
    Retries::new(&RetryBudget { max_retry_wait: Duration::from_secs(seconds), any_method, of_logto: false })
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let read = |value| retry_after_at(response(503, Some(value)).headers(), now).map(|wait| wait.as_secs());
    for (value, expected) in [
        ("0", Some(0)),
        (" 7 ", Some(7)),
        ("120", Some(120)),
        ("99999999999999999999999", Some(86_400)),
        ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
        ("Sunday, 06-Nov-94 08:49:47 GMT", Some(10)),
        ("Sun Nov  6 08:49:47 1994", Some(10)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
        ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1.5", None),
        ("soon", None),
        ("Sun, 06 Nov 1994", None),
    ] {
        assert_eq!(read(value), expected, "{value}");
    }
    assert_eq!(retry_after_at(response(503, None).headers(), now), None);
}

#[test]
fn a_request_is_retried_only_for_a_suitable_method_with_a_retryable_status() {
    for (status, method, any_method, expected) in [
        (429, Method::GET, false, true),
        (429, Method::POST, false, true),
        (503, Method::GET, false, true),
        (503, Method::HEAD, false, true),
        (503, Method::OPTIONS, false, true),
        (503, Method::PUT, false, true),
        (503, Method::DELETE, false, true),
        (503, Method::POST, false, false),
        (503, Method::PATCH, false, false),
        (503, Method::POST, true, true),
        (500, Method::GET, true, false),
        (502, Method::GET, true, false),
        (504, Method::GET, true, false),
        (200, Method::GET, true, false),
    ] {
        let wait = retries(30, any_method).next_wait(&method, &response(status, Some("1")), now());
        assert_eq!(wait.is_some(), expected, "{status} {method} {any_method}");
    }
    assert_eq!(retries(30, true).next_wait(&Method::GET, &response(503, None), now()), None);
}

#[test]
fn retries_end_after_the_longest_wait_or_the_third() {
    let busy = |seconds| response(503, Some(seconds));
    let mut it = retries(30, false);
    let mut next = |seconds| it.next_wait(&Method::GET, &busy(seconds), now()).map(|wait| wait.as_secs());
    assert_eq!([next("20"), next("10"), next("1")], [Some(20), Some(10), None]);
    let mut it = retries(30, false);
    let mut next = |seconds| it.next_wait(&Method::GET, &busy(seconds), now()).map(|wait| wait.as_secs());
    assert_eq!([next("0"), next("0"), next("0"), next("0")], [Some(0), Some(0), Some(0), None]);
    assert_eq!(retries(30, false).next_wait(&Method::GET, &busy("31"), now()), None);
    assert_eq!(retries(0, false).next_wait(&Method::GET, &busy("0"), now()), None);
}
