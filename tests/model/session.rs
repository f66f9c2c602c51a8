//! One user's session in cookies. The model is what the user would say: who is signed in, with which tokens.

use std::{collections::BTreeMap, time::Duration};

use logto::{HeaderCookies, LogtoClient, SignInOptions, SignOutOptions, TokenOptions};
use tokio::time::advance;

use crate::{
    dice::Dice,
    histories,
    provider::{ISSUER, Manners, Provider, resource},
};

const TOKEN_LIFETIME: u64 = 600;

#[test]
fn random_histories_of_a_session_follow_the_model() {
    histories(60, play);
}

/// What a browser keeps of the cookies that it is sent (RFC 6265 section 5.3).
#[derive(Clone, Default)]
pub struct Browser(BTreeMap<String, String>);

impl Browser {
    pub fn request(&self) -> HeaderCookies {
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        HeaderCookies::parse(pairs.join("; "))
    }

    pub fn receive(&mut self, cookies: &HeaderCookies) {
        for header in cookies.set_cookie_headers() {
            assert!(header.len() <= 4096, "no browser keeps a cookie of {} bytes", header.len());
            let cookie = cookie::Cookie::parse(header).unwrap();
            if cookie.max_age().is_some_and(cookie::time::Duration::is_zero) {
                self.0.remove(cookie.name());
            } else {
                self.0.insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
    }
}

pub async fn sign_in(logto: &LogtoClient, browser: &mut Browser, sub: &str, options: SignInOptions) {
    let mut cookies = browser.request();
    let redirect = logto.sign_in(&mut cookies, options).await.unwrap();
    browser.receive(&cookies);
    let callback = callback(redirect.location(), sub);
    let mut cookies = browser.request();
    let _home = logto.handle_sign_in(&mut cookies, &callback).await.unwrap();
    browser.receive(&cookies);
}

/// The query of the callback with which the server sends the browser back.
pub fn callback(location: &str, sub: &str) -> String {
    let url = url::Url::parse(location).unwrap();
    let parameters: BTreeMap<_, _> = url.query_pairs().collect();
    let mut callback = url::form_urlencoded::Serializer::new(String::new());
    callback.append_pair("code", &format!("{sub} {}", parameters["nonce"]));
    callback.append_pair("state", &parameters["state"]).append_pair("iss", ISSUER).finish()
}

/// What should be in the session.
#[derive(Clone, Default, PartialEq, Debug)]
struct Model {
    sub: String,
    refresh_token: String,
    /// By the number of the resource.
    access_tokens: BTreeMap<usize, String>,
}

struct World {
    provider: std::sync::Arc<Provider>,
    logto: LogtoClient,
    /// The newest first.
    secrets: Vec<String>,
    /// Whether all tokens of this user fit the cookies.
    has_room: bool,
}

async fn play(mut dice: Dice) {
    let provider = Provider::new(dice.clone(), Manners { token_lifetime: TOKEN_LIFETIME, ..Manners::default() });
    let secrets = vec![format!("{:032}", 0)];
    let mut world = World { logto: client(&provider, &secrets), provider, secrets, has_room: true };
    let (mut browser, mut model) = (Browser::default(), None);
    for _ in 0..40 {
        match dice.roll(20) {
            0..3 => world.signs_in(&mut dice, &mut browser, &mut model).await,
            3..9 => world.gets_a_token(&mut dice, &mut browser, &mut model).await,
            9..12 => world.waits(&mut dice).await,
            12 => world.forgets_access_tokens(&mut browser, &mut model).await,
            13 => world.signs_out(&mut browser, &mut model).await,
            14 => world.rotates_the_secret(&mut dice, &browser, &mut model).await,
            15..18 => {
                world.has_two_tabs(&mut dice, &mut browser, &mut model).await;
                world.compare(&browser, model.as_ref()).await;
                // Successors of spent refresh tokens are known for an hour, to the client that spent them.
                world.catches_up(&mut browser, &mut model).await;
            }
            18 => lose_a_cookie(&mut dice, &mut browser, &mut model),
            _ => swap_cookies(&mut dice, &mut browser, &mut model),
        }
        world.compare(&browser, model.as_ref()).await;
    }
}

fn client(provider: &std::sync::Arc<Provider>, secrets: &[String]) -> LogtoClient {
    let settings = provider.settings().cookie_secret(&*secrets[0]);
    LogtoClient::new(settings.previous_cookie_secrets(secrets[1..].iter().map(String::as_str)).build().unwrap())
        .unwrap()
}

impl World {
    async fn signs_in(&mut self, dice: &mut Dice, browser: &mut Browser, model: &mut Option<Model>) {
        let sub = ["ada", "grace", "linus"][dice.index(3)];
        // In one cookie, in two, in three or four.
        let organizations = [0, 60, 250][dice.index(3)];
        self.provider.manners.lock().unwrap().organizations = organizations;
        self.has_room = organizations < 250;
        sign_in(&self.logto, browser, sub, SignInOptions::new()).await;
        let refresh_token = self.provider.refresh_token_of(sub).unwrap();
        // Logto's first access token is the one for no resource, which the model has under none of the numbers.
        *model = Some(Model { sub: sub.to_owned(), refresh_token, access_tokens: BTreeMap::new() });
    }

    async fn gets_a_token(&mut self, dice: &mut Dice, browser: &mut Browser, model: &mut Option<Model>) {
        let number = dice.index(6);
        let mut cookies = browser.request();
        let before = self.provider.exchanges().len();
        let outcome = self.logto.get_access_token(&mut cookies, TokenOptions::new().resource(resource(number))).await;
        browser.receive(&cookies);
        let exchanges = self.provider.exchanges().len() - before;
        let Some(model) = model else {
            assert_eq!((outcome.unwrap_err().code().as_str(), exchanges), ("not_authenticated", 0));
            return;
        };
        let token = outcome.unwrap();
        let issued = self.provider.issued(token.token());
        assert_eq!((&issued.sub, issued.resource), (&model.sub, Some(resource(number))));
        // It is renewed a minute before its end.
        assert!(issued.ends > self.provider.now() + 60, "a token that ends in a moment");
        let known = model.access_tokens.insert(number, token.token().to_owned());
        let serves = known.filter(|known| self.provider.issued(known).ends > self.provider.now() + 60);
        // Where there is no room for a token in the cookies, it is had again.
        if let Some(known) = serves
            && (exchanges == 0 || self.has_room)
        {
            assert_eq!((token.token(), exchanges), (&*known, 0), "a token that served was renewed");
        }
        let refresh_token = self.logto.get_refresh_token(&cookies).await.unwrap().unwrap();
        refresh_token.expose().clone_into(&mut model.refresh_token);
        assert!(exchanges == 0 || Some(&model.refresh_token) == self.provider.refresh_token_of(&model.sub).as_ref());
    }

    async fn waits(&self, dice: &mut Dice) {
        // Forty of these are hours; a session lives for days.
        advance(Duration::from_secs(dice.roll(900))).await;
    }

    async fn forgets_access_tokens(&mut self, browser: &mut Browser, model: &mut Option<Model>) {
        let mut cookies = browser.request();
        self.logto.clear_access_token(&mut cookies).await.unwrap();
        browser.receive(&cookies);
        if let Some(model) = model {
            model.access_tokens.clear();
        }
    }

    async fn signs_out(&mut self, browser: &mut Browser, model: &mut Option<Model>) {
        let mut cookies = browser.request();
        let _home = self.logto.sign_out(&mut cookies, SignOutOptions::new().local_only(true)).await.unwrap();
        browser.receive(&cookies);
        *model = None;
    }

    /// With the old one remembered or forgotten.
    async fn rotates_the_secret(&mut self, dice: &mut Dice, browser: &Browser, model: &mut Option<Model>) {
        let secret = format!("{:032}", dice.roll(u64::MAX));
        let is_kept = dice.chance(70);
        self.secrets.insert(0, secret);
        self.secrets.truncate(if is_kept { 3 } else { 1 });
        self.logto = client(&self.provider, &self.secrets);
        // A third rotation forgets the first secret, unless the session was written since.
        let is_open = self.logto.is_authenticated(&browser.request()).await.unwrap();
        assert!(is_kept || !is_open, "opened with a secret that is forgotten");
        if !is_open {
            *model = None;
        }
    }

    /// Two requests with the same cookies, answered in either order: the last answer counts, as a whole.
    async fn has_two_tabs(&mut self, dice: &mut Dice, browser: &mut Browser, model: &mut Option<Model>) {
        let (one, other) = (browser.clone(), browser.clone());
        let (mut first, mut second) = (model.clone(), model.clone());
        let mut answers = Vec::new();
        for (tab, model) in [(&one, &mut first), (&other, &mut second)] {
            let mut cookies = tab.request();
            if let Some(model) = model {
                let number = dice.index(6);
                let options = TokenOptions::new().resource(resource(number)).force_refresh(dice.chance(50));
                let token = self.logto.get_access_token(&mut cookies, options).await.unwrap();
                model.access_tokens.insert(number, token.token().to_owned());
                let refresh_token = self.logto.get_refresh_token(&cookies).await.unwrap().unwrap();
                refresh_token.expose().clone_into(&mut model.refresh_token);
            }
            answers.push((cookies, model.clone()));
        }
        if dice.chance(50) {
            answers.reverse();
        }
        for (cookies, after) in answers {
            browser.receive(&cookies);
            // An answer that changed nothing wrote nothing.
            if !cookies.set_cookie_headers().is_empty() {
                *model = after;
            }
        }
    }

    async fn catches_up(&self, browser: &mut Browser, model: &mut Option<Model>) {
        let Some(model) = model else { return };
        let mut cookies = browser.request();
        let options = TokenOptions::new().resource(resource(0)).force_refresh(true);
        let token = self.logto.get_access_token(&mut cookies, options).await.unwrap();
        browser.receive(&cookies);
        model.access_tokens.insert(0, token.token().to_owned());
        model.refresh_token = self.provider.refresh_token_of(&model.sub).unwrap();
    }

    /// The session says what the model says, and saying it changes nothing.
    async fn compare(&self, browser: &Browser, model: Option<&Model>) {
        let cookies = browser.request();
        let claims = self.logto.get_id_token_claims(&cookies).await.unwrap();
        assert_eq!(claims.map(|claims| claims.sub).as_deref(), model.map(|model| model.sub.as_str()));
        let refresh_token = self.logto.get_refresh_token(&cookies).await.unwrap();
        assert_eq!(refresh_token.as_ref().map(logto::Secret::expose), model.map(|model| model.refresh_token.as_str()));
        assert!(cookies.set_cookie_headers().is_empty());
    }
}

/// A browser that is full drops one.
fn lose_a_cookie(dice: &mut Dice, browser: &mut Browser, model: &mut Option<Model>) {
    let names: Vec<_> = browser.0.keys().cloned().collect();
    if names.is_empty() {
        return;
    }
    let name = &names[dice.index(names.len())];
    browser.0.remove(name);
    // What is left of a session in several cookies is none.
    *model = None;
}

/// The values of two cookies change places.
fn swap_cookies(dice: &mut Dice, browser: &mut Browser, model: &mut Option<Model>) {
    let names: Vec<_> = browser.0.keys().cloned().collect();
    if names.len() < 2 {
        return;
    }
    let (one, other) = (dice.index(names.len()), dice.index(names.len()));
    if one != other {
        let (first, second) = (browser.0[&names[one]].clone(), browser.0[&names[other]].clone());
        browser.0.insert(names[one].clone(), second);
        browser.0.insert(names[other].clone(), first);
        *model = None;
    }
}
