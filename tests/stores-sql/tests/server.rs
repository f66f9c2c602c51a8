//! A PostgreSQL server of the test's own: in a temporary directory, on a socket in it and no port, gone with the test.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

pub struct Server {
    programs: PathBuf,
    directory: PathBuf,
}

impl Server {
    /// `None` where PostgreSQL is not installed, with a line that says so.
    pub fn start() -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let Some(programs) = programs() else {
            // Not by `println!`, which is not shown for a test that passes.
            let line = "skipped: PostgreSQL is not installed (Debian: apt-get install postgresql)";
            writeln!(std::io::stderr(), "{line}").unwrap();
            return None;
        };
        let name = format!("logto-postgres-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir(&directory).unwrap();
        if is_root() {
            assert!(Command::new("chown").arg("postgres").arg(&directory).status().unwrap().success());
        }
        let server = Self { programs, directory };
        let data = server.directory.join("data");
        server.run("initdb", &["-U", "postgres", "-A", "trust", "-N", "-D", data.to_str().unwrap()]);
        server.control("start");
        Some(server)
    }

    pub fn url(&self) -> String {
        // A host that begins with a slash is the socket's directory.
        let directory = self.directory.to_str().unwrap().replace('/', "%2F");
        format!("postgres://postgres@{directory}/postgres")
    }

    /// Cuts every connection: the server dies as in a crash, and comes back.
    pub fn crash_and_restart(&self) {
        self.control("restart");
    }

    pub fn stop(&self) {
        self.control("stop");
    }

    pub fn start_again(&self) {
        self.control("start");
    }

    fn control(&self, what: &str) {
        let options = format!("-c listen_addresses= -k {}", self.directory.display());
        let (data, log) = (self.directory.join("data"), self.directory.join("log"));
        let mut arguments = vec!["-w", "-D", data.to_str().unwrap()];
        if what != "stop" {
            arguments.extend(["-o", &options, "-l", log.to_str().unwrap()]);
        }
        if what != "start" {
            arguments.extend(["-m", "immediate"]);
        }
        arguments.push(what);
        self.run("pg_ctl", &arguments);
    }

    /// As an unprivileged user: PostgreSQL refuses to run as root.
    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.programs.join(program);
        let mut command = match is_root() {
            true => Command::new("setpriv"),
            false => Command::new(&program),
        };
        if is_root() {
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(&program);
        }
        // The server inherits these: a pipe would stay open as long as it runs.
        let output = command.args(arguments).current_dir(&self.directory).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(output.status().unwrap().success(), "{} {arguments:?}", program.display());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.directory.join("data/postmaster.pid").exists() {
            self.stop();
        }
        _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// Debian keeps the server's programs out of `PATH`; of several versions the newest is taken.
fn programs() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut directories: Vec<_> = debian.map(|version| version.path().join("bin")).collect();
    directories.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    directories.reverse();
    directories.into_iter().chain(std::env::split_paths(&path)).find(|directory: &PathBuf| has_programs(directory))
}

fn has_programs(directory: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|program| directory.join(program).exists())
}
