//! A client that speaks HTTP/2 from its first byte (RFC 9113 section 3.3), and keeps cookies.

use std::collections::BTreeMap;

use reqwest::{
    Client, Method, Version,
    header::{HeaderMap, HeaderValue},
    redirect::Policy,
};

/// How the cookies of a request are spread over `cookie` fields.
#[derive(Debug, Clone, Copy)]
pub enum Fields {
    AllInOne,
    /// Each cookie in a field of its own.
    Each,
    EachBackwards,
    InPairs,
}

pub struct Browser {
    pub cookies: BTreeMap<String, String>,
    /// One more field, in the middle.
    pub odd: Option<&'static [u8]>,
    fields: Fields,
    origin: String,
    http: Client,
}

pub struct Answer {
    pub body: String,
    headers: HeaderMap,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Who is signed in, as the start page says.
pub fn sub(answer: &Answer) -> &str {
    &answer.body
}

impl Browser {
    pub fn new(origin: String, fields: Fields) -> Self {
        let http = Client::builder().http2_prior_knowledge().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { cookies: BTreeMap::new(), odd: None, fields, origin, http }
    }

    /// What the next request has in its `cookie` fields.
    pub fn fields(&self) -> Vec<Vec<u8>> {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let together = match self.fields {
            Fields::AllInOne => cookies.len().max(1),
            Fields::Each | Fields::EachBackwards => 1,
            Fields::InPairs => 2,
        };
        let mut fields: Vec<_> = cookies.chunks(together).map(|field| field.join("; ").into_bytes()).collect();
        if let Fields::EachBackwards = self.fields {
            fields.reverse();
        }
        if let Some(odd) = self.odd {
            fields.insert(fields.len() / 2, odd.to_owned());
        }
        fields
    }

    pub async fn get(&mut self, target: &str) -> Answer {
        self.send(Method::GET, target).await
    }

    pub async fn post(&mut self, target: &str) -> Answer {
        self.send(Method::POST, target).await
    }

    async fn send(&mut self, method: Method, target: &str) -> Answer {
        let mut request = self.http.request(method, format!("{}{target}", self.origin));
        for (name, value) in
            [("accept", "text/html"), ("sec-fetch-mode", "navigate"), ("sec-fetch-site", "same-origin")]
        {
            request = request.header(name, value);
        }
        for field in self.fields() {
            request = request.header("cookie", HeaderValue::from_bytes(&field).unwrap());
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.version(), Version::HTTP_2);
        let headers = response.headers().clone();
        for cookie in headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            match cookie.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        Answer { headers, body: response.text().await.unwrap() }
    }
}
