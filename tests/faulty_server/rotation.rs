//! Logto changes its signing key at every moment of a flow.

use logto::{
    LogtoClient, SignInOptions, TokenOptions,
    api::{ApiAudience, ResourceServer},
    testing::{Endpoint, Fault, MockLogto, MockUser, SigningAlg},
};

use crate::{
    support::{BOOKS, Browser, Site},
    world::World,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    /// Before the user leaves for Logto.
    BeforeTheSignIn,
    /// While the user is there.
    AtLogto,
    /// With the code under way.
    BeforeTheCallback,
    /// With the ID token under way.
    AfterTheExchange,
    BeforeTheRefresh,
    /// With the refreshed ID token under way.
    AfterTheRefresh,
    /// With an access token in use at an API.
    BeforeTheApi,
    /// With a logout token under way.
    BeforeTheLogout,
}

use Moment::{
    AfterTheExchange, AfterTheRefresh, AtLogto, BeforeTheApi, BeforeTheCallback, BeforeTheLogout, BeforeTheRefresh,
    BeforeTheSignIn,
};

/// Whether the old key stays in the key set, as it does in Logto for as long as its tokens live, and whether the client has asked for
/// the keys before.
type How = (bool, bool);

/// A naive implementation fetches the keys at its start alone (and needs another start after a rotation), or for every token; or throws the
/// session away with a token that it cannot check.
#[tokio::test]
async fn a_key_is_changed_at_every_moment() {
    let unknown = "id_token.unknown_key";
    // Old key stays: cold, warm. Old key withdrawn: cold, warm.
    let table: [(Moment, [&str; 4]); 8] = [
        (BeforeTheSignIn, ["served", "served", "served", "served"]),
        (AtLogto, ["served", "served", "served", "served"]),
        (BeforeTheCallback, ["served", "served", "served", "served"]),
        (AfterTheExchange, ["served", "served", unknown, "served"]),
        (BeforeTheRefresh, ["served", "served", "served", "served"]),
        (AfterTheRefresh, ["served", "served", unknown, "served"]),
        (BeforeTheApi, ["served", "served", "bearer_token.unknown_key", "served"]),
        (BeforeTheLogout, ["served", "served", "logout_token.unknown_key", "served"]),
    ];
    let mut cases = 0;
    for (moment, expected) in table {
        for (how, expected) in [(true, false), (true, true), (false, false), (false, true)].into_iter().zip(expected) {
            let found = rotated(moment, how).await;
            assert_eq!(found, expected, "{moment:?}, the old key stays: {}, the keys are known: {}", how.0, how.1);
            cases += 1;
        }
    }
    println!("{cases} rotations");
    assert_eq!(cases, 32);
}

fn rotate(mock: &MockLogto, old_key_stays: bool) {
    mock.rotate_keys(SigningAlg::Es256);
    if !old_key_stays {
        mock.remove_old_keys();
    }
}

