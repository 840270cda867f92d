//! The protocol as a model.
//!
//! What happens to a cell is the code of the library itself (`src/shared/record.rs`). Around it are two writers, two
//! readers, a third that fills by itself (autofill), one crash, one restart of the cache, one value that lives out its
//! time, and time that passes. Some of them know the store by one name and some by another, or they are of two stores.
#[allow(dead_code, unreachable_pub)]
#[path = "../../src/shared/record.rs"]
mod record;

use std::ops::Range;
use std::time::Duration;

use record::{Fingerprint, Look, Record, Timed, Times};
use stateright::{Model, Property};

const TTL: Duration = Duration::from_secs(300);
const HOLD: Duration = Duration::from_secs(30);
/// Those whose store has the first name, and those whose store has the second.
const NAMES: usize = 2;
const WRITERS: usize = 2;
const READERS: usize = 3;

/// How the protocol is broken, to see that the model notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Whole,
    /// A fill lands whatever has become of its cell.
    NoLease,
    /// Versions begin anew when the cache does, as the numbers of memcached do.
    ForgeableLease,
    /// A mark is a yes or no: the first writer that clears it clears it for all.
    BooleanMark,
    /// A writer commits without a mark, and clears afterwards.
    NoMark,
    /// What is filled into an empty cell counts as settled at once.
    NoProbation,
    /// Nobody looks which store a value is of.
    NoFingerprint,
}

/// How many names there are, and what they lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stores {
    /// One store, which everybody knows by one name.
    One,
    /// One store with two names.
    TwoNames,
    /// Two stores.
    Two,
}

/// Values are numbers in the order in which they were committed; those of a second store begin with this one.
type Value = u8;

const SECOND: Value = 100;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    stores: [Value; NAMES],
    cell: Option<(Timed<Value>, u8)>,
    /// The next version of a cell.
    next: u8,
    writers: [Writer; WRITERS],
    readers: [Reader; READERS],
    crashes: u8,
    restarts: u8,
    expiries: u8,
    /// What went wrong, where one can only see it as it happens.
    wrong: Wrong,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
