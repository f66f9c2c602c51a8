//! Imports users from a CSV file: with progress, a bounded number of requests at a time, and goes on after an interruption.
//!
//! `cargo run --example import_users --features management` starts a Logto of its own and imports 10,000 users that it makes up.
//!
//! With `LOGTO_ENDPOINT`, `LOGTO_APP_ID` and `LOGTO_APP_SECRET` (of a machine-to-machine app with the role "Logto Management API access") in the
//! environment it imports into that Logto: `cargo run --example import_users --features management -- users.csv`. `CONCURRENCY` is how many requests are
//! under way at once (8).
//!
//! The first line of the file names the columns: `username`, `email`, `phone`, `name`, `password`, `password_algorithm` and `password_digest`, in any
//! order. A user needs one of the first three, since these are unique at Logto.
//!
//! | File beside the CSV | What it is |
//! |---|---|
//! | `users.csv.journal` | the lines that are done, written before they are counted: the same command goes on from there |
//! | `users.csv.wrong.csv` | the lines that Logto refuses, with its reason: correct them in a copy and import the copy |
//!
//! | Exit code | |
//! |---|---|
//! | 0 | every user is in Logto |
//! | 1 | it could not go on |
//! | 2 | it is at its end, and lines were wrong |
//! | 130 | it was stopped by Ctrl-C or SIGTERM |
//!
//! | File | About |
//! |---|---|
//! | `main.rs` | settings, and the end |
//! | `rows.rs` | the CSV, one line at a time |
//! | `journal.rs`, `done.rs` | what is done, on the disk and in memory |
//! | `import.rs`, `attempt.rs`, `pace.rs`, `stop.rs` | the requests |
//! | `report.rs` | what is told |
//! | `made_up.rs` | the Logto inside and its 10,000 users |

#![allow(clippy::print_stdout, clippy::print_stderr)] // A program talks to the one who runs it.

mod attempt;
mod done;
mod import;
mod journal;
mod made_up;
mod pace;
mod report;
mod rows;
mod stop;

use std::{
    env,
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use logto::management::{Management, ManagementBuilder};

use self::{
    import::{Ended, Import},
    journal::Journal,
    made_up::MadeUp,
    report::Counts,
    rows::Rows,
    stop::Stop,
};

/// Where the import goes, and what from.
struct Plan {
    management: Management,
    csv: PathBuf,
    /// The journal and the wrong lines begin with this.
    beside: PathBuf,
    /// The journal of another Logto is refused.
    logto: String,
    made_up: Option<MadeUp>,
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::ERROR).init();
    match run().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<ExitCode, Box<dyn Error>> {
    let concurrency = match env::var("CONCURRENCY") {
        Ok(number) => number.parse().ok().filter(|number| (1..=256).contains(number)),
        Err(_) => Some(8),
    };
    let concurrency: usize = concurrency.ok_or("CONCURRENCY is no number from 1 to 256")?;
    let plan = match env::var_os("LOGTO_ENDPOINT") {
        Some(endpoint) => into_a_logto(&endpoint.to_string_lossy())?,
        None => into_the_logto_inside().await?,
    };

    let mut rows = Rows::open(&plan.csv)?;
    let (journal, before) = Journal::open(&plan.beside, &plan.logto, &rows)?;
    let counts = Arc::new(Counts::new(before.totals));
    report::begin(&plan.csv, &counts);
    let stop = Stop::on_signals()?;
    let progress = report::progress(Arc::clone(&counts), rows.size());
    let journal = journal.start(Arc::clone(&counts));
    let import = Import::new(&plan.management, &journal, &counts, stop, concurrency);
    let ended = import.run(&mut rows, &before.done).await;
    // What was answered is on the disk before anything is said of it.
    let written = journal.finish().await;
    progress.abort();
    let wrong = journal::wrong_lines(&plan.beside);
    report::end(&counts, &wrong, plan.made_up.as_ref().map(MadeUp::requests));
    // Wrong lines are there to be read.
    if let Some(made_up) = plan.made_up.as_ref().filter(|_| counts.wrong() == 0) {
        made_up.clean_up();
    }
    let (code, text) = match (ended, written) {
        (_, Err(error)) => (1, format!("Stopped: {error}\n{}", how_to_go_on(&plan))),
        (Err(error), _) => (1, format!("Stopped: {error}\n{}", how_to_go_on(&plan))),
        (Ok(Ended::Stopped), _) => (130, format!("Stopped. {}", how_to_go_on(&plan))),
        (Ok(Ended::AtTheEnd), _) if counts.wrong() > 0 => {
            (2, format!("Correct the lines in a copy of {} and import the copy.", wrong.display()))
        }
        (Ok(Ended::AtTheEnd), _) => return Ok(ExitCode::SUCCESS),
    };
    eprintln!("{text}");
    Ok(ExitCode::from(code))
}

fn how_to_go_on(plan: &Plan) -> String {
    match plan.made_up {
        Some(_) => "The Logto inside ends with this program, so there is nothing to go on with.".to_owned(),
        None => format!("To go on, run the same command again. What is done is in {}.journal", plan.beside.display()),
    }
}

/// A 429 is answered at once: all requests wait then, not the one that met it.
fn settings(builder: ManagementBuilder) -> logto::Result<Management> {
    builder.max_retry_wait(Duration::ZERO).build()
}

fn into_a_logto(endpoint: &str) -> Result<Plan, Box<dyn Error>> {
    let csv = csv_argument().ok_or("Which file? `import_users users.csv`")?;
    let management = settings(ManagementBuilder::from_env()?)?;
    Ok(Plan { management, beside: csv.clone(), csv, logto: endpoint.to_owned(), made_up: None })
}

/// A file of one's own is tried out with it. The journal is not beside that file then, or the real import would leave out all lines.
async fn into_the_logto_inside() -> Result<Plan, Box<dyn Error>> {
    let made_up = MadeUp::start().await?;
    let management = settings(Management::builder(made_up.machine()?))?;
    let csv = match csv_argument() {
        Some(csv) => csv,
        None => made_up.make_users()?,
    };
    let name = csv.file_name().unwrap_or_default();
    let beside = made_up.directory().join(Path::new(name));
    Ok(Plan { management, csv, beside, logto: made_up.endpoint(), made_up: Some(made_up) })
}

fn csv_argument() -> Option<PathBuf> {
    env::args_os().nth(1).map(PathBuf::from)
}
