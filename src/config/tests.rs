mod cookies;

use std::time::Duration;

use super::{LogtoConfig, LogtoConfigBuilder, Routes};
use crate::{
    scopes,
    session::{SessionFormat, SessionLifetime},
    store::MemoryStore,
    types::{Prompt, ResponseMode},
};

const SECRET: &str = "a cookie secret of these tests, long enough";

fn builder() -> LogtoConfigBuilder {
    LogtoConfig::builder()
        .endpoint("https://my-tenant.logto.app")
        .app_id("app")
        .app_secret("secret")
        .base_url("https://www.example.com")
        .cookie_secret(SECRET)
}

#[track_caller]
fn refused(builder: LogtoConfigBuilder, message: &str) {
    let error = builder.build().unwrap_err();
    assert_eq!(error.code(), "config.invalid");
    assert_eq!(error.to_string(), message);
}

#[test]
fn all_problems_are_told_at_once() {
    refused(
        LogtoConfig::builder(),
        "4 settings are wrong: \
         endpoint is missing (set LOGTO_ENDPOINT to the address of Logto, such as https://my-tenant.logto.app); \
         app_id is missing (set LOGTO_APP_ID to the app id of Logto Console › Applications); \
         base_url is missing (set LOGTO_BASE_URL to the public address of this application, such as http://localhost:3000); \
         cookie_secret is missing (set LOGTO_COOKIE_SECRET to the output of `openssl rand -base64 32`)",
    );
}

