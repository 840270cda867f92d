//! A feed for databases that are asked for changes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use constance_core::{Result, Wake, Watch};
use parking_lot::{Condvar, Mutex};

use crate::dialect::Dialect;
use crate::pool::Brought;
use crate::schema::Tables;

/// What a [`Polling`] feed asks.
pub(crate) trait Probe: Send {
    /// Whether anything changed since the last time it was asked, or since it was made.
    fn changed(&mut self) -> Result<bool>;
}

/// Asks again and again whether something changed.
pub(crate) struct Polling<P> {
    probe: P,
    interval: Duration,
    interrupt: Arc<Interrupt>,
}

/// Ends a wait early; stays set until a wait has seen it, so that a call just before a wait is not lost.
#[derive(Default)]
struct Interrupt {
    called: Mutex<bool>,
    bell: Condvar,
}

impl<P: Probe> Polling<P> {
    pub(crate) fn new(probe: P, interval: Duration) -> Self {
        Self { probe, interval, interrupt: Arc::default() }
    }
}

impl<P: Probe> Watch for Polling<P> {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        // A timeout too long for the clock is none.
        let end = Instant::now().checked_add(timeout);
        loop {
            // The last look comes after the last sleep, so that a change in the last interval is told now.
            if self.probe.changed()? {
                return Ok(Wake::Changed);
            }
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            let mut called = self.interrupt.called.lock();
            if !*called && !left.is_zero() {
                self.interrupt.bell.wait_for(&mut called, self.interval.min(left));
            }
            if std::mem::take(&mut *called) {
                return Ok(Wake::Interrupted);
            }
            if left.is_zero() {
                return Ok(Wake::TimedOut);
            }
        }
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        let interrupt = Arc::clone(&self.interrupt);
        Some(Box::new(move || {
            *interrupt.called.lock() = true;
            interrupt.bell.notify_all();
        }))
    }
}

/// Asks over connections of the application's pool, each for one look.
pub(crate) struct Lent<C: Dialect> {
    brought: Arc<dyn Brought<C>>,
    tables: Tables,
    seen: C::Seen,
}

impl<C: Dialect> Lent<C> {
    /// Looks for the first time.
    pub(crate) fn new(brought: Arc<dyn Brought<C>>, tables: Tables) -> Result<Self> {
        let mut probe = Self { brought, tables, seen: C::Seen::default() };
        probe.changed()?;
        Ok(probe)
    }
}

impl<C: Dialect> Probe for Lent<C> {
    fn changed(&mut self) -> Result<bool> {
        let mut connection = self.brought.lend()?;
        let changed = connection.changed(&self.tables, &mut self.seen);
        changed.map_err(|error| self.tables.layout.advise(connection.fault(&error).error))
    }
}
