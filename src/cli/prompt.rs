//! What the user is told to do.

#[cfg(feature = "cli-qr")]
mod qr;

use std::{
    fmt,
    io::{self, Write},
    time::Duration,
};

use crate::oidc::device::DeviceAuthorization;

/// What the user is to do now: open an address, and perhaps enter a code there. `Display` says it in English, on several lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginPrompt {
    address: String,
    complete: Option<String>,
    user_code: Option<String>,
    expires_in: Option<Duration>,
    is_open: bool,
}

impl LoginPrompt {
    pub(super) fn of_browser(address: String, is_open: bool) -> Self {
        Self { address, complete: None, user_code: None, expires_in: None, is_open }
    }

    pub(super) fn of_device(waiting: &DeviceAuthorization) -> Self {
        Self {
            address: waiting.verification_uri.to_string(),
            complete: waiting.verification_uri_complete.as_ref().map(ToString::to_string),
            user_code: Some(waiting.user_code.clone()),
            expires_in: Some(waiting.lifetime),
            is_open: false,
        }
    }

    /// The address to open: on this machine, or with a [`user_code`](Self::user_code) on any.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The same with the code in it, for a link or a QR code. The user compares the code on the page with the one here.
    #[must_use]
    pub fn address_with_code(&self) -> Option<&str> {
        self.complete.as_deref()
    }

    /// The code to enter, of the device flow.
    #[must_use]
    pub fn user_code(&self) -> Option<&str> {
        self.user_code.as_deref()
    }

    /// How long the code lives.
    #[must_use]
    pub fn expires_in(&self) -> Option<Duration> {
        self.expires_in
    }

    /// Whether the browser of this machine was told to open the address.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// The address with the code as a QR code, in lines of block characters: what is light is filled, for a terminal with a dark background.
    #[cfg(feature = "cli-qr")]
    #[must_use]
    pub fn qr_code(&self) -> Option<String> {
        qr::lines(self.complete.as_deref().filter(|_| self.user_code.is_some())?)
    }

    /// Tells the user on the standard error, which is not what a script reads.
    pub(super) fn write_to_stderr(&self) {
        let mut stderr = io::stderr().lock();
        #[cfg(feature = "cli-qr")]
        if let Some(code) = self.qr_code().filter(|_| io::IsTerminal::is_terminal(&stderr)) {
            // A terminal that is closed is no reason to fail.
            _ = writeln!(stderr, "{code}");
        }
        _ = writeln!(stderr, "{self}");
    }
}

impl fmt::Display for LoginPrompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.user_code, self.is_open) {
            (Some(code), _) => {
                write!(
                    f,
                    "To sign in, open this address on any device:\n\n    {}\n\nand enter the code:\n\n    {code}\n",
                    self.address
                )?;
                match self.expires_in.map(|time| time.as_secs() / 60) {
                    Some(minutes @ 2..) => write!(f, "\nThe code is good for {minutes} minutes."),
                    _ => Ok(()),
                }
            }
            (None, true) => {
                write!(
                    f,
                    "Your browser opens to sign you in. If it does not, open this address:\n\n    {}\n",
                    self.address
                )
            }
            (None, false) => {
                write!(f, "To sign in, open this address in a browser on this machine:\n\n    {}\n", self.address)
            }
        }
    }
}
