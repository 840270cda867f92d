//! Handlers are told of what was loaded.

use std::sync::Arc;
use std::thread;

use crate::config::Inner;
use crate::live::Core;
use crate::{Action, Backend, Codec, Error, ErrorKind, Settings, trace};

/// Has the handlers told of what was loaded, in a thread for that: one that takes long, or never returns, holds up no load.
///
/// The thread ends with the last change: they come seldom, and a thread costs less than what a load does.
pub(super) fn tell<S: Settings, C: Codec, B: Backend + 'static>(inner: &Arc<Inner<S, C, B>>, core: &Arc<Core<S>>) {
    if !inner.ledger.take_turn() {
        return;
    }
    let (inner_there, core_there) = (Arc::clone(inner), Arc::clone(core));
    let there = thread::Builder::new().name("constance-tell".to_owned());
    if there.spawn(move || tell_here(&inner_there, &core_there)).is_err() {
        // Late is better than never.
        tell_here(inner, core);
    }
}

/// A handler of the application may panic; the settings have to be followed nevertheless.
fn tell_here<S: Settings, C: Codec, B: Backend>(inner: &Inner<S, C, B>, core: &Core<S>) {
    if inner.ledger.tell().is_some() {
        let error = Error::new(ErrorKind::Contract)
            .with_detail("a handler of the application panicked while it was told of changes");
        let error = inner.explain(error, Action::Watch);
        trace::handler_panicked(&error);
        core.note_error(error);
    }
}
