//! Companies, from the first sign-up to the colleague who needs no invitation.

use super::{Running, Tab, built, start};
use crate::plain_http::plain_http;

fn started() -> Option<Running> {
    built("saas").then(|| start("saas"))
}

impl Tab {
    async fn sign_in(base: &str, username: &str, password: &str) -> Self {
        let mut tab = Self::open(&format!("{base}/logto/sign-in")).await;
        tab.submit(&[("username", username), ("password", password)]).await;
        tab
    }

    /// With an email address, if one is given.
    async fn sign_up(base: &str, username: &str, email: &str) -> Self {
        let mut tab = Self::open(base).await;
        tab.click("Create account").await;
        tab.submit(&[("username", username), ("password", "a sentence for the tests"), ("email", email)]).await;
        assert!(tab.url.as_str().starts_with(base), "{}: {}", tab.url, tab.page);
        tab
    }

    /// As a program for mail opens a link.
    async fn from_a_message(link: &str) -> Self {
        let http = plain_http().cookie_store(true).build().unwrap();
        let mut tab = Self { http, url: link.parse().unwrap(), page: String::new() };
        tab.show(tab.http.get(link).header("accept", "text/html").header("sec-fetch-site", "none")).await;
        tab
    }

    /// Gives the path of the new company's page.
    async fn found(&mut self, name: &str) -> String {
        self.send("/companies", &[("name", name)]).await;
        self.shows(&format!("<h1>{name}</h1>"));
        self.url.path().to_owned()
    }

    /// Gives the link that the message would have.
    async fn invite(&mut self, company: &str, email: &str, role: &str) -> String {
        self.send(&format!("{company}/invitations"), &[("email", email), ("role", role)]).await;
        assert_eq!(self.url.path(), company, "{}", self.page);
        let before = self.page.split(">the invitation<").next().unwrap();
        let before =
            self.page.split(email).nth(1).map_or(before, |after| after.split(">the invitation<").next().unwrap());
        before.rsplit("href=\"").next().unwrap().split('"').next().unwrap().replace("&amp;", "&")
    }

    async fn status(&self, path: &str, origin: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let request = self.http.post(self.url.join(path).unwrap()).header("accept", "text/html");
        let response = request.header("origin", origin).form(fields).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }
}

