//! A route that asks for a token beside one that does not: the program `routes` under wrk.

use std::{
    cell::{Cell, RefCell},
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    rc::Rc,
    time::Duration,
};

use crate::{
    Pace, Result,
    figure::{Bound, Claim, Contender, Figure},
    report::Row,
};

const BARE: &str = "bare axum route";
const BARE_CPU: &str = "bare axum route, CPU of a request";
const GUARDED: &str = "guarded axum route";
const GUARDED_CPU: &str = "guarded axum route, CPU of a request";

/// Both routes get the same request, with the token. CPU time is what requests per second would say if nothing else ran on the machine.
pub fn rows(pace: Pace) -> Result<Vec<Row>> {
    let server = Rc::new(RefCell::new(Server::start()?));
    let mut contenders = Vec::new();
    for (name, cpu, path) in [(BARE, BARE_CPU, "/bare"), (GUARDED, GUARDED_CPU, "/guarded")] {
        let (server, spent) = (Rc::clone(&server), Rc::new(Cell::new(0.0)));
        let spent_by_wrk = Rc::clone(&spent);
        contenders.push(Contender::new(name, move || {
            let run = server.borrow_mut().wrk(path, pace.wrk_turn)?;
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

struct Server {
    process: Child,
    address: String,
    authorization: String,
}

struct Run {
    per_second: f64,
    cpu_ns: f64,
}

impl Server {
    fn start() -> Result<Self> {
        let program = std::env::current_exe()?.with_file_name("routes");
        let mut process = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(process.stdout.take().ok_or("no pipe from the server")?).lines();
        let mut line = || lines.next().ok_or("the server said nothing");
        Ok(Self { address: line()??, authorization: line()??, process })
    }

    fn wrk(&mut self, path: &str, turn: Duration) -> Result<Run> {
        let before = self.cpu_ns()?;
        let output = Command::new("wrk")
            .args(["--threads", "1", "--connections", "16", "--duration", &format!("{}s", turn.as_secs())])
            .args(["--header", &format!("Authorization: {}", self.authorization)])
            .arg(format!("{}{path}", self.address))
            .output()?;
        let spent = self.cpu_ns()? - before;
        let report = String::from_utf8(output.stdout)?;
        if report.contains("Non-2xx") || report.contains("Socket errors") {
            return Err(format!("{path} did not answer every request: {report}").into());
        }
        let number = |text: Option<&str>| {
            text.and_then(|text| text.trim().parse::<f64>().ok()).ok_or("wrk reports in another form")
        };
        let requests =
            number(report.lines().find_map(|line| line.split_once(" requests in ")).map(|(count, _)| count))?;
        let per_second = number(report.lines().find_map(|line| line.strip_prefix("Requests/sec:")))?;
        Ok(Run { per_second, cpu_ns: spent / requests })
    }

    /// What the server's threads have used of the processor so far.
    fn cpu_ns(&self) -> Result<f64> {
        let mut sum = 0.0;
        for task in fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            // proc(5): time on the processor in nanoseconds, time waiting, slices.
            let schedstat = fs::read_to_string(task?.path().join("schedstat"))?;
            sum += schedstat.split(' ').next().unwrap_or_default().parse::<f64>()?;
        }
        Ok(sum)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is this program's own child, and it may already be gone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
