//! Writes the seeds: `seeds <directory>` makes a directory for each target in it, from the recorded answers of a real Logto
//! (`tests/fixtures/logto`) and from the good tokens and cookies, without which few inputs would get past the first check.

use std::{fs, io, path::Path, sync::Arc};

// It is built like the targets, whose instrumentation wants the runtime.
use libfuzzer_sys as _;
use logto::{HeaderCookies, LogtoClient, SessionFormat, TokenOptions};
use logto_fuzz::{
    RESOURCE, Server, Tokens, access_token, block_on, client, config, cookie_header, discovery, id_token, jwks,
    logout_token, seal, signed_in,
};
use serde_json::{Value, json};

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

type Seed = Vec<u8>;

const CALLBACKS: [&str; 5] = [
    "code=code&state=STATE&iss=https%3A%2F%2Flogto.example.test%2Foidc",
    "/callback?code=code&state=STATE&iss=https://logto.example.test/oidc",
    "http://localhost:3000/callback?error=access_denied&state=STATE&iss=https://logto.example.test/oidc",
    "code=a&code=b&state=STATE",
    "error=login_required&error_description=no&state=other",
];
const RETURN_TO: [&str; 12] = [
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
    let recorded = recorded()?;
    let bodies = |path| -> Vec<Seed> {
        let of_path = recorded.iter().filter(|exchange| exchange.path == path);
        of_path.map(|exchange| exchange.body.clone()).collect()
    };
    let granted = Tokens { nonce: None, refresh_token: "refresh-2" }.response();
    let tokens = [bodies("/oidc/token"), vec![granted.into()]].concat();
    let challenges = recorded.iter().filter_map(|exchange| exchange.challenge.clone());
    let (own, next) = (cookies_of(SessionFormat::Logto), cookies_of(SessionFormat::Next));
    let next_sessions = NEXT_SESSIONS.map(str::to_owned).into_iter().chain([next_session()]);
    let two_cookies = format!("a=b; {own}; {own}");
    let next_cookie = next_sessions.map(|json| with(1, json)).chain([with(0, value(&next))]).collect();
    let id_tokens = [id_token(None), id_token(Some("n")), access_token(), logout_token()];
    let logout_tokens = [format!("logout_token={}", logout_token()), format!("a=b&logout_token={}", id_token(None))];
    let bearers = [format!("Bearer {}", access_token()), format!("bearer  {}", id_token(None))];
    Ok(vec![
        ("cookie_header", vec![own.clone().into(), two_cookies.into(), chunks(&own).into(), next.into()]),
        ("sealed_session", vec![with(0, value(&own)), with(1, seal::open_logto(value(&own)))]),
        ("next_cookie", next_cookie),
        ("callback_query", CALLBACKS.map(Seed::from).into()),
        ("token_response", tokens.iter().flat_map(|body| [with(0, body), with(3, body)]).collect()),
        (
            "discovery",
            [bodies("/oidc/.well-known/openid-configuration"), vec![discovery().to_string().into()]].concat(),
        ),
        ("jwks", [bodies("/oidc/jwks"), vec![jwks().to_string().into()]].concat()),
        ("id_token", id_tokens.map(Seed::from).into()),
        ("logout_token", logout_tokens.map(Seed::from).into()),
        ("return_to", RETURN_TO.map(Seed::from).into()),
        ("www_authenticate", challenges.chain(CHALLENGES.map(Seed::from)).collect()),
        ("bearer", bearers.map(Seed::from).into_iter().chain(CREDENTIALS.map(Seed::from)).collect()),
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
        logto.get_access_token(&mut cookies, TokenOptions::resource(RESOURCE)).await.expect("a token");
        cookie_header(&cookies)
    })
}

/// The same cookie in two parts.
fn chunks(header: &str) -> String {
    let (name, value) = header.split_once('=').expect("a pair");
    let (first, second) = value.split_at(value.len() / 2);
    format!("{name}=2.{first}; {name}.1={second}")
}

struct Exchange {
    path: String,
    body: Seed,
    challenge: Option<Seed>,
}

/// Everything that a real Logto was seen to answer.
fn recorded() -> io::Result<Vec<Exchange>> {
    let mut exchanges = Vec::new();
    for directory in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/logto"))? {
        let directory = directory?.path();
        if !directory.is_dir() {
            continue;
        }
        for file in fs::read_dir(directory)? {
            let file = file?.path();
            if file.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let exchange: Value = serde_json::from_slice(&fs::read(file)?)?;
            let (path, response) = (&exchange["request"]["path"], &exchange["response"]);
            let challenge = response["headers"]["www-authenticate"].as_str().map(Seed::from);
            if let (Some(path), Some(body)) = (path.as_str(), response.get("body_json")) {
                exchanges.push(Exchange { path: path.to_owned(), body: body.to_string().into(), challenge });
            }
        }
    }
    Ok(exchanges)
}
