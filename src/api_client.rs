//! Calls an API with an access token: replaces a token that the API refuses, and repeats a request that the API had no time for.

mod builder;
mod challenge;
mod headers;
mod reading;
mod replaced;
mod retry;
mod source;

use std::{fmt, sync::Arc};

use http::{HeaderValue, Method, Request, Response, StatusCode, header, request::Parts};
use url::Url;

pub use self::{builder::ApiClientBuilder, source::TokenSource};
use self::{
    builder::RetryBudget,
    headers::end_to_end,
    reading::{Reading, Streamed, Whole},
    replaced::Replacements,
    retry::Retries,
};
use crate::{
    client::AccessToken,
    clock::Clock,
    error::{Code, Error, Result},
    http::{BodyStream, Repeat, Transport, request, valid},
    types::TokenOptions,
};

/// One API: where it is, and for what its access tokens are. Cheap to clone; make one for each API and share it.
///
/// ```
/// # async fn example(machine: logto::machine::MachineClient, session: logto::RequestSession) -> logto::Result<()> {
/// use http::Request;
/// use logto::{TokenOptions, api_client::ApiClient};
///
/// let books = ApiClient::builder()
///     .base_url("https://api.example.com/v1")
///     .token_options(TokenOptions::new().resource("https://api.example.com").scopes(["read:books"]))
///     .build()?;
///
/// // As a machine, and as the user who is signed in.
/// let response = books.send(&machine, Request::get("/books?page=2").body(vec![]).unwrap()).await?;
/// let response = books.in_organization("acme-id").send(&session, Request::get("/books").body(vec![]).unwrap()).await?;
/// assert_eq!(response.status(), 200);
/// # Ok(()) }
/// ```
///
/// - **The token goes to this API alone**: to addresses below `base_url`, over https unless the API is on this machine. Redirects are not
///   followed; they are the response. Dots and slashes that are encoded do not lead out of the path of `base_url` either.
/// - **Headers**: the request's own go along, but for `Host`, `Cookie`, those that frame the body, and those of one connection, also by
///   the name that `Connection` gives them (RFC 9110 section 7.6.1). So a request that came in can be sent on, and its session stays here.
/// - **401**: the token is replaced once and the request sent again, if the challenge says `invalid_token` or nothing (RFC 6750 section 3.1).
///   A replacement that is refused within 30 seconds is not replaced: the refusal is the response.
///   `insufficient_scope` and `insufficient_user_authentication` (RFC 9470) come back as they are: a new token would not help.
/// - **429 and 503** with `Retry-After` (RFC 9110 section 10.2.3): the request is sent again after that time, as long as all waiting together
///   stays within [`max_retry_wait`](ApiClientBuilder::max_retry_wait), and at most three times. After 429 any request is repeated: it was turned away.
///   After 503 only one of an idempotent method (RFC 9110 section 9.2.2), for it may have been carried out; see
///   [`retry_non_idempotent`](ApiClientBuilder::retry_non_idempotent).
/// - **A connection that breaks** before the response is complete: a request of an idempotent method is sent once more on another.
/// - Every other status is a response like any other. An error is what left no response, or no token.
#[derive(Clone)]
pub struct ApiClient {
    api: Arc<Api>,
    token: TokenOptions,
}

struct Api {
    base_url: Url,
    transport: Transport,
    retry_budget: RetryBudget,
    clock: Arc<dyn Clock>,
    replacements: Replacements,
}

impl ApiClient {
    /// Logto's own REST API, at an address that was judged already. It is asked again after 429 and 503 without `Retry-After`, too.
    #[cfg(feature = "management")]
    pub(crate) fn at_logto(
        base_url: Url,
        transport: Transport,
        token: TokenOptions,
        max_retry_wait: std::time::Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let retry_budget = RetryBudget { max_retry_wait, any_method: false, of_logto: true };
        let api = Api { base_url, transport, retry_budget, clock, replacements: Replacements::default() };
        Self { api: Arc::new(api), token }
    }

