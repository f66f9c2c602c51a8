//! Opaque tokens: how often Logto is asked about them, and by how many at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{Request, Response};
use logto::{
    TokenOptions,
    api::{ApiAudience, ResourceServer, ResourceServerBuilder},
    integrate::{BoxError, BoxFuture, HttpClient},
    testing::{Endpoint, Fault},
};
use tokio::{sync::Semaphore, task::JoinSet};

use super::{Milestones, at_every_moment};
use crate::plain_http::plain_http;
use crate::support::{APP_SECRET, BOOKS, Site};

fn asking(site: &Site) -> ResourceServerBuilder {
    let api = ResourceServer::builder().config(site.logto.config()).audience(ApiAudience::resource(BOOKS));
    api.introspection("app", APP_SECRET)
}

/// An opaque token of ada's.
async fn opaque(site: &Site) -> String {
    let browser = site.signed_in("ada").await;
    let token = site.logto.get_access_token(&mut browser.request(), TokenOptions::new()).await.unwrap();
    site.mock.reset_counts();
    token.token().to_owned()
}

fn asked(site: &Site) -> usize {
    let asked = site.mock.request_count(Endpoint::Introspection);
    site.mock.reset_counts();
    asked
}

#[tokio::test]
async fn an_opaque_token_that_was_taken_is_taken_for_as_long_as_is_set() {
    let site = Site::start().await;
    let token = opaque(&site).await;
    let api = asking(&site).introspection_cache(Duration::from_secs(30)).build().unwrap();
    for (seconds, asks) in [(0, 1), (0, 0), (29, 0), (1, 1), (10, 0)] {
        site.advance(seconds);
        let auth = api.verify(&token).await.unwrap();
        assert_eq!((auth.sub(), asked(&site)), ("user-ada", asks), "{seconds}");
    }
    // What was taken by a clock that was ahead is asked about again.
    site.clock.rewind(Duration::from_secs(11));
    api.verify(&token).await.unwrap();
    assert_eq!(asked(&site), 1);
    // What is revoked is taken until then.
    site.mock.revoke_all_grants();
    api.verify(&token).await.unwrap();
    site.advance(30);
    assert_eq!(api.verify(&token).await.unwrap_err().code(), "bearer_token.inactive");
}

#[tokio::test]
async fn an_opaque_token_is_never_taken_past_its_end() {
    let site = Site::start().await;
    let token = opaque(&site).await;
    let api = asking(&site).introspection_cache(Duration::from_secs(1_000_000)).leeway(Duration::ZERO).build().unwrap();
    let exp = api.verify(&token).await.unwrap().expires_at();
    let left = exp.duration_since(logto::integrate::Clock::now(&site.clock)).unwrap().as_secs();
    site.advance(left - 1);
    api.verify(&token).await.unwrap();
    assert_eq!(asked(&site), 1);
    site.advance(2);
    assert_eq!(api.verify(&token).await.unwrap_err().code(), "bearer_token.inactive");
}

#[tokio::test]
async fn by_default_each_request_introspects_an_opaque_token() {
    let site = Site::start().await;
    let token = opaque(&site).await;
    for api in [asking(&site), asking(&site).introspection_cache(Duration::from_secs(30)).token_cache_capacity(0)] {
        let api = api.build().unwrap();
        for _ in 0..3 {
            api.verify(&token).await.unwrap();
            assert_eq!(asked(&site), 1);
        }
    }
}

#[tokio::test]
async fn an_opaque_token_that_was_refused_is_refused_for_a_second_without_asking() {
    let site = Site::start().await;
    let token = opaque(&site).await;
    let api = asking(&site).build().unwrap();
    for (seconds, asks) in [(0, 1), (0, 0), (1, 1)] {
        site.advance(seconds);
        assert_eq!(api.verify("invented").await.unwrap_err().code(), "bearer_token.inactive");
        assert_eq!(asked(&site), asks, "{seconds}");
    }
    // A hundred invented tokens push no good one out.
    let remembering =
        asking(&site).introspection_cache(Duration::from_secs(30)).token_cache_capacity(2).build().unwrap();
    remembering.verify(&token).await.unwrap();
    for number in 0..100 {
        remembering.verify(&format!("invented-{number}")).await.unwrap_err();
    }
    site.mock.reset_counts();
    remembering.verify(&token).await.unwrap();
    assert_eq!(asked(&site), 0);
    // What is no verdict is not remembered.
    site.mock.inject_fault(Endpoint::Introspection, Fault::status(503).times(1));
    assert_eq!(api.verify(&token).await.unwrap_err().code(), "introspection.failed");
    api.verify(&token).await.unwrap();
}

/// An HTTP client that holds introspections back, and counts how many there are at once.
#[derive(Clone)]
struct Held {
    http: reqwest::Client,
    open: Arc<Semaphore>,
    present: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl HttpClient for Held {
    fn send(
        &self,
        request: Request<Vec<u8>>,
        max_body_bytes: usize,
    ) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        Box::pin(async move {
            if !request.uri().path().ends_with("/introspection") {
                return HttpClient::send(&self.http, request, max_body_bytes).await;
            }
            self.most.fetch_max(self.present.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            self.open.acquire().await?.forget();
            let answer = HttpClient::send(&self.http, request, max_body_bytes).await;
            self.present.fetch_sub(1, Ordering::SeqCst);
            answer
        })
    }
}

#[tokio::test]
async fn invented_tokens_are_asked_about_by_sixty_four_at_once() {
    let site = Site::start().await;
    let http = Held {
        http: plain_http().build().unwrap(),
        open: Arc::new(Semaphore::new(0)),
        present: Arc::default(),
        most: Arc::default(),
    };
    let api = asking(&site).http_client(http.clone()).timeout(Duration::from_secs(120)).build().unwrap();
    api.warm_up().await.unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..200 {
        let api = api.clone();
        tasks.spawn(async move { api.verify(&format!("invented-{number}")).await.unwrap_err().code() });
    }
    while http.most.load(Ordering::SeqCst) < 64 {
        tokio::task::yield_now().await;
    }
    http.open.add_permits(1000);
    assert!(tasks.join_all().await.iter().all(|code| *code == "bearer_token.inactive"));
    assert_eq!((http.most.load(Ordering::SeqCst), asked(&site)), (64, 200));
}

#[tokio::test]
async fn callers_that_hang_up_free_their_introspections() {
    let http = Milestones::new();
    let site = Site::with(|mock| mock, |config| config.http_client(http.clone())).await;
    let token = opaque(&site).await;
    let api = asking(&site).build().unwrap();
    api.warm_up().await.unwrap();
    let moments = at_every_moment(async |moment| {
        let mut stays = false;
        for _ in 0..100 {
            stays = http.leaves_at(moment, api.verify(&token)).await;
        }
        api.verify(&token).await.unwrap();
        stays
    });
    assert!(moments.await >= 2);
}
