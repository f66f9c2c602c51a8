//! Where an example listens.

use std::{env, io, net::Ipv4Addr, sync::Arc};

use tokio::net::TcpSocket;

use super::{PlaygroundError, error};

/// A port of this machine that is the application's from the moment it is chosen: bound, and not listened on. The framework binds it, too,
/// which a socket that does not listen permits; nobody else is given it meanwhile, and nobody meets a listener that goes away again.
#[derive(Clone)]
pub(super) struct Port {
    pub(super) number: u16,
    /// The system has chosen it.
    any: bool,
    _bound: Option<Arc<TcpSocket>>,
}

impl Port {
    /// `PORT`; 3000 without, and for 0 one that is free.
    pub(super) fn from_env() -> Result<Self, PlaygroundError> {
        let asked = match env::var("PORT") {
            Ok(port) => port.parse().map_err(|_| error(format!("PORT is `{port}`, not a port number (0 to 65534)")))?,
            Err(_) => 3000,
        };
        // The framework would say less clearly that it cannot listen.
        Self::bound(asked).map_err(|cause| in_use(asked, &cause))
    }

    fn bound(asked: u16) -> io::Result<Self> {
        let bound = bind(asked)?;
        let number = bound.local_addr()?.port();
        // Systems differ in whether two sockets may be bound to one port. The framework's has to be.
        let may_stay = bind(number).is_ok();
        Ok(Self { number, any: asked == 0, _bound: may_stay.then(|| Arc::new(bound)) })
    }

    /// Where the Logto inside listens: on the next port, or on any.
    pub(super) fn next(&self) -> Result<u16, PlaygroundError> {
        if self.any {
            return Ok(0);
        }
        self.number.checked_add(1).ok_or_else(|| error("PORT is too high: PORT + 1 is needed, too"))
    }
}

/// As tokio's listeners are bound, and so those of every framework.
fn bind(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(cfg!(not(windows)))?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    Ok(socket)
}

pub(super) fn in_use(port: u16, cause: &io::Error) -> PlaygroundError {
    error(format!(
        "cannot listen on port {port}: {cause}. Another program may use it: stop that, or choose another port, as in PORT=4000 cargo run …; \
         with PORT=0 the system chooses free ones"
    ))
}
