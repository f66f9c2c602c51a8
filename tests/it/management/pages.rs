//! Pages by number, and all items as a stream.

use std::pin::pin;

use futures_core::Stream;
use logto::{Result, management::List};
use serde_json::Value;

use super::stand_in::{Answer, StandIn, json_answer, page_of, refusal};

fn list(logto: &StandIn) -> List<Value> {
    logto.management().list("/things")
}

fn number(item: Option<Result<Value>>) -> Option<u64> {
    item.map(|item| item.unwrap()["id"].as_u64().unwrap())
}

async fn all(list: List<Value>) -> Vec<u64> {
    let (mut items, mut numbers) = (list.items(), Vec::new());
    while let Some(item) = items.next().await {
        numbers.push(number(Some(item)).unwrap());
    }
    numbers
}

#[tokio::test]
async fn management_a_page_has_its_items_the_total_and_whether_there_is_a_further_one() {
    let logto = StandIn::default();
    let list = list(&logto).query("search", "%a & b%");
    for (number, size, items, total, has_next) in [
        (1, 2, 0..2, "5", true),
        (3, 2, 4..5, "5", false),
        (2, 2, 2..4, "4", false),
        // Past the end.
        (9, 2, 0..0, "5", false),
        // Nothing is there.
        (1, 100, 0..0, "0", false),
    ] {
        logto.next(page_of(items.clone(), Some(total)));
        let page = list.page(number, size).await.unwrap();
        assert_eq!((page.items.len(), page.number, page.size), (items.len(), number, size));
        assert_eq!((page.total, page.has_next()), (total.parse().ok(), has_next), "{number}");
        let line = format!("GET /api/things?search=%25a+%26+b%25&page={number}&page_size={size}");
        assert_eq!(logto.lines().last(), Some(&line));
    }
    assert_eq!(logto.token_count(), 1);
}

#[tokio::test]
async fn management_a_page_that_logto_has_not_is_refused_before_anything_is_sent() {
    let logto = StandIn::default();
    for (number, size) in [(0, 20), (1, 0), (1, 101), (1, 1000), (u32::MAX, u32::MAX)] {
        let error = list(&logto).page(number, size).await.unwrap_err();
        assert_eq!(error.code().as_str(), "options.invalid");
        assert!(error.to_string().contains(&format!("page {number} of {size}")), "{error}");
        let whole = logto.management().users().list_sessions("ada").page(number, size).await;
        assert_eq!(whole.unwrap_err().code().as_str(), "options.invalid");
    }
    assert!(logto.asked("/").is_empty());
}

#[tokio::test]
async fn management_a_total_that_is_no_number_is_none() {
    for total in [None, Some("many"), Some("-1"), Some(""), Some("1.5"), Some("99999999999999999999999")] {
        let logto = StandIn::default();
        logto.next(page_of(0..2, total)).next(page_of(0..2, total));
        let page = list(&logto).page(1, 2).await.unwrap();
        assert_eq!((page.total, page.has_next()), (None, false), "{total:?}");
        // Nobody says that there is more, so nothing more is asked for.
        assert_eq!(all(list(&logto)).await, [0, 1]);
        assert_eq!(logto.lines().len(), 2);
    }
}

#[tokio::test]
async fn management_all_items_come_by_one_request_for_each_hundred() {
    let logto = StandIn::default();
    logto.next(page_of(0..100, Some("230"))).next(page_of(100..200, Some("230"))).next(page_of(200..230, Some("230")));
    assert_eq!(all(list(&logto)).await, (0..230).collect::<Vec<_>>());
    let pages: Vec<_> = (1..=3).map(|page| format!("GET /api/things?page={page}&page_size=100")).collect();
    assert_eq!((logto.lines(), logto.token_count()), (pages, 1));
}

#[tokio::test]
async fn management_nothing_is_asked_for_before_an_item_is() {
    let logto = StandIn::default();
    logto.next(page_of(0..100, Some("230")));
    let mut items = list(&logto).items();
    assert!(logto.asked("/").is_empty());
    for expected in 0..100 {
        assert_eq!(number(items.next().await), Some(expected));
    }
    assert_eq!(logto.lines().len(), 1);
    // Midway: the rest is never asked for.
    drop(items);
    assert_eq!(logto.lines().len(), 1);
}

