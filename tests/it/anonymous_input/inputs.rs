//! Requests that nobody means well with.

use std::fmt;

pub const INITIATION: &str = "/logto/initiate-login";

const ROUTES: [&str; 7] = [
    "/logto/sign-in",
    "/logto/sign-up",
    "/callback",
    "/logto/sign-out",
    "/logto/user",
    "/logto/back-channel-logout",
    INITIATION,
];

/// A request, byte by byte as far as HTTP/1.1 has it.
#[derive(Clone)]
pub struct Input {
    pub method: &'static str,
    pub target: String,
    pub headers: Vec<(&'static str, Vec<u8>)>,
    pub body: String,
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = |text: &str| text.chars().take(120).collect::<String>();
        let headers =
            self.headers.iter().map(|(name, value)| format!("{name}: {}", start(&String::from_utf8_lossy(value))));
        let (target, body) = (start(&self.target), start(&self.body));
        write!(f, "{} {target:?} {:?} {body:?}", self.method, headers.collect::<Vec<_>>())
    }
}

impl Input {
    /// As a browser asks for a page.
    pub fn page(target: String) -> Self {
        let headers = [("accept", "text/html"), ("sec-fetch-mode", "navigate")];
        let headers = headers.map(|(name, value)| (name, value.as_bytes().to_vec())).to_vec();
        Self { method: "GET", target, headers, body: String::new() }
    }

    fn with(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    fn post(target: &str, media: &str, body: &str) -> Self {
        let input = Self::page(target.to_owned()).with("content-type", media);
        Self { method: "POST", body: body.to_owned(), ..input }
    }
}

/// Values of a query, as they stand in it.
fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "",
        "%20",
        "abc",
        "-1",
        "0",
        "1.5",
        "1e9",
        "18446744073709551615",
        "18446744073709551616",
        "NaN",
        "%00",
        "%0d%0aset-cookie:%20a=b",
        "%ff%fe",
        "%",
        "%zz",
        "%F0%9F%92%A9",
        "%C2%85",
        "%3Cscript%3E",
        "'",
        "..%2f..",
        "%5C",
        "//evil.example",
        "%2F%2Fevil.example",
        "/%09/evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "blob:http://localhost:3000/x",
        "http://[",
        "social:",
        "sso:",
        ":",
        "social:%00",
        "kakao",
        "nosuch",
        "null",
        "[]",
        "{}",
        "a+b+c",
        "a;b",
        "eyJhbGciOiJub25lIn0.e30.",
        "a.b.c",
        "%E2%80%AE",
        "=",
        "==",
        "a=b",
        "?",
        "/?/?",
        "@",
        "%25",
        "%2525",
    ]
    .map(str::to_owned)
    .to_vec();
    values.extend([500, 2800, 5000, 7000].map(|length| "a".repeat(length)));
    values.extend([600, 2000].map(|length| "%ff".repeat(length)));
    values
}

/// All that HTTP/1.1 lets through.
pub fn inputs() -> Vec<Input> {
    let mut inputs = Vec::new();
    let parameters = [
        ("/logto/sign-in", &SIGN_IN[..]),
        ("/logto/sign-up", &SIGN_IN[..]),
        ("/callback", &["code", "state", "iss", "error", "error_description", "error_uri", "scope", "session_state"]),
        (INITIATION, &["iss", "login_hint", "target_link_uri"]),
        ("/logto/user", &["a"]),
        ("/me", &["a"]),
    ];
    let values = values();
    for (route, names) in parameters {
        for value in &values {
            for name in names {
                inputs.push(Input::page(format!("{route}?{name}={value}")));
            }
            // All at once, and each twice.
            let all: Vec<_> = names.iter().map(|name| format!("{name}={value}")).collect();
            if value.len() < 100 {
                inputs.push(Input::page(format!("{route}?{}", all.join("&"))));
                inputs.push(Input::page(format!("{route}?{}&{}", all.join("&"), all.join("&"))));
                let media = "application/x-www-form-urlencoded";
                inputs.push(Input::post(route, media, &all.join("&")).with("sec-fetch-site", "cross-site"));
            }
        }
    }
    inputs.extend(pages());
    for value in values.iter().filter(|value| value.len() < 3000) {
        for (media, body) in [
            ("application/x-www-form-urlencoded", format!("logout_token={value}")),
            ("application/x-www-form-urlencoded", format!("{value}={value}&{value}")),
            ("application/json", format!("{{\"logout_token\":\"{value}\"}}")),
            ("", value.clone()),
        ] {
            inputs.push(Input::post("/logto/back-channel-logout", media, &body));
            inputs.push(Input::post("/logto/sign-out", media, &body));
        }
    }
    for route in ROUTES.into_iter().chain(["/me", "/"]) {
        inputs.extend(METHODS.map(|method| Input { method, ..Input::page(route.to_owned()) }));
        inputs.extend(headers().into_iter().map(|(name, value)| Input::page(route.to_owned()).with(name, value)));
        inputs
            .extend(headers().into_iter().map(|(name, value)| Input::post(route, "text/plain", "x").with(name, value)));
    }
    inputs
}

