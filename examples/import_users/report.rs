//! What is told: on the way, and in the end.

use std::{
    fs,
    io::{IsTerminal, Write, stderr},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinHandle;

use crate::journal::Outcome;

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Totals {
    pub(crate) created: u64,
    pub(crate) there: u64,
    pub(crate) wrong: u64,
}

/// What is in the journal.
pub(crate) struct Counts {
    before: Totals,
    created: AtomicU64,
    there: AtomicU64,
    wrong: AtomicU64,
    /// Those that create users.
    requests: AtomicU64,
    began: Instant,
}

impl Counts {
    pub(crate) fn new(before: Totals) -> Self {
        let number = AtomicU64::new;
        let (created, there, wrong) = (number(before.created), number(before.there), number(before.wrong));
        Self { before, created, there, wrong, requests: AtomicU64::default(), began: Instant::now() }
    }

    pub(crate) fn add(&self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Created(_) => &self.created,
            Outcome::There(_) => &self.there,
            Outcome::Wrong(_) => &self.wrong,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn sent(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn wrong(&self) -> u64 {
        self.totals().wrong
    }

    fn totals(&self) -> Totals {
        let [created, there, wrong] =
            [&self.created, &self.there, &self.wrong].map(|count| count.load(Ordering::Relaxed));
        Totals { created, there, wrong }
    }
}

impl Totals {
    fn lines(self) -> u64 {
        self.created + self.there + self.wrong
    }
}

pub(crate) fn begin(csv: &Path, counts: &Counts) {
    println!("Importing {}", csv.display());
    if counts.before.lines() > 0 {
        println!("Going on: {} lines are done already", grouped(counts.before.lines()));
    }
}

/// Tells how far it is: in place on a terminal, and now and then in a file.
pub(crate) fn progress(counts: Arc<Counts>, (size, read): (u64, Arc<AtomicU64>)) -> JoinHandle<()> {
    let in_place = stderr().is_terminal();
    let each = Duration::from_millis(if in_place { 200 } else { 5_000 });
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(each);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            let Totals { created, there, wrong } = counts.totals();
            let percent = read.load(Ordering::Relaxed) * 100 / size.max(1);
            let (done, rate) = (grouped(created + there + wrong), rate(&counts));
            let text = format!(
                "{percent:3} %  {done} lines, {rate} a second: {} created, {} there before, {} wrong",
                grouped(created),
                grouped(there),
                grouped(wrong)
            );
            // Nobody may be listening any more.
            _ = if in_place { write!(stderr(), "\r{text}\x1b[K") } else { writeln!(stderr(), "{text}") };
        }
    })
}

/// `all_requests`: those that the Logto inside was sent, of whatever kind.
pub(crate) fn end(counts: &Counts, wrong_lines: &Path, all_requests: Option<usize>) {
    let Totals { created, there, wrong } = counts.totals();
    if stderr().is_terminal() {
        _ = write!(stderr(), "\r\x1b[K");
    }
    println!("created       {:>9}", grouped(created));
    println!("there before  {:>9}", grouped(there));
    let place = if wrong > 0 { format!("  {}", wrong_lines.display()) } else { String::new() };
    println!("wrong         {:>9}{place}", grouped(wrong));
    println!("requests      {:>9}  to create users", grouped(counts.requests.load(Ordering::Relaxed)));
    if let Some(all) = all_requests.and_then(|all| u64::try_from(all).ok()) {
        println!("              {:>9}  in all, with discovery and the token", grouped(all));
    }
    println!("seconds       {:>9.1}  {} lines a second", counts.began.elapsed().as_secs_f64(), rate(counts));
    if let Some(peak) = peak_memory() {
        println!("peak memory   {:>9}  kB", grouped(peak));
    }
}

fn rate(counts: &Counts) -> u64 {
    let lines = counts.totals().lines() - counts.before.lines();
    let milliseconds = u64::try_from(counts.began.elapsed().as_millis()).unwrap_or(u64::MAX);
    lines * 1_000 / milliseconds.max(1)
}

/// In kB, if the system tells.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
}

/// 10,000
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
