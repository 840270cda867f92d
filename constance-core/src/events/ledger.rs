//! What was written, learned and told, in an order that holds when threads do not.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::Event;
use super::slot::{Old, Seen, Slot};
use super::subscription::{Handlers, Subscriber, Subscription};
use super::telling::Running;
use crate::field::AnyValue;
use crate::live::Core;

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
    slots: Vec<Slot>,
    /// What handlers have not been told of.
    pub(super) queue: VecDeque<Event<S>>,
    /// Somebody tells them.
    pub(super) delivering: bool,
    /// The handler that is being called.
    pub(super) running: Option<Running>,
    live: Option<Arc<Core<S>>>,
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
    /// Everything.
    pub(crate) all: bool,
    /// Something was passed over and nobody else is going to see to it: the store has to be asked again.
    pub(crate) ask_again: bool,
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
pub(crate) struct Written {
    began: u64,
    /// Where there was a `live()`.
    origin: Option<Origin>,
    indices: Vec<usize>,
}

/// What only the schema knows of values.
pub(crate) trait Judge<S> {
    fn name(&self, index: usize) -> &'static str;
    fn same(&self, index: usize, one: &AnyValue, other: &AnyValue) -> bool;
    fn get(&self, values: &S, index: usize) -> AnyValue;
    fn put(&self, values: &mut S, index: usize, value: &AnyValue);
    fn default(&self, index: usize) -> AnyValue;
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
        let state = State { now: 0, slots, queue: VecDeque::new(), delivering: false, running: None, live: None };
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
    pub(crate) fn begin(&self, indices: impl Iterator<Item = usize>) -> Written {
        let mut state = self.state.lock();
        state.now += 1;
        let origin = state.live.as_ref().map(|live| Origin { began: live.now(), older: Duration::ZERO });
        let written = Written { began: state.now, origin, indices: indices.collect() };
        for &index in &written.indices {
            state.slots[index].in_flight += 1;
        }
        written
    }

    /// The write was refused: nothing changed.
    pub(crate) fn cancel(&self, written: Written, judge: &dyn Judge<S>) {
        self.end(written, Vec::new(), judge, false);
    }

    /// Whether the write happened is not known.
    pub(crate) fn abandon(&self, written: Written, judge: &dyn Judge<S>) {
        self.end(written, Vec::new(), judge, true);
    }

    /// The write happened. Says whether, while there is a `live()`, another write of the same settings ended meanwhile: then
    /// only the store knows which one came last, and its answer is for [`settle_order`](Self::settle_order).
    #[must_use]
    pub(crate) fn finish(&self, written: Written, outcomes: Vec<Outcome>, judge: &dyn Judge<S>) -> bool {
        self.end(written, outcomes, judge, true)
    }

    /// Writes were committed some time ago, by a transaction of the application's. Says whether there is a `live()`: then the
    /// store has to be asked, since others may have written since; else the outcomes are told.
    #[must_use]
    pub(crate) fn catch_up(&self, written: Written, outcomes: Vec<Outcome>, judge: &dyn Judge<S>) -> bool {
        let followed = self.live().is_some();
        let outcomes = if followed { Vec::new() } else { outcomes };
        self.end(written, outcomes, judge, true);
        followed
    }

