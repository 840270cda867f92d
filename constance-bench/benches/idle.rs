//! What processes cost that do nothing but follow their settings: `cargo xtask bench idle`.
//!
//! One process and then twenty, each with a `Config` and `live()`, are left alone for 20 seconds (`-- 60` for a minute, `-- Redis`
//! for one store). Each tells the CPU time it took and how often one of its threads was woken; the server is asked what it did
//! meanwhile.
#![cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "the system does not tell"))]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use constance_core::{Config, Registry, Settings};
use constance_redis::redis;
use diesel::dsl::sql;
use diesel::mysql::MysqlConnection;
use diesel::pg::PgConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, RunQueryDsl};

mod common;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// The URL of the store, for a process that follows it.
const ROLE: &str = "CONSTANCE_BENCH_FOLLOWS";

/// What the start still has to do is over by then. PostgreSQL counts it up to 10 seconds late.
const SETTLE: Duration = Duration::from_secs(12);

/// A table of MariaDB in which nothing has changed for a minute is looked at less often.
const QUIET: Duration = Duration::from_secs(65);

#[derive(Debug, Clone, Settings)]
struct Shop {
    /// Website title
    #[setting(default = "My Title")]
    site_name: String,
    /// How many articles a page shows
    #[setting(default = 20)]
    page_size: u32,
}

fn config(url: &str) -> Fallible<Config<Shop>> {
    let registry = Registry::new().with(constance_diesel::schemes()).with(constance_redis::schemes());
    Ok(Config::<Shop>::builder(registry.open(url)?).build_typed()?)
}

/// The child: follows, and for each line it is sent says what it has cost so far.
fn follow(url: &str) -> Fallible<()> {
    let config = config(url)?;
    let _live = config.live()?;
    println!("ready");
    for line in std::io::stdin().lines() {
        line?;
        let (nanoseconds, wakes) = spent()?;
        println!("{nanoseconds} {wakes}");
    }
    Ok(())
}

/// The CPU time of this process in nanoseconds, and how often its threads have waited for something, until now.
fn spent() -> Fallible<(u64, u64)> {
    let (mut nanoseconds, mut wakes) = (0, 0);
    for task in std::fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        let ran = std::fs::read_to_string(task.join("schedstat"))?;
        nanoseconds += ran.split(' ').next().ok_or("no time")?.parse::<u64>()?;
        let status = std::fs::read_to_string(task.join("status"))?;
        let waits = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        wakes += waits.ok_or("no number of switches")?.trim().parse::<u64>()?;
    }
    Ok((nanoseconds, wakes))
}

/// A process that follows the store.
struct Follower {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Follower {
    fn start(url: &str) -> Fallible<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.env(ROLE, url).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let asks = child.stdin.take().ok_or("the child has no standard input")?;
        let answers = BufReader::new(child.stdout.take().ok_or("the child has no standard output")?);
        Ok(Self { child, asks, answers })
    }

    fn line(&mut self) -> Fallible<String> {
        let mut line = String::new();
        match self.answers.read_line(&mut line)? {
            0 => Err("a process that follows has ended".into()),
            _ => Ok(line),
        }
    }

