//! Who may act, for whom, and until when.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use logto::{
    AccessToken, ContextOptions, Error, ErrorCode, IdTokenClaims, RequestSession, TokenOptions,
    machine::TokenExchange,
    management::{NewSubjectToken, User},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use crate::{App, SUPPORT};

/// How old the role of the one who begins may be.
const ROLE_AGE: Duration = Duration::from_secs(60);

/// Several instances of an application keep this in a store that they share.
pub(crate) struct Desk {
    limit: Duration,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    next: u64,
    acts: HashMap<u64, Act>,
}

/// Somebody acts for a user.
#[derive(Clone)]
pub(crate) struct Act {
    pub(crate) actor: String,
    pub(crate) user: String,
    pub(crate) name: String,
    pub(crate) ticket: String,
    pub(crate) token: AccessToken,
    pub(crate) until: SystemTime,
}

/// What the session keeps, sealed.
#[derive(Serialize, Deserialize)]
struct InSession {
    act: u64,
}

/// Why nobody acts.
pub(crate) enum Refused {
    /// For this reason.
    Because(&'static str),
    Failed(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

pub(crate) fn is_support(claims: &IdTokenClaims) -> bool {
    claims.roles.iter().any(|role| role == SUPPORT)
}

impl Desk {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, kept: Mutex::default() }
    }

    /// What this session does at the moment. What is over is forgotten, and told to the log.
    pub(crate) async fn current(&self, session: &RequestSession, actor: &str) -> Result<Option<Act>, Error> {
        let kept = session.data::<InSession>().await.or_else(|error| match error.code() {
            ErrorCode::SESSION_DATA_UNEXPECTED => Ok(None),
            _ => Err(error),
        })?;
        let Some(InSession { act }) = kept else { return Ok(None) };
        Ok(self.with(|kept| kept.acts.get(&act).cloned()).filter(|act| act.actor == actor))
    }

    /// Lets somebody act for a user.
    pub(crate) async fn begin(
        &self,
        app: &App,
        session: &RequestSession,
        user: &str,
        ticket: &str,
    ) -> Result<(), Refused> {
        // A role that was taken away an hour ago is none.
        let context = session.get_context(ContextOptions::new().claims_max_age(ROLE_AGE)).await?;
        let Some(claims) = context.claims().filter(|claims| is_support(claims)) else {
            return Err(Refused::Because("Your role does not let you act for others."));
        };
        let actor = claims.sub.as_str();
        // Before anything is done: an attempt is of interest, too.
        tracing::info!(target: "impersonation", actor, user, ticket, "asked for");
        let begun = self.token(app, session, actor, user, ticket).await;
        match begun {
            Ok(act) => {
                let id = self.with(|kept| {
                    kept.next += 1;
                    let id = kept.next;
                    kept.acts.insert(id, act);
                    id
                });
                // One at a time: what this session did before is over.
                self.forget(session, actor, "ended for another").await?;
                session.set_data(&InSession { act: id }).await?;
                tracing::info!(target: "impersonation", actor, user, ticket, "begun");
                Ok(())
            }
            Err(error) => {
                let why = match &error {
                    Refused::Because(why) => (*why).to_owned(),
                    Refused::Failed(error) => error.code().to_string(),
                };
                tracing::warn!(target: "impersonation", actor, user, ticket, why, "refused");
                Err(error)
            }
        }
    }

    async fn token(
        &self,
        app: &App,
        session: &RequestSession,
        actor: &str,
        user: &str,
        ticket: &str,
    ) -> Result<Act, Refused> {
        if user == actor {
            return Err(Refused::Because("That is you."));
        }
        let users = app.management.users();
        let found = match users.get(user).await {
            Err(error) if error.code() == ErrorCode::MANAGEMENT_NOT_FOUND => {
                return Err(Refused::Because("There is no such user any more."));
            }
            found => found?,
        };
        // Who may act for those who may act, may do everything.
        let mut roles = users.list_roles(user).items();
        while let Some(role) = roles.next().await {
            if role?.name == SUPPORT {
                return Err(Refused::Because("Nobody acts for people of the support."));
            }
        }
        // A custom JWT script can put the context into the token.
        let context = Map::from_iter([("ticket".to_owned(), json!(ticket)), ("actor".to_owned(), json!(actor))]);
        let subject =
            app.management.subject_tokens().create(&NewSubjectToken::new().user_id(user).context(context)).await?;
        let staff = session.get_access_token(TokenOptions::new()).await?;
        let exchange = TokenExchange::impersonation(subject.subject_token)
            .actor(staff.token())
            .resource(app.playground.resource())
            .scopes(["read:books"]);
        let exchanged = app.playground.client().exchange_token(exchange).await;
        let token = match exchanged {
            Err(error) if error.code() == ErrorCode::TOKEN_EXCHANGE_SUBJECT_REFUSED => {
                return Err(Refused::Because("Logto refuses it: the user may be suspended."));
            }
            exchanged => exchanged?.into_access_token(),
        };
        let until = token.expires_at().min(SystemTime::now() + self.limit);
        let name = name_of(&found).to_owned();
        Ok(Act { actor: actor.to_owned(), user: found.id, name, ticket: ticket.to_owned(), token, until })
    }

    /// Ends what this session does.
    pub(crate) async fn end(&self, session: &RequestSession, actor: &str) -> Result<(), Error> {
        self.forget(session, actor, "ended").await?;
        session.clear_data().await
    }

    async fn forget(&self, session: &RequestSession, actor: &str, how: &str) -> Result<(), Error> {
        if let Ok(Some(InSession { act })) = session.data::<InSession>().await
            && let Some(act) = self.with(|kept| kept.acts.remove(&act)).filter(|act| act.actor == actor)
        {
            act.tell(how);
        }
        Ok(())
    }

    fn with<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> T {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = SystemTime::now();
        kept.acts.extract_if(|_, act| act.until <= now).for_each(|(_, act)| act.tell("time is over"));
        change(&mut kept)
    }
}

impl Act {
    fn tell(&self, how: &str) {
        let Self { actor, user, ticket, .. } = self;
        tracing::info!(target: "impersonation", actor, user, ticket, "{how}");
    }
}

pub(crate) fn name_of(user: &User) -> &str {
    let names = [&user.name, &user.username, &user.primary_email];
    names.into_iter().flatten().next().map_or(&user.id, |name| name)
}
