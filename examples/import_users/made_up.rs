//! A Logto inside, and a file of users that do not exist.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
};

use logto::{
    machine::MachineClient,
    testing::{MockApp, MockLogto},
};

const APP_ID: &str = "import";
const APP_SECRET: &str = "the secret of the import";

/// A machine-to-machine app needs it for the Management API.
const ROLE: &str = "Logto Management API access";

const FIRST_NAMES: [&str; 10] =
    ["Ada", "Grace", "Edsger", "Barbara", "Alan", "Margaret", "Donald", "Radia", "Ken", "Frances"];
const LAST_NAMES: [&str; 10] =
    ["Lovelace", "Hopper", "Dijkstra", "Liskov", "Turing", "Hamilton", "Knuth", "Perlman", "Thompson", "Allen"];

pub(crate) struct MadeUp {
    logto: MockLogto,
    directory: PathBuf,
}

impl MadeUp {
    pub(crate) async fn start() -> io::Result<Self> {
        let app = MockApp::new(APP_ID, APP_SECRET).role(ROLE);
        let logto = MockLogto::builder().machine_to_machine_app(app).start().await?;
        let directory = std::env::temp_dir().join(format!("logto-import-{}", process::id()));
        fs::create_dir_all(&directory)?;
        Ok(Self { logto, directory })
    }

    pub(crate) fn machine(&self) -> logto::Result<MachineClient> {
        MachineClient::builder().endpoint(self.logto.endpoint()).app_id(APP_ID).app_secret(APP_SECRET).build()
    }

    /// `users.csv` with 10,000 users.
    pub(crate) fn make_users(&self) -> io::Result<PathBuf> {
        let path = self.directory.join("users.csv");
        let mut csv = csv::Writer::from_path(&path)?;
        csv.write_record(["username", "email", "name"])?;
        let names = FIRST_NAMES.iter().flat_map(|first| LAST_NAMES.iter().map(move |last| format!("{first} {last}")));
        for (number, name) in names.cycle().take(10_000).enumerate() {
            csv.write_record([format!("user_{number}"), format!("user_{number}@example.test"), name])?;
        }
        csv.flush()?;
        Ok(path)
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn endpoint(&self) -> String {
        self.logto.endpoint()
    }

    pub(crate) fn clean_up(&self) {
        _ = fs::remove_dir_all(&self.directory);
    }

    pub(crate) fn requests(&self) -> usize {
        self.logto.requests_total()
    }
}
