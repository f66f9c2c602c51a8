//! Examples as a newcomer meets them: the binary itself, clicked through with its Logto's pages. `tests/scenarios` is for those that
//! show a framework.

mod account;
mod impersonate;
mod import_users;
mod saas;
mod starting;

use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use logto::testing::{MockApp, MockLogto};
use serde_json::json;

use crate::{plain_http::plain_http, port::Port, skipped::skipped, support::BOOKS};

/// The running example; it stops with the test.
struct Running {
    process: Child,
    base: String,
    /// What it prints after its address.
    log: Arc<Mutex<Vec<String>>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

/// On a port that the system chooses, unless another is set.
fn command(example: &str) -> Command {
    let tests = std::env::current_exe().unwrap();
    let target = tests.parent().unwrap().parent().unwrap();
    let binary = target.join("examples").join(example);
    assert!(binary.exists(), "build it first: cargo build --example {example}");
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LOGTO_")) {
        command.env_remove(name);
    }
    command.env("PORT", "0").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn start(example: &str) -> Running {
    start_with(command(example))
}

fn start_with(mut command: Command) -> Running {
    Running::of(command.spawn().unwrap(), |line| line.contains("http://localhost:")).0
}

impl Running {
    /// Once it has printed its last line, as `is_last` says, and answers at the address that it printed. With all that it printed.
    fn of(mut process: Child, is_last: impl Fn(&str) -> bool) -> (Self, Vec<String>) {
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut printed: Vec<String> = Vec::new();
        while !printed.last().is_some_and(|line| is_last(line)) {
            printed.push(lines.next().unwrap_or_else(|| panic!("it ends early: {printed:?}")));
        }
        // A program whose output nobody reads ends at its next line.
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let read = Arc::clone(&log);
        std::thread::spawn(move || lines.for_each(|line| read.lock().unwrap().push(line)));
        let base = address(printed.last().unwrap());
        // Some print before they listen.
        while TcpStream::connect(base.strip_prefix("http://").unwrap()).is_err() {
            assert_eq!(process.try_wait().unwrap(), None, "{printed:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        (Self { process, base, log }, printed)
    }
}

/// `http://localhost:<port>`, out of a line that names it or something below it.
fn address(line: &str) -> String {
    const ORIGIN: &str = "http://localhost:";
    let (_, from) = line.split_once(ORIGIN).unwrap_or_else(|| panic!("no address in {line}"));
    let port: String = from.chars().take_while(char::is_ascii_digit).collect();
    format!("{ORIGIN}{port}")
}

/// A browser: cookies kept, redirects followed.
struct Tab {
    http: reqwest::Client,
    url: reqwest::Url,
    page: String,
}

impl Tab {
    async fn open(url: &str) -> Self {
        let http = plain_http().cookie_store(true).build().unwrap();
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

    /// Sends the form of the page that goes to `path`.
    async fn send(&mut self, path: &str, fields: &[(&str, &str)]) {
        assert!(self.page.contains(&format!("action=\"{path}\"")), "no form for {path} at {}: {}", self.url, self.page);
        self.post(path, fields).await;
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) {
        let (url, origin) = (self.url.join(path).unwrap(), self.url.origin().ascii_serialization());
        self.show(self.http.post(url).header("accept", "text/html").header("origin", origin).form(fields)).await;
    }

    /// The value of a hidden field in the form that goes to `path`.
    fn value(&self, path: &str, name: &str) -> String {
        let form =
            self.page.split_once(&format!("action=\"{path}\"")).unwrap_or_else(|| panic!("{path}: {}", self.page)).1;
        let value = form.split_once(&format!("name=\"{name}\" value=\"")).unwrap().1;
        value.split('"').next().unwrap().to_owned()
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
    tab.shows("&quot;refused&quot;: &#123;}");
    tab.go("/organization/org-acme").await;
    tab.shows("&quot;admin&quot;");
    tab.go("/organization/org-acme/books").await;
    tab.shows("&quot;organization_id&quot;: &quot;org-acme&quot;");
    tab.shows("&quot;aud&quot;: &quot;https://api.example.test&quot;");
    tab.go("/organization/not-hers").await;
    tab.shows("not a member of the organization");
}

#[tokio::test]
async fn sessions_are_listed_and_the_others_end_with_a_button() {
    let example = start("sessions");
    let ada = [("username", "ada"), ("password", "lovelace")];
    let mut first = Tab::open(&example.base).await;
    first.submit(&ada).await;
    first.shows("this browser");
    assert!(!first.page.contains(">End<"), "{}", first.page);
    let mut second = Tab::open(&example.base).await;
    second.submit(&ada).await;
    first.go("/").await;
    // The first form is that of the other session.
    let id = first.page.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    first.submit(&[("id", &id)]).await;
    first.shows("this browser");
    assert!(!first.page.contains(">End<"), "{}", first.page);
    second.go("/").await;
    // It signs in again by Logto's session, and that is another session here.
    assert_eq!(second.page.matches("name=\"id\"").count(), 1, "{}", second.page);
    assert!(!second.page.contains(&id), "{}", second.page);
}

#[tokio::test]
async fn who_is_suspended_or_deleted_at_logto_is_signed_out_by_the_next_page() {
    let example = start("webhooks");
    let ada = [("username", "ada"), ("password", "lovelace")];
    let mut tabs = [Tab::open(&example.base).await, Tab::open(&example.base).await];
    let suspended = "User.SuspensionStatus.Updated user-ada: signed out everywhere";
    let again = "User.SuspensionStatus.Updated user-ada: done before";
    for what in ["suspend", "delete"] {
        for tab in &mut tabs {
            tab.click("Sign in").await;
            // Her session at Logto outlives the suspension.
            if what == "suspend" {
                tab.submit(&ada).await;
            }
            tab.go("/").await;
            tab.shows("Hello, Ada Lovelace");
            tab.shows("PostSignIn user-ada: nothing to do");
        }
        if what == "delete" {
            // She signed in after her suspension, of which the application is told once more.
            tabs[0].submit(&[("what", "again")]).await;
            tabs[0].shows("Hello, Ada Lovelace");
            tabs[0].shows(again);
        }
        tabs[0].submit(&[("what", what)]).await;
        for tab in &mut tabs {
            tab.go("/").await;
            tab.shows("Nobody is signed in");
            tab.shows(suspended);
        }
        tabs[0].submit(&[("what", "unsuspend")]).await;
        // Logto tells in whole seconds when a session began, and one that began in the second of the suspension is over.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
    tabs[0].shows("User.Deleted user-ada: signed out everywhere");
    assert_eq!(tabs[0].page.matches("signed out everywhere").count(), 2, "{}", tabs[0].page);

    // Who has no key is told so, and has done nothing.
    let forged = tabs[0].http.post(format!("{}/hook", example.base)).header("logto-signature-sha-256", "0".repeat(64));
    assert_eq!(forged.body("{}").send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn custom_claims_guard_a_page() {
    let example = start("custom_claims");
    let mut tab = Tab::open(&example.base).await;
    tab.submit(&[("username", "ada"), ("password", "lovelace")]).await;
    tab.shows(r#"{"plan":"pro","seats":5}"#);
    tab.go("/places").await;
    for place in [r#""access token":"pro""#, r#""user info":"pro""#, r#""ID token":null"#] {
        tab.shows(place);
    }
    let mut other = Tab::open(&example.base).await;
    other.submit(&[("username", "bob"), ("password", "builder")]).await;
    other.shows("this page is for subscribers");
}

/// An API, and what it printed when it was ready.
fn start_api(example: &str, environment: &[(&str, &str)]) -> (Running, Vec<String>) {
    let process = command(example).envs(environment.iter().copied()).spawn().unwrap();
    // A log may name the route as well.
    Running::of(process, |line| line.contains("http://localhost:") && line.contains("/.well-known/"))
}

/// Runs a command in a shell; gives the status, the challenge and the body of the answer that it shows.
fn shell(variables: &str, command: &str) -> (u16, String, String) {
    let output = Command::new("sh").args(["-c", &format!("{variables}\n{command}")]).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    let shown = String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n");
    let (head, body) = shown.split_once("\n\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let challenge = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("www-authenticate").then(|| value.to_owned())
    });
    (status, challenge.unwrap_or_default(), body.trim().to_owned())
}

/// What a newcomer pastes works as printed.
fn the_printed_commands_work(example: &str) {
    let (api, printed) = start_api(example, &[]);
    let indented: Vec<_> = printed.iter().filter_map(|line| line.strip_prefix("  ")).collect();
    let (commands, tokens): (Vec<&str>, Vec<&str>) = indented.into_iter().partition(|line| line.starts_with("curl"));
    assert_eq!(tokens.len(), 3, "{printed:?}");
    let tokens = tokens.join("\n");
    let resource = format!(r#"resource_metadata="{}/.well-known/oauth-protected-resource""#, api.base);
    let lacks = format!(
        r#"Bearer realm="{}", error="insufficient_scope", error_description="The access token lacks a scope.", scope="write:books", {resource}"#,
        api.base
    );
    let refusal = r#"{"code":"bearer_token.insufficient_scope","message":"The access token lacks a scope."}"#;
    let answers: Vec<_> = commands.iter().map(|command| shell(&tokens, command)).collect();
    let plain = |status: u16, body: &str| (status, String::new(), body.to_owned());
    let expected = [
        plain(200, "Hello, stranger"),
        plain(200, "Hello, user-ada"),
        plain(200, r#"["Frankenstein"]"#),
        plain(201, r#"["Frankenstein","Middlemarch"]"#),
        (403, lacks, refusal.to_owned()),
        plain(200, r#"["The Acme handbook"]"#),
    ];
    assert_eq!(answers[..6], expected);
    let (status, _, metadata) = &answers[6];
    assert_eq!(*status, 200);
    assert!(
        metadata.starts_with(&format!(r#"{{"resource":"{}","authorization_servers":["http://127.0.0.1:"#, api.base))
    );
    assert_eq!(answers.len(), 7);

    // What is not printed: each route refuses what it must.
    let curl = |path: &str, header: &str| {
        let (status, _, body) = shell(&tokens, &format!("curl -i {}{path} -H \"Authorization: {header}\"", api.base));
        (status, body)
    };
    for (path, header, status, code) in [
        ("/", "Bearer nonsense", 401, "bearer_token.opaque"),
        ("/books", "", 401, "bearer_token.missing"),
        ("/books", "Bearer $ADA.", 401, "bearer_token.invalid_token"),
        ("/organizations/org-acme/books", "Bearer $ADA", 403, "bearer_token.wrong_organization"),
        ("/organizations/org-globex/books", "Bearer $ACME", 403, "bearer_token.wrong_organization"),
    ] {
        let (found, body) = curl(path, header);
        assert!(found == status && body.contains(code), "{path} {header}: {found} {body}");
    }
    // Each sees the books of its own.
    assert_eq!(curl("/books", "Bearer $ACME"), (200, r#"["The Acme handbook"]"#.to_owned()));
}

#[test]
fn an_api_on_axum_can_be_called() {
    the_printed_commands_work("api_axum");
}

#[test]
fn an_api_on_actix_web_can_be_called() {
    if built("api_actix_web") {
        the_printed_commands_work("api_actix_web");
    }
}

#[test]
fn an_api_on_rocket_can_be_called() {
    if built("api_rocket") {
        the_printed_commands_work("api_rocket");
    }
}

/// Whether an example that needs more features than the tests is to be run.
fn built(example: &str) -> bool {
    let built = std::env::var_os("LOGTO_TEST_EXAMPLES").is_some();
    if !built {
        skipped(&format!("the example {example}"), "it is run where it is built and LOGTO_TEST_EXAMPLES is set");
    }
    built
}

/// README tells how many lines of each are for the sign-in; they are numbered.
#[tokio::test]
async fn few_lines_sign_in_where_there_is_no_integration() {
    for (framework, lines) in [("poem", 13), ("salvo", 20), ("warp", 10)] {
        let source = format!("{}/examples/{framework}/src/minimal.rs", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(source).unwrap();
        for number in 1..=lines + 1 {
            let is_there = source.lines().any(|line| line.ends_with(&format!(" // {number}")));
            assert_eq!(is_there, number <= lines, "{framework}: line {number}");
        }
        let readme = include_str!("../../README.md");
        let row = readme.lines().find(|line| line.contains(&format!("examples/{framework}/src/minimal.rs")));
        assert!(row.is_some_and(|row| row.contains(&format!("| {lines}:"))), "README on {framework}: {lines} lines");
        if !built(framework) {
            continue;
        }

        // Logto has to know the address before.
        let port = Port::reserve();
        let base = format!("http://localhost:{}", port.number());
        let app = MockApp::new("app", "secret").redirect_uri(format!("{base}/callback"));
        let mock = MockLogto::builder().app(app.post_logout_redirect_uri(&base)).start().await.unwrap();
        // The programs of the packages are beside the examples.
        let mut command = command(&format!("../{framework}_minimal"));
        command.env("PORT", port.number().to_string());
        command.env("LOGTO_ENDPOINT", mock.endpoint()).env("LOGTO_APP_ID", "app").env("LOGTO_APP_SECRET", "secret");
        command.env("LOGTO_BASE_URL", &base).env("LOGTO_COOKIE_SECRET", "0123456789abcdef0123456789abcdef");
        let mut program = Running { process: command.spawn().unwrap(), base: base.clone(), log: Arc::default() };
        while TcpStream::connect(("127.0.0.1", port.number())).is_err() {
            assert_eq!(program.process.try_wait().unwrap(), None, "{framework}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }

        let mut tab = Tab::open(&base).await;
        tab.shows("hello");
        tab.go("/me").await;
        tab.submit(&[("username", "ada"), ("password", "lovelace")]).await;
        assert_eq!((tab.url.path(), &*tab.page), ("/me", "user-ada"), "{framework}");
        let sign_out = tab.url.join("/logto/sign-out").unwrap();
        tab.show(tab.http.post(sign_out).header("origin", &base).header("accept", "text/html")).await;
        tab.go("/me").await;
        tab.shows("Sign in");
    }
}

// The shell is waited for, and meanwhile the Logto has to answer.
#[tokio::test(flavor = "multi_thread")]
async fn an_api_takes_the_tokens_of_another_logto() {
    let mock = MockLogto::start().await;
    let (api, printed) = start_api("api_axum", &[("LOGTO_ENDPOINT", &mock.endpoint()), ("LOGTO_RESOURCES", BOOKS)]);
    let printed = printed.join("\n");
    assert!(printed.contains(&format!("Register in Logto Console › API resources: {BOOKS}")), "{printed}");
    assert!(printed.contains("TOKEN=…") && !printed.contains("ADA"), "{printed}");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let claims = json!({
        "iss": mock.issuer(), "aud": BOOKS, "sub": "grace", "client_id": "web", "scope": "read:books", "iat": now, "exp": now + 60,
    });
    let token = mock.sign_jwt(json!({ "typ": "at+jwt" }), &claims);
    let (status, _, body) = shell("", &format!("curl -i {} -H 'Authorization: Bearer {token}'", api.base));
    assert_eq!((status, body.as_str()), (200, "Hello, grace"));
}

#[test]
fn the_machine_example_reads_books_with_or_without_an_organization() {
    let output = command("machine").output().unwrap();
    let (shown, told) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{shown}{told}");
    let lines: Vec<_> = shown.lines().filter(|line| line.starts_with("for ")).collect();
    assert_eq!(
        lines,
        [
            r#"for itself: {"books":["Middlemarch"],"organization":null,"reader":"machine"}"#,
            r#"for org-acme: {"books":["Middlemarch"],"organization":"org-acme","reader":"machine"}"#,
        ]
    );
    // A mistake is one line that says what to do.
    let output = command("machine").env("LOGTO_ENDPOINT", "https://my-tenant.logto.app").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("app_id is missing (set LOGTO_APP_ID") && told.contains("app_secret is missing"), "{told}");
    let output = command("machine").env("ORGANIZATION", "org-globex").output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("organization.access_denied"));
}

#[test]
fn a_mistake_in_the_environment_is_named() {
    let told = |vars: &[(&str, &str)]| {
        String::from_utf8(command("quickstart").envs(vars.iter().copied()).output().unwrap().stderr).unwrap()
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

/// RFC 9113 section 8.2.3: over HTTP/2 each cookie may come in a field of its own.
#[tokio::test]
async fn the_relying_party_of_the_certification_finds_its_cookie_in_any_field() {
    let app = start("certification_rp");
    let http = plain_http().build().unwrap();
    let verdict = async |fields: &[&[u8]]| {
        let mut request = http.get(format!("{}/signed-out?state=sent", app.base));
        for field in fields {
            request = request.header("cookie", reqwest::header::HeaderValue::from_bytes(field).unwrap());
        }
        let page = request.send().await.unwrap().text().await.unwrap();
        let verdicts = ["The state is the one that was sent.", "The state is another", "No sign-out of this browser"];
        verdicts.into_iter().position(|verdict| page.contains(verdict)).unwrap_or_else(|| panic!("{page}"))
    };
    for fields in [
        &[&b"sign_out_state=sent"[..]][..],
        &[b"theme=dark", b"sign_out_state=sent"],
        &[b"sign_out_state=sent", b"theme=dark"],
        &[b"a=b; c=d", b"e=f; sign_out_state=sent; g=h"],
        &[b"caf\xe9=\xff", b"sign_out_state=sent"],
        &[b"caf\xe9=\xff; sign_out_state=sent"],
    ] {
        assert_eq!(verdict(fields).await, 0, "{fields:?}");
    }
    assert_eq!(verdict(&[b"theme=dark", b"sign_out_state=other"]).await, 1);
    assert_eq!(verdict(&[b"theme=dark", b"my_sign_out_state=sent", b"sign_out_state2=sent"]).await, 2);
}