    fn spent(&mut self) -> Fallible<(u64, u64)> {
        self.asks.write_all(b"\n")?;
        let line = self.line()?;
        let (nanoseconds, wakes) = line.trim().split_once(' ').ok_or("the child speaks otherwise")?;
        Ok((nanoseconds.parse()?, wakes.parse()?))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Who is asked what the server has done.
enum Server {
    /// There is none.
    File,
    Redis(Box<redis::Connection>),
    Postgres(PgConnection),
    Mariadb(MysqlConnection),
}

impl Server {
    fn of(url: &str) -> Fallible<Self> {
        Ok(match url.split(':').next() {
            Some("redis") => Self::Redis(Box::new(redis::Client::open(url)?.get_connection()?)),
            Some("postgres" | "postgresql") => Self::Postgres(PgConnection::establish(url)?),
            Some("mysql") => Self::Mariadb(MysqlConnection::establish(url)?),
            _ => Self::File,
        })
    }

    /// Commands, transactions or statements so far, and their name. The question is one of them.
    fn done(&mut self) -> Fallible<(i64, &'static str)> {
        Ok(match self {
            Self::File => (1, ""),
            Self::Redis(connection) => {
                let info: String = redis::cmd("INFO").arg("stats").query(connection)?;
                let commands = info.lines().find_map(|line| line.strip_prefix("total_commands_processed:"));
                (commands.ok_or("no number of commands")?.parse()?, "commands")
            }
            Self::Postgres(connection) => {
                let query =
                    "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()";
                (sql::<BigInt>(query).get_result(connection)?, "transactions")
            }
            Self::Mariadb(connection) => {
                let query = "SELECT CAST(variable_value AS SIGNED) FROM information_schema.global_status \
                             WHERE variable_name = 'QUESTIONS'";
                (sql::<BigInt>(query).get_result(connection)?, "statements")
            }
        })
    }
}

fn measure(name: &str, url: &str, processes: usize, settle: Duration, seconds: u64) -> Fallible<()> {
    let mut server = Server::of(url)?;
    let mut followers = (0..processes).map(|_| Follower::start(url)).collect::<Fallible<Vec<_>>>()?;
    for follower in &mut followers {
        follower.line()?;
    }
    std::thread::sleep(settle);
    let (done_before, what) = server.done()?;
    let before = followers.iter_mut().map(Follower::spent).collect::<Fallible<Vec<_>>>()?;
    let began = Instant::now();
    std::thread::sleep(Duration::from_secs(seconds));
    let took = began.elapsed().as_secs_f64();
    let (mut nanoseconds, mut wakes) = (0, 0);
    for (follower, (ran, woken)) in followers.iter_mut().zip(before) {
        let spent = follower.spent()?;
        nanoseconds += spent.0 - ran;
        // The question itself is one.
        wakes += (spent.1 - woken).saturating_sub(1);
    }
    let per_second = |sum: u64| sum as f64 / took / processes as f64;
    let work = (server.done()?.0 - done_before - 1).max(0) as f64 / took * 60.0;
    let work = if what.is_empty() { "none".to_owned() } else { format!("{work:.0} {what}") };
    println!("{name:<34} {processes:>9} {:>14.3} {:>14.1}   {work}", per_second(nanoseconds) / 1e6, per_second(wakes));
    Ok(())
}

fn main() -> Fallible<()> {
    constance_diesel::init_openssl();
    if let Ok(url) = std::env::var(ROLE) {
        return follow(&url);
    }
    let seconds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(20);
    println!("\nProcesses with a live() while nothing changes, {seconds} s");
    println!("{:<34} {:>9} {:>14} {:>14}   the server, a minute", "", "processes", "CPU ms/s each", "wakes/s each");
    let dir = tempfile::tempdir()?;
    let file = format!("sqlite://{}/bench.sqlite3", dir.path().display());
    let mut stores = vec![("SQLite".to_owned(), file, SETTLE)];
    let redis = common::server();
    stores.extend(redis.iter().map(|(url, _)| ("Redis".to_owned(), url.clone(), SETTLE)));
    for (name, variable) in [("PostgreSQL", "CONSTANCE_POSTGRES_URL"), ("MariaDB", "CONSTANCE_MARIADB_URL")] {
        let Ok(url) = std::env::var(variable) else {
            println!("{name}: left out, {variable} is not set");
            continue;
        };
        match name {
            // Where the server offers TLS a feed polls, unless the URL gives it up.
            "PostgreSQL" if !url.contains('?') => {
                stores.push((name.to_owned(), format!("{url}?sslmode=disable"), SETTLE));
            }
            "MariaDB" => {
                stores.push((name.to_owned(), url.clone(), SETTLE));
                stores.push((format!("{name}, after a minute"), url, QUIET));
            }
            _ => stores.push((name.to_owned(), url, SETTLE)),
        }
    }
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|word| word.starts_with(|c: char| c.is_alphabetic())).collect();
    for (name, url, settle) in &stores {
        if !wanted.is_empty() && !wanted.iter().any(|word| name.starts_with(word)) {
            continue;
        }
        config(url)?.migrate()?;
        for processes in [1, 20] {
            measure(name, url, processes, *settle, seconds)?;
        }
    }
    Ok(())
}
