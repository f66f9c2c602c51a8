//! A session without a sign-in.

use std::time::Duration;

use base64_simd::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::{
    claims::IdTokenClaims,
    config::LogtoConfig,
    secret::Secret,
    session::{Cookies, HeaderCookies, Jwt, LoadedSession, SessionData, StoredAccessToken, Subject},
    types::TokenOptions,
};

/// Forges the cookie of a signed-in user, for tests of pages that need one: no browser, no Logto, no network.
///
/// The cookie is sealed with the configuration's cookie secret, which is why nobody else can do it. The ID token in it is not signed by
/// anyone; nothing but Logto would look at its signature.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// # use logto::LogtoConfig;
/// use logto::testing::TestSession;
///
/// # let config = LogtoConfig::builder().endpoint("http://localhost:3001").app_id("app").base_url("http://localhost:3000")
/// #     .cookie_secret("0123456789abcdef0123456789abcdef").build()?;
/// let cookie = TestSession::new().sub("ada").role("librarian").organization("org-1", &["admin"]).cookie_header(&config).await?;
/// // send `Cookie: {cookie}` to your application
/// # assert!(cookie.starts_with("logto_app="));
/// # Ok::<(), logto::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct TestSession {
    claims: Map<String, Value>,
    refresh_token: Option<Secret>,
    access_tokens: Vec<(TokenOptions, Secret, String, Duration)>,
}

impl Default for TestSession {
    fn default() -> Self {
        Self::new()
    }
}

impl TestSession {
    /// A user with the `sub` "test-user", who signed in just now and has a refresh token that Logto does not know.
    pub fn new() -> Self {
        let claims = Map::from_iter([("sub".to_owned(), json!("test-user"))]);
        Self { claims, refresh_token: Some(Secret::new("test-refresh-token")), access_tokens: Vec::new() }
    }

    /// Who it is.
    #[expect(clippy::should_implement_trait)] // The claim has this name.
    pub fn sub(self, sub: impl Into<String>) -> Self {
        self.claim("sub", sub.into())
    }

    /// The display name.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.claim("name", name.into())
    }

    /// The e-mail address, verified.
    pub fn email(self, email: impl Into<String>) -> Self {
        self.claim("email", email.into()).claim("email_verified", true)
    }

    /// A global role.
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.push("roles", role.into());
        self
    }

    /// Membership of an organization, with roles in it.
    pub fn organization(mut self, id: impl Into<String>, roles: &[&str]) -> Self {
        let id = id.into();
        for role in roles {
            self.push("organization_roles", format!("{id}:{role}"));
        }
        self.push("organizations", id);
        self
    }

    /// Any claim of the ID token.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// An access token as the session would hold it, so that no request for one is made; it lives an hour.
    pub fn access_token(mut self, options: TokenOptions, token: impl Into<Secret>, scopes: &[&str]) -> Self {
        self.access_tokens.push((options, token.into(), scopes.join(" "), Duration::from_secs(3600)));
        self
    }

    /// A refresh token of your own, one of a [`MockLogto`](super::MockLogto) for example.
    pub fn refresh_token(mut self, token: impl Into<Secret>) -> Self {
        self.refresh_token = Some(token.into());
        self
    }

    /// No refresh token.
    pub fn without_refresh_token(mut self) -> Self {
        self.refresh_token = None;
        self
    }

    /// The value of the request's `Cookie` header.
    ///
    /// # Errors
    /// `session.too_large` for a user whose session no browser would keep, either.
    pub async fn cookie_header(&self, config: &LogtoConfig) -> crate::error::Result<String> {
        let mut pairs = Vec::new();
        self.cookies(config).await?.each(&mut |name, value| pairs.push(format!("{name}={value}")));
        Ok(pairs.join("; "))
    }

    /// The same as [`Cookies`], for calls without HTTP.
    ///
    /// # Errors
    /// See [`cookie_header`](Self::cookie_header).
    pub async fn cookies(&self, config: &LogtoConfig) -> crate::error::Result<HeaderCookies> {
        let now = config.now();
        let mut claims = self.claims.clone();
        for (name, value) in [
            ("iss", json!(config.issuer())),
            ("aud", json!(config.app_id)),
            ("iat", json!(now)),
            ("exp", json!(now.saturating_add(3600))),
        ] {
            claims.entry(name).or_insert(value);
        }
        let encode = |text: &str| URL_SAFE_NO_PAD.encode_to_string(text);
        let id_token = format!("{}.{}.", encode(r#"{"alg":"none"}"#), encode(&Value::Object(claims).to_string()));
        let jwt = Jwt::parse(&id_token).ok_or_else(|| {
            crate::error::Error::new(crate::error::Code::IdTokenMalformed, "the test session's ID token cannot be read")
        })?;
        let said: IdTokenClaims = serde_json::from_slice(jwt.payload()).map_err(|source| {
            crate::error::Error::new(
                crate::error::Code::IdTokenMalformed,
                "the test session's claims are none of an ID token",
            )
            .with_source(source)
        })?;
        let mut data = SessionData::begin(
            jwt,
            Subject::of(&said.sub, said.sid.as_deref()),
            crate::clock::date_seconds(said.iat),
            now,
        )?;
        data.refresh_token.clone_from(&self.refresh_token);
        for (options, token, scope, lifetime) in &self.access_tokens {
            let lifetime = crate::clock::whole_seconds(*lifetime);
            data.put_access_token(StoredAccessToken::new(options.key(), token.clone(), scope.clone(), now, lifetime));
        }
        let mut cookies = HeaderCookies::default();
        let mut loaded = LoadedSession::default();
        loaded.start(data);
        for cookie in loaded.commit(&config.cookies, now).await? {
            cookies.set(cookie);
        }
        Ok(cookies)
    }

    fn push(&mut self, name: &str, value: String) {
        match self.claims.entry(name).or_insert_with(|| json!([])) {
            Value::Array(values) => values.push(value.into()),
            other => *other = json!([value]),
        }
    }
}
