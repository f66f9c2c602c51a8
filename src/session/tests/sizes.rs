use std::collections::BTreeMap;

use super::*;

#[test]
fn access_tokens_make_room_for_the_session() {
    let settings = settings();
    let mut jar = Jar::default();
    let mut data = session("{}");
    for index in 0..40_u32 {
        // Opaque and random, as far as deflate is concerned.
        let token: String =
            (0..900_u32).map(|i| char::from(b'!' + u8::try_from((i * 7919 + index * 104_729) % 90).unwrap())).collect();
        let key = TokenKey { organization: Some(index.to_string()), ..TokenKey::default() };
        data.put_access_token(StoredAccessToken::new(key, token.into(), String::new(), NOW, 3600));
    }
    write(&settings, &mut jar, data, NOW);
    let back = read(&settings, &jar, NOW).unwrap();
    assert!(back.refresh_token.is_some());
    let kept = back.access_tokens.len();
    assert!((5..40).contains(&kept), "{kept}");
    assert_eq!(back.access_tokens.last().unwrap().key.organization.as_deref(), Some("39"), "the newest are kept");
}

/// `jwt/many_organizations.json` holds what a real Logto gave to users in many organizations.
#[test]
fn a_user_in_many_organizations_fits() {
    let recorded: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/fixtures/logto/jwt/many_organizations.json")).unwrap();
    let mut sizes = BTreeMap::new();
    for organizations in [10, 50, 100, 150, 400] {
        let tokens = &recorded[organizations.to_string()]["token_response"];
        let text = |name: &str| tokens[name].as_str().unwrap();
        let mut data = SessionData::begin(Jwt::parse(text("id_token")).unwrap(), Subject::default(), NOW, NOW).unwrap();
        data.refresh_token = Some(text("refresh_token").into());
        let (token, scope) = (text("access_token").into(), text("scope").to_owned());
        data.put_access_token(StoredAccessToken::new(TokenKey::default(), token, scope, NOW, 3600));
        let settings = settings();
        let mut open = load(&settings, &HeaderCookies::default(), NOW);
        open.start(data.clone());
        let cookies = open.committed(&settings, NOW).unwrap();
        let mut jar = Jar::default();
        jar.take(&cookies);
        assert_eq!(read(&settings, &jar, NOW).unwrap().id_token.compact(), data.id_token.compact());
        sizes.insert(organizations, cookies.iter().map(|cookie| cookie.to_string().len()).collect::<Vec<_>>());
    }
    assert!(sizes[&100].len() == 1 && sizes[&100][0] <= 3000, "{sizes:?}");
    assert!(sizes[&150].len() == 1 && sizes[&150][0] < 4096, "{sizes:?}");
    assert!(sizes[&400].len() <= 4, "{sizes:?}");
}
