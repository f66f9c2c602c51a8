//! The import: rows in, users at Logto, outcomes in the journal.

use std::sync::Arc;

use logto::management::{Management, NewUser};
use tokio::task::{JoinError, JoinSet};

use crate::{
    attempt::{self, NotDone, Shared},
    done::Done,
    journal::{Outcome, Writer},
    pace::Pace,
    report::Counts,
    rows::{Row, Rows},
    stop::Stop,
};

pub(crate) enum Ended {
    AtTheEnd,
    Stopped,
}

type Attempted = (Row, Result<Outcome, NotDone>);

pub(crate) struct Import<'a> {
    shared: Arc<Shared>,
    journal: &'a Writer,
    stop: Stop,
    concurrency: usize,
    under_way: JoinSet<Attempted>,
}

impl<'a> Import<'a> {
    pub(crate) fn new(
        management: &Management,
        journal: &'a Writer,
        counts: &Arc<Counts>,
        stop: Stop,
        concurrency: usize,
    ) -> Self {
        let (management, counts) = (management.clone(), Arc::clone(counts));
        let shared = Arc::new(Shared { management, counts, pace: Pace::default() });
        Self { shared, journal, stop, concurrency, under_way: JoinSet::new() }
    }

    /// All rows but those that are done.
    pub(crate) async fn run(mut self, rows: &mut Rows, done: &Done) -> Result<Ended, String> {
        let begun = self.begin_all(rows, done).await;
        if begun.is_err() {
            self.stop.ask();
        }
        // An answer that nobody notes is a request for nothing.
        let finished = self.finish().await;
        begun.and(finished)?;
        Ok(if self.stop.is_asked_for() { Ended::Stopped } else { Ended::AtTheEnd })
    }

    async fn begin_all(&mut self, rows: &mut Rows, done: &Done) -> Result<(), String> {
        while !self.stop.is_asked_for() {
            let Some(row) = rows.next().map_err(|error| format!("the file cannot be read on: {error}"))? else { break };
            if done.contains(row.number) {
                continue;
            }
            match row.user() {
                Ok(user) => self.begin(row, user).await?,
                Err(reason) => self.journal.note(row, Outcome::Wrong(reason)).await?,
            }
        }
        Ok(())
    }

    /// Begins one more, when there is room for it.
    async fn begin(&mut self, row: Row, user: NewUser) -> Result<(), String> {
        while self.under_way.len() >= self.concurrency
            && let Some(attempted) = self.under_way.join_next().await
        {
            self.note(attempted).await?;
        }
        let (shared, stop) = (Arc::clone(&self.shared), self.stop.clone());
        self.under_way.spawn(async move {
            let outcome = attempt::create(&shared, &user, stop).await;
            (row, outcome)
        });
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), String> {
        let mut outcome = Ok(());
        while let Some(attempted) = self.under_way.join_next().await {
            let noted = self.note(attempted).await;
            if noted.is_err() {
                // The others need not wait until Logto has time.
                self.stop.ask();
            }
            outcome = outcome.and(noted);
        }
        outcome
    }

    async fn note(&self, attempted: Result<Attempted, JoinError>) -> Result<(), String> {
        match attempted.map_err(|error| error.to_string())? {
            (row, Ok(outcome)) => self.journal.note(row, outcome).await,
            (_, Err(NotDone::Stopped)) => Ok(()),
            (_, Err(NotDone::Failed(error))) => Err(format!("{error}\n{}", error.hint())),
        }
    }
}