async fn rotated(moment: Moment, (stays, warm): How) -> &'static str {
    // It is to outlive the test, since a hook holds it.
    let world: &'static World = Box::leak(Box::new(World::start().await));
    let mock = &world.site.mock;
    let rotates = |now: Moment| {
        if now == moment {
            rotate(mock, stays);
        }
    };
    let before = world.site.signed_in("ada").await;
    let mut browser = before.clone();
    let logto = world.detoured(false);
    if warm {
        logto.warm_up().await.unwrap();
    }
    let result = async {
        match moment {
            BeforeTheSignIn | AtLogto | BeforeTheCallback | AfterTheExchange => {
                sign_in(world, &logto, &mut browser, rotates, (moment == AfterTheExchange).then_some(stays)).await
            }
            BeforeTheRefresh | AfterTheRefresh => {
                rotates(BeforeTheRefresh);
                if moment == AfterTheRefresh {
                    world.detour.after(Endpoint::Token, move || rotate(mock, stays));
                }
                refresh(&logto, &mut browser).await.map(drop)
            }
            BeforeTheApi => {
                let token = refresh(&world.plain(false), &mut browser).await?;
                let api = ResourceServer::builder().config(logto.config()).audience(ApiAudience::resource(BOOKS));
                let api = api.build()?;
                if warm {
                    api.verify(&token).await?;
                }
                rotates(BeforeTheApi);
                api.verify(&token).await.map(drop)
            }
            BeforeTheLogout => {
                let token = mock.logout_token(Some("user-ada"), None);
                rotates(BeforeTheLogout);
                logto.back_channel_logout(&format!("logout_token={token}")).await.map(drop)
            }
        }
    };
    let code = result.await.map_or_else(|error| error.code().as_str(), |()| "served");
    if moment != BeforeTheLogout {
        assert!(world.site.is_signed_in(&browser).await, "{moment:?}: the session is kept");
    }
    // The next try is with tokens of the new key.
    world.wait();
    assert!(refresh(&logto, &mut browser).await.is_ok() || moment == BeforeTheLogout, "{moment:?}: all is well again");
    sign_in(world, &logto, &mut browser, |_| {}, None).await.unwrap();
    code
}

async fn sign_in(
    world: &'static World,
    logto: &LogtoClient,
    browser: &mut Browser,
    rotates: impl Fn(Moment),
    after_the_exchange: Option<bool>,
) -> logto::Result<()> {
    let mock = &world.site.mock;
    let mut cookies = browser.request();
    rotates(BeforeTheSignIn);
    let redirect = logto.sign_in(&mut cookies, SignInOptions::new()).await?;
    rotates(AtLogto);
    let callback = mock.sign_in(redirect.location(), "ada").await;
    rotates(BeforeTheCallback);
    if let Some(stays) = after_the_exchange {
        world.detour.after(Endpoint::Token, move || rotate(mock, stays));
    }
    let ended = logto.handle_sign_in(&mut cookies, &callback).await;
    browser.receive(&cookies.set_cookie_headers());
    ended.map(drop)
}

async fn refresh(logto: &LogtoClient, browser: &mut Browser) -> logto::Result<String> {
    let mut cookies = browser.request();
    let token = logto.get_access_token(&mut cookies, TokenOptions::new().resource(BOOKS).force_refresh(true)).await;
    browser.receive(&cookies.set_cookie_headers());
    token.map(|token| token.token().to_owned())
}

/// The keys are out of reach just when a refreshed ID token is to be checked.
///
/// A naive implementation throws the new tokens away with the ID token that it cannot check; the refresh token of before is spent, so the
/// user is signed out. Or it takes the ID token unchecked.
#[tokio::test]
async fn a_refresh_without_available_keys_keeps_the_new_refresh_token() {
    for (fault, expected) in [
        (Fault::status(503), "served"),
        (Fault::drop_connection(), "served"),
        (Fault::status(404), "jwks.failed"),
        (Fault::html(200), "jwks.failed"),
    ] {
        let site = Site::rotating().await;
        let mut browser = site.signed_in("ada").await;
        site.mock.update_user("ada", MockUser::without_roles);
        let cold = site.another_instance();
        site.mock.inject_fault(Endpoint::Jwks, fault);
        let code = refresh(&cold, &mut browser).await.map_or_else(|error| error.code().as_str(), |_| "served");
        assert_eq!(code, expected);
        let claims = site.logto.get_id_token_claims(&browser.request()).await.unwrap().unwrap();
        assert_eq!(claims.roles, ["librarian"], "the ID token that could not be checked is not used");

        // By now the token of before is dead: what was brought is what goes on.
        site.mock.clear_faults();
        site.advance(60);
        assert!(refresh(&cold, &mut browser).await.is_ok(), "{expected}: the session goes on");
        let claims = site.logto.get_id_token_claims(&browser.request()).await.unwrap().unwrap();
        assert!(claims.roles.is_empty());
    }
}
