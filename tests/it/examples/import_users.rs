//! Users from a CSV: every one of them once, whatever happens on the way.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use logto::{
    machine::MachineClient,
    management::Management,
    testing::{Endpoint, Fault, MockApp, MockLogto},
};

use super::{built, command};

/// Beside those of the mock.
const OTHERS: u64 = 2;

struct World {
    logto: MockLogto,
    directory: PathBuf,
}

impl Drop for World {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.directory);
    }
}

impl World {
    async fn start(test: &str) -> Option<Self> {
        built("import_users").then_some(())?;
        let app = MockApp::new("import", "secret").role("Logto Management API access");
        let stranger = MockApp::new("stranger", "secret");
        let logto = MockLogto::builder().machine_to_machine_app(app).machine_to_machine_app(stranger);
        let directory = std::env::temp_dir().join(format!("logto-{test}-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        Some(Self { logto: logto.start().await.unwrap(), directory })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn csv(&self, rows: usize) -> PathBuf {
        let rows = (0..rows).map(|row| format!("user_{row},user_{row}@import.test\n"));
        self.write(&format!("username,email\n{}", rows.collect::<String>()))
    }

    fn write(&self, text: &str) -> PathBuf {
        let path = self.file("users.csv");
        fs::write(&path, text).unwrap();
        path
    }

    fn import(&self, csv: &Path) -> Command {
        let mut command = command("import_users");
        command.arg(csv).env("CONCURRENCY", "4").env("LOGTO_ENDPOINT", self.logto.endpoint());
        command.env("LOGTO_APP_ID", "import").env("LOGTO_APP_SECRET", "secret");
        command
    }

    /// Those that create users.
    fn requests(&self) -> usize {
        self.logto.request_count(Endpoint::Management)
    }

    async fn requests_reach(&self, number: usize) {
        while self.requests() < number {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn users(&self) -> u64 {
        let machine = MachineClient::builder().endpoint(self.logto.endpoint()).app_id("import").app_secret("secret");
        let management = Management::new(machine.build().unwrap()).unwrap();
        management.users().list().page(1, 1).await.unwrap().total.unwrap() - OTHERS
    }

    /// What the journal knows to be done.
    fn journaled(&self) -> usize {
        fs::read_to_string(self.file("users.csv.journal")).unwrap().lines().count() - 1
    }
}

fn run(mut command: Command, code: i32) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert_eq!(status.code(), Some(code), "{stdout}{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    stdout + &stderr
}

fn start(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn terminate(child: &Child) {
    let status = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// The number after this word in the summary.
fn number(summary: &str, word: &str) -> u64 {
    let line = summary.lines().find(|line| line.starts_with(word)).unwrap_or_else(|| panic!("no {word}: {summary}"));
    line.trim_start_matches(word).trim().split(' ').next().unwrap().replace(',', "").parse().unwrap()
}

#[tokio::test]
async fn each_user_takes_one_request() {
    let Some(world) = World::start("one-request").await else { return };
    let summary = run(world.import(&world.csv(1_000)), 0);
    assert_eq!(world.users().await, 1_000);
    let before = world.requests();
    assert_eq!((number(&summary, "created"), number(&summary, "requests")), (1_000, 1_000), "{summary}");
    // Discovery and the token, for the import and for this test, and its list of users.
    assert_eq!(world.logto.requests_total(), 1_000 + 2 + 3);
    // A second time there is nothing to do.
    let again = run(world.import(&world.file("users.csv")), 0);
    assert!(again.contains("Going on: 1,000 lines are done already"), "{again}");
    assert_eq!(world.requests(), before);
}

#[tokio::test]
async fn an_import_that_is_killed_goes_on_and_creates_nobody_twice() {
    let Some(world) = World::start("killed").await else { return };
    let csv = world.csv(500);
    let mut killed = start(world.import(&csv));
    world.requests_reach(100).await;
    killed.kill().unwrap();
    killed.wait().unwrap();
    let done = world.journaled();
    assert!(done > 0 && done < 500, "{done} are done");
    // The system may have torn the last line.
    let mut journal = fs::OpenOptions::new().append(true).open(world.file("users.csv.journal")).unwrap();
    std::io::Write::write_all(&mut journal, b"499 crea").unwrap();

    let before = world.requests();
    let summary = run(world.import(&csv), 0);
    let requests = world.requests() - before;
    assert_eq!(world.users().await, 500);
    // Of those that were answered and written, none is asked for again. Those between answer and write are refused, and there.
    assert_eq!(requests, 500 - done, "{summary}");
    assert_eq!(number(&summary, "created") + number(&summary, "there before"), 500, "{summary}");
    assert_eq!(world.journaled(), 500);
}

#[tokio::test]
async fn an_import_that_is_stopped_says_how_to_go_on_and_repeats_no_request() {
    let Some(world) = World::start("stopped").await else { return };
    let csv = world.csv(500);
    let stopped = start(world.import(&csv));
    world.requests_reach(100).await;
    terminate(&stopped);
    let output = stopped.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{told}");
    assert!(told.contains("Stopped. To go on, run the same command again."), "{told}");
    assert!(world.journaled() < 500);
    run(world.import(&csv), 0);
    assert_eq!(world.requests(), 500);
    assert_eq!(world.users().await, 500);
}

#[tokio::test]
async fn wrong_lines_are_written_with_the_reason_and_can_be_corrected() {
    let Some(world) = World::start("wrong").await else { return };
    let text = "username,email,phone,name,password\n\
        grace,grace@import.test,,\"Hopper, Grace\",\n\
        9lives,,,Cat,\n\
        edsger,nonsense,,Edsger,\n\
        ,,,Nobody,\n\
        ada,other@import.test,,Ada,\n\
        radia,radia@import.test\n\
        barbara,,+14155550199,Barbara,a sentence for the tests\n";
    let mut bytes = text.as_bytes().to_vec();
    bytes.extend(b"kurt,,,K\xfcrt,\n");
    fs::write(world.file("users.csv"), bytes).unwrap();
    let summary = run(world.import(&world.file("users.csv")), 2);
    let counts = ["created", "there before", "wrong"].map(|word| number(&summary, word));
    assert_eq!(counts, [2, 1, 5], "{summary}");
    let wrong = fs::read(world.file("users.csv.wrong.csv")).unwrap();
    let wrong = String::from_utf8_lossy(&wrong);
    assert!(wrong.starts_with("line,reason,username,email,phone,name,password\n"), "{wrong}");
    for (line, reason) in [
        ("3,", "guard.invalid_input"),
        ("4,", "guard.invalid_input"),
        ("5,", "neither a username nor an email address"),
        ("7,", "it has 2 fields, and the first line names 5"),
        ("9,", "it is not UTF-8"),
    ] {
        assert!(
            wrong.lines().any(|found| found.starts_with(line) && found.contains(reason)),
            "{line}{reason}: {wrong}"
        );
    }
    // They are not tried again, nor written again.
    let before = world.requests();
    run(world.import(&world.file("users.csv")), 2);
    assert_eq!(world.requests(), before);
    assert_eq!(String::from_utf8_lossy(&fs::read(world.file("users.csv.wrong.csv")).unwrap()), wrong);

    // The corrected file has the same columns.
    let corrected = "line,reason,username,email,phone,name,password\n3,it was wrong,nine_lives,,,Cat,\n";
    fs::write(world.file("corrected.csv"), corrected).unwrap();
    run(world.import(&world.file("corrected.csv")), 0);
    assert_eq!(world.users().await, 3);
}

#[tokio::test]
async fn a_limit_of_the_rate_is_heeded() {
    let Some(world) = World::start("rate").await else { return };
    let limit = Fault::status(429).retry_after(Duration::from_secs(1)).times(3);
    world.logto.inject_fault(Endpoint::Management, limit);
    // Without a time, too.
    world.logto.inject_fault(Endpoint::Management, Fault::status(429).times(1));
    let summary = run(world.import(&world.csv(50)), 0);
    assert_eq!((world.requests(), world.users().await), (54, 50), "{summary}");
}

#[tokio::test]
async fn an_import_that_waits_stops_at_once_and_a_second_one_stays_out() {
    let Some(world) = World::start("waits").await else { return };
    let csv = world.csv(50);
    world.logto.inject_fault(Endpoint::Management, Fault::status(429).retry_after(Duration::from_secs(600)));
    let waiting = start(world.import(&csv));
    world.requests_reach(1).await;
    let told = run(world.import(&csv), 1);
    assert!(told.contains("another import is at work"), "{told}");
    terminate(&waiting);
    assert_eq!(waiting.wait_with_output().unwrap().status.code(), Some(130));
    assert!(world.requests() <= 4, "nobody asks during the pause: {}", world.requests());
    world.logto.clear_faults();
    run(world.import(&csv), 0);
    assert_eq!(world.users().await, 50);
}

#[tokio::test]
async fn an_answer_that_was_lost_creates_nobody_twice() {
    let Some(world) = World::start("lost").await else { return };
    world.logto.inject_fault(Endpoint::Management, Fault::drop_connection().after_processing().times(2));
    let summary = run(world.import(&world.csv(20)), 0);
    assert_eq!(world.users().await, 20);
    assert_eq!((number(&summary, "created"), number(&summary, "there before")), (18, 2), "{summary}");
}

#[tokio::test]
async fn what_cannot_go_on_says_why() {
    let Some(world) = World::start("why").await else { return };
    let csv = world.csv(50);
    let mut stranger = world.import(&csv);
    stranger.env("LOGTO_APP_ID", "stranger");
    let told = run(stranger, 1);
    assert!(told.contains("Logto Management API access") && told.contains("To go on"), "{told}");
    assert_eq!((world.journaled(), number(&told, "wrong")), (0, 0), "no line is wrong for that");
    run(world.import(&csv), 0);
    // The file is another one by now.
    let told = run(world.import(&world.csv(51)), 1);
    assert!(told.contains("is of another file or another Logto"), "{told}");
    for (text, words) in [
        ("name\nAda\n", "none of the columns `username`, `email` and `phone`"),
        ("username,shoe size\nada,38\n", "the column `shoe size` is not known"),
    ] {
        let told = run(world.import(&world.write(text)), 1);
        assert!(told.contains(words), "{told}");
    }
    let unclosed = format!("username,name\nada,\"{}\n", "never closed ".repeat(200_000));
    fs::remove_file(world.file("users.csv.journal")).unwrap();
    let told = run(world.import(&world.write(&unclosed)), 1);
    assert!(told.contains("is a quotation mark not closed?"), "{told}");
    let told = run(world.import(&world.file("nosuch.csv")), 1);
    assert!(told.contains("cannot read"), "{told}");
}

/// The column `reason` is passed over: with it a file of 12 MB has few users.
#[tokio::test]
async fn memory_does_not_grow_with_the_file() {
    let Some(world) = World::start("memory").await else { return };
    if !cfg!(target_os = "linux") {
        return;
    }
    let peak = |rows: usize| {
        let reason = "x".repeat(4_000);
        let rows: String = (0..rows).map(|row| format!("rows{rows}_{row},{reason}\n")).collect::<Vec<_>>().concat();
        _ = fs::remove_file(world.file("users.csv.journal"));
        number(&run(world.import(&world.write(&format!("username,reason\n{rows}"))), 0), "peak memory")
    };
    let (small, large) = (peak(100), peak(3_000));
    assert!(large < small + 4_000, "{small} kB for 100 users, {large} kB for 3,000");
}
