//! Where an example listens.

use std::{env, io};

use super::{super::held_port::HeldPort, PlaygroundError, error};

/// A port of this machine that is the application's from the moment it is chosen: the framework binds it beside us.
#[derive(Clone)]
pub(super) struct Port {
    pub(super) number: u16,
    /// The system has chosen it.
    any: bool,
    _held: HeldPort,
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
        let held = HeldPort::bind(asked)?;
        Ok(Self { number: held.number, any: asked == 0, _held: held })
    }

    /// Where the Logto inside listens: on the next port, or on any.
    pub(super) fn next(&self) -> Result<u16, PlaygroundError> {
        if self.any {
            return Ok(0);
        }
        self.number.checked_add(1).ok_or_else(|| error("PORT is too high: PORT + 1 is needed, too"))
    }
}

pub(super) fn in_use(port: u16, cause: &io::Error) -> PlaygroundError {
    error(format!(
        "cannot listen on port {port}: {cause}. Another program may use it: stop that, or choose another port, as in PORT=4000 cargo run …; \
         with PORT=0 the system chooses free ones"
    ))
}
