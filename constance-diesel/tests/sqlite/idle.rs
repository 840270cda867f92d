//! A feed of a file that nobody writes to leaves the processor alone.

use std::time::{Duration, Instant};

use constance_core::{Backend, Prefix, backend::Wake};

use crate::common::{Folder, store};

/// How long it looks often after a write, and a little longer.
const BUSY: Duration = Duration::from_millis(10_500);

/// Long enough to count what happens every few milliseconds.
const QUIET: Duration = Duration::from_secs(3);

/// How often this thread has waited for something.
fn waits() -> f64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").expect("the system tells");
    let waits = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    waits.expect("a number").trim().parse().expect("a number")
}

/// Whether the system tells who writes to a file of this folder: else it has to be looked at.
fn is_told(folder: &Folder) -> bool {
    let kind = std::process::Command::new("stat").args(["-f", "-c", "%T"]).arg(folder.file()).output();
    let kind = kind.expect("a program of every system").stdout;
    let told =
        ["ext2/ext3", "xfs", "btrfs", "zfs", "tmpfs", "overlayfs"].contains(&String::from_utf8_lossy(&kind).trim());
    if !told {
        eprintln!("skipped: the file system tells nothing");
    }
    told
}

#[test]
fn it_is_woken_a_few_times_a_second_at_most() {
    let folder = Folder::new();
    let mut feed = folder.backend().watch(&Prefix::empty()).expect("a feed");
    if !is_told(&folder) {
        return;
    }
    // Until what was written before, and might have been on its way, is no longer looked for.
    assert_eq!(feed.wait(BUSY).expect("a feed"), Wake::TimedOut);
    let (began, before) = (Instant::now(), waits());
    assert_eq!(feed.wait(QUIET).expect("a feed"), Wake::TimedOut);
    let (woken, most) = (waits() - before, began.elapsed().as_secs_f64() * 4.0);
    assert!(woken <= most, "woken {woken} times, {most} are enough");
}

#[test]
fn no_change_is_missed() {
    let folder = Folder::new();
    let writer = folder.backend();
    let mut feed = folder.backend().watch(&Prefix::empty()).expect("a feed");
    for round in 0..100_u32 {
        store(&writer, "a", &round.to_be_bytes());
        // Longer than any test may take.
        assert_eq!(feed.wait(Duration::from_secs(600)).expect("a wake"), Wake::Changed, "round {round}");
    }
}
