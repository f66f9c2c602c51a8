//! The same step for one, ten, a hundred and a thousand times the work: none may grow faster than the work does.

use std::time::Duration;

use logto::{HeaderCookies, LogtoClient, TokenOptions, store::MemoryStore, testing::TestSession};
use logto_benches::{User, at_once};
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{
    Pace, Result,
    figure::cpu_ns,
    plot::{self, Curve},
    row::{Bound, Row, Spread},
};

/// Measured for a while: nanoseconds of one request.
type Step = Box<dyn FnMut(Duration) -> f64>;
/// A step for a size of the work.
type StepOf = fn(u32) -> Result<Step>;

/// And draws them, where the measure is one.
pub fn rows(pace: Pace) -> Result<Vec<Row>> {
    let curves = curves(pace)?;
    let svg = plot::svg(&curves)?;
    if !pace.is_smoke() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/images/growth.svg"), svg)?;
    }
    Ok(curves.iter().map(Curve::row).collect())
}

fn curves(pace: Pace) -> Result<Vec<Curve>> {
    let thousand = [1, 10, 100, 1000].as_slice();
    Ok(vec![
        curve("organizations of the user", thousand, organizations, pace)?,
        // A session keeps at most 128 access tokens.
        curve("access tokens in the session", &[1, 10, 100], access_tokens, pace)?,
        curve("requests at once", thousand, requests, pace)?,
        curve("sessions in the store", thousand, sessions, pace)?,
    ])
}

fn curve(name: &'static str, sizes: &[u32], step: StepOf, pace: Pace) -> Result<Curve> {
    let point = |&size: &u32| {
        let mut step = step(size)?;
        let samples = (0..=pace.rounds).map(|_| step(pace.turn / 4)).skip(1).collect();
        Ok((size, Spread::of(samples).median))
    };
    Ok(Curve { name, points: sizes.iter().map(point).collect::<Result<_>>()? })
}

impl Curve {
    /// The steepest part: how much the time grew, by how much the work did.
    fn row(&self) -> Row {
        let steepest = self.points.windows(2).map(|pair| {
            let ((size, time), (next_size, next_time)) = (pair[0], pair[1]);
            (next_time / time) / (f64::from(next_size) / f64::from(size))
        });
        let steepest = steepest.fold(0.0, f64::max);
        Row::exact(self.name, "times", steepest, ("linear growth", 1.0), Bound::AtMostTimes(1.0))
    }
}

fn organizations(count: u32) -> Result<Step> {
    let user =
        (0..count).fold(TestSession::new(), |user, number| user.organization(format!("{number:012}"), &["member"]));
    reading(&User::client_with(MemoryStore::new()), &user)
}

fn access_tokens(count: u32) -> Result<Step> {
    let user = (0..count).fold(TestSession::new(), |user, number| {
        user.access_token(
            TokenOptions::new().resource(format!("https://{number}.example.test")),
            "an-opaque-token-of-43-letters-and-so-many-m",
            &["read"],
        )
    });
    reading(&User::client_with(MemoryStore::new()), &user)
}

fn sessions(count: u32) -> Result<Step> {
    let logto = User::client_with(MemoryStore::new());
    for _ in 1..count {
        drop(at_once(TestSession::new().cookies(logto.config()))?);
    }
    reading(&logto, &TestSession::new())
}

fn reading(logto: &LogtoClient, user: &TestSession) -> Result<Step> {
    let (logto, cookies) = (logto.clone(), at_once(user.cookies(logto.config()))?);
    Ok(Box::new(move |turn| cpu_ns(turn, || drop(claims(&logto, &cookies)))))
}

/// So many requests begun before the first has ended; the time of one.
fn requests(count: u32) -> Result<Step> {
    let (runtime, logto) = (Runtime::new()?, User::client_with(MemoryStore::new()));
    let cookies = at_once(TestSession::new().cookies(logto.config()))?;
    Ok(Box::new(move |_| {
        let start = std::time::Instant::now();
        runtime.block_on(async {
            let request = |_| {
                let (logto, cookies) = (logto.clone(), cookies.clone());
                async move {
                    for _ in 0..10 {
                        drop(logto.get_id_token_claims(&cookies).await.expect("a session"));
                        tokio::task::yield_now().await;
                    }
                }
            };
            (0..count).map(request).collect::<JoinSet<_>>().join_all().await
        });
        start.elapsed().as_secs_f64() * 1e9 / f64::from(count) / 10.0
    }))
}

fn claims(logto: &LogtoClient, cookies: &HeaderCookies) -> logto::IdTokenClaims {
    at_once(logto.get_id_token_claims(cookies)).expect("no failure").expect("somebody is signed in")
}
