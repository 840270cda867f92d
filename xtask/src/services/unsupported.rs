//! `cargo xtask services` on systems other than Unix, where it starts no servers: they are started by hand and named in the
//! environment.

#[path = "durability.rs"]
mod durability;
// Less of it is needed here.
#[allow(dead_code)]
#[path = "kind.rs"]
mod kind;
#[allow(dead_code)]
#[path = "programs.rs"]
pub(crate) mod programs;

pub(crate) use self::durability::Durability;
pub(crate) use self::kind::Kind;

use crate::error::{Error, Result};

/// No value of it exists.
#[derive(Debug)]
pub(crate) enum Running {}

impl Running {
    pub(crate) fn start(kinds: &[Kind], _: Durability) -> Result<Self> {
        let names = kinds.iter().map(|kind| kind.variable()).collect::<Vec<_>>().join(", ");
        Err(Error::failed(format!("cannot start servers on this system: start them by hand and set {names}")))
    }

    pub(crate) fn remarks(&self) -> impl Iterator<Item = String> {
        std::iter::empty()
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = &(&'static str, String)> {
        std::iter::empty()
    }
}

pub(crate) fn run(_: &[String]) -> Result<()> {
    Running::start(&Kind::ALL, Durability::Throwaway).map(|_| ())
}
