//! The pages in Rocket.

use logto::{
    Error, LogtoClient, RequestSession,
    step_up::{MaxAge, RecentlyAuthenticated},
};
use rocket::{get, post, routes};

use super::Vault;
use crate::rocket::{build, launch};

#[get("/pay")]
async fn pay(user: RecentlyAuthenticated<MaxAge<300>>) -> String {
    super::pay(user).await
}

#[post("/pay")]
async fn post_pay(user: RecentlyAuthenticated<MaxAge<300>>) -> String {
    super::pay(user).await
}

#[get("/vault")]
async fn vault(user: RecentlyAuthenticated<Vault>) -> String {
    super::vault(user).await
}

#[get("/now")]
async fn now(user: RecentlyAuthenticated<MaxAge<0>>) -> &'static str {
    super::now(user).await
}

#[get("/maybe")]
async fn maybe(user: Option<RecentlyAuthenticated<MaxAge<300>>>) -> String {
    super::maybe(user).await
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
