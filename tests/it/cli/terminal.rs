//! `examples/cli` as a person meets it: the program itself, in a terminal (tmux), many at once, killed, and interrupted.

use std::{
    fs,
    io::Read,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Json, Router, http::HeaderMap, routing::get};
use logto::testing::{Endpoint, Fault, MockApp, MockLogto};
use serde_json::json;

use super::{Folder, visit};
use crate::skipped::skipped;

/// A Logto, an API of books, and a machine with a home folder of its own.
struct Machine {
    mock: MockLogto,
    books: String,
    home: Folder,
}

/// The program, where it is built.
fn program() -> Option<PathBuf> {
    if std::env::var_os("LOGTO_TEST_EXAMPLES").is_none() {
        skipped("the example cli", "it is run where it is built and LOGTO_TEST_EXAMPLES is set");
        return None;
    }
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().unwrap().parent().unwrap().join("cli");
    assert!(program.exists(), "build it first: cargo build -p logto-example-cli");
    Some(program)
}

impl Machine {
    async fn start() -> Option<Self> {
        program()?;
        let native = MockApp::new("native", "").native().redirect_uri("http://127.0.0.1/callback").token_exchange(true);
        let mock =
            MockLogto::builder().app(native).app(MockApp::new("device", "").device_flow()).start().await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let books = format!("http://{}", listener.local_addr().unwrap());
        let shelf = |headers: HeaderMap| async move {
            let token = headers["authorization"].to_str().unwrap().to_owned();
            Json(json!({ "books": ["Sketch of the Analytical Engine"], "token": token }))
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/books", get(shelf))).await });
        Some(Self { mock, books, home: Folder::new() })
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LOGTO_ENDPOINT", self.mock.endpoint()),
            ("LOGTO_APP_ID", "native".into()),
            ("LOGTO_DEVICE_APP_ID", "device".into()),
            ("LOGTO_RESOURCES", "https://api.example.test".into()),
            ("BOOKS_API", self.books.clone()),
            ("XDG_DATA_HOME", self.home.0.display().to_string()),
            ("HOME", self.home.0.display().to_string()),
        ]
    }

    /// Without a display and not over SSH, unless a test says otherwise.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program().unwrap());
        command.env_clear().envs(self.variables()).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        output(self.command(arguments)).await
    }

    /// Signed in by a browser that is the script `xdg-open`.
    async fn signed_in(&self) {
        let mut command = self.command(&["login"]);
        command.env("DISPLAY", ":9").env("PATH", self.browser());
        let child = command.spawn().unwrap();
        let address = self.opened().await;
        let callback = self.mock.sign_in(&address, "ada").await;
        assert_eq!(visit(&callback).await.0, 200);
        let output = finished(child).await;
        assert!(output.status.success(), "{}", text(&output));
        self.mock.reset_counts();
    }

    /// A folder with a browser that notes what it is to open.
    fn browser(&self) -> String {
        let folder = self.home.0.join("bin");
        fs::create_dir_all(&folder).unwrap();
        let script = format!(
            "#!/bin/sh\necho \"$1\" > '{0}/opened.part' && /bin/mv '{0}/opened.part' '{0}/opened'\n",
            self.home.0.display()
        );
        fs::write(folder.join("xdg-open"), script).unwrap();
        fs::set_permissions(folder.join("xdg-open"), fs::Permissions::from_mode(0o755)).unwrap();
        folder.display().to_string()
    }

    async fn opened(&self) -> String {
        let file = self.home.0.join("opened");
        until("a browser is opened", || fs::read_to_string(&file).ok()).await.trim().to_owned()
    }

    fn stored(&self) -> String {
        let folder = self.home.0.join("logto-books");
        let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let file = files.find(|path| path.extension().is_none()).unwrap();
        fs::read_to_string(file).unwrap()
    }
}

async fn output(mut command: Command) -> Output {
    finished(command.spawn().unwrap()).await
}

async fn finished(child: Child) -> Output {
    tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Looks until there is something.
async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..1500 {
        if let Some(found) = look() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what}: it did not come to that in half a minute");
}

