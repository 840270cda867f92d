//! The overrides that a handle is subject to.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::field::AnyValue;

/// Overrides, the newest last, on top of those of an outer scope.
pub(crate) struct Scope {
    parent: Option<Arc<Scope>>,
    layers: Mutex<Layers>,
    version: AtomicU64,
}

#[derive(Default)]
struct Layers {
    next_id: u64,
    active: Vec<(u64, usize, AnyValue)>,
    told: Vec<Weak<dyn Nudge>>,
}

/// A waiter for changes.
pub(crate) trait Nudge: Send + Sync {
    fn nudge(&self);
}

impl Scope {
    pub(crate) fn new(parent: Option<Arc<Scope>>) -> Self {
        Self { parent, layers: Mutex::default(), version: AtomicU64::new(0) }
    }

    pub(crate) fn push(&self, index: usize, value: AnyValue) -> u64 {
        let id = {
            let mut layers = self.layers.lock();
            layers.next_id += 1;
            let id = layers.next_id;
            layers.active.push((id, index, value));
            id
        };
        self.tell_all();
        id
    }

    pub(crate) fn remove(&self, id: u64) {
        let gone = {
            let mut layers = self.layers.lock();
            layers.active.iter().position(|(other, _, _)| *other == id).map(|at| layers.active.remove(at))
        };
        if gone.is_some() {
            self.tell_all();
        }
    }

    /// The override in force of a setting.
    pub(crate) fn find(&self, index: usize) -> Option<AnyValue> {
        let own = {
            let layers = self.layers.lock();
            layers.active.iter().rev().find(|(_, of, _)| *of == index).map(|(_, _, value)| Arc::clone(value))
        };
        own.or_else(|| self.parent.as_ref()?.find(index))
    }

    /// Every override, to be applied in this order.
    pub(crate) fn all(&self) -> Vec<(usize, AnyValue)> {
        let mut all = self.parent.as_ref().map_or_else(Vec::new, |parent| parent.all());
        all.extend(self.layers.lock().active.iter().map(|(_, index, value)| (*index, Arc::clone(value))));
        all
    }

    /// Rises with every change here and in the scopes around.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire) + self.parent.as_ref().map_or(0, |parent| parent.version())
    }

    /// Has somebody told of every change from here on.
    pub(crate) fn tell<N: Nudge + 'static>(&self, who: &Arc<N>) {
        if let Some(parent) = &self.parent {
            parent.tell(who);
        }
        let who: Weak<dyn Nudge> = Arc::downgrade(who) as Weak<dyn Nudge>;
        let mut layers = self.layers.lock();
        layers.told.retain(|other| other.strong_count() > 0 && !other.ptr_eq(&who));
        layers.told.push(who);
    }

    fn tell_all(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
        let told = self.layers.lock().told.clone();
        for who in told.iter().filter_map(Weak::upgrade) {
            who.nudge();
        }
    }
}
