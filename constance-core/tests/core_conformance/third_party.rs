//! A backend by somebody else: short, and tested by one line.

use std::collections::BTreeMap;

use constance_core::{
    Backend, Prefix, Result,
    backend::{Applied, Batch, Capability, Encoded, Key, Op, Stored},
};
use parking_lot::Mutex;

#[derive(Default)]
struct MapBackend(Mutex<BTreeMap<String, Encoded>>);

impl Backend for MapBackend {
    fn name(&self) -> &str {
        "map"
    }

    fn capability(&self) -> Capability {
        Capability::new()
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        let map = self.0.lock();
        Ok(keys.iter().map(|key| map.get(key.as_str()).cloned().into()).collect())
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        let map = self.0.lock();
        Ok(map.iter().filter_map(|(key, value)| Some((prefix.key_of(key.as_bytes())?, value.clone().into()))).collect())
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        let mut map = self.0.lock();
        let current: Vec<Stored> = batch.changes().iter().map(|c| map.get(c.key.as_str()).cloned().into()).collect();
        if let Some(index) = batch.changes().iter().zip(&current).position(|(c, now)| !c.expect.holds(now)) {
            return Ok(Applied::Conflict { index, current: current[index].clone() });
        }
        for change in batch.changes() {
            match &change.op {
                Op::Set(value) => drop(map.insert(change.key.to_string(), value.clone())),
                Op::Remove => drop(map.remove(change.key.as_str())),
                Op::Keep => {}
            }
        }
        Ok(Applied::Done(if batch.want_previous() { current } else { Vec::new() }))
    }
}

impl std::fmt::Debug for MapBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MapBackend({} stored)", self.0.lock().len())
    }
}

constance_core::conformance_tests!(MapBackend::default);
