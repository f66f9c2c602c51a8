//! One word that puts each setting with a safer end there.

use std::time::Duration;

use logto::{LogtoConfig, LogtoConfigBuilder, diagnose::CheckOutcome};

use crate::{
    diagnose::{check, diagnose, warned},
    support::{COOKIE_SECRET, Site},
};

fn builder() -> LogtoConfigBuilder {
    LogtoConfig::builder()
        .endpoint("https://logto.example.com")
        .app_id("app")
        .base_url("https://app.example.com")
        .cookie_secret(COOKIE_SECRET)
}

/// What the profile sets, as it is in force.
fn in_force(config: &LogtoConfig) -> String {
    format!(
        "{:?} {:?} {:?} {} {} {} {} {:?}",
        config.accepted_algorithms(),
        config.claims_max_age(),
        config.clear_site_data(),
        config.confirm_cross_site_sign_in(),
        config.id_token_hint(),
        config.reauthenticate_after_timeout(),
        config.require_revocation_store(),
        config.user_route_claims(),
    )
}

type Loosen = fn(LogtoConfigBuilder) -> LogtoConfigBuilder;

const STRICT: &str = r#"Some(["ES384"]) Some(3600s) ["cache", "storage"] true false true true Some([])"#;

#[test]
fn strict_puts_each_setting_at_its_safer_end() {
    for builder in [builder(), builder().issuer("").endpoint("https://logto.example.com")] {
        assert_eq!(in_force(&builder.strict(true).build().unwrap()), STRICT);
    }
    let default = in_force(&builder().build().unwrap());
    assert_eq!(default, r"None Some(86400s) [] false false false false None");
    assert_eq!(in_force(&builder().strict(false).build().unwrap()), default);
    let other =
        LogtoConfig::builder().issuer("https://op.example.com").app_id("app").base_url("https://app.example.com");
    assert_eq!(in_force(&other.cookie_secret(COOKIE_SECRET).strict(true).build().unwrap()), STRICT);
}

#[test]
fn a_setting_that_was_set_itself_stays_as_it_was_set() {
    let looser = |builder: LogtoConfigBuilder| {
        builder
            .accepted_algorithms(["RS256", "ES384"])
            .claims_max_age(None)
            .clear_site_data(["cookies"])
            .confirm_cross_site_sign_in(false)
            .id_token_hint(true)
            .reauthenticate_after_timeout(false)
            .require_revocation_store(false)
            .user_route_claims(["sub"])
    };
    let expected = r#"Some(["RS256", "ES384"]) None ["cookies"] false true false false Some(["sub"])"#;
    assert_eq!(in_force(&looser(builder()).strict(true).build().unwrap()), expected);
    assert_eq!(in_force(&looser(builder().strict(true)).build().unwrap()), expected, "whichever comes first");
}

#[test]
fn strict_is_a_setting_of_files_too() {
    let settings = serde_json::json!({
        "endpoint": "https://logto.example.com", "app_id": "app", "base_url": "https://app.example.com",
        "cookie_secret": COOKIE_SECRET, "strict": true,
    });
    assert_eq!(in_force(&serde_json::from_value::<LogtoConfig>(settings).unwrap()), STRICT);
}

#[tokio::test]
async fn a_diagnosis_prints_the_profile_and_what_was_loosened() {
    let off = diagnose(&Site::start().await).await;
    let off = check(&off, "strict profile");
    assert_eq!((off.outcome, off.finding.as_str()), (CheckOutcome::Ok, "off"));

    let on = diagnose(&Site::with(|mock| mock, |config| config.strict(true)).await).await;
    let on = check(&on, "strict profile");
    let all = "on: accepted_algorithms ES384, claims_max_age 3600 s, clear_site_data cache storage, \
               confirm_cross_site_sign_in true, id_token_hint false, reauthenticate_after_timeout true, \
               require_revocation_store true, user_route_claims none";
    assert_eq!((on.outcome, on.finding.as_str()), (CheckOutcome::Ok, all));

    // The one algorithm that was agreed upon is as safe; another one is not what was meant.
    let agreed = |config: LogtoConfigBuilder| config.strict(true).id_token_signed_response_alg("RS256");
    let site = Site::with(|mock| mock, agreed).await;
    assert_eq!(check(&diagnose(&site).await, "strict profile").outcome, CheckOutcome::Ok);
    let other = Site::with(|mock| mock, |config| config.strict(true).accepted_algorithms(["RS256"])).await;
    let told = diagnose(&other).await;
    let told = check(&told, "strict profile");
    assert!(
        told.finding.contains("accepted_algorithms RS256")
            && told.hint.as_ref().unwrap().contains("accepted_algorithms")
    );

    let minute = Duration::from_secs(60);
    let stricter = Site::with(|mock| mock, |config| config.strict(true).claims_max_age(minute)).await;
    assert_eq!(check(&diagnose(&stricter).await, "strict profile").outcome, CheckOutcome::Ok, "stricter is not looser");

    let each: [(&str, Loosen); 8] = [
        ("accepted_algorithms", |config| config.accepted_algorithms(["ES384", "RS256"])),
        ("claims_max_age", |config| config.claims_max_age(Duration::from_secs(3601))),
        ("clear_site_data", |config| config.clear_site_data(["cache"])),
        ("confirm_cross_site_sign_in", |config| config.confirm_cross_site_sign_in(false)),
        ("id_token_hint", |config| config.id_token_hint(true)),
        ("reauthenticate_after_timeout", |config| config.reauthenticate_after_timeout(false)),
        ("require_revocation_store", |config| config.require_revocation_store(false)),
        ("user_route_claims", |config| config.user_route_claims(["sub"])),
    ];
    for (name, loosen) in each {
        let site = Site::with(|mock| mock, |config| loosen(config.strict(true))).await;
        warned(&diagnose(&site).await, "strict profile", "but for what was set itself", &format!("Leave {name} out,"));
    }
}
