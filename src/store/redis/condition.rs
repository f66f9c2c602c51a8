//! What a Redis says of itself that matters to sessions: whether it may forget them, and whether it is a part of a cluster.

use redis::{Cmd, Value};

use super::connection::Connection;
use crate::error::BoxError;

/// The answer to `INFO`, as far as it matters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Condition {
    /// What it does when its memory is full, of each node that says otherwise than `noeviction`.
    policies: Vec<String>,
    pub(super) is_node: bool,
}

impl Condition {
    /// # Errors
    /// Where Redis does not answer, or an ACL forbids to ask.
    pub(super) async fn of(connection: &Connection) -> Result<Self, BoxError> {
        let answer = Cmd::new().arg("INFO").query_async(&mut connection.clone()).await?;
        let mut text = String::new();
        read(&answer, &mut text);
        Ok(Self::read(&text))
    }

    fn read(info: &str) -> Self {
        let values = |name: &str| {
            let lines = info.lines().filter_map(|line| line.trim().split_once(':'));
            lines.filter(move |(key, _)| *key == name).map(|(_, value)| value.to_owned()).collect::<Vec<_>>()
        };
        let mut policies = values("maxmemory_policy");
        policies.retain(|policy| policy != "noeviction");
        policies.sort();
        policies.dedup();
        Self { policies, is_node: values("cluster_enabled").iter().any(|value| value == "1") }
    }

    /// In sentences for an operator.
    pub(super) fn warnings(&self) -> Vec<String> {
        let sentence = |policy: &String| {
            format!(
                "Redis has the maxmemory-policy {policy}: when its memory is full it deletes sessions, which signs users out, and what it \
                 knows of sessions that were ended. Set it to noeviction (docs/stores.md)"
            )
        };
        self.policies.iter().map(sentence).collect()
    }
}

/// All texts of an answer: a cluster gives one for each node.
fn read(answer: &Value, text: &mut String) {
    match answer {
        Value::BulkString(bytes) => text.push_str(&String::from_utf8_lossy(bytes)),
        Value::SimpleString(simple) | Value::VerbatimString { text: simple, .. } => text.push_str(simple),
        Value::Array(values) => values.iter().for_each(|value| read(value, text)),
        Value::Map(pairs) => pairs.iter().for_each(|(_, value)| read(value, text)),
        _ => {}
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_eviction_policy_except_noeviction_gives_one_warning() {
        let node = |policy: &str| Value::BulkString(format!("# Memory\r\nmaxmemory_policy:{policy}\r\n").into());
        let warnings = |answer: &Value| {
            let mut text = String::new();
            read(answer, &mut text);
            Condition::read(&text).warnings()
        };
        assert_eq!(warnings(&node("noeviction")), [""; 0]);
        for policy in ["volatile-lru", "allkeys-lru", "volatile-ttl", "allkeys-random", "volatile-lfu"] {
            let told = warnings(&node(policy));
            assert!(told.len() == 1 && told[0].contains(policy) && told[0].contains("noeviction"), "{told:?}");
        }
        let name = |number: &str| Value::SimpleString(number.to_owned());
        let nodes = ["noeviction", "volatile-lru", "volatile-lru"].map(|policy| (name(policy), node(policy)));
        assert_eq!(warnings(&Value::Map(nodes.into())).len(), 1, "a cluster");
        let simple = || Value::SimpleString("maxmemory_policy:allkeys-lfu".to_owned());
        let verbatim = Value::VerbatimString {
            format: redis::VerbatimFormat::Text,
            text: "maxmemory_policy:allkeys-lfu".to_owned(),
        };
        for answer in [simple(), verbatim, Value::Array(vec![node("noeviction"), simple()])] {
            assert_eq!(warnings(&answer).len(), 1, "{answer:?}");
        }
        assert_eq!(warnings(&Value::Nil), [""; 0]);
    }

    #[test]
    fn a_redis_server_with_cluster_enabled_is_detected_as_a_cluster_node() {
        let is_node = |info: &str| Condition::read(info).is_node;
        assert!(is_node("# Cluster\r\ncluster_enabled:1\r\n"));
        assert!(!is_node("# Cluster\r\ncluster_enabled:0\r\n") && !is_node(""));
    }
}
