use std::{cell::Cell, cmp::Ordering};

use super::{Expiring, MAX_SPARE_PLACES};

thread_local! {
    /// How many ends were looked at.
    static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
}

/// An end that counts how often it is compared.
#[derive(Debug, Clone, Copy)]
struct End(u64);

impl Ord for End {
    fn cmp(&self, other: &Self) -> Ordering {
        LOOKED_AT.set(LOOKED_AT.get() + 1);
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for End {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for End {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for End {}

/// How many ends the call looks at.
fn looked_at<T>(call: impl FnOnce() -> T) -> usize {
    LOOKED_AT.set(0);
    call();
    LOOKED_AT.get()
}

/// A full map of entries that end one after the other.
fn full(capacity: u64) -> Expiring<u64, u64, End> {
    let mut map = Expiring::default();
    for number in 0..capacity {
        // In no order: the multiplier has no common divisor with a power of ten.
        let end = number * 7919 % capacity;
        map.insert(number, number, End(1_000_000 + end));
    }
    map
}

/// Whether there are not many more places than entries.
fn is_bounded<K, V, T>(map: &Expiring<K, V, T>) -> bool {
    map.order.len() >= map.entries.len() && map.order.len() <= 2 * map.entries.len() + MAX_SPARE_PLACES
}

#[test]
fn a_full_map_looks_at_a_few_entries_only() {
    for capacity in [100, 1_000, 10_000, 100_000] {
        let room = usize::try_from(capacity).unwrap();
        let mut map = full(capacity);
        let looked_at = looked_at(|| {
            for number in capacity..2 * capacity {
                assert_eq!(map.make_room(room, End(0)).len(), 1);
                map.insert(number, number, End(2_000_000 + number));
                assert!(map.get(&number, End(0)).is_some() && map.end(&number).is_some());
                map.insert(number, number, End(2_000_001 + number));
            }
        });
        assert!(map.len() == room && is_bounded(&map));
        // Of each entry: into the order twice, and out of it twice.
        let few = 8 * usize::try_from(capacity.ilog2()).unwrap();
        assert!(looked_at <= room * few, "{} of {capacity} for each", looked_at / room);
    }
}

#[test]
fn expired_entries_are_forgotten_at_once_at_the_cost_of_one_step_each() {
    let mut map = full(10_000);
    let looked_at = looked_at(|| assert_eq!(map.make_room(10_000, End(1_004_999)).len(), 5_000));
    assert!(looked_at <= 5_001 * 30, "{looked_at}");
    assert_eq!(map.len(), 5_000);
    assert!(map.make_room(10_000, End(1_009_999)).is_empty(), "there is room");
    assert_eq!(map.make_room(5_000, End(1_009_999)).len(), 5_000);
    assert!(map.len() == 0 && map.order.is_empty());
    assert!(map.make_room(0, End(0)).is_empty());
}

#[test]
fn removed_entries_leave_a_bounded_queue_behind() {
    let mut map = Expiring::default();
    for turn in 0..1_000 {
        for key in 0..100 {
            map.insert(key, turn, turn * 100 + key);
            assert!(is_bounded(&map));
        }
    }
    for key in 0..100 {
        assert_eq!(map.remove(&key), Some(999));
        assert!(is_bounded(&map));
    }
    assert_eq!(map.len(), 0);
}

#[test]
fn a_full_map_forgets_the_entry_that_expires_first() {
    let mut map = Expiring::default();
    for (key, end) in [("c", 30), ("a", 10), ("b", 20), ("d", 20)] {
        map.insert(key, key, end);
    }
    // One that lives longer now is no longer the first; nor is one that is gone.
    map.insert("a", "again", 40);
    assert_eq!(map.make_room(4, 0), [("b", "b")]);
    assert_eq!((map.get("c", 29), map.get("c", 30), map.end("c")), (Some(&"c"), None, Some(30)));
    assert_eq!(map.remove("d"), Some("d"));
    assert_eq!(map.remove("d"), None);
    assert_eq!(map.make_room(2, 0), [("c", "c")]);
    assert_eq!((map.len(), map.get("a", 0)), (1, Some(&"again")));
}
