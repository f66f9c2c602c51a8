//! `examples/cli`, whose user has a browser.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::{app::target, engine::Engine, window::Browser};

/// The Logto of the example, and a home folder with a browser that notes what it is to open.
struct Machine {
    demo: Child,
    logto: String,
    books: String,
    home: PathBuf,
}

impl Drop for Machine {
    fn drop(&mut self) {
        _ = self.demo.kill();
        _ = self.demo.wait();
        _ = fs::remove_dir_all(&self.home);
    }
}

impl Machine {
    fn start(name: &str) -> Self {
        let mut demo = Command::new(program()).arg("demo").env("PORT", "0").stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut address = |label: &str| {
            let line = lines.next().unwrap();
            line.strip_prefix(label).unwrap().split(' ').next().unwrap().to_owned()
        };
        let (logto, books) = (address("Logto: "), address("Books: "));
        let home = std::env::temp_dir().join(format!("logto-browser-cli-{}-{name}", std::process::id()));
        fs::create_dir_all(&home).unwrap();
        let script = home.join("xdg-open");
        let opened = home.join("opened").display().to_string();
        fs::write(&script, format!("#!/bin/sh\necho \"$1\" > '{opened}.part' && /bin/mv '{opened}.part' '{opened}'\n"))
            .unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        Self { demo, logto, books, home }
    }

    fn run(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new(program());
        command.env_clear().args(arguments).env("LOGTO_ENDPOINT", &self.logto).env("BOOKS_API", &self.books);
        command.env("HOME", &self.home).env("PATH", &self.home).env("DISPLAY", ":9");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    async fn opened(&self) -> String {
        for _ in 0..500 {
            if let Ok(address) = fs::read_to_string(self.home.join("opened")) {
                return address.trim().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no browser was opened");
    }
}

fn program() -> PathBuf {
    let program = target().join("debug/cli");
    assert!(program.exists(), "{} is missing: cargo build -p logto-example-cli", program.display());
    program
}

async fn ended(child: Child) -> String {
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

/// The last page is the program's own, on a port of this machine.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_signs_in_to_a_command_line_program_in_the_browser() {
    let machine = Machine::start("browser");
    let login = machine.run(&["login"]);
    let browser = Browser::start(Engine::Chromium).await;
    let window = browser.open(&machine.opened().await).await;
    window.sign_in("ada", "wrong").await;
    window.shows("Incorrect account or password").await;
    window.sign_in("ada", "lovelace").await;
    window.shows("You are signed in").await;
    window.shows("go back to logto-books").await;
    window.picture("cli-signed-in").await;
    assert!(window.url().await.starts_with("http://127.0.0.1:"));
    assert!(ended(login).await.contains("Signed in as Ada Lovelace (ada@example.test)."));
    assert!(ended(machine.run(&["books"])).await.contains("Analytical Engine"));
    assert_eq!(ended(machine.run(&["logout"])).await, "Signed out.\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_enters_the_code_of_a_command_line_program_in_the_browser() {
    let machine = Machine::start("device");
    let mut login = machine.run(&["login", "--device"]);
    let (mut stderr, mut told) = (login.stderr.take().unwrap(), String::new());
    while !told.contains("The code is good for") {
        let mut bytes = [0; 1024];
        let length = stderr.read(&mut bytes).unwrap();
        assert_ne!(length, 0, "{told}");
        told.push_str(&String::from_utf8_lossy(&bytes[..length]));
    }
    let mut shown = told.lines().map(str::trim).filter(|line| !line.is_empty());
    let address = shown.find(|line| line.starts_with("http://")).unwrap();
    let code = shown.nth(1).unwrap();

    let browser = Browser::start(Engine::Chromium).await;
    let window = browser.open(address).await;
    window.shows("Connect a device").await;
    window.picture("cli-device").await;
    window.fill("user_code", "WRNG-CODE").await;
    window.press("Continue").await;
    window.shows("Connect a device").await;
    let typed = code.to_lowercase().replace('-', "");
    window.fill("user_code", &typed).await;
    window.press("Continue").await;
    window.picture("cli-device-confirm").await;
    // She compares the code on the page with the one in the terminal.
    window.shows(&typed).await;
    window.press("Continue").await;
    window.sign_in("ada", "lovelace").await;
    window.picture("cli-device-success").await;
    assert!(ended(login).await.contains("Signed in as Ada Lovelace (ada@example.test)."));
}
