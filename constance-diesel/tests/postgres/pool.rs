//! How many connections the backend's own pool opens, and when.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use constance_core::{Backend, ErrorKind, backend::Stored};
use constance_diesel::PostgresBackend;

use crate::postgres_support::{Schema, User, admin_url, key, patient, raw, read, server_url, until};

const SIZE: usize = 4;
const THREADS: usize = 32;

/// What has come by between the backend and the server.
#[derive(Default)]
struct Counts {
    down: AtomicBool,
    /// How many connections were asked for, how many are open, and how many were at most.
    asked: AtomicUsize,
    open: AtomicUsize,
    most: AtomicUsize,
}

/// Hands on to the server at this address, unless it is down.
fn relay(server: String) -> (u16, Arc<Counts>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let counts = Arc::<Counts>::default();
    let shared = Arc::clone(&counts);
    thread::spawn(move || {
        for client in listener.incoming() {
            let (client, counts) = (client.expect("a connection"), Arc::clone(&shared));
            counts.asked.fetch_add(1, Ordering::SeqCst);
            if counts.down.load(Ordering::SeqCst) {
                continue;
            }
            counts.most.fetch_max(counts.open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let server = TcpStream::connect(&server).expect("the server");
            thread::spawn(move || {
                let back = (server.try_clone().expect("a stream"), client.try_clone().expect("a stream"));
                let answers = thread::spawn(move || copy(back.0, back.1));
                copy(client, server);
                answers.join().expect("no panic");
                counts.open.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    (port, counts)
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}

/// What each of many threads reads that begin at the same time.
fn reads(backend: &PostgresBackend) -> Vec<constance_core::Result<Stored>> {
    let barrier = Barrier::new(THREADS);
    thread::scope(|threads| {
        let read = || {
            barrier.wait();
            read(backend, "a")
        };
        let all: Vec<_> = (0..THREADS).map(|_| threads.spawn(read)).collect();
        all.into_iter().map(|one| one.join().expect("no panic")).collect()
    })
}

#[test]
fn its_size_is_the_limit_at_a_cold_start_and_after_an_outage() {
    let (Some(schema), Some(admin), Some(base)) = (Schema::new(), admin_url(), server_url()) else { return };
    schema.backend();
    let mut admin = raw(&admin);
    let mut user = User::new(&mut admin, &format!("CONNECTION LIMIT {SIZE}"));
    user.run(&format!(
        "GRANT USAGE ON SCHEMA {0} TO {{user}}; GRANT SELECT ON ALL TABLES IN SCHEMA {0} TO {{user}}",
        schema.name
    ));
    let address = base.split_once('@').and_then(|(_, rest)| rest.split_once('/')).expect("an address").0;
    let (port, counts) = relay(address.to_owned());
    let url = user.in_url(&schema.url()).replace(&format!("@{address}/"), &format!("@127.0.0.1:{port}/"));
    let size = u32::try_from(SIZE).expect("a small number");
    let builder = patient(&url).pool_size(size);
    let backend = builder.build().expect("a valid URL");
    for result in reads(&backend) {
        assert_eq!(result.expect("a read"), Stored::Absent);
    }
    let asked = counts.asked.load(Ordering::SeqCst);
    assert!(asked <= SIZE, "{asked} connections for a pool of {SIZE}");

    counts.down.store(true, Ordering::SeqCst);
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{user}'";
    until("the end of them", || {
        // Also of those that were on their way.
        user.run(kill);
        (counts.open.load(Ordering::SeqCst) == 0).then_some(())
    });
    // The first finds them dead. Who waits for one of them by then has to wait on.
    backend.read(&[&key("a")]).expect_err("an outage");
    for result in reads(&backend) {
        assert_eq!(result.expect_err("an outage").kind(), ErrorKind::Unavailable);
    }
    counts.down.store(false, Ordering::SeqCst);
    for result in reads(&backend) {
        assert_eq!(result.expect("a read"), Stored::Absent);
    }
    let most = counts.most.load(Ordering::SeqCst);
    assert!(most <= SIZE, "{most} connections at the same time for a pool of {SIZE}");
    drop(backend);
    until("the end of the last", || (counts.open.load(Ordering::SeqCst) == 0).then_some(()));
}
