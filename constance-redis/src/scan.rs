//! A listing in portions, by one step of `SCAN` after the other.
//!
//! A cursor means something to the server that gave it alone: after a restart or a fail-over it would pass keys by, and in a
//! cluster keys go where the scan has been. So a place to go on from carries marks of the server and of its cluster, and a
//! portion that finds others is refused. Where the user has no right to `INFO` or `CLUSTER NODES`, nothing is compared.

use std::hash::{DefaultHasher, Hash, Hasher};

use constance_core::{Error, ErrorKind, Key, Portion, Prefix, Result};
use redis::{Pipeline, RedisResult, Value, from_redis_value};

use crate::command::{self, unexpected};
use crate::plan;

/// How many bytes a place takes.
const LEN: usize = 24;

/// Where a listing goes on. A mark of 0 is not known.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    cursor: u64,
    server: u64,
    cluster: u64,
}

impl Place {
    /// The place in the form that [`bytes`](Self::bytes) gave, and what follows it; the beginning where there is none.
    pub(crate) fn parse(from: Option<&[u8]>) -> Result<(Self, &[u8])> {
        let Some(from) = from else { return Ok((Self::default(), &[])) };
        let Some((bytes, rest)) = from.split_at_checked(LEN) else { return Err(no_place()) };
        let mut numbers =
            bytes.chunks_exact(8).map(|part| part.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
        let mut number = || numbers.next().ok_or_else(no_place);
        Ok((Self { cursor: number()?, server: number()?, cluster: number()? }, rest))
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        [self.cursor, self.server, self.cluster].map(u64::to_be_bytes).concat()
    }

    /// Whether there is nothing more to be had here.
    pub(crate) fn is_end(self) -> bool {
        self.cursor == 0
    }

    /// The commands of one step. They go in one request, so that one server answers them all.
    pub(crate) fn request(self, prefix: &Prefix, in_cluster: bool) -> Pipeline {
        let mut commands = Pipeline::with_capacity(3);
        commands.add_command(command::scan(self.cursor, prefix));
        commands.cmd("INFO").arg("server");
        if in_cluster {
            commands.cmd("CLUSTER").arg("NODES");
        }
        commands
    }

    /// The keys that a step has met, and the place behind it. The inner error says that the listing cannot go on.
    pub(crate) fn step(self, prefix: &Prefix, answers: Vec<Value>) -> RedisResult<Result<(Vec<Key>, Self)>> {
        let mut answers = answers.into_iter();
        let (cursor, met): (u64, Vec<Vec<u8>>) = match answers.next().ok_or_else(unexpected)? {
            Value::ServerError(error) => return Err(error.into()),
            answer => from_redis_value(answer)?,
        };
        let mut said = || answers.next().and_then(|answer| from_redis_value::<String>(answer).ok());
        let server = said().as_deref().and_then(|info| info.lines().find(|line| line.starts_with("run_id:")).map(mark));
        let nodes = said();
        if nodes.as_deref().is_some_and(is_moving) {
            return Ok(Err(moved()));
        }
        let found = Self { cursor, server: server.unwrap_or(0), cluster: nodes.as_deref().map_or(0, slots) };
        let differs = |before: u64, now: u64| before != 0 && now != 0 && before != now;
        if differs(self.server, found.server) || differs(self.cluster, found.cluster) {
            return Ok(Err(moved()));
        }
        Ok(Ok((plan::once(plan::keys(prefix, met).collect()), found)))
    }

    /// The same as a portion of a server that is alone.
    pub(crate) fn portion(self, prefix: &Prefix, answers: Vec<Value>) -> RedisResult<Result<Portion>> {
        Ok(self.step(prefix, answers)?.map(|(keys, next)| match next.is_end() {
            true => Portion::last(keys),
            false => Portion::before(keys, next.bytes()),
        }))
    }

    /// The beginning of the next node of the same cluster.
    #[cfg(any(feature = "cluster", test))]
    pub(crate) fn next_node(self) -> Self {
        Self { cursor: 0, server: 0, cluster: self.cluster }
    }
}

/// The error where a listing in portions cannot go on.
pub(crate) fn moved() -> Error {
    Error::new(ErrorKind::Unavailable)
        .with_detail(
            "another server answers than did for the last portion of the listing, or slots move in the cluster",
        )
        .with_hint("begin the listing anew")
}

fn no_place() -> Error {
    Error::new(ErrorKind::Contract).with_detail("a portion begins where none of this backend ended")
}

/// A number for a text, never 0.
fn mark(text: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish().max(1)
}

/// Who has which slots, from `CLUSTER NODES`.
fn slots(nodes: &str) -> u64 {
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
    mark(owners)
}

/// Whether slots leave the node that answered for another: their keys may go where the scan has been.
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

    fn answers(cursor: &str, run: &str, nodes: &str) -> Vec<Value> {
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let scanned = Value::Array(vec![text(cursor), Value::Array(vec![text("constance:a"), text("other")])]);
        vec![scanned, text(&format!("# Server\r\nredis_version:7.0.15\r\nrun_id:{run}\r\n")), text(nodes)]
    }

    fn step(place: Place, run: &str, nodes: &str) -> Result<(Vec<Key>, Place)> {
        let prefix = Prefix::new("constance:").expect("a prefix");
        place.step(&prefix, answers("17", run, nodes)).expect("an answer")
    }

    #[test]
    fn a_place_comes_back_as_it_went() {
        let (keys, place) = step(Place::default(), "r1", NODES).expect("keys");
        assert_eq!(keys.iter().map(Key::as_str).collect::<Vec<_>>(), ["constance:a"]);
        let bytes = [place.bytes(), b"rest".to_vec()].concat();
        assert_eq!(Place::parse(Some(&bytes)).expect("a place"), (place, &b"rest"[..]));
        assert_eq!(Place::parse(Some(&bytes[..LEN - 1])).expect_err("too short").kind(), ErrorKind::Contract);
    }

    #[test]
    fn another_server_or_another_owner_is_noticed() {
        let (_, place) = step(Place::default(), "r1", NODES).expect("keys");
        let later = NODES.replace("171", "999").replace(" 1 connected", " 5 connected");
        assert_eq!(step(place, "r1", &later).expect("nothing has moved").1, place);
        assert!(step(place, "r2", NODES).is_err(), "a server was started anew");
        assert!(step(place, "r1", &NODES.replace("5461-", "5462-")).is_err(), "a slot has moved");
        assert!(step(place, "r1", &NODES.replace("0-5460", "0-5460 [77->-bb]")).is_err(), "a slot moves");
        assert!(
            step(place, "r1", &NODES.replace("0-5460", "0-5460 [5461-<-bb]")).is_err(),
            "the owner's answer differs"
        );
        assert!(step(place.next_node(), "r2", NODES).is_ok(), "another node of the same cluster");
    }

    #[test]
    fn who_may_not_ask_gets_the_keys() {
        let (_, place) = step(Place::default(), "r1", NODES).expect("keys");
        let prefix = Prefix::new("constance:").expect("a prefix");
        let only = answers("0", "", "").into_iter().take(1).collect();
        let (_, next) = place.step(&prefix, only).expect("an answer").expect("keys");
        assert!(next.is_end());
    }
}
