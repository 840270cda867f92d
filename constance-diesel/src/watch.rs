//! A feed for databases that are asked for changes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use constance_core::{
    Result, WatchMode,
    backend::{Wake, Watch},
};
use parking_lot::{Condvar, Mutex};

use crate::dialect::{Dialect, Options};
use crate::look_interval::LookInterval;
use crate::on_worker::OnWorker;
use crate::pool::ExternalPool;
use crate::schema::Tables;
use crate::store::again;

/// What a [`Polling`] feed asks.
pub(crate) trait Probe: Send {
    /// Whether anything changed since the last time it was asked, or since it was made.
    fn changed(&mut self) -> Result<bool>;
}

/// Asks again and again whether something changed.
pub(crate) struct Polling<P> {
    probe: P,
    look_interval: LookInterval,
    /// When a look last saw a change, or else when the feed was opened.
    changed_at: Instant,
    interrupt: Arc<Interrupt>,
}

/// Ends a wait early; stays set until a wait has seen it, so that a call just before a wait is not lost.
#[derive(Default)]
struct Interrupt {
    called: Mutex<bool>,
    changed: Condvar,
}

/// Asks the probe as often as the options say, and where they bound calls, no longer than that each time.
pub(crate) fn polling<P: Probe + 'static>(probe: P, options: &Options) -> Box<dyn Watch> {
    match options.call_timeout {
        Some(within) => bounded(probe, options, within),
        None => Box::new(Polling::new(probe, options.look_interval)),
    }
}

/// The same, and each time no longer than this: the feed ends with a look that takes longer.
pub(crate) fn bounded<P: Probe + 'static>(probe: P, options: &Options, within: Duration) -> Box<dyn Watch> {
    Box::new(Polling::new(Bounded::new(probe, within), options.look_interval))
}

impl<P> Polling<P> {
    fn new(probe: P, look_interval: LookInterval) -> Self {
        Self { probe, look_interval, changed_at: Instant::now(), interrupt: Arc::default() }
    }
}

impl<P: Probe> Watch for Polling<P> {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        // A timeout too long for the clock is none.
        let end = Instant::now().checked_add(timeout);
        loop {
            // The last look comes after the last sleep, so that a change in the last interval is told now.
            if self.probe.changed()? {
                self.changed_at = Instant::now();
                return Ok(Wake::Changed);
            }
            let now = Instant::now();
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(now));
            let mut called = self.interrupt.called.lock();
            if !*called && !left.is_zero() {
                let rest = self.look_interval.rest(now.saturating_duration_since(self.changed_at));
                self.interrupt.changed.wait_for(&mut called, rest.min(left));
            }
            if std::mem::take(&mut *called) {
                return Ok(Wake::Interrupted);
            }
            if left.is_zero() {
                return Ok(Wake::TimedOut);
            }
        }
    }

    fn mode(&self) -> WatchMode {
        WatchMode::Looking { every: self.look_interval.rest(self.changed_at.elapsed()) }
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        let interrupt = Arc::clone(&self.interrupt);
        Some(Box::new(move || {
            *interrupt.called.lock() = true;
            interrupt.changed.notify_all();
        }))
    }
}

/// Asks in a thread of its own, so that a server that says nothing does not hold the feed.
pub(crate) struct Bounded<P> {
    probe: OnWorker<P>,
    within: Duration,
}

impl<P: Probe + 'static> Bounded<P> {
    pub(crate) fn new(probe: P, within: Duration) -> Self {
        Self { probe: OnWorker::new(probe, None), within }
    }
}

impl<P: Probe + 'static> Probe for Bounded<P> {
    fn changed(&mut self) -> Result<bool> {
        self.probe.run_within(self.within, P::changed)?
    }
}

/// Asks over a connection of its own.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) struct Looking<C: Dialect> {
    pub(crate) connection: C,
    pub(crate) tables: Tables,
    seen: C::Seen,
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl<C: Dialect> Looking<C> {
    /// Looks for the first time.
    pub(crate) fn new(connection: C, tables: Tables) -> Result<Self> {
        let mut probe = Self { connection, tables, seen: C::Seen::default() };
        probe.changed()?;
        Ok(probe)
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl<C: Dialect> Probe for Looking<C> {
    fn changed(&mut self) -> Result<bool> {
        look(&mut self.connection, &self.tables, &mut self.seen)
    }
}

/// Asks over connections of the application's pool, each for one look.
pub(crate) struct Lent<C: Dialect> {
    external: Arc<dyn ExternalPool<C>>,
    tables: Tables,
    seen: C::Seen,
}

impl<C: Dialect> Lent<C> {
    /// Looks for the first time.
    pub(crate) fn new(external: Arc<dyn ExternalPool<C>>, tables: Tables) -> Result<Self> {
        let mut probe = Self { external, tables, seen: C::Seen::default() };
        probe.changed()?;
        Ok(probe)
    }
}

impl<C: Dialect> Probe for Lent<C> {
    fn changed(&mut self) -> Result<bool> {
        look(&mut **self.external.lend()?, &self.tables, &mut self.seen)
    }
}

fn look<C: Dialect>(connection: &mut C, tables: &Tables, seen: &mut C::Seen) -> Result<bool> {
    let changed = again(connection, |connection| connection.changed(tables, seen));
    changed.map_err(|error| tables.layout.advise(connection.failure(&error).error))
}

/// A feed whose failures say where the database is.
struct Located {
    feed: Box<dyn Watch>,
    location: String,
}

/// Has a feed, and the failure to open it, say where the database is.
pub(crate) fn located(feed: Result<Box<dyn Watch>>, location: Option<String>) -> Result<Box<dyn Watch>> {
    let Some(location) = location else { return feed };
    match feed {
        Ok(feed) => Ok(Box::new(Located { feed, location })),
        Err(error) => Err(error.with_location(location)),
    }
}

impl Watch for Located {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        self.feed.wait(timeout).map_err(|error| error.with_location(&*self.location))
    }

    fn mode(&self) -> WatchMode {
        self.feed.mode()
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        self.feed.interrupter()
    }
}
