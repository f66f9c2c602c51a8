//! A program that calls the operations, and what it called.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use logto::{Error, machine::MachineClient, management::Management};

use super::{description::Members, server::Server};

pub struct World {
    pub management: Management,
    server: Arc<Server>,
    called: RefCell<BTreeMap<String, BTreeSet<String>>>,
    sent: RefCell<BTreeMap<String, BTreeSet<String>>>,
}

impl World {
    pub async fn start(members: Members) -> Self {
        let server = Server::start(members).await;
        let machine = MachineClient::builder().endpoint(&server.endpoint).app_id("m2m").app_secret("secret");
        let management = Management::new(machine.build().unwrap()).unwrap();
        Self { management, server, called: RefCell::default(), sent: RefCell::default() }
    }

    /// What was wrong.
    pub fn problems(&self) -> Vec<String> {
        self.server.problems()
    }

    /// Operations of ours, such as `users().get`, with what Logto calls them: `GET /api/users/{userId}`.
    pub fn called(&self) -> BTreeMap<String, BTreeSet<String>> {
        self.called.borrow().clone()
    }

    /// The members of each body that were sent.
    pub fn sent(&self) -> BTreeMap<String, BTreeSet<String>> {
        self.sent.borrow().clone()
    }

    /// Remembers one argument of a call: of a body, which members it has. Its `Debug` is `NewUser(["name", "username"])`.
    pub fn argument(&self, debug: &str) {
        let Some((name, members)) = debug.split_once("([") else { return };
        let Ok(members) = serde_json::from_str::<Vec<String>>(&format!("[{}", members.trim_end_matches(')'))) else {
            return;
        };
        self.sent.borrow_mut().entry(name.to_owned()).or_default().extend(members);
    }

    /// Remembers how a call ended.
    pub fn ended(&self, operation: &str, error: Option<Error>) {
        let asked = self.server.take_operations();
        if let Some(error) = error {
            panic!("{operation}: {error:?}: {:?}", self.problems());
        }
        assert!(!asked.is_empty(), "{operation} asked for nothing");
        self.called.borrow_mut().entry(operation.to_owned()).or_default().extend(asked);
    }
}

/// Calls operations: `calls!(world; users.get("id"), users.delete("id"));`. Arguments are written at the call, with all setters.
macro_rules! calls {
    ($world:expr; $($handle:ident.$operation:ident($($argument:expr),* $(,)?)),* $(,)?) => {$(
        $( $world.argument(&format!("{:?}", $argument)); )*
        let outcome = $world.management.$handle().$operation($($argument),*).await;
        $world.ended(concat!(stringify!($handle), "().", stringify!($operation)), outcome.err());
    )*};
}

/// Calls operations that return a `List`, and asks for a page and for all items.
macro_rules! lists {
    ($world:expr; $($handle:ident.$operation:ident($($argument:expr),* $(,)?)),* $(,)?) => {$(
        let list = $world.management.$handle().$operation($($argument),*);
        let outcome = list.page(1, 20).await;
        assert!(!outcome.as_ref().is_ok_and(|page| page.items.is_empty()), stringify!($operation));
        $world.ended(concat!(stringify!($handle), "().", stringify!($operation)), outcome.err());
        let mut items = list.items();
        let outcome = items.next().await.unwrap();
        $world.ended(concat!(stringify!($handle), "().", stringify!($operation)), outcome.err());
    )*};
}

pub(super) use {calls, lists};
