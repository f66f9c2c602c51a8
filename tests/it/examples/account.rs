//! The settings page without JavaScript: each section once, and what it says where something is not taken.

use logto::testing::{MockAccountCenter, MockApp, MockLogto, MockUser};

use super::{Running, Tab, built, command, start_with};
use crate::port::Port;

const PASSWORD: &str = "lovelace";

/// The example beside a Logto of the test.
struct World {
    logto: MockLogto,
    example: Running,
    _port: Port,
}

impl World {
    async fn start() -> Option<Self> {
        built("account").then_some(())?;
        // Logto has to know the address before.
        let port = Port::reserve();
        let base = format!("http://localhost:{}", port.number());
        let app = MockApp::new("app", "secret").redirect_uri(format!("{base}/callback"));
        let logto = MockLogto::builder()
            .app(app.post_logout_redirect_uri(&base))
            .app(MockApp::new("calendar", "secret").redirect_uri(format!("{base}/style.css")))
            .start()
            .await
            .unwrap();
        let mut command = command("account");
        command.env("PORT", port.number().to_string());
        command.env("LOGTO_ENDPOINT", logto.endpoint()).env("LOGTO_APP_ID", "app").env("LOGTO_APP_SECRET", "secret");
        command.env("LOGTO_BASE_URL", &base).env("LOGTO_COOKIE_SECRET", "0123456789abcdef0123456789abcdef");
        Some(Self { logto, example: start_with(command), _port: port })
    }

    async fn sign_in(&self) -> Tab {
        let mut tab = Tab::open(&self.example.base).await;
        tab.submit(&[("username", "ada"), ("password", PASSWORD)]).await;
        tab.shows("How you sign in");
        tab
    }

    /// Signed in, and confirmed.
    async fn confirmed(&self) -> Tab {
        let mut tab = self.sign_in().await;
        tab.confirm("/devices").await;
        tab
    }
}

impl Tab {
    /// Goes to a page that asks who it is, and says so.
    async fn confirm(&mut self, path: &str) {
        self.go(path).await;
        self.shows("Is it you?");
        let then = path.trim_start_matches('/');
        self.send("/confirm", &[("then", then), ("password", PASSWORD)]).await;
        assert_eq!(self.url.path(), path);
        self.shows("You have confirmed that it is you.");
    }

    /// What stands between `before` and the next `<`.
    fn after(&self, before: &str) -> String {
        let rest = self.page.split_once(before).unwrap_or_else(|| panic!("no `{before}` in {}", self.page)).1;
        rest.split('<').next().unwrap().to_owned()
    }

    /// An error stands beside its field, and the field is marked.
    #[track_caller]
    fn refuses(&self, field: &str, words: &str) {
        self.shows("<title>Not done: ");
        self.shows(words);
        let mark = format!("id=\"{field}-wrong\"");
        assert_eq!(self.page.contains(&mark), !field.is_empty(), "{mark}: {}", self.page);
    }
}

#[tokio::test]
async fn a_profile_is_changed_and_what_was_typed_is_text() {
    let Some(world) = World::start().await else { return };
    let mut tab = world.sign_in().await;
    tab.go("/profile").await;
    let script = "<script>alert('1')</script>";
    tab.send("/profile", &[("name", script), ("avatar", "https://pictures.example/a.png?b=\"c")]).await;
    assert_eq!(tab.url.path(), "/");
    tab.shows("Your name and picture are saved.");
    tab.shows("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;");
    assert!(!tab.page.contains("<script>"), "{}", tab.page);
    tab.go("/").await;
    assert!(!tab.page.contains("are saved"), "it is said once");
    tab.go("/profile").await;
    tab.send("/profile/more", &[("givenName", "Augusta"), ("familyName", "King"), ("birthdate", "1815-12-10")]).await;
    tab.shows("Augusta King");
    tab.shows("1815-12-10");
    // Nothing is as good as no picture.
    tab.go("/profile").await;
    tab.send("/profile", &[("name", "Ada"), ("avatar", "")]).await;
    assert!(!tab.page.contains("<img"), "{}", tab.page);
    tab.go("/profile").await;
    tab.send("/profile", &[("name", "Ada"), ("avatar", "no address")]).await;
    tab.refuses("avatar", "It cannot be written like this.");
    tab.shows("value=\"no address\"");
}

