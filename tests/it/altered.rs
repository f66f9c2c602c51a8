//! An HTTP client whose answers a test changes, or makes up.

use std::sync::{Arc, Mutex};

use http::{Request, Response};
use logto::integrate::{BoxError, BoxFuture, HttpClient};

type Answer = Response<Vec<u8>>;
/// What is made of the answer to a request.
type Change = Box<dyn FnMut(&str, &mut Answer) + Send>;
/// The answer to a request that reaches no server.
type Instead = Box<dyn FnMut(&str) -> Option<Answer> + Send>;

#[derive(Clone)]
pub struct Altered(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    change: Mutex<Change>,
    instead: Mutex<Instead>,
    requests: Mutex<Vec<Request<Vec<u8>>>>,
}

impl Altered {
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            http: crate::http_browser::without_redirects(),
            change: Mutex::new(Box::new(|_, _| {})),
            instead: Mutex::new(Box::new(|_| None)),
            requests: Mutex::default(),
        }))
    }

    /// From now on, by the path of the request.
    pub fn change(&self, change: impl FnMut(&str, &mut Answer) + Send + 'static) {
        *self.0.change.lock().unwrap() = Box::new(change);
    }

    /// From now on, by the path of the request. `None` has the server asked.
    pub fn answer(&self, instead: impl FnMut(&str) -> Option<Answer> + Send + 'static) {
        *self.0.instead.lock().unwrap() = Box::new(instead);
    }

    /// How many requests went to this path since the last time.
    pub fn asked(&self, path: &str) -> usize {
        let mut requests = self.0.requests.lock().unwrap();
        let before = requests.len();
        requests.retain(|request| request.uri().path() != path);
        before - requests.len()
    }

    /// All requests since the last time.
    pub fn take_requests(&self) -> Vec<Request<Vec<u8>>> {
        std::mem::take(&mut self.0.requests.lock().unwrap())
    }
}

impl HttpClient for Altered {
    fn send(
        &self,
        request: Request<Vec<u8>>,
        max_body_bytes: usize,
    ) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        Box::pin(async move {
            self.0.requests.lock().unwrap().push(request.clone());
            let path = request.uri().path().to_owned();
            let instead = (self.0.instead.lock().unwrap())(&path);
            let mut answer = match instead {
                Some(answer) => answer,
                None => HttpClient::send(&self.0.http, request, max_body_bytes).await?,
            };
            (self.0.change.lock().unwrap())(&path, &mut answer);
            Ok(answer)
        })
    }
}

/// An answer with these headers and no body.
pub fn answer(status: u16, headers: &[(&str, &str)]) -> Answer {
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    answer.body(Vec::new()).unwrap()
}