const SIGN_IN: [&str; 12] = [
    "return_to",
    "direct_sign_in",
    "first_screen",
    "login_hint",
    "organization_id",
    "one_time_token",
    "ui_locales",
    "max_age",
    "acr_values",
    "prompt",
    "redirect_uri",
    "nosuch",
];

const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"];

/// Addresses of guarded pages.
fn pages() -> Vec<Input> {
    let mut targets: Vec<String> = [
        "//me",
        "///me",
        "//evil.example/x",
        "/./me",
        "/../me",
        "/%2e%2e/me",
        "/%2F%2Fevil.example",
        "/me/",
        "/me//",
        "/me?",
        "/me??",
        "/me?&",
        "/me?a=b&a=b",
        "/me?return_to=//evil.example",
        "/%00",
        "/%ff",
        "/me%0d%0a",
        "/me;a=b",
        "/me?a=%",
        "/me?'",
        "/me?a=[]{}|^`",
        "/:",
        "/@",
        "/me?a=\\b",
        "/\\evil.example",
        "/.//evil.example",
        "/logto/",
        "/logto//sign-in",
        "/logto/sign-in/",
        "//logto/sign-in",
        "/callback/",
        "/callback?",
        "/callback?&&&",
        "/callback#",
        "/LOGTO/SIGN-IN",
        "/logto/sign-in?",
        "/logto/sign-in?&=&",
    ]
    .map(str::to_owned)
    .to_vec();
    for length in [1400, 1500, 2000, 2048, 2800, 4096, 7900, 16_000, 30_000, 60_000, 65_000] {
        targets.push(format!("/me?q={}", "q".repeat(length)));
        targets.push(format!("/{}", "p".repeat(length)));
        targets.push(format!("/me?q={}", "%ff".repeat(length / 3)));
    }
    targets.into_iter().map(Input::page).collect()
}

/// Headers that the routes look at.
fn headers() -> Vec<(&'static str, Vec<u8>)> {
    let long = |text: &str| text.repeat(3000 / text.len()).into_bytes();
    let mut headers = vec![
        ("cookie", b"logto_app=garbage".to_vec()),
        ("cookie", b"logto_app=4.AAAA; logto_app_1=BBBB; logto_app_2=; logto_app_3=\xff".to_vec()),
        ("cookie", b"logto_app=2.; logto_app=3.; logto_app=99.x; logto_app=-1.x".to_vec()),
        ("cookie", b"=; ;; = ; a; logto_app; \"; logto_app=\"\"".to_vec()),
        ("cookie", long("logto_app=AQ; ")),
        ("cookie", long("logto_app_txn_AAAAAAAAAAAA=AQ; ")),
        ("cookie", [&b"logto_app="[..], &long("A")].concat()),
        ("authorization", b"Bearer".to_vec()),
        ("authorization", b"Basic \xff\xff".to_vec()),
        ("accept", b"\xff".to_vec()),
        ("accept", long("text/html;q=0.1, ")),
        ("accept-language", long("ä")),
        ("sec-purpose", b"prefetch;prerender".to_vec()),
        ("purpose", b"\xff".to_vec()),
        ("x-forwarded-host", b"evil.example".to_vec()),
        ("next-router-prefetch", b"".to_vec()),
    ];
    for value in ["", "navigate", "cors", "nosuch", "\"", "cross-site", "same-origin"] {
        headers.extend(["sec-fetch-mode", "sec-fetch-site"].map(|name| (name, value.as_bytes().to_vec())));
    }
    for value in ["", "null", "http://", "http://localhost:3000", "http://evil.example", "//", "a b", "data:,x"] {
        headers.extend(["origin", "referer"].map(|name| (name, value.as_bytes().to_vec())));
    }
    headers.push(("referer", format!("http://localhost:3000/{}", "r".repeat(3000)).into_bytes()));
    headers
}

/// What a server of HTTP/1.1 turns away: spaces, control characters, no path at all, a megabyte.
pub fn beyond_http() -> Vec<Input> {
    let mut targets: Vec<String> = [
        "",
        "*",
        " ",
        "me",
        "?",
        "#",
        "http://evil.example/me",
        "\r\n",
        "/me\r\nset-cookie: a=b",
        "/me?a=\0",
        "/\u{202e}",
        "/ü?ü=ü",
    ]
    .map(str::to_owned)
    .to_vec();
    let megabyte = "m".repeat(1 << 20);
    targets.extend([format!("/{megabyte}"), format!("/me?{megabyte}")]);
    targets.extend(SIGN_IN.map(|name| format!("/logto/sign-in?{name}={megabyte}")));
    targets.push(format!("/callback?state={megabyte}&code={megabyte}"));
    let posts = ["/callback", INITIATION, "/logto/back-channel-logout", "/logto/sign-out"].map(|route| {
        Input::post(route, "application/x-www-form-urlencoded", &format!("state={megabyte}&iss={megabyte}"))
    });
    targets.into_iter().map(Input::page).chain(posts).collect()
}
