//! A request goes on to other routes after a guard has refused it.

use std::{fs, path::PathBuf};

use ::rocket::{
    Build, Request,
    fairing::AdHoc,
    fs::FileServer,
    get,
    http::Status,
    request::{FromRequest, Outcome},
    response::content::RawHtml,
    routes,
};
use logto::{LogtoContext, SignedIn};
use reqwest::Method;

use super::{Rocket, launch, pages_of};
use crate::{
    frameworks::served::{Adapter, Served, Setup},
    http_browser::{code, location, text},
};

/// The pages, and files at `/` beside them.
async fn beside_files(add: impl FnOnce(::rocket::Rocket<Build>) -> ::rocket::Rocket<Build>) -> Served {
    let files = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("files");
    fs::create_dir_all(&files).unwrap();
    fs::write(files.join("style.css"), "body {}").unwrap();
    let (port, number) = Rocket.listen();
    let serve = async |application| {
        let rocket = pages_of(port, application).mount("/", FileServer::from(files));
        launch(add(rocket)).await;
    };
    Served::at(number, Setup::default(), serve).await
}

/// As a browser and as a program.
async fn leads_to_the_sign_in(served: &mut Served, page: &str) {
    let response = served.navigate(&format!("/{page}")).await;
    let wanted = format!("/logto/sign-in?return_to=%2F{page}");
    assert_eq!((response.status().as_u16(), location(&response)), (302, wanted.as_str()), "{page}");
    assert_eq!(response.headers()["content-length"], "0", "{page}");
    let response = served.ask(Method::GET, &format!("/{page}"), &[]).await;
    assert_eq!(code(response).await, (401, "not_authenticated".into()), "{page}");
}

#[tokio::test]
async fn a_guarded_page_beside_a_file_server_leads_to_the_sign_in() {
    let mut served = beside_files(|rocket| rocket).await;
    assert_eq!(text(served.navigate("/style.css").await).await, (200, "body {}".into()));
    for page in ["me", "admin", "result"] {
        leads_to_the_sign_in(&mut served, page).await;
    }
    assert_eq!(served.navigate("/nowhere").await.status(), 404, "no guard was asked");
    assert_eq!(text(served.navigate("/ranked").await).await, (401, "members only".into()));
    assert_eq!(text(served.navigate("/own-401").await).await, (401, "members only".into()));
    served.sign_in("/logto/sign-in").await;
    assert_eq!(text(served.navigate("/me").await).await, (200, "ada".into()));
    assert_eq!(served.navigate("/nowhere").await.status(), 404);
}

#[::rocket::catch(404)]
fn own_404() -> RawHtml<&'static str> {
    RawHtml("there is no such page")
}

#[tokio::test]
async fn a_catcher_for_missing_pages_does_not_hide_a_refusal() {
    let mut served = beside_files(|rocket| rocket.register("/", ::rocket::catchers![own_404])).await;
    leads_to_the_sign_in(&mut served, "me").await;
    assert_eq!(text(served.navigate("/nowhere").await).await, (404, "there is no such page".into()));
}

#[get("/hidden")]
fn hidden(_user: SignedIn) -> &'static str {
    "for users"
}

#[get("/hidden", rank = 2)]
fn hidden_from_others() -> Status {
    Status::NotFound
}

#[get("/optional/<item>")]
fn optional(user: Option<SignedIn>, item: u8) -> Result<String, Status> {
    if item == 0 { Err(Status::NotFound) } else { Ok(format!("{item} {}", user.is_some())) }
}

#[get("/everyone/<item>")]
fn everyone(context: LogtoContext, item: u8) -> String {
    format!("{item} {}", context.is_authenticated())
}

/// A route for those who are not signed in says what it likes, and so does a handler that takes an `Option`.
#[tokio::test]
async fn an_answer_of_the_address_that_was_refused_is_kept_whatever_its_status() {
    let mut served =
        beside_files(|rocket| rocket.mount("/", routes![hidden, hidden_from_others, optional, everyone, landing]))
            .await;
    assert_eq!(served.navigate("/hidden").await.status(), 404);
    assert_eq!(text(served.navigate("/optional/1").await).await, (200, "1 false".into()));
    assert_eq!(served.navigate("/optional/0").await.status(), 404);
    assert_eq!(served.navigate("/everyone/none").await.status(), 404, "it is for everyone");
    assert_eq!(text(served.navigate("/everyone/2").await).await, (200, "2 false".into()));
    // Another address that has an answer.
    assert_eq!(text(served.navigate("/shop/cart").await).await, (200, "cart".into()));
    served.sign_in("/logto/sign-in").await;
    assert_eq!(text(served.navigate("/hidden").await).await, (200, "for users".into()));
}

#[get("/<_>/<page>", rank = 20)]
fn landing(page: &str) -> Option<String> {
    (page == "cart").then(|| page.to_owned())
}

#[get("/item/mine")]
fn mine(_user: SignedIn) -> &'static str {
    "mine"
}

#[get("/item/<number>", rank = 5)]
fn numbered(number: u8) -> String {
    number.to_string()
}

#[tokio::test]
async fn a_page_whose_name_is_no_parameter_of_the_next_route_leads_to_the_sign_in() {
    let mut served = beside_files(|rocket| rocket.mount("/", routes![mine, numbered])).await;
    let response = served.navigate("/item/mine").await;
    assert_eq!((response.status().as_u16(), location(&response)), (302, "/logto/sign-in?return_to=%2Fitem%2Fmine"));
    assert_eq!(text(served.navigate("/item/7").await).await, (200, "7".into()));
}

struct Nobody;

#[::rocket::async_trait]
impl<'r> FromRequest<'r> for Nobody {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        if request.guard::<SignedIn>().await.is_success() {
            Outcome::Forward(Status::NotFound)
        } else {
            Outcome::Success(Self)
        }
    }
}

#[get("/only-nobody")]
fn only_nobody(_nobody: Nobody) -> Status {
    Status::NotFound
}

/// Who asks outside of a route refuses nothing.
#[tokio::test]
async fn a_fairing_that_asks_who_is_there_turns_no_missing_page_into_a_sign_in() {
    let asks = AdHoc::on_request("asks", |request, _| {
        Box::pin(async move {
            request.guard::<SignedIn>().await.succeeded();
        })
    });
    let mut served = beside_files(|rocket| rocket.attach(asks).mount("/", routes![only_nobody])).await;
    assert_eq!(served.navigate("/nowhere").await.status(), 404);
    assert_eq!(served.navigate("/only-nobody").await.status(), 404);
}
