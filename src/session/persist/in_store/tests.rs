use super::*;
use crate::{
    secret::Secret,
    session::{Jwt, Keys, SessionLifetime, Stores, Subject, own_cookies::own},
    store::MemoryRevocations,
};

const NOW: i64 = 1_795_385_600;

#[test]
fn a_stored_session_is_sealed_for_its_id() {
    let keys = Keys::derive("app", &Secret::new("0123456789abcdef0123456789abcdef"), &[]).unwrap();
    let stores = Stores::remembering_in_memory(None, MemoryRevocations::new());
    let settings = CookieSettings::new(keys, SessionLifetime::default(), stores, own("app", true));
    let data = SessionData::begin(Jwt::parse("e30.e30.AAAA").unwrap(), Subject::default(), NOW, NOW).unwrap();
    let bytes = wire::write(&data, CompressionLevel::Fast).unwrap();
    let is_opened = |name: &str| {
        let sealed = settings.keys.seal(name, &bytes).unwrap();
        unseal(&settings, &data.id, &StoredSession::new("", sealed)).is_some()
    };
    // docs/architecture.md: what is in stores of today must open tomorrow.
    assert!(is_opened(&format!("store/{}", data.id.to_key())));
    for other in
        ["", "store/", settings.own.session_name(), &format!("store/{}", SessionId::from_bytes([0; 16]).to_key())]
    {
        assert!(!is_opened(other), "{other}");
    }
    // Nor does one that is sealed for this id and belongs to another.
    let mut other = data.clone();
    other.id = SessionId::from_bytes([1; 16]);
    let other = wire::write(&other, CompressionLevel::Fast).unwrap();
    let sealed = settings.keys.seal(&format!("store/{}", data.id.to_key()), &other).unwrap();
    let stored = StoredSession::new("", sealed);
    assert!(unseal(&settings, &data.id, &stored).is_none());
}
