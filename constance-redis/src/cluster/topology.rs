//! Learning which node serves which slots.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use constance_core::{Error, ErrorKind, Result};
use parking_lot::{Mutex, RwLock};
use redis::{Value, cmd};

use super::node::Node;
use super::slot_map::{self, Address, SlotMap, SlotRange};
use super::{ClusterBackend, Options};
use crate::connect;
use crate::connect_options::ConnectOptions;
use crate::error;

impl ClusterBackend {
    pub(super) fn new(node_options: ConnectOptions, seeds: Vec<Address>, options: Options) -> Self {
        Self {
            options,
            node_options,
            seeds,
            nodes: Mutex::new(HashMap::new()),
            known_nodes: Mutex::default(),
            map: RwLock::new(None),
            saw_missing: AtomicBool::new(false),
        }
    }

    /// The current map of slots. Asks for it where there is none.
    pub(super) fn map(&self) -> Result<Arc<SlotMap>> {
        let map = self.map.read().clone();
        map.map_or_else(|| self.refresh_slots(None, None), Ok)
    }

    /// Asks one node after the other for the map of slots, beginning with `first` and ending with `last`, within the
    /// connect timeout.
    ///
    /// Each call asks by itself. Waiting for the question of another call would take twice as long where that one fails.
    pub(super) fn refresh_slots(&self, first: Option<&Address>, last: Option<&Address>) -> Result<Arc<SlotMap>> {
        let mut candidates: Vec<Address> = first.cloned().into_iter().collect();
        candidates.extend(
            self.known_nodes.lock().iter().chain(&self.seeds).filter(|address| Some(*address) != last).cloned(),
        );
        candidates.extend(last.cloned());
        let mut asked: Vec<Address> = Vec::with_capacity(candidates.len());
        candidates.retain(|address| {
            let new = !asked.contains(address);
            if new {
                asked.push(address.clone());
            }
            new
        });
        let end = Instant::now() + self.options.limits.connect_timeout();
        let mut failure: Option<Error> = None;
        for (index, address) in candidates.iter().enumerate() {
            // A silent node has to leave time for others, but for no more than two.
            let others = (candidates.len() - index).min(3) as u32;
            let share = end.saturating_duration_since(Instant::now()) / others;
            if share.is_zero() {
                break;
            }
            match self.cluster_slots(address, share) {
                Ok(ranges) => return Ok(self.replace_map(&ranges)),
                Err(error) => {
                    failure.get_or_insert_with(|| {
                        error.with_location(constance_pool::addresses::location(&address.host, address.port))
                    });
                }
            }
        }
        Err(failure.unwrap_or_else(|| error::timeout().with_detail("no node of the cluster could be asked in time")))
    }

    /// Asks one node, on a connection of its own, so that it does not wait for a free connection.
    fn cluster_slots(&self, address: &Address, timeout: Duration) -> Result<Vec<SlotRange>> {
        let end = Instant::now() + timeout;
        let info = self.node_options.with_address(&address.host, address.port).connection_info()?;
        let mut connection = connect::connect(&info, timeout, timeout)?;
        connection.set_response_timeout(end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1)))?;
        let reply: Value = cmd("CLUSTER").arg("SLOTS").query(&mut connection).map_err(|error| {
            if error.detail().is_some_and(|detail| detail.contains("cluster support disabled")) {
                return Error::new(ErrorKind::Configuration)
                    .with_detail("the server is not one of a cluster")
                    .with_hint("use redis://");
            }
            error::classify(&error).error
        })?;
        slot_map::parse(&reply, address).ok_or_else(|| {
            Error::new(ErrorKind::Unavailable)
                .with_detail("the node of the cluster knows of nobody who serves anything")
        })
    }

    fn replace_map(&self, ranges: &[SlotRange]) -> Arc<SlotMap> {
        let mut known_nodes: Vec<Address> = ranges.iter().map(|range| range.master.clone()).collect();
        known_nodes.extend(ranges.iter().flat_map(|range| range.replicas.iter().cloned()));
        let map = Arc::new(SlotMap::new(ranges, |address| self.node(address)));
        // The pool of a removed node closes its connections when the last call has ended.
        let removed: Vec<Arc<Node>> = {
            let mut nodes = self.nodes.lock();
            let removed = nodes.keys().filter(|address| !known_nodes.contains(address)).cloned().collect::<Vec<_>>();
            removed.iter().filter_map(|address| nodes.remove(address)).collect()
        };
        drop(removed);
        *self.known_nodes.lock() = known_nodes;
        *self.map.write() = Some(Arc::clone(&map));
        map
    }

    pub(super) fn node(&self, address: &Address) -> Arc<Node> {
        let mut nodes = self.nodes.lock();
        let node = nodes.entry(address.clone()).or_insert_with(|| {
            let options = self.node_options.with_address(&address.host, address.port);
            Arc::new(Node { address: address.clone(), pool: self.options.limits.build_pool(options) })
        });
        Arc::clone(node)
    }
}
