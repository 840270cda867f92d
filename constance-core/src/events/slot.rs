//! The state of one setting in the ledger.

use super::{Event, FieldAccess, Origin};
use crate::field::AnyValue;

/// What is going on with one setting.
#[derive(Default)]
pub(super) struct Slot {
    pub(super) in_flight: u32,
    pub(super) written_at: u64,
    pub(super) loaded_at: u64,
    /// Where the value that `live()` gives out comes from.
    pub(super) origin: Option<Origin>,
    /// A load could not be taken since a write was in flight: the store has to be asked again when that ends.
    pub(super) passed_over: bool,
    /// Writes whose place in the order is not known yet, since others are in flight: before and after.
    pub(super) waiting: Vec<(Old, AnyValue)>,
    pub(super) seen: Seen,
}

/// The last value that handlers know of.
#[derive(Default)]
pub(super) enum Seen {
    #[default]
    Nothing,
    Unreadable,
    Value(AnyValue),
}

/// What was stored before a write.
#[derive(Clone)]
pub(crate) enum Old {
    /// Nobody asked.
    Unknown,
    Unreadable,
    Value(AnyValue),
}

/// A write waits while the one before it may still come back. Where that is somebody else's, and one of ours hangs, this
/// many wait at most.
const MOST_WAITING: usize = 1024;

impl Slot {
    /// The waiting write to tell of next, if its place in the order is known.
    pub(super) fn next_waiting<S>(&self, index: usize, fields: &dyn FieldAccess<S>) -> Option<usize> {
        let follows = |old: &Old, value: &AnyValue| matches!(old, Old::Value(old) if fields.same(index, old, value));
        if let Seen::Value(seen) = &self.seen
            && let Some(at) = self.waiting.iter().position(|(old, _)| follows(old, seen))
        {
            return Some(at);
        }
        if self.waiting.is_empty() || (self.in_flight > 0 && self.waiting.len() <= MOST_WAITING) {
            return None;
        }
        // A new chain begins with a value that no other waiting write left behind.
        let begins = |(old, _): &(Old, AnyValue)| !self.waiting.iter().any(|(_, new)| follows(old, new));
        Some(self.waiting.iter().position(begins).unwrap_or(0))
    }
}

impl Seen {
    /// Moves on to a new value; the event that this makes, if it is one.
    pub(super) fn step_to<S>(&mut self, index: usize, new: &AnyValue, fields: &dyn FieldAccess<S>) -> Option<Event<S>> {
        let event = match &*self {
            Self::Nothing => None,
            Self::Value(seen) if fields.same(index, seen, new) => None,
            Self::Value(seen) => {
                Some(Event::new(fields.name(index), index, Some(AnyValue::clone(seen)), AnyValue::clone(new)))
            }
            Self::Unreadable => Some(Event::new(fields.name(index), index, None, AnyValue::clone(new))),
        };
        *self = Self::Value(AnyValue::clone(new));
        event
    }
}
