//! The network: HTTP/1.1 on a loopback port.

mod backchannel;
mod deliveries;
pub(super) mod fault;
mod outgoing;
pub(super) mod running;
pub(super) mod shared;

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use cookie::time::OffsetDateTime;
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::{
    Request, Response, StatusCode,
    body::{Body, Frame, Incoming},
    header::{DATE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{Interval, MissedTickBehavior, interval, sleep},
};

use self::{
    fault::{Fault, Kind},
    shared::Shared,
};
use super::messages::{reply::Reply, request::RecordedRequest};

const BODY_LIMIT: usize = 1024 * 1024;
/// A picture may have 20 MiB at Logto; what is a little larger is refused in words.
const UPLOAD_LIMIT: usize = 24 * 1024 * 1024;

/// The connections end with this task: the set aborts what it holds.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, shared.clone()));
                }
                Err(error) => {
                    tracing::debug!(%error, "MockLogto could not accept a connection");
                    sleep(Duration::from_millis(10)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let shared = shared.clone();
        async move { answer(&shared, request).await }
    });
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "MockLogto lost a connection");
    }
}

type Answer = Response<Either<Full<Bytes>, Drip>>;

/// Why the connection ends without an answer.
#[derive(Debug)]
struct Hangup;

impl std::fmt::Display for Hangup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is dropped, as a fault demands")
    }
}

impl std::error::Error for Hangup {}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Result<Answer, Hangup> {
    let (head, body) = request.into_parts();
    let limit = if head.uri.path().starts_with("/api/my-account/user-assets/") { UPLOAD_LIMIT } else { BODY_LIMIT };
    let Ok(body) = Limited::new(body, limit).collect().await else {
        return Ok(whole(Reply::empty(413)));
    };
    let request = RecordedRequest::new(head.method, &head.uri, head.headers, body.to_bytes());
    shared.record(&request);
    let mut answer = match shared.fault(&request) {
        Some(fault) => fail(shared, &request, fault).await?,
        None => whole(shared.process(&request).await),
    };
    answer.headers_mut().extend(date(shared.state().clock.now()).map(|date| (DATE, date)));
    Ok(answer)
}

/// `Date` by the server's own clock, which a test may have set wrong (RFC 9110 section 6.6.1).
fn date(now: SystemTime) -> Option<HeaderValue> {
    let now = OffsetDateTime::from(now);
    let short = |name: &dyn std::fmt::Display| name.to_string().chars().take(3).collect::<String>();
    let (weekday, month) = (short(&now.weekday()), short(&now.month()));
    let (day, year, hour, minute, second) = (now.day(), now.year(), now.hour(), now.minute(), now.second());
    let date = format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT");
    HeaderValue::try_from(date).ok()
}

async fn fail(shared: &Shared, request: &RecordedRequest, fault: Fault) -> Result<Answer, Hangup> {
    let reply = if fault.processes() { shared.process(request).await } else { Reply::default() };
    let retry_after = fault.retry_after_seconds();
    let mut answer = match fault.kind {
        Kind::Answer { status, content_type, body, location } => {
            let mut answer = whole(Reply::typed(status, &content_type, body));
            if let Some(location) = location.and_then(|location| HeaderValue::try_from(location).ok()) {
                answer.headers_mut().insert("location", location);
            }
            answer
        }
        Kind::Delay(time) => {
            sleep(time).await;
            whole(reply)
        }
        Kind::Drip(time) => {
            let (head, body) = response(reply).into_parts();
            Response::from_parts(head, Either::Right(Drip::new(body, time)))
        }
        Kind::Close => return Err(Hangup),
        Kind::Silence => std::future::pending().await,
    };
    if let Some(seconds) = retry_after {
        answer.headers_mut().insert("retry-after", seconds.into());
    }
    Ok(answer)
}

fn whole(reply: Reply) -> Answer {
    response(reply).map(|body| Either::Left(Full::new(body)))
}

fn response(reply: Reply) -> Response<Bytes> {
    let mut response = Response::new(reply.body);
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        // A value that is no header value comes from a test's own strings; it is left out.
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// A body that comes one byte at a time.
#[derive(Debug)]
struct Drip {
    bytes: Bytes,
    interval: Interval,
}

impl Drip {
    fn new(bytes: Bytes, time: Duration) -> Self {
        // An interval of zero is not allowed.
        let mut interval = interval(time.max(Duration::from_nanos(1)));
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { bytes, interval }
    }
}

impl Body for Drip {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.bytes.is_empty() {
            return Poll::Ready(None);
        }
        self.interval.poll_tick(context).map(|_| Some(Ok(Frame::data(self.bytes.split_to(1)))))
    }
}