#[tokio::test]
async fn a_company_begins_with_its_admin_and_grows_by_a_magic_link() {
    let Some(example) = started() else { return };
    let base = example.base.as_str();
    let mut ada = Tab::sign_in(base, "ada", "lovelace").await;
    let company = ada.found("Lovelace").await;
    ada.shows("Members (1)");
    ada.shows(r#"<span class="tag">admin</span>"#);
    let link = ada.invite(&company, "charles@engines.test", "member").await;
    assert!(link.contains("one_time_token=") && link.starts_with(base), "{link}");

    // From a page that may be anybody's, it asks first; and he has no account yet.
    Tab::open(&link).await.shows("Do you want to sign in");
    let mut charles = Tab::from_a_message(&link).await;
    charles.shows("Lovelace invites you");
    let join = charles.url.path().to_owned();
    // Looking at it makes nobody a member.
    ada.go(&company).await;
    ada.shows("Members (1)");
    charles.send(&join, &[]).await;
    assert_eq!(charles.url.path(), company);
    charles.shows("Members (2)");
    charles.go("/").await;
    charles.shows(&format!("href=\"{company}\""));
    ada.go(&company).await;
    ada.shows("Members (2)");
    assert!(!ada.page.contains("the invitation<"), "it is not open any more: {}", ada.page);
    // A second click, and the link once more.
    charles.go(&join).await;
    assert_eq!(charles.url.path(), company);
    let thief = Tab::from_a_message(&link).await;
    assert!(!thief.url.as_str().starts_with(base), "the link works once: {}", thief.page);
}

#[tokio::test]
async fn a_member_who_is_no_admin_invites_nobody() {
    let Some(example) = started() else { return };
    let base = example.base.as_str();
    let mut ada = Tab::sign_in(base, "ada", "lovelace").await;
    let company = ada.found("Engines").await;
    let link = ada.invite(&company, "charles@engines.test", "member").await;
    let mut charles = Tab::from_a_message(&link).await;
    let join = charles.url.path().to_owned();
    charles.send(&join, &[]).await;
    charles.shows("Members (2)");
    assert!(!charles.page.contains("Invite"), "{}", charles.page);
    let stranger = Tab::sign_up(base, "mallory", "mallory@elsewhere.test").await;
    for (path, fields) in [
        ("invitations", [("email", "mallory@elsewhere.test"), ("role", "admin")]),
        ("domain", [("on", "yes"), ("role", "")]),
    ] {
        let path = format!("{company}/{path}");
        let (status, page) = charles.status(&path, base, &fields).await;
        assert!(status == 403 && page.contains("An admin of your company can do this."), "{path}: {status} {page}");
        let (status, page) = stranger.status(&path, base, &fields).await;
        assert!(status == 403 && page.contains("you are not a member of it"), "{path}: {status} {page}");
        // Nor does the admin's browser for another site.
        let (status, page) = ada.status(&path, "https://evil.example", &fields).await;
        assert_eq!(status, 403, "{path}: {page}");
    }
    ada.go(&company).await;
    ada.shows("Members (2)");
    assert!(!ada.page.contains("mallory"), "{}", ada.page);
}

#[tokio::test]
async fn an_invitation_is_for_the_address_it_went_to() {
    let Some(example) = started() else { return };
    let base = example.base.as_str();
    let mut ada = Tab::sign_in(base, "ada", "lovelace").await;
    let company = ada.found("Engines").await;
    // Who has an account signs in to it as ever.
    let _grace = Tab::sign_up(base, "grace", "grace@navy.test").await;
    let link = ada.invite(&company, "grace@navy.test", "admin").await;
    assert!(link.starts_with(&format!("{base}/join/")), "{link}");
    for (username, password) in [("bob", "builder"), ("ada", "lovelace")] {
        let mut other = Tab::open(&link).await;
        other.submit(&[("username", username), ("password", password)]).await;
        other.shows("the invitation went to another address");
        assert!(!other.page.contains("Engines") && !other.page.contains("grace"), "{}", other.page);
        let path = other.url.path().to_owned();
        assert_eq!(other.status(&path, base, &[]).await.0, 403);
    }
    let mut grace = Tab::open(&link).await;
    grace.submit(&[("username", "grace"), ("password", "a sentence for the tests")]).await;
    grace.shows("Engines invites you");
    let join = grace.url.path().to_owned();
    let (status, _) = grace.status(&join, "https://evil.example", &[]).await;
    assert_eq!(status, 403);
    grace.send(&join, &[]).await;
    // An admin by the invitation.
    grace.shows("Invite");
    for (email, words) in [("nonsense", "This is not an email address."), ("ada@example.test", "a member already")] {
        grace.send(&format!("{company}/invitations"), &[("email", email), ("role", "member")]).await;
        grace.shows(words);
    }
}

#[tokio::test]
async fn an_invitation_is_taken_back_by_its_own_company_alone() {
    let Some(example) = started() else { return };
    let base = example.base.as_str();
    let mut ada = Tab::sign_in(base, "ada", "lovelace").await;
    let company = ada.found("Engines").await;
    let link = ada.invite(&company, "wrong@engines.test", "member").await;
    ada.send(&format!("{company}/invitations"), &[("email", "wrong@engines.test"), ("role", "member")]).await;
    ada.shows("This address has an invitation already.");
    ada.go(&company).await;
    let revoke = ada.page.split("action=\"").find_map(|part| {
        let path = part.split('"').next()?;
        path.ends_with("/revoke").then(|| path.to_owned())
    });
    let revoke = revoke.unwrap();

    let mut grace = Tab::sign_up(base, "grace", "grace@navy.test").await;
    let hers = grace.found("Navy").await;
    for what in ["revoke", "again"] {
        let path = revoke.replace(&company, &hers).replace("/revoke", &format!("/{what}"));
        assert_eq!(grace.status(&path, base, &[]).await.0, 404, "{path}");
    }
    ada.go(&company).await;
    ada.shows("wrong@engines.test");
    ada.send(&revoke, &[]).await;
    assert!(!ada.page.contains("wrong@engines.test"), "{}", ada.page);
    // The link signs nobody in any more, and an account that the person has tells them why.
    let stranger = Tab::from_a_message(&link).await;
    assert!(stranger.url.path().ends_with("/sign-in") && !stranger.page.contains("invites you"), "{}", stranger.page);
    let invitation = revoke.split('/').rev().nth(1).unwrap();
    let mut late = Tab::sign_up(base, "late", "wrong@engines.test").await;
    late.go(&format!("/join/{invitation}")).await;
    late.shows("This invitation is over.");
    assert_eq!(late.status(&format!("/join/{invitation}"), base, &[]).await.0, 410);
    late.go("/join/nosuch").await;
    late.shows("There is no such invitation.");
}

#[tokio::test]
async fn a_colleague_of_the_domain_is_in_at_once() {
    let Some(example) = started() else { return };
    let base = example.base.as_str();
    let early = Tab::sign_up(base, "early", "early@example.test").await;
    assert!(!early.page.contains("Your companies"), "{}", early.page);
    let mut ada = Tab::sign_in(base, "ada", "lovelace").await;
    let company = ada.found("Lovelace").await;
    ada.send(&format!("{company}/domain"), &[("on", "yes")]).await;
    ada.shows("<b>example.test</b> is a member at once");

    let mut colleague = Tab::sign_up(base, "augustus", "augustus@example.test").await;
    colleague.shows(&format!("href=\"{company}\""));
    colleague.go(&company).await;
    colleague.shows("Members (2)");
    assert!(!colleague.page.contains("Invite"), "a colleague is a member and no admin: {}", colleague.page);
    for (username, email) in [("stranger", "stranger@example.test.evil.test"), ("nobody", "")] {
        let stranger = Tab::sign_up(base, username, email).await;
        assert!(!stranger.page.contains("Your companies"), "{email}: {}", stranger.page);
    }
    ada.go(&company).await;
    ada.send(&format!("{company}/domain"), &[("on", "no")]).await;
    ada.shows("Let in addresses of example.test");
    let late = Tab::sign_up(base, "late", "late@example.test").await;
    assert!(!late.page.contains("Your companies"), "{}", late.page);
    // Addresses of this domain are anybody's.
    let mut grace = Tab::sign_up(base, "grace", "grace@gmail.com").await;
    let hers = grace.found("Mail").await;
    grace.shows("For this you need an address of the company");
    let (status, _) = grace.status(&format!("{hers}/domain"), base, &[("on", "yes")]).await;
    assert_eq!(status, 422);
}
