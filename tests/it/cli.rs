//! Sign-in for command line programs, against MockLogto.

mod bad_files;
mod browser;
mod device;
mod headless;
mod on_time;
mod refresh;
mod signing_out;
mod terminal;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use logto::{
    TokenOptions,
    cli::{CliClient, CliClientBuilder, LoginPrompt},
    testing::{Endpoint, MockApp, MockLogto, MockLogtoBuilder, MockResource, TestClock},
};

use crate::support::BOOKS;

/// A folder of this test alone, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("logto-cli-{}-{number}", std::process::id()));
        _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("mytool").join("tokens")
    }

    /// What is in the folder of the tokens.
    fn names(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.0.join("mytool")).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A Logto with a native app and one for the device flow, and a folder for tokens.
struct World {
    mock: Arc<MockLogto>,
    clock: TestClock,
    folder: Folder,
    prompts: Prompts,
}

/// What users were told.
type Prompts = Arc<Mutex<Vec<LoginPrompt>>>;

impl World {
    async fn start() -> Self {
        Self::with(|mock| mock).await
    }

    async fn with(settings: impl FnOnce(MockLogtoBuilder) -> MockLogtoBuilder) -> Self {
        let clock = TestClock::new();
        let native = MockApp::new("native", "").native();
        let mock = MockLogto::builder()
            .app(
                native
                    .redirect_uri("http://127.0.0.1/callback")
                    .redirect_uri("http://[::1]/callback")
                    .token_exchange(true),
            )
            .app(MockApp::new("device", "").device_flow())
            .resource(MockResource::new(BOOKS).scope("read:books"))
            .resource(MockResource::new("https://films.example.test").scope("read:films"))
            .clock(clock.clone());
        let mock = Arc::new(settings(mock).start().await.unwrap());
        Self { mock, clock, folder: Folder::new(), prompts: Prompts::default() }
    }

    /// A program whose browser is that of Ada, who signs in at once.
    fn builder(&self) -> CliClientBuilder {
        let mock = Arc::clone(&self.mock);
        let open = move |address: &str| {
            let (mock, address) = (Arc::clone(&mock), address.to_owned());
            tokio::spawn(async move { visit(&mock.sign_in(&address, "ada").await).await });
            Ok(())
        };
        self.without_browser().open_browser(open)
    }

    /// The same on a machine where no browser can be opened.
    fn without_browser(&self) -> CliClientBuilder {
        let prompts = Arc::clone(&self.prompts);
        CliClient::builder()
            .application("mytool")
            .endpoint(self.mock.endpoint())
            .app_id("native")
            .device_app_id("device")
            .scopes(["email", "read:books"])
            .resources([BOOKS])
            .file(self.folder.file())
            .clock(self.clock.clone())
            .on_prompt(move |prompt| prompts.lock().unwrap().push(prompt.clone()))
            .open_browser(|_| Err(io::ErrorKind::NotFound.into()))
    }

    /// A run of the program.
    fn run(&self) -> CliClient {
        self.builder().build().unwrap()
    }

    /// A run of the program after Ada signed in.
    async fn signed_in(&self) -> CliClient {
        let run = self.run();
        run.login().await.unwrap();
        self.mock.reset_counts();
        run
    }

    fn file(&self) -> PathBuf {
        self.folder.file()
    }

    fn stored(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    fn refreshes(&self) -> usize {
        self.mock.request_count(Endpoint::Token)
    }

    fn prompt(&self) -> LoginPrompt {
        self.prompts.lock().unwrap().last().unwrap().clone()
    }
}

fn books() -> TokenOptions {
    TokenOptions::new().resource(BOOKS)
}

/// What a browser does that is led to an address: the status and the page.
async fn visit(address: &str) -> (u16, String) {
    let response = crate::plain_http::plain_http().build().unwrap().get(address).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;

    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: logto::Result<T>, code: &str) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert!(!error.hint().is_empty());
    error.to_string()
}
