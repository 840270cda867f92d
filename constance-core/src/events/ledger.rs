//! What was written, learned and told, in an order that holds when threads do not.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::Event;
use super::delivery::Running;
use super::publish::Publisher;
use super::slot::{Old, Seen, Slot};
use super::subscription::{Handlers, Subscriber, Subscription};
use crate::Error;
use crate::field::AnyValue;
use crate::schema::BrokenRule;

/// Keeps account of the writes through one `Config` and of what its `live()` loads, and decides which event they make.
///
/// Two rules come from here. A load that began before a write ended says nothing of the settings written, so it cannot put
/// an old value back. And one comparison, with the last value seen, decides whether something changed: a write that the
/// feed was faster to tell of makes no second event.
///
/// The lock is held for this book-keeping only, never while the store is asked or a handler runs.
pub(crate) struct Ledger<S> {
    pub(super) state: Mutex<State<S>>,
    pub(super) handlers: Handlers<S>,
}

pub(super) struct State<S> {
    /// Counts the beginnings and ends of writes and loads: the order in which this process saw them.
    now: u64,
    pub(super) slots: Vec<Slot>,
    /// What handlers have not been told of.
    pub(super) queue: VecDeque<Event<S>>,
    /// Somebody tells them.
    pub(super) delivering: bool,
    /// The handler that is being called.
    pub(super) running: Option<Running>,
    pub(super) live: Option<Arc<dyn Publisher<S>>>,
    /// When `live()` was last given what a write had read, or had read again: an older load may have read what is newer.
    unproven_at: u64,
}

/// What a write made of one setting.
pub(crate) struct Outcome {
    pub(crate) index: usize,
    pub(crate) old: Old,
    pub(crate) new: AnyValue,
}

/// What a load found of one setting.
pub(crate) enum Loaded {
    Unreadable,
    Value(AnyValue),
}

/// How much of a load was taken.
pub(crate) struct Taken {
    /// When the load began.
    pub(crate) began: u64,
    /// Everything.
    pub(crate) all: bool,
    /// Something was passed over and nobody else is going to see to it: the store has to be asked again.
    pub(crate) ask_again: bool,
    /// The rules across settings that what is stored breaks: their settings were held back.
    pub(crate) broken: Vec<Error>,
}

/// Where the values of a load or a write come from, by the clock of the `live()`.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    /// When the call began.
    pub(crate) began: Duration,
    /// How much older the answer is.
    pub(crate) older: Duration,
}

/// A write in flight.
#[must_use]
pub(crate) struct InFlightWrite {
    began: u64,
    /// Where there was a `live()`.
    origin: Option<Origin>,
    indices: Vec<usize>,
}

/// What only the schema knows of values.
pub(crate) trait FieldAccess<S> {
    fn name(&self, index: usize) -> &'static str;
    fn same(&self, index: usize, one: &AnyValue, other: &AnyValue) -> bool;
    fn get(&self, values: &S, index: usize) -> AnyValue;
    fn put(&self, values: &mut S, index: usize, value: &AnyValue);
    fn default(&self, index: usize) -> AnyValue;
    /// Holds values to the rules across settings: those of a broken one become what `good` has for them.
    fn hold(&self, good: &S, values: &mut S) -> Vec<BrokenRule>;
}

impl<S> Ledger<S> {
    /// In a forked child: what threads of the parent were about to do is not done here.
    pub(crate) fn begin_anew(&self) {
        let mut state = self.state.lock();
        (state.delivering, state.running) = (false, None);
        for slot in &mut state.slots {
            (slot.in_flight, slot.passed_over) = (0, false);
            slot.waiting.clear();
        }
    }
}

