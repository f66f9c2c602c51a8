//! The replay of a folder of recorded exchanges.

use http::header;
use logto::{
    Result,
    management::{List, Management, Path, Refusal},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::management::stand_in::{ENDPOINT, StandIn, TOKEN, answer_of, fixture};

/// A recorded exchange, and a client that has yet to ask for it.
pub struct Recorded {
    pub management: Management,
    /// The file's name without `.json`.
    pub name: String,
    pub method: String,
    /// Below `/api`, in segments.
    pub segments: Vec<String>,
    pub query: Vec<(String, String)>,
    /// `null` if there was none.
    pub body: Value,
    pub status: u64,
    answer: Value,
}

impl Recorded {
    /// Reads an exchange. Its answer is the next one of this Logto.
    pub fn read(folder: &str, name: &str, logto: &StandIn) -> Self {
        let exchange = fixture(&format!("{folder}/{name}"));
        let request = &exchange["request"];
        let path = request["path"].as_str().unwrap();
        logto.next(answer_of(&exchange));
        Self {
            management: logto.management(),
            name: name.to_owned(),
            method: request["method"].as_str().unwrap().to_owned(),
            segments: path.trim_start_matches("/api/").split('/').map(str::to_owned).collect(),
            query: serde_json::from_value(request["query"].clone()).unwrap_or_default(),
            body: request["body"].as_str().map_or(Value::Null, |body| serde_json::from_str(body).unwrap_or_default()),
            status: exchange["response"]["status"].as_u64().unwrap(),
            answer: exchange["response"].clone(),
        }
    }

    /// The segments, for a `match`.
    pub fn path(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    /// A member of the body that is a text.
    pub fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_else(|| panic!("{}: {member}", self.name))
    }

    /// A member of the body that is an object.
    pub fn object(&self, member: &str) -> serde_json::Map<String, Value> {
        self.body[member].as_object().unwrap_or_else(|| panic!("{}: {member}", self.name)).clone()
    }

    /// A member of the body that is a list of texts.
    pub fn texts(&self, member: &str) -> Vec<String> {
        serde_json::from_value(self.body[member].clone()).unwrap()
    }

    /// Asks by the layer that takes any path, for what no type of ours sends.
    pub async fn any(&self) -> Result<()> {
        let mut path = Path::new(&format!("/{}", self.segments.join("/")));
        for (name, value) in &self.query {
            path = path.query(name, value);
        }
        let (management, body) = (&self.management, &self.body);
        match self.method.as_str() {
            "GET" => management.get::<Value>(path).await.map(|answer| self.is_the_answer(&answer)),
            "POST" => management.post::<Value>(path, body).await.map(|answer| self.is_the_answer(&answer)),
            "PUT" => management.put::<Value>(path, body).await.map(|answer| self.is_the_answer(&answer)),
            "PATCH" => management.patch::<Value>(path, body).await.map(|answer| self.is_the_answer(&answer)),
            "DELETE" => management.delete::<Value>(path).await.map(|answer| self.is_the_answer(&answer)),
            other => panic!("{other}"),
        }
    }

    fn is_the_answer(&self, answer: &Value) {
        assert_eq!(*answer, self.answer["body_json"], "{}", self.name);
    }

    /// Asks for the page of a list that was recorded, and compares the number of its items and the total. The query is added to the list but for the
    /// page.
    pub async fn page<T: DeserializeOwned>(&self, mut list: List<T>) -> Result<()> {
        for (name, value) in self.query.iter().filter(|(name, _)| !is_page(name)) {
            list = list.query(name, value);
        }
        self.page_of(list).await
    }

    /// The same for a list that has its query already.
    pub async fn page_of<T: DeserializeOwned>(&self, list: List<T>) -> Result<()> {
        let number = |name: &str, default: u32| {
            self.query.iter().find(|(known, _)| known == name).map_or(default, |(_, value)| value.parse().unwrap())
        };
        let page = list.page(number("page", 1), number("page_size", 20)).await?;
        if let Some(items) = self.answer["body_json"].as_array() {
            assert_eq!(page.items.len(), items.len(), "{}", self.name);
        }
        if let Some(total) = self.answer["headers"]["total-number"].as_str() {
            assert_eq!(page.total, Some(total.parse().unwrap()), "{}", self.name);
        }
        Ok(())
    }

    /// Compares what was sent with what was recorded, and the error with the answer.
    pub fn compare(&self, logto: &StandIn, outcome: &Result<()>, code: Option<&str>) {
        let name = &self.name;
        let found = outcome.as_ref().err().map(|error| error.code().as_str());
        assert_eq!(found, code, "{name}: {outcome:?}");
        if let Err(error) = outcome {
            let (refusal, said) = (Refusal::of(error).unwrap(), &self.answer["body_json"]);
            assert_eq!(u64::from(refusal.status()), self.status, "{name}");
            assert_eq!(refusal.code(), said["code"].as_str(), "{name}");
            let plain = said.is_null().then(|| self.answer["body"].as_str()).flatten();
            assert_eq!(refusal.message(), said["message"].as_str().or(plain), "{name}");
            assert_eq!(refusal.data(), said.get("data").filter(|data| !data.is_null()), "{name}");
            assert_eq!(refusal.details(), said["details"].as_str(), "{name}");
        }
        let sent = logto.asked("/api").pop().unwrap_or_else(|| panic!("{name}: nothing was asked"));
        let url = url::Url::parse(&sent.uri().to_string()).unwrap();
        let path = format!("{ENDPOINT}/api/{}", self.segments.join("/"));
        assert_eq!(
            (sent.method().as_str(), url.as_str().split('?').next()),
            (self.method.as_str(), Some(path.as_str())),
            "{name}"
        );
        // We name the page where the recording left it to the server.
        let pages = self.query.iter().any(|(name, _)| is_page(name));
        let kept = |name: &str| pages || !is_page(name);
        let mut query: Vec<_> = url.query_pairs().into_owned().filter(|(name, _)| kept(name)).collect();
        let mut recorded = self.query.clone();
        if pages && !recorded.iter().any(|(name, _)| name == "page") {
            recorded.push(("page".into(), "1".into()));
        }
        if pages && !recorded.iter().any(|(name, _)| name == "page_size") {
            recorded.push(("page_size".into(), "20".into()));
        }
        query.sort();
        recorded.sort();
        assert_eq!(query, recorded, "{name}");
        assert_eq!(sent.headers()[header::AUTHORIZATION], format!("Bearer {TOKEN}"), "{name}");
        let body: Value = serde_json::from_slice(sent.body()).unwrap_or_default();
        assert_eq!(body, self.body, "{name}");
        assert_eq!(sent.headers().contains_key(header::CONTENT_TYPE), !self.body.is_null(), "{name}");
    }
}

fn is_page(name: &str) -> bool {
    matches!(name, "page" | "page_size")
}

/// Replays a folder: `perform` does with our client what was recorded. `refused` has the code of ours for each answer that is no success, `not_ours`
/// the exchanges that our client cannot have. Returns how many were replayed.
pub async fn replay(
    folder: &str,
    not_ours: &[&str],
    refused: &[(&str, &str)],
    perform: impl AsyncFn(&Recorded) -> Result<()>,
) -> usize {
    let files = std::fs::read_dir(format!("{}/tests/fixtures/logto/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let names = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).collect();
    names.sort();
    for listed in not_ours.iter().chain(refused.iter().map(|(name, _)| name)) {
        assert!(names.iter().any(|name| name == listed), "{listed} is not recorded");
    }
    names.retain(|name| !not_ours.contains(&name.as_str()));
    for name in &names {
        let logto = StandIn::default();
        let recorded = Recorded::read(folder, name, &logto);
        let outcome = perform(&recorded).await;
        let code = refused.iter().find(|(refused, _)| refused == name).map(|(_, code)| *code);
        recorded.compare(&logto, &outcome, code);
    }
    names.len()
}
