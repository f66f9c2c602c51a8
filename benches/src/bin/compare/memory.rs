//! Memory, by the program `memory`.

use std::process::Command;

use crate::{
    Pace, Result,
    row::{Bound, Row},
};

pub fn rows(_: Pace) -> Result<Vec<Row>> {
    let (client, _) = measure("client")?;
    let (sessions, kept) = measure("sessions")?;
    let (tokens, _) = measure("tokens")?;
    Ok(vec![
        Row::stated("memory of an idle client", "bytes", client),
        Row::exact("memory of 100,000 sessions", "bytes", sessions, ("bytes stored", kept), Bound::AtMostTimes(1.3)),
        Row::stated("memory of 1,000 verified tokens", "bytes", tokens),
    ])
}

fn measure(what: &str) -> Result<(f64, f64)> {
    let output = Command::new(std::env::current_exe()?.with_file_name("memory")).arg(what).output()?;
    let text = String::from_utf8(output.stdout)?;
    let (resident, kept) = text.trim().split_once(' ').ok_or_else(|| format!("memory {what} said {text:?}"))?;
    Ok((resident.parse()?, kept.parse()?))
}
