//! Events of the system for writes to the files of a database.

use std::ffi::OsString;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::fs::statfs;
use rustix::io::{self, Errno};

/// File systems of one system alone: whoever writes to a file there does so through this kernel, which tells. On others, such as
/// those of a network or of the host of a virtual machine, a write from elsewhere comes without a word.
const LOCAL: [u32; 6] = [
    0xEF53,      // ext2, ext3, ext4
    0x5846_5342, // xfs
    0x9123_683E, // btrfs
    0x2FC1_2FC1, // zfs
    0x0102_1994, // tmpfs
    0x794C_7630, // overlayfs
];

/// The events of files that change, or that other files replace.
const EVENTS: WatchFlags = WatchFlags::MODIFY
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF);

/// How many events are taken at once: they may come faster than they are taken.
const MAX_EVENTS: usize = 10_000;

/// Events of one database.
pub(super) struct FileEvents {
    inotify: OwnedFd,
    /// The names of the files in their folder that a change is written to.
    names: [Vec<u8>; 3],
    interrupt: Interrupt,
}

/// Ends a wait early; stays set until a wait has seen it.
#[derive(Clone)]
pub(super) struct Interrupt(Arc<OwnedFd>);

/// What has come since it was asked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Arrived {
    Nothing,
    /// Events of other files in the folder.
    Others,
    /// Events of the database.
    Own,
}

/// Why a wait ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WaitEnd {
    /// The time is over, or there may be events.
    Other,
    Interrupted,
}

impl FileEvents {
    /// `None` where the system would not tell of every write, or has none to give.
    pub(super) fn of(file: &Path) -> Option<Self> {
        // SQLite follows links as well.
        let file = file.canonicalize().ok()?;
        let (folder, name) = (file.parent()?, file.file_name()?);
        let kind = statfs(folder).ok()?.f_type as u32;
        if !LOCAL.contains(&kind) {
            return None;
        }
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
        // The folder, since the log and the journal come and go; and the file, which may have other names.
        inotify::add_watch(&inotify, folder, EVENTS | WatchFlags::ONLYDIR).ok()?;
        inotify::add_watch(&inotify, &file, EVENTS).ok()?;
        let interrupt = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok()?;
        let names = ["", "-wal", "-journal"].map(|end| {
            let mut name = OsString::from(name);
            name.push(end);
            name.into_vec()
        });
        Some(Self { inotify, names, interrupt: Interrupt(Arc::new(interrupt)) })
    }

    /// Takes what has come.
    pub(super) fn arrived(&self) -> Arrived {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(&self.inotify, &mut buffer);
        let mut arrived = Arrived::Nothing;
        for _ in 0..MAX_EVENTS {
            match reader.next() {
                // Without a name it is about what is watched itself, or there were too many events.
                Ok(notice) => {
                    let own = notice.file_name().is_none_or(|name| self.names.iter().any(|own| own == name.to_bytes()));
                    arrived = arrived.max(if own { Arrived::Own } else { Arrived::Others });
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return arrived,
                Err(_) => break,
            }
        }
        // There may be more. A look too many does no harm.
        Arrived::Own
    }

    /// Waits for an interruption, and for notices where they are `wanted`, at most so long.
    pub(super) fn wait(&self, at_most: Duration, wanted: bool) -> WaitEnd {
        let mut both = [PollFd::new(&*self.interrupt.0, PollFlags::IN), PollFd::new(&self.inotify, PollFlags::IN)];
        let asked = if wanted { &mut both[..] } else { &mut both[..1] };
        // Whatever it says, there is another look.
        let _ = poll(asked, Timespec::try_from(at_most).ok().as_ref());
        match io::read(&*self.interrupt.0, &mut [0; 8]) {
            Ok(_) => WaitEnd::Interrupted,
            Err(_) => WaitEnd::Other,
        }
    }

    pub(super) fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }
}

impl Interrupt {
    pub(super) fn call(&self) {
        // It fails only where it was called very often and nothing has waited: it is set then.
        let _ = io::write(&*self.0, &1_u64.to_ne_bytes());
    }
}