    fn end(&self, written: Written, outcomes: Vec<Outcome>, judge: &dyn Judge<S>, may_have_written: bool) -> bool {
        let is_heard = self.is_heard();
        // Settings of which another write ended while this one was under way: which came last is not known here.
        let mut overtaken = Vec::new();
        let mut passed_over = false;
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
            let in_order = outcomes.iter().filter(|o| !overtaken.contains(&o.index));
            state.publish(in_order.map(|o| (o.index, &o.new)), judge);
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
                state.settle(index, judge);
            }
            state.live.clone()
        };
        self.deliver();
        if let Some(live) = live.as_ref().filter(|_| passed_over) {
            live.read_again();
        }
        live.is_some() && !overtaken.is_empty()
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
        judge: &dyn Judge<S>,
    ) -> Taken {
        let is_heard = self.is_heard();
        let mut taken = Taken { all: true, ask_again: false };
        {
            let mut state = self.state.lock();
            let mut learned = Vec::new();
            for (index, value) in loaded {
                let slot = &mut state.slots[index];
                if slot.in_flight > 0 || slot.written_at > began || slot.loaded_at > began {
                    taken.all = false;
                    slot.passed_over |= slot.in_flight > 0;
                    taken.ask_again |= slot.in_flight == 0;
                    continue;
                }
                slot.loaded_at = began;
                match value {
                    Loaded::Unreadable => slot.seen = Seen::Unreadable,
                    Loaded::Value(new) => {
                        slot.origin = origin;
                        let event = slot.seen.step_to(index, &new, judge).filter(|_| is_heard);
                        learned.push((index, new));
                        state.queue.extend(event);
                    }
                }
            }
            state.publish(learned.iter().map(|(index, value)| (*index, value)), judge);
        }
        taken
    }

    /// Takes what the store says after writes that overlapped. Says whether it was all taken.
    ///
    /// Where yet another write is in flight, it is given out and no more: that one counts as overtaken then, so that it asks
    /// in its turn, and handlers hear of the order from what the store gave with each write.
    pub(crate) fn settle_order(
        &self,
        began: u64,
        origin: Option<Origin>,
        loaded: impl IntoIterator<Item = (usize, Loaded)>,
        judge: &dyn Judge<S>,
    ) -> bool {
        let (mut certain, mut given_out) = (Vec::new(), Vec::new());
        {
            let mut state = self.state.lock();
            state.now += 1;
            let now = state.now;
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
            state.publish(given_out.iter().map(|(index, value)| (*index, value)), judge);
        }
        let taken = self.finish_load(began, origin, certain, judge);
        self.deliver();
        taken.all
    }

    /// Makes a `live()` follow from here on. Handlers do not hear of its first load.
    pub(crate) fn attach(&self, core: Arc<Core<S>>) {
        let mut state = self.state.lock();
        for slot in &mut state.slots {
            (slot.seen, slot.origin) = (Seen::Nothing, None);
        }
        let before = state.live.replace(core);
        drop(state);
        drop(before);
    }

    /// The `live()` starts on the defaults: handlers do hear of what its first load finds different.
    pub(crate) fn assume_defaults(&self, judge: &dyn Judge<S>) {
        let mut state = self.state.lock();
        for (index, slot) in state.slots.iter_mut().enumerate() {
            if matches!(slot.seen, Seen::Nothing) {
                slot.seen = Seen::Value(judge.default(index));
            }
        }
    }

    /// Ends what [`attach`](Self::attach) began, unless another `live()` has taken over.
    pub(crate) fn detach(&self, core: &Arc<Core<S>>) {
        let gone = {
            let mut state = self.state.lock();
            if !state.live.as_ref().is_some_and(|live| Arc::ptr_eq(live, core)) {
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
    pub(crate) fn live(&self) -> Option<Arc<Core<S>>> {
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
    /// Puts values into what `live()` gives out.
    fn publish<'v>(&self, values: impl Iterator<Item = (usize, &'v AnyValue)>, judge: &dyn Judge<S>) {
        let Some(core) = &self.live else { return };
        let current = core.values();
        let mut changed: Option<S> = None;
        for (index, value) in values {
            if !judge.same(index, &judge.get(&current, index), value) {
                judge.put(changed.get_or_insert_with(|| S::clone(&current)), index, value);
            }
        }
        if let Some(changed) = changed {
            core.publish(changed);
        }
    }

    /// Tells of the waiting writes of a setting whose order is known: each began with the value that the last one left.
    fn settle(&mut self, index: usize, judge: &dyn Judge<S>) {
        let tracked = self.live.is_some();
        let slot = &mut self.slots[index];
        while let Some(at) = slot.next_waiting(index, judge) {
            let (old, new) = slot.waiting.remove(at);
            let event = match (&slot.seen, old) {
                (Seen::Value(seen), Old::Unreadable) if tracked && judge.same(index, seen, &new) => None,
                (_, Old::Unreadable) => Some(Event::new(judge.name(index), index, None, AnyValue::clone(&new))),
                (Seen::Value(_) | Seen::Unreadable, _) if tracked => slot.seen.step_to(index, &new, judge),
                (_, Old::Value(old)) => Seen::Value(old).step_to(index, &new, judge),
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
