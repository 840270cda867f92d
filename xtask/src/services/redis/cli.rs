//! Asking a server by `redis-cli`, until it answers what is waited for.

use std::time::Duration;

use constance_testserver::{RedisServer, within};

use crate::command::Cmd;
use crate::error::{Error, Result};

/// Long even for a busy machine. Nodes of a cluster hear of each other once a second, sentinels look for replicas every ten.
const LIMIT: Duration = Duration::from_secs(60);

/// What a server answers to a command.
pub(super) fn ask(server: &RedisServer, command: &str) -> Result<String> {
    Cmd::new("redis-cli").args(["-p", &server.port().to_string()]).words(command).output(server.folder())
}

/// Asks these servers until each is ready. A server that gives an error is asked again, since it may be busy; when time is up,
/// the last error is told, with the end of each log.
pub(super) fn wait_for(
    servers: &[RedisServer],
    what: &str,
    ready: impl Fn(&RedisServer) -> Result<bool>,
) -> Result<()> {
    let mut last = String::new();
    let found = within(LIMIT, || match servers.iter().try_fold(true, |all, server| Ok(all && ready(server)?)) {
        Ok(all) => all.then_some(()),
        Err(error) => {
            last = Error::to_string(&error);
            None
        }
    });
    found.ok_or_else(|| Error::failed(format!("{what}: not within {} s\n{last}\n{}", LIMIT.as_secs(), ends(servers))))
}

fn ends(servers: &[RedisServer]) -> String {
    const LINES: usize = 12;
    let end = |server: &RedisServer| {
        let log = server.log();
        let lines: Vec<&str> = log.lines().collect();
        format!(
            "-- the end of the log on port {}\n{}\n",
            server.port(),
            lines[lines.len().saturating_sub(LINES)..].join("\n")
        )
    };
    servers.iter().map(end).collect()
}
