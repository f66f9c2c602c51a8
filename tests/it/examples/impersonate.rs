//! Support acts for a user: what the page shows, what the log has, and who may not.

use std::time::Duration;

use super::{Running, Tab, built, command, start_with};

fn started(seconds: &str) -> Option<Running> {
    built("impersonate").then_some(())?;
    let mut command = command("impersonate");
    command.env("ACT_SECONDS", seconds);
    Some(start_with(command))
}

impl Running {
    async fn logs(&self, actor: &str, user: &str, what: &str) {
        let parts = [format!("actor=\"{actor}\""), format!("user=\"{user}\""), what.to_owned()];
        let has = |line: &String| line.contains("impersonation") && parts.iter().all(|part| line.contains(part));
        for _ in 0..250 {
            if self.log.lock().unwrap().iter().any(has) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no {parts:?} in {:#?}", self.log.lock().unwrap());
    }
}

async fn grace(example: &Running) -> Tab {
    let mut tab = Tab::open(&example.base).await;
    tab.submit(&[("username", "grace"), ("password", "hopper")]).await;
    tab.shows("Act for a user");
    tab
}

#[tokio::test]
async fn support_acts_for_a_user_and_the_api_sees_both() {
    let Some(example) = started("900") else { return };
    let mut tab = grace(&example).await;
    tab.go("/?q=lovelace").await;
    tab.shows("user-ada");
    assert!(!tab.page.contains("user-bob"), "{}", tab.page);
    tab.send("/act", &[("user", "user-ada"), ("ticket", "4711")]).await;
    assert_eq!(tab.url.path(), "/");
    tab.shows("You act for <b>Ada Lovelace</b> (user-ada), as user-grace, on ticket 4711.");
    // The API says so of the request, and the token of itself.
    tab.shows("&quot;reader&quot;: &quot;user-ada&quot;");
    tab.shows("&quot;actor&quot;: &quot;user-grace&quot;");
    tab.shows("&quot;sub&quot;: &quot;user-grace&quot;\n  }");
    example.logs("user-grace", "user-ada", "asked for").await;
    example.logs("user-grace", "user-ada", "begun").await;
    // Her own session stays what it was.
    tab.shows("<h1>Grace Hopper</h1>");
    let session = tab.http.get(format!("{}/logto/user", example.base)).send().await.unwrap().text().await.unwrap();
    assert!(session.contains("user-grace") && !session.contains("user-ada"), "{session}");
    // Another browser of hers does not act.
    let other = grace(&example).await;
    assert!(!other.page.contains("You act for"), "{}", other.page);

    tab.send("/act/end", &[]).await;
    tab.shows("Act for a user");
    example.logs("user-grace", "user-ada", "ended").await;
    let text = example.log.lock().unwrap().join("\n");
    assert!(!text.contains("eyJ") && !text.contains("sub_"), "no token is in the log: {text}");
}

#[tokio::test]
async fn acting_ends_by_itself() {
    let Some(example) = started("2") else { return };
    let mut tab = grace(&example).await;
    tab.send("/act", &[("user", "user-ada"), ("ticket", "4711")]).await;
    tab.shows("You act for");
    while tab.page.contains("You act for") {
        tokio::time::sleep(Duration::from_millis(100)).await;
        tab.go("/").await;
    }
    tab.shows("Act for a user");
    example.logs("user-grace", "user-ada", "time is over").await;
}

#[tokio::test]
async fn who_is_no_support_gets_403_and_is_in_the_log() {
    let Some(example) = started("900") else { return };
    let mut bob = Tab::open(&example.base).await;
    bob.submit(&[("username", "bob"), ("password", "builder")]).await;
    bob.shows("This page is for people of the support.");
    let fields = [("user", "user-ada"), ("ticket", "1")];
    let request = bob.http.post(format!("{}/act", example.base)).header("origin", &example.base);
    assert_eq!(request.form(&fields).send().await.unwrap().status(), 403);
    example.logs("user-bob", "user-ada", "not support").await;
    bob.go("/").await;
    assert!(!bob.page.contains("You act for"), "{}", bob.page);
}

#[tokio::test]
async fn nobody_acts_for_support_for_oneself_or_for_nobody() {
    let Some(example) = started("900") else { return };
    let mut tab = grace(&example).await;
    for (user, ticket, words) in [
        ("user-radia", "1", "Nobody acts for people of the support."),
        ("user-grace", "1", "That is you."),
        ("nosuch", "1", "There is no such user any more."),
        ("../users", "1", "There is no such user any more."),
        ("user-ada", " ", "Say which ticket it is for."),
    ] {
        tab.post("/act", &[("user", user), ("ticket", ticket)]).await;
        tab.shows(words);
        tab.go("/").await;
        tab.shows("Act for a user");
    }
    example.logs("user-grace", "user-radia", "refused").await;
    // Another site cannot begin it.
    let request = tab.http.post(format!("{}/act", example.base)).header("origin", "https://evil.example");
    let answer = request.form(&[("user", "user-ada"), ("ticket", "1")]).send().await.unwrap();
    assert_eq!(answer.status(), 403);
}
