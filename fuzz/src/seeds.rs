//! Writes the seeds: `seeds <directory>` makes a directory for each target in it, from what a real Logto was sent and answered
//! (`recorded.rs`) and from the good tokens and cookies, without which few inputs would get past the first check.

mod recorded;

use std::{collections::BTreeSet, fs, io, path::Path, sync::Arc};

// It is built like the targets, whose instrumentation wants the runtime.
use libfuzzer_sys as _;
use logto::{HeaderCookies, LogtoClient, SessionFormat, TokenOptions};
use logto_fuzz::{
    RESOURCE, Server, Tokens, access_token, block_on, client, config, cookie_header, discovery, id_token, jwks,
    logout_token, seal, signed_in,
};
use serde_json::json;

use self::recorded::{Exchange, Seed};

fn main() -> io::Result<()> {
    let directory = std::env::args().nth(1).ok_or_else(|| io::Error::other("usage: seeds <directory>"))?;
    let directory = Path::new(&directory);
    for (target, seeds) in seeds()? {
        fs::create_dir_all(directory.join(target))?;
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(directory.join(target).join(format!("seed-{number:03}")), seed)?;
        }
        println!("{target}: {} seeds", seeds.len());
    }
    Ok(())
}

const CALLBACKS: [&str; 5] = [
    "code=code&state=STATE&iss=https%3A%2F%2Flogto.example.test%2Foidc",
    "/callback?code=code&state=STATE&iss=https://logto.example.test/oidc",
    "http://localhost:3000/callback?error=access_denied&state=STATE&iss=https://logto.example.test/oidc",
    "code=a&code=b&state=STATE",
    "error=login_required&error_description=no&state=other",
];
const RETURN_TO: [&str; 19] = [
    "/a?b=c#d",
    "//evil.test",
    "/\\evil.test",
    "http://localhost:3000/x",
    "http://localhost:3000@evil.test/",
    "/%2f/evil.test",
    "\t//evil.test",
    "https:evil.test",
    "javascript:alert(1)",
    "/a/../../b",
    "http:/\\localhost:3000/",
    "?a",
    // The origin of a blob URL is that of the address inside.
    "blob:http://localhost:3000/x",
    "BLOB:http://localhost:3000/x",
    "filesystem:http://localhost:3000/temporary/x",
    "view-source:http://localhost:3000/",
    "data:text/html,a",
    "about:blank",
    "ws://localhost:3000/",
];
const CHALLENGES: [&str; 3] = [
    r#"Bearer error="insufficient_user_authentication", acr_values="a b", max_age="300""#,
    r#"Basic realm="a", Bearer error="invalid_token", Negotiate abc=="#,
    r#"Bearer error="insufficient_scope", scope="a \" b""#,
];
const CREDENTIALS: [&str; 3] = ["Basic YTpi", "Bearer opaque", "Bearer a\nBearer b"];
const NEXT_SESSIONS: [&str; 2] = ["{}", r#"{"idToken":"","refreshToken":"r","accessToken":"{}"}"#];

/// The seeds of each target.
fn seeds() -> io::Result<Vec<(&'static str, Vec<Seed>)>> {
    let recorded = recorded::exchanges()?;
    let bodies = |path: &str| -> Vec<Seed> { recorded.iter().filter_map(|exchange| exchange.body_of(path)).collect() };
    let all = |of: fn(&Exchange) -> Vec<String>| recorded.iter().flat_map(of).collect::<BTreeSet<_>>();
    let granted = Tokens { nonce: None, refresh_token: "refresh-2" }.response();
    let tokens = [bodies("/oidc/token"), vec![granted.into()]].concat();
    let documents = ["openid-configuration", "oauth-authorization-server"];
    let documents = documents.map(|name| bodies(&format!("/oidc/.well-known/{name}"))).concat();
    let jwts: Vec<_> = strings(all(Exchange::jwts)).collect();
    let (own, next) = (cookies_of(SessionFormat::Logto), cookies_of(SessionFormat::Next));
    let next_sessions = NEXT_SESSIONS.map(str::to_owned).into_iter().chain([next_session()]);
    let two_cookies = format!("a=b; {own}; {own}");
    let next_cookie = next_sessions.map(|json| with(1, json)).chain([with(0, value(&next))]).collect();
    let id_tokens = [id_token(None), id_token(Some("n")), access_token(), logout_token()];
    let logout_tokens = [format!("logout_token={}", logout_token()), format!("a=b&logout_token={}", id_token(None))];
    let bearers = [format!("Bearer {}", access_token()), format!("bearer  {}", id_token(None))];
    Ok(vec![
        (
            "cookie_header",
            strings([own.clone(), two_cookies, chunks(&own), next]).chain(strings(all(Exchange::cookies))).collect(),
        ),
        ("sealed_session", vec![with(0, value(&own)), with(1, seal::open_logto(value(&own)))]),
        ("next_cookie", next_cookie),
        ("callback_query", strings(CALLBACKS).chain(strings(all(Exchange::callbacks))).collect()),
        ("token_response", tokens.iter().flat_map(|body| [with(0, body), with(3, body)]).collect()),
        ("discovery", [documents, vec![discovery().to_string().into()]].concat()),
        ("jwks", [bodies("/oidc/jwks"), vec![jwks().to_string().into()]].concat()),
        ("id_token", strings(id_tokens).chain(jwts.iter().cloned()).collect()),
        ("logout_token", strings(logout_tokens).chain(strings(all(Exchange::logouts))).collect()),
        ("return_to", strings(RETURN_TO).chain(strings(all(Exchange::return_addresses))).collect()),
        ("www_authenticate", strings(CHALLENGES).chain(strings(all(Exchange::challenges))).collect()),
        (
            "bearer",
            strings(bearers)
                .chain(strings(CREDENTIALS))
                .chain(strings(all(Exchange::authorizations)))
                .chain(jwts.iter().map(|jwt| [b"Bearer ", jwt.as_slice()].concat()))
                .collect(),
        ),
    ])
}

/// What `@logto/next` would put into its cookie while a user who is signed in begins to sign in again.
fn next_session() -> String {
    let access_tokens = format!(r#"{{"@{RESOURCE}":{{"token":"t","scope":"read:books","expiresAt":1800000000}}}}"#);
    let session = json!({
        "idToken": id_token(None),
        "refreshToken": "refresh-1",
        "accessToken": access_tokens,
        "signInSession": { "state": "s", "codeVerifier": "v" },
    });
    session.to_string()
}

fn strings<S: Into<Seed>>(texts: impl IntoIterator<Item = S>) -> impl Iterator<Item = Seed> {
    texts.into_iter().map(Into::into)
}

fn value(header: &str) -> &str {
    header.split_once('=').expect("a pair").1
}

fn with(first: u8, rest: impl AsRef<[u8]>) -> Vec<u8> {
    [&[first], rest.as_ref()].concat()
}

/// The header of a signed-in user who has two access tokens.
fn cookies_of(format: SessionFormat) -> String {
    let server = Arc::new(Server::default());
    let logto: LogtoClient = client(config(&server).session_format(format));
    block_on(async {
        let header = signed_in(&logto, &server).await;
        let mut cookies = HeaderCookies::parse(header);
        server.grants(&Tokens { nonce: None, refresh_token: "refresh-2" });
        logto.get_access_token(&mut cookies, TokenOptions::new().resource(RESOURCE)).await.expect("a token");
        cookie_header(&cookies)
    })
}

/// The same cookie in two parts.
fn chunks(header: &str) -> String {
    let (name, value) = header.split_once('=').expect("a pair");
    let (first, second) = value.split_at(value.len() / 2);
    format!("{name}=2.{first}; {name}.1={second}")
}
