//! Which settings of cookies work together.

use super::{builder, from_next, from_vars, refused};
use crate::{
    config::{LogtoConfigBuilder, Routes},
    cookies::SameSite,
    session::SessionFormat,
};

#[test]
#[allow(clippy::too_many_lines)] // A list.
fn each_setting_of_cookies_that_cannot_work_is_refused_with_the_reason() {
    let name = "cookie_name is not 1 to 64 letters, digits, `-`, `_` and `.` (other characters are no cookie's name, or not to each server)";
    let path = "cookie_path is not a plain path (like /shop, as it stands in the address)";
    let part = "cookie_name ends with `.` and a number, or holds `_txn_` (further cookies of a session and of sign-ins are named so)";
    let earlier = "previous_cookie_names holds something that was no name of a session's cookie (copy it from a browser, with `__Host-` or `__Secure-` where it has that)";
    let over_http = || builder().base_url("http://localhost:3000");
    let next = || builder().session_format(SessionFormat::Next);
    let cases: Vec<(LogtoConfigBuilder, &str)> = vec![
        (builder().trusted_audiences(["other", " "]), "trusted_audiences holds an empty text (leave it out)"),
        (builder().cookie_name(""), name),
        (builder().cookie_name("two words"), name),
        (builder().cookie_name("a=b;Path=/"), name),
        (builder().cookie_name("käse"), name),
        (builder().cookie_name("a".repeat(65)), name),
        (
            builder().cookie_name("__Secure-shop"),
            "cookie_name begins with `__` (browsers have rules for `__Host-` and `__Secure-`; one of them is added where it can be)",
        ),
        (builder().cookie_name("shop.1"), part),
        (builder().cookie_name("shop_txn_a"), part),
        (builder().cookie_path("shop"), path),
        (builder().cookie_path(""), path),
        (builder().cookie_path("/a/../b"), path),
        (builder().cookie_path("/shop; Secure"), path),
        (builder().cookie_path("/shop?a"), path),
        (builder().cookie_path("/käse"), path),
        (
            builder().cookie_path("/shop"),
            "cookie_path does not cover routes.sign_in (browsers would send no cookie there: choose a path above all routes, with that of base_url)",
        ),
        (
            builder().base_url("https://x.example/shop").cookie_path("/sho"),
            "cookie_path does not cover routes.sign_in (browsers would send no cookie there: choose a path above all routes, with that of base_url)",
        ),
        (
            builder().cookie_path("/logto"),
            "cookie_path does not cover routes.callback (browsers would send no cookie there: choose a path above all routes, with that of base_url)",
        ),
        (
            over_http().cookie_same_site(SameSite::None),
            "cookie_same_site is none and base_url is http (browsers drop such a cookie unless it is Secure: use https)",
        ),
        (
            builder().cookie_partitioned(true),
            "cookie_partitioned is true and cookie_same_site is not none (only a cookie that is sent in frames of other sites can be one for each of those: set cookie_same_site to none, or leave cookie_partitioned out)",
        ),
        (builder().previous_cookie_names(["a b"]), earlier),
        (builder().previous_cookie_names(["__Secure-__a"]), earlier),
        (builder().previous_cookie_names(["__Host-logto_other.1"]), earlier),
        (
            builder().previous_cookie_names(["__Host-logto_app"]),
            "previous_cookie_names holds the present name (leave it out)",
        ),
        (
            builder().previous_cookie_names(["a", "b", "c", "d", "e"]),
            "previous_cookie_names holds more than 4 names (each of them is looked for in each request: leave the oldest out)",
        ),
        (next().cookie_name("shop"), &of_next("cookie_name", "next")),
        (next().cookie_path("/"), &of_next("cookie_path", "next")),
        (next().cookie_same_site(SameSite::Strict), &of_next("cookie_same_site", "next")),
        (next().cookie_session_only(true), &of_next("cookie_session_only", "next")),
        (next().previous_cookie_names(["old"]), &of_next("previous_cookie_names", "next")),
        (from_next(builder()).cookie_path("/"), &of_next("cookie_path", "from-next")),
    ]
    .into_iter()
    .map(|(builder, problem)| (builder, &*problem.to_owned().leak()))
    .collect();
    for (builder, problem) in cases {
        refused(builder, &format!("a setting is wrong: {problem}"));
    }
}

fn of_next(setting: &str, format: &str) -> String {
    format!(
        "{setting} is set and session_format is {format} (@logto/next names and sets its cookie in its own way: leave {setting} out)"
    )
}

