use std::time::Duration;

use proptest::prelude::*;

use super::StepUp;

fn age(seconds: u64) -> StepUp {
    StepUp::new().max_age(Duration::from_secs(seconds))
}

#[test]
fn challenges_are_read_as_servers_write_them() {
    let long = format!(r#"Bearer error="insufficient_user_authentication", max_age=60, x="{}""#, "y".repeat(8192));
    let classes = format!(r#"Bearer error=insufficient_user_authentication, acr_values="{}""#, "y".repeat(1025));
    let mfa = || StepUp::new().acr_values(["urn:logto:acr:mfa"]);
    let cases: &[(&str, Option<StepUp>)] = &[
        // RFC 9470 section 3.
        (
            r#"Bearer error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="myACR""#,
            Some(StepUp::new().acr_values(["myACR"])),
        ),
        (
            r#"Bearer error="insufficient_user_authentication", error_description="More recent authentication is required", max_age="5""#,
            Some(age(5)),
        ),
        // Values with and without quotation marks; blanks; names and schemes in any case; another order.
        ("Bearer error=insufficient_user_authentication,max_age=300", Some(age(300))),
        ("bearer  ERROR = \"insufficient_user_authentication\"\t,\tMax_Age = 300", Some(age(300))),
        (r#"Bearer max_age="0", realm="a, b", error="insufficient_user_authentication""#, Some(age(0))),
        (
            r#"Bearer acr_values="urn:logto:acr:mfa urn:logto:acr:1fa", max_age=10, error="insufficient_user_authentication""#,
            Some(age(10).acr_values(["urn:logto:acr:mfa", "urn:logto:acr:1fa"])),
        ),
        // A quoted pair, and what looks like a challenge inside a string.
        (r#"Bearer error="insufficient_user_\authentication", max_age=1"#, Some(age(1))),
        (r#"Basic realm="Bearer error=insufficient_user_authentication, max_age=1""#, None),
        (r#"Bearer realm="\"", error="insufficient_user_authentication", max_age=2"#, Some(age(2))),
        // Several challenges, in one header or in several that were joined.
        (r#"Basic realm="x", Bearer error="insufficient_user_authentication", max_age=3"#, Some(age(3))),
        (r#"Negotiate YII=, Bearer error="insufficient_user_authentication", max_age=3"#, Some(age(3))),
        (
            r#"Negotiate, Basic, Bearer error="insufficient_user_authentication", max_age=3, DPoP algs="ES256""#,
            Some(age(3)),
        ),
        (r#"Bearer error="invalid_token", Bearer error="insufficient_user_authentication", max_age=4"#, Some(age(4))),
        (r#", ,Bearer realm=x, , error="insufficient_user_authentication",, max_age=4,"#, Some(age(4))),
        // Parameters belong to the challenge before them.
        (r#"Bearer error="insufficient_user_authentication", Digest max_age=9"#, Some(age(0))),
        (
            r#"Digest max_age=9, Bearer error="insufficient_user_authentication", acr_values="urn:logto:acr:mfa""#,
            Some(mfa()),
        ),
        (r#"DPoP error="insufficient_user_authentication", max_age=9"#, None),
        // Nothing said, or nothing that can be read: at once.
        ("Bearer error=insufficient_user_authentication", Some(age(0))),
        (r#"Bearer error="insufficient_user_authentication", max_age="-5""#, Some(age(0))),
        (r#"Bearer error="insufficient_user_authentication", max_age="5m", acr_values="  ""#, Some(age(0))),
        (r#"Bearer error="insufficient_user_authentication", max_age="99999999999999999999""#, Some(age(0))),
        (r#"Bearer error="insufficient_user_authentication", max_age="18446744073709551615""#, Some(age(u64::MAX))),
        (r#"Bearer error="insufficient_user_authentication", max_age="", acr_values="urn:logto:acr:mfa""#, Some(mfa())),
        ("Bearer error=insufficient_user_authentication, acr_values=\"a\u{e9}\"", Some(age(0))),
        (&classes, Some(age(0))),
        // Against the grammar: that challenge is ignored.
        (r#"Bearer error="insufficient_user_authentication", error="invalid_token", max_age=1"#, None),
        (r#"Bearer error="insufficient_user_authentication" max_age=1"#, None),
        (r#"Bearer error="insufficient_user_authentication"#, None),
        (r#"Bearer error="insufficient_user_authentication\"#, None),
        (r#"Bearer error="insufficient_user_authentication", max_age="#, None),
        (r#"Bearer =x, error="insufficient_user_authentication""#, None),
        (r#"error="insufficient_user_authentication", max_age=1"#, None),
        (&long, None),
        // Other complaints.
        (r#"Bearer error="insufficient_scope", scope="a b", max_age=1"#, None),
        ("Bearer", None),
        ("Bearer abc=", None),
        ("insufficient_user_authentication", None),
        ("", None),
        ("\"", None),
        ("=", None),
        ("\u{1f512}", None),
    ];
    for (header, expected) in cases {
        assert_eq!(&StepUp::from_www_authenticate(header), expected, "{header}");
    }
}

proptest! {
    #[test]
    fn any_challenge_is_read_without_panic(header in "(Bearer|Basic|error=|max_age|acr_values|insufficient_user_authentication|[\"\\\\=, \t]|\\PC){0,40}") {
        let _ = StepUp::from_www_authenticate(&header);
    }

    #[test]
    fn a_step_up_challenge_is_found_behind_any_other_challenge(before in "[A-Za-z]{1,8}( [a-z]{1,8}=(\"[ -!#-\\[\\]-~]{0,20}\"|[a-z]{1,9}))?", seconds: u64) {
        prop_assume!(!before.eq_ignore_ascii_case("bearer") && !before.to_ascii_lowercase().starts_with("bearer "));
        let header = format!("{before}, Bearer error=\"insufficient_user_authentication\", max_age=\"{seconds}\"");
        prop_assert_eq!(StepUp::from_www_authenticate(&header), Some(age(seconds)));
    }
}
