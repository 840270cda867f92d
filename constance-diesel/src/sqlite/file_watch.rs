//! A feed that looks when the system has told that the database is written to.

use std::time::{Duration, Instant};

use constance_core::{
    Result, WatchMode,
    backend::{Wake, Watch},
};

use super::file_events::{Arrived, Ended, FileEvents};
use crate::watch::Probe;

/// The rest after a notice that ends a silence, doubled with each look.
const FIRST: Duration = Duration::from_millis(1);

/// How long it is looked as often as without notices after one: a change is written some time before it counts, and that may be as
/// long as the disk takes to flush it.
const WARM: Duration = Duration::from_secs(10);

/// How often it is looked in silence, in case something was not told.
const SILENT: Duration = Duration::from_secs(1);

/// Looks soon and often after a notice, and hardly ever without one.
pub(super) struct FileWatch<P> {
    probe: P,
    events: FileEvents,
    /// The longest rest while a change may be on its way.
    interval: Duration,
    /// The last notice.
    noticed: Option<Instant>,
    rest: Duration,
}

impl<P> FileWatch<P> {
    /// `interval` is how often it would be looked without events.
    pub(super) fn new(probe: P, events: FileEvents, interval: Duration) -> Self {
        // Somebody may have written just before the events were asked for.
        Self { probe, events, interval, noticed: Some(Instant::now()), rest: FIRST }
    }

    fn is_warm(&self) -> bool {
        self.noticed.is_some_and(|noticed| noticed.elapsed() < WARM)
    }
}

impl<P: Probe> Watch for FileWatch<P> {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        // A timeout too long for the clock is none.
        let end = Instant::now().checked_add(timeout);
        loop {
            // Taken before the look: what is written after it is told again.
            let arrived = self.events.arrived();
            if arrived == Arrived::Own {
                if !self.is_warm() {
                    self.rest = FIRST;
                }
                self.noticed = Some(Instant::now());
            }
            if self.probe.changed()? {
                return Ok(Wake::Changed);
            }
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            let warm = self.is_warm();
            let rest = match arrived {
                _ if warm => self.rest,
                Arrived::Others => self.interval,
                _ => SILENT,
            };
            self.rest = (self.rest * 2).min(self.interval);
            // A folder that is written to all the time does not make it look more often.
            let wanted = !warm && arrived != Arrived::Others;
            if self.events.wait(rest.min(left), wanted) == Ended::Interrupted {
                return Ok(Wake::Interrupted);
            }
            if left.is_zero() {
                return Ok(Wake::TimedOut);
            }
        }
    }

    /// How late a change may be seen. Between writes it looks less often.
    fn mode(&self) -> WatchMode {
        WatchMode::Looking { every: self.interval }
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        let interrupt = self.events.interrupt();
        Some(Box::new(move || interrupt.call()))
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use std::fs::{remove_file, write};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    fn events() -> (tempfile::TempDir, Option<FileEvents>) {
        let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).expect("a folder");
        write(folder.path().join("a.db"), "").expect("a file");
        let events = FileEvents::of(&folder.path().join("a.db"));
        (folder, events)
    }

    #[test]
    fn what_is_written_to_the_files_of_the_database_is_told() {
        let (folder, events) = events();
        let Some(events) = events else { return eprintln!("skipped: the file system tells nothing") };
        assert_eq!(events.arrived(), Arrived::Nothing);
        let at = |name: &str| folder.path().join(name);
        for name in ["a.db", "a.db-wal", "a.db-journal"] {
            write(at(name), "1").expect("a write");
            assert_eq!(events.arrived(), Arrived::Own, "{name}");
            assert_eq!(events.arrived(), Arrived::Nothing, "once");
            remove_file(at(name)).expect("a removal");
            assert_eq!(events.arrived(), Arrived::Own, "{name} is gone");
        }
        for name in ["a.db-shm", "a.dbx", "b.db"] {
            write(at(name), "1").expect("a write");
            assert_eq!(events.arrived(), Arrived::Others, "{name}");
        }
        std::fs::rename(at("b.db"), at("a.db")).expect("another file");
        assert_eq!(events.arrived(), Arrived::Own, "replaced");
        std::fs::rename(folder.path(), folder.path().with_extension("old")).expect("another name");
        assert_eq!(events.arrived(), Arrived::Own, "the folder");
        std::fs::remove_dir_all(folder.path().with_extension("old")).expect("a removal");
    }

    /// Sees a change at its eleventh look.
    struct Late {
        looks: Arc<AtomicUsize>,
    }

    impl Probe for Late {
        fn changed(&mut self) -> Result<bool> {
            Ok(self.looks.fetch_add(1, Ordering::Relaxed) == 10)
        }
    }

    #[test]
    fn a_change_that_counts_some_time_after_it_was_told_is_seen() {
        let (folder, events) = events();
        let Some(events) = events else { return eprintln!("skipped: the file system tells nothing") };
        let looks = Arc::<AtomicUsize>::default();
        let mut feed = FileWatch::new(Late { looks: Arc::clone(&looks) }, events, Duration::from_millis(25));
        assert!(feed.is_warm(), "a change may have been on its way already");
        // After a silence.
        feed.noticed = None;
        assert_eq!(feed.wait(Duration::ZERO).expect("a look"), Wake::TimedOut);
        assert!(!feed.is_warm());
        write(folder.path().join("a.db-wal"), "1").expect("a write");
        assert_eq!(feed.wait(LONG).expect("a wake"), Wake::Changed);
        assert!(feed.is_warm(), "it may be the first of several");
        assert_eq!(looks.load(Ordering::Relaxed), 11);
    }

    #[test]
    fn a_busy_folder_does_not_make_it_look_more_often() {
        let (folder, events) = events();
        let Some(events) = events else { return eprintln!("skipped: the file system tells nothing") };
        let looks = Arc::<AtomicUsize>::default();
        let mut feed = FileWatch::new(Late { looks: Arc::clone(&looks) }, events, LONG);
        feed.noticed = None;
        let log = folder.path().join("a.log");
        write(&log, "1").expect("a write");
        let (waiting, written) = (AtomicBool::new(true), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while waiting.load(Ordering::Relaxed) {
                    write(&log, "1").expect("a write");
                    written.fetch_add(1, Ordering::Relaxed);
                }
            });
            while written.load(Ordering::Relaxed) < 100 {
                assert_eq!(feed.wait(Duration::from_millis(50)).expect("a look"), Wake::TimedOut);
                let looks = looks.swap(0, Ordering::Relaxed);
                assert!(looks <= 3, "{looks}: at the beginning, at the first write, and at the end");
            }
            waiting.store(false, Ordering::Relaxed);
        });
    }
}
