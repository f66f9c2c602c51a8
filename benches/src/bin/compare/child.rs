//! A program that this one has started, and that ends with it.

use std::process::{Child, Command};

use crate::Result;

pub struct OwnChild(pub Child);

impl OwnChild {
    pub fn start(command: &mut Command) -> Result<Self> {
        Ok(Self(command.spawn()?))
    }
}

impl Drop for OwnChild {
    fn drop(&mut self) {
        // It may already be gone.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
