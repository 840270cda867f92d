//! The runtime that asynchronous backends are tested in.

use std::future::pending;
use std::sync::OnceLock;
use std::thread;

use tokio::runtime::{Builder, Handle};

use super::{AsyncOpened, Bridged};
use crate::aio::BlockOn;

/// The runtime of the suite, which runs in a thread of its own until the test program ends.
///
/// A test that opens an asynchronous backend by itself may [enter](Handle::enter) it.
#[must_use]
pub fn runtime() -> Handle {
    static RUNTIME: OnceLock<Handle> = OnceLock::new();
    let start = || {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
        let handle = runtime.handle().clone();
        let run = move || runtime.block_on(pending::<()>());
        thread::Builder::new().name("constance-suite".to_owned()).spawn(run).expect("a thread can be started");
        handle
    };
    RUNTIME.get_or_init(start).clone()
}

/// What opens an asynchronous backend, as what opens a synchronous one: for
/// [`async_conformance_tests!`](crate::async_conformance_tests), which runs the whole suite over the bridge.
pub fn bridged<O, F>(make: F) -> impl Fn() -> Bridged + Send + Sync + 'static
where
    O: AsyncOpened,
    F: Fn() -> O + Send + Sync + 'static,
{
    move || {
        let runtime = runtime();
        let _entered = runtime.enter();
        let opened = make();
        let confined = opened.is_confined();
        Bridged { backend: opened.opened().map(|backend| BlockOn::new(backend, runtime.clone())), confined }
    }
}
