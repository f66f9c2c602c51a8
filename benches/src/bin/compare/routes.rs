//! Routes under wrk: one that asks for a token or for the user beside one that does not, and Express with `@logto/express`.

use std::{
    cell::Cell,
    fs,
    io::{BufRead, BufReader, Write},
    process::{ChildStdout, Command, Stdio},
    rc::Rc,
    time::Duration,
};

use logto_benches::User;
use serde_json::json;

use crate::{
    Pace, Result,
    child::OwnChild,
    figure::{Claim, Contender, Figure},
    row::{Bound, Row},
};

const BARE: &str = "bare axum route";
const BARE_CPU: &str = "bare axum route, CPU of a request";
const GUARDED: &str = "guarded axum route";
const GUARDED_CPU: &str = "guarded axum route, CPU of a request";
const PAGE: &str = "signed-in page, axum";
const EXPRESS: &str = "Express, @logto/express";

/// A route of a program, asked over so many connections at once.
struct Route {
    server: Rc<Server>,
    path: &'static str,
    header: String,
    connections: usize,
}

pub fn rows(pace: Pace) -> Result<Vec<Row>> {
    let mut axum = Program::start(Command::new(std::env::current_exe()?.with_file_name("routes")), "")?;
    let (authorization, cookie) = (axum.line()?, axum.line()?);
    let axum = axum.server();
    let mut rows = guarded(&axum, &authorization, pace)?;

    let mut node = Command::new("node");
    node.arg(format!("{}/peers/express.mjs", env!("CARGO_MANIFEST_DIR")));
    let user = User::recorded();
    let input = json!({ "session": user.session, "secret": user.secret, "config": User::peer_config() });
    let mut express = Program::start(node, &input.to_string())?;
    let express_cookie = format!("Cookie: {}", express.line()?);
    let express = express.server();
    for (name, connections) in [("signed-in page, 1 connection", 1), ("signed-in page, 64 connections", 64)] {
        let route = |server: &Rc<Server>, path, header: &str| Route {
            server: Rc::clone(server),
            path,
            header: header.to_owned(),
            connections,
        };
        let contenders = vec![
            route(&axum, "/page", &cookie).per_second(PAGE, pace),
            route(&axum, "/bare-page", &cookie).per_second(BARE, pace),
            route(&express, "/", &express_cookie).per_second(EXPRESS, pace),
        ];
        let claim = |peer, bound| Claim { name, unit: "requests/s", ours: PAGE, peer: Some(peer), bound };
        let claims = vec![claim(BARE, Bound::AtLeastTimes(0.9)), claim(EXPRESS, Bound::AtLeastTimes(10.0))];
        rows.extend(Figure { contenders, claims }.measure(pace)?);
    }
    Ok(rows)
}

/// Both routes get the same request, with the token. CPU time is what requests per second would say if nothing else ran on the machine.
fn guarded(server: &Rc<Server>, authorization: &str, pace: Pace) -> Result<Vec<Row>> {
    let mut contenders = Vec::new();
    for (name, cpu, path) in [(BARE, BARE_CPU, "/bare"), (GUARDED, GUARDED_CPU, "/guarded")] {
        let route = Route { server: Rc::clone(server), path, header: authorization.to_owned(), connections: 16 };
        let spent = Rc::new(Cell::new(0.0));
        let spent_by_wrk = Rc::clone(&spent);
        contenders.push(Contender::new(name, move || {
            let run = route.wrk(pace.wrk_turn)?;
            spent_by_wrk.set(run.cpu_ns);
            Ok(run.per_second)
        }));
        contenders.push(Contender::new(cpu, move || Ok(spent.get())));
    }
    let per_second =
        Claim { name: GUARDED, unit: "requests/s", ours: GUARDED, peer: Some(BARE), bound: Bound::AtLeastTimes(0.9) };
    let cpu = Claim { name: GUARDED_CPU, unit: "ns", ours: GUARDED_CPU, peer: Some(BARE_CPU), bound: Bound::Stated };
    Figure { contenders, claims: vec![per_second, cpu] }.measure(pace)
}

struct Run {
    per_second: f64,
    cpu_ns: f64,
}

impl Route {
    fn per_second(self, name: &'static str, pace: Pace) -> Contender {
        Contender::new(name, move || Ok(self.wrk(pace.wrk_turn)?.per_second))
    }

    fn wrk(&self, turn: Duration) -> Result<Run> {
        let before = self.server.cpu_ns()?;
        let output = Command::new("wrk")
            .args(["--threads", "1", "--connections", &self.connections.to_string()])
            .args(["--duration", &format!("{}s", turn.as_secs()), "--header", &self.header])
            .arg(format!("{}{}", self.server.address, self.path))
            .output()?;
        let spent = self.server.cpu_ns()? - before;
        let report = String::from_utf8(output.stdout)?;
        if report.contains("Non-2xx") || report.contains("Socket errors") {
            return Err(format!("{} did not answer every request: {report}", self.path).into());
        }
        let number = |text: Option<&str>| {
            text.and_then(|text| text.trim().parse::<f64>().ok()).ok_or("wrk reports in another form")
        };
        let requests =
            number(report.lines().find_map(|line| line.split_once(" requests in ")).map(|(count, _)| count))?;
        let per_second = number(report.lines().find_map(|line| line.strip_prefix("Requests/sec:")))?;
        Ok(Run { per_second, cpu_ns: spent / requests })
    }
}

/// A program that was started, and says where it listens and what else there is to know.
struct Program {
    lines: std::io::Lines<BufReader<ChildStdout>>,
    server: Server,
}

struct Server {
    process: OwnChild,
    address: String,
}

impl Program {
    fn start(mut command: Command, input: &str) -> Result<Self> {
        let mut process = OwnChild::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let lines = BufReader::new(process.0.stdout.take().ok_or("no pipe from the server")?).lines();
        if let (Some(stdin), false) = (&mut process.0.stdin, input.is_empty()) {
            writeln!(stdin, "{input}")?;
        }
        let mut program = Self { lines, server: Server { process, address: String::new() } };
        program.server.address = program.line()?;
        Ok(program)
    }

    fn line(&mut self) -> Result<String> {
        Ok(self.lines.next().ok_or("the server said nothing")??)
    }

    fn server(self) -> Rc<Server> {
        Rc::new(self.server)
    }
}

impl Server {
    /// What the server's threads have used of the processor so far.
    fn cpu_ns(&self) -> Result<f64> {
        let mut sum = 0.0;
        for task in fs::read_dir(format!("/proc/{}/task", self.process.0.id()))? {
            // proc(5): time on the processor in nanoseconds, time waiting, slices.
            let schedstat = fs::read_to_string(task?.path().join("schedstat"))?;
            sum += schedstat.split(' ').next().unwrap_or_default().parse::<f64>()?;
        }
        Ok(sum)
    }
}
