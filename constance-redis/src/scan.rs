//! A listing in portions: one `SCAN` for each.
//!
//! A cursor is valid for the server process that returned it. After a restart or a fail-over it would skip keys, and in a
//! cluster a key may move to a node that was scanned before. So a [`ScanCursor`] has fingerprints of the server and of
//! the cluster's slots, and a portion fails where they have changed. A user without the right to `INFO` or `CLUSTER
//! NODES` gets no such check.

use std::hash::{DefaultHasher, Hash, Hasher};

use constance_core::{
    Error, ErrorKind, Prefix, Result,
    backend::{Key, Portion},
};
use redis::{Pipeline, RedisResult, Value, from_redis_value};

use crate::command::{self, unexpected_reply};
use crate::request;

/// The length of an encoded cursor in bytes.
const ENCODED_LEN: usize = 24;

/// Where a listing goes on. A fingerprint of 0 is unknown.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScanCursor {
    cursor: u64,
    server: u64,
    cluster: u64,
}

impl ScanCursor {
    /// The cursor that [`encode`](Self::encode) has written, and the bytes behind it. The beginning where there is none.
    pub(crate) fn decode(from: Option<&[u8]>) -> Result<(Self, &[u8])> {
        let Some(from) = from else { return Ok((Self::default(), &[])) };
        let Some((bytes, rest)) = from.split_at_checked(ENCODED_LEN) else { return Err(invalid_cursor()) };
        let mut numbers =
            bytes.chunks_exact(8).map(|part| part.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
        let mut number = || numbers.next().ok_or_else(invalid_cursor);
        Ok((Self { cursor: number()?, server: number()?, cluster: number()? }, rest))
    }

    pub(crate) fn encode(self) -> Vec<u8> {
        [self.cursor, self.server, self.cluster].map(u64::to_be_bytes).concat()
    }

    /// Whether the scan of this server is complete.
    pub(crate) fn is_end(self) -> bool {
        self.cursor == 0
    }

    /// The commands of one step. They go in one request, so that the same server runs them all.
    pub(crate) fn request(self, prefix: &Prefix, in_cluster: bool) -> Pipeline {
        let mut commands = Pipeline::with_capacity(3);
        commands.add_command(command::scan(self.cursor, prefix));
        commands.cmd("INFO").arg("server");
        if in_cluster {
            commands.cmd("CLUSTER").arg("NODES");
        }
        commands
    }

    /// The keys of one step, and the next cursor. The inner error says that the listing cannot go on.
    pub(crate) fn parse_step(self, prefix: &Prefix, replies: Vec<Value>) -> RedisResult<Result<(Vec<Key>, Self)>> {
        let mut replies = replies.into_iter();
        let (cursor, keys): (u64, Vec<Vec<u8>>) = match replies.next().ok_or_else(unexpected_reply)? {
            Value::ServerError(error) => return Err(error.into()),
            reply => from_redis_value(reply)?,
        };
        let mut text = || replies.next().and_then(|reply| from_redis_value::<String>(reply).ok());
        let server =
            text().as_deref().and_then(|info| info.lines().find(|line| line.starts_with("run_id:")).map(fingerprint));
        let nodes = text();
        if nodes.as_deref().is_some_and(is_moving) {
            return Ok(Err(listing_moved()));
        }
        let next = Self { cursor, server: server.unwrap_or(0), cluster: nodes.as_deref().map_or(0, slots_fingerprint) };
        let differs = |before: u64, now: u64| before != 0 && now != 0 && before != now;
        if differs(self.server, next.server) || differs(self.cluster, next.cluster) {
            return Ok(Err(listing_moved()));
        }
        Ok(Ok((request::sorted_once(request::keys_with_prefix(prefix, keys).collect()), next)))
    }

    /// The same, as a portion of a listing of one server.
    pub(crate) fn parse_portion(self, prefix: &Prefix, replies: Vec<Value>) -> RedisResult<Result<Portion>> {
        Ok(self.parse_step(prefix, replies)?.map(|(keys, next)| match next.is_end() {
            true => Portion::last(keys),
            false => Portion::before(keys, next.encode()),
        }))
    }

    /// The cursor at the beginning of another node of the cluster.
    #[cfg(any(feature = "cluster", test))]
    pub(crate) fn next_node(self) -> Self {
        Self { cursor: 0, server: 0, cluster: self.cluster }
    }
}

/// The error of a listing that cannot go on.
pub(crate) fn listing_moved() -> Error {
    Error::new(ErrorKind::Unavailable)
        .with_detail(
            "another server answers than did for the last portion of the listing, or slots move in the cluster",
        )
        .with_hint("begin the listing anew")
}

fn invalid_cursor() -> Error {
    Error::new(ErrorKind::Contract).with_detail("a portion begins where none of this backend ended")
}

/// A hash, never 0.
fn fingerprint(text: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish().max(1)
}

/// A hash of which node has which slots, from `CLUSTER NODES`.
fn slots_fingerprint(nodes: &str) -> u64 {
    let mut owners: Vec<Vec<&str>> = Vec::new();
    for node in nodes.lines() {
        let mut words = node.split_whitespace();
        let (Some(id), words) = (words.next(), words.skip(7)) else { continue };
        let slots: Vec<&str> = words.collect();
        if !slots.is_empty() {
            owners.push([id].into_iter().chain(slots).collect());
        }
    }
    owners.sort_unstable();
    fingerprint(owners)
}

/// Whether slots are moving away from the node that replied. Their keys may move to a node that was scanned before.
fn is_moving(nodes: &str) -> bool {
    nodes.contains("->-")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODES: &str = "\
aa 127.0.0.1:1@2 myself,master - 0 0 1 connected 0-5460
bb 127.0.0.1:3@4 master - 0 171 2 connected 5461-10922
cc 127.0.0.1:5@6 slave aa 0 171 1 connected
";

    fn replies(cursor: &str, run: &str, nodes: &str) -> Vec<Value> {
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let scanned = Value::Array(vec![text(cursor), Value::Array(vec![text("constance:a"), text("other")])]);
        vec![scanned, text(&format!("# Server\r\nredis_version:7.0.15\r\nrun_id:{run}\r\n")), text(nodes)]
    }

    fn step(position: ScanCursor, run: &str, nodes: &str) -> Result<(Vec<Key>, ScanCursor)> {
        let prefix = Prefix::new("constance:").expect("a prefix");
        position.parse_step(&prefix, replies("17", run, nodes)).expect("an answer")
    }

    #[test]
    fn a_place_comes_back_as_it_went() {
        let (keys, position) = step(ScanCursor::default(), "r1", NODES).expect("keys");
        assert_eq!(keys.iter().map(Key::as_str).collect::<Vec<_>>(), ["constance:a"]);
        let bytes = [position.encode(), b"rest".to_vec()].concat();
        assert_eq!(ScanCursor::decode(Some(&bytes)).expect("a place"), (position, &b"rest"[..]));
        assert_eq!(
            ScanCursor::decode(Some(&bytes[..ENCODED_LEN - 1])).expect_err("too short").kind(),
            ErrorKind::Contract
        );
    }

    #[test]
    fn another_server_or_another_owner_is_noticed() {
        let (_, position) = step(ScanCursor::default(), "r1", NODES).expect("keys");
        let later = NODES.replace("171", "999").replace(" 1 connected", " 5 connected");
        assert_eq!(step(position, "r1", &later).expect("nothing has listing_moved").1, position);
        assert!(step(position, "r2", NODES).is_err(), "a server was started anew");
        assert!(step(position, "r1", &NODES.replace("5461-", "5462-")).is_err(), "a slot has listing_moved");
        assert!(step(position, "r1", &NODES.replace("0-5460", "0-5460 [77->-bb]")).is_err(), "a slot moves");
        assert!(
            step(position, "r1", &NODES.replace("0-5460", "0-5460 [5461-<-bb]")).is_err(),
            "the owner's answer differs"
        );
        assert!(step(position.next_node(), "r2", NODES).is_ok(), "another node of the same cluster");
    }

    #[test]
    fn who_may_not_ask_gets_the_keys() {
        let (_, position) = step(ScanCursor::default(), "r1", NODES).expect("keys");
        let prefix = Prefix::new("constance:").expect("a prefix");
        let only = replies("0", "", "").into_iter().take(1).collect();
        let (_, next) = position.parse_step(&prefix, only).expect("an answer").expect("keys");
        assert!(next.is_end());
    }
}
