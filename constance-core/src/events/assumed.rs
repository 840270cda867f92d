//! What a `live()` starts on, where the store does not say it.

use super::slot::{Seen, Slot};
use super::{FieldAccess, Ledger, Origin};
use crate::field::AnyValue;

/// The value that a setting is taken to have until the store says so; a default has no origin.
pub(crate) struct Assumed {
    pub(crate) index: usize,
    pub(crate) value: AnyValue,
    pub(crate) origin: Option<Origin>,
}

impl<S: Clone + Send + Sync + 'static> Ledger<S> {
    /// Gives these values out for settings of which nothing is known, but for those that break a rule across settings.
    ///
    /// Handlers hear of what the first load finds different. Where a load has found a setting unreadable, they hear of the first
    /// value that is not.
    pub(crate) fn assume(&self, assumed: Vec<Assumed>, fields: &dyn FieldAccess<S>) {
        let mut state = self.state.lock();
        let Some(live) = state.live.clone() else { return };
        let is_unknown = |slot: &Slot| slot.origin.is_none() && !matches!(slot.seen, Seen::Value(_));
        let assumed: Vec<Assumed> = assumed.into_iter().filter(|a| is_unknown(&state.slots[a.index])).collect();
        let breaches = state.publish(assumed.iter().map(|a| (a.index, &a.value)), fields, |_, _| {});
        let in_force = live.values();
        for Assumed { index, value, origin } in assumed {
            let is_held_back = breaches.iter().any(|breach| breach.settings.contains(&index));
            let slot = &mut state.slots[index];
            let value = if is_held_back { fields.get(&in_force, index) } else { value };
            slot.origin = origin.filter(|_| !is_held_back);
            if matches!(slot.seen, Seen::Nothing) {
                slot.seen = Seen::Value(value);
            }
        }
    }

    /// The settings that have their defaults since nothing is known of them.
    pub(crate) fn unknown(&self) -> Vec<usize> {
        let state = self.state.lock();
        let unknown = state.slots.iter().enumerate().filter(|(_, slot)| slot.origin.is_none());
        unknown.map(|(index, _)| index).collect()
    }
}
