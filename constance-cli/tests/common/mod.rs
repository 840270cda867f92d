//! A shop's settings in memory, and its command line.

#![allow(dead_code, reason = "each test program uses its own part")]

use std::sync::Arc;
use std::time::Duration;

use constance_cli::clap::Parser;
use constance_cli::{CommandError, SettingsArgs};
use constance_core::{
    Backend, Config, Error, ErrorKind, Prefix, Result, SettingEnum, Settings,
    backend::{Applied, Batch, Change, Encoded, Key, Stored},
};
use constance_memory::MemoryBackend;

#[derive(Debug, Clone, PartialEq, SettingEnum)]
pub(crate) enum Theme {
    Light,
    Dark,
}

#[derive(Debug, Clone, Settings)]
pub(crate) struct Shop {
    /// Answer to the Ultimate Question of Life, The Universe, and Everything
    #[setting(default = 42, min = 0)]
    pub(crate) the_answer: i64,
    /// Website title
    ///
    /// Shown on every page.
    #[setting(default = "My Title", group = "General")]
    pub(crate) site_name: String,
    /// How long a basket is kept
    #[setting(default = Duration::from_secs(1800))]
    pub(crate) basket_timeout: Duration,
    /// Colours
    #[setting(default = Theme::Light, group = "General")]
    pub(crate) theme: Theme,
    /// Degrees
    #[setting(default = 0, min = -10, max = 10)]
    pub(crate) offset: i64,
    /// Key of the payment service
    #[setting(default = Some("hunter1".to_owned()), secret, group = "Payment")]
    pub(crate) api_key: Option<String>,
    /// Personal number of the payment service
    #[setting(default = 1111, secret, validate = |pin: &u32| if *pin < 10_000 { Ok(()) } else { Err(format!("{pin} is long")) })]
    pub(crate) pin: u32,
}

/// A store, and the commands that run on it.
pub(crate) struct Sandbox {
    pub(crate) backend: Arc<MemoryBackend>,
    pub(crate) config: Config<Shop>,
}

/// The result of a command.
pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) result: std::result::Result<(), CommandError>,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let backend = Arc::new(MemoryBackend::new());
        Self { config: Config::new(Arc::clone(&backend)), backend }
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_with_input(args, b"")
    }

    pub(crate) fn run_with_input(&self, args: &[&str], input: &[u8]) -> Ran {
        run(&self.config, args, input)
    }

    /// The output of a command that has to succeed.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert!(ran.result.is_ok(), "{args:?}: {:?}", ran.result);
        ran.out
    }

    pub(crate) fn json(&self, args: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.ok(args)).expect("JSON on the output")
    }

    /// Stores bytes that no setting has.
    pub(crate) fn spoil(&self, name: &str) -> Result<()> {
        let key = self.config.prefix().key(name)?;
        self.backend.write(&Batch::one(Change::set(key, Encoded::from(b"hunter2 rubbish".to_vec())))).map(drop)
    }
}

impl Ran {
    /// The error of a command that has to fail, with its exit code.
    pub(crate) fn failed(&self) -> (u8, String) {
        let error = self.result.as_ref().expect_err("this has to fail");
        (error.code(), error.to_string())
    }
}

pub(crate) fn parse(args: &[&str]) -> std::result::Result<SettingsArgs, constance_cli::clap::Error> {
    SettingsArgs::try_parse_from([&["settings"], args].concat())
}

pub(crate) fn run<S: Settings, B: Backend>(
    config: &Config<S, constance_core::MessagePack, B>,
    args: &[&str],
    mut input: &[u8],
) -> Ran {
    let args = parse(args).unwrap_or_else(|error| panic!("{args:?}: {error}"));
    let mut out = Vec::new();
    let result = args.command.run_with(config, &mut input, &mut out);
    Ran { out: String::from_utf8(out).expect("UTF-8"), result }
}

/// A store that does not answer.
#[derive(Debug)]
pub(crate) struct Down;

impl Down {
    fn refused<T>() -> Result<T> {
        Err(Error::new(ErrorKind::Unavailable)
            .with_detail("the connection was refused")
            .with_cause(constance_core::backend::Cause::new("driver").with_code("ECONNREFUSED")))
    }
}

impl Backend for Down {
    fn name(&self) -> &str {
        "down"
    }

    fn capability(&self) -> constance_core::backend::Capability {
        constance_core::backend::Capability::new()
    }

    fn read(&self, _: &[&Key]) -> Result<Vec<Stored>> {
        Self::refused()
    }

    fn list(&self, _: &Prefix) -> Result<Vec<(Key, Stored)>> {
        Self::refused()
    }

    fn write(&self, _: &Batch) -> Result<Applied> {
        Self::refused()
    }
}
