//! A program of ours, running for one test.

use std::{
    env,
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use crate::plain_http::plain_http;

/// A cold start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// It stops when it is dropped, and tells what it printed if the test failed.
pub struct Program {
    process: Child,
    printed: Arc<Mutex<String>>,
}

/// A command that knows no `LOGTO_` variable but those that are added.
pub fn command(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LOGTO_")) {
        command.env_remove(name);
    }
    command
}

impl Program {
    /// Starts it, and waits until it answers at `url`.
    pub async fn start(mut command: Command, url: &str) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let printed = Arc::default();
        keep(process.stdout.take().unwrap(), &printed);
        keep(process.stderr.take().unwrap(), &printed);
        let mut program = Self { process, printed };
        program.wait_until_it_answers(url).await;
        program
    }

    pub fn printed(&self) -> String {
        self.printed.lock().unwrap().clone()
    }

    async fn wait_until_it_answers(&mut self, url: &str) {
        let http = plain_http().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let begun = Instant::now();
        while http.get(url).send().await.is_err() {
            if let Some(status) = self.process.try_wait().unwrap() {
                panic!("the example ended before it answered: {status}");
            }
            assert!(begun.elapsed() < PATIENCE, "the example does not answer at {url}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
        if thread::panicking() {
            let printed = self.printed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            eprintln!("--- the example printed\n{printed}---");
        }
    }
}

fn keep(mut stream: impl Read + Send + 'static, printed: &Arc<Mutex<String>>) {
    let printed = Arc::clone(printed);
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            printed.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
    });
}
