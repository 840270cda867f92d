//! Ways to take a store out of reach, and to give it back.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use crate::Fallible;

/// A store that can be out of reach for whoever uses one of its URLs.
pub(crate) trait Outage {
    fn begin(&mut self) -> Fallible<()>;
    fn end(&mut self) -> Fallible<()>;
    /// The URL of the same store for somebody who is not concerned, now.
    fn around(&self) -> String;
}

/// A store to measure.
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) outage: Box<dyn Outage>,
}

impl Place {
    /// A file whose folder is moved away.
    pub(crate) fn sqlite(folder: &Path) -> Fallible<Self> {
        let (here, there) = (folder.join("here"), folder.join("there"));
        fs::create_dir(&here)?;
        let url = sqlite_url(&here);
        let outage = Moved { here, there, is_away: false };
        Ok(Self { name: "SQLite, moved".to_owned(), url, outage: Box::new(outage) })
    }

    /// A server that refuses connections.
    pub(crate) fn refused(name: &str, url: &str) -> Fallible<Self> {
        Self::proxied(format!("{name}, refused"), url, true)
    }

    /// A server that says nothing, to old connections and to new ones.
    pub(crate) fn silent(name: &str, url: &str) -> Fallible<Self> {
        Self::proxied(format!("{name}, silent"), url, false)
    }

    fn proxied(name: String, around: &str, refuses: bool) -> Fallible<Self> {
        let start = around.find("://").map_or(0, |at| at + 3);
        let rest = &around[start..];
        let authority = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
        let address = &authority[authority.rfind('@').map_or(0, |at| at + 1)..];
        let server = address.parse().map_err(|_| "the URL of the server has no address and port")?;
        let proxy = Proxy::start(around.to_owned(), server, refuses)?;
        let url = around.replacen(address, &proxy.address.to_string(), 1);
        Ok(Self { name, url, outage: Box::new(proxy) })
    }
}

fn sqlite_url(folder: &Path) -> String {
    format!("sqlite://{}/bench.sqlite3", folder.display())
}

struct Moved {
    here: PathBuf,
    there: PathBuf,
    is_away: bool,
}

impl Outage for Moved {
    fn begin(&mut self) -> Fallible<()> {
        self.is_away = true;
        Ok(fs::rename(&self.here, &self.there)?)
    }

    fn end(&mut self) -> Fallible<()> {
        self.is_away = false;
        Ok(fs::rename(&self.there, &self.here)?)
    }

    fn around(&self) -> String {
        sqlite_url(if self.is_away { &self.there } else { &self.here })
    }
}

/// Stands before a server, on a port that stays the same.
struct Proxy {
    around: String,
    address: SocketAddr,
    server: SocketAddr,
    refuses: bool,
    line: Arc<Line>,
    accepting: Option<thread::JoinHandle<()>>,
}

/// What the threads of a proxy agree on.
#[derive(Default)]
struct Line {
    state: Mutex<State>,
    spoken: Condvar,
}

#[derive(Default)]
struct State {
    is_silent: bool,
    refuses: bool,
    open: Vec<TcpStream>,
}

impl Line {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes bytes on, and nothing while the line is silent.
    fn pass(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut bytes = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            let mut state = self.state();
            while state.is_silent {
                state = self.spoken.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            drop(state);
            if to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }
}

impl Proxy {
    fn start(around: String, server: SocketAddr, refuses: bool) -> Fallible<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let mut proxy = Self { around, address, server, refuses, line: Arc::default(), accepting: None };
        proxy.accept(listener);
        Ok(proxy)
    }

    fn accept(&mut self, listener: TcpListener) {
        let (line, server) = (Arc::clone(&self.line), self.server);
        self.accepting = Some(thread::spawn(move || {
            for client in listener.incoming() {
                let mut state = line.state();
                if state.refuses {
                    return;
                }
                let both = client.and_then(|client| {
                    let server = TcpStream::connect(server)?;
                    let _ = (client.set_nodelay(true), server.set_nodelay(true));
                    Ok((client.try_clone()?, server.try_clone()?, client, server))
                });
                let Ok((client_too, server_too, client, server)) = both else { continue };
                state.open.extend([client.try_clone(), server.try_clone()].into_iter().flatten());
                drop(state);
                let (there, back) = (Arc::clone(&line), Arc::clone(&line));
                thread::spawn(move || there.pass(client, server));
                thread::spawn(move || back.pass(server_too, client_too));
            }
        }));
    }
}

impl Outage for Proxy {
    fn begin(&mut self) -> Fallible<()> {
        if !self.refuses {
            self.line.state().is_silent = true;
            return Ok(());
        }
        self.line.state().refuses = true;
        // The listener looks, and is gone.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            accepting.join().map_err(|_| "the proxy panicked")?;
        }
        for stream in self.line.state().open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        Ok(())
    }

    fn end(&mut self) -> Fallible<()> {
        if self.refuses {
            self.line.state().refuses = false;
            let listener = TcpListener::bind(self.address)?;
            self.accept(listener);
        } else {
            self.line.state().is_silent = false;
            self.line.spoken.notify_all();
        }
        Ok(())
    }

    fn around(&self) -> String {
        self.around.clone()
    }
}