    /// Begins the settings.
    pub fn builder() -> ApiClientBuilder {
        ApiClientBuilder::default()
    }

    /// The same API, with tokens for an organization.
    #[must_use]
    pub fn in_organization(&self, id: impl Into<String>) -> Self {
        Self { api: Arc::clone(&self.api), token: self.token.clone().organization(id) }
    }

    /// The same API, with tokens that have these scopes in place of those of [`token`](ApiClientBuilder::token_options).
    #[must_use]
    pub fn with_scopes<S: AsRef<str>>(&self, scopes: impl IntoIterator<Item = S>) -> Self {
        Self { api: Arc::clone(&self.api), token: self.token.clone().scopes(scopes) }
    }

    /// Sends a request with an access token from `source`: a [`MachineClient`](crate::machine::MachineClient), the session of a user
    /// ([`RequestSession`](crate::RequestSession)), the user who called ([`OnBehalfOf`](crate::machine::OnBehalfOf)), or a token at hand ([`AccessToken`]).
    ///
    /// The request's address is a path, which is put behind `base_url`, or an absolute URL below it. `Authorization` is overwritten. The body
    /// is bytes, so that it can be sent again.
    ///
    /// # Errors
    /// Those of the source. `api.other_origin` where the address leads away from the API; nothing was sent then. `network.…`; where the
    /// connection broke, the API may have carried the request out.
    pub async fn send<B: Into<Vec<u8>>>(
        &self,
        source: &(impl TokenSource + ?Sized),
        request: Request<B>,
    ) -> Result<Response<Vec<u8>>> {
        self.call::<Whole>(source, request).await
    }

    /// Sends a request as [`send`](Self::send) does, and gives the response when its head is there: for server-sent events and large
    /// downloads. The timeout is for the head alone, and `max_body_bytes` does not count; see [`BodyStream::idle_limit`].
    ///
    /// ```
    /// # async fn example(books: logto::api_client::ApiClient, machine: logto::machine::MachineClient) -> logto::Result<()> {
    /// use http::Request;
    ///
    /// let response = books.send_streamed(&machine, Request::get("/news").body(vec![]).unwrap()).await?;
    /// let mut body = response.into_body();
    /// while let Some(bytes) = body.chunk().await? {
    ///     println!("{} bytes", bytes.len());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of [`send`](Self::send), and `config.http_client` where the client is an [`HttpClient`](crate::integrate::HttpClient) that cannot do so.
    pub async fn send_streamed<B: Into<Vec<u8>>>(
        &self,
        source: &(impl TokenSource + ?Sized),
        request: Request<B>,
    ) -> Result<Response<BodyStream>> {
        self.call::<Streamed>(source, request).await
    }

    async fn call<R: Reading>(
        &self,
        source: &(impl TokenSource + ?Sized),
        request: Request<impl Into<Vec<u8>>>,
    ) -> Result<Response<R::Body>> {
        let Self { api, token: options } = self;
        let (parts, body) = request.into_parts();
        let (url, body) = (api.url(&parts)?, body.into());
        let mut token = source.access_token(options).await?;
        let mut is_replaced = false;
        let mut retries = Retries::new(&api.retry_budget);
        loop {
            let response = api.send_with_token::<R>(&parts, &url, body.clone(), &token).await?;
            if response.status() == StatusCode::UNAUTHORIZED
                && !is_replaced
                && !api.replacements.has_recent(token.token(), api.clock.now())
                && challenge::is_about_the_token(response.headers())
            {
                is_replaced = true;
                let other = source.replace_rejected(&token, options).await?;
                if other.token() == token.token() {
                    return Ok(response);
                }
                api.replacements.remember(other.token(), api.clock.now());
                tracing::debug!(target: "logto::api", "the API refused the access token; another is tried");
                token = other;
                continue;
            }
            let Some(wait) = retries.next_wait(&parts.method, &response, api.clock.now()) else {
                return Ok(response);
            };
            tracing::debug!(target: "logto::api", status = response.status().as_u16(), ?wait, "the API asks to come back later");
            tokio::time::sleep(wait).await;
        }
    }
}

