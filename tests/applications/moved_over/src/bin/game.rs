//! A game server. Its page is an app that asks the server by `fetch`. A middleware wrote the player's row with each request; here the hook does it
//! with each sign-in. An invitation travels with the sign-in.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use application_moved_over::{Place, client, serve};
use axum::{
    Json, Router,
    extract::{Path, State},
    response::Html,
    routing::get,
};
use logto::{Redirect, RequestSession, Result, SignIn, SignInOptions, SignInRefusal, SignedIn, testing::MockUser};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Default, Clone)]
struct Player {
    name: Option<String>,
    invited_by: Option<String>,
    sign_ins: u32,
}

/// The table of players, by `sub`.
#[derive(Default, Clone)]
struct Players(Arc<Mutex<BTreeMap<String, Player>>>);

#[derive(Serialize, Deserialize)]
struct Invitation {
    from: String,
}

impl Players {
    async fn signed_in(self, sign_in: SignIn) -> std::result::Result<(), SignInRefusal> {
        let invitation = sign_in.app_state::<Invitation>()?;
        let mut players = self.0.lock().unwrap();
        let player = players.entry(sign_in.claims().sub.clone()).or_default();
        player.name.clone_from(&sign_in.claims().name);
        player.sign_ins += 1;
        if let Some(Invitation { from }) = invitation {
            player.invited_by.get_or_insert(from);
        }
        Ok(())
    }

    fn get(&self, sub: &str) -> Player {
        self.0.lock().unwrap()[sub].clone()
    }
}

async fn me(user: SignedIn, State(players): State<Players>) -> Json<Value> {
    let player = players.get(user.sub());
    Json(json!({ "name": player.name, "invited_by": player.invited_by }))
}

/// The link of an invitation. It begins the sign-in by itself: no query of the sign-in route could say who invites.
async fn join(Path(from): Path<String>, session: RequestSession) -> Result<Redirect> {
    session.sign_in(SignInOptions::new().app_state(&Invitation { from }).post_redirect_uri("/joined")).await
}

async fn joined(user: SignedIn, session: RequestSession) -> Result<String> {
    let name = user.claims().name.as_deref().unwrap_or("you");
    Ok(match session.take_app_state::<Invitation>().await? {
        Some(Invitation { from }) => format!("{name} plays with {from}"),
        None => format!("{name} is back"),
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let ada = MockUser::new("ada").name("Ada");
    let (place, listener) = Place::new(|logto| logto.user(ada).user(MockUser::new("bob").name("Bob"))).await;
    let players = Players::default();
    let hook = players.clone();
    let logto = client(place.settings().on_sign_in(move |sign_in| hook.clone().signed_in(sign_in)));
    let app = Router::new()
        .route("/play", get(async || Html("<script src=/play.js></script>"))) // for everyone, also without a network
        .route("/api/me", get(me))
        .route("/join/{from}", get(join))
        .route("/joined", get(joined))
        .with_state(players.clone())
        .merge(logto::axum::routes(&logto))
        .layer(logto::axum::layer(&logto));
    serve(listener, app);

    // The app asks who plays, and gets the address of the sign-in, which leads back to its page.
    let mut phone = place.browser();
    let nobody = phone.fetch(Method::GET, "/play", "/api/me").await;
    assert_eq!((nobody.status, &nobody.json()["code"]), (401, &json!("not_authenticated")));
    let sign_in = nobody.json()["sign_in"].as_str().unwrap().to_owned();
    let page = phone.sign_in(&sign_in, "ada").await;
    assert_eq!((page.status, page.at.as_str()), (200, "/play"));
    assert_eq!(phone.fetch(Method::GET, "/play", "/api/me").await.json()["name"], "Ada");

    // One row for a player: the next sign-in, on another device, updates it.
    assert!(place.logto.update_user("ada", |ada| ada.name("Countess Lovelace")));
    place.browser().sign_in("/logto/sign-in?return_to=/play&app_state=mallory", "ada").await;
    let ada = players.get("user-ada");
    assert_eq!((ada.name.as_deref(), ada.invited_by, ada.sign_ins), (Some("Countess Lovelace"), None, 2));

    // An invitation comes to the hook and, once, to the page.
    let mut guest = place.browser();
    let page = guest.sign_in("/join/ada", "bob").await;
    assert_eq!((page.at.as_str(), page.body.as_str()), ("/joined", "Bob plays with ada"));
    assert_eq!(guest.open("/joined").await.body, "Bob is back");
    assert_eq!(guest.fetch(Method::GET, "/play", "/api/me").await.json()["invited_by"], "ada");
    println!("game: a row for each player, 401 with the address, an invitation");
}
