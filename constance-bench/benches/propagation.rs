//! How long a change takes from one process to `live()` in another: `cargo xtask bench propagation`.
//!
//! Another process sets the time of its clock, a thousand times; this one takes the difference when it sees it. Between
//! two changes it asks for the next one, so no two are merged. The other process is a child that calls `Config::set`, or the
//! command line of the store (`redis-cli`, `psql`, `mariadb`), which is handed a write with the time in it: its figures include
//! the way through its standard input.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use constance_core::{Codec, Config, MessagePack, Registry, SettingType, Settings, backend::Key};

mod common;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

const CHANGES: usize = 1_000;
const ROLE: &str = "CONSTANCE_BENCH_WRITES_TO";

#[derive(Debug, Clone, Settings)]
struct Clock {
    /// When it was set, in nanoseconds since 1970.
    #[setting(default = 0)]
    set_at: i64,
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

fn registry() -> Registry {
    Registry::new().with(constance_diesel::schemes()).with(constance_redis::schemes())
}

fn config(url: &str) -> Fallible<Config<Clock>> {
    Ok(Config::<Clock>::builder(registry().open(url)?).build_typed()?)
}

/// The child: sets the clock for each line it is sent.
fn write(url: &str) -> Fallible<()> {
    let config = config(url)?;
    println!("ready");
    for line in std::io::stdin().lines() {
        line?;
        config.set(Clock::SET_AT, now())?;
    }
    Ok(())
}

/// The process that writes.
struct Writer {
    child: Child,
    asks: ChildStdin,
    /// The key that a foreign writer is to set, and how it is told.
    foreign: Option<(Key, Dialect)>,
}

impl Writer {
    fn start(url: &str) -> Fallible<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .env(ROLE, url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let asks = child.stdin.take().ok_or("the child has no standard input")?;
        let answers: ChildStdout = child.stdout.take().ok_or("the child has no standard output")?;
        BufReader::new(answers).read_line(&mut String::new())?;
        Ok(Self { child, asks, foreign: None })
    }

    /// Somebody who knows nothing of settings: the command line of the store.
    fn foreign(url: &str, key: Key) -> Fallible<Self> {
        let mut command = match url.split(':').next() {
            Some("redis") => words("redis-cli", &["-u", url]),
            Some("postgres" | "postgresql") => words("psql", &["--quiet", "--no-psqlrc", "--dbname", url]),
            _ => mariadb(url)?,
        };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let asks = child.stdin.take().ok_or("the child has no standard input")?;
        Ok(Self { child, asks, foreign: Some((key, Dialect::of(url))) })
    }

    fn ask(&mut self) -> Fallible<()> {
        let Some((key, dialect)) = &self.foreign else { return Ok(self.asks.write_all(b"\n")?) };
        let encoded = MessagePack.encode(&<i64 as SettingType>::KIND, &now())?;
        let hex =
            |before: &str| -> String { encoded.as_bytes().iter().map(|byte| format!("{before}{byte:02x}")).collect() };
        let line = match dialect {
            Dialect::Redis => format!("SET {key} \"{}\"\n", hex("\\x")),
            Dialect::Postgres => {
                format!("UPDATE constance_settings SET value = '\\x{}' WHERE key = '{key}';\n", hex(""))
            }
            Dialect::Mysql => format!("UPDATE constance_settings SET value = x'{}' WHERE `key` = '{key}';\n", hex("")),
        };
        Ok(self.asks.write_all(line.as_bytes())?)
    }
}

/// Whose words a foreign writer speaks.
enum Dialect {
    Redis,
    Postgres,
    Mysql,
}

impl Dialect {
    fn of(url: &str) -> Self {
        match url.split(':').next() {
            Some("redis") => Self::Redis,
            Some("postgres" | "postgresql") => Self::Postgres,
            _ => Self::Mysql,
        }
    }
}

fn words(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command
}

/// `mysql://user:password@host:port/database` as the options of MariaDB's client.
fn mariadb(url: &str) -> Fallible<Command> {
    let wrong = "the URL of MariaDB is not user:password@host:port/database";
    let (user, place) = url.split_once("://").and_then(|(_, rest)| rest.split_once('@')).ok_or(wrong)?;
    let ((user, password), (address, database)) = user.split_once(':').zip(place.split_once('/')).ok_or(wrong)?;
    let (host, port) = address.split_once(':').ok_or(wrong)?;
    let mut command =
        words("mariadb", &["--no-defaults", "--unbuffered", "--host", host, "--port", port, "--user", user]);
    command.arg(database).env("MYSQL_PWD", password);
    Ok(command)
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn measure(name: &str, url: &str, foreign: bool) -> Fallible<()> {
    let config = config(url)?;
    config.migrate()?;
    let live = config.live()?;
    let mut writer = if foreign { Writer::foreign(url, config.prefix().key("set_at")?)? } else { Writer::start(url)? };
    let mut took = Vec::with_capacity(CHANGES);
    for _ in 0..CHANGES {
        let before = live.load().set_at;
        writer.ask()?;
        // What wakes it may have been told before.
        while live.load().set_at == before {
            if !live.wait_for_change(Duration::from_secs(10)) {
                return Err("a change did not arrive".into());
            }
        }
        took.push(now() - live.load().set_at);
    }
    took.sort_unstable();
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)] as f64 / 1e6;
    println!("{name:<44} p50 {:>7.2} ms   p99 {:>7.2} ms   worst {:>7.2} ms", at(50), at(99), at(100));
    Ok(())
}

fn main() -> Fallible<()> {
    if let Ok(url) = std::env::var(ROLE) {
        return write(&url);
    }
    let dir = tempfile::tempdir()?;
    println!("\nFrom a set in one process to live() in another, {CHANGES} changes");
    measure("SQLite, Config::set", &format!("sqlite://{}/bench.sqlite3", dir.path().display()), false)?;
    if let Some((url, _server)) = common::server() {
        measure("Redis, Config::set", &url, false)?;
        measure("Redis, SET by redis-cli", &url, true)?;
    }
    for (name, client, variable) in
        [("PostgreSQL", "psql", "CONSTANCE_POSTGRES_URL"), ("MariaDB", "mariadb", "CONSTANCE_MARIADB_URL")]
    {
        let Ok(url) = std::env::var(variable) else {
            println!("{name}: left out, {variable} is not set");
            continue;
        };
        // Where the server offers TLS a feed polls, unless the URL gives it up.
        let url = if name == "PostgreSQL" && !url.contains('?') { format!("{url}?sslmode=disable") } else { url };
        measure(&format!("{name}, Config::set"), &url, false)?;
        measure(&format!("{name}, UPDATE by {client}"), &url, true)?;
    }
    Ok(())
}
