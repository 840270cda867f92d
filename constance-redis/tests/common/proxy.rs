//! A proxy that cuts its connections.

use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Forwards connections to a server, and cuts each after a random number of bytes of its replies.
pub fn proxy(to: u16, cuts: Arc<AtomicU64>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { continue };
            // Without it, each reply waits for an acknowledgement.
            client.set_nodelay(true).and_then(|()| server.set_nodelay(true)).expect("an option");
            let cuts = Arc::clone(&cuts);
            let (mut from, mut into) = (client.try_clone().expect("a handle"), server.try_clone().expect("a handle"));
            thread::spawn(move || std::io::copy(&mut from, &mut into));
            thread::spawn(move || forward_replies(server, client, &cuts));
        }
    });
    port
}

fn forward_replies(mut server: TcpStream, mut client: TcpStream, cuts: &AtomicU64) {
    let mut left = RandomState::new().hash_one(0) as usize % 3000;
    let mut buffer = [0; 256];
    while let Ok(count) = server.read(&mut buffer) {
        if count == 0 || client.write_all(&buffer[..count.min(left)]).is_err() {
            break;
        }
        if count >= left {
            cuts.fetch_add(1, Ordering::Relaxed);
            break;
        }
        left -= count;
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}
