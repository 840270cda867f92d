//! Which node serves which slot.

use std::fmt;
use std::sync::Arc;

use redis::Value;

use super::node::Node;
use super::slot::SLOTS;

/// The address of a node.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Address {
    /// Parses `host:port`. An empty host stands for the host of the node that was asked.
    pub(super) fn parse(text: &str, asked: &Self) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let host = if host.is_empty() { &asked.host } else { host };
        Some(Self { host: host.to_owned(), port: port.parse().ok()? })
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// A range of slots, with its master and replicas.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SlotRange {
    start: u16,
    end: u16,
    pub(super) master: Address,
    pub(super) replicas: Vec<Address>,
}

/// Parses the reply to `CLUSTER SLOTS`. `None` where it is invalid or names no slot.
pub(super) fn parse(reply: &Value, asked: &Address) -> Option<Vec<SlotRange>> {
    let Value::Array(entries) = reply else { return None };
    let mut ranges = Vec::with_capacity(entries.len());
    for entry in entries {
        let Value::Array(entry) = entry else { return None };
        let [Value::Int(start), Value::Int(end), master, replicas @ ..] = entry.as_slice() else { return None };
        let (start, end) = (u16::try_from(*start).ok()?, u16::try_from(*end).ok()?);
        if end < start || end >= SLOTS {
            return None;
        }
        // Slots of a master with an unknown host cannot be reached.
        let Some(master) = address(master, asked) else { continue };
        let replicas = replicas.iter().filter_map(|replica| address(replica, asked)).collect();
        ranges.push(SlotRange { start, end, master, replicas });
    }
    // A node that has not joined the others yet knows of no slot.
    (!ranges.is_empty()).then_some(ranges)
}

fn address(node: &Value, asked: &Address) -> Option<Address> {
    let Value::Array(parts) = node else { return None };
    let [host, Value::Int(port), ..] = parts.as_slice() else { return None };
    let host = match host {
        Value::Nil => asked.host.clone(),
        Value::BulkString(host) => match std::str::from_utf8(host).ok()? {
            "" => asked.host.clone(),
            "?" => return None,
            host => host.to_owned(),
        },
        _ => return None,
    };
    Some(Address { host, port: u16::try_from(*port).ok()? })
}

/// Which node serves which slots, by the reply of one node.
pub(super) struct SlotMap {
    ranges: Vec<(u16, u16, Arc<Node>)>,
}

impl SlotMap {
    pub(super) fn new(ranges: &[SlotRange], node: impl Fn(&Address) -> Arc<Node>) -> Self {
        let mut ranges: Vec<_> = ranges.iter().map(|range| (range.start, range.end, node(&range.master))).collect();
        ranges.sort_by_key(|(start, ..)| *start);
        Self { ranges }
    }

    pub(super) fn owner(&self, slot: u16) -> Option<&Arc<Node>> {
        let index = self.ranges.partition_point(|(_, end, _)| *end < slot);
        self.ranges.get(index).filter(|(start, ..)| *start <= slot).map(|(.., node)| node)
    }

    /// Every master that serves a slot, each once, by address.
    pub(super) fn masters(&self) -> Vec<Arc<Node>> {
        let mut masters: Vec<_> = self.ranges.iter().map(|(.., node)| Arc::clone(node)).collect();
        masters.sort_by(|one, other| one.address.cmp(&other.address));
        masters.dedup_by(|one, other| one.address == other.address);
        masters
    }

    /// Whether every slot is served.
    pub(super) fn is_whole(&self) -> bool {
        self.ranges.iter().map(|(start, end, _)| u32::from(end - start) + 1).sum::<u32>() == u32::from(SLOTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn place(host: &str, port: u16) -> Address {
        Address { host: host.to_owned(), port }
    }

    fn entry(start: i64, end: i64, nodes: &[(Value, i64)]) -> Value {
        let nodes = nodes.iter().map(|(host, port)| Value::Array(vec![host.clone(), Value::Int(*port), text("id")]));
        Value::Array([Value::Int(start), Value::Int(end)].into_iter().chain(nodes).collect())
    }

    #[test]
    fn a_node_without_a_host_has_the_one_that_was_asked() {
        let asked = place("asked", 1);
        let reply = Value::Array(vec![
            entry(0, 99, &[(text("one"), 7), (text("two"), 8)]),
            entry(100, 199, &[(Value::Nil, 9)]),
            entry(200, 299, &[(text("?"), 9)]),
        ]);
        let found = parse(&reply, &asked).expect("slots");
        assert_eq!(found[0].master, place("one", 7));
        assert_eq!(found[0].replicas, [place("two", 8)]);
        assert_eq!(found[1].master, place("asked", 9));
        assert_eq!(found.len(), 2, "nobody knows who serves the others");
        assert_eq!(Address::parse("one:7", &asked), Some(place("one", 7)));
        assert_eq!(Address::parse(":7", &asked), Some(place("asked", 7)));
        assert_eq!(Address::parse("::1:7", &asked), Some(place("::1", 7)));
        assert_eq!(Address::parse("one", &asked), None);
    }

    #[test]
    fn what_is_no_answer_is_none() {
        let asked = place("asked", 1);
        for reply in [
            Value::Nil,
            Value::Array(Vec::new()),
            Value::Array(vec![entry(5, 4, &[(text("one"), 7)])]),
            Value::Array(vec![entry(0, 16_384, &[(text("one"), 7)])]),
            Value::Array(vec![entry(0, -1, &[(text("one"), 7)])]),
            Value::Array(vec![Value::Array(vec![Value::Int(0)])]),
        ] {
            assert_eq!(parse(&reply, &asked), None, "{reply:?}");
        }
    }
}
