//! The operations on settings in a cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use constance_core::{
    Backend, Error, ErrorKind, Prefix, Result, Warning,
    backend::{Applied, Batch, Capability, Encoded, Key, Portion, Stored},
};
use constance_pool::Purpose;
use redis::{ConnectionLike, RedisResult, Value};

use super::node::{Node, Outcome, redirection};
use super::route::{Retry, unserved};
use super::slot_map::Address;
use super::{ClusterBackend, slot};
use crate::NAME;
use crate::command::{self, CHUNK};
use crate::error::classify;
use crate::operations::{apply, read_many, read_one, scan_keys, send_pipeline};
use crate::request;
use crate::scan::{ScanCursor, listing_moved};
use crate::script::ScriptCall;
use crate::wait_replicas::WaitReplicas;

fn slot_of(key: &Key) -> u16 {
    slot::of_key(key.as_str().as_bytes())
}

/// The slot of all of these keys, if it is the same.
fn common_slot<'k>(keys: impl IntoIterator<Item = &'k Key>) -> Option<u16> {
    let mut slots = keys.into_iter().map(slot_of);
    let first = slots.next()?;
    slots.all(|slot| slot == first).then_some(first)
}

impl ClusterBackend {
    /// Reads one key.
    fn read_one(&self, key: &Key) -> Result<Stored> {
        let read = |connection: &mut dyn ConnectionLike| read_one(connection, key);
        self.route(slot_of(key), Retry::Always, read, read)?
    }

    /// Reads keys of one slot, all at one moment, unless some of them have moved to another node already.
    fn read_in_one_slot(&self, slot: u16, keys: &[&Key]) -> Result<Vec<Stored>> {
        let asking = |connection: &mut dyn ConnectionLike| {
            let call = ScriptCall::read(keys);
            request::read_by_script(call.parse(call.eval().query(connection))?)
        };
        match self.route(slot, Retry::Always, |connection| read_many(connection, keys, &self.saw_missing), asking)? {
            Ok(found) => Ok(found),
            Err(_) => keys.iter().map(|key| self.read_one(key)).collect(),
        }
    }

    /// Reads keys of any slots, by one pipeline for each node.
    fn read_across_slots(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        let mut by_node: BTreeMap<Address, (Arc<Node>, Vec<usize>)> = BTreeMap::new();
        for (index, key) in keys.iter().enumerate() {
            let node = self.owner(slot_of(key))?;
            by_node.entry(node.address.clone()).or_insert_with(|| (node, Vec::new())).1.push(index);
        }
        let mut found = vec![Stored::Absent; keys.len()];
        for (node, indexes) in by_node.into_values() {
            let wanted: Vec<&Key> = indexes.iter().filter_map(|index| keys.get(*index).copied()).collect();
            for (index, stored) in indexes.iter().zip(self.read_from_node(&node, &wanted)?) {
                if let Some(slot) = found.get_mut(*index) {
                    *slot = stored;
                }
            }
        }
        Ok(found)
    }

    /// Reads keys from one node, or from others that it redirects to.
    fn read_from_node(&self, node: &Node, keys: &[&Key]) -> Result<Vec<Stored>> {
        let mut request = Vec::new();
        for key in keys {
            request.extend(command::get(key).get_packed_command());
        }
        let replies =
            match node.run(Purpose::Read, |connection| connection.req_packed_commands(&request, 0, keys.len())) {
                Ok(replies) => replies,
                Err(failed)
                    if matches!(failed.outcome, Outcome::NotApplied | Outcome::StaleConnection | Outcome::Unknown) =>
                {
                    if failed.error.kind() == ErrorKind::Timeout {
                        return Err(failed.error);
                    }
                    // If no other node serves the slot by now, the first of these fails.
                    return keys.iter().map(|key| self.read_one(key)).collect();
                }
                Err(failed) => return Err(failed.error),
            };
        if replies.len() != keys.len() {
            return Err(crate::error::invalid_reply());
        }
        let read = |(reply, key): (Value, &&Key)| match command::parse_stored(reply) {
            Ok(stored) => Ok(stored),
            Err(error) if redirection(&error, &node.address).is_some() => self.read_one(key),
            Err(error) => Err(classify(&error).error),
        };
        replies.into_iter().zip(keys).map(read).collect()
    }

    /// The keys with a prefix, each once.
    fn keys_with_prefix(&self, prefix: &Prefix) -> Result<Vec<Key>> {
        let mut keys = Vec::new();
        for node in self.nodes_of(prefix, true)? {
            keys.extend(on_node(&node, |connection| scan_keys(connection, prefix))?);
        }
        // While a slot moves, both nodes may have a key.
        Ok(request::sorted_once(keys))
    }

    /// The nodes that may have keys with a prefix. `refresh` asks for the map of slots first: with an outdated one, keys
    /// would be missing from a listing.
    fn nodes_of(&self, prefix: &Prefix, refresh: bool) -> Result<Vec<Arc<Node>>> {
        let map = if refresh { self.refresh_slots(None, None)? } else { self.map()? };
        match slot::hash_tag(prefix.as_str().as_bytes()) {
            Some(tag) => Ok(vec![map.owner(slot::of_key(tag)).cloned().ok_or_else(unserved)?]),
            None if !map.is_whole() => Err(unserved()),
            None => Ok(map.masters()),
        }
    }
}

