//! memcached: one server, and two whose keys a client divides between them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::Duration;

use crate::error::{Error, Result};

use super::process::{Launch, Process};
use super::set::Set;
use super::user::User;
use super::{folder, ports, programs, wait};

const LIMIT: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn start(own: &Path) -> Result<Set> {
    let ports = ports::free(3)?;
    let mut servers = ports.iter().map(|port| Ok((*port, launch(own, *port)?))).collect::<Result<Vec<_>>>()?;
    for (port, process) in &mut servers {
        ready(*port, process)?;
    }
    let host = |port: &u16| format!("127.0.0.1:{port}");
    let (single, both) = (host(&ports[0]), [host(&ports[1]), host(&ports[2])].join(","));
    let set = Set::of(servers.into_iter().map(|(_, process)| process));
    let set = set.with("CONSTANCE_MEMCACHED_URL", format!("memcache://{single}"));
    Ok(set.with("CONSTANCE_MEMCACHED_SERVERS_URL", format!("memcache://{both}")))
}

fn launch(own: &Path, port: u16) -> Result<Process> {
    let folder = own.join(format!("server-{port}"));
    folder::private(&folder)?;
    let mut args = vec!["-l".to_owned(), "127.0.0.1".to_owned(), "-p".to_owned(), port.to_string()];
    if User::instead_of_root("nobody")?.is_some() {
        args.extend(["-u".to_owned(), "nobody".to_owned()]);
    }
    let program = programs::path(programs::MEMCACHED);
    Launch::new(&program).args(args).start(&folder)
}

/// Waits until it says that it is ours: where somebody else took the port, ours is about to end.
fn ready(port: u16, process: &mut Process) -> Result<()> {
    wait::until("a memcached that answers", LIMIT, || {
        if let Err(ended) = process.check() {
            return Ok(Some(Err(ended)));
        }
        let id = process_of(port).map_err(|error| Error::failed(format!("it does not answer: {error}")))?;
        Ok((id.is_some() && id == process.id()).then_some(Ok(())))
    })?
}

/// The process id that a server gives as its own.
fn process_of(port: u16) -> std::io::Result<Option<String>> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"stats\r\n")?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if let Some(id) = line.strip_prefix("STAT pid ") {
            return Ok(Some(id.to_owned()));
        }
        if line == "END" {
            break;
        }
    }
    Ok(None)
}