impl Api {
    /// The address of the request, which must be the API's own.
    fn url(&self, parts: &Parts) -> Result<Url> {
        let uri = &parts.uri;
        let base = self.base_url.as_str().trim_end_matches('/');
        let text = match (uri.scheme(), uri.authority()) {
            (None, None) if uri.path().starts_with('/') => format!("{base}{uri}"),
            (None, _) => return Err(self.other_origin_error("it is no path, which begins with a slash")),
            (Some(_), _) => uri.to_string(),
        };
        let url = Url::parse(&text).map_err(|source| self.other_origin_error("it is no URL").with_source(source))?;
        // Compared after dots in the path are resolved, as they are sent.
        let base_path = self.base_url.path().trim_end_matches('/');
        let below = url.path().strip_prefix(base_path).is_some_and(|rest| rest.starts_with('/') || rest.is_empty());
        let anonymous = url.username().is_empty() && url.password().is_none();
        if url.origin() != self.base_url.origin() || !anonymous {
            return Err(self.other_origin_error("it leads to another origin"));
        }
        if !below || leaves_base_path(url.path().get(base_path.len()..).unwrap_or_default()) {
            return Err(self.other_origin_error("it leads outside of the path of `base_url`"));
        }
        Ok(url)
    }

    fn other_origin_error(&self, why: &str) -> Error {
        Error::new(Code::ApiOtherOrigin, format!("the request's address is not below {}: {why}", self.base_url))
    }

    async fn send_with_token<R: Reading>(
        &self,
        parts: &Parts,
        url: &Url,
        body: Vec<u8>,
        token: &AccessToken,
    ) -> Result<Response<R::Body>> {
        let mut request = valid(request(parts.method.clone(), url).body(body))?;
        // In place of those of that name that the client sets itself.
        request.headers_mut().extend(end_to_end(&parts.headers));
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.token())).map_err(|_| {
            Error::new(Code::AccessTokenMalformed, "the access token has characters that no header may have")
        })?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        let repeat = match &parts.method {
            _ if self.retry_budget.any_method => Repeat::Always,
            &Method::DELETE if self.retry_budget.of_logto => Repeat::Never,
            method => Repeat::of(method),
        };
        R::exchange(&self.transport, request, repeat).await.map_err(with_api_hint)
    }
}

/// Whether a path leads above where it begins for a server that decodes it, once or more often, before it resolves dots.
fn leaves_base_path(path: &str) -> bool {
    let (mut path, mut before) = (path.to_ascii_lowercase(), String::new());
    while path != before {
        before = path;
        path = before.replace("%25", "%").replace("%2e", ".").replace("%2f", "/").replace("%5c", "\\");
    }
    let mut depth = 0_usize;
    for segment in path.split(['/', '\\']) {
        // Some servers take parameters off a segment first: `..;a=b`.
        match segment.split(';').next().unwrap_or_default() {
            "" | "." => {}
            ".." => match depth.checked_sub(1) {
                Some(above) => depth = above,
                None => return true,
            },
            _ => depth += 1,
        }
    }
    false
}

/// The error with a hint about the API, where it is the API and not Logto that could not be asked.
fn with_api_hint(error: Error) -> Error {
    let hint = match error.code_of() {
        Code::Unreachable => "Check that this server reaches the API's `base_url`: DNS, firewall, TLS certificates.",
        Code::Timeout => "The API did not answer in time: try again, or raise `timeout` of its `ApiClient`.",
        Code::BodyTooLarge => "Raise `max_body_bytes` of the `ApiClient`, or ask the API for less at once.",
        _ => return error,
    };
    error.with_hint(hint)
}

impl fmt::Debug for ApiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiClient")
            .field("base_url", &self.api.base_url.as_str())
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
