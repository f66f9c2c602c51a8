//! The service and its client: what `tonic-build` makes of a `.proto` file. Written by hand, this example builds without `protoc`.
//!
//! ```proto
//! package library;
//!
//! service Library {
//!   rpc ListBooks(Shelf) returns (Books);
//!   rpc AddBook(Book) returns (Books);
//! }
//! ```

use std::{
    convert::Infallible,
    sync::{Arc, PoisonError, RwLock},
    task::{Context, Poll},
};

use logto::{Error, api::ApiAuth, integrate::AuthResponse};
use tonic::{
    Request, Response, Status,
    body::Body,
    client,
    codegen::{BoxFuture, Service, http, http::uri::PathAndQuery},
    server::{Grpc, NamedService, UnaryService},
    transport::Channel,
};
use tonic_prost::ProstCodec;

#[derive(Clone, PartialEq, prost::Message)]
pub struct Shelf {}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Book {
    #[prost(string, tag = "1")]
    pub title: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Books {
    /// Who asked.
    #[prost(string, tag = "1")]
    pub reader: String,
    #[prost(string, repeated, tag = "2")]
    pub titles: Vec<String>,
}

const LIST_BOOKS: &str = "/library.Library/ListBooks";
const ADD_BOOK: &str = "/library.Library/AddBook";

#[derive(Clone, Default)]
pub struct Library {
    titles: Arc<RwLock<Vec<String>>>,
}

impl Library {
    /// The layer has let nobody through without `read:books`.
    fn list(&self, auth: &ApiAuth) -> Books {
        let titles = self.titles.read().unwrap_or_else(PoisonError::into_inner).clone();
        Books { reader: auth.sub().to_owned(), titles }
    }

    /// What one call alone asks for is asked in it.
    fn add(&self, auth: &ApiAuth, book: Book) -> Result<Books, Status> {
        auth.require_scopes(["write:books"]).map_err(|error| status(&error))?;
        self.titles.write().unwrap_or_else(PoisonError::into_inner).push(book.title);
        Ok(self.list(auth))
    }
}

/// Who calls, from the layer.
fn caller<T>(request: &Request<T>) -> Result<&ApiAuth, Status> {
    request.extensions().get().ok_or_else(|| Status::internal("the layer `logto::tower::api` is missing"))
}

/// An error of ours as a status of gRPC.
fn status(error: &Error) -> Status {
    let response = http::Response::<String>::from(AuthResponse::grpc(error));
    Status::from_header_map(response.headers()).unwrap_or_else(|| Status::internal("no status"))
}

// What `tonic-build` writes.

impl NamedService for Library {
    const NAME: &'static str = "library.Library";
}

struct ListBooks(Library);

impl UnaryService<Shelf> for ListBooks {
    type Response = Books;
    type Future = BoxFuture<Response<Books>, Status>;

    fn call(&mut self, request: Request<Shelf>) -> Self::Future {
        let books = caller(&request).map(|auth| Response::new(self.0.list(auth)));
        Box::pin(async { books })
    }
}

struct AddBook(Library);

impl UnaryService<Book> for AddBook {
    type Response = Books;
    type Future = BoxFuture<Response<Books>, Status>;

    fn call(&mut self, request: Request<Book>) -> Self::Future {
        let library = self.0.clone();
        Box::pin(async move {
            let auth = caller(&request)?.clone();
            library.add(&auth, request.into_inner()).map(Response::new)
        })
    }
}

impl Service<http::Request<Body>> for Library {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let library = self.clone();
        Box::pin(async move {
            Ok(match request.uri().path() {
                LIST_BOOKS => Grpc::new(ProstCodec::default()).unary(ListBooks(library), request).await,
                ADD_BOOK => Grpc::new(ProstCodec::default()).unary(AddBook(library), request).await,
                _ => Status::unimplemented("there is no such call").into_http(),
            })
        })
    }
}

pub struct Client {
    calls: client::Grpc<Channel>,
    token: Option<String>,
}

impl Client {
    pub fn new(channel: Channel, token: Option<String>) -> Self {
        Self { calls: client::Grpc::new(channel), token }
    }

    pub async fn list_books(&mut self) -> Result<Books, Status> {
        self.call(LIST_BOOKS, Shelf {}).await
    }

    pub async fn add_book(&mut self, title: &str) -> Result<Books, Status> {
        self.call(ADD_BOOK, Book { title: title.to_owned() }).await
    }

    async fn call<M: prost::Message + 'static>(&mut self, path: &'static str, message: M) -> Result<Books, Status> {
        let mut request = Request::new(message);
        if let Some(token) = &self.token {
            let value = format!("Bearer {token}").parse().map_err(|_| Status::internal("no token"))?;
            request.metadata_mut().insert("authorization", value);
        }
        self.calls.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let codec = ProstCodec::default();
        self.calls.unary(request, PathAndQuery::from_static(path), codec).await.map(Response::into_inner)
    }
}
