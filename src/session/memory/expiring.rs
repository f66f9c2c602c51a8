//! Entries with an end, of which the one that ends first is found without looking at the others.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, HashMap},
    hash::Hash,
    time::SystemTime,
};

/// A map whose entries end. Each call costs a look at a few entries, however many there are: of `n`, their logarithm.
pub(super) struct Expiring<K, V, T = SystemTime> {
    entries: HashMap<K, Entry<V, T>>,
    /// The same by their ends. The number tells apart those that end together.
    order: BTreeMap<(T, u64), K>,
    next: u64,
}

struct Entry<V, T> {
    value: V,
    place: (T, u64),
}

impl<K, V, T> Default for Expiring<K, V, T> {
    fn default() -> Self {
        Self { entries: HashMap::new(), order: BTreeMap::new(), next: 0 }
    }
}

impl<K: Hash + Eq + Clone, V, T: Ord + Copy> Expiring<K, V, T> {
    /// How many there are, those that have ended included.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entry, unless it has ended.
    pub(super) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q, now: T) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let entry = self.entries.get(key)?;
        let (ends, _) = entry.place;
        (ends > now).then_some(&entry.value)
    }

    /// When an entry ends or has ended.
    pub(super) fn end<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<T>
    where
        K: Borrow<Q>,
    {
        let (ends, _) = self.entries.get(key)?.place;
        Some(ends)
    }

    /// Puts an entry in; gives the one before it under this key.
    pub(super) fn insert(&mut self, key: K, value: V, ends: T) -> Option<V> {
        self.next = self.next.wrapping_add(1);
        let place = (ends, self.next);
        self.order.insert(place, key.clone());
        let before = self.entries.insert(key, Entry { value, place })?;
        self.order.remove(&before.place);
        Some(before.value)
    }

    pub(super) fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let entry = self.entries.remove(key)?;
        self.order.remove(&entry.place);
        Some(entry.value)
    }

    /// Makes room for one more: first by forgetting what has ended, then what would end first. Gives what it forgot.
    pub(super) fn make_room(&mut self, capacity: usize, now: T) -> Vec<(K, V)> {
        let mut forgotten = Vec::new();
        if self.entries.len() < capacity {
            return forgotten;
        }
        while let Some(first) = self.order.first_entry() {
            let (ends, _) = *first.key();
            if ends > now && self.entries.len() < capacity {
                break;
            }
            let key = first.remove();
            if let Some(entry) = self.entries.remove(&key) {
                forgotten.push((key, entry.value));
            }
        }
        forgotten
    }
}

#[cfg(test)]
mod tests;
