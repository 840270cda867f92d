//! How a `live()` starts.

use std::sync::{Arc, Weak};
use std::thread;

use parking_lot::Mutex;

use super::follow::Follower;
use super::{Core, Keeper, Live, LiveOptions};
use crate::field::AnyValue;
use crate::{Action, Backend, Codec, Config, Error, ErrorKind, Result, Settings};

/// Where the running `live()` of a `Config` is found by the next call.
pub(crate) struct Running<S>(Mutex<Weak<Keeper<S>>>);

impl<S> Running<S> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Weak::new()))
    }
}

impl<S: Settings, C: Codec, B: Backend + 'static> Config<S, C, B> {
    /// Loads every setting now, then follows the store in the background: [`Live`].
    ///
    /// One thread follows, however often this is called. A set through this `Config` is seen by it before the set returns;
    /// those of others within milliseconds where the backend pushes changes, else within the
    /// [poll interval](LiveOptions::poll_interval).
    ///
    /// # Errors
    ///
    /// Where the first load fails, naming every unreadable setting. [`LiveOptions::start_on_defaults`] starts nevertheless.
    pub fn live(&self) -> Result<Live<S>> {
        self.live_with(LiveOptions::new())
    }

    /// As [`live`](Self::live), with options. Where it follows already, the options of the first call stay.
    ///
    /// # Errors
    ///
    /// As [`live`](Self::live).
    pub fn live_with(&self, options: LiveOptions) -> Result<Live<S>> {
        let (keeper, options) = {
            let mut running = self.inner.running.0.lock();
            match running.upgrade() {
                Some(keeper) => (keeper, None),
                None => {
                    let keeper = Arc::new(Keeper::new(self.core(&options)));
                    *running = Arc::downgrade(&keeper);
                    self.inner.ledger.attach(Arc::clone(keeper.core()));
                    (keeper, Some(options))
                }
            }
        };
        match options {
            // Another call has begun it: its first load is ours too, and so is its failure.
            None => keeper.core().wait_started()?,
            Some(options) => self.start(&keeper, options)?,
        }
        Ok(Live::new(keeper, self.scope.clone()))
    }

    fn core(&self, options: &LiveOptions) -> Arc<Core<S>> {
        let inner = Arc::clone(&self.inner);
        let put = move |values: &mut S, index: usize, value: &AnyValue| inner.schema.fields[index].put(values, value);
        Arc::new(Core::new(self.inner.schema.defaults.clone(), Arc::clone(&options.clock), Box::new(put)))
    }

    fn start(&self, keeper: &Arc<Keeper<S>>, options: LiveOptions) -> Result<()> {
        let inner = &self.inner;
        let mut starting = Starting { config: self, core: keeper.core(), started: Err(broken_off()) };
        let mut follower = Follower::new(Arc::clone(inner), Arc::clone(keeper.core()), options);
        let started = follower.first_load().and_then(|()| {
            let thread = thread::Builder::new().name("constance-live".to_owned());
            thread.spawn(move || follower.run()).map(drop).map_err(|_| {
                let error = Error::new(ErrorKind::Unavailable).with_detail("the system gave no thread to follow with");
                inner.explain(error, Action::Watch)
            })
        });
        starting.started = started.clone();
        started
    }
}

/// Tells those who wait for the first load how it ended, also when it ended in a panic.
struct Starting<'c, S: Settings, C: Codec, B: Backend> {
    config: &'c Config<S, C, B>,
    core: &'c Arc<Core<S>>,
    started: Result<()>,
}

impl<S: Settings, C: Codec, B: Backend> Drop for Starting<'_, S, C, B> {
    fn drop(&mut self) {
        if self.started.is_err() {
            let mut running = self.config.inner.running.0.lock();
            // The next call starts afresh.
            if running.upgrade().is_some_and(|keeper| Arc::ptr_eq(keeper.core(), self.core)) {
                *running = Weak::new();
            }
            drop(running);
            self.config.inner.ledger.detach(self.core);
        }
        self.core.note_started(self.started.clone());
    }
}

#[cold]
fn broken_off() -> Error {
    Error::new(ErrorKind::Contract).with_action(Action::Read).with_detail("the first load was broken off by a panic")
}