fn interrupt(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_with_the_browser_of_the_machine_reads_books_and_signs_out() {
    let Some(machine) = Machine::start().await else { return };
    let nobody = machine.run(&["whoami"]).await;
    assert!(!nobody.status.success() && text(&nobody).contains("[cli.not_signed_in]"), "{}", text(&nobody));
    machine.signed_in().await;
    assert_eq!(text(&machine.run(&["whoami"]).await), "Ada Lovelace (ada@example.test)\n");
    assert_eq!(machine.mock.requests_total(), 0);
    let books = machine.run(&["books"]).await;
    assert!(text(&books).contains("Analytical Engine"), "{}", text(&books));
    assert_eq!(text(&machine.run(&["logout"]).await), "Signed out.\n");
    assert_eq!(text(&machine.run(&["logout"]).await), "Nobody was signed in.\n");
    assert_eq!(machine.mock.request_count(Endpoint::Revocation), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_ssh_and_without_a_display_a_code_is_shown() {
    let Some(machine) = Machine::start().await else { return };
    for (name, value) in [("NOTHING", "1"), ("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")] {
        let mut command = machine.command(&["login"]);
        command.env(name, value).env("PATH", machine.browser());
        if name == "SSH_CONNECTION" {
            command.env("DISPLAY", "localhost:10.0");
        }
        let mut child = command.spawn().unwrap();
        let (mut stderr, told) = (child.stderr.take().unwrap(), Arc::new(Mutex::new(String::new())));
        let heard = Arc::clone(&told);
        std::thread::spawn(move || {
            let mut bytes = [0; 1024];
            while let Ok(length @ 1..) = stderr.read(&mut bytes) {
                heard.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..length]));
            }
        });
        let told = until("a code is shown", || {
            Some(told.lock().unwrap().clone()).filter(|told| told.contains("enter the code"))
        })
        .await;
        // No terminal, no QR code.
        assert!(!told.contains('█'), "{told}");
        interrupt(&child, "-INT");
        assert!(!finished(child).await.status.success());
        assert!(!machine.home.0.join("opened").exists());
    }
}

/// 100 processes that begin at once, with one access token that is not there yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_processes_at_once_make_one_refresh_and_all_are_served() {
    let Some(machine) = Machine::start().await else { return };
    machine.signed_in().await;
    let children: Vec<_> = (0..100).map(|_| machine.command(&["books"]).spawn().unwrap()).collect();
    let mut shelves = Vec::new();
    for child in children {
        let output = finished(child).await;
        assert!(output.status.success(), "{}", text(&output));
        shelves.push(text(&output));
    }
    assert_eq!(shelves.len(), 100);
    assert!(shelves.iter().all(|shelf| *shelf == shelves[0] && shelf.contains("Bearer ey")), "{shelves:?}");
    assert_eq!(machine.mock.request_count(Endpoint::Token), 1);
    assert_eq!(machine.mock.request_count(Endpoint::Discovery), 1);
    assert_eq!(machine.mock.request_count(Endpoint::Jwks), 1);
}

/// The system releases the lock of a process that is no more, and Logto takes the spent refresh token for three seconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_while_it_holds_the_lock_keeps_nobody_waiting() {
    let Some(machine) = Machine::start().await else { return };
    machine.signed_in().await;
    machine.mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_secs(60)).times(1));
    let mut child = machine.command(&["books"]).spawn().unwrap();
    until("Logto is asked", || (machine.mock.request_count(Endpoint::Token) == 1).then_some(())).await;
    interrupt(&child, "-KILL");
    child.wait().unwrap();
    let begun = std::time::Instant::now();
    let books = machine.run(&["books"]).await;
    assert!(books.status.success(), "{}", text(&books));
    // Long before the lock would be given up by time.
    assert!(begun.elapsed() < Duration::from_secs(50));
}

/// Ctrl-C while Logto answers: the refresh token that it gives is kept.
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_in_the_middle_of_a_refresh_loses_no_token() {
    let Some(machine) = Machine::start().await else { return };
    machine.signed_in().await;
    let before = machine.stored();
    machine.mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_millis(700)).times(1));
    let child = machine.command(&["books"]).spawn().unwrap();
    until("Logto is asked", || (machine.mock.request_count(Endpoint::Token) == 1).then_some(())).await;
    interrupt(&child, "-INT");
    let ended = finished(child).await;
    assert!(!ended.status.success() && text(&ended).contains("[cli.cancelled]"), "{}", text(&ended));
    assert_ne!(machine.stored(), before);
    let books = machine.run(&["books"]).await;
    assert!(books.status.success(), "{}", text(&books));
    assert_eq!(machine.mock.request_count(Endpoint::Token), 1, "the token of the interrupted run serves the next");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_personal_access_token_in_the_environment_needs_no_sign_in() {
    let Some(machine) = Machine::start().await else { return };
    let token = machine.mock.create_personal_access_token("ada", None);
    for arguments in ["books", "whoami"] {
        let mut command = machine.command(&[arguments]);
        command.env("BOOKS_TOKEN", &token);
        let told = output(command).await;
        assert!(told.status.success(), "{}", text(&told));
    }
    assert!(!machine.home.0.join("logto-books").exists());
}

