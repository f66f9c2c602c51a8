//! An HTTP client that a test stands in the way of: another server answers, or the right answer arrives changed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{Request, Response};
use logto::{
    integrate::{BoxError, BoxFuture, HttpClient},
    testing::Endpoint,
};

use crate::plain_http::plain_http;

pub type Spoil = Arc<dyn Fn(&mut Response<Vec<u8>>) + Send + Sync>;

/// The crate's own client (rustls, no redirects), with an obstacle.
#[derive(Clone)]
pub struct Detour(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    obstacle: Option<(Endpoint, Obstacle)>,
    /// What happens once, right after an endpoint has answered.
    afterwards: Option<(Endpoint, Box<dyn FnOnce() + Send>)>,
    largest: usize,
    asked: usize,
}

#[derive(Clone)]
pub enum Obstacle {
    /// Another server, by its origin, gets the request.
    To(String),
    /// The answer is changed.
    Spoil(Spoil),
}

impl Detour {
    pub fn new() -> Self {
        Self::with(plain_http().redirect(reqwest::redirect::Policy::none()).build().unwrap())
    }

    pub fn with(http: reqwest::Client) -> Self {
        Self(Arc::new(Inner { http, state: Mutex::default() }))
    }

    pub fn set(&self, endpoint: Endpoint, obstacle: Obstacle) {
        self.state().obstacle = Some((endpoint, obstacle));
    }

    pub fn clear(&self) {
        self.state().obstacle = None;
    }

    pub fn after(&self, endpoint: Endpoint, act: impl FnOnce() + Send + 'static) {
        self.state().afterwards = Some((endpoint, Box::new(act)));
    }

    /// The size of the largest body that the crate was given.
    pub fn largest(&self) -> usize {
        self.state().largest
    }

    /// How many requests went this way.
    pub fn asked(&self) -> usize {
        self.state().asked
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpClient for Detour {
    fn send(
        &self,
        mut request: Request<Vec<u8>>,
        max_body_bytes: usize,
    ) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        Box::pin(async move {
            let path = request.uri().path().to_owned();
            let obstacle = {
                let mut state = self.state();
                state.asked += 1;
                state.obstacle.clone().filter(|(endpoint, _)| is_at(*endpoint, &path))
            };
            if let Some((_, Obstacle::To(origin))) = &obstacle {
                *request.uri_mut() = format!("{origin}{path}").parse()?;
            }
            let mut response = HttpClient::send(&self.0.http, request, max_body_bytes).await?;
            if let Some((_, Obstacle::Spoil(spoil))) = &obstacle {
                spoil(&mut response);
            }
            let act = {
                let mut state = self.state();
                state.largest = state.largest.max(response.body().len());
                state.afterwards.take_if(|(endpoint, _)| is_at(*endpoint, &path))
            };
            if let Some((_, act)) = act {
                act();
            }
            Ok(response)
        })
    }
}

fn is_at(endpoint: Endpoint, path: &str) -> bool {
    path == match endpoint {
        Endpoint::Discovery => "/oidc/.well-known/openid-configuration",
        Endpoint::Jwks => "/oidc/jwks",
        Endpoint::Token => "/oidc/token",
        Endpoint::UserInfo => "/oidc/me",
        Endpoint::Introspection => "/oidc/token/introspection",
        Endpoint::Revocation => "/oidc/token/revocation",
        _ => return false,
    }
}