#[test]
fn settings_of_cookies_give_the_attributes_that_browsers_see() {
    let cookie = |builder: LogtoConfigBuilder| {
        let own = builder.build().unwrap().cookies.own;
        own.session_cookie(own.session_name().to_owned(), "v".to_owned(), 60).to_string()
    };
    let below = || builder().base_url("https://x.example/shop");
    for (builder, seen) in [
        (builder(), "__Host-logto_app=v; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60"),
        (builder().cookie_name("app.sid"), "__Host-app.sid=v; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60"),
        (
            builder().cookie_name("sid").cookie_domain("example.com"),
            "__Secure-sid=v; HttpOnly; SameSite=Lax; Secure; Path=/; Domain=example.com; Max-Age=60",
        ),
        (below().cookie_path("/shop"), "__Secure-logto_app=v; HttpOnly; SameSite=Lax; Secure; Path=/shop; Max-Age=60"),
        (below().cookie_path("/shop/"), "__Secure-logto_app=v; HttpOnly; SameSite=Lax; Secure; Path=/shop; Max-Age=60"),
        (below().cookie_path("//"), "__Host-logto_app=v; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60"),
        (
            builder().cookie_same_site(SameSite::Strict),
            "__Host-logto_app=v; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=60",
        ),
        (
            builder().cookie_same_site(SameSite::None).cookie_partitioned(true),
            "__Host-logto_app=v; HttpOnly; SameSite=None; Partitioned; Secure; Path=/; Max-Age=60",
        ),
        (builder().cookie_session_only(true), "__Host-logto_app=v; HttpOnly; SameSite=Lax; Secure; Path=/"),
    ] {
        assert_eq!(cookie(builder), seen);
    }
    let own = builder().cookie_same_site(SameSite::Strict).build().unwrap().cookies.own;
    let of_sign_in = own.cookie(format!("{}_txn_abc", own.session_name()), "v".to_owned(), 60).to_string();
    assert!(of_sign_in.contains("SameSite=Lax"), "it has to come back from Logto: {of_sign_in}");
}

#[test]
fn a_path_of_cookies_may_leave_out_the_route_that_logto_itself_asks_for() {
    let routes =
        Routes::new().sign_in("/a/in").sign_up("/a/up").callback("/a/callback").sign_out("/a/out").user("/a/user");
    assert_eq!(builder().routes(routes).cookie_path("/a").build().unwrap().cookie_path(), "/a");
}

#[test]
fn the_environment_and_serde_set_cookies_alike() {
    let vars = from_vars(&[
        ("LOGTO_COOKIE_NAME", "shop"),
        ("LOGTO_COOKIE_PATH", "/shop"),
        ("LOGTO_COOKIE_SAME_SITE", "none"),
        ("LOGTO_COOKIE_PARTITIONED", "on"),
        ("LOGTO_COOKIE_SESSION_ONLY", "1"),
        ("LOGTO_PREVIOUS_COOKIE_NAMES", "__Host-logto_app old"),
        ("LOGTO_TRUSTED_AUDIENCES", "one,two"),
        ("LOGTO_ALLOW_INSECURE_ENDPOINT", "true"),
    ]);
    let serde: LogtoConfigBuilder = serde_json::from_value(serde_json::json!({
        "cookie_name": "shop", "cookie_path": "/shop", "cookie_same_site": "none", "cookie_partitioned": true, "cookie_session_only": true,
        "previous_cookie_names": ["__Host-logto_app", "old"], "trusted_audiences": ["one", "two"], "allow_insecure_endpoint": true,
    }))
    .unwrap();
    for given in [vars, serde] {
        let config = given
            .endpoint("http://logto:3001")
            .app_id("app")
            .base_url("https://x.example/shop")
            .cookie_secret(super::SECRET)
            .build()
            .unwrap();
        assert_eq!((config.cookie_name(), config.cookie_path()), ("__Secure-shop", "/shop"));
        assert_eq!(config.cookie_same_site(), SameSite::None);
        assert!(config.cookie_partitioned() && config.cookie_session_only() && config.allow_insecure_endpoint());
        assert_eq!(config.previous_cookie_names(), ["__Host-logto_app", "old"]);
        assert_eq!(config.trusted_audiences(), ["one", "two"]);
    }
    let wrong = from_vars(&[("LOGTO_COOKIE_SAME_SITE", "Strict"), ("LOGTO_COOKIE_PARTITIONED", "maybe")]).build();
    let message = wrong.unwrap_err().to_string();
    assert!(message.contains("LOGTO_COOKIE_SAME_SITE: cookie_same_site is `lax`, `strict` or `none`"), "{message}");
    assert!(message.contains("LOGTO_COOKIE_PARTITIONED is neither true nor false"), "{message}");
}
