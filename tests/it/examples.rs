//! Examples as a newcomer meets them: the binary itself, clicked through with its Logto's pages. `tests/scenarios` is for those that
//! show a framework.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

/// The running example; it stops with the test.
struct Running {
    process: Child,
    base: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

fn command(example: &str, port: u16) -> Command {
    let tests = std::env::current_exe().unwrap();
    let target = tests.parent().unwrap().parent().unwrap();
    let binary = target.join("examples").join(example);
    assert!(binary.exists(), "build it first: cargo build --example {example}");
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LOGTO_")) {
        command.env_remove(name);
    }
    command.env("PORT", port.to_string()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A port that is free, as is the next. Below those that the system gives out, so that nothing else takes it meanwhile.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        // Tests run in processes of their own, many at once: each begins somewhere else.
        let number = std::process::id().wrapping_mul(7).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 10_000 + 2 * u16::try_from(number % 10_000).unwrap();
        if [port, port + 1].into_iter().all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return port;
        }
    }
}

fn start(example: &str) -> Running {
    let port = free_port();
    let mut process = command(example, port).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let base = format!("http://localhost:{port}");
    assert!(lines.any(|line| line.unwrap().contains(&base)), "it prints the URL");
    // A program whose output nobody reads ends at its next line.
    std::thread::spawn(move || lines.count());
    Running { process, base }
}

/// A browser: cookies kept, redirects followed.
struct Tab {
    http: reqwest::Client,
    url: reqwest::Url,
    page: String,
}

impl Tab {
    async fn open(url: &str) -> Self {
        let http = reqwest::Client::builder().cookie_store(true).build().unwrap();
        let mut tab = Self { http, url: url.parse().unwrap(), page: String::new() };
        tab.go(url).await;
        tab
    }

    async fn go(&mut self, target: &str) {
        let url = self.url.join(&target.replace("&amp;", "&")).unwrap();
        self.show(self.http.get(url).header("accept", "text/html")).await;
    }

    /// Follows the link that reads `text`.
    async fn click(&mut self, text: &str) {
        let before = self.page.split(&format!(">{text}<")).next().unwrap();
        assert!(before.len() < self.page.len(), "no `{text}` in {}", self.page);
        let target = before.rsplit("href=\"").next().unwrap().split('"').next().unwrap().to_owned();
        self.go(&target).await;
    }

    /// Sends the page's form.
    async fn submit(&mut self, fields: &[(&str, &str)]) {
        let action = self.page.split("action=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
        let url = self.url.join(&action).unwrap();
        let origin = self.url.origin().ascii_serialization();
        self.show(self.http.post(url).header("accept", "text/html").header("origin", origin).form(fields)).await;
    }

    async fn show(&mut self, request: reqwest::RequestBuilder) {
        let response = request.send().await.unwrap();
        self.url = response.url().clone();
        self.page = response.text().await.unwrap();
        // Logto's sign-out page posts itself by a script.
        if self.page.contains("name=\"xsrf\"") {
            let xsrf = self.page.split("name=\"xsrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
            Box::pin(self.submit(&[("xsrf", &xsrf), ("logout", "yes")])).await;
        }
    }

    #[track_caller]
    fn shows(&self, text: &str) {
        assert!(self.page.contains(text), "no `{text}` at {}: {}", self.url, self.page);
    }
}

#[tokio::test]
async fn a_newcomer_clicks_through_the_quickstart() {
    let quickstart = start("quickstart");
    let mut tab = Tab::open(&quickstart.base).await;
    tab.shows("Create account");

    tab.click("Sign in").await;
    tab.shows("ada / lovelace");
    tab.submit(&[("username", "ada"), ("password", "wrong")]).await;
    tab.shows("Incorrect account or password");
    tab.submit(&[("username", "ada"), ("password", "lovelace")]).await;
    tab.shows("Hello, Ada Lovelace");
    tab.shows("user-ada");
    tab.click("All that the ID token says").await;
    tab.shows("&quot;username&quot;: &quot;ada&quot;");
    tab.click("Start page").await;
    tab.submit(&[]).await;
    tab.shows("Welcome");

    tab.click("Continue with Kakao").await;
    tab.shows("Agree and continue");
    tab.submit(&[]).await;
    tab.shows("Hello, Kakao User");
    tab.submit(&[]).await;

    tab.click("Create account").await;
    tab.submit(&[("username", "grace"), ("password", "hopper")]).await;
    tab.shows("user-grace");
    tab.submit(&[]).await;

    // A page that needs a user leads to Logto and back to itself.
    tab.go("/me").await;
    tab.submit(&[("username", "ada"), ("password", "lovelace")]).await;
    assert!(tab.url.path() == "/me" && tab.page.contains("user-ada"), "{}", tab.url);

    // A mistake gets a page that says what to do.
    tab.go("/callback?code=a&state=b").await;
    tab.go("/logto/sign-in?return_to=//evil.example").await;
    tab.shows("leads to another origin");
}

#[tokio::test]
async fn organizations_have_pages_of_their_own() {
    let example = start("organizations");
    let mut tab = Tab::open(&example.base).await;
    tab.submit(&[("username", "ada"), ("password", "lovelace")]).await;
    tab.shows("&quot;org-acme&quot;");
    tab.go("/all").await;
    tab.shows("&quot;refused&quot;: {}");
    tab.go("/organization/org-acme").await;
    tab.shows("&quot;admin&quot;");
    tab.go("/organization/org-acme/books").await;
    tab.shows("&quot;organization_id&quot;: &quot;org-acme&quot;");
    tab.shows("&quot;aud&quot;: &quot;https://api.example.test&quot;");
    tab.go("/organization/not-hers").await;
    tab.shows("not a member of the organization");
}

#[tokio::test]
async fn custom_claims_guard_a_page() {
    let example = start("custom_claims");
    let mut tab = Tab::open(&example.base).await;
    tab.submit(&[("username", "ada"), ("password", "lovelace")]).await;
    tab.shows(r#"{"plan":"pro","seats":5}"#);
    let mut other = Tab::open(&example.base).await;
    other.submit(&[("username", "bob"), ("password", "builder")]).await;
    other.shows("this page is for subscribers");
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let output = command("quickstart", port).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(told.contains(&format!("cannot listen on port {port}")) && told.contains("PORT=4000"), "{told}");
}

#[test]
fn a_mistake_in_the_environment_is_named() {
    let told = |vars: &[(&str, &str)]| {
        String::from_utf8(command("quickstart", free_port()).envs(vars.iter().copied()).output().unwrap().stderr)
            .unwrap()
    };
    let endpoint = ("LOGTO_ENDPOINT", "https://my-tenant.logto.app");
    let message = told(&[endpoint]);
    assert!(
        message.contains("app_id is missing (set LOGTO_APP_ID") && message.contains("cookie_secret is missing"),
        "{message}"
    );
    let message = told(&[endpoint, ("LOGTO_APP_ID", "app"), ("LOGTO_COOKIE_SECRET", "short")]);
    assert!(message.contains("cookie_secret has 5 bytes (it needs 32"), "{message}");
}
