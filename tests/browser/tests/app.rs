//! An example at work, with the Logto it brings.

use std::{
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
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
        Self::with(example, &[]).await
    }

    pub async fn with(example: &str, variables: &[(&str, &str)]) -> Self {
        let port = free_port();
        let binary = target().join("debug/examples").join(example);
        assert!(binary.exists(), "{} is missing: cargo build --example {example} --all-features", binary.display());
        let mut command = Command::new(binary);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LOGTO_")) {
            command.env_remove(name);
        }
        let process = command
            .env("PORT", port.to_string())
            .envs(variables.iter().copied())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
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

/// The target directory of the workspace.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target")), PathBuf::from)
}

/// A port that is free, as is the next. Below those that the system gives out, so that nothing else takes it meanwhile.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        // Tests run in processes of their own, many at once: each begins somewhere else.
        let number = std::process::id().wrapping_mul(7).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 10_000 + 2 * u16::try_from(number % 10_000).unwrap();
        if [port, port + 1].into_iter().all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return port;
        }
    }
}
