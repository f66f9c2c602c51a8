//! A Redis of one's own: on a free port, in a temporary directory, gone at the end.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    net::TcpListener,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

pub struct RedisServer {
    port: u16,
    directory: PathBuf,
    arguments: Vec<String>,
    process: Option<Child>,
}

static COUNT: AtomicU32 = AtomicU32::new(0);

impl RedisServer {
    /// `None` where there is no redis-server; then the test is skipped, and says so.
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    pub fn start_with(arguments: &[&str]) -> Option<Self> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            // Not `eprintln!`, which the test harness would keep to itself.
            let line = b"skipped: redis-server is not installed (bash tests/all.sh installs it)\n";
            std::io::stderr().write_all(line).unwrap();
            return None;
        }
        let name = format!("logto-redis-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let mut server = Self { port: free_port(), directory, arguments, process: None };
        while !server.run() {
            // Somebody else took the port in between.
            server.port = free_port();
        }
        Some(server)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it; what it held is lost.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Starts it again, empty, at the same address.
    pub fn restart(&mut self) {
        self.stop();
        assert!(self.run(), "redis-server does not start again");
    }

    /// It keeps its connections and answers nothing, until it is resumed.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    pub fn resume(&self) {
        self.signal("-CONT");
    }

    /// What redis-cli prints.
    pub fn cli(&self, arguments: &[&str]) -> String {
        let output = Command::new("redis-cli").arg("-p").arg(self.port.to_string()).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    pub fn keys(&self, pattern: &str) -> Vec<String> {
        self.cli(&["KEYS", pattern]).lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// From here on commands are counted.
    pub fn reset_counts(&self) {
        self.cli(&["CONFIG", "RESETSTAT"]);
    }

    /// How often each command was called since [`reset_counts`](Self::reset_counts), those in scripts included.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let ours = |name: &str| !["config", "info", "client", "hello"].iter().any(|other| name.starts_with(other));
        let stats = self.cli(&["INFO", "commandstats"]);
        let counted = stats.lines().filter_map(|line| {
            let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
            Some((name.to_owned(), rest.split_once(',')?.0.parse().unwrap()))
        });
        counted.filter(|(name, _)| ours(name)).collect()
    }

    fn run(&mut self) -> bool {
        let socket = self.directory.join("socket");
        let _ = fs::remove_file(&socket);
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &self.port.to_string()]);
        command.arg("--dir").arg(&self.directory).arg("--unixsocket").arg(&socket).args(&self.arguments);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if process.try_wait().unwrap().is_some() {
                return false;
            }
            // The socket is its own, where the port may be somebody else's; it is opened last.
            if UnixStream::connect(&socket).is_ok() {
                self.process = Some(process);
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        process.kill().unwrap();
        process.wait().unwrap();
        panic!("redis-server does not answer");
    }

    fn signal(&self, signal: &str) {
        let id = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Below 50,000, so that a cluster's bus has room 10,000 ports above.
pub fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let port = if port < 50_000 { port } else { port - 20_000 };
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
