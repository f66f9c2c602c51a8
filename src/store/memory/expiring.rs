//! Entries with an end, of which the one that ends first is found without looking at the others.

use std::{
    borrow::Borrow,
    cmp::Ordering,
    collections::{BinaryHeap, HashMap},
    hash::Hash,
    time::SystemTime,
};

/// A map whose entries end. Of `n` entries a call looks at the logarithm of `n`, on an average over many.
pub(super) struct Expiring<K, V, T = SystemTime> {
    entries: HashMap<K, Entry<V, T>>,
    /// The entries by their ends, the first on top. Places of entries that are gone are among them, and are passed over.
    order: BinaryHeap<Place<K, T>>,
    next: u64,
}

struct Entry<V, T> {
    value: V,
    ends: T,
    number: u64,
}

struct Place<K, T> {
    ends: T,
    /// That of the entry, unless that was replaced.
    number: u64,
    key: K,
}

/// Up to so many places of entries that are gone nobody minds.
const MAX_SPARE_PLACES: usize = 64;

impl<K, V, T: Ord> Default for Expiring<K, V, T> {
    fn default() -> Self {
        Self { entries: HashMap::new(), order: BinaryHeap::new(), next: 0 }
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
        self.entries.get(key).filter(|entry| entry.ends > now).map(|entry| &entry.value)
    }

    /// When an entry ends or has ended.
    pub(super) fn end<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<T>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).map(|entry| entry.ends)
    }

    /// Puts an entry in the place of the one before it under this key.
    pub(super) fn insert(&mut self, key: K, value: V, ends: T) {
        self.next = self.next.wrapping_add(1);
        let number = self.next;
        self.order.push(Place { ends, number, key: key.clone() });
        self.entries.insert(key, Entry { value, ends, number });
        self.forget_places();
    }

    pub(super) fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let entry = self.entries.remove(key)?;
        self.forget_places();
        Some(entry.value)
    }

    /// Makes room for one more: first by forgetting what has ended, then what would end first. Gives what it forgot.
    pub(super) fn make_room(&mut self, capacity: usize, now: T) -> Vec<(K, V)> {
        let mut forgotten = Vec::new();
        if self.entries.len() < capacity {
            return forgotten;
        }
        while let Some(first) = self.order.peek() {
            let is_present = is_present(&self.entries, first);
            if is_present && first.ends > now && self.entries.len() < capacity {
                break;
            }
            if let Some(Place { key, .. }) = self.order.pop().filter(|_| is_present)
                && let Some(entry) = self.entries.remove(&key)
            {
                forgotten.push((key, entry.value));
            }
        }
        forgotten
    }

    /// Forgets the places of entries that are gone, once they are the greater half.
    fn forget_places(&mut self) {
        if self.order.len() > self.entries.len().saturating_mul(2).saturating_add(MAX_SPARE_PLACES) {
            let Self { entries, order, .. } = self;
            order.retain(|place| is_present(entries, place));
        }
    }
}

fn is_present<K: Hash + Eq, V, T>(entries: &HashMap<K, Entry<V, T>>, place: &Place<K, T>) -> bool {
    entries.get(&place.key).is_some_and(|entry| entry.number == place.number)
}

/// The greatest is what ends first; of two that end together, the older one.
impl<K, T: Ord> Ord for Place<K, T> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.ends.cmp(&self.ends).then_with(|| other.number.cmp(&self.number))
    }
}

impl<K, T: Ord> PartialOrd for Place<K, T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K, T: Ord> PartialEq for Place<K, T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<K, T: Ord> Eq for Place<K, T> {}

#[cfg(test)]
mod tests;
