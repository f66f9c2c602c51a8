//! An example at work, with the Logto it brings.

use std::{
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::front::Front;

/// How browsers reach it.
#[derive(Clone, Copy)]
pub enum Scheme {
    Http,
    Https,
}

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
    pub async fn start(example: &str, scheme: Scheme) -> Self {
        Self::with(example, scheme, &[]).await
    }

    pub async fn with(example: &str, scheme: Scheme, variables: &[(&str, &str)]) -> Self {
        match scheme {
            Scheme::Http => Self::over_http(example, variables).await,
            Scheme::Https => Self::over_https(example, variables).await,
        }
    }

    async fn over_http(example: &str, variables: &[(&str, &str)]) -> Self {
        // The system chooses the ports, and the example prints its own.
        let mut process = command(example, variables).env("PORT", "0").stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let base = lines.find_map(|line| address(&line.unwrap())).expect("it prints its address");
        // It goes on printing, and must be able to.
        std::thread::spawn(move || lines.count());
        // Some print before they listen.
        assert!(listens(&mut process, base.strip_prefix("http://").unwrap()).await, "{example} listens at {base}");
        Self { process, base }
    }

    /// Cookies are `Secure` and their names begin with `__Host-`.
    async fn over_https(example: &str, variables: &[(&str, &str)]) -> Self {
        let front = Front::new().await;
        let base = front.origin.clone();
        loop {
            // It prints what browsers call it, which is the front's, so it is told where to listen. It ends where the port was taken meanwhile.
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut command = command(example, variables);
            let command = command.env("PORT", port.to_string()).env("LOGTO_BASE_URL", &base);
            let mut process = command.stdout(Stdio::null()).spawn().unwrap();
            if listens(&mut process, &format!("localhost:{port}")).await {
                front.before(port);
                return Self { process, base };
            }
        }
    }
}

fn command(example: &str, variables: &[(&str, &str)]) -> Command {
    let binary = target().join("debug/examples").join(example);
    assert!(binary.exists(), "{} is missing: cargo build --example {example} --all-features", binary.display());
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LOGTO_")) {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    command
}

/// Waits until it listens. `false` if it ended.
async fn listens(process: &mut Child, address: &str) -> bool {
    while TcpStream::connect(address).is_err() {
        if process.try_wait().unwrap().is_some() {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    true
}

/// The target directory of the workspace.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target")), PathBuf::from)
}

/// `http://localhost:<port>`, of the line that tells people to open it or a page below it.
fn address(line: &str) -> Option<String> {
    let rest = line.split_once("Open http://localhost:")?.1;
    let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some(format!("http://localhost:{port}"))
}
