//! The table for people and the file for programs.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{Pace, Result, figure::Bound};

/// The median of the rounds, and the quartiles.
#[derive(Clone, Copy)]
pub struct Spread {
    low: f64,
    pub median: f64,
    high: f64,
}

impl Spread {
    /// Of at least one sample.
    pub fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        let last = samples.len() - 1;
        Self { low: samples[last / 4], median: samples[last / 2], high: samples[last - last / 4] }
    }

    fn json(self) -> Value {
        json!({ "median": self.median, "low": self.low, "high": self.high })
    }
}

/// A line of the table.
pub struct Row {
    pub name: &'static str,
    pub unit: &'static str,
    pub ours: Spread,
    pub peer: Option<(&'static str, Spread)>,
    /// Ours by the peer's, or the peer's by ours where the bound says "times faster".
    pub ratio: Option<Spread>,
    pub bound: Bound,
}

impl Row {
    /// Of what is counted and not measured: it is the same each time.
    pub fn exact(
        name: &'static str,
        unit: &'static str,
        ours: f64,
        (peer, theirs): (&'static str, f64),
        bound: Bound,
    ) -> Self {
        let one = |value| Spread::of(vec![value]);
        Self { name, unit, ours: one(ours), peer: Some((peer, one(theirs))), ratio: Some(one(ours / theirs)), bound }
    }

    /// What is only told.
    pub fn stated(name: &'static str, unit: &'static str, ours: f64) -> Self {
        Self { name, unit, ours: Spread::of(vec![ours]), peer: None, ratio: None, bound: Bound::Stated }
    }

    pub fn holds(&self) -> bool {
        let ratio = self.ratio.map_or(f64::NAN, |ratio| ratio.median);
        match self.bound {
            Bound::Under(most) => self.ours.median <= most,
            Bound::AtMostTimes(most) => ratio <= most,
            Bound::AtLeastTimes(least) | Bound::TimesFaster(least) => ratio >= least,
            Bound::Stated => true,
        }
    }

    fn bound(&self) -> String {
        match self.bound {
            Bound::Under(most) => format!("at most {most} {}", self.unit),
            Bound::AtMostTimes(most) => format!("at most {most} times"),
            Bound::AtLeastTimes(least) => format!("at least {least} times"),
            Bound::TimesFaster(least) => format!("at least {least} times faster"),
            Bound::Stated => "none".to_owned(),
        }
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "ours": self.ours.median,
            "peer": self.peer.map(|(_, spread)| spread.median),
            "unit": self.unit,
            "ratio": self.ratio.map(|ratio| ratio.median),
            "bound": self.bound(),
            "holds": self.holds(),
            "peer_name": self.peer.map(|(name, _)| name),
            "ours_spread": self.ours.json(),
            "peer_spread": self.peer.map(|(_, spread)| spread.json()),
            "ratio_spread": self.ratio.map(Spread::json),
        })
    }
}

pub fn print(rows: &[Row]) {
    let cell = |spread: Spread| format!("{:.*}", digits(spread.median), spread.median);
    println!("| what | against | ours | theirs | unit | ratio (quartiles) | bound | holds |");
    println!("|---|---|---|---|---|---|---|---|");
    for row in rows {
        let (name, peer) =
            row.peer.map_or((String::new(), String::new()), |(name, peer)| (name.to_owned(), cell(peer)));
        let ratio = row.ratio.map_or_else(String::new, |ratio| {
            let digits = digits(ratio.median);
            format!("{:.digits$} ({:.digits$} to {:.digits$})", ratio.median, ratio.low, ratio.high)
        });
        let holds = if row.holds() { "yes" } else { "NO" };
        println!(
            "| {} | {name} | {} | {peer} | {} | {ratio} | {} | {holds} |",
            row.name,
            cell(row.ours),
            row.unit,
            row.bound()
        );
    }
}

pub fn write(path: &Path, pace: Pace, rows: &[Row]) -> Result<()> {
    let rows: Vec<_> = rows.iter().map(Row::json).collect();
    let document = json!({ "machine": machine(), "rounds": pace.rounds, "rows": rows });
    fs::write(path, serde_json::to_string_pretty(&document)? + "\n")
        .map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Large numbers need no fraction, small ones do.
fn digits(value: f64) -> usize {
    match value {
        _ if value >= 100.0 => 0,
        _ if value >= 10.0 => 1,
        _ => 3,
    }
}

fn machine() -> String {
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("?", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} cores of {model}, {} {}", std::env::consts::OS, std::env::consts::ARCH)
}