impl<S: Clone + Send + Sync + 'static> Ledger<S> {
    pub(crate) fn new(settings: usize) -> Self {
        let slots = std::iter::repeat_with(Slot::default).take(settings).collect();
        let state = State {
            now: 0,
            slots,
            queue: VecDeque::new(),
            delivering: false,
            running: None,
            live: None,
            unproven_at: 0,
        };
        Self { state: Mutex::new(state), handlers: Handlers::new() }
    }

    pub(crate) fn subscribe(&self, subscriber: Subscriber<S>) -> Subscription {
        self.handlers.add(subscriber)
    }

    /// Whether a write has to find out the previous value.
    pub(crate) fn is_heard(&self) -> bool {
        !self.handlers.is_empty()
    }

    /// A write of these settings is about to be sent.
    pub(crate) fn begin(&self, indices: impl Iterator<Item = usize>) -> InFlightWrite {
        let mut state = self.state.lock();
        state.now += 1;
        let origin = state.live.as_ref().map(|live| Origin { began: live.now(), older: Duration::ZERO });
        let written = InFlightWrite { began: state.now, origin, indices: indices.collect() };
        for &index in &written.indices {
            state.slots[index].in_flight += 1;
        }
        written
    }

    /// The write was refused: nothing changed.
    pub(crate) fn cancel(&self, written: InFlightWrite, fields: &dyn FieldAccess<S>) {
        self.end(written, Vec::new(), Vec::new(), fields, false);
    }

    /// Whether the write happened is not known.
    pub(crate) fn abandon(&self, written: InFlightWrite, fields: &dyn FieldAccess<S>) {
        self.end(written, Vec::new(), Vec::new(), fields, true);
    }

    /// The write happened, while `kept` was in force. Says whether a `live()` cannot do without the store: another write of the
    /// same settings ended meanwhile, and only the store knows which one came last; or with what else it knows, the values
    /// would break a rule across settings. Its answer is for [`settle_order`](Self::settle_order).
    #[must_use]
    pub(crate) fn finish(
        &self,
        written: InFlightWrite,
        outcomes: Vec<Outcome>,
        kept: Vec<(usize, AnyValue)>,
        fields: &dyn FieldAccess<S>,
    ) -> bool {
        self.end(written, outcomes, kept, fields, true)
    }

    /// Writes were committed some time ago, by a transaction of the application's. Says whether there is a `live()`: then the
    /// store has to be asked, since others may have written since; else the outcomes are told.
    #[must_use]
    pub(crate) fn catch_up(&self, written: InFlightWrite, outcomes: Vec<Outcome>, fields: &dyn FieldAccess<S>) -> bool {
        let followed = self.live().is_some();
        let outcomes = if followed { Vec::new() } else { outcomes };
        self.end(written, outcomes, Vec::new(), fields, true);
        followed
    }

    fn end(
        &self,
        written: InFlightWrite,
        outcomes: Vec<Outcome>,
        kept: Vec<(usize, AnyValue)>,
        fields: &dyn FieldAccess<S>,
        may_have_written: bool,
    ) -> bool {
        let is_heard = self.is_heard();
        // Settings of which another write ended while this one was under way: which came last is not known here.
        let mut overtaken = Vec::new();
        let mut passed_over = false;
        let held_back;
        let live = {
            let mut state = self.state.lock();
            state.now += 1;
            let now = state.now;
            for &index in &written.indices {
                let slot = &mut state.slots[index];
                slot.in_flight -= 1;
                if slot.written_at > written.began {
                    overtaken.push(index);
                }
                if slot.in_flight == 0 {
                    passed_over |= std::mem::take(&mut slot.passed_over);
                }
                if may_have_written {
                    slot.written_at = now;
                }
            }
            let kept = state.take_kept(written.began, written.origin, kept, is_heard, fields);
            let in_order = outcomes.iter().filter(|o| !overtaken.contains(&o.index));
            let values = in_order.map(|o| (o.index, &o.new)).chain(kept.iter().map(|(index, value)| (*index, value)));
            held_back = !state.publish(values, fields, |_, _| {}).is_empty();
            for Outcome { index, old, new } in outcomes {
                let tracked = state.live.is_some();
                let slot = &mut state.slots[index];
                if !overtaken.contains(&index) {
                    slot.origin = written.origin.or(slot.origin);
                }
                if is_heard {
                    slot.waiting.push((old, new));
                } else if tracked && !overtaken.contains(&index) {
                    slot.seen = Seen::Value(new);
                }
            }
            for &index in &written.indices {
                state.settle(index, fields);
            }
            state.live.clone()
        };
        self.deliver();
        if let Some(live) = live.as_ref().filter(|_| passed_over) {
            live.read_again();
        }
        live.is_some() && (held_back || !overtaken.is_empty())
    }

    /// A load is about to ask the store.
    pub(crate) fn begin_load(&self) -> u64 {
        let mut state = self.state.lock();
        state.now += 1;
        state.now
    }

    /// Takes what a load found, but for settings that were written or loaded since it began. Handlers are told by whoever
    /// calls this, when it is done with the load: see [`take_turn`](Self::take_turn).
    pub(crate) fn finish_load(
        &self,
        began: u64,
        origin: Option<Origin>,
        loaded: impl IntoIterator<Item = (usize, Loaded)>,
        fields: &dyn FieldAccess<S>,
    ) -> Taken {
        let is_heard = self.is_heard();
        self.state.lock().take(began, origin, loaded, Vec::new(), is_heard, fields)
    }

    /// Takes what the store says after writes that overlapped. Says whether it was all taken, and no rule held it back.
    ///
    /// Where yet another write is in flight, it is given out and no more: that one counts as overtaken then, so that it asks
    /// in its turn, and handlers hear of the order from what the store gave with each write.
    pub(crate) fn settle_order(
        &self,
        began: u64,
        origin: Option<Origin>,
        loaded: impl IntoIterator<Item = (usize, Loaded)>,
        fields: &dyn FieldAccess<S>,
    ) -> bool {
        let is_heard = self.is_heard();
        let (mut certain, mut given_out) = (Vec::new(), Vec::new());
        let taken = {
            let mut state = self.state.lock();
            state.now += 1;
            let now = state.now;
            state.unproven_at = now;
            for (index, value) in loaded {
                let slot = &mut state.slots[index];
                match value {
                    Loaded::Value(value) if slot.in_flight > 0 && slot.written_at < began && slot.loaded_at < began => {
                        slot.written_at = now;
                        slot.origin = origin;
                        slot.passed_over = true;
                        given_out.push((index, value));
                    }
                    value => certain.push((index, value)),
                }
            }
            state.take(began, origin, certain, given_out, is_heard, fields)
        };
        self.deliver();
        taken.all && taken.broken.is_empty()
    }

    /// A load of some settings found that at its beginning all others were what they are here: they are as new as what it found.
    pub(crate) fn confirm(&self, began: u64, origin: Origin, found: &[usize]) {
        let mut state = self.state.lock();
        for (index, slot) in state.slots.iter_mut().enumerate() {
            // What was written or loaded since is newer already.
            let is_same = slot.in_flight == 0 && slot.written_at <= began && slot.loaded_at <= began;
            if is_same && !found.contains(&index) {
                slot.origin = Some(origin);
            }
        }
    }

    /// Whether a write of one of these settings is under way.
    pub(crate) fn are_in_flight(&self, indices: &[usize]) -> bool {
        let state = self.state.lock();
        indices.iter().any(|&index| state.slots[index].in_flight > 0)
    }

    /// Whether `live()` has, but for what was written through this `Config`, nothing that is older than the load that began then.
    pub(crate) fn is_proven_since(&self, began: u64) -> bool {
        self.state.lock().unproven_at < began
    }

    /// Makes a `live()` follow from here on. Handlers do not hear of its first load.
    pub(crate) fn attach(&self, live: Arc<dyn Publisher<S>>) {
        let mut state = self.state.lock();
        for slot in &mut state.slots {
            (slot.seen, slot.origin) = (Seen::Nothing, None);
        }
        let before = state.live.replace(live);
        drop(state);
        drop(before);
    }

    /// Ends what [`attach`](Self::attach) began, unless another `live()` has taken over.
    pub(crate) fn detach(&self, gone: &Arc<impl Publisher<S>>) {
        let gone = {
            let mut state = self.state.lock();
            let is_other = |live: &Arc<dyn Publisher<S>>| Arc::as_ptr(live).cast::<()>() != Arc::as_ptr(gone).cast();
            if state.live.as_ref().is_none_or(is_other) {
                return;
            }
            for slot in &mut state.slots {
                slot.seen = Seen::Nothing;
            }
            state.live.take()
        };
        drop(gone);
    }

    /// The `live()` that follows now.
    pub(crate) fn live(&self) -> Option<Arc<dyn Publisher<S>>> {
        self.state.lock().live.clone()
    }

    /// How old the oldest value is that `live()` gives out, if any has been read. What was unreadable when it was last read is
    /// as old as the last good value.
    pub(crate) fn oldest(&self, now: Duration) -> Option<Duration> {
        let state = self.state.lock();
        let origins = state.slots.iter().filter_map(|slot| slot.origin);
        origins.map(|Origin { began, older }| now.saturating_sub(began).saturating_add(older)).max()
    }

    /// Whether every setting has been loaded or written since the `live()` began.
    pub(crate) fn has_seen_all(&self) -> bool {
        self.state.lock().slots.iter().all(|slot| !matches!(slot.seen, Seen::Nothing))
    }
}