#[tokio::test]
async fn a_sensitive_page_asks_first_and_comes_back() {
    let Some(world) = World::start().await else { return };
    let mut tab = world.sign_in().await;
    for path in ["/username", "/password", "/email", "/phone", "/linked", "/two-step", "/devices"] {
        tab.go(path).await;
        tab.shows("Is it you?");
        assert_eq!(format!("/{}", tab.value("/confirm", "then")), path);
    }
    // So does a form that was open for too long.
    tab.post("/username", &[("username", "augusta")]).await;
    tab.shows("Is it you?");
    tab.send("/confirm", &[("then", "email"), ("password", "wrong")]).await;
    tab.refuses("password", "This is not your password.");
    tab.send("/confirm", &[("then", "email"), ("password", PASSWORD)]).await;
    assert_eq!(tab.url.path(), "/email");
    // Another page does not ask again.
    tab.go("/username").await;
    tab.shows("You have confirmed that it is you.");
    // A link from elsewhere leads nowhere else.
    tab.go("/confirm?then=//evil.example").await;
    tab.send("/confirm", &[("then", "//evil.example"), ("password", PASSWORD)]).await;
    assert_eq!(tab.url.as_str(), format!("{}/", world.example.base));
}

#[tokio::test]
async fn a_code_confirms_as_well_as_a_password() {
    let Some(world) = World::start().await else { return };
    let mut tab = world.sign_in().await;
    tab.go("/username").await;
    tab.shows("Send a code to ada@example.test");
    tab.send("/confirm/send", &[("then", "username"), ("to", "email")]).await;
    tab.send("/confirm/code", &[("then", "username"), ("code", "000000")]).await;
    tab.refuses("code", "This code is not right.");
    let code = world.logto.sent_code("ada@example.test").unwrap();
    tab.send("/confirm/code", &[("then", "username"), ("code", &code)]).await;
    assert_eq!(tab.url.path(), "/username");
    tab.send("/username", &[("username", "augusta")]).await;
    tab.shows("Your user name is changed.");
}

#[tokio::test]
async fn too_many_wrong_passwords_lock_out_and_say_for_how_long() {
    let Some(world) = World::start().await else { return };
    let mut tab = world.sign_in().await;
    tab.go("/email").await;
    for _ in 0..101 {
        tab.send("/confirm", &[("then", "email"), ("password", "wrong")]).await;
    }
    tab.refuses("password", "Too many attempts. Try again in 60 minutes.");
}

#[tokio::test]
async fn a_user_name_that_is_taken_is_named_so_beside_its_field() {
    let Some(world) = World::start().await else { return };
    let mut tab = world.confirmed().await;
    tab.go("/username").await;
    tab.send("/username", &[("username", "bob")]).await;
    tab.refuses("username", "Somebody else has this user name.");
    tab.shows("value=\"bob\"");
    tab.send("/username", &[("username", "augusta")]).await;
    tab.shows("augusta");
}

#[tokio::test]
async fn a_weak_password_is_refused_with_reasons() {
    let Some(world) = World::start().await else { return };
    let mut tab = world.confirmed().await;
    tab.go("/password").await;
    tab.send("/password", &[("new", "abc"), ("again", "abd")]).await;
    tab.refuses("again", "These two are not the same.");
    tab.send("/password", &[("new", "abc"), ("again", "abc")]).await;
    tab.refuses("new", "This password is too easy to guess:");
    tab.shows("<li>It is too short.</li><li>It has a sequence, such as abc or 123.</li>");
    let new = "Analytical-Engine 1843!";
    tab.send("/password", &[("new", new), ("again", new)]).await;
    tab.shows("Your password is changed.");
    assert!(!tab.page.contains(new));
    tab.go("/password").await;
    tab.send("/password", &[("new", new), ("again", new)]).await;
    tab.refuses("new", "This is your present password.");
}

#[tokio::test]
async fn an_email_address_is_changed_by_the_code_that_was_sent_there() {
    let Some(world) = World::start().await else { return };
    let mut tab = world.confirmed().await;
    tab.go("/email").await;
    tab.shows("ada@example.test");
    tab.send("/email", &[("address", "augusta@example.test")]).await;
    tab.shows("A code has been sent to <strong>augusta@example.test</strong>.");
    tab.send("/email/code", &[("code", "000000")]).await;
    tab.refuses("code", "This code is not right.");
    let code = world.logto.sent_code("augusta@example.test").unwrap();
    tab.send("/email/code", &[("code", &code)]).await;
    tab.shows("Your e-mail address is changed.");
    tab.shows("augusta@example.test");

    // Another user has it, which Logto says when the code is back.
    world.logto.add_user(MockUser::new("grace").email("grace@example.test"));
    tab.go("/email").await;
    tab.send("/email", &[("address", "grace@example.test")]).await;
    let code = world.logto.sent_code("grace@example.test").unwrap();
    tab.send("/email/code", &[("code", &code)]).await;
    tab.refuses("address", "Another account has this address.");
    tab.send("/email", &[("address", "no address")]).await;
    tab.refuses("address", "");
    // The way back from a code that does not come.
    tab.send("/email", &[("address", "typo@example.test")]).await;
    tab.send("/email/other", &[]).await;
    tab.send("/email/remove", &[]).await;
    tab.shows("Your e-mail address is removed.");
}

