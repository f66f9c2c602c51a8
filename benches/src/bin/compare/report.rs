//! The table for people and the file for programs.

use std::{fs, path::Path};

use serde_json::json;

use crate::{
    Pace, Result,
    row::{Row, Spread},
};

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
