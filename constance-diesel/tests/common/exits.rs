//! A program whose `main` returns while its threads use a database over TLS, again and again.
//!
//! The test program is both: it starts itself, and then the environment says what to do. It has no test harness, so that what
//! ends is its own `main`.
#![allow(clippy::expect_used, clippy::print_stderr, clippy::print_stdout, unreachable_pub)]

use std::io;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use constance_core::{Backend, Prefix};
use constance_diesel::diesel::Connection;
use constance_diesel::{Dialect, DieselBackend, init_openssl};

const URL: &str = "CONSTANCE_TEST_EXIT_URL";
const FIRST: &str = "CONSTANCE_TEST_EXIT_FIRST";
const TABLE: &str = "constance_exits";

const EXITS: usize = 200;
const SIDE_BY_SIDE: usize = 2;
const THREADS: usize = 4;

/// Longer than anything may take, also on a busy machine: only what hangs ends by it.
const LIMIT: Duration = Duration::from_secs(60);

/// The whole program: `name` is that of its test, `variable` that of a URL with TLS. `own` is what an application adds to the URL
/// where it connects by itself.
pub fn main<C: Dialect + Connection>(name: &str, variable: &str, own: &str) -> ExitCode {
    if let Ok(url) = std::env::var(URL) {
        return end_in_the_middle::<C>(&url, &format!("{url}{own}"));
    }
    if !is_chosen(name) {
        return ExitCode::SUCCESS;
    }
    let Ok(url) = std::env::var(variable) else {
        let demanded = std::env::var("CONSTANCE_REQUIRE_SERVICES").is_ok_and(|value| value == "1");
        eprintln!("{}: {variable} names no server", if demanded { "failed" } else { "skipped" });
        return if demanded { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    };
    let backend = backend::<C>(&url);
    backend.migrate().expect("tables");
    let bad = exits(&url);
    backend.revert_all().expect("an empty table");
    let mut connection = C::establish(&url).expect("a connection");
    connection.batch_execute(&format!("DROP TABLE {TABLE}_migrations")).expect("it is there");
    println!("test {name} ... {} of {EXITS} exits went wrong", bad.len());
    bad.iter().for_each(|exit| eprintln!("{exit}"));
    if bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn backend<C: Dialect>(url: &str) -> DieselBackend<C> {
    let patient = DieselBackend::builder().connect_timeout(LIMIT).acquire_timeout(LIMIT).statement_timeout(LIMIT);
    patient.url(url).table(TABLE).build().expect("a valid URL")
}

/// What a service does whose `main` returns without a word to its threads.
fn end_in_the_middle<C: Dialect + Connection>(url: &str, own: &str) -> ExitCode {
    if std::env::var_os(FIRST).is_some_and(|first| first == "application") {
        init_openssl();
        C::establish(own).expect("a connection");
    }
    let backend = std::sync::Arc::new(backend::<C>(url));
    let (sender, working) = channel();
    for number in 0..THREADS {
        let (own, backend, sender) = (own.to_owned(), backend.clone(), sender.clone());
        std::thread::spawn(move || {
            let key = Prefix::empty().key("theme").expect("a valid name");
            // In the middle of talking over a connection, and of making one: keys are made, and passwords hashed.
            let work = || if number % 2 == 0 { backend.read(&[&key]).is_ok() } else { C::establish(&own).is_ok() };
            assert!(work(), "the server does not answer");
            sender.send(()).expect("nobody has ended");
            loop {
                // Whatever comes of it while the process ends.
                work();
            }
        });
    }
    drop(sender);
    if working.iter().take(THREADS).count() == THREADS { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Those of all exits that were none.
fn exits(url: &str) -> Vec<String> {
    let (next, bad) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= EXITS {
                return;
            }
            let first = if number % 2 == 0 { "backend" } else { "application" };
            let status = exit(url, first);
            if !status.success() {
                bad.lock().expect("no panic").push(format!("the {first} first: {status}"));
            }
        }
    };
    std::thread::scope(|scope| (0..SIDE_BY_SIDE).for_each(|_| drop(scope.spawn(work))));
    bad.into_inner().expect("no panic")
}

fn exit(url: &str, first: &str) -> ExitStatus {
    let mut program = Command::new(std::env::current_exe().expect("this program"));
    program.env(URL, url).env(FIRST, first).stdout(Stdio::piped());
    let mut child = program.spawn().expect("a process");
    let mut output = child.stdout.take().expect("piped");
    let (sender, ended) = channel();
    std::thread::spawn(move || {
        // To the end of its output, which is its own end.
        let _ = io::copy(&mut output, &mut io::sink());
        let _ = sender.send(());
    });
    if ended.recv_timeout(LIMIT).is_err() {
        child.kill().expect("it hangs");
    }
    child.wait().expect("a process")
}

/// Whether the arguments that `cargo test` passes on ask for this test.
fn is_chosen(name: &str) -> bool {
    const WITH_VALUE: [&str; 6] = ["--color", "--format", "--logfile", "--skip", "--test-threads", "-Z"];
    let (mut args, mut filters) = (std::env::args().skip(1), Vec::new());
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--list" => {
                println!("{name}: test");
                return false;
            }
            "--ignored" => return false,
            option if WITH_VALUE.contains(&option) => drop(args.next()),
            option if option.starts_with('-') => {}
            filter => filters.push(filter.to_owned()),
        }
    }
    filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()))
}