#[tokio::test]
async fn a_phone_number_is_changed_by_the_code_that_was_sent_there() {
    let Some(world) = World::start().await else { return };
    let mut tab = world.confirmed().await;
    tab.go("/phone").await;
    tab.send("/phone", &[("address", "+1 (415) 555-6090")]).await;
    let code = world.logto.sent_code("14155556090").unwrap();
    tab.send("/phone/code", &[("code", &code)]).await;
    tab.shows("Your phone number is changed.");
    tab.shows("+14155556090");
}

#[tokio::test]
async fn an_authenticator_app_and_backup_codes_are_added_shown_once_and_removed() {
    let Some(world) = World::start().await else { return };
    let mut tab = world.confirmed().await;
    tab.go("/two-step").await;
    tab.shows("You have no second step yet");
    tab.send("/two-step/app/new", &[]).await;
    tab.shows("href=\"otpauth://totp/");
    let shown = tab.after("class=\"secret\" translate=\"no\">");
    assert!(shown.split(' ').all(|group| group.len() <= 4), "{shown}");
    tab.send("/two-step/app", &[("code", "000000")]).await;
    tab.refuses("code", "This code is not right.");
    assert_eq!(tab.after("class=\"secret\" translate=\"no\">"), shown, "it is the secret of before");
    let code = world.logto.totp_code(&shown.replace(' ', ""));
    tab.send("/two-step/app", &[("code", &code)]).await;
    tab.shows("The authenticator app is added.");

    let mut sets = Vec::new();
    for _ in 0..2 {
        tab.send("/two-step/codes/new", &[]).await;
        sets.push(tab.page.matches("<li>").count());
        tab.send("/two-step/codes", &[]).await;
        tab.shows("The backup codes hold.");
        tab.shows("10 left");
        // They are not shown again.
        tab.go("/two-step/codes").await;
        assert_eq!(tab.url.path(), "/two-step");
    }
    assert_eq!(sets, [10, 10]);
    for left in [1, 0] {
        let id = tab.value("/two-step/remove", "id");
        tab.send("/two-step/remove", &[("id", &id)]).await;
        assert_eq!(tab.page.matches("/two-step/remove").count(), left);
    }
    tab.post("/two-step/remove", &[("id", "../sessions")]).await;
    tab.refuses("", "It is not there any more.");
}

#[tokio::test]
async fn a_factor_that_is_off_is_named_so() {
    let Some(world) = World::start().await else { return };
    let mut tab = world.confirmed().await;
    world.logto.set_mfa_factors(&["BackupCode"]);
    tab.go("/two-step").await;
    tab.send("/two-step/app/new", &[]).await;
    let secret = tab.after("class=\"secret\" translate=\"no\">").replace(' ', "");
    tab.send("/two-step/app", &[("code", &world.logto.totp_code(&secret))]).await;
    tab.refuses("", "The administrator has not switched this kind of second step on.");
}

#[tokio::test]
async fn a_github_account_is_linked_by_the_callback_and_unlinked() {
    let Some(world) = World::start().await else { return };
    let mut tab = world.confirmed().await;
    tab.go("/linked").await;
    tab.shows("Not linked");
    tab.send("/linked/begin", &[("connector", "connector-github")]).await;
    // The provider's page.
    let provider = tab.page.clone();
    assert_ne!(tab.url.port(), world.example.base.parse::<reqwest::Url>().unwrap().port());
    tab.submit(&[]).await;
    assert_eq!(tab.url.path(), "/linked", "{provider}");
    tab.shows("The account is linked.");
    tab.go("/linked/callback?code=x&state=y").await;
    tab.refuses("", "No link was begun here");
    tab.go("/linked").await;
    tab.send("/linked/end", &[("target", "github")]).await;
    tab.shows("The account is no longer linked.");
    tab.post("/linked/end", &[("target", "github")]).await;
    tab.refuses("", "It is not there any more.");
    tab.post("/linked/begin", &[("connector", "nosuch")]).await;
    tab.refuses("", "the administrator has not set it up");
}

#[tokio::test]
async fn a_callback_of_another_link_links_nothing() {
    let Some(world) = World::start().await else { return };
    let mut tab = world.confirmed().await;
    tab.go("/linked").await;
    tab.send("/linked/begin", &[("connector", "connector-github")]).await;
    let base = world.example.base.clone();
    tab.go(&format!("{base}/linked/callback?code=x&state=another")).await;
    tab.refuses("", "This link was begun elsewhere");
    tab.go(&format!("{base}/linked")).await;
    tab.shows("Not linked");
}

