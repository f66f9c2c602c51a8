//! Endings are final, and nothing else ends a session. The model: which sessions began, which were ended, and what each browser holds.
//!
//! Two instances share the revocations, the store and, in half of the histories, a coordinator. Their clocks may be wrong; that of the server
//! and of the store are right. A tab may be a copy of another, a request may be loaded long before it is committed.

mod world;

use std::time::Duration;

use logto::{SignInOptions, SignOutOptions, TokenOptions, store::SessionSelector};
use tokio::time::advance;

use self::world::{ABSOLUTE, Answer, Place, Slow, Tab, World};
use crate::{dice::Dice, histories, provider::resource, session::callback};

const DAY: u64 = 24 * 60 * 60;
const STEPS: usize = 60;

#[test]
fn random_endings_of_sessions_follow_the_model() {
    histories(60, play);
}

async fn play(mut dice: Dice) {
    let mut world = World::new(&mut dice);
    for _ in 0..STEPS {
        // No two things happen in one second: it could not be told which came first.
        advance(Duration::from_secs(2)).await;
        match dice.roll(32) {
            0..5 => world.signs_in(&mut dice).await,
            5..11 => world.visits(&mut dice).await,
            11..14 => world.opens_a_copy(&mut dice),
            14..17 => world.loads(&mut dice).await,
            17..20 => world.commits(&mut dice).await,
            20..22 => world.signs_out(&mut dice).await,
            22 => world.revokes_all(&mut dice).await,
            23 => world.logs_out_behind_the_back(&mut dice).await,
            24..26 => world.deploys(&mut dice),
            26..28 => world.turns_a_clock(&mut dice),
            28 => advance(Duration::from_secs(dice.roll(20 * DAY))).await,
            _ => advance(Duration::from_secs(dice.roll(DAY))).await,
        }
        world.check().await;
    }
    // Until all that is there could have lived.
    world.clocks_are_right();
    for _ in 0..8 {
        while !world.slow.is_empty() && dice.chance(50) {
            world.commits(&mut dice).await;
            world.check().await;
        }
        if dice.chance(30) {
            world.deploys(&mut dice);
        }
        advance(ABSOLUTE / 8).await;
        world.check().await;
    }
    assert!(world.nobody_is_signed_in().await, "after the absolute lifetime of all");
}

impl World {
    /// With one callback, or the same one twice; accepted or refused.
    async fn signs_in(&mut self, dice: &mut Dice) {
        let (tab, here) = (dice.index(self.tabs.len()), dice.index(2));
        // Without a coordinator an instance knows nothing of the exchange of another; without the store, nothing of the session.
        let knows = self.is_coordinated && self.places[0].has_store() == self.places[1].has_store();
        let there = if knows { dice.index(2) } else { here };
        let sub = ["ada", "grace", "linus"][dice.index(3)];
        let mut beginning = self.load(tab, here).await;
        let redirect = beginning.session.sign_in(SignInOptions::new()).await.unwrap();
        self.commit(beginning).await;
        let query = callback(redirect.location(), sub);
        let mut requests = vec![self.load(tab, here).await];
        if dice.chance(50) {
            requests.push(self.load(tab, there).await);
        }
        let mut began = None;
        for mut request in requests {
            let Ok(pending) = request.session.verify_sign_in(&query).await else {
                // An ID token is judged by the clock, and nothing is written. A sign-in that was refused stays so.
                let is_refused = began.is_some_and(|number: usize| self.sessions[number].is_over);
                assert!(is_refused || self.is_wrong(here) || self.is_wrong(there), "a sign-in that fails");
                continue;
            };
            let number = *began.get_or_insert_with(|| self.began(sub, request.instance));
            self.tell(format!("session {number} of {sub} at instance {}, tab {tab}", request.instance));
            if dice.chance(15) {
                self.tell("refused".to_owned());
                pending.refuse().await;
                self.ended(number, request.place);
                continue;
            }
            if let Err(error) = request.session.accept_sign_in(pending).await {
                let session = &self.sessions[number];
                assert!(session.is_over || session.is_doubtful, "{error}: {}", self.describe(tab, request.instance));
                continue;
            }
            let replaced = request.present.filter(|replaced| *replaced != number);
            (request.replaced, request.number) = (replaced, Some(number));
            // The answer is on its way for a moment, or for long.
            if dice.chance(70) {
                self.commit(request).await;
            } else {
                self.tell("its answer takes its time".to_owned());
                self.slow.push(request);
            }
        }
    }

    /// A page, with or without a call of an API.
    async fn visits(&mut self, dice: &mut Dice) {
        let (tab, instance) = (dice.index(self.tabs.len()), dice.index(2));
        self.tell(format!("tab {tab} visits instance {instance}"));
        let mut request = self.load(tab, instance).await;
        self.asks_for_a_token(dice, &mut request).await;
        self.commit(request).await;
    }

    fn opens_a_copy(&mut self, dice: &mut Dice) {
        let copy = self.tabs[dice.index(self.tabs.len())].clone();
        if self.tabs.len() < 6 {
            self.tabs.push(copy);
            self.tell(format!("tab {} is a copy", self.tabs.len() - 1));
        } else {
            let place = dice.index(self.tabs.len());
            self.tabs[place] = copy;
            self.tell(format!("tab {place} is a copy"));
        }
    }

