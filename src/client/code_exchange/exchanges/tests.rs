use super::*;
use crate::session::{Jwt, Subject};

fn of(exchanges: &CodeExchanges, number: usize, now: i64) -> Arc<CodeExchange> {
    let mut callback = [0; 32];
    callback.iter_mut().zip(number.to_be_bytes()).for_each(|(to, from)| *to = from);
    exchanges.of(callback, now)
}

fn len(exchanges: &CodeExchanges) -> usize {
    exchanges.0.lock().unwrap().by_callback.len()
}

fn complete(exchange: &CodeExchange, now: i64) {
    let data = SessionData::begin(Jwt::parse("e30.e30.AAAA").unwrap(), Subject::default(), now, now).unwrap();
    let claims = serde_json::from_str(r#"{"iss": "i", "sub": "s", "aud": "a", "exp": 1, "iat": 1}"#).unwrap();
    *exchange.outcome.try_lock().unwrap() = Outcome::Verified(now, Some(Arc::new(Verified { data, claims })));
}

fn has_tokens(exchange: &CodeExchange) -> bool {
    matches!(*exchange.outcome.try_lock().unwrap(), Outcome::Verified(_, Some(_)))
}

#[test]
fn an_exchanged_code_is_remembered_for_ten_minutes_without_tokens_after_the_grace_period() {
    let exchanges = CodeExchanges::default();
    let first = of(&exchanges, 1, 0);
    complete(&first, 5);
    of(&exchanges, 2, 35);
    assert!(has_tokens(&first), "35 s after it began, 30 s after it was done");
    of(&exchanges, 3, 70);
    assert!(!has_tokens(&first));
    assert!(Arc::ptr_eq(&of(&exchanges, 1, 600), &first));
    of(&exchanges, 4, 700);
    assert!(!Arc::ptr_eq(&of(&exchanges, 1, 700), &first), "no code lives so long");
}

#[test]
fn a_code_exchange_in_progress_is_remembered_regardless_of_its_duration() {
    let exchanges = CodeExchanges::default();
    let first = of(&exchanges, 1, 0);
    let under_way = Arc::clone(&first.outcome).try_lock_owned().unwrap();
    of(&exchanges, 2, 5000);
    assert!(Arc::ptr_eq(&of(&exchanges, 1, 10_000), &first));
    drop(under_way);
    of(&exchanges, 2, 20_000);
    assert_eq!(len(&exchanges), 1);
}

#[test]
fn beyond_the_capacity_the_oldest_that_is_done_goes_first() {
    let exchanges = CodeExchanges::default();
    let first = of(&exchanges, 0, 0);
    let _under_way = Arc::clone(&first.outcome).try_lock_owned().unwrap();
    let second = of(&exchanges, 1, 1);
    for number in 2..MAX_REMEMBERED_EXCHANGES {
        of(&exchanges, number, 2);
    }
    assert_eq!(len(&exchanges), MAX_REMEMBERED_EXCHANGES);
    of(&exchanges, MAX_REMEMBERED_EXCHANGES, 3);
    assert_eq!(len(&exchanges), MAX_REMEMBERED_EXCHANGES);
    assert!(Arc::ptr_eq(&of(&exchanges, 0, 3), &first), "under way");
    assert!(!Arc::ptr_eq(&of(&exchanges, 1, 3), &second));
}

#[test]
fn a_clock_that_was_ahead_does_not_stop_the_sweep() {
    let exchanges = CodeExchanges::default();
    of(&exchanges, 1, 10_000_000);
    let second = of(&exchanges, 2, 1000);
    complete(&second, 1000);
    of(&exchanges, 3, 1031);
    assert!(!has_tokens(&second));
}

#[test]
fn code_exchanges_noted_by_a_clock_that_was_ahead_are_forgotten_in_time() {
    let exchanges = CodeExchanges::default();
    let first = of(&exchanges, 1, 7200);
    complete(&first, 7200);
    assert!(is_recent_code_exchange(7200, 7171) && !is_recent_code_exchange(7200, 7169));
    of(&exchanges, 2, 0);
    assert!(!has_tokens(&first), "nobody knows how old they are");
    assert!(Arc::ptr_eq(&of(&exchanges, 1, USED_CODE_TTL_SECONDS), &first), "that the code was used is known");
    of(&exchanges, 3, USED_CODE_TTL_SECONDS + 60);
    assert!(!Arc::ptr_eq(&of(&exchanges, 1, USED_CODE_TTL_SECONDS + 60), &first));
}

#[test]
fn the_progress_of_a_code_exchange_never_goes_back() {
    let exchange = of(&CodeExchanges::default(), 1, 0);
    assert_eq!(exchange.advance(Progress::Written), Progress::Exchanged);
    assert_eq!(exchange.advance(Progress::Accepted), Progress::Written);
    assert_eq!(exchange.advance(Progress::Refused), Progress::Written);
    assert_eq!(exchange.advance(Progress::Written), Progress::Refused);
}

#[test]
fn each_part_of_a_sign_in_leads_to_an_exchange_of_its_own() {
    let transaction = || Transaction::begin("https://app.example.test/callback".into(), "/".into(), 0).unwrap();
    let one = transaction();
    let same = callback_hash("app", "code", &one);
    assert_eq!(callback_hash("app", "code", &one.clone()), same);
    let changed = |change: fn(&mut Transaction)| {
        let mut other = one.clone();
        change(&mut other);
        callback_hash("app", "code", &other)
    };
    for other in [
        callback_hash("app", "other", &one),
        callback_hash("appc", "ode", &one),
        changed(|it| it.state.push('x')),
        changed(|it| it.nonce.push('x')),
        changed(|it| it.code_verifier.push('x')),
        changed(|it| it.redirect_uri.push('x')),
    ] {
        assert_ne!(other, same);
    }
}
