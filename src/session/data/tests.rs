use super::*;

const NOW: i64 = 1_795_385_600;

fn session() -> SessionData {
    let mut data = SessionData::begin(Jwt::parse("e30.e30.AAAA").unwrap(), Subject::default(), NOW, NOW).unwrap();
    data.refresh_token = Some(Secret::new("refresh-1"));
    data
}

fn token(resource: &str, value: &str, lifetime: i64) -> StoredAccessToken {
    let key = TokenKey { resource: Some(resource.to_owned()), ..TokenKey::default() };
    StoredAccessToken::new(key, Secret::new(value), String::new(), NOW, lifetime)
}

fn held(data: &SessionData) -> Vec<&str> {
    data.access_tokens.iter().map(|token| token.token.expose()).collect()
}

#[test]
fn a_merge_takes_the_refresh_token_of_the_session_with_more_refreshes() {
    let mut newer = session();
    newer.refreshes = 1;
    newer.refresh_token = Some(Secret::new("refresh-2"));
    newer.id_token = Jwt::parse("e30.e30.BBBB").unwrap();

    let mut older = session();
    older.merge(newer.clone());
    assert_eq!((older.refreshes, &older.refresh_token, &older.id_token), (1, &newer.refresh_token, &newer.id_token));

    let mut kept = newer.clone();
    kept.merge(session());
    assert_eq!((kept.refreshes, &kept.refresh_token, &kept.id_token), (1, &newer.refresh_token, &newer.id_token));

    // Neither is newer: what is there stays.
    let mut other = session();
    other.refresh_token = Some(Secret::new("refresh-of-another"));
    let mut same = session();
    same.merge(other);
    assert_eq!(same.refresh_token, session().refresh_token);
}

#[test]
fn a_merge_takes_the_access_tokens_that_live_longer() {
    let (mut one, mut other) = (session(), session());
    one.access_tokens = vec![token("a", "mine", 100), token("b", "mine-b", 300), token("c", "mine-c", 50)];
    other.access_tokens = vec![token("a", "theirs", 200), token("b", "theirs-b", 200), token("c", "theirs-c", 50)];
    other.access_tokens.push(token("d", "theirs-d", 10));
    other.touched_at = NOW + 7;
    one.merge(other.clone());
    assert_eq!(held(&one), ["mine-b", "mine-c", "theirs", "theirs-d"]);
    assert_eq!(one.touched_at, NOW + 7);
    other.touched_at = NOW - 7;
    one.merge(other);
    assert_eq!(one.touched_at, NOW + 7);
}

#[test]
fn a_merge_that_adds_nothing_is_not_written() {
    let mut stored = session();
    stored.access_tokens = vec![token("a", "a", 100), token("b", "b", 100)];
    let part = |change: fn(&mut SessionData)| {
        let mut part = stored.clone();
        change(&mut part);
        part.adds_nothing_to(&stored)
    };
    assert!(part(|_| {}));
    assert!(part(|part| part.access_tokens.truncate(1)));
    assert!(part(|part| part.touched_at -= 1));
    assert!(!part(|part| part.touched_at += 1));
    assert!(!part(|part| part.refresh_token = None));
    assert!(!part(|part| part.id_token = Jwt::parse("e30.e30.BBBB").unwrap()));
    assert!(!part(|part| part.access_tokens.push(token("c", "c", 100))));
}

#[test]
fn a_session_with_too_many_access_tokens_keeps_the_newest() {
    let mut data = session();
    for number in 0..=MAX_ACCESS_TOKENS {
        data.put_access_token(token(&number.to_string(), &number.to_string(), 100));
    }
    assert_eq!(data.access_tokens.len(), MAX_ACCESS_TOKENS);
    let (first, last) = ("1".to_owned(), MAX_ACCESS_TOKENS.to_string());
    assert_eq!((held(&data).first(), held(&data).last()), (Some(&&*first), Some(&&*last)));
}

#[test]
fn the_largest_member_is_named_with_its_size() {
    let mut data = session();
    data.id_token = Jwt::parse(&format!("e30.e30.{}", "A".repeat(400))).unwrap();
    assert_eq!(data.largest_member(), ("the ID token", 304));
    data.access_tokens = vec![token("a", &"a".repeat(200), 100), token("b", &"b".repeat(200), 100)];
    assert_eq!(data.largest_member(), ("the access tokens", 400));
    data.refresh_token = Some(Secret::new("r".repeat(500)));
    assert_eq!(data.largest_member(), ("the refresh token", 500));
}
