use super::*;
use crate::{
    secret::Secret,
    session::{
        app_data::AppData,
        data::{Login, StoredAccessToken, Subject},
    },
};

fn session() -> SessionData {
    let jwt = Jwt::parse("eyJ9.eyJ9.AAAA").unwrap();
    let mut data = SessionData::begin(jwt, Subject::of("ada", None), 1_795_385_600, 1_795_385_600).unwrap();
    data.refresh_token = Some(Secret::new("refresh-1"));
    data
}

fn written(data: &SessionData) -> Vec<u8> {
    write(data, CompressionLevel::Fast).unwrap().to_vec()
}

#[test]
fn a_device_stands_behind_the_data_of_the_application() {
    let plain = session();
    let slot = AppData::new(Some(AppJson::from_written("1")), None);
    let device = Device::new().user_agent("Firefox");
    for (app_data, device) in [
        (slot.clone(), device.clone()),
        (slot.clone(), device.clone().address([192, 0, 2, 7])),
        (AppData::default(), device.address([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1])),
        (AppData::default(), Device::new()),
    ] {
        let before = SessionData { app_data: app_data.clone(), ..plain.clone() };
        let data = SessionData { app_data: app_data.clone().on(Some(device)), ..plain.clone() };
        let bytes = written(&data);
        assert_eq!(read(&bytes).unwrap(), data);
        // A version that does not know of it reads the rest.
        let (_, rest) = postcard::take_from_bytes::<Wire<'_>>(&bytes[1..]).unwrap();
        let known: WireAppData<'_> = postcard::from_bytes(rest).unwrap();
        assert_eq!(known.slot, app_data.slot().map(AppJson::as_str));
        // What cannot be read of it is none, and the rest stays.
        assert_eq!(read(&bytes[..bytes.len() - 1]).unwrap(), before);
    }
}

#[test]
fn data_of_the_application_stands_behind_the_bytes_of_a_session_without_it() {
    let plain = session();
    let bytes = written(&plain);
    let wire: Wire<'_> = postcard::from_bytes(&bytes[1..]).unwrap();
    assert_eq!(
        postcard::to_allocvec(&wire).unwrap(),
        &bytes[1..],
        "without it there is nothing behind the members of before"
    );
    let (slot, state) = (AppJson::from_written("{\"shop\":1}"), AppJson::from_written("\"pro\""));
    for app_data in [
        AppData::new(Some(slot.clone()), Some(state.clone())),
        AppData::new(Some(slot), None),
        AppData::new(None, Some(state)),
    ] {
        let data = SessionData { app_data, ..plain.clone() };
        let longer = written(&data);
        assert!(longer.starts_with(&bytes) && longer.len() > bytes.len());
        assert_eq!(read(&longer), Some(data));
        // A version that does not know of it reads the session.
        let wire: Wire<'_> = postcard::from_bytes(&longer[1..]).unwrap();
        assert_eq!(wire.head.id, *plain.id.as_bytes());
        // What cannot be read of it is none, and the session stays.
        assert_eq!(read(&longer[..longer.len() - 1]).unwrap().app_data, AppData::default());
    }
}

/// With a part of each kind.
fn full() -> SessionData {
    let mut data = session();
    for (resource, token) in [("https://a.example.test", "opaque"), ("https://b.example.test", "eyJ9.eyJ9.AAAA")] {
        let key =
            TokenKey { resource: Some(resource.to_owned()), scopes: vec!["read".to_owned()], ..TokenKey::default() };
        data.put_access_token(StoredAccessToken::new(key, token.into(), "read".to_owned(), 1_795_385_600, 3600));
    }
    data.app_data = AppData::new(Some(AppJson::from_written("1")), None).on(Some(Device::new().user_agent("Firefox")));
    data.refreshed_at = 1_795_385_601;
    data.login = Some(Login::from_json(r#"{"nonce":"n","auth_time":1}"#));
    data
}

#[test]
fn what_opens_can_be_read() {
    let data = full();
    let bytes = written(&data);
    assert_eq!(read(&bytes).unwrap(), data);
    let opened = OpenedBytes::open(Zeroizing::new(bytes.clone())).unwrap();
    assert_eq!(opened.claims(), None, "those of the sign-in come from the whole");
    let mut altered = Vec::new();
    for (place, byte) in bytes.iter().enumerate() {
        altered.push(bytes[..place].to_vec());
        for other in [0, 1, 2, 127, 255, byte ^ 1, byte ^ 0x80] {
            altered.push([&bytes[..place], &[other], &bytes[place + 1..]].concat());
        }
    }
    let opened: Vec<_> = altered.into_iter().filter_map(|bytes| OpenedBytes::open(Zeroizing::new(bytes))).collect();
    assert!(opened.len() > 20, "much of it is text that may be any");
    for opened in opened {
        let data = opened.read().expect("what was looked through");
        assert_eq!(&data.head, opened.head());
        assert_eq!(data.refresh_token.is_some(), opened.has_refresh_token());
        if let Some(claims) = opened.claims() {
            assert_eq!(claims, &*data.claims());
        }
        if let Some(touched) = opened.touched(0) {
            let again = OpenedBytes::open(touched.bytes).unwrap().read().unwrap();
            assert_eq!(again, SessionData { head: touched.head, ..data });
        }
    }
}
