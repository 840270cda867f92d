//! A cluster: keys in slots, and slots spread over nodes.
//!
//! The routing is our own. The driver's client repeats writes after the connection failed, when nobody knows whether the
//! first was done; it leaves answers lying in the connections to the other nodes where a pipeline fails at one, for the
//! next question to find; and it asks every node before it serves the first key, so that a dead one holds up those who do
//! not need it.

mod backend;
mod map;
mod node;
mod route;
mod slot;
mod topology;
mod url;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use constance_core::Prefix;
use parking_lot::{Mutex, RwLock};

use self::map::{Address, Map};
use self::node::Node;
use crate::limits::Limits;
use crate::replicas::Replicas;
use crate::target::Target;

pub(crate) use self::url::open;

/// A cluster. Nothing is asked before the first call.
pub(crate) struct Cluster {
    options: Options,
    /// A way to log in, the same at each node.
    login: Target,
    /// The nodes that the application named.
    seeds: Vec<Address>,
    /// Every node that there was something to say to.
    nodes: Mutex<HashMap<Address, Arc<Node>>>,
    /// Those that the last look named, masters first.
    known: Mutex<Vec<Address>>,
    map: RwLock<Option<Arc<Map>>>,
    /// Whether the last read of keys in one slot met one without a string.
    gaps: AtomicBool,
}

/// What the pools of the nodes are made with, and what writes wait for.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) limits: Limits,
    pub(crate) replicas: Option<Replicas>,
    pub(crate) prefix: Prefix,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { options, login, seeds, nodes: _, known, map: _, gaps: _ } = self;
        f.debug_struct("Cluster")
            .field("seeds", seeds)
            .field("known", &*known.lock())
            .field("login", login)
            .field("options", options)
            .finish()
    }
}
