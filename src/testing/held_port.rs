//! A port that stays ours while nobody listens on it.

use std::{io, net::Ipv4Addr, sync::Arc};

use tokio::net::{TcpListener, TcpSocket};

/// A port of 127.0.0.1 that is ours from the moment it is chosen until the last clone is dropped: bound, and not listened on. A listener may
/// be bound beside it, which a socket that does not listen permits; the system gives the port to nobody else meanwhile, and nobody meets a
/// listener that goes away again.
///
/// Systems differ in whether two sockets may be bound to one port (Linux permits it). Where it is not permitted, the port is let go at once.
#[derive(Debug, Clone)]
pub(super) struct HeldPort {
    pub(super) number: u16,
    held: Option<Arc<TcpSocket>>,
}

impl HeldPort {
    /// This port, or for 0 one that is free.
    pub(super) fn bind(port: u16) -> io::Result<Self> {
        let held = bind(port)?;
        let number = held.local_addr()?.port();
        // Whoever listens on it has to be bound, too.
        let may_stay = bind(number).is_ok();
        Ok(Self { number, held: may_stay.then(|| Arc::new(held)) })
    }

    /// Listens, on the present runtime. From here on nobody else is bound to the port, also who asks for this very port.
    pub(super) fn listen(&self) -> io::Result<TcpListener> {
        self.share(SHARES)?;
        let listener = bind(self.number).and_then(|socket| socket.listen(BACKLOG));
        self.share(false)?;
        listener
    }

    fn share(&self, may: bool) -> io::Result<()> {
        self.held.as_ref().map_or(Ok(()), |held| held.set_reuseaddr(may))
    }
}

/// Connections that wait to be accepted, as tokio's listeners have it.
const BACKLOG: u32 = 1024;

/// As tokio's listeners are bound, and so those of every framework.
const SHARES: bool = cfg!(not(windows));

fn bind(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(SHARES)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    Ok(socket)
}
