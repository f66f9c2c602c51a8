//! Spans of the crate in OpenTelemetry, below the span of the request that the application serves.
//!
//! Nothing of it is on by default: the crate speaks `tracing`, and the application chooses whether and where to its spans are exported.

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::{Next, from_fn},
    response::{Html, Response},
    routing::get,
};
use logto::{LogtoClient, LogtoContext, RequestSession, SignedIn, TokenOptions};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanExporter};
use tracing::{Instrument, Subscriber, field::Empty};
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt};

/// A subscriber that gives spans to `exporter`: those of the crate and of this application, at `INFO`. In an application of your own take a
/// batch exporter, OTLP say; a simple one suits a terminal.
pub fn subscriber(exporter: impl SpanExporter + 'static) -> (impl Subscriber + Send + Sync, SdkTracerProvider) {
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter).build();
    let wanted = EnvFilter::new("logto=info,logto_example_opentelemetry=info,logto::testing=off");
    let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("logto-example")).with_filter(wanted);
    (tracing_subscriber::registry().with(spans), provider)
}

/// The application: sign-in, a page for everyone, and one with a token for the API `resource`.
pub fn app(logto: LogtoClient, resource: &str) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/access-token", get(access_token))
        .merge(logto::axum::routes(&logto)) // /logto/sign-in, /callback, /logto/sign-out
        .with_state(TokenOptions::new().resource(resource))
        .layer(logto::axum::layer(logto))
        // The last one is around all others: what the crate does for a request lies in the span of the request.
        .layer(from_fn(in_span))
}

async fn home(context: LogtoContext) -> Html<String> {
    Html(match context.claims() {
        Some(claims) => format!("{} is signed in: <a href=/access-token>a token for an API</a>", claims.sub),
        None => "<a href=/logto/sign-in>Sign in</a>".to_owned(),
    })
}

async fn access_token(
    _user: SignedIn,
    session: RequestSession,
    State(options): State<TokenOptions>,
) -> Result<String, logto::Error> {
    let token = session.get_access_token(options).await?;
    Ok(format!("it allows {}", token.scopes().join(" ")))
}

/// A span for each request that is served. The query is left out: a callback's holds a code.
async fn in_span(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str);
    let span = tracing::info_span!(
        "served",
        otel.name = format!("{} {route}", request.method()),
        otel.kind = "server",
        http.request.method = request.method().as_str(),
        http.route = route,
        http.response.status_code = Empty,
    );
    let response = next.run(request).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    response
}
