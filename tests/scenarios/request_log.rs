//! The request log of the examples: a middleware around routes and pages that reads the session before and after each request.

use std::time::Duration;

use tokio::time::sleep;

use crate::{app::App, example::Example};

/// What is printed arrives a moment after the response.
const PATIENCE: usize = 1000;

/// With the log off nothing is told. The other scenarios show that a response is the same with it.
pub async fn a_request_log_tells_who_was_signed_in_and_who_is(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.signed_in().await;
    tab.open(&app.url("/protected")).await;
    tab.open(&app.home()).await;
    tab.sign_out().await;
    tab.shows("Create account");
    if !example.request_log {
        assert_eq!(lines(&app), Vec::<String>::new());
        return;
    }
    for (path, before, after) in [
        ("/callback", "nobody", "user-ada"),
        ("/protected", "user-ada", "user-ada"),
        ("/logto/sign-out", "user-ada", "nobody"),
    ] {
        let ends = format!("before=\"{before}\" after=\"{after}\"");
        let told = |app: &App| lines(app).iter().any(|line| line.contains(path) && line.ends_with(&ends));
        for _ in 0..PATIENCE {
            if told(&app) {
                break;
            }
            sleep(Duration::from_millis(5)).await;
        }
        assert!(told(&app), "no {path} {ends} in {:#?}", lines(&app));
    }
    let secret = ["code=", "state=", "eyJ"].into_iter().find(|secret| lines(&app).concat().contains(secret));
    assert_eq!(secret, None, "the log tells a secret");
}

/// The lines that tell who is signed in.
fn lines(app: &App) -> Vec<String> {
    app.printed().lines().filter(|line| line.contains("after=")).map(str::to_owned).collect()
}
