//! The verbs over a cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use constance_core::{
    Applied, Backend, Batch, Capability, Encoded, Error, ErrorKind, Key, Portion, Prefix, Result, Stored, Warning,
};
use redis::{ConnectionLike, RedisResult, Value};

use super::map::Address;
use super::node::{Node, State, redirection};
use super::route::{Repeat, unserved};
use super::{Cluster, slot};
use crate::NAME;
use crate::command::{self, CHUNK};
use crate::error::fault;
use crate::operations::{apply, keys_of, many, one, send};
use crate::plan;
use crate::replicas::Replicas;
use crate::scan::{Place, moved};
use crate::script::Call;

fn slot_of(key: &Key) -> u16 {
    slot::of(key.as_str().as_bytes())
}

/// The slot that all of these keys are in, if there is one.
fn common_slot<'k>(keys: impl IntoIterator<Item = &'k Key>) -> Option<u16> {
    let mut slots = keys.into_iter().map(slot_of);
    let first = slots.next()?;
    slots.all(|slot| slot == first).then_some(first)
}

impl Cluster {
    /// What is stored under one key.
    fn single(&self, key: &Key) -> Result<Stored> {
        let look = |connection: &mut dyn ConnectionLike| one(connection, key);
        self.route(slot_of(key), Repeat::Always, look, look)?
    }

    /// What is stored under keys of one slot, all of one moment, unless some of them are on their way to another node.
    fn together(&self, slot: u16, keys: &[&Key]) -> Result<Vec<Stored>> {
        let moving = |connection: &mut dyn ConnectionLike| {
            let call = Call::looking(keys);
            match call.applied(call.by_text().query(connection))? {
                Applied::Done(found) => Ok(found),
                Applied::Conflict { .. } => Err(command::unexpected()),
            }
        };
        match self.route(slot, Repeat::Always, |connection| many(connection, keys, &self.gaps), moving)? {
            Ok(found) => Ok(found),
            Err(_) => keys.iter().map(|key| self.single(key)).collect(),
        }
    }

    /// What is stored under keys of any slots, by one pipeline for each node.
    fn scattered(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        let mut parts: BTreeMap<Address, (Arc<Node>, Vec<usize>)> = BTreeMap::new();
        for (place, key) in keys.iter().enumerate() {
            let node = self.owner(slot_of(key))?;
            parts.entry(node.address.clone()).or_insert_with(|| (node, Vec::new())).1.push(place);
        }
        let mut found = vec![Stored::Absent; keys.len()];
        for (node, places) in parts.into_values() {
            let wanted: Vec<&Key> = places.iter().filter_map(|place| keys.get(*place).copied()).collect();
            for (place, stored) in places.iter().zip(self.part(&node, &wanted)?) {
                if let Some(slot) = found.get_mut(*place) {
                    *slot = stored;
                }
            }
        }
        Ok(found)
    }

    /// What one node has under these keys, or what others have to which it sends us.
    fn part(&self, node: &Node, keys: &[&Key]) -> Result<Vec<Stored>> {
        let mut request = Vec::new();
        for key in keys {
            request.extend(command::get(key).get_packed_command());
        }
        let answers = match node.once(false, |connection| connection.req_packed_commands(&request, 0, keys.len())) {
            Ok(answers) => answers,
            Err(failed) if matches!(failed.state, State::Undone | State::Closed | State::Unknown) => {
                if failed.error.kind() == ErrorKind::Timeout {
                    return Err(failed.error);
                }
                // The first finds out whether somebody serves it, and all of it fails if not.
                return keys.iter().map(|key| self.single(key)).collect();
            }
            Err(failed) => return Err(failed.error),
        };
        if answers.len() != keys.len() {
            return Err(crate::error::not_redis());
        }
        let read = |(answer, key): (Value, &&Key)| match command::stored(answer) {
            Ok(stored) => Ok(stored),
            Err(error) if redirection(&error, &node.address).is_some() => self.single(key),
            Err(error) => Err(fault(&error).error),
        };
        answers.into_iter().zip(keys).map(read).collect()
    }

    /// Every key under a prefix, each once.
    fn found_under(&self, prefix: &Prefix) -> Result<Vec<Key>> {
        let mut keys = Vec::new();
        for node in self.nodes_of(prefix, true)? {
            keys.extend(at_node(&node, |connection| keys_of(connection, prefix))?);
        }
        // While a slot moves, both nodes may have a key.
        Ok(plan::once(keys))
    }

    /// The nodes that have keys under a prefix. After a look around: what an outdated map does not show would be missing
    /// from a list without a word.
    fn nodes_of(&self, prefix: &Prefix, afresh: bool) -> Result<Vec<Arc<Node>>> {
        let map = if afresh { self.look_around(None, None)? } else { self.map()? };
        match slot::tag(prefix.as_str().as_bytes()) {
            Some(tag) => Ok(vec![map.owner(slot::of(tag)).cloned().ok_or_else(unserved)?]),
            None if !map.is_whole() => Err(unserved()),
            None => {
                let mut masters = map.masters();
                masters.sort_by(|one, other| one.address.cmp(&other.address));
                Ok(masters)
            }
        }
    }
}