/// Where there is no keyring, as here, the file is this user's alone all the same.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_keyring_the_file_takes_its_place() {
    let Some(machine) = Machine::start().await else { return };
    let mut command = machine.command(&["login"]);
    command.env("BOOKS_KEYRING", "1").env("DISPLAY", ":9").env("PATH", machine.browser());
    let child = command.spawn().unwrap();
    let callback = machine.mock.sign_in(&machine.opened().await, "ada").await;
    assert_eq!(visit(&callback).await.0, 200);
    assert!(finished(child).await.status.success());
    assert!(machine.stored().starts_with('{'));
    let mut command = machine.command(&["whoami"]);
    command.env("BOOKS_KEYRING", "1");
    assert_eq!(text(&output(command).await), "Ada Lovelace (ada@example.test)\n");
}

/// The keyring of GNOME, on a bus of this test's own.
#[tokio::test(flavor = "multi_thread")]
async fn with_a_keyring_the_file_is_sealed_with_its_key() {
    let Some(machine) = Machine::start().await else { return };
    let is_there = |program: &str| Command::new(program).arg("--version").output().is_ok();
    if !is_there("dbus-run-session") || !is_there("gnome-keyring-daemon") {
        return skipped("the keyring of the system", "there is no dbus-run-session or no gnome-keyring-daemon");
    }
    let runtime = machine.home.0.join("run");
    fs::create_dir(&runtime).unwrap();
    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).unwrap();
    let path = format!("{}:/usr/bin:/bin", machine.browser());
    let in_session = |arguments: &str| {
        let unlock = "printf 'a password' | gnome-keyring-daemon --unlock --components=secrets > /dev/null 2>&1";
        let script = format!("{unlock}; exec '{}' {arguments}", program().unwrap().display());
        let mut command = Command::new("dbus-run-session");
        command.env_clear().envs(machine.variables()).args(["--", "/bin/sh", "-c", &script]);
        command.env("PATH", &path).env("XDG_RUNTIME_DIR", &runtime).env("DISPLAY", ":9").env("BOOKS_KEYRING", "1");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let login = in_session("login").spawn().unwrap();
    let callback = machine.mock.sign_in(&machine.opened().await, "ada").await;
    assert_eq!(visit(&callback).await.0, 200);
    let login = finished(login).await;
    assert!(login.status.success(), "{}", text(&login));
    let sealed = machine.stored();
    assert!(!sealed.starts_with('{') && !sealed.contains("ada"), "{sealed}");
    // Another session of the desktop has the same keyring.
    let whoami = output(in_session("whoami")).await;
    assert!(text(&whoami).contains("Ada Lovelace"), "{}", text(&whoami));
    assert!(output(in_session("books")).await.status.success());
    // Without it the file does not open, and is not lost.
    let mut command = machine.command(&["whoami"]);
    command.env("BOOKS_KEYRING", "1");
    let without = output(command).await;
    assert!(
        text(&without).contains("[cli.storage_failed]") && text(&without).contains("Unlock the keyring"),
        "{}",
        text(&without)
    );
    assert!(output(in_session("logout")).await.status.success());
}

/// A disk without space, as the system tells it of a file that may not grow.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_found_before_logto_is_asked() {
    let Some(machine) = Machine::start().await else { return };
    let limited = |arguments: &str| {
        let mut command = Command::new("/bin/sh");
        let script = format!("trap '' XFSZ; ulimit -f 0; exec '{}' {arguments}", program().unwrap().display());
        command.env_clear().envs(machine.variables()).args(["-c", &script]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let login = output(limited("login --device")).await;
    assert!(text(&login).contains("[cli.storage_failed]"), "{}", text(&login));
    assert_eq!(machine.mock.requests_total(), 0);

    machine.signed_in().await;
    let before = machine.stored();
    let books = output(limited("books")).await;
    assert!(text(&books).contains("[cli.storage_failed]"), "{}", text(&books));
    assert_eq!((machine.mock.requests_total(), machine.stored()), (0, before));
    assert!(machine.run(&["books"]).await.status.success());
}

/// A folder that this user can read and not write.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_read_only_is_found_before_the_user_is_asked() {
    let Some(machine) = Machine::start().await else { return };
    fs::set_permissions(&machine.home.0, fs::Permissions::from_mode(0o555)).unwrap();
    let mut command = machine.command(&["login", "--device"]);
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0);
    if is_root {
        // Root may write everywhere.
        command.uid(65_534);
    }
    let Ok(child) = command.spawn() else {
        return skipped("a read-only folder", "no other user can run the program where it is");
    };
    let login = finished(child).await;
    fs::set_permissions(&machine.home.0, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(text(&login).contains("[cli.storage_failed]"), "{}", text(&login));
    assert_eq!(machine.mock.requests_total(), 0);
}

