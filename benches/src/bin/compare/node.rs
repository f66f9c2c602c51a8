//! A peer that runs in Node: a program in `benches/peers` that takes its input as a line, says what it has to say before, and then takes
//! a turn's length in milliseconds per line, which it answers with a figure.

use std::{
    io::{BufRead, BufReader, Write},
    process::{ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::{Result, child::OwnChild};

pub struct Peer {
    _process: OwnChild,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    pub fn start(program: &str, input: &Value) -> Result<Self> {
        let path = format!("{}/peers/{program}", env!("CARGO_MANIFEST_DIR"));
        let mut node = Command::new("node");
        let mut process = OwnChild::start(node.arg(path).stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let (stdin, stdout) = (process.0.stdin.take(), process.0.stdout.take());
        let (Some(mut stdin), Some(stdout)) = (stdin, stdout) else { return Err("no pipes to Node".into()) };
        writeln!(stdin, "{input}")?;
        Ok(Self { _process: process, input: stdin, output: BufReader::new(stdout) })
    }

    pub fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    pub fn turn(&mut self, turn: Duration) -> Result<f64> {
        writeln!(self.input, "{}", turn.as_millis())?;
        let line = self.line()?;
        line.parse().map_err(|_| format!("Node answered {line:?}, expected a number").into())
    }
}
