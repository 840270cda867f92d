//! What all servers are: a program in a folder of its own, on a port that stays its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::keeper::{Keeper, Ready};
use crate::ports::free_port;
use crate::user::User;

/// How servers say that somebody else has their port.
const TAKEN: &str = "Address already in use";

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
    /// Starts what `command` makes of a folder, a new one for each try, and a free port.
    ///
    /// # Panics
    ///
    /// Where it does not start: its log is in the message.
    pub(crate) fn start(
        user: Option<User>,
        ready: Ready,
        folder: impl Fn() -> PathBuf,
        command: impl Fn(&Path, u16) -> Command,
    ) -> Self {
        until_it_starts("the server does not start", || {
            let (folder, port) = (folder(), free_port());
            let keeper = Keeper::new(&command(&folder, port), &folder, user);
            keeper.start(ready, port).map(|()| Self { port, folder, ready, keeper })
        })
    }

    pub(crate) fn kill(&self) {
        self.keeper.tell("kill");
    }

    /// Starts it again on the same port and data; kills it first where it runs.
    pub(crate) fn restart(&self) {
        self.kill();
        until_it_starts("the server does not start again", || self.keeper.start(self.ready, self.port));
    }

    pub(crate) fn pause(&self) {
        self.keeper.tell("pause");
    }

    pub(crate) fn resume(&self) {
        self.keeper.tell("resume");
    }
}

fn until_it_starts<T>(what: &str, start: impl Fn() -> Result<T, String>) -> T {
    let mut tries = 1;
    loop {
        match start() {
            Ok(started) => return started,
            Err(log) if tries == TRIES || !log.contains(TAKEN) => panic!("{what}:\n{log}"),
            Err(_) => tries += 1,
        }
    }
}

/// What is done to every server, in the words of its own.
macro_rules! controls {
    ($server:ident) => {
        impl $server {
            /// The port of this machine that it listens on.
            #[must_use]
            pub fn port(&self) -> u16 {
                self.0.port
            }

            /// Its folder, which goes with it.
            #[must_use]
            pub fn folder(&self) -> &std::path::Path {
                &self.0.folder
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

            /// Stops every process of it in its tracks. Connections stay open, and nothing answers.
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