/// A terminal with 100 columns and 50 lines.
struct Terminal {
    socket: String,
}

impl Terminal {
    /// `None` where there is no tmux.
    fn start(machine: &Machine, arguments: &str) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            skipped("the example cli in a terminal", "there is no tmux");
            return None;
        }
        let terminal = Self { socket: format!("logto-{}", machine.home.0.file_name().unwrap().display()) };
        // The exit status stays on the screen.
        let script = format!("'{}' {arguments}; echo \"exit status $?\"; sleep 600", program().unwrap().display());
        let mut command = terminal.tmux(&["new-session", "-d", "-x", "100", "-y", "50", &script]);
        let started = command.env_remove("DISPLAY").envs(machine.variables()).status().unwrap();
        assert!(started.success());
        Some(terminal)
    }

    fn tmux(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.env("LC_ALL", "C.UTF-8").args(["-u", "-L", &self.socket, "-f", "/dev/null"]).args(arguments);
        command
    }

    fn screen(&self) -> String {
        String::from_utf8(self.tmux(&["capture-pane", "-p"]).output().unwrap().stdout).unwrap()
    }

    async fn shows(&self, text: &str) -> String {
        let mut last = String::new();
        until(&format!("the terminal shows `{text}`"), || {
            last = self.screen();
            last.contains(text).then(|| last.clone())
        })
        .await
    }

    fn press_ctrl_c(&self) {
        assert!(self.tmux(&["send-keys", "C-c"]).status().unwrap().success());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        _ = self.tmux(&["kill-server"]).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_in_a_terminal_sees_a_code_and_is_signed_in() {
    let Some(machine) = Machine::start().await else { return };
    let Some(terminal) = Terminal::start(&machine, "login --device") else { return };
    let screen = terminal.shows("The code is good for 10 minutes.").await;
    // A QR code, whole, for the address with the code.
    assert!(screen.lines().filter(|line| line.starts_with('█') && line.ends_with('█')).count() > 15, "{screen}");
    let code = screen.lines().skip_while(|line| !line.contains("enter the code")).nth(2).unwrap().trim();
    let (begin, end) = code.split_once('-').unwrap();
    assert!(begin.len() == 4 && end.len() == 4, "{screen}");
    machine.mock.approve_device(&format!("{}/device?user_code={code}", machine.mock.endpoint()), "ada");
    let screen = terminal.shows("exit status").await;
    assert!(screen.contains("Signed in as Ada Lovelace (ada@example.test).\nexit status 0"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_refuses_on_the_other_device_is_told_so() {
    let Some(machine) = Machine::start().await else { return };
    let Some(terminal) = Terminal::start(&machine, "login --device") else { return };
    let screen = terminal.shows("The code is good for 10 minutes.").await;
    let code = screen.lines().skip_while(|line| !line.contains("enter the code")).nth(2).unwrap().trim();
    machine.mock.deny_device(&format!("{}/device?user_code={code}", machine.mock.endpoint()));
    let screen = terminal.shows("exit status").await;
    assert!(screen.contains("[cli.denied]") && screen.contains("exit status 1"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_while_the_code_is_shown_ends_the_program_with_a_word() {
    let Some(machine) = Machine::start().await else { return };
    let Some(terminal) = Terminal::start(&machine, "login --device") else { return };
    terminal.shows("The code is good for 10 minutes.").await;
    terminal.press_ctrl_c();
    let screen = terminal.shows("exit status").await;
    assert!(screen.contains("[cli.cancelled]") && screen.contains("exit status 1"), "{screen}");
    assert_eq!(fs::read_dir(machine.home.0.join("logto-books")).unwrap().count(), 1, "the lock alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_while_the_browser_is_waited_for_ends_the_program_with_a_word() {
    let Some(machine) = Machine::start().await else { return };
    let mut command = machine.command(&["login"]);
    command.env("DISPLAY", ":9").env("PATH", machine.browser());
    let child = command.spawn().unwrap();
    machine.opened().await;
    interrupt(&child, "-INT");
    let ended = finished(child).await;
    assert!(!ended.status.success() && text(&ended).contains("[cli.cancelled]"), "{}", text(&ended));
    assert_eq!(text(&machine.run(&["logout"]).await), "Nobody was signed in.\n");
}
