//! Ports for servers that neither tell which port they got nor take a listener: Rocket, redis-server, an example whose address Logto has to
//! know before. All others listen on port 0.

use std::net::Ipv4Addr;

use tokio::net::TcpSocket;

/// A port of this machine that is ours from the moment it is chosen until this is dropped: bound, and not listened on.
///
/// No other program is given it by the system. A server that asks for just this port gets it beside us, as often as it is started, since a
/// socket that does not listen is in nobody's way (`SO_REUSEADDR`, which servers set). Where a system does not permit that (Linux does), the
/// port is let go at once.
pub struct Port {
    number: u16,
    _bound: Option<TcpSocket>,
}

impl Port {
    /// One that is free.
    pub fn reserve() -> Self {
        Self::at(0).expect("a free port")
    }

    /// This very one, unless somebody has it or has reserved it.
    pub fn at(number: u16) -> Option<Self> {
        let bound = bind(number, false)?;
        let number = bound.local_addr().unwrap().port();
        // From here on others may be bound to it that ask for this very port.
        bound.set_reuseaddr(SHARES).unwrap();
        let may_stay = bind(number, SHARES).is_some();
        Some(Self { number, _bound: may_stay.then_some(bound) })
    }

    pub fn number(&self) -> u16 {
        self.number
    }
}

/// As tokio's listeners are bound.
const SHARES: bool = cfg!(not(windows));

fn bind(number: u16, shares: bool) -> Option<TcpSocket> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(shares).unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, number).into()).ok().map(|()| socket)
}