    /// A request whose response takes its time.
    async fn loads(&mut self, dice: &mut Dice) {
        let (tab, instance) = (dice.index(self.tabs.len()), dice.index(2));
        self.tell(format!("tab {tab} visits instance {instance}, the answer takes its time"));
        let mut request = self.load(tab, instance).await;
        if dice.chance(50) {
            self.asks_for_a_token(dice, &mut request).await;
        } else {
            request.session.clear_access_token();
        }
        self.slow.push(request);
    }

    async fn commits(&mut self, dice: &mut Dice) {
        if !self.slow.is_empty() {
            let place = dice.index(self.slow.len());
            let request = self.slow.swap_remove(place);
            self.tell(format!("an answer from instance {} with session {:?}", request.instance, request.number));
            self.commit(request).await;
        }
    }

    async fn signs_out(&mut self, dice: &mut Dice) {
        let (tab, instance) = (dice.index(self.tabs.len()), dice.index(2));
        self.tell(format!("tab {tab} signs out at instance {instance}"));
        let mut request = self.load(tab, instance).await;
        let local = SignOutOptions::new().local_only(true);
        let _home = request.session.sign_out(local).await.unwrap();
        (request.replaced, request.number) = (request.present, None);
        self.commit(request).await;
    }

    async fn revokes_all(&mut self, dice: &mut Dice) {
        let (instance, sub) = (dice.index(2), ["ada", "grace", "linus"][dice.index(3)]);
        // "Up to now" is by the clock of the instance, which is documented to be right.
        if !self.is_wrong(instance) {
            self.tell(format!("instance {instance} revokes all of {sub}"));
            self.instances[instance].end_user_sessions(sub).await.unwrap();
            self.ended_up_to(sub, self.now(instance), self.places[instance]);
        }
    }

    async fn logs_out_behind_the_back(&mut self, dice: &mut Dice) {
        let (instance, number) = (dice.index(2), dice.index(self.sessions.len().max(1)));
        let Some(session) = self.sessions.get(number) else { return };
        let (sub, sid, by_session) = (session.sub, session.sid.clone(), dice.chance(50));
        let form = match by_session {
            true => self.provider.logout("sid", &sid),
            false => self.provider.logout("sub", sub),
        };
        self.tell(format!("instance {instance} logs out {sid} of {sub} behind the back; by session: {by_session}"));
        match self.instances[instance].back_channel_logout(&form).await {
            Ok(SessionSelector::LogtoSession(of)) => {
                assert!(by_session && of == sid);
                self.ended(number, self.places[instance]);
            }
            Ok(_) => self.ended_up_to(sub, self.right_now(), self.places[instance]),
            Err(error) => assert!(self.is_wrong(instance), "{error}"),
        }
    }

    /// One instance or both get another place for sessions.
    fn deploys(&mut self, dice: &mut Dice) {
        let place = Place::ALL[dice.index(Place::ALL.len())];
        let number = dice.index(3);
        for instance in (0..2).filter(|instance| number == 2 || number == *instance) {
            self.tell(format!("instance {instance} keeps sessions in {place:?}"));
            self.deploy(instance, place);
        }
    }

    fn turns_a_clock(&mut self, dice: &mut Dice) {
        let instance = dice.index(2);
        let amount = [0, 0, 50, 600, 3000, 30 * 3600, 20 * 24 * 3600, 10 * 365 * 24 * 3600][dice.index(8)];
        let ahead = if dice.chance(50) { amount } else { -amount };
        self.tell(format!("the clock of instance {instance} is {ahead} s ahead"));
        self.clocks[instance].turn(ahead);
    }

    /// What each tab is told by each instance. It changes nothing.
    async fn check(&self) {
        for (tab, instance) in (0..self.tabs.len()).flat_map(|tab| [(tab, 0), (tab, 1)]) {
            let said = self.instances[instance].get_id_token_claims(&self.tabs[tab].browser.request()).await.unwrap();
            let what = || self.describe(tab, instance);
            match self.expected(&self.tabs[tab], instance) {
                Answer::Nobody => assert!(said.is_none(), "signed in, and should not be: {}", what()),
                Answer::User(sub) => {
                    let said = said.map(|claims| claims.sub);
                    assert_eq!(said.as_deref(), Some(sub), "not signed in, and should be: {}", what());
                }
                Answer::Unknown(sub) => assert!(said.is_none_or(|claims| claims.sub == sub), "{}", what()),
            }
        }
    }

    async fn nobody_is_signed_in(&self) -> bool {
        for Tab { browser, .. } in &self.tabs {
            for instance in &self.instances {
                if instance.is_authenticated(&browser.request()).await.unwrap() {
                    return false;
                }
            }
        }
        true
    }

    async fn asks_for_a_token(&self, dice: &mut Dice, request: &mut Slow) {
        let options = TokenOptions::new().resource(resource(dice.index(6))).force_refresh(dice.chance(50));
        if let Err(error) = request.session.get_access_token(options).await {
            // A wrong clock may refuse what the server gives. That ends no session.
            let is_as_before = request.session.is_authenticated() == request.was_signed_in;
            assert!(is_as_before, "{error}: {}", self.describe(request.tab, request.instance));
        }
    }
}
