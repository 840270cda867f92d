//! What all servers are: a program in a folder of its own, on a port that stays its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Result, StartError};
use crate::keeper::{Keeper, Ready};
use crate::options::Options;
use crate::ports::free_port;
use crate::user::User;

/// How servers say that another program has their port. The second is for those that speak German.
const TAKEN: [&str; 2] = ["Address already in use", "Adresse wird bereits verwendet"];

/// Between finding a free port and using it, somebody else may take it, or hold it for a moment.
const TRIES: usize = 5;

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) folder: PathBuf,
    ready: Ready,
    keeper: Keeper,
}

impl Server {
    /// Starts what `command` makes of a folder, a new one for each try, and a free port. An error has the log.
    pub(crate) fn start(
        user: Option<User>,
        options: &Options,
        ready: Ready,
        folder: impl Fn() -> Result<PathBuf>,
        command: impl Fn(&Path, u16) -> Result<Command>,
    ) -> Result<Self> {
        until_it_starts("the server does not start", || {
            let (folder, port) = (folder()?, free_port());
            let mut command = command(&folder, port)?;
            command.envs(options.environment.iter().map(|(name, value)| (name, value)));
            let keeper = Keeper::new(&command, &folder, user)?;
            Ok(keeper.start(ready, port).map(|()| Self { port, folder, ready, keeper }))
        })
    }

    pub(crate) fn kill(&self) {
        self.keeper.tell("kill");
    }

    /// Starts it again on the same port and data; kills it first where it runs.
    pub(crate) fn restart(&self) {
        self.kill();
        let start = || Ok(self.keeper.start(self.ready, self.port));
        until_it_starts("the server does not start again", start).unwrap_or_else(|error| panic!("{error}"));
    }

    pub(crate) fn pause(&self) {
        self.keeper.tell("pause");
    }

    pub(crate) fn resume(&self) {
        self.keeper.tell("resume");
    }

    pub(crate) fn log(&self) -> String {
        crate::keeper::log(&self.folder)
    }
}

/// A start has its own result where the programs could be started: the server, or its log.
fn until_it_starts<T>(what: &str, start: impl Fn() -> Result<std::result::Result<T, String>>) -> Result<T> {
    let mut tries = 1;
    loop {
        match start()? {
            Ok(started) => return Ok(started),
            Err(log) if tries == TRIES || !TAKEN.iter().any(|words| log.contains(words)) => {
                return Err(StartError::failed(format!("{what}:\n{log}")));
            }
            Err(_) => tries += 1,
        }
    }
}

/// What every server can do, as methods of its own type, which has a constructor `try_start`.
macro_rules! controls {
    ($server:ident) => {
        impl $server {
            /// A server, or `None` (and a message) where none is installed.
            ///
            /// # Panics
            ///
            /// Where it is installed and does not start, or is not and has to be: see [`skip`](crate::skip).
            #[must_use]
            pub fn start() -> Option<Self> {
                Self::with(&[])
            }

            /// A server with further settings, as [`Options::settings`](crate::Options::settings) has them.
            ///
            /// # Panics
            ///
            /// As [`start`](Self::start).
            #[must_use]
            pub fn with(settings: &[&str]) -> Option<Self> {
                $crate::required::or_skip(Self::try_start(
                    &$crate::Options::default().settings(settings.iter().copied()),
                ))
            }

            /// The port of this machine that it listens on.
            #[must_use]
            pub fn port(&self) -> u16 {
                self.0.port
            }

            /// Its folder, which is removed with it.
            #[must_use]
            pub fn folder(&self) -> &std::path::Path {
                &self.0.folder
            }

            /// What it has printed since its last start.
            #[must_use]
            pub fn log(&self) -> String {
                self.0.log()
            }

            /// Ends it at once, as `kill -9` of every process of it does. Connections are cut.
            pub fn kill(&mut self) {
                self.0.kill();
            }

            /// Starts it again on the same port and in the same folder. Where it runs, it is killed first.
            ///
            /// # Panics
            ///
            /// Where it does not start: its log is in the message.
            pub fn restart(&mut self) {
                self.0.restart();
            }

            /// Stops every process of it. Connections stay open, and nothing answers.
            pub fn pause(&self) {
                self.0.pause();
            }

            /// Lets it go on after [`pause`](Self::pause).
            pub fn resume(&self) {
                self.0.resume();
            }
        }
    };
}

pub(crate) use controls;
