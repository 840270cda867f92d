//! Cache servers of the tests' own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::Range;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use super::{skipped, until};

/// Starts a server, says its process, and ends it with whoever holds the other end of the input. A server that is paused
/// hears nothing but KILL. What ends a whole group of processes must not end the keeper first.
const KEEPER: &str = r#"
trap '' HUP INT TERM
"$@" > /dev/null 2> /dev/null &
echo "process $!"
read -r word
kill -KILL $! 2> /dev/null
wait $! 2> /dev/null
"#;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    Memcached,
    Redis,
}

/// A server on a free port. It ends with this value, or with the test program.
pub struct Server {
    pub port: u16,
    program: Program,
    folder: TempDir,
    running: Option<Running>,
}

struct Running {
    keeper: Child,
    process: String,
}

impl Program {
    fn name(self) -> &'static str {
        match self {
            Self::Memcached => "memcached",
            Self::Redis => "redis-server",
        }
    }

    fn is_installed(self) -> bool {
        let version = match self {
            Self::Memcached => "-V",
            Self::Redis => "--version",
        };
        let found = Command::new(self.name()).arg(version).stdout(Stdio::null()).stderr(Stdio::null()).status();
        found.is_ok_and(|status| status.success())
    }

    /// A server, or `None` (and a word about it) where none is installed.
    pub fn start(self) -> Option<Server> {
        if !self.is_installed() {
            skipped(self.name());
            return None;
        }
        let folder = || TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        // Between finding a free port and using it, somebody else may take it.
        for _ in 0..5 {
            let mut server = Server { port: free_port(), program: self, folder: folder(), running: None };
            if server.run() {
                return Some(server);
            }
        }
        panic!("{} does not start", self.name());
    }
}

impl Server {
    pub fn url(&self) -> String {
        match self.program {
            Program::Memcached => format!("memcache://127.0.0.1:{}", self.port),
            Program::Redis => format!("redis://127.0.0.1:{}/0", self.port),
        }
    }

    /// Starts it again after [`kill`](Self::kill), on the same port, empty.
    pub fn restart(&mut self) {
        assert!(self.run(), "the server does not start again");
    }

    fn run(&mut self) -> bool {
        let port = self.port.to_string();
        let folder = self.folder.path().display().to_string();
        let arguments: &[&str] = match self.program {
            Program::Memcached => &["-u", "nobody", "-l", "127.0.0.1", "-p", &port, "-m", "64"],
            Program::Redis => &["--port", &port, "--bind", "127.0.0.1", "--save", "", "--dir", &folder],
        };
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper", self.program.name()]).args(arguments);
        let mut keeper =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a shell");
        let mut line = String::new();
        let output = keeper.stdout.take().expect("piped");
        BufReader::new(output).read_line(&mut line).expect("the keeper names the process");
        let process = line.trim().strip_prefix("process ").expect("the keeper names the process").to_owned();
        let mut running = Running { keeper, process };
        let up = until("the server answers or ends", || match (self.answers(), running.is_alive()) {
            (true, true) => Some(true),
            (_, false) => Some(false),
            (false, true) => None,
        });
        if !up {
            running.end();
            return false;
        }
        self.running = Some(running);
        true
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let ask = match self.program {
            Program::Memcached => "version\r\n",
            Program::Redis => "PING\r\n",
        };
        let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
        stream.write_all(ask.as_bytes()).is_ok() && stream.read(&mut [0; 4]).is_ok_and(|read| read > 0)
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.end();
        }
    }

    /// Stops it in its tracks; connections stay open, and nothing answers.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let running = self.running.as_ref().expect("a running server");
        assert!(kill(signal, &running.process));
    }
}

impl Running {
    fn is_alive(&self) -> bool {
        kill("-0", &self.process)
    }

    fn end(&mut self) {
        if let Some(mut input) = self.keeper.stdin.take() {
            let _ = writeln!(input, "end");
        }
        let _ = self.keeper.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that nobody listens on. Not one of those that the system gives to outgoing connections: while a server is down,
/// one of them would take it.
pub fn free_port() -> u16 {
    const PORTS: Range<u16> = 10_000..32_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Each test program begins somewhere else.
    let start = std::process::id().wrapping_mul(97);
    for _ in PORTS {
        let offset = start.wrapping_add(u32::from(NEXT.fetch_add(1, Ordering::Relaxed)));
        let offset = u16::try_from(offset % u32::from(PORTS.end - PORTS.start)).expect("less than the number of ports");
        if TcpListener::bind(("127.0.0.1", PORTS.start + offset)).is_ok() {
            return PORTS.start + offset;
        }
    }
    panic!("no port is free");
}

/// The shell's own `kill`: a bare Debian has no program of that name.
fn kill(signal: &str, process: &str) -> bool {
    let mut shell = Command::new("sh");
    shell.args(["-c", "kill \"$1\" \"$2\"", "sh", signal, process]).stderr(Stdio::null());
    shell.status().expect("a shell").success()
}
