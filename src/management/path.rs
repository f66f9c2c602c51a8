//! The address of a request, below `/api`.

use std::fmt;

use http::{Method, Request, header};
use url::form_urlencoded::Serializer;

use crate::{
    error::{Code, Error, Result},
    logto_api::ApiPath,
};

/// A path below `/api`, with its query. An id in it is one segment, whatever characters it has.
///
/// ```
/// use logto::management::Path;
///
/// let path = Path::new("/users").id("j47irv1bfz5h").then("roles").query("page_size", "100");
/// ```
///
/// A text is a path, too, `"/users?page=2"`; use it for texts of your own.
#[derive(Clone)]
#[must_use]
pub struct Path {
    /// `None` with an id that no path can hold.
    path: Option<ApiPath>,
    query: Vec<(String, String)>,
}

impl Path {
    /// Returns a path of your own, such as `/users`. A leading `/api` is left out.
    pub fn new(path: &str) -> Self {
        let path = path.strip_prefix("/api/").unwrap_or(path);
        Self { path: Some(ApiPath::new(path.trim_start_matches('/'))), query: Vec::new() }
    }

    /// Adds an id, a name or an email domain as one segment.
    pub fn id(mut self, id: impl AsRef<str>) -> Self {
        self.path = self.path.and_then(|path| path.id(id.as_ref()));
        self
    }

    /// Adds further segments of your own.
    pub fn then(mut self, path: &str) -> Self {
        self.path = self.path.map(|known| known.then(path.trim_start_matches('/')));
        self
    }

    /// Adds a parameter of the query.
    #[allow(clippy::needless_pass_by_value, reason = "a number and a text are given as they are")]
    pub fn query(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.query.push((name.into(), value.to_string()));
        self
    }

    /// Returns the request.
    ///
    /// # Errors
    /// `management.not_found` for an id that no path can hold: nothing has it.
    pub(super) fn request(&self, method: Method, body: Option<Vec<u8>>) -> Result<http::Result<Request<Vec<u8>>>> {
        let path = self.path.as_ref().ok_or_else(|| {
            Error::new(
                Code::ManagementNotFound,
                "nothing was asked: no id of Logto is empty, longer than 256 bytes, `.` or `..`",
            )
        })?;
        let mut uri = format!("/{}", path.as_str());
        if !self.query.is_empty() {
            uri.push(if uri.contains('?') { '&' } else { '?' });
            uri.push_str(&Serializer::new(String::new()).extend_pairs(&self.query).finish());
        }
        let request = Request::builder().method(method).uri(uri).header(header::ACCEPT, "application/json");
        Ok(match body {
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(body),
            None => request.body(Vec::new()),
        })
    }
}

/// Without the query, which may name people.
impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Path").field("path", &self.path).finish_non_exhaustive()
    }
}

impl From<&str> for Path {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}