impl<S: Clone + Send + Sync + 'static> State<S> {
    /// Takes what a load found, and together with it what is only given out.
    fn take(
        &mut self,
        began: u64,
        origin: Option<Origin>,
        loaded: impl IntoIterator<Item = (usize, Loaded)>,
        given_out: Vec<(usize, AnyValue)>,
        is_heard: bool,
        fields: &dyn FieldAccess<S>,
    ) -> Taken {
        let mut taken = Taken { began, all: true, ask_again: false, broken: Vec::new() };
        let (mut learned, mut passed_over) = (Vec::new(), Vec::new());
        for (index, value) in loaded {
            let slot = &mut self.slots[index];
            if slot.in_flight > 0 || slot.written_at > began || slot.loaded_at > began {
                taken.all = false;
                slot.passed_over |= slot.in_flight > 0;
                taken.ask_again |= slot.in_flight == 0;
                passed_over.push(index);
                continue;
            }
            match value {
                Loaded::Unreadable => (slot.loaded_at, slot.seen) = (began, Seen::Unreadable),
                Loaded::Value(new) => learned.push((index, new)),
            }
        }
        let all = learned.iter().chain(&given_out).map(|(index, value)| (*index, value));
        // One that is seen from two moments is none: what is asked for again decides.
        let lasts = |breach: &BrokenRule| !breach.settings.iter().any(|index| passed_over.contains(index));
        let breaches = self.publish(all, fields, |core, breaches| {
            let broken = breaches.iter().filter(|breach| lasts(breach)).map(|breach| breach.error.clone());
            if let Some(error) = Error::several(broken.collect()) {
                core.note_error(error);
            }
        });
        for (index, new) in &learned {
            let slot = &mut self.slots[*index];
            // What is held back is not known: a write that ends may bring it along.
            if !breaches.iter().any(|breach| breach.settings.contains(index)) {
                (slot.loaded_at, slot.origin) = (began, origin);
                let event = slot.seen.step_to(*index, new, fields).filter(|_| is_heard);
                self.queue.extend(event);
            }
        }
        for breach in breaches {
            if !lasts(&breach) {
                taken.all = false;
                continue;
            }
            let BrokenRule { settings, error } = breach;
            for index in settings {
                let seen = &mut self.slots[index].seen;
                // As something unreadable in the first load; later, handlers know the value that is in force.
                if matches!(seen, Seen::Nothing) {
                    *seen = Seen::Unreadable;
                }
            }
            taken.broken.push(error);
        }
        taken
    }

    /// What was in force at the end of a write that began then, as far as nothing newer is known. Where another write is in
    /// flight, it is given out and no more, as in [`settle_order`](Ledger::settle_order).
    fn take_kept(
        &mut self,
        began: u64,
        origin: Option<Origin>,
        kept: Vec<(usize, AnyValue)>,
        is_heard: bool,
        fields: &dyn FieldAccess<S>,
    ) -> Vec<(usize, AnyValue)> {
        let now = self.now;
        let mut taken = Vec::new();
        for (index, value) in kept.into_iter().filter(|_| self.live.is_some()) {
            let slot = &mut self.slots[index];
            if slot.written_at > began || slot.loaded_at > began {
                continue;
            }
            slot.origin = origin.or(slot.origin);
            if slot.in_flight > 0 {
                (slot.written_at, slot.passed_over) = (now, true);
            } else {
                slot.loaded_at = began;
                let event = slot.seen.step_to(index, &value, fields).filter(|_| is_heard);
                self.queue.extend(event);
            }
            taken.push((index, value));
        }
        if !taken.is_empty() {
            self.unproven_at = now;
        }
        taken
    }

    /// Puts values into what `live()` gives out, but for those that break a rule across settings there; that is told before
    /// the others are out.
    pub(super) fn publish<'v>(
        &self,
        values: impl Iterator<Item = (usize, &'v AnyValue)>,
        fields: &dyn FieldAccess<S>,
        tell: impl FnOnce(&dyn Publisher<S>, &[BrokenRule]),
    ) -> Vec<BrokenRule> {
        let Some(core) = &self.live else { return Vec::new() };
        let current = core.values();
        let (mut changed, mut differ) = (Arc::clone(&current), Vec::new());
        for (index, value) in values {
            if !fields.same(index, &fields.get(&current, index), value) {
                fields.put(Arc::make_mut(&mut changed), index, value);
                differ.push(index);
            }
        }
        if differ.is_empty() {
            return Vec::new();
        }
        let breaches = fields.hold(&current, Arc::make_mut(&mut changed));
        tell(&**core, &breaches);
        let is_held_back = |index| breaches.iter().any(|breach| breach.settings.contains(index));
        // While a rule stays broken, nobody is woken by each load.
        if !differ.iter().all(is_held_back) {
            #[cfg(feature = "metrics")]
            core.note_changes(differ.iter().filter(|index| !is_held_back(*index)).count());
            core.publish(changed);
        }
        breaches
    }

    /// Tells of the waiting writes of a setting whose order is known: each began with the value that the last one left.
    fn settle(&mut self, index: usize, fields: &dyn FieldAccess<S>) {
        let tracked = self.live.is_some();
        let slot = &mut self.slots[index];
        while let Some(at) = slot.next_waiting(index, fields) {
            let (old, new) = slot.waiting.remove(at);
            let event = match (&slot.seen, old) {
                (Seen::Value(seen), Old::Unreadable) if tracked && fields.same(index, seen, &new) => None,
                (_, Old::Unreadable) => Some(Event::new(fields.name(index), index, None, AnyValue::clone(&new))),
                (Seen::Value(_) | Seen::Unreadable, _) if tracked => slot.seen.step_to(index, &new, fields),
                (_, Old::Value(old)) => Seen::Value(old).step_to(index, &new, fields),
                (_, Old::Unknown) => None,
            };
            slot.seen = Seen::Value(new);
            self.queue.extend(event);
        }
        if slot.in_flight == 0 && !tracked {
            // Nobody follows the store: the next write's own previous value is all there is to go by.
            slot.seen = Seen::Nothing;
        }
    }
}
