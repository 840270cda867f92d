//! Redis in all the ways in which it is run.

mod certificates;
mod cluster;
mod node;
mod sentinel;
mod single;
mod url;

use std::path::Path;

use crate::error::Result;
use crate::system::SystemPackage;

use self::node::Node;

use super::kind::Kind;
use super::programs::{OPENSSL, REDIS};

/// Running servers that belong together, and the variables that tell tests where they are.
#[derive(Debug)]
pub(super) struct Set {
    nodes: Vec<Node>,
    pub(super) variables: Vec<(&'static str, String)>,
}

impl Set {
    fn of(nodes: Vec<Node>) -> Self {
        Self { nodes, variables: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: String) -> Self {
        self.variables.push((name, value));
        self
    }

    pub(super) fn count(&self) -> usize {
        self.nodes.len()
    }
}

/// What `kind` needs on this machine.
pub(super) fn needs(kind: Kind) -> &'static [SystemPackage] {
    if kind == Kind::Tls { &[REDIS, OPENSSL] } else { &[REDIS] }
}

/// Starts `kind` in `folder` and waits until it is ready.
pub(super) fn start(kind: Kind, folder: &Path) -> Result<Set> {
    match kind {
        Kind::Plain => single::plain(folder),
        Kind::Acl => single::acl(folder),
        Kind::Tls => single::tls(folder),
        Kind::Unix => single::unix(folder),
        Kind::Cluster => cluster::start(folder),
        Kind::Sentinel => sentinel::start(folder),
    }
}
