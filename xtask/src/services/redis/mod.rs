//! Redis in all the ways in which it is run.

mod cli;
mod cluster;
mod sentinel;
mod single;
mod url;

pub(super) use self::cluster::start as cluster;
pub(super) use self::sentinel::start as sentinel;
pub(super) use self::single::{acl, plain, tls, unix};
