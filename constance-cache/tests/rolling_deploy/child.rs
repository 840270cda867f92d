//! A program of the deploy as a process: for each line it is sent it does something, and answers with a line.

use std::convert::identity;
use std::fmt::{Debug, Display};
use std::sync::LazyLock;
use std::time::Duration;

use constance_core::aio::AsyncConfig;
use constance_core::{Config, Live, LiveOptions, Registry, Result, Settings};
use tokio::runtime::Runtime;

use super::programs::{Before, New, Old, Worker};

/// The program that the child is.
pub(crate) const PROGRAM: &str = "CONSTANCE_TEST_PROGRAM";
/// Set where it has the asynchronous front.
pub(crate) const ASYNCHRONOUS: &str = "CONSTANCE_TEST_ASYNCHRONOUS";
/// Answers, among the words of the test harness.
pub(crate) const SAYS: &str = "@ ";
/// Between several names of an answer.
pub(crate) const AND: &str = ", ";

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

fn wait<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}

/// Whether this process was a child; then it has done its work.
pub(crate) fn has_served() -> bool {
    match std::env::var(PROGRAM).as_deref() {
        Err(_) => return false,
        Ok("before") => serve::<Before>(),
        Ok("old") => serve::<Old>(),
        Ok("new") => serve::<New>(),
        Ok("worker") => serve::<Worker>(),
        Ok(other) => panic!("there is no program {other}"),
    }
    true
}

fn serve<S: Settings + Debug>() {
    let registry = Registry::new()
        .with(constance_diesel::schemes())
        .with(constance_redis::schemes())
        .with_cache(constance_cache::from_env());
    if std::env::var_os(ASYNCHRONOUS).is_some() {
        let config = AsyncConfig::<S>::from_env(&registry).expect("a store");
        wait(config.migrate()).expect("tables");
        obey(|live, words| asynchronously(&config, live, words));
    } else {
        let config = Config::<S>::from_env(&registry).expect("a store");
        config.migrate().expect("tables");
        obey(|live, words| synchronously(&config, live, words));
    }
}

/// Until nobody sends commands any more.
fn obey<S>(mut answer: impl FnMut(&mut Option<Live<S>>, &[&str]) -> Result<String>) {
    let mut live = None;
    println!("\n{SAYS}ready");
    for line in std::io::stdin().lines() {
        let line = line.expect("text");
        let words: Vec<&str> = line.splitn(3, ' ').collect();
        match answer(&mut live, &words) {
            Ok(text) => println!("{SAYS}ok\t{text}"),
            Err(error) => {
                let settings: Vec<&str> = error.settings().collect();
                println!("{SAYS}{:?}\t{}\t{error}", error.kind(), settings.join(AND));
            }
        }
    }
}

/// What both fronts do alike.
macro_rules! front {
    ($name:ident, $config:ident, $run:path) => {
        fn $name<S: Settings + Debug>(
            config: &$config<S>,
            live: &mut Option<Live<S>>,
            words: &[&str],
        ) -> Result<String> {
            let done = |()| String::new();
            match words {
                ["get", name] => $run(config.get_text(name)),
                ["set", name, text] => $run(config.set_text(name, text)).map(done),
                ["reset", name] => $run(config.reset_name(name)).map(done),
                ["change", one, other] => {
                    let changes = [one, other].into_iter().try_fold(config.change(), |changes, pair| {
                        let (name, text) = pair.split_once('=').expect("a name and a text");
                        changes.set_text(name, text)
                    })?;
                    $run(changes.apply()).map(done)
                }
                ["snapshot"] => $run(config.snapshot()).map(shown),
                ["verify"] => $run(config.verify()).map(joined),
                ["stale"] => $run(config.stale_keys()).map(joined),
                ["remove", names] => $run(config.remove_stale_keys(names.split(','))).map(joined),
                ["clean"] => $run(config.remove_stale_keys(config.schema().removed())).map(joined),
                ["settle"] => $run(config.sync_aliases()).map(joined),
                ["follow"] => $run(config.live()).map(|started| done(*live = Some(started))),
                ["follow", "default_if_unreadable"] => {
                    let options = LiveOptions::new().default_if_unreadable();
                    $run(config.live_with(options)).map(|started| done(*live = Some(started)))
                }
                [about] => {
                    let live = live.as_ref().expect("it follows");
                    if *about == "wait" {
                        let _changed = live.wait_for_change(Duration::from_millis(10));
                        return Ok(String::new());
                    }
                    let status = live.status();
                    match (*about, status.last_error) {
                        ("live", _) => Ok(shown(&*live.load())),
                        ("defaults", _) => Ok(joined(status.on_default)),
                        ("status", error) => error.map_or(Ok(String::new()), Err),
                        _ => panic!("a command: {about}"),
                    }
                }
                _ => panic!("a command: {words:?}"),
            }
        }
    };
}

front!(synchronously, Config, identity);
front!(asynchronously, AsyncConfig, wait);

fn shown(values: impl Debug) -> String {
    format!("{values:?}")
}

fn joined<T: Display>(all: Vec<T>) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(AND)
}
