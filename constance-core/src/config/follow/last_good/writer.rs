//! Replacing the file, in a thread for that.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use super::file;
use super::format::Contents;
use crate::live::Core;
use crate::{Action, Error, ErrorKind, trace};

/// Where the file is, and what is to become of it.
pub(super) struct Writer {
    pub(super) path: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What comes next; the newest, where the disk is slow.
    waiting: Option<Contents>,
    is_writing: bool,
    /// When the last replacement failed, unless one has succeeded since.
    failed_at: Option<Duration>,
}

/// The rest before a replacement that failed is tried again.
const REST: Duration = Duration::from_secs(10);

impl Writer {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, state: Mutex::default() }
    }

    /// Whether a replacement that failed is to be tried again.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        let state = self.state.lock();
        !state.is_writing && state.failed_at.is_some_and(|at| now.saturating_sub(at) >= REST)
    }

    /// Has the file replaced. A thread made for that does it: a disk may take its time, or never answer, and meanwhile loads have
    /// to go on. Changes are seldom, so it is not kept. There is one at a time.
    pub(super) fn write<S: Send + Sync + 'static>(self: &Arc<Self>, contents: Contents, core: &Arc<Core<S>>) {
        {
            let mut state = self.state.lock();
            state.waiting = Some(contents);
            if std::mem::replace(&mut state.is_writing, true) {
                return;
            }
        }
        let (writer, there) = (Arc::clone(self), Arc::clone(core));
        let thread = thread::Builder::new().name("constance-last-good".to_owned());
        if thread.spawn(move || writer.write_all(&there)).is_err() {
            self.state.lock().is_writing = false;
            let error = file::unfit(
                &self.path,
                Action::Write,
                ErrorKind::Unavailable,
                "cannot be written: the system gave no thread for it".to_owned(),
            );
            self.ended(Err(error), core);
        }
    }

    fn write_all<S>(&self, core: &Core<S>) {
        loop {
            let contents = {
                let mut state = self.state.lock();
                let contents = state.waiting.take();
                state.is_writing = contents.is_some();
                contents
            };
            let Some(contents) = contents else { return };
            self.ended(file::replace(&self.path, &contents), core);
        }
    }

    fn ended<S>(&self, replaced: Result<(), Error>, core: &Core<S>) {
        let error = replaced.err();
        self.state.lock().failed_at = error.as_ref().map(|_| core.now());
        if let Some(error) = &error {
            trace::last_good_failed(error);
        }
        core.note_last_good(error);
    }
}
