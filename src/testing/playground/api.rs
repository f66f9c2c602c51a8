//! What the examples of APIs run on: a Logto, tokens to call with, and books.

use std::{
    collections::BTreeMap,
    env, fmt,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    PlaygroundError, error,
    port::{Port, in_use},
};
use crate::{
    api::{ApiAudience, ResourceServer, ResourceServerBuilder},
    client::LogtoClient,
    config::LogtoConfig,
    error::{Error, Result},
    scopes,
    session::HeaderCookies,
    testing::{MockLogto, MockOrganization, MockResource},
    types::{SignInOptions, TokenOptions},
};

const SCOPES: [&str; 2] = ["read:books", "write:books"];

/// An API to try things with, and commands that call it: for a first hour with any framework, not for production.
///
/// With `LOGTO_ENDPOINT` in the environment it takes the tokens of that Logto, set up by the `LOGTO_…` variables. Without, a [`MockLogto`]
/// runs inside and has issued three tokens.
///
/// | Variable | Default | |
/// |---|---|---|
/// | `PORT` | 3000 | where the API listens; `PORT` + 1 is for the Logto inside; with 0 the system chooses free ports |
/// | `LOGTO_RESOURCES` | `http://localhost:PORT` | the first is the API's identifier in Logto |
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use logto::{api::ApiAudience, testing::ApiPlayground};
///
/// let playground = ApiPlayground::start().await?;
/// let api = playground.resource_server().audience(ApiAudience::resource(playground.resource())).build()?;
/// println!("{playground}"); // what to call it with
/// # drop(api); Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ApiPlayground {
    port: Port,
    resource: String,
    /// The path of the API's metadata.
    metadata: Option<String>,
    embedded: Option<Arc<Embedded>>,
    books: Arc<Mutex<BTreeMap<Option<String>, Vec<String>>>>,
}

