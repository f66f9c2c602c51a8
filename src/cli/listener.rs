//! The port of the loopback interface that the browser comes back to (RFC 8252 section 7.3).
//!
//! Whoever is on this machine can connect to it, and every page in the browser can make it do so. What does not hold the `state` of the sign-in
//! gets a short answer and changes nothing.

mod request;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use self::request::Request;
use crate::{
    error::{Code, Error, Result},
    oidc::callback::CallbackParams,
    response::AuthResponse,
    session::Transaction,
};

/// The path of the redirect URI.
const PATH: &str = "/callback";
/// How many connections are read at once. Browsers open a few ahead of their need.
const MAX_CONNECTIONS: usize = 32;

pub(super) struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    redirect_uri: String,
}

/// The browser that came back, and waits for its page.
pub(super) struct Callback {
    target: String,
    stream: TcpStream,
}

impl Listener {
    /// Listens on 127.0.0.1; where this machine has no IPv4, on `[::1]`. Nobody else in the network can connect.
    pub(super) async fn bind(port: Option<u16>) -> Result<Self> {
        let (v4, v6) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST));
        let mut bound = bind((v4, port.unwrap_or(0)).into()).await;
        if bound.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AddrNotAvailable) {
            bound = bind((v6, port.unwrap_or(0)).into()).await;
        }
        let (socket, address) = bound.map_err(|source| {
            let port = port.map_or_else(|| "no port".to_owned(), |port| format!("port {port} cannot be used: none"));
            Error::new(Code::CliPort, format!("{port} of the loopback interface can be listened on"))
                .with_source(source)
        })?;
        Ok(Self { socket, address, redirect_uri: format!("http://{address}{PATH}") })
    }

    pub(super) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The request with the answer of this sign-in. All others are answered meanwhile.
    pub(super) async fn callback(&self, transaction: &Transaction, application: &str) -> Result<Callback> {
        let mut reading = JoinSet::new();
        loop {
            tokio::select! {
                connection = self.socket.accept(), if reading.len() < MAX_CONNECTIONS => match connection {
                    Ok((stream, _)) => {
                        reading.spawn(request::read(stream));
                    }
                    // A connection that is gone again, or no more descriptors for a moment.
                    Err(_) => tokio::task::yield_now().await,
                },
                Some(read) = reading.join_next() => {
                    let Ok(Some((request, stream))) = read else { continue };
                    match self.judge(&request, transaction) {
                        Ok(()) => return Ok(Callback { target: request.target, stream }),
                        Err(status) => {
                            reading.spawn(refuse(stream, status, application.to_owned()));
                        }
                    }
                }
            }
        }
    }

    /// Whether `Host` names this address. A browser leaves the port out if it is 80.
    fn is_here(&self, host: &str) -> bool {
        host == self.address.to_string()
            || (self.address.port() == 80 && format!("{host}:80") == self.address.to_string())
    }

    /// Whether it is the browser with the answer; else the status for it.
    fn judge(&self, request: &Request, transaction: &Transaction) -> Result<(), u16> {
        if request.method != "GET" {
            return Err(405);
        }
        // Another name would be a page of somebody else's that resolves to this machine.
        if request.host.as_deref().is_some_and(|host| !self.is_here(host)) {
            return Err(421);
        }
        let path = request.target.split('?').next().unwrap_or_default();
        if path != PATH {
            return Err(404);
        }
        // A page that fetches or embeds the address is no browser that was led back.
        if request.fetch_mode.as_deref().is_some_and(|mode| mode != "navigate") {
            return Err(403);
        }
        // What a page embeds is navigated to, too.
        if request.fetch_dest.as_deref().is_some_and(|dest| dest != "document") {
            return Err(403);
        }
        match CallbackParams::parse(&request.target)
            .and_then(|params| params.state().map(|state| transaction.has_state(state)))
        {
            Ok(true) => Ok(()),
            // "Cancel" on Logto's consent page leads here without anything.
            Err(error) if error.is(Code::UserCancelled) => Ok(()),
            Ok(false) | Err(_) => Err(400),
        }
    }
}

async fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

impl Callback {
    /// The path and the query.
    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// Shows the user how it ended.
    pub(super) async fn answer(self, application: &str, failure: Option<&Error>) {
        write(self.stream, &AuthResponse::cli_page(application, failure)).await;
    }
}

/// For the loop, which reads nothing of it.
async fn refuse(stream: TcpStream, status: u16, application: String) -> Option<(Request, TcpStream)> {
    write(stream, &AuthResponse::cli_refusal(status, &application)).await;
    None
}

/// A browser that does not take it is left alone.
async fn write(mut stream: TcpStream, response: &AuthResponse) {
    let mut head = format!(
        "HTTP/1.1 {} \r\nconnection: close\r\ncontent-length: {}\r\n",
        response.status(),
        response.body().len()
    );
    for (name, value) in response.headers() {
        head.extend([name, ": ", value, "\r\n"]);
    }
    let text = head + "\r\n" + response.body();
    let written = async {
        stream.write_all(text.as_bytes()).await?;
        stream.shutdown().await
    };
    _ = tokio::time::timeout(request::TIMEOUT, written).await;
}
