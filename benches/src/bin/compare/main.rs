//! Measures everything beside its peers and says whether the bounds hold. `benches/compare.sh` builds it and what it needs.

mod access_tokens;
mod child;
mod figure;
mod growth;
mod memory;

mod node;
mod plot;
#[path = "../../../../tests/it/port.rs"]
mod port;
mod redis;
mod report;
mod requests;
mod routes;
mod row;
mod sessions;

use std::{path::PathBuf, process::ExitCode, time::Duration};

pub type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// How long and how often each contender has its turn.
#[derive(Clone, Copy)]
pub struct Pace {
    rounds: usize,
    /// CPU time of a turn that is measured in this process or in Node.
    turn: Duration,
    /// A turn of wrk, in whole seconds: it knows no shorter one.
    wrk_turn: Duration,
}

impl Pace {
    fn is_smoke(self) -> bool {
        self.rounds == SMOKE.rounds
    }
}

const MEASURE: Pace = Pace { rounds: 31, turn: Duration::from_millis(100), wrk_turn: Duration::from_secs(1) };
/// Shows that everything runs. What it measures says nothing, and is not judged.
const SMOKE: Pace = Pace { rounds: 1, turn: Duration::from_millis(1), wrk_turn: Duration::from_secs(1) };

type Measure = fn(Pace) -> Result<Vec<row::Row>>;

const SUBJECTS: &[(&str, Measure)] = &[
    ("sessions", sessions::rows),
    ("access-tokens", access_tokens::rows),
    ("requests", requests::rows),
    ("growth", growth::rows),
    ("memory", memory::rows),
    ("redis", redis::rows),
    ("routes", routes::rows),
];

fn main() -> Result<ExitCode> {
    let (mut pace, mut out, mut only) = (MEASURE, PathBuf::from("compare.json"), None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--smoke" => pace = SMOKE,
            "--out" => out = arguments.next().ok_or("--out needs a file")?.into(),
            "--only" => only = Some(arguments.next().ok_or("--only needs a subject")?),
            other => {
                return Err(format!("unknown argument {other}, expected --smoke, --only SUBJECT or --out FILE").into());
            }
        }
    }
    let mut rows = Vec::new();
    for (subject, measure) in SUBJECTS {
        if only.as_deref().is_none_or(|only| only == *subject) {
            rows.extend(measure(pace)?);
        }
    }
    report::print(&rows);
    report::write(&out, pace, &rows)?;
    let all_hold = rows.iter().all(row::Row::holds);
    Ok(if all_hold || pace.is_smoke() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