/// The node, as the cursor of a listing has it.
fn node_id(node: &Node) -> Vec<u8> {
    format!("{:?}", node.address).into_bytes()
}

/// Runs a read on one node. It runs once more where the server had closed the connection.
fn on_node<T>(node: &Node, work: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>) -> Result<T> {
    match node.run(Purpose::Read, &work) {
        Err(failed) if matches!(failed.outcome, Outcome::StaleConnection) => node.run(Purpose::Read, &work),
        done => done,
    }
    .map_err(|failed| failed.error)
}

/// Applies a batch in a single command, as `ASKING` needs it.
fn apply_asking(
    connection: &mut dyn ConnectionLike,
    batch: &Batch,
    replicas: Option<WaitReplicas>,
) -> RedisResult<Result<Applied>> {
    let call = ScriptCall::new(batch);
    let applied = call.parse(call.eval().query(connection))?;
    WaitReplicas::wait(replicas, connection, batch, applied)
}

impl Backend for ClusterBackend {
    fn name(&self) -> &str {
        NAME
    }

    fn capability(&self) -> Capability {
        request::capability().with_atomic_batch(slot::hash_tag(self.options.prefix.as_str().as_bytes()).is_some())
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        match keys {
            [] => Ok(Vec::new()),
            [key] => Ok(vec![self.read_one(key)?]),
            keys => match common_slot(keys.iter().copied()) {
                Some(slot) => self.read_in_one_slot(slot, keys),
                None => self.read_across_slots(keys),
            },
        }
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        let keys = self.keys_with_prefix(prefix)?;
        let mut listed = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(CHUNK) {
            let found = self.read(&chunk.iter().collect::<Vec<_>>())?;
            // A key may have been removed since the scan.
            listed.extend(chunk.iter().cloned().zip(found).filter(|(_, stored)| !stored.is_absent()));
        }
        Ok(listed)
    }

    /// Sent again only where it certainly was not done, so that no write is done twice.
    fn write(&self, batch: &Batch) -> Result<Applied> {
        if batch.changes().is_empty() {
            return Ok(Applied::Done(Vec::new()));
        }
        request::check_value_lengths(batch)?;
        let Some(slot) = common_slot(batch.changes().iter().map(|change| &change.key)) else {
            return Err(Error::new(ErrorKind::Unsupported)
                .with_detail("the keys lie in different slots of the cluster, and nothing was written")
                .with_hint("a prefix with a {tag} keeps its keys together"));
        };
        let replicas = self.options.replicas;
        let work = |connection: &mut dyn ConnectionLike| apply(connection, batch, replicas);
        let asking = |connection: &mut dyn ConnectionLike| apply_asking(connection, batch, replicas);
        self.route(slot, Retry::IfNotApplied, work, asking)??
    }

    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        let stored = self.read_one(key)?;
        visitor(stored.bytes()?.map(Encoded::as_bytes));
        Ok(())
    }

    fn default_prefix(&self) -> Prefix {
        self.options.prefix.clone()
    }

    /// One `SCAN` of one node. The nodes follow each other in the order of their addresses.
    fn keys_from(&self, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
        let nodes = self.nodes_of(prefix, from.is_none())?;
        let (cursor, address) = ScanCursor::decode(from)?;
        let index = match from {
            None => 0,
            // A node that has left the cluster has its keys elsewhere.
            Some(_) => nodes.iter().position(|node| node_id(node) == address).ok_or_else(listing_moved)?,
        };
        let Some(node) = nodes.get(index) else { return Ok(Portion::last(Vec::new())) };
        let request = cursor.request(prefix, true);
        let (keys, next) =
            on_node(node, |connection| cursor.parse_step(prefix, send_pipeline(connection, &request)?))??;
        let (node, next) = if next.is_end() { (nodes.get(index + 1), next.next_node()) } else { (Some(node), next) };
        Ok(match node {
            Some(node) => Portion::before(keys, [next.encode(), node_id(node)].concat()),
            None => Portion::last(keys),
        })
    }

    /// By the nodes of the URL, in any order.
    fn identity(&self) -> Option<String> {
        let address = |seed: &Address| crate::connect_options::address_identity(&seed.host, seed.port);
        let mut seeds = self.seeds.iter().map(address).collect::<Option<Vec<_>>>()?;
        seeds.sort();
        Some(format!("redis cluster {}", seeds.join(",")))
    }

    fn warnings(&self) -> Result<Vec<Warning>> {
        let mut warnings = Vec::new();
        for node in self.map()?.masters() {
            for warning in on_node(&node, |connection| request::eviction_warnings(command::info().query(connection)))? {
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
        }
        Ok(warnings)
    }

    fn ping(&self) -> Result<()> {
        for node in self.map()?.masters() {
            on_node(&node, |connection| redis::cmd("PING").exec(connection))?;
        }
        Ok(())
    }
}