#[tokio::test]
async fn the_other_device_is_signed_out_and_this_one_is_not() {
    let Some(world) = World::start().await else { return };
    let mut there = world.sign_in().await;
    let mut tab = world.confirmed().await;
    tab.go("/devices").await;
    assert_eq!(tab.page.matches("This device").count(), 1);
    assert_eq!(tab.page.matches("action=\"/devices/end\"").count(), 1);
    let id = tab.value("/devices/end", "id");
    tab.send("/devices/end", &[("id", &id)]).await;
    tab.shows("The device is signed out.");
    tab.post("/devices/end", &[("id", &id)]).await;
    tab.refuses("", "It is not there any more.");
    there.go("/").await;
    there.shows("Password");
    tab.go("/").await;
    tab.shows("How you sign in");
}

#[tokio::test]
async fn another_application_loses_its_access_and_this_one_is_not_listed() {
    let Some(world) = World::start().await else { return };
    let mut tab = world.confirmed().await;
    tab.shows("No other application may use your account.");
    // She signs in to another one, which needs no password by now.
    let address = format!("{}/style.css", world.example.base);
    let asked = [
        ("client_id", "calendar"),
        ("redirect_uri", &address),
        ("response_type", "code"),
        ("scope", "openid offline_access profile"),
        ("prompt", "consent"),
        ("state", "s"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    let asked = reqwest::Url::parse_with_params(&format!("{}/oidc/auth", world.logto.endpoint()), asked).unwrap();
    tab.go(asked.as_str()).await;
    assert!(tab.url.query().is_some_and(|query| query.contains("code=")), "{}: {}", tab.url, tab.page);
    tab.go(&format!("{}/devices", world.example.base)).await;
    tab.shows("calendar");
    assert_eq!(tab.page.matches("action=\"/devices/revoke\"").count(), 1, "{}", tab.page);
    let id = tab.value("/devices/revoke", "id");
    tab.send("/devices/revoke", &[("id", &id)]).await;
    tab.shows("The application no longer has access.");
    tab.shows("No other application may use your account.");
    tab.post("/devices/revoke", &[("id", &id)]).await;
    tab.refuses("", "It is not there any more.");
}

/// What is under way in one tab is told of in another that it was begun after.
#[tokio::test]
async fn a_second_tab_that_begins_something_else_is_told_of() {
    let Some(world) = World::start().await else { return };
    let mut tab = world.confirmed().await;
    tab.go("/email").await;
    tab.send("/email", &[("address", "augusta@example.test")]).await;
    let code = world.logto.sent_code("augusta@example.test").unwrap();
    tab.go("/two-step").await;
    tab.send("/two-step/app/new", &[]).await;
    tab.post("/email/code", &[("code", &code)]).await;
    tab.refuses("", "Meanwhile something else was begun");
    tab.shows("ada@example.test");
}

#[tokio::test]
async fn a_page_shows_what_the_administrator_lets_users_see() {
    let Some(world) = World::start().await else { return };
    let mut tab = world.confirmed().await;
    world
        .logto
        .set_account_center(MockAccountCenter::new().read_only("name").hidden("phone").hidden("mfa").hidden("session"));
    tab.go("/").await;
    assert!(tab.page.contains("Cannot be changed") && !tab.page.contains("href=\"/phone\""), "{}", tab.page);
    assert!(!tab.page.contains("/two-step") && !tab.page.contains("/devices"), "{}", tab.page);
    tab.go("/profile").await;
    tab.shows("readonly");
    tab.send("/profile", &[("name", "Augusta"), ("avatar", "")]).await;
    tab.refuses("", "The administrator has switched this off");
    world.logto.set_account_center(MockAccountCenter::off());
    tab.go("/").await;
    tab.shows("The administrator has switched these settings off.");
    tab.shows("Sign out");
}

/// Another site can make a browser post, and cannot say that it is this one.
#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let Some(world) = World::start().await else { return };
    let mut tab = world.confirmed().await;
    for path in ["/profile", "/username", "/email/remove", "/devices/end", "/confirm"] {
        let url = tab.url.join(path).unwrap();
        let form = [("name", "Mallory"), ("username", "mallory"), ("id", "x"), ("then", ""), ("password", PASSWORD)];
        let request = tab.http.post(url).header("origin", "https://evil.example").header("accept", "text/html");
        let answer = request.form(&form).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{path}");
    }
    tab.go("/").await;
    for text in ["Ada Lovelace", "ada@example.test", ">ada<"] {
        tab.shows(text);
    }
}
