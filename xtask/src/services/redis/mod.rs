//! Redis in all the ways in which it is run.

mod cluster;
mod node;
mod sentinel;
mod single;
mod url;

use self::node::Node;

use super::set::Set;

pub(super) use self::cluster::start as cluster;
pub(super) use self::sentinel::start as sentinel;
pub(super) use self::single::{acl, plain, tls, unix};

fn set(nodes: Vec<Node>) -> Set {
    Set::of(nodes.into_iter().map(Node::into_process))
}
