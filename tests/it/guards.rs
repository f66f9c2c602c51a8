//! The programs of `docs/guards.md`, run: a whole part of an application for users alone, a guard by role, an error type of the application's own.

#[cfg(feature = "actix-web")]
mod actix_web;
#[cfg(feature = "rocket")]
mod rocket;

use reqwest::Method;

use crate::{
    frameworks::served::Served,
    http_browser::{code, location, text},
};

/// What each of the programs does, at the same addresses.
async fn does_what_the_guide_says(served: &mut Served) {
    for page in ["members/list", "members/unknown", "books", "shelf/1"] {
        let response = served.navigate(&format!("/{page}")).await;
        let wanted = format!("/logto/sign-in?return_to=%2F{}", page.replace('/', "%2F"));
        assert_eq!((response.status().as_u16(), location(&response)), (302, wanted.as_str()), "{page}");
        let response = served.ask(Method::GET, &format!("/{page}"), &[]).await;
        assert_eq!(code(response).await, (401, "not_authenticated".into()), "{page}");
    }
    let response = served.ask(Method::POST, "/members/list", &[]).await;
    assert_eq!(code(response).await, (401, "not_authenticated".into()));
    assert_eq!(served.navigate("/shelf/2").await.status(), 302, "nobody learns which books there are");

    sign_in(served, "bob").await;
    assert_eq!(text(served.navigate("/members/list").await).await, (200, "ada, bob".into()));
    assert_eq!(served.navigate("/members/unknown").await.status(), 404);
    assert_eq!(served.navigate("/books").await.status(), 403, "he is no librarian");
    assert_eq!(text(served.navigate("/shelf/1").await).await.0, 200);
    let response = served.navigate("/shelf/2").await;
    assert_eq!((response.status().as_u16(), response.text().await.unwrap()), (404, "no such book".into()));

    served.browser.cookies.clear();
    sign_in(served, "ada").await;
    assert_eq!(served.navigate("/books").await.status(), 200);
}

async fn sign_in(served: &mut Served, user: &str) {
    let response = served.navigate("/logto/sign-in").await;
    let callback = served.mock.sign_in(location(&response), user).await;
    assert_eq!(served.navigate(&callback).await.status(), 302);
}

#[test]
fn the_guide_shows_the_programs_that_are_tested() {
    let guide = include_str!("../../docs/guards.md");
    let programs = [include_str!("guards/actix_web.rs"), include_str!("guards/rocket.rs")];
    for (heading, program) in ["## actix-web", "## Rocket"].into_iter().zip(programs) {
        let section = guide.split("\n## ").find(|section| format!("## {section}").starts_with(heading)).unwrap();
        let code = section.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next());
        // Each block imports what it needs itself.
        let items = code.flat_map(|block| block.split("\n\n")).filter(|item| !item.starts_with("use "));
        let lines: Vec<_> = items.flat_map(str::lines).map(str::trim).filter(|line| !line.is_empty()).collect();
        assert!(lines.len() > 50, "{heading}");
        for line in lines {
            assert!(program.contains(line), "{heading}: {line}");
        }
    }
}
