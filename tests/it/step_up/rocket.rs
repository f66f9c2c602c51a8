//! The pages in Rocket.

// Rocket gives guards by value.
#![allow(clippy::needless_pass_by_value)]

use logto::{Error, LogtoClient, RequestSession, RequireRecentAuth, Within};
use rocket::{get, post, routes};

use super::Vault;
use crate::rocket::{build, launch};

#[get("/pay")]
fn pay(user: RequireRecentAuth<Within<300>>) -> String {
    super::pay(&user)
}

#[post("/pay")]
fn post_pay(user: RequireRecentAuth<Within<300>>) -> String {
    super::pay(&user)
}

#[get("/vault")]
fn vault(user: RequireRecentAuth<Vault>) -> String {
    super::open_vault(&user)
}

#[get("/now")]
fn now(_user: RequireRecentAuth<Within<0>>) -> &'static str {
    "now"
}

#[get("/maybe")]
fn maybe(user: Option<RequireRecentAuth<Within<300>>>) -> String {
    super::maybe(user.as_ref())
}

#[get("/transfer/<amount>")]
async fn transfer(session: RequestSession, amount: u64) -> Result<String, Error> {
    super::transfer(&session, amount).await
}

pub(super) async fn serve(logto: LogtoClient, port: u16) {
    let pages = build(port)
        .mount("/", routes![pay, post_pay, vault, now, maybe, transfer])
        .mount("/", logto::rocket::routes(&logto))
        .attach(logto::rocket::fairing(logto));
    launch(pages).await;
}
