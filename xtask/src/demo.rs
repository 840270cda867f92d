//! `cargo xtask demo`: runs the example shop on an SQLite file and says what to try next.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use crate::args::Accepts;
use crate::command::{Cmd, quote};
use crate::error::{Error, Result};
use crate::output;
use crate::workspace::Workspace;

const HELP: &str = "\
Usage: cargo xtask demo [--addr ADDRESS:PORT] [--store FILE]

Builds the example shop, prints what to try next, and serves until Ctrl-C.

Options:
  --addr ADDRESS:PORT   where to listen; 127.0.0.1:8080 unless told, or a free port when that one is taken
  --store FILE          the SQLite file; shop.sqlite3 in the current folder unless told";

const ACCEPTS: Accepts = Accepts { flags: &[], options: &["--addr", "--store"], names: false, passed_on: false };
const DEFAULT_ADDR: &str = "127.0.0.1:8080";
const DEFAULT_STORE: &str = "shop.sqlite3";

/// Runs the command.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let given = ACCEPTS.read(args)?;
    if given.help {
        output::line(HELP);
        return Ok(());
    }
    let workspace = Workspace::load()?;
    let addr = address(given.option("--addr"))?;
    let store = Path::new(given.option("--store").unwrap_or(DEFAULT_STORE));
    let store = std::path::absolute(store).map_err(|error| Error::failed(format!("cannot use that file: {error}")))?;
    let backend = backend(&store)?;

    // Built before what to try next is printed, which would scroll away under the compiler's lines.
    output::line("Building the shop and the SQLite that it contains. The first time this takes a minute or two.");
    Cmd::cargo().words("build --locked -p shop").run(&workspace.root)?;
    output::line(what_to_try(&workspace.root, &backend, addr));
    let serve = shop(&backend).words("serve --addr").args([addr.to_string()]);
    serve.become_it(&workspace.root)
}

/// The shop's own command line on this store.
fn shop(backend: &str) -> Cmd {
    Cmd::cargo().words("run -q --locked -p shop --").env("CONSTANCE_BACKEND", backend)
}

/// The address to listen on: the one asked for, or a free port when none was asked for and the usual one is taken.
fn address(asked: Option<&str>) -> Result<SocketAddr> {
    let wanted: SocketAddr = asked.unwrap_or(DEFAULT_ADDR).parse().map_err(|_| {
        Error::usage(format!("`{}` is not an address and port such as {DEFAULT_ADDR}", asked.unwrap_or_default()))
    })?;
    // Bound only to look, and let go at once: the shop binds it again a moment later.
    match TcpListener::bind(wanted).and_then(|listener| listener.local_addr()) {
        Ok(addr) => Ok(addr),
        Err(error) if error.kind() == ErrorKind::AddrInUse && asked.is_none() => {
            let free = TcpListener::bind((wanted.ip(), 0)).and_then(|listener| listener.local_addr());
            let free = free.map_err(|error| Error::failed(format!("cannot find a free port: {error}")))?;
            output::line(format!("port {} is taken, so the shop listens on {}", wanted.port(), free.port()));
            Ok(free)
        }
        Err(error) => {
            Err(Error::failed(format!("cannot listen on {wanted}: {error}; choose another with --addr ADDRESS:PORT")))
        }
    }
}

/// The file as `CONSTANCE_BACKEND` names it.
fn backend(store: &Path) -> Result<String> {
    let path = store.to_str().ok_or_else(|| Error::usage("the store's path is not text; choose one with --store"))?;
    let path = path.replace('\\', "/");
    // Characters that mean something in a URL, and those that no URL holds.
    let plain = |c: char| c.is_alphanumeric() || "-_.~/:".contains(c);
    let mut url = String::from(if path.starts_with('/') { "sqlite://" } else { "sqlite:///" });
    for c in path.chars() {
        if plain(c) {
            url.push(c);
        } else {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes).bytes().for_each(|byte| url.push_str(&format!("%{byte:02X}")));
        }
    }
    Ok(url)
}

fn what_to_try(root: &Path, backend: &str, addr: SocketAddr) -> String {
    let curl = format!("curl -s http://{}/", reachable(addr));
    let set = shop(backend).words("settings set the_answer 43").shell_line();
    format!(
        "
The shop answers on http://{at}/ and keeps its settings in a file. Try next, in a second terminal:

  cd {folder}
  {curl}
  {set}
  {curl}

The second answer shows 43: the shop went on running while another process changed the setting.
Stop it with Ctrl-C or `kill -9`, start it again, and the value is still there.
",
        at = reachable(addr),
        folder = quote(&root.display().to_string()),
    )
}

/// The address as a client on this machine reaches it: nobody can connect to `0.0.0.0`.
fn reachable(addr: SocketAddr) -> SocketAddr {
    let mut addr = addr;
    if addr.ip().is_unspecified() {
        addr.set_ip(if addr.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    addr
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_carries_the_store_and_the_address() {
        let text = what_to_try(Path::new("/my clone"), "sqlite:///s/shop.sqlite3", "0.0.0.0:81".parse().unwrap());
        assert!(text.contains("  cd '/my clone'\n  curl -s http://127.0.0.1:81/\n"), "{text}");
        let set = "  CONSTANCE_BACKEND=sqlite:///s/shop.sqlite3 cargo run -q --locked -p shop -- \
                   settings set the_answer 43\n";
        assert!(text.contains(set), "{text}");
    }

    #[test]
    fn a_path_is_a_url() {
        assert_eq!(backend(Path::new("/a/b.sqlite3")).unwrap(), "sqlite:///a/b.sqlite3");
        assert_eq!(backend(Path::new("/a b/50%?#.db")).unwrap(), "sqlite:///a%20b/50%25%3F%23.db");
    }

    #[test]
    fn a_port_that_is_taken_is_said() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let holder = TcpListener::bind(taken).unwrap();
        let message = address(Some(&taken.to_string())).unwrap_err().to_string();
        assert!(message.starts_with(&format!("cannot listen on {taken}: ")) && message.contains("--addr"), "{message}");
        drop(holder);
    }

    #[test]
    fn an_address_needs_a_port() {
        let message = address(Some("localhost")).unwrap_err().to_string();
        assert_eq!(message, "`localhost` is not an address and port such as 127.0.0.1:8080");
        assert_ne!(address(Some("127.0.0.1:0")).unwrap().port(), 0);
    }
}
