//! Other processes: this test binary, running one test alone that reads lines and answers each.

#![allow(clippy::print_stdout)] // A worker answers on it.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// Set for the process, it says what the worker works with. The test of the worker ends at once without it.
pub const WORKER: &str = "LOGTO_TEST_WORKER";

/// What an answer begins with; the test harness prints, too.
const ANSWER: &str = "worker: ";

pub struct Worker {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Worker {
    /// Runs `test`, whose name is a whole path.
    pub fn start(test: &str, works_with: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture"]).env(WORKER, works_with);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (input, output) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Self { process, input, output }
    }

    pub fn ask(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    pub fn answer(&mut self) -> String {
        let mut line = String::new();
        while !line.starts_with(ANSWER) {
            line.clear();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the worker is gone");
        }
        line.trim_end_matches('\n').strip_prefix(ANSWER).unwrap().to_owned()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

/// In the worker: answers what was asked.
pub fn tell(answer: &str) {
    println!("{ANSWER}{answer}");
}
