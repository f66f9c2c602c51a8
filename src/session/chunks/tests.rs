use super::*;
use crate::session::own_cookies::own as own_of;

fn cookies(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What is tried for these cookies of the application `app`, and where `good` says so, opens.
fn tried(cookies: &[(String, String)], good: impl Fn(&str) -> bool) -> Vec<String> {
    let mut texts = Vec::new();
    open_each(
        &own(),
        cookies,
        // As keys do it, by how the text begins: sealed text has no point.
        |text| !text.starts_with("implausible") && !text.chars().take(4).any(|letter| letter == '.'),
        |text| {
            texts.push(text.to_owned());
            good(text).then_some(())
        },
    );
    texts
}

fn own() -> OwnCookies {
    own_of("app", false)
}

#[test]
fn one_session_is_tried_once() {
    assert_eq!(tried(&cookies(&[("logto_app", "whole")]), |_| true), ["whole"]);
    let three = cookies(&[("logto_app.2", "c"), ("logto_app", "3.a"), ("logto_app.1", "b"), ("theme", "dark")]);
    assert_eq!(tried(&three, |_| true), ["abc"]);
    // A chunk that is not needed is not looked at, and one that is missing cannot be guessed.
    assert_eq!(tried(&cookies(&[("logto_app", "2.a"), ("logto_app.1", "b"), ("logto_app.2", "c")]), |_| false), ["ab"]);
    assert_eq!(tried(&cookies(&[("logto_app", "3.a"), ("logto_app.1", "b")]), |_| false), [""; 0]);
    for nonsense in ["0.a", "1.a", "5.a", "99.a", "-2.a", ".a", "a.b"] {
        assert_eq!(tried(&cookies(&[("logto_app", nonsense), ("logto_app.1", "b")]), |_| false), [""; 0], "{nonsense}");
    }
}

#[test]
fn every_combination_of_repeated_chunk_cookies_is_tried() {
    let two = cookies(&[
        ("logto_app", "2.a"),
        ("logto_app", "garbage"),
        ("logto_app", "2.A"),
        ("logto_app.1", "b"),
        ("logto_app.1", "B"),
    ]);
    let mut texts = tried(&two, |_| false);
    texts.sort();
    assert_eq!(texts, ["AB", "Ab", "aB", "ab", "garbage"]);
    // What has opened is not tried with other chunks; what has not, is.
    let texts = tried(&two, |text| text == "AB");
    assert!(texts.contains(&"ab".to_owned()) && texts.contains(&"aB".to_owned()), "{texts:?}");
    assert!(!texts.contains(&"Ab".to_owned()), "{texts:?}");
    // The same value twice is one.
    assert_eq!(tried(&cookies(&[("logto_app", "a"), ("logto_app", "a")]), |_| false), ["a"]);
}

#[test]
fn two_generations_of_four_chunks_are_found_in_sixteen_attempts() {
    let names = ["logto_app", "logto_app.1", "logto_app.2", "logto_app.3"];
    for stale in 0_usize..16 {
        // Of each name a good and a stale value, in any order.
        let mut sent = Vec::new();
        for (index, name) in names.into_iter().enumerate() {
            let prefix = if index == 0 { "4." } else { "" };
            let [good, old] = [format!("{prefix}g{index}"), format!("{prefix}s{index}")];
            let pair = if stale & (1 << index) == 0 { [good, old] } else { [old, good] };
            sent.extend(pair.map(|value| (name.to_owned(), value)));
        }
        let is_whole = |text: &str| text == "g0g1g2g3" || text == "s0s1s2s3";
        let texts = tried(&sent, is_whole);
        assert_eq!(texts.iter().filter(|text| is_whole(text)).count(), 2, "{stale}: {texts:?}");
        assert!(texts.len() <= 16, "{stale}: {}", texts.len());
    }
}

#[test]
fn many_planted_cookies_cost_64_attempts_at_most() {
    let planted = |chunks: usize, values: usize| {
        let chunk = |index: usize| {
            (0..values).map(move |value| match index {
                0 => ("logto_app".to_owned(), format!("{chunks}.v{value}")),
                _ => (format!("logto_app.{index}"), format!("c{index}v{value}")),
            })
        };
        (0..chunks).flat_map(chunk).collect::<Vec<_>>()
    };
    for (chunks, values) in [(2, 8), (4, 8), (4, 1000)] {
        assert_eq!(tried(&planted(chunks, values), |_| false).len(), 64, "{values} values of {chunks} cookies");
    }
    let single: Vec<_> = (0..1000).map(|number| ("logto_app".to_owned(), format!("v{number}"))).collect();
    assert_eq!(tried(&single, |_| false).len(), 8);
    // What does not begin as a sealed text takes no place.
    let mut many: Vec<_> = (0..1000).map(|number| ("logto_app".to_owned(), format!("implausible{number}"))).collect();
    many.insert(0, ("logto_app".to_owned(), "good".to_owned()));
    assert_eq!(tried(&many, |_| false), ["good"]);
    // Of each head something is tried, whatever the others take.
    let texts = tried(&planted(4, 8), |_| false);
    assert!((0..8).all(|head| texts.iter().any(|text| text.starts_with(&format!("v{head}")))), "{texts:?}");
}