#[test]
#[allow(clippy::too_many_lines)] // A list.
fn each_mistake_is_named_with_what_to_do() {
    let one = |problem: &str| format!("a setting is wrong: {problem}");
    let cases: Vec<(LogtoConfigBuilder, &str)> = vec![
        (builder().endpoint("my-tenant.logto.app"), "endpoint is not a URL (it begins with https:// or http://)"),
        (builder().endpoint("https://x.app/?a=1"), "endpoint has a query or a fragment (leave it out)"),
        (builder().endpoint("https://u:p@x.app"), "endpoint has a user name or a password (leave it out)"),
        (
            builder().endpoint("http://logto.example.com"),
            "endpoint is http on another machine (use https; passwords and tokens travel over it)",
        ),
        (builder().endpoint("https://x.app/oidc/"), "endpoint ends with /oidc (leave it out; it is added)"),
        (
            builder().accepted_issuers(["x.app"]),
            "accepted_issuers holds something that is not a URL (an issuer looks like https://my-tenant.logto.app/oidc)",
        ),
        (builder().app_secret(" "), "app_secret is empty (leave it out for a public client)"),
        (builder().base_url("https://www.example.com/?page=1"), "base_url has a query or a fragment (leave it out)"),
        (builder().base_url("localhost:3000"), "base_url is not a URL (it begins with https:// or http://)"),
        (builder().cookie_secret("too short"), "cookie_secret has 9 bytes (it needs 32: `openssl rand -base64 32`)"),
        (
            builder().previous_cookie_secrets(["old"]),
            "previous_cookie_secrets has 3 bytes (it needs 32: `openssl rand -base64 32`)",
        ),
        (builder().cookie_secure(false), "cookie_secure is false and base_url is https (leave cookie_secure out)"),
        (
            builder().base_url("http://localhost:3000").cookie_secure(true),
            "cookie_secure is true and base_url is http (browsers would drop the cookies: leave cookie_secure out, or use https)",
        ),
        (
            builder().cookie_domain("example.org"),
            "cookie_domain does not cover the host of base_url (browsers would drop the cookies)",
        ),
        (
            builder().cookie_domain("com"),
            "cookie_domain does not cover the host of base_url (browsers would drop the cookies)",
        ),
        (
            builder().scopes([scopes::ORGANIZATION_ROLES]),
            "scope urn:logto:scope:organization_roles needs urn:logto:scope:organizations (add it to scopes)",
        ),
        (
            builder().include_reserved_scopes(false),
            "scopes lacks `openid` (add it, or leave include_reserved_scopes on)",
        ),
        (
            builder().resources(["books"]),
            "a resource is not an absolute URI without fragment (copy the API identifier from Logto Console › API resources)",
        ),
        (builder().prompt([Prompt::None, Prompt::Login]), "prompt holds `none` with others (`none` stands alone)"),
        (
            builder().allowed_return_origins(["admin"]),
            "allowed_return_origins holds something that is not an origin (like https://admin.example.com)",
        ),
        (
            builder().session_lifetime(SessionLifetime::new().idle(Duration::ZERO)),
            "session_lifetime is not 1 <= idle <= absolute <= 34560000 seconds (400 days; browsers keep no cookie longer)",
        ),
        (builder().store_timeout(Duration::from_secs(31)), "store_timeout is not between 0.1 and 30 seconds"),
        (
            builder().session_format(SessionFormat::Next).session_store(MemoryStore::new()),
            "session_format is next and there is a session_store (Next.js cannot read it: leave it out, or use `from-next`)",
        ),
        (
            from_next(builder()).cookie_domain("example.com"),
            "session_format is from-next and there is a cookie_domain (@logto/next writes its cookie for one host: leave cookie_domain out)",
        ),
        (
            builder().session_format(SessionFormat::Next).app_id("my app"),
            "session_format is next and app_id cannot be part of a cookie's name (copy it from Logto Console › Applications)",
        ),
        (
            builder().session_format(SessionFormat::FromNext),
            "session_format is from-next and from_next_until is missing (a subdomain can plant the cookie that is taken over: set LOGTO_FROM_NEXT_UNTIL to the date on which that ends, two weeks after the last route has moved)",
        ),
        (builder().sign_in_timeout(Duration::from_secs(59)), "sign_in_timeout is not between 60 and 86,400 seconds"),
        (builder().sign_in_timeout(Duration::MAX), "sign_in_timeout is not between 60 and 86,400 seconds"),
        (builder().leeway(Duration::from_secs(3600)), "leeway is over 600 seconds (set the clock by NTP instead)"),
        (builder().timeout(Duration::ZERO), "timeout is not between 0.1 and 120 seconds"),
        (builder().timeout(Duration::from_millis(99)), "timeout is not between 0.1 and 120 seconds"),
        (builder().timeout(Duration::from_millis(120_001)), "timeout is not between 0.1 and 120 seconds"),
        (
            builder().routes(Routes::new().callback("callback")),
            "routes.callback is not a plain path (like /logto/sign-in)",
        ),
        (builder().routes(Routes::new().user("/")), "routes.user is not a plain path (like /logto/sign-in)"),
        (
            builder().routes(Routes::new().sign_up("/logto/sign-in")),
            "routes.sign_up is the same path as routes.sign_in",
        ),
        (
            builder().routes(Routes::new().initiate_login("/callback")),
            "routes.initiate_login is the same path as routes.callback",
        ),
        (
            builder().issuer("https://op.example.com"),
            "endpoint and issuer are both given (endpoint is for Logto, issuer for a server whose issuer is not endpoint and /oidc)",
        ),
        (
            without_endpoint().issuer("http://op.example.com"),
            "issuer is http on another machine (use https; passwords and tokens travel over it)",
        ),
        (without_endpoint().issuer("op"), "issuer is not a URL (it begins with https:// or http://)"),
        (
            builder().id_token_signed_response_alg("HS256"),
            "id_token_signed_response_alg is none of ES256, ES384, ES512, RS256, PS256 (leave it out to accept them all)",
        ),
    ];
    for (builder, problem) in cases {
        refused(builder, &one(problem));
    }
}

#[test]
fn an_endpoint_with_a_path_or_a_trailing_slash_gives_the_right_issuer() {
    for (endpoint, issuer) in [
        ("https://logto.example.com", "https://logto.example.com/oidc"),
        ("https://logto.example.com/", "https://logto.example.com/oidc"),
        ("https://example.com/auth/", "https://example.com/auth/oidc"),
        ("http://127.0.0.1:3001", "http://127.0.0.1:3001/oidc"),
        ("http://[::1]:3001", "http://[::1]:3001/oidc"),
    ] {
        assert_eq!(builder().endpoint(endpoint).build().unwrap().issuer(), issuer);
    }
}

fn without_endpoint() -> LogtoConfigBuilder {
    builder().endpoint("")
}

