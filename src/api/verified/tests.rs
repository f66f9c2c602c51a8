use std::{sync::Arc, time::Duration};

use serde_json::json;

use super::{TokenHash, TwoGenerationCache, Verdict};
use crate::{
    api::{AuthInfo, auth_info::ApiContext, challenge::Realm, facts::Facts},
    clock::SystemClock,
};

const ALWAYS: std::ops::Range<i64> = i64::MIN..i64::MAX;

fn verdict(sub: &str) -> Verdict {
    let claims = json!({ "iss": "i", "sub": sub, "aud": "a", "exp": 100, "iat": 0 });
    let context = ApiContext {
        realm: Realm { name: String::new(), resource_metadata: None },
        clock: Arc::new(SystemClock),
        leeway: Duration::ZERO,
        keep_caller_tokens: false,
    };
    let facts = Facts {
        claims: serde_json::from_value(claims).unwrap(),
        client_id: String::new(),
        organization_id: None,
        payload: Vec::new(),
    };
    Verdict { auth: AuthInfo::new(facts, Arc::new(context)), keys: [0; 32] }
}

fn hash(number: usize) -> TokenHash {
    TokenHash::of(&number.to_string())
}

fn sub(cache: &TwoGenerationCache<Verdict>, number: usize, now: i64) -> Option<String> {
    cache.get(&hash(number), now).map(|verdict| verdict.auth.sub().to_owned())
}

fn len(cache: &TwoGenerationCache<Verdict>) -> usize {
    let generations = cache.generations();
    generations.young.len() + generations.old.len()
}

#[test]
fn a_verdict_ends_with_its_token() {
    let cache = TwoGenerationCache::new(10);
    cache.put(hash(1), verdict("ada"), 0..100);
    assert_eq!(sub(&cache, 1, 99).as_deref(), Some("ada"));
    assert_eq!(sub(&cache, 2, 99), None);
    assert_eq!(sub(&cache, 1, 100), None);
    assert_eq!(len(&cache), 0, "it is dropped, too");
}

#[test]
fn a_verdict_by_a_clock_that_was_ahead_is_none() {
    let cache = TwoGenerationCache::new(10);
    cache.put(hash(1), verdict("ada"), 7200..7260);
    assert_eq!(sub(&cache, 1, 7199), None, "it is from the future");
    assert_eq!(sub(&cache, 1, 7200), None, "and gone");
    cache.put(hash(2), verdict("ada"), 7200..7200);
    assert_eq!(len(&cache), 0, "what is over is not kept");
}

#[test]
fn a_full_verification_cache_keeps_the_entries_in_use() {
    for size in [1, 2, 3, 10, 100] {
        let cache = TwoGenerationCache::new(size);
        for number in 0..1000 {
            cache.put(hash(number), verdict("bob"), ALWAYS);
            // Rounded up to an even number: two generations of the same size.
            assert!(len(&cache) <= size.next_multiple_of(2), "{size}");
            if size >= 10 {
                cache.put(hash(5000), verdict("ada"), ALWAYS);
                assert_eq!(sub(&cache, 5000, 0).as_deref(), Some("ada"), "used again and again");
            }
        }
        assert_eq!(sub(&cache, 999, 0).as_deref(), Some("bob"));
        assert_eq!(sub(&cache, 0, 0), None);
    }
}

#[test]
fn a_verdict_that_is_used_outlives_an_unused_one() {
    let cache = TwoGenerationCache::new(20);
    cache.put(hash(0), verdict("ada"), ALWAYS);
    cache.put(hash(1), verdict("idle"), ALWAYS);
    for number in 100..200 {
        cache.put(hash(number), verdict("bob"), ALWAYS);
        assert_eq!(sub(&cache, 0, 0).as_deref(), Some("ada"));
    }
    assert_eq!(sub(&cache, 1, 0), None);
}

#[test]
fn no_verdict_is_kept_where_the_capacity_is_zero() {
    let cache = TwoGenerationCache::new(0);
    cache.put(hash(1), verdict("ada"), ALWAYS);
    assert_eq!((sub(&cache, 1, 0), len(&cache)), (None, 0));
}

#[test]
fn a_forgotten_verdict_leaves_no_entry() {
    let cache = TwoGenerationCache::new(4);
    for number in 0..4 {
        cache.put(hash(number), verdict("ada"), ALWAYS);
    }
    for number in 0..4 {
        cache.forget(&hash(number));
    }
    assert_eq!(len(&cache), 0);
}

#[test]
fn a_verdict_is_kept_under_the_hash_of_its_token_alone() {
    let text = format!("{:?}", TokenHash::of("SENTINEL"));
    assert!(!text.contains("SENTINEL"));
}
