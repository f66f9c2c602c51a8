//! The diagnosis, asked of the engine: its harmless requests are answered as expected, and in the order in which Logto judges them.

use logto::{LogtoClient, LogtoConfigBuilder, diagnose::CheckOutcome};

use super::{App, Client, Engine, SPA, WEB};

#[tokio::test(flavor = "multi_thread")]
async fn a_diagnosis_of_oidc_provider_finds_each_mistake() {
    let Some(engine) = Engine::start("ES384") else {
        return;
    };
    for client in [&WEB, &SPA] {
        let settings = App::new(&engine, client).settings;
        assert_eq!(failures(settings.clone()).await, Vec::<&str>::new());
        // The resource is judged before it is seen that nobody is signed in.
        let resource = settings.clone().resources(["https://typo.example.test"]);
        assert_eq!(failures(resource).await, ["scopes and resources"]);
        let moved = settings.clone().base_url("http://localhost:4000");
        assert_eq!(failures(moved).await, ["redirect URI", "post sign-out redirect URI"]);
        let unknown = settings.app_id("nobody");
        assert_eq!(failures(unknown).await, ["client authentication", "redirect URI", "post sign-out redirect URI"]);
    }
    let wrong = App::new(&engine, &Client { id: WEB.id, secret: Some("not it") }).settings;
    assert_eq!(failures(wrong).await, ["client authentication"]);
    let missing = App::new(&engine, &Client { id: WEB.id, secret: None }).settings;
    assert_eq!(failures(missing).await, ["client authentication"]);
}

async fn failures(settings: LogtoConfigBuilder) -> Vec<&'static str> {
    let diagnosis = LogtoClient::new(settings.build().unwrap()).unwrap().diagnose().await;
    let failures = diagnosis.checks().iter().filter(|check| check.outcome == CheckOutcome::Failure);
    failures.map(|check| check.name).collect()
}