#[test]
fn an_issuer_stands_for_another_server_to_the_letter() {
    for issuer in ["https://op.example.com", "https://op.example.com/", "https://op.example.com/a/oidc/"] {
        let config = without_endpoint().issuer(issuer).build().unwrap();
        assert_eq!(config.issuer(), issuer);
    }
    // An empty one counts as absent.
    assert_eq!(builder().issuer(" ").build().unwrap().issuer(), builder().build().unwrap().issuer());
}

#[test]
fn response_modes_have_their_names_of_the_standard() {
    for (text, mode) in [("query", ResponseMode::Query), ("form_post", ResponseMode::FormPost)] {
        assert_eq!(from_vars(&[("LOGTO_RESPONSE_MODE", text)]).response_mode, mode);
        assert_eq!(serde_json::to_value(mode).unwrap(), text, "serde and the environment agree");
    }
    assert_eq!(builder().build().unwrap().response_mode, ResponseMode::Query);
}

#[test]
fn login_initiation_is_a_route_only_when_configured() {
    let paths = Routes::new();
    assert!(!paths.paths().iter().any(|path| path.contains("initiate")) && paths.initiate_login_path().is_none());
    let routes = Routes::new().initiate_login("/logto/initiate-login");
    assert_eq!(routes.paths().last(), Some(&"/logto/initiate-login"));
}

#[test]
fn the_defaults_are_those_of_the_other_sdks() {
    let config = builder().build().unwrap();
    assert_eq!(config.scopes, ["openid", "offline_access", "profile"]);
    assert_eq!(config.prompt, [Prompt::Consent]);
    assert_eq!(config.redirect_uri(), "https://www.example.com/callback");
    assert!(config.resources.is_empty());

    let config = builder()
        .base_url("https://www.example.com/app/")
        .scopes(["profile email", scopes::ORGANIZATIONS])
        .build()
        .unwrap();
    assert_eq!(config.scopes, ["openid", "offline_access", "profile", "email", scopes::ORGANIZATIONS]);
    assert_eq!(config.resources, ["urn:logto:resource:organizations"], "organization tokens need it");
    assert_eq!(config.redirect_uri(), "https://www.example.com/app/callback");
}

#[test]
fn the_session_cookie_name_has_the_host_prefix_only_over_https_without_a_domain() {
    let name = |builder: LogtoConfigBuilder| builder.build().unwrap().cookies.own.session_name().to_owned();
    assert_eq!(name(builder()), "__Host-logto_app");
    assert_eq!(name(builder().cookie_domain("example.com")), "__Secure-logto_app");
    assert_eq!(name(builder().base_url("http://localhost:3000")), "logto_app");
    let odd = name(builder().app_id("an app; with=odd letters"));
    assert!(
        odd.starts_with("__Host-logto_") && odd.bytes().all(|byte| byte.is_ascii_graphic() && !b";=, ".contains(&byte)),
        "{odd}"
    );
}

#[test]
fn the_cookie_of_next_is_read_where_the_format_says_so() {
    let reads = |format: SessionFormat| {
        from_next(builder()).session_format(format).build().unwrap().cookies.is_session_name("logto_app")
    };
    assert!(!reads(SessionFormat::Logto) && reads(SessionFormat::Next) && reads(SessionFormat::FromNext));
    let stored = from_next(builder()).session_store(MemoryStore::new());
    assert!(stored.build().is_ok(), "sessions may move into a store");
    for (text, format) in
        [("logto", SessionFormat::Logto), ("next", SessionFormat::Next), ("from-next", SessionFormat::FromNext)]
    {
        assert_eq!(from_vars(&[("LOGTO_SESSION_FORMAT", text)]).session_format, format);
        assert_eq!(serde_json::to_value(format).unwrap(), text, "serde and the environment agree");
    }
}

/// At the end of a move, which is not over.
fn from_next(builder: LogtoConfigBuilder) -> LogtoConfigBuilder {
    let until = std::time::SystemTime::now() + Duration::from_secs(14 * 24 * 3600);
    builder.session_format(SessionFormat::FromNext).from_next_until(until)
}

