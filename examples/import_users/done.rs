//! Which rows are done. Rows are done nearly in their order, so few of them are remembered one by one.

use std::collections::BTreeSet;

#[derive(Debug, Default)]
pub(crate) struct Done {
    /// All up to this one.
    up_to: u64,
    beyond: BTreeSet<u64>,
}

impl Done {
    pub(crate) fn contains(&self, row: u64) -> bool {
        row <= self.up_to || self.beyond.contains(&row)
    }

    pub(crate) fn add(&mut self, row: u64) {
        if row > self.up_to {
            self.beyond.insert(row);
        }
        while self.beyond.remove(&(self.up_to + 1)) {
            self.up_to += 1;
        }
    }
}
