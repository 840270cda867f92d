//! The backend of a cluster.
//!
//! It routes by itself and does not use the driver's cluster client, which repeats a write after an I/O error, though the
//! first may be done; which can leave replies unread in other nodes' connections where a pipeline fails at one node; and
//! which connects to every node before the first call, so that one dead node delays all calls.

mod backend;
mod node;
mod route;
mod slot;
mod slot_map;
mod topology;
mod url;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use constance_core::Prefix;
use parking_lot::{Mutex, RwLock};

use self::node::Node;
use self::slot_map::{Address, SlotMap};
use crate::connect_options::ConnectOptions;
use crate::limits::Limits;
use crate::wait_replicas::WaitReplicas;

pub(crate) use self::url::from_url;

/// Settings in a cluster. Connects at the first call.
pub(crate) struct ClusterBackend {
    options: Options,
    /// How to connect to a node. Its address is replaced.
    node_options: ConnectOptions,
    /// The nodes of the URL.
    seeds: Vec<Address>,
    /// The nodes that have been used.
    nodes: Mutex<HashMap<Address, Arc<Node>>>,
    /// The nodes of the last `CLUSTER SLOTS`, masters first.
    known_nodes: Mutex<Vec<Address>>,
    map: RwLock<Option<Arc<SlotMap>>>,
    /// Whether the last read of many keys of one slot found one without a string.
    saw_missing: AtomicBool,
}

/// Options for the pools of the nodes, and for writes.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) limits: Limits,
    pub(crate) replicas: Option<WaitReplicas>,
    pub(crate) prefix: Prefix,
}

impl fmt::Debug for ClusterBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { options, node_options, seeds, nodes: _, known_nodes, map: _, saw_missing: _ } = self;
        f.debug_struct("ClusterBackend")
            .field("seeds", seeds)
            .field("known_nodes", &*known_nodes.lock())
            .field("node_options", node_options)
            .field("options", options)
            .finish()
    }
}
