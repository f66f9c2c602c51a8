//! What a real Logto was sent, and what it answered: `tests/fixtures/logto`, one exchange a file, and `tests/fixtures/recorded-seeds`, one a
//! line, for what no other test replays.

use std::{fs, io, path::Path};

use serde_json::Value;

pub type Seed = Vec<u8>;

/// A recorded request with its answer; or another recorded document, of which only the JWTs are of use.
pub struct Exchange(Value);

pub fn exchanges() -> io::Result<Vec<Exchange>> {
    let fixtures = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures"));
    let mut exchanges = Vec::new();
    let mut directories = vec![fixtures.join("logto")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                exchanges.push(Exchange(serde_json::from_slice(&fs::read(path)?)?));
            }
        }
    }
    for line in fs::read_to_string(fixtures.join("recorded-seeds/oidc.jsonl"))?.lines() {
        exchanges.push(Exchange(serde_json::from_str(line)?));
    }
    Ok(exchanges)
}

impl Exchange {
    /// The JSON that was answered at this path.
    pub fn body_of(&self, path: &str) -> Option<Seed> {
        (self.0["request"]["path"] == path)
            .then(|| self.0["response"].get("body_json"))?
            .map(|body| body.to_string().into())
    }

    /// Answers of the authorization endpoint: as they came, and as the answer to the sign-in that is under way in the target.
    pub fn callbacks(&self) -> Vec<String> {
        let recorded = [&self.0["callback_url"], &self.0["response"]["headers"]["location"]];
        let urls = recorded.into_iter().filter_map(Value::as_str).filter(|url| url.contains("/callback"));
        let under_way = |url: &str| {
            let mut url = url::Url::parse(url).ok()?;
            let pairs: Vec<_> = url.query_pairs().into_owned().collect();
            url.query_pairs_mut().clear().extend_pairs(pairs.iter().map(|(name, value)| match name.as_str() {
                "state" => (name.as_str(), "STATE"),
                "iss" => (name.as_str(), logto_fuzz::ISSUER),
                _ => (name.as_str(), value.as_str()),
            }));
            Some(url.to_string())
        };
        urls.flat_map(|url| [Some(url.to_owned()), under_way(url)]).flatten().collect()
    }

    /// Addresses that a browser was told to return to, after signing in or out.
    pub fn return_addresses(&self) -> Vec<String> {
        const NAMES: [&str; 2] = ["redirect_uri", "post_logout_redirect_uri"];
        let sent = ["query", "body_form"].into_iter().filter_map(|part| self.0["request"][part].as_array()).flatten();
        let addresses = sent.filter(|pair| pair[0].as_str().is_some_and(|name| NAMES.contains(&name)));
        addresses.filter_map(|pair| pair[1].as_str()).chain(self.answered("location")).map(str::to_owned).collect()
    }

    /// `Cookie` headers of a browser at Logto, and the cookies that Logto set.
    pub fn cookies(&self) -> Vec<String> {
        let sent = self.sent("cookie");
        sent.chain(self.answered("set-cookie")).map(str::to_owned).collect()
    }

    pub fn challenges(&self) -> Vec<String> {
        self.answered("www-authenticate").map(str::to_owned).collect()
    }

    pub fn authorizations(&self) -> Vec<String> {
        self.sent("authorization").map(str::to_owned).collect()
    }

    /// The bodies of back-channel logouts.
    pub fn logouts(&self) -> Vec<String> {
        let texts = texts(&self.0);
        let bodies = texts.iter().filter(|text| text.starts_with("logout_token="));
        let jwts = self.0["logout_token"].as_str().map(|token| format!("logout_token={token}"));
        bodies.cloned().chain(jwts).collect()
    }

    /// Every JWT in it, of whatever kind.
    pub fn jwts(&self) -> Vec<String> {
        texts(&self.0).into_iter().filter(|text| text.starts_with("eyJ") && text.matches('.').count() == 2).collect()
    }

    fn sent(&self, header: &str) -> impl Iterator<Item = &str> {
        values(&self.0["request"]["headers"][header])
    }

    fn answered(&self, header: &str) -> impl Iterator<Item = &str> {
        values(&self.0["response"]["headers"][header])
    }
}

/// A header's value, or its values.
fn values(header: &Value) -> impl Iterator<Item = &str> {
    header.as_str().into_iter().chain(header.as_array().into_iter().flatten().filter_map(Value::as_str))
}

/// All texts in a document, however deep.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
