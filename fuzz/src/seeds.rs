//! Writes the seeds: `seeds <directory>` makes a directory for each target in it, from the recorded answers of a real Logto
//! (`tests/fixtures/logto`) and from the good tokens and cookies, without which few inputs would get past the first check.

use std::{fs, io, path::Path, sync::Arc};

// It is built like the targets, whose instrumentation wants the runtime.
use libfuzzer_sys as _;
use logto::{HeaderCookies, LogtoClient, SessionFormat, TokenOptions};
use logto_fuzz::{Server, Tokens, access_token, block_on, client, config, cookie_header, id_token, jwks, logout_token};
use logto_fuzz::{seal, signed_in};
use serde_json::Value;

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

/// The seeds of each target.
fn seeds() -> io::Result<Vec<(&'static str, Vec<Seed>)>> {
    let recorded = recorded()?;
    let responses = |path: &'static str| {
        recorded.iter().filter(move |exchange| exchange.path == path).map(|exchange| exchange.body.clone())
    };
    let token_responses =
        responses("/oidc/token").chain([Tokens { nonce: None, refresh_token: "refresh-2" }.response().into()]);
    let headers = |name: &'static str| recorded.iter().filter_map(move |exchange| exchange.header(name)).map(Vec::from);

    let own = cookies_of(SessionFormat::Logto);
    let next = cookies_of(SessionFormat::Next);
    let value = |header: &str| header.split_once('=').expect("a pair").1.to_owned();
    let mut next_json = Vec::new();
    next_json.extend([b"{}".to_vec(), br#"{"idToken":"","refreshToken":"r","accessToken":"{}"}"#.to_vec()]);
    next_json.push(serde_json::json!({
        "idToken": id_token(None), "refreshToken": "refresh-1", "signInSession": { "state": "s", "codeVerifier": "v" },
        "accessToken": r#"{"@https://api.example.test":{"token":"t","scope":"read:books","expiresAt":1800000000}}"#,
    }).to_string().into());

    Ok(vec![
        ("cookie_header", vec![own.clone().into(), format!("a=b; {own}; {own}").into(), next.clone().into(), chunks(&own).into()]),
        ("sealed_session", vec![with(0, value(&own)), with(1, seal::open_logto(&value(&own)))]),
        ("next_cookie", next_json.into_iter().map(|json| with(1, json)).chain([with(0, value(&next))]).collect()),
        ("callback_query", [
            "code=code&state=STATE&iss=https%3A%2F%2Flogto.example.test%2Foidc",
            "/callback?code=code&state=STATE&iss=https://logto.example.test/oidc",
            "http://localhost:3000/callback?error=access_denied&error_description=no&state=STATE&iss=https://logto.example.test/oidc",
            "code=a&code=b&state=STATE", "error=login_required&state=other",
        ].map(Vec::from).into()),
        ("token_response", token_responses.flat_map(|body| [with(0, &body), with(3, &body)]).collect()),
        ("discovery", responses("/oidc/.well-known/openid-configuration").chain([logto_fuzz::discovery().to_string().into()]).collect()),
        ("jwks", responses("/oidc/jwks").chain([jwks().to_string().into()]).collect()),
        ("id_token", vec![id_token(None).into(), id_token(Some("n")).into(), access_token().into(), logout_token().into()]),
        ("logout_token", vec![format!("logout_token={}", logout_token()).into(), format!("a=b&logout_token={}", id_token(None)).into()]),
        ("return_to", [
            "/", "/a?b=c#d", "//evil.test", "/\\evil.test", "http://localhost:3000/x", "http://localhost:3000@evil.test/", "/%2f/evil.test",
            "\t//evil.test", "https:evil.test", "javascript:alert(1)", "/a/../../b", "http:/\\localhost:3000/", "/\u{0}", "?a", "#a", "",
        ].map(Vec::from).into()),
        ("www_authenticate", headers("www-authenticate").chain([
            r#"Bearer error="insufficient_user_authentication", acr_values="a b", max_age="300""#,
            r#"Basic realm="a", Bearer error="invalid_token", Negotiate abc=="#, r#"Bearer error="insufficient_scope", scope="a \" b""#,
        ].map(Vec::from)).collect()),
        ("bearer", vec![
            format!("Bearer {}", access_token()).into(), format!("bearer  {}", id_token(None)).into(), b"Basic YTpi".to_vec(),
            b"Bearer opaque".to_vec(), b"Bearer a\nBearer b".to_vec(), Vec::new(),
        ]),
    ])
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
        logto
            .get_access_token(&mut cookies, TokenOptions::resource("https://api.example.test"))
            .await
            .expect("a token");
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
    body: Vec<u8>,
    response: Value,
}

impl Exchange {
    fn header(&self, name: &str) -> Option<&str> {
        self.response["headers"][name].as_str()
    }
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
            if let (Some(path), Some(body)) = (path.as_str(), response.get("body_json")) {
                exchanges.push(Exchange {
                    path: path.to_owned(),
                    body: body.to_string().into(),
                    response: response.clone(),
                });
            }
        }
    }
    Ok(exchanges)
}
