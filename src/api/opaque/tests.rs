use base64_simd::URL_SAFE_NO_PAD;

use super::is_opaque;

#[test]
fn a_token_is_opaque_unless_it_begins_with_a_json_object() {
    let jwt = |header: &str| format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode_to_string(header));
    for opaque in [
        "",
        "opaque",
        "a.b",
        "a.b.c",
        "ya29.a0AfH6SMBx",
        "7rbJWiLkn6XJ.AmpQh3gK.BoKzQRLRyYNPz.Xsm8g0",
        ".",
        "..",
        ".e30.AAAA",
        "v2.local.QUFBQQ",
        &jwt("[]"),
        &jwt("7"),
        &jwt("\"{\""),
    ] {
        assert!(is_opaque(opaque), "{opaque}");
    }
    for jwt in [jwt("{}"), jwt(r#"{"alg":"RS256"}"#), jwt(" \r\n\t{"), jwt("{").replace(".e30.AAAA", ".a.b.c.d")] {
        assert!(!is_opaque(&jwt), "{jwt}");
    }
}
