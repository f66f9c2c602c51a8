use std::{cell::Cell, cmp::Ordering};

use super::Expiring;

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

fn len<K, V, T>(map: &Expiring<K, V, T>) -> (usize, usize) {
    (map.entries.len(), map.order.len())
}

#[test]
fn a_full_map_looks_at_a_few_entries_only() {
    for capacity in [100, 1_000, 10_000, 100_000] {
        let room = usize::try_from(capacity).unwrap();
        let mut map = full(capacity);
        assert_eq!(len(&map), (room, room));
        let few = 6 * usize::try_from(capacity.ilog2()).unwrap();
        for number in capacity..2 * capacity {
            let looked_at = looked_at(|| {
                assert_eq!(map.make_room(room, End(0)).len(), 1);
                map.insert(number, number, End(2_000_000 + number));
                assert!(map.get(&number, End(0)).is_some() && map.end(&number).is_some());
                map.insert(number, number, End(2_000_001 + number));
            });
            assert!(looked_at <= 3 * few, "{looked_at} of {capacity}");
        }
        assert_eq!(len(&map), (room, room));
        let removing = looked_at(|| map.remove(&capacity));
        assert!(removing <= few, "{removing} of {capacity}");
    }
}

#[test]
fn what_has_ended_is_forgotten_at_once_and_costs_each_entry_once() {
    let mut map = full(10_000);
    let looked_at = looked_at(|| assert_eq!(map.make_room(10_000, End(1_004_999)).len(), 5_000));
    assert!(looked_at <= 2 * 5_001 * 2, "{looked_at}");
    assert_eq!(len(&map), (5_000, 5_000));
    assert!(map.make_room(10_000, End(1_009_999)).is_empty(), "there is room");
    assert_eq!(map.make_room(5_000, End(1_009_999)).len(), 5_000);
    assert_eq!(len(&map), (0, 0));
    assert!(map.make_room(0, End(0)).is_empty());
}

#[test]
fn what_would_end_first_goes_first() {
    let mut map = Expiring::default();
    for (key, end) in [("c", 30), ("a", 10), ("b", 20)] {
        assert_eq!(map.insert(key, key, end), None);
    }
    // One that lives longer now is no longer the first.
    assert_eq!(map.insert("a", "again", 40), Some("a"));
    assert_eq!(map.make_room(3, 0), [("b", "b")]);
    assert_eq!((map.get("c", 29), map.get("c", 30), map.end("c")), (Some(&"c"), None, Some(30)));
    assert_eq!(map.remove("c"), Some("c"));
    assert_eq!(map.remove("c"), None);
    assert_eq!((map.len(), len(&map)), (1, (1, 1)));
}
