//! The engines, and the WebDriver server of each.

use std::{
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Map, Value, json};

#[derive(Clone, Copy)]
pub enum Engine {
    Chromium,
    /// The one of Safari, as Debian has it: WebKitGTK.
    WebKit,
}

/// A WebDriver server and what it needs. Browsers are in the process group of their driver.
pub struct Driver(Vec<Child>);

impl Drop for Driver {
    fn drop(&mut self) {
        for process in &mut self.0 {
            _ = Command::new("kill").args(["--", &format!("-{}", process.id())]).status();
            _ = process.wait();
        }
    }
}

impl Engine {
    /// The server, and the port that it listens on.
    pub async fn start(self) -> (Driver, u16) {
        match self {
            Self::Chromium => chromedriver(),
            Self::WebKit => webkit_driver().await,
        }
    }

    pub fn capabilities(self) -> Map<String, Value> {
        let capabilities = match self {
            Self::Chromium => {
                let arguments = [
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-quic",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    "--window-size=1000,800",
                    "--lang=en",
                ];
                json!({ "browserName": "chrome", "goog:chromeOptions": { "args": arguments } })
            }
            Self::WebKit => json!({ "browserName": "MiniBrowser" }),
        };
        let mut capabilities = capabilities.as_object().unwrap().clone();
        // The CA of `Front` is nobody's.
        capabilities.insert("acceptInsecureCerts".to_owned(), json!(true));
        capabilities
    }
}

fn chromedriver() -> (Driver, u16) {
    let (driver, port) = start(Command::new("chromedriver").arg("--port=0"), "chromium chromium-driver", |line| {
        line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok()
    });
    (Driver(vec![driver]), port)
}

/// It has no mode without a screen, and does not choose a port itself.
async fn webkit_driver() -> (Driver, u16) {
    let (screen, display) = start(
        Command::new("Xvfb").args(["-displayfd", "1", "-screen", "0", "1000x800x24", "-nolisten", "tcp"]),
        "xvfb",
        |line| line.trim().parse::<u16>().ok(),
    );
    let mut driver = Driver(vec![screen]);
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Command::new("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .env("DISPLAY", format!(":{display}"))
            .process_group(0)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("WebKitWebDriver is missing: apt-get install webkit2gtk-driver");
        // It ends where something else took the port meanwhile.
        while server.try_wait().unwrap().is_none() {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                driver.0.insert(0, server);
                return (driver, port);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Starts a program that prints a number.
fn start(command: &mut Command, packages: &str, number: impl Fn(&str) -> Option<u16>) -> (Child, u16) {
    let name = command.get_program().to_owned();
    let process = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut process = process.unwrap_or_else(|_| panic!("{} is missing: apt-get install {packages}", name.display()));
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let number = lines.find_map(|line| number(&line.unwrap())).expect("it prints the number");
    // It must not wait for a reader.
    std::thread::spawn(move || lines.count());
    (process, number)
}
