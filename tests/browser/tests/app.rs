//! An example at work, with the Logto it brings.

use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
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
        Self::with(example, &[]).await
    }

    pub async fn with(example: &str, variables: &[(&str, &str)]) -> Self {
        let binary = target().join("debug/examples").join(example);
        assert!(binary.exists(), "{} is missing: cargo build --example {example} --all-features", binary.display());
        let mut command = Command::new(binary);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LOGTO_")) {
            command.env_remove(name);
        }
        // The system chooses the ports, and the example prints its own.
        let command = command.env("PORT", "0").envs(variables.iter().copied());
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let base = lines.find_map(|line| address(&line.unwrap())).expect("it prints its address");
        // It goes on printing, and must be able to.
        std::thread::spawn(move || lines.count());
        // Some print before they listen.
        while TcpStream::connect(base.strip_prefix("http://").unwrap()).is_err() {
            assert_eq!(process.try_wait().unwrap(), None, "{example} listens at {base}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { process, base }
    }
}

/// The target directory of the workspace.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target")), PathBuf::from)
}

/// `http://localhost:<port>`, of the line that tells people to open it or a page below it.
fn address(line: &str) -> Option<String> {
    let rest = line.split_once("Open http://localhost:")?.1;
    let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some(format!("http://localhost:{port}"))
}