/// It lives as long as the last clone.
struct Embedded {
    mock: MockLogto,
    /// Each with the name that the commands call it by.
    tokens: [(&'static str, String); 3],
}

impl ApiPlayground {
    /// Starts it.
    ///
    /// # Errors
    /// If a variable of the environment is wrong or a port is taken.
    pub async fn start() -> Result<Self, PlaygroundError> {
        let port = Port::from_env()?;
        let resource = super::first_resource().unwrap_or_else(|| format!("http://localhost:{}", port.number));
        let embedded = match env::var_os("LOGTO_ENDPOINT") {
            Some(_) => None,
            None => Some(Arc::new(embedded(&port, &resource).await?)),
        };
        let books = BTreeMap::from([
            (None, vec!["Frankenstein".to_owned()]),
            (Some("org-acme".to_owned()), vec!["The Acme handbook".to_owned()]),
        ]);
        let mut playground = Self { port, resource, metadata: None, embedded, books: Arc::new(Mutex::new(books)) };
        let api = playground.resource_server().audience(ApiAudience::resource(playground.resource())).build();
        let api = api.map_err(|cause| error(cause.to_string()))?;
        playground.metadata = api.protected_resource_metadata_paths().next().map(str::to_owned);
        Ok(playground)
    }

    /// The API's settings but for the audience, as a program makes them with `ResourceServer::builder().endpoint(…)`.
    pub fn resource_server(&self) -> ResourceServerBuilder {
        match &self.embedded {
            Some(embedded) => ResourceServer::builder().endpoint(embedded.mock.endpoint()),
            None => ResourceServerBuilder::from_env(),
        }
    }

    /// The API's identifier in Logto.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Where to listen: on this machine alone.
    #[must_use]
    pub fn address(&self) -> ([u8; 4], u16) {
        ([127, 0, 0, 1], self.port.number)
    }

    /// The books of an organization, or those that belong to none.
    #[must_use]
    pub fn books(&self, organization: Option<&str>) -> Vec<String> {
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.get(&organization.map(str::to_owned)).cloned().unwrap_or_default()
    }

    /// Adds a book to them.
    pub fn add_book(&self, organization: Option<&str>, title: impl Into<String>) {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.entry(organization.map(str::to_owned)).or_default().push(title.into());
    }
}

async fn embedded(port: &Port, resource: &str) -> Result<Embedded, PlaygroundError> {
    let next = port.next()?;
    let mock = MockLogto::builder()
        .port(next)
        .resource(SCOPES.into_iter().fold(MockResource::new(resource), MockResource::scope))
        .role("librarian", resource, &SCOPES)
        .role("reader", resource, &["read:books"])
        .organization(MockOrganization::new("org-acme").name("Acme").role_for_resource("admin", resource, &SCOPES))
        .start()
        .await
        .map_err(|cause| in_use(next, &cause))?;
    mock.update_user("bob", |bob| bob.role("reader"));
    let tokens = tokens(&mock, resource).await.map_err(|cause| error(cause.to_string()))?;
    Ok(Embedded { mock, tokens })
}

/// As an application gets them that signs these users in.
async fn tokens(mock: &MockLogto, resource: &str) -> Result<[(&'static str, String); 3]> {
    let config = LogtoConfig::builder()
        .endpoint(mock.endpoint())
        .app_id(mock.app_id())
        .app_secret(mock.app_secret())
        .base_url("http://localhost:3000")
        .cookie_secret("a secret for the examples alone, never for production")
        .scopes(SCOPES.into_iter().chain([scopes::ORGANIZATIONS]))
        .resources([resource]);
    let logto = LogtoClient::new(config.build()?)?;
    let token = async |user: &str, organization: Option<&str>| {
        let mut cookies = HeaderCookies::parse("");
        let redirect = logto.sign_in(&mut cookies, SignInOptions::new()).await?;
        let callback = mock.sign_in(redirect.location(), user).await;
        _ = logto.handle_sign_in(&mut cookies, &callback).await?;
        let options = TokenOptions::new().resource(resource);
        let options = organization.into_iter().fold(options, TokenOptions::organization);
        Ok::<_, Error>(logto.get_access_token(&mut cookies, options).await?.token().to_owned())
    };
    Ok([
        ("ADA", token("ada", None).await?),
        ("BOB", token("bob", None).await?),
        ("ACME", token("ada", Some("org-acme")).await?),
    ])
}

/// What to call the API with. Each line that begins with two blanks is a command for a shell.
impl fmt::Display for ApiPlayground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (reader, writer, member) = if let Some(embedded) = &self.embedded {
            writeln!(
                f,
                "An embedded Logto answers at {}. These tokens of it are good for an hour: Ada may read and write books, Bob may read\n\
                 them, and with the third Ada works in her organization.\n",
                embedded.mock.endpoint()
            )?;
            embedded.tokens.iter().try_for_each(|(name, token)| writeln!(f, "  {name}={token}"))?;
            ("BOB", "ADA", "ACME")
        } else {
            let resource = &self.resource;
            writeln!(
                f,
                "Register in Logto Console › API resources: {resource} with the permissions read:books and write:books, and grant them by a\n\
                 role. Get an access token for it, as in examples/axum.rs with LOGTO_RESOURCES={resource}\n\
                 LOGTO_SCOPES=\"read:books write:books\", and put it here:\n\n  TOKEN=…",
            )?;
            ("TOKEN", "TOKEN", "TOKEN")
        };
        let url = format!("http://localhost:{}", self.port.number);
        let mut curl = |what: &str, path: &str, token: &str, rest: &str| {
            let header = match token {
                "" => String::new(),
                token => format!(" -H \"Authorization: Bearer ${token}\""),
            };
            writeln!(f, "\n{what}\n\n  curl -i -w '\\n' {url}{path}{header}{rest}")
        };
        curl("For everyone, and by name for those who send a token:", "/", "", "")?;
        curl("The same with one:", "/", writer, "")?;
        curl("With read:books:", "/books", reader, "")?;
        curl("With write:books:", "/books", writer, " --data Middlemarch")?;
        if self.embedded.is_some() {
            curl("Bob lacks that, and is told so:", "/books", reader, " --data Middlemarch")?;
        }
        curl("In an organization:", "/organizations/org-acme/books", member, "")?;
        match &self.metadata {
            Some(path) => curl("What the API says of itself:", path, "", ""),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ApiPlayground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiPlayground").field("port", &self.port.number).finish_non_exhaustive()
    }
}
