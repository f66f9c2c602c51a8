//! Sessions in a Redis: the program `stored`, once and three times, beside what the Redis can do at all.

use std::{
    net::TcpStream,
    process::{Command, Stdio},
    rc::Rc,
    thread::sleep,
    time::Duration,
};

use crate::{
    Pace, Result,
    child::OwnChild,
    figure::{Claim, Contender, Figure},
    port::Port,
    row::{Bound, Row},
};

const ONE: &str = "1 instance";
const THREE: &str = "3 instances";
const BENCHMARK: &str = "redis-benchmark, GET of as many bytes";
/// Of a session as `stored` keeps it, sealed; rounded up.
const BYTES: &str = "512";

pub fn rows(pace: Pace) -> Result<Vec<Row>> {
    let redis = Rc::new(Redis::start()?);
    let instances = |name, count: usize| {
        let redis = Rc::clone(&redis);
        Contender::new(name, move || redis.instances(count, pace.wrk_turn))
    };
    let benchmark = Rc::clone(&redis);
    let contenders =
        vec![instances(ONE, 1), instances(THREE, 3), Contender::new(BENCHMARK, move || benchmark.benchmark())];
    let claim =
        |name, ours| Claim { name, unit: "requests/s", ours, peer: Some(BENCHMARK), bound: Bound::AtLeastTimes(0.6) };
    let claims = vec![claim("sessions in Redis, 1 instance", ONE), claim("sessions in Redis, 3 instances", THREE)];
    Figure { contenders, claims }.measure(pace)
}

struct Redis {
    _process: OwnChild,
    port: Port,
}

impl Redis {
    fn start() -> Result<Self> {
        let port = Port::reserve();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.number().to_string(), "--save", "", "--appendonly", "no"]).stdout(Stdio::null());
        let redis = Self { _process: OwnChild::start(&mut command)?, port };
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", redis.port.number())).is_ok() {
                // What GET finds.
                redis.run("set", "1")?;
                return Ok(redis);
            }
            sleep(Duration::from_millis(50));
        }
        Err("redis-server does not answer".into())
    }

    fn instances(&self, count: usize, turn: Duration) -> Result<f64> {
        let program = std::env::current_exe()?.with_file_name("stored");
        let mut instances = Vec::new();
        for _ in 0..count {
            let mut command = Command::new(&program);
            command.args([format!("redis://127.0.0.1:{}", self.port.number()), turn.as_secs().to_string()]);
            instances.push(command.stdout(Stdio::piped()).spawn()?);
        }
        let mut sum = 0.0;
        for instance in instances {
            sum += String::from_utf8(instance.wait_with_output()?.stdout)?.trim().parse::<f64>()?;
        }
        Ok(sum)
    }

    fn benchmark(&self) -> Result<f64> {
        self.run("get", "100000")
    }

    fn run(&self, test: &str, requests: &str) -> Result<f64> {
        let output = Command::new("redis-benchmark")
            .args(["-p", &self.port.number().to_string(), "-c", "64", "-d", BYTES, "-t", test, "-n", requests, "--csv"])
            .output()?;
        let report = String::from_utf8(output.stdout)?;
        // The name, the requests per second, and more.
        let line = report.lines().find(|line| line.starts_with(&format!("\"{}\"", test.to_uppercase())));
        let figure = line.and_then(|line| line.split(',').nth(1)).ok_or("redis-benchmark reports in another form")?;
        Ok(figure.trim_matches('"').parse()?)
    }
}