#[test]
fn the_end_of_a_move_is_a_date() {
    let of = |date: &str| from_vars(&[("LOGTO_FROM_NEXT_UNTIL", date)]);
    let until = std::time::UNIX_EPOCH + Duration::from_secs(1_801_353_600);
    assert_eq!(of("2027-01-31").from_next_until, Some(until));
    let json =
        |date: &str| serde_json::from_str::<LogtoConfigBuilder>(&format!(r#"{{ "from_next_until": "{date}" }}"#));
    assert_eq!(json("2027-01-31").unwrap().from_next_until, Some(until), "serde and the environment agree");
    assert!(json("2027-02-31").is_err());
    let error = of("soon").build().unwrap_err().to_string();
    assert!(error.contains("LOGTO_FROM_NEXT_UNTIL is not a date like 2027-01-31"), "{error}");
    // A date that has passed keeps no application from starting.
    assert!(from_next(builder()).from_next_until(std::time::UNIX_EPOCH).build().is_ok());
}

fn from_vars(vars: &[(&str, &str)]) -> LogtoConfigBuilder {
    LogtoConfigBuilder::from_vars(vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

#[test]
fn the_environment_sets_everything() {
    let config = from_vars(&[
        ("LOGTO_ENDPOINT", "https://logto.example.com"),
        ("LOGTO_INTERNAL_ENDPOINT", "http://logto:3001"),
        ("LOGTO_ACCEPTED_ISSUERS", "https://old.example.com/oidc"),
        ("LOGTO_APP_ID", "app"),
        ("LOGTO_APP_SECRET", "secret"),
        ("LOGTO_BASE_URL", "https://www.example.com"),
        ("LOGTO_COOKIE_SECRET", SECRET),
        ("LOGTO_PREVIOUS_COOKIE_SECRETS", "abcdefghijklmnopqrstuvwxyzabcdef,ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF"),
        ("LOGTO_COOKIE_SECURE", "true"),
        ("LOGTO_COOKIE_DOMAIN", "example.com"),
        ("LOGTO_SCOPES", "email, roles phone"),
        ("LOGTO_INCLUDE_RESERVED_SCOPES", "yes"),
        ("LOGTO_RESOURCES", "https://api.example.com https://mail.example.com"),
        ("LOGTO_PROMPT", "login consent"),
        ("LOGTO_ALLOWED_RETURN_ORIGINS", "https://admin.example.com"),
        ("LOGTO_RESPONSE_MODE", "form_post"),
        ("LOGTO_ID_TOKEN_SIGNED_RESPONSE_ALG", "ES384"),
        ("LOGTO_LEEWAY", "30"),
        ("LOGTO_TIMEOUT", "3"),
        ("LOGTO_SIGN_IN_TIMEOUT", "900"),
        ("LOGTO_FROM_NEXT_UNTIL", "2027-01-31"),
        ("LOGTO_STORE_TIMEOUT", "7"),
        ("LOGTO_SESSION_IDLE", "3600"),
        ("LOGTO_SESSION_ABSOLUTE", "86400"),
        ("PATH", "/bin"),
    ])
    .build()
    .unwrap();
    assert_eq!(config.scopes, ["openid", "offline_access", "profile", "email", "roles", "phone"]);
    assert_eq!(config.resources, ["https://api.example.com", "https://mail.example.com"]);
    assert_eq!(config.prompt, [Prompt::Login, Prompt::Consent]);
    assert_eq!(config.response_mode, ResponseMode::FormPost);
    assert_eq!(config.id_token_alg.as_deref(), Some("ES384"));
    assert_eq!((config.server.leeway, config.server.timeout), (Duration::from_secs(30), Duration::from_secs(3)));
    assert_eq!(
        config.cookies.lifetime,
        SessionLifetime::new().idle(Duration::from_secs(3600)).absolute(Duration::from_secs(86400))
    );
    assert_eq!(config.cookies.sign_in_timeout(), 900);
    assert_eq!(config.addresses().internal_endpoint.as_ref().unwrap().as_str(), "http://logto:3001/");
    assert_eq!(config.allowed_return_origins.len(), 1);
}

#[test]
fn a_wrong_variable_of_the_environment_is_named() {
    let builder = from_vars(&[
        ("LOGTO_ENDPOINT", "https://logto.example.com"),
        ("LOGTO_APP_ID", "  "),
        ("LOGTO_BASE_URL", "https://www.example.com"),
        ("LOGTO_COOKIE_SECRET", SECRET),
        ("LOGTO_LEEWAY", "soon"),
        ("LOGTO_COOKIE_SECURE", "perhaps"),
        ("LOGTO_PROMPT", "ask"),
        ("LOGTO_RESPONSE_MODE", "fragment"),
        ("LOGTO_SESSION_FORMAT", "Next"),
    ]);
    refused(
        builder,
        "6 settings are wrong: LOGTO_LEEWAY is not a whole number of seconds; LOGTO_COOKIE_SECURE is neither true nor false; \
         LOGTO_PROMPT: prompt is `none`, `login` or `consent`; LOGTO_RESPONSE_MODE: response_mode is `query` or `form_post`; \
         LOGTO_SESSION_FORMAT: session_format is `logto`, `next` or `from-next`; \
         app_id is missing (set LOGTO_APP_ID to the app id of Logto Console › Applications)",
    );
}

#[test]
fn serde_reads_the_same_settings() {
    let json = serde_json::json!({
        "endpoint": "https://logto.example.com", "app_id": "app", "app_secret": "secret", "base_url": "https://www.example.com",
        "cookie_secret": SECRET, "scopes": ["email"], "prompt": ["login", "consent"], "leeway": 30,
        "session_lifetime": { "idle": 3600 }, "session_format": "next", "response_mode": "form_post", "routes": { "callback": "/auth/callback" },
    });
    let config: LogtoConfig = serde_json::from_value(json).unwrap();
    assert_eq!(config.redirect_uri(), "https://www.example.com/auth/callback");
    assert_eq!(config.cookies.lifetime.idle, Duration::from_secs(3600));
    assert!(config.cookies.is_session_name("logto_app"));
    assert_eq!(config.routes().sign_in_path(), "/logto/sign-in");

    let wrong = serde_json::from_value::<LogtoConfig>(serde_json::json!({ "endpoint": "https://x.app" })).unwrap_err();
    assert!(wrong.to_string().starts_with("3 settings are wrong: app_id is missing"), "{wrong}");
    let unknown = serde_json::from_value::<LogtoConfig>(serde_json::json!({ "end_point": "" })).unwrap_err();
    assert!(unknown.to_string().contains("unknown field `end_point`"), "{unknown}");
}

#[test]
fn debug_tells_no_secret() {
    let builder = builder().previous_cookie_secrets(["another secret of more than 32 bytes"]);
    let printed = format!("{builder:?} {:?}", builder.clone().build().unwrap());
    assert!(!printed.contains(SECRET) && !printed.contains("\"secret\"") && !printed.contains("another"), "{printed}");
}

#[test]
fn a_session_lifetime_or_store_timeout_out_of_bounds_is_refused() {
    const DAY: u64 = 24 * 60 * 60;
    let lifetime = |idle, absolute| {
        let lifetime = SessionLifetime::new().idle(idle).absolute(absolute);
        builder().session_lifetime(lifetime).build().is_ok()
    };
    let seconds = Duration::from_secs;
    for (idle, absolute, right) in [
        (seconds(1), seconds(1), true),
        (seconds(400 * DAY), seconds(400 * DAY), true),
        (Duration::from_millis(999), seconds(1), false),
        (seconds(2), seconds(1), false),
        (seconds(1), seconds(400 * DAY + 1), false),
        (seconds(1), Duration::MAX, false),
        (Duration::MAX, Duration::MAX, false),
    ] {
        assert_eq!(lifetime(idle, absolute), right, "{idle:?} {absolute:?}");
    }
    for (timeout, right) in [(0, false), (1, true), (30, true), (31, false)] {
        assert_eq!(builder().store_timeout(seconds(timeout)).build().is_ok(), right, "{timeout}");
    }
    assert_eq!(from_vars(&[("LOGTO_STORE_TIMEOUT", "7")]).store_timeout, Some(seconds(7)));
    let wrong = builder().session_lifetime(SessionLifetime::new().absolute(Duration::MAX)).store_timeout(Duration::MAX);
    let message = wrong.build().unwrap_err().to_string();
    assert!(message.contains("session_lifetime is not") && message.contains("store_timeout is not"), "{message}");
}
