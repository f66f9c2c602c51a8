//! An example at work, with the Logto it brings.

use std::{
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// The running example; it stops with the test.
pub struct App {
    process: Child,
    /// What browsers call it. Logto has another host (127.0.0.1), so the way there and back crosses sites.
    pub base: String,
}

impl Drop for App {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

impl App {
    pub async fn start(example: &str) -> Self {
        let port = free_port();
        let binary = target().join("debug/examples").join(example);
        assert!(binary.exists(), "{} is missing: cargo build --example {example} --all-features", binary.display());
        let mut command = Command::new(binary);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LOGTO_")) {
            command.env_remove(name);
        }
        let process = command.env("PORT", port.to_string()).stdout(Stdio::null()).spawn().unwrap();
        let app = Self { process, base: format!("http://localhost:{port}") };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return app;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{example} does not listen on port {port}");
    }
}

/// The target directory of the crate: this workspace's own is below `tests/browser`, unless `CARGO_TARGET_DIR` says otherwise.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target")), PathBuf::from)
}

/// A port that is free, as is the next.
fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}
