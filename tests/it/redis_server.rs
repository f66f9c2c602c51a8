//! A Redis of one's own: on a port of its own, in a temporary directory, gone at the end.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use crate::{port::Port, skipped::skipped};

pub struct RedisServer {
    ports: Ports,
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
        Self::start_at(std::iter::repeat_with(Ports::reserve), arguments)
    }

    /// With a file of settings, which is the first argument, as a sentinel needs one.
    pub fn start_by(file: &Path, arguments: &[&str]) -> Option<Self> {
        Self::start_with(&[&[file.to_str().unwrap()], arguments].concat())
    }

    /// On the first of these that no other program has taken.
    pub fn start_at(ports: impl IntoIterator<Item = Ports>, arguments: &[&str]) -> Option<Self> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            skipped("the tests with Redis", "redis-server is not installed");
            return None;
        }
        let name = format!("logto-redis-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let directory = std::env::temp_dir().join(name);
        let arguments: Vec<_> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let (mut ports, mut started) = (ports.into_iter(), None);
        while started.is_none() {
            let ports = ports.next().expect("a port that nobody has taken");
            let server = Self { ports, directory: directory.clone(), arguments: arguments.clone(), process: None };
            started = server.run().ok();
        }
        started
    }

    pub fn port(&self) -> u16 {
        self.ports.number()
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port())
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
        self.process = Some(self.launch().expect("the port is still ours"));
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
        let output = Command::new("redis-cli").arg("-p").arg(self.port().to_string()).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Milliseconds that a key has to live.
    pub fn left(&self, key: &str) -> i64 {
        self.cli(&["PTTL", key]).parse().unwrap()
    }

    /// By how many milliseconds one key outlives another.
    pub fn outlives(&self, one: &str, other: &str) -> i64 {
        // A script sees both at the same time.
        let script = "return redis.call('PTTL', KEYS[1]) - redis.call('PTTL', KEYS[2])";
        self.cli(&["EVAL", script, "2", one, other]).parse().unwrap()
    }

    /// Lets a key's time end now.
    pub fn expire(&self, key: &str) {
        assert_eq!(self.cli(&["PEXPIREAT", key, "1"]), "1", "{key} was there");
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

    fn run(mut self) -> Result<Self, Taken> {
        let process = self.launch()?;
        self.process = Some(process);
        Ok(self)
    }

    fn launch(&self) -> Result<Child, Taken> {
        let (socket, log) = (self.directory.join("socket"), self.directory.join("log"));
        fs::create_dir_all(&self.directory).unwrap();
        _ = fs::remove_file(&socket);
        let mut command = Command::new("redis-server");
        let (files, arguments): (Vec<_>, Vec<_>) = self.arguments.iter().partition(|one| one.contains(".conf"));
        command.args(files).args([
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--port",
            &self.port().to_string(),
        ]);
        command.arg("--dir").arg(&self.directory).arg("--unixsocket").arg(&socket).args(arguments);
        command.stdout(fs::File::create(&log).unwrap()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        // The socket is its own. An answer comes when it has opened all others, that of its bus, too.
        while !answers(&socket) {
            if process.try_wait().unwrap().is_some() {
                let log = fs::read_to_string(&log).unwrap();
                assert!(log.contains("Address already in use"), "redis-server does not start: {log}");
                return Err(Taken);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(process)
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

/// Whether the server answers anything, were it that it wants a password first.
fn answers(socket: &Path) -> bool {
    let ask = |mut stream: UnixStream| {
        stream.write_all(b"PING\r\n")?;
        stream.read(&mut [0])
    };
    UnixStream::connect(socket).and_then(ask).is_ok_and(|read| read > 0)
}

/// Another program has the port.
#[derive(Debug)]
struct Taken;

/// A server's port, and that of its bus in a cluster: 10,000 above. Both stay ours while the server is stopped.
pub struct Ports {
    own: Port,
    _bus: Port,
}

impl Ports {
    pub fn reserve() -> Self {
        loop {
            if let Some(ports) = Self::at(Port::reserve()) {
                return ports;
            }
        }
    }

    fn at(own: Port) -> Option<Self> {
        let bus = Port::at(own.number().checked_add(10_000)?)?;
        Some(Self { own, _bus: bus })
    }

    pub fn number(&self) -> u16 {
        self.own.number()
    }
}
