//! From the start of a command line program to its access token, out of a file: `cargo bench --bench command_line` in this directory.

use std::{path::PathBuf, sync::Arc};

use divan::{Bencher, black_box};
use logto::{
    TokenOptions,
    cli::{CliClient, CliClientBuilder},
    testing::{MockApp, MockLogto, MockResource},
};

const BOOKS: &str = "https://api.example.test";

fn main() {
    divan::main();
}

/// A Logto, and a file with the tokens of Ada.
struct World {
    mock: Arc<MockLogto>,
    file: PathBuf,
}

impl World {
    async fn start() -> Self {
        let app = MockApp::new("native", "").native().redirect_uri("http://127.0.0.1/callback");
        let mock = MockLogto::builder().app(app).resource(MockResource::new(BOOKS).scope("read:books"));
        let mock = Arc::new(mock.start().await.expect("a MockLogto"));
        let file = std::env::temp_dir().join(format!("logto-bench-cli-{}", std::process::id())).join("tokens");
        let world = Self { mock: Arc::clone(&mock), file };
        let open = move |address: &str| {
            let (mock, address) = (Arc::clone(&mock), address.to_owned());
            tokio::spawn(async move { reqwest::get(mock.sign_in(&address, "ada").await).await });
            Ok(())
        };
        let run = world.builder().open_browser(open).build().expect("the settings are right");
        run.login().await.expect("Ada signs in");
        run.get_access_token(books()).await.expect("a token");
        world.mock.reset_counts();
        world
    }

    fn builder(&self) -> CliClientBuilder {
        let builder = CliClient::builder().application("bench").endpoint(self.mock.endpoint()).app_id("native");
        builder.resources([BOOKS]).scopes(["read:books"]).file(&self.file).on_prompt(|_| {})
    }
}

impl Drop for World {
    fn drop(&mut self) {
        assert_eq!(self.mock.requests_total(), 0, "a token that lives is not asked for");
        _ = std::fs::remove_dir_all(self.file.parent().expect("a folder"));
    }
}

fn books() -> TokenOptions {
    TokenOptions::new().resource(BOOKS)
}

/// All that a run does: its runtime, the settings, the file.
#[divan::bench]
fn from_the_start_to_a_token(bencher: Bencher<'_, '_>) {
    let world = tokio::runtime::Runtime::new().expect("a runtime").block_on(World::start());
    bencher.bench_local(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let run = world.builder().build().expect("the settings are right");
        black_box(runtime.block_on(run.get_access_token(books())).expect("a token"))
    });
}