struct Wrong {
    lost_lease_landed: bool,
    own_write_lost: bool,
    finished_write_hidden: bool,
    foreign_value_served: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Writer {
    at: Stage,
    /// What it committed.
    own: Value,
    /// The cache was restarted since it marked.
    mark_lost: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Stage {
    Idle,
    Marked,
    Committed,
    /// Cleared; it goes on to read what it wrote.
    Cleared,
    Done,
    Crashed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Reader {
    Idle,
    Leased { version: u8, name: usize, known: bool, lost: bool },
    Fetched { version: u8, name: usize, known: bool, lost: bool, value: Value },
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Mark(usize),
    Commit(usize),
    Clear(usize),
    ReadOwn(usize),
    Crash(usize),
    Look(usize, usize),
    Fetch(usize),
    Fill(usize),
    Restart,
    /// A value lives out its time.
    Expire,
    /// A mark's life passes: longer than a commit takes.
    Hold,
}

impl State {
    fn put(&mut self, cell: Timed<Value>) {
        self.cell = Some((cell, self.next));
        self.next += 1;
    }

    /// Versions are only compared: states that differ in no more than their numbers are one.
    fn simplify(&mut self) {
        let mut seen: Vec<u8> = self.cell.iter().map(|(_, version)| *version).collect();
        for reader in &mut self.readers {
            if let Reader::Leased { version, .. } | Reader::Fetched { version, .. } = reader {
                let at = seen.iter().position(|other| other == version).unwrap_or_else(|| {
                    seen.push(*version);
                    seen.len() - 1
                });
                *version = at as u8;
            }
        }
        if let Some((_, version)) = &mut self.cell {
            *version = 0;
        }
        self.next = 1 + seen.len() as u8;
    }

    /// Everybody who holds a lease has lost it.
    fn lose_leases(&mut self) {
        for reader in &mut self.readers {
            if let Reader::Leased { lost, .. } | Reader::Fetched { lost, .. } = reader {
                *lost = true;
            }
        }
    }

    fn committing(&self) -> bool {
        self.writers.iter().any(|writer| writer.at == Stage::Marked)
    }

    fn is_at_rest(&self) -> bool {
        let written = self.writers.iter().all(|writer| matches!(writer.at, Stage::Done | Stage::Crashed));
        let read = self.readers.iter().all(|reader| *reader == Reader::Done);
        let waiting = match &self.cell {
            Some((Timed { record: Record::Value { settled: false, .. }, left }, _)) => *left > HOLD,
            Some((Timed { record: Record::Marked { .. }, .. }, _)) => true,
            _ => false,
        };
        written && read && !waiting
    }
}

fn mark_of(writer: usize) -> u128 {
    1 + writer as u128
}

pub(crate) struct Protocol(pub(crate) Rule, pub(crate) Stores);

impl Protocol {
    fn times(&self, name: usize) -> Times {
        let named = self.0 != Rule::NoFingerprint && self.names().contains(&name);
        let store = if named { name as Fingerprint } else { 0 };
        Times { store, ttl: TTL, hold: HOLD }
    }

    /// The names that there are.
    fn names(&self) -> Range<usize> {
        0..if self.1 == Stores::One { 1 } else { NAMES }
    }

    /// Which store a name leads to.
    fn store_of(&self, name: usize) -> usize {
        if self.1 == Stores::Two { name } else { 0 }
    }

    /// What the cache would answer to somebody who knows the store by this name.
    fn hit(&self, state: &State, name: usize) -> Option<Value> {
        match self.times(name).look(&state.cell.as_ref()?.0) {
            Look::Hit(value) => Some(*value),
            Look::Lease { .. } | Look::Busy => None,
        }
    }

    fn clear(&self, state: &mut State, writer: usize) {
        state.lose_leases();
        let Some((cell, _)) = &state.cell else { return };
        let cleared = match (self.0, &cell.record) {
            (Rule::BooleanMark, Record::Marked { known, .. }) => {
                Some(Timed { record: Record::Gap { known: *known }, left: TTL })
            }
            _ => self.times(writer).clear(cell, mark_of(writer)),
        };
        if let Some(cleared) = cleared {
            state.put(cleared);
        }
    }

    fn look(&self, state: &mut State, reader: usize, name: usize) {
        let times = self.times(name);
        if state.cell.is_none() {
            state.put(times.vacant());
        }
        let Some((cell, version)) = &state.cell else { return };
        state.readers[reader] = match times.look(cell) {
            Look::Hit(value) => {
                let finished = state.writers.iter().enumerate().filter(|(writer, state)| {
                    self.store_of(*writer) == self.store_of(name) && matches!(state.at, Stage::Cleared | Stage::Done)
                });
                let newest = finished.map(|(_, writer)| writer.own).max().unwrap_or(0);
                state.wrong.foreign_value_served |= (*value >= SECOND) != (self.store_of(name) == 1);
                state.wrong.finished_write_hidden |= *value < newest;
                Reader::Done
            }
            Look::Lease { known } => {
                let known = known || self.0 == Rule::NoProbation;
                Reader::Leased { version: *version, name, known, lost: false }
            }
            // It reads the store, and that is all.
            Look::Busy => Reader::Done,
        };
    }

    fn fill(&self, state: &mut State, reader: usize) {
        let Reader::Fetched { version, name, known, lost, value } = state.readers[reader] else { return };
        state.readers[reader] = Reader::Done;
        let same = state.cell.as_ref().is_some_and(|(_, now)| *now == version);
        if same || self.0 == Rule::NoLease {
            state.wrong.lost_lease_landed |= lost;
            state.put(self.times(name).fill(value, known));
        }
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let writer = Writer { at: Stage::Idle, own: 0, mark_lost: false };
        // With two names there are states enough without the third.
        let third = if self.1 == Stores::One { Reader::Idle } else { Reader::Done };
        let empty = State {
            stores: [0, SECOND],
            cell: None,
            next: 0,
            writers: [writer; WRITERS],
            readers: [Reader::Idle, Reader::Idle, third],
            crashes: 0,
            restarts: 0,
            expiries: 0,
            wrong: Wrong::default(),
        };
        // One that was filled long ago, and an empty one.
        let mut warm = empty.clone();
        warm.put(self.times(0).fill(0, true));
        vec![empty, warm]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (at, writer) in state.writers.iter().enumerate() {
            match writer.at {
                Stage::Idle => actions.push(Action::Mark(at)),
                Stage::Marked => actions.push(Action::Commit(at)),
                Stage::Committed => actions.push(Action::Clear(at)),
                Stage::Cleared => actions.push(Action::ReadOwn(at)),
                Stage::Done | Stage::Crashed => {}
            }
            if state.crashes == 0 && matches!(writer.at, Stage::Marked | Stage::Committed) {
                actions.push(Action::Crash(at));
            }
        }
        for (at, reader) in state.readers.iter().enumerate() {
            match reader {
                // They are alike.
                Reader::Idle if at > 0 && state.readers[at - 1] == Reader::Idle => {}
                Reader::Idle => actions.extend(self.names().map(|name| Action::Look(at, name))),
                Reader::Done => {}
                Reader::Leased { .. } => actions.push(Action::Fetch(at)),
                Reader::Fetched { .. } => actions.push(Action::Fill(at)),
            }
        }
        if state.restarts == 0 && state.cell.is_some() {
            actions.push(Action::Restart);
        }
        match &state.cell {
            Some((Timed { record: Record::Value { .. } | Record::Gap { .. }, .. }, _)) if state.expiries == 0 => {
                actions.push(Action::Expire);
            }
            _ => {}
        }
        // Within this time every writer that marked has committed; who has not is not alive any more.
        if !state.committing() && state.cell.as_ref().is_some_and(|(cell, _)| cell.left > Duration::ZERO) {
            match &state.cell {
                Some((Timed { record: Record::Value { settled: false, .. }, left }, _)) if *left > HOLD => {
                    actions.push(Action::Hold);
                }
                Some((Timed { record: Record::Marked { .. }, .. }, _)) => actions.push(Action::Hold),
                _ => {}
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Mark(at) => {
                if self.0 != Rule::NoMark {
                    state.lose_leases();
                    let marked = self.times(at).mark(state.cell.as_ref().map(|(cell, _)| cell), mark_of(at));
                    state.put(marked);
                }
                state.writers[at].at = Stage::Marked;
            }
            Action::Commit(at) => {
                let store = &mut state.stores[self.store_of(at)];
                *store += 1;
                state.writers[at].own = *store;
                state.writers[at].at = Stage::Committed;
            }
            Action::Clear(at) => {
                self.clear(&mut state, at);
                state.writers[at].at = Stage::Cleared;
            }
            Action::ReadOwn(at) => {
                state.wrong.own_write_lost |= self.hit(&state, at).is_some_and(|value| value < state.writers[at].own);
                state.writers[at].at = Stage::Done;
            }
            Action::Crash(at) => {
                state.crashes += 1;
                state.writers[at].at = Stage::Crashed;
            }
            Action::Look(at, name) => self.look(&mut state, at, name),
            Action::Fetch(at) => {
                if let Reader::Leased { version, name, known, lost } = state.readers[at] {
                    let value = state.stores[self.store_of(name)];
                    state.readers[at] = Reader::Fetched { version, name, known, lost, value };
                }
            }
            Action::Fill(at) => self.fill(&mut state, at),
            Action::Restart => {
                state.restarts += 1;
                state.cell = None;
                state.lose_leases();
                state.writers.iter_mut().for_each(|writer| writer.mark_lost |= writer.at != Stage::Idle);
                if self.0 == Rule::ForgeableLease {
                    state.next = 0;
                }
            }
            Action::Expire => {
                state.expiries += 1;
                state.cell = None;
            }
            Action::Hold => match &mut state.cell {
                Some((Timed { record: Record::Marked { .. }, .. }, _)) => state.cell = None,
                Some((cell, _)) => cell.left = HOLD,
                None => return None,
            },
        }
        // There the numbers are not only compared.
        if self.0 != Rule::ForgeableLease {
            state.simplify();
        }
        state.readers.sort_unstable();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("at rest the cache holds what the store holds", |model: &Self, state: &State| {
                let holds =
                    |name| model.hit(state, name).is_none_or(|value| value == state.stores[model.store_of(name)]);
                !state.is_at_rest() || model.names().all(holds)
            }),
            Property::always("nobody is served what another store holds", |_, state: &State| {
                !state.wrong.foreign_value_served
            }),
            Property::always("nobody goes back behind its own write", |_, state: &State| !state.wrong.own_write_lost),
            Property::always("no read hides a write that has ended", |_, state: &State| {
                !state.wrong.finished_write_hidden
            }),
            Property::always("a fill whose lease was lost never lands", |_, state: &State| {
                !state.wrong.lost_lease_landed
            }),
            Property::always("a clearing leaves the marks of others", |_, state: &State| {
                state.writers.iter().enumerate().all(|(at, writer)| {
                    let at_work = matches!(writer.at, Stage::Marked | Stage::Committed) && !writer.mark_lost;
                    let marked = |(cell, _): &(Timed<Value>, u8)| match &cell.record {
                        Record::Marked { marks, .. } => marks.iter().any(|(mark, _)| *mark == mark_of(at)),
                        Record::Value { .. } | Record::Gap { .. } => false,
                    };
                    // A mark that outlives its time does so only after the commit.
                    !at_work || writer.at == Stage::Committed || state.cell.as_ref().is_some_and(marked)
                })
            }),
            Property::sometimes("a value is filled for good", |model: &Self, state: &State| {
                let last = if model.1 == Stores::Two { 1 } else { 2 };
                matches!(&state.cell, Some((Timed { record: Record::Value { settled: true, value, .. }, .. }, _)) if *value % SECOND == last)
            }),
            Property::sometimes("a probation ends", |_, state: &State| {
                state.cell.as_ref().is_some_and(|(cell, _)| {
                    matches!(cell.record, Record::Value { settled: false, .. }) && cell.left == HOLD
                })
            }),
            Property::sometimes("everything comes to rest after a crash and a restart", |_, state: &State| {
                state.is_at_rest() && state.crashes == 1 && state.restarts == 1
            }),
        ]
    }
}
