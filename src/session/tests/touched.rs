use super::*;

const LATER: i64 = NOW + 2 * 24 * 60 * 60;

fn with_tokens(payload: &str) -> SessionData {
    let mut data = session(payload);
    for (resource, lifetime) in [("https://a.example.test", 60 * 60), ("https://b.example.test", 30 * 24 * 60 * 60)] {
        let key = TokenKey { resource: Some(resource.to_owned()), ..TokenKey::default() };
        data.put_access_token(StoredAccessToken::new(key, resource.into(), "read".to_owned(), NOW, lifetime));
    }
    data
}

/// The same after a request that only reads it, two days later.
fn touched(settings: &CookieSettings, data: SessionData) -> (SessionData, SessionData) {
    let mut jar = Jar::default();
    write(settings, &mut jar, data, NOW);
    let before = read(settings, &jar, LATER).unwrap();
    let cookies = load(settings, &jar.request(), LATER).committed(settings, LATER).unwrap();
    assert!(!cookies.is_empty(), "it was written two days ago");
    jar.take(&cookies);
    (before, read(settings, &jar, LATER).unwrap())
}

#[test]
fn a_session_that_is_only_read_keeps_all_but_the_time_of_its_write() {
    // In one cookie, and compressed further in several.
    for payload in ["{\"sub\":\"ada\"}".to_owned(), incompressible(7, 6_000)] {
        let mut data = with_tokens(&payload);
        data.access_tokens.remove(0);
        let (mut before, after) = touched(&settings(), data);
        (before.head.revision, before.head.touched_at) = (2, LATER);
        assert_eq!(after, before);
    }
}

#[test]
fn an_access_token_that_has_ended_goes_with_the_next_write() {
    let (before, after) = touched(&settings(), with_tokens("{\"sub\":\"ada\"}"));
    assert_eq!((before.access_tokens.len(), after.access_tokens.len()), (2, 1));
    assert_eq!(after.access_tokens.last(), before.access_tokens.last());
}

#[test]
fn a_session_that_was_changed_is_written_as_it_is_now() {
    let (settings, mut jar) = (settings(), Jar::default());
    write(&settings, &mut jar, with_tokens("{\"sub\":\"ada\"}"), NOW);
    let mut open = load(&settings, &jar.request(), NOW);
    assert_eq!(open.data().unwrap().access_tokens.len(), 2, "it was looked at before it is changed");
    open.data_mut().unwrap().access_tokens.clear();
    jar.take(&open.committed(&settings, NOW).unwrap());
    assert_eq!(read(&settings, &jar, NOW).unwrap().access_tokens, []);
}