#[tokio::test]
async fn management_a_list_that_changes_meanwhile_ends() {
    let logto = StandIn::default();
    // Items went away: the second page is empty although the total said otherwise.
    logto.next(page_of(0..100, Some("150"))).next(page_of(0..0, Some("150")));
    assert_eq!(all(list(&logto)).await.len(), 100);
    // Items were added: the total grew.
    let before = logto.lines().len();
    logto.next(page_of(0..100, Some("101"))).next(page_of(100..200, Some("220"))).next(page_of(200..220, Some("220")));
    assert_eq!(all(list(&logto)).await.len(), 220);
    assert_eq!(logto.lines().len(), before + 3);
    // A server that ignores the parameters gives the whole list, and no total.
    logto.next(page_of(0..250, None));
    assert_eq!(all(list(&logto)).await.len(), 250);
}

#[tokio::test]
async fn management_after_an_error_in_the_middle_the_same_page_is_asked_for_once_more() {
    let logto = StandIn::default();
    logto.next(page_of(0..100, Some("101")));
    logto.next(refusal(500, "entity.db_execution_failed"));
    logto.next(json_answer(200, &Value::from("no list")));
    logto.next(page_of(100..101, Some("101")));
    let mut items = list(&logto).items();
    for expected in 0..100 {
        assert_eq!(number(items.next().await), Some(expected));
    }
    for _ in 0..2 {
        assert_eq!(items.next().await.unwrap().unwrap_err().code().as_str(), "management.failed");
    }
    assert_eq!(number(items.next().await), Some(100));
    for _ in 0..2 {
        assert_eq!(number(items.next().await), None, "it has ended, and stays so");
    }
    let pages: Vec<_> = logto.lines().iter().map(|line| line.contains("page=2&")).collect();
    assert_eq!(pages, [false, true, true, true]);
}

#[tokio::test]
async fn management_items_are_a_stream_and_a_call_that_was_given_up_goes_on_with_the_next() {
    let logto = StandIn::default();
    logto.next(page_of(0..1, Some("1")));
    let mut items = list(&logto).items();
    // The first poll asks, and is given up; the request is on its way.
    {
        let mut first = pin!(items.next());
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(first.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
    }
    let mut items = pin!(items);
    let next = std::future::poll_fn(|cx| items.as_mut().poll_next(cx)).await;
    assert_eq!(number(next), Some(0));
    assert_eq!(number(std::future::poll_fn(|cx| items.as_mut().poll_next(cx)).await), None);
    assert_eq!((logto.lines().len(), logto.token_count()), (1, 1));
}

#[tokio::test]
async fn management_a_list_that_logto_gives_at_once_has_pages_too() {
    let logto = StandIn::default();
    let management = logto.management();
    let sessions: Vec<_> = (0..250).map(|id| serde_json::json!({ "payload": { "uid": id.to_string() } })).collect();
    let answer = || json_answer(200, &serde_json::json!({ "sessions": sessions }));
    let list = management.users().list_sessions("ada");
    for (number, size, first, count, has_next) in [
        (1, 100, Some("0"), 100, true),
        (3, 100, Some("200"), 50, false),
        (9, 100, None, 0, false),
        (250, 1, Some("249"), 1, false),
    ] {
        logto.next(answer());
        let page = list.page(number, size).await.unwrap();
        assert_eq!((page.items.len(), page.total, page.has_next()), (count, Some(250), has_next));
        assert_eq!(page.items.first().map(|session| session.id.as_str()), first);
    }
    let before = logto.lines().len();
    logto.next(answer());
    let (mut items, mut count) = (list.items(), 0);
    while let Some(item) = items.next().await {
        assert_eq!(item.unwrap().id, count.to_string());
        count += 1;
    }
    assert_eq!((count, logto.lines().len()), (250, before + 1));
    assert!(logto.lines().iter().all(|line| line == "GET /api/users/ada/sessions"));

    for answer in [serde_json::json!({}), serde_json::json!({ "sessions": null }), serde_json::json!([]), Value::Null] {
        logto.next(json_answer(200, &answer));
        let error = management.users().list_sessions("ada").page(1, 20).await.unwrap_err();
        assert_eq!(error.code().as_str(), "management.failed", "{answer}");
    }
}

#[tokio::test]
async fn management_two_streams_of_one_list_do_not_meet() {
    let logto = StandIn::default();
    let list = list(&logto);
    logto.next(page_of(0..1, Some("1"))).next(page_of(5..6, Some("1")));
    let (mut one, mut other) = (list.clone().items(), list.items());
    let (first, second) = tokio::join!(one.next(), other.next());
    let mut numbers = [number(first), number(second)];
    numbers.sort_unstable();
    assert_eq!((numbers, logto.token_count()), ([Some(0), Some(5)], 1));
    logto.will(Answer::Hang);
}
