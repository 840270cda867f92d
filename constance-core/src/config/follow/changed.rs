//! Reading what a feed names, and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::follower::{Feed, Follower, Next, PASSED_OVER};
use super::load::Reading;
use super::tell::tell;
use crate::config::Front;
use crate::{Backend, Codec, Settings, backend::ChangedKeys};

/// How often it is read, with what was named meanwhile, before everything is.
const TRIES: usize = 3;

/// How long a write through the same `Config` is waited for, which would be passed over.
const OWN_WRITE: Duration = Duration::from_millis(100);

/// How a read of named keys ended.
enum Read {
    /// Together with what was loaded before, this is what the store had at one moment. These changed at that moment or later.
    OneMoment(Reading, ChangedKeys),
    /// Others changed at that moment or before it.
    Others(ChangedKeys),
}

impl<S: Settings, C: Codec, B: Backend + 'static> Follower<S, C, B> {
    /// Reads the settings of these keys into `live()`, where all others are known to be what they were at some moment of the
    /// store since which the feed names what changes.
    ///
    /// Whatever stands in the way, even of a kind that a load of everything would find too, is left to that.
    pub(super) fn load_named(&mut self, mut keys: ChangedKeys) -> Next {
        let Some(since) = self.whole_since else { return Next::ReadAll };
        // Changes without a pause must not put off the load of everything, which finds what a feed has missed.
        let is_due = self.read_at.elapsed() >= self.options.reread_interval;
        if is_due || self.core.take_nudge() || !self.inner.ledger.is_proven_since(since) {
            return Next::ReadAll;
        }
        for _ in 0..TRIES {
            let indices = match self.inner.settings_of(&keys) {
                None => return Next::ReadAll,
                Some(indices) if indices.is_empty() => return Next::Wait,
                Some(indices) => indices,
            };
            if !self.own_writes_end(&indices) {
                return Next::ReadAll;
            }
            // A backend of the application's may panic, and does again when everything is read, where that is told.
            match catch_unwind(AssertUnwindSafe(|| self.read_named(&indices))) {
                Ok(Some(Read::OneMoment(reading, later))) => return self.take_named(reading, later),
                Ok(Some(Read::Others(others))) => keys.join(others),
                Ok(None) | Err(_) => return Next::ReadAll,
            }
        }
        Next::ReadAll
    }

    /// Reads these, and then asks the feed what else changed by then. `None`: it cannot be told, or something is wrong.
    fn read_named(&mut self, indices: &[usize]) -> Option<Read> {
        let reading = match self.inner.reading(&self.core, indices) {
            Ok(reading) if reading.faults.is_empty() => reading,
            Ok(_) => return None,
            Err(error) => {
                self.failed(error);
                return None;
            }
        };
        let Feed::Open { watch, .. } = &mut self.feed else { return None };
        let later = watch.catch_up().map(|is_sure| is_sure.then(|| watch.changed_keys()));
        let later = later.unwrap_or_else(|error| {
            self.feed_broke(error);
            None
        })?;
        let others = self.inner.settings_of(&later)?;
        let are_all_read = others.iter().all(|index| indices.contains(index));
        Some(if are_all_read { Read::OneMoment(reading, later) } else { Read::Others(later) })
    }

    fn take_named(&mut self, reading: Reading, later: ChangedKeys) -> Next {
        let (taken, faults) = self.inner.take_named(&self.core, self.last_good.as_mut(), reading);
        tell(&self.inner, &self.core);
        self.observed.loaded(&faults);
        if !taken.all || !faults.is_empty() {
            self.whole_since = None;
        }
        self.keep_last_good();
        self.observed.values(&self.inner.front, &self.core);
        if taken.ask_again {
            self.core.rest(PASSED_OVER);
            return Next::ReadAll;
        }
        if later.is_empty() { Next::Wait } else { Next::Read(later) }
    }

    /// Waits for writes of these settings through the same `Config`. Says whether it can go on: not where everything is to be
    /// read, or the following ends.
    fn own_writes_end(&self, indices: &[usize]) -> bool {
        let until = Instant::now() + OWN_WRITE;
        while self.inner.ledger.are_in_flight(indices) && Instant::now() < until {
            self.core.rest(PASSED_OVER);
            if self.core.is_stopping() || self.core.take_nudge() {
                return false;
            }
        }
        true
    }
}

impl<S: Settings, C: Codec> Front<S, C> {
    /// The settings of these keys, by any of their names. `None`: all, or it is not said which.
    fn settings_of(&self, changed: &ChangedKeys) -> Option<Vec<usize>> {
        if changed.is_everything() {
            return None;
        }
        let is_named = |&index: &usize| self.keys[index].all().any(|key| changed.contains(key));
        let indices: Vec<usize> = self.all().into_iter().filter(is_named).collect();
        (indices.len() < self.keys.len()).then_some(indices)
    }
}