/// How a place to go on from names a node.
fn place_of(node: &Node) -> Vec<u8> {
    format!("{:?}", node.address).into_bytes()
}

/// Asks one node, and once more where a connection turns out to be closed.
fn at_node<T>(node: &Node, work: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>) -> Result<T> {
    match node.once(false, &work) {
        Err(failed) if matches!(failed.state, State::Closed) => node.once(false, &work),
        done => done,
    }
    .map_err(|failed| failed.error)
}

/// Applies a batch in a single command, whatever it is.
fn apply_moving(
    connection: &mut dyn ConnectionLike,
    batch: &Batch,
    replicas: Option<Replicas>,
) -> RedisResult<Result<Applied>> {
    let call = Call::new(batch);
    let applied = call.applied(call.by_text().query(connection))?;
    Replicas::confirm(replicas, connection, batch, applied)
}

impl Backend for Cluster {
    fn name(&self) -> &str {
        NAME
    }

    fn capability(&self) -> Capability {
        plan::capability().with_atomic_batch(slot::tag(self.options.prefix.as_str().as_bytes()).is_some())
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        match keys {
            [] => Ok(Vec::new()),
            [key] => Ok(vec![self.single(key)?]),
            keys => match common_slot(keys.iter().copied()) {
                Some(slot) => self.together(slot, keys),
                None => self.scattered(keys),
            },
        }
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        let keys = self.found_under(prefix)?;
        let mut listed = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(CHUNK) {
            let found = self.read(&chunk.iter().collect::<Vec<_>>())?;
            // What was removed since its key was met is left out.
            listed.extend(chunk.iter().cloned().zip(found).filter(|(_, stored)| !stored.is_absent()));
        }
        Ok(listed)
    }

    /// A write is sent again only where it certainly was not done, so that none is done twice.
    fn write(&self, batch: &Batch) -> Result<Applied> {
        if batch.changes().is_empty() {
            return Ok(Applied::Done(Vec::new()));
        }
        plan::check(batch)?;
        let Some(slot) = common_slot(batch.changes().iter().map(|change| &change.key)) else {
            return Err(Error::new(ErrorKind::Unsupported)
                .with_detail("the keys lie in different slots of the cluster, and nothing was written")
                .with_hint("a prefix with a {tag} keeps its keys together"));
        };
        let replicas = self.options.replicas;
        let work = |connection: &mut dyn ConnectionLike| apply(connection, batch, replicas);
        let moving = |connection: &mut dyn ConnectionLike| apply_moving(connection, batch, replicas);
        self.route(slot, Repeat::IfUndone, work, moving)??
    }

    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        let stored = self.single(key)?;
        visitor(stored.bytes()?.map(Encoded::as_bytes));
        Ok(())
    }

    fn default_prefix(&self) -> Prefix {
        self.options.prefix.clone()
    }

    /// One step of the scan of one node; nodes that have the prefix follow each other in the order of their addresses.
    fn keys_from(&self, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
        let nodes = self.nodes_of(prefix, from.is_none())?;
        let (place, address) = Place::parse(from)?;
        let at = match from {
            None => 0,
            // Where it has left the cluster, its keys are elsewhere.
            Some(_) => nodes.iter().position(|node| place_of(node) == address).ok_or_else(moved)?,
        };
        let Some(node) = nodes.get(at) else { return Ok(Portion::last(Vec::new())) };
        let request = place.request(prefix, true);
        let (keys, next) = at_node(node, |connection| place.step(prefix, send(connection, &request)?))??;
        let (node, next) = if next.is_end() { (nodes.get(at + 1), next.next_node()) } else { (Some(node), next) };
        Ok(match node {
            Some(node) => Portion::before(keys, [next.bytes(), place_of(node)].concat()),
            None => Portion::last(keys),
        })
    }

    /// By the nodes that the application named, in any order.
    fn identity(&self) -> Option<String> {
        let address = |seed: &Address| crate::target::address(&seed.host, seed.port);
        let mut seeds = self.seeds.iter().map(address).collect::<Option<Vec<_>>>()?;
        seeds.sort();
        Some(format!("redis cluster {}", seeds.join(",")))
    }

    fn warnings(&self) -> Result<Vec<Warning>> {
        let mut warnings = Vec::new();
        for node in self.map()?.masters() {
            for warning in at_node(&node, |connection| plan::warnings(command::info().query(connection)))? {
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
        }
        Ok(warnings)
    }

    fn ping(&self) -> Result<()> {
        for node in self.map()?.masters() {
            at_node(&node, |connection| redis::cmd("PING").exec(connection))?;
        }
        Ok(())
    }
}
