//! Who listens.

use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::Event;

/// Keeps a handler of [`Config::subscribe`](crate::Config::subscribe) subscribed until it is dropped.
#[must_use = "dropping it ends the subscription"]
pub struct Subscription(Option<End>);

type End = Box<dyn FnOnce() + Send + Sync>;

pub(crate) type Handler<S> = Arc<dyn Fn(&Event<S>) + Send + Sync>;

/// A handler, and where it was subscribed.
pub(crate) struct Subscriber<S> {
    pub(super) handler: Handler<S>,
    pub(super) at: &'static Location<'static>,
}

/// The handlers of one `Config`.
pub(super) struct Handlers<S>(Arc<Mutex<Registered<S>>>);

/// With the number that a subscription finds its own by.
type Registered<S> = Vec<(u64, Subscriber<S>)>;

impl<S> Subscriber<S> {
    pub(crate) fn new(handler: Handler<S>, at: &'static Location<'static>) -> Self {
        Self { handler, at }
    }
}

impl<S> Clone for Subscriber<S> {
    fn clone(&self) -> Self {
        Self { handler: Arc::clone(&self.handler), at: self.at }
    }
}

impl<S: 'static> Handlers<S> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Vec::new())))
    }

    pub(super) fn add(&self, subscriber: Subscriber<S>) -> Subscription {
        let id = {
            let mut handlers = self.0.lock();
            let id = handlers.last().map_or(0, |(id, _)| id + 1);
            handlers.push((id, subscriber));
            id
        };
        let list: Weak<_> = Arc::downgrade(&self.0);
        Subscription(Some(Box::new(move || {
            if let Some(list) = list.upgrade() {
                let mut list = list.lock();
                let gone = list.iter().position(|(other, _)| *other == id).map(|at| list.remove(at));
                // A handler's own destructor must not run under the lock.
                drop(list);
                drop(gone);
            }
        })))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }

    /// The handlers as they are now, to call them outside the lock.
    pub(super) fn all(&self) -> Vec<Subscriber<S>> {
        self.0.lock().iter().map(|(_, subscriber)| subscriber.clone()).collect()
    }
}

impl Subscription {
    /// Keeps the handler subscribed for as long as the `Config` lives.
    pub fn forever(mut self) {
        self.0 = None;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}
