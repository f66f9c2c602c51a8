use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::session::{
    data::{SessionData, Subject},
    packed::Jwt,
};

const NOW: i64 = 1_795_385_600;

fn jwt(claims: &Value) -> Jwt {
    let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
    Jwt::parse(&format!("{}.{}.AAAA", encode("{}".to_owned()), encode(claims.to_string()))).unwrap()
}

fn session(claims: &Value) -> SessionData {
    SessionData::begin(jwt(claims), Subject::of("ada", None), NOW, NOW).unwrap()
}

fn claims(data: &SessionData) -> Value {
    serde_json::from_slice(&data.claims()).unwrap()
}

#[test]
fn whatever_refreshes_say_of_the_login_the_session_says_what_the_sign_in_said() {
    let login = json!({ "auth_time": 5, "acr": "urn:mfa", "amr": ["otp"], "nonce": "n" });
    let logins = [login, json!({ "nonce": "n" }), json!({ "acr": "urn:1fa" }), json!({})];
    let refreshed = [
        json!({}),
        json!({ "auth_time": 9, "acr": "urn:phr", "amr": ["hwk"], "nonce": "m" }),
        json!({ "auth_time": null, "amr": [] }),
    ];
    for login in &logins {
        for refreshed in &refreshed {
            let mut data = session(login);
            for name in ["Ada", "Ada L."] {
                let mut token = refreshed.clone();
                token["name"] = json!(name);
                data.renew_id_token(jwt(&token));
                let mut expected = login.clone();
                expected["name"] = json!(name);
                assert_eq!(claims(&data), expected, "{login} {refreshed}");
                let written = data.to_bytes().unwrap();
                assert_eq!(SessionData::from_bytes(&written).as_ref(), Some(&data), "the session keeps it");
            }
            // A refresh that says it again leaves nothing to keep.
            data.renew_id_token(jwt(login));
            assert_eq!((claims(&data), data.login), (login.clone(), None));
        }
    }
}

#[test]
fn what_is_kept_of_the_login_stands_behind_the_bytes_of_a_session_without_it() {
    let mut data = session(&json!({ "auth_time": 5 }));
    data.renew_id_token(jwt(&json!({})));
    let longer = data.to_bytes().unwrap();
    let plain = SessionData { login: None, ..data.clone() };
    let bytes = plain.to_bytes().unwrap();
    assert!(longer.starts_with(&bytes) && longer.len() > bytes.len());
}
