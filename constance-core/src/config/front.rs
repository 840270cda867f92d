//! What a front knows and does without asking a store: shared by `Config` and its asynchronous twin.

use std::fmt;

use super::SettingKeys;
use super::follow::Running;
use crate::base::{Layers, Source};
use crate::codec::LimitedCodec;
use crate::events::{FieldAccess, Ledger};
use crate::field::AnyValue;
use crate::schema::BrokenRule;
use crate::{Action, Codec, Error, Prefix, Result, Schema, Settings, backend::Capability};

/// Everything of a front but its backend. Whatever is done here is free of I/O: which keys to ask for, what the answers
/// mean, which batch to write, what its result means.
pub(crate) struct Front<S, C> {
    pub(crate) schema: Schema<S, C>,
    /// Where each setting's value comes from while nothing is stored, and where it is pinned.
    pub(super) sources: Vec<Source>,
    /// Whether there is a pin, so that a write without one pays for no look at each setting.
    pub(super) has_pins: bool,
    pub(crate) codec: LimitedCodec<C>,
    pub(crate) prefix: Prefix,
    /// In the order of the schema.
    pub(crate) keys: Vec<SettingKeys>,
    /// The backend's name, for errors and traces.
    pub(crate) backend_name: Box<str>,
    pub(crate) ledger: Ledger<S>,
    pub(crate) running: Running<S>,
    /// Whether the backend may answer a read from what it remembers.
    pub(crate) remembers: bool,
    /// Whether it may answer one from memory at all: a store in this process has nothing else.
    pub(crate) reads_memory: bool,
}

impl<S: Settings, C: Codec> Front<S, C> {
    pub(super) fn new(
        codec: LimitedCodec<C>,
        prefix: Prefix,
        layers: Layers,
        backend_name: &str,
        capability: Capability,
    ) -> Result<Self> {
        let mut schema = S::schema::<C>()?;
        let sources = layers.apply(&mut schema)?;
        let has_pins = sources.iter().any(Source::is_pinned);
        let keys = schema.settings().map(|info| SettingKeys::new(&prefix, info)).collect::<Result<Vec<_>>>()?;
        let ledger = Ledger::new(keys.len());
        let (backend_name, running) = (backend_name.into(), Running::new());
        let remembers = capability.remembers;
        let reads_memory = remembers || !capability.shared;
        let front = Self {
            schema,
            sources,
            has_pins,
            codec,
            prefix,
            keys,
            backend_name,
            ledger,
            running,
            remembers,
            reads_memory,
        };
        front.check_limits(capability)?;
        Ok(front)
    }

    /// Adds what a backend does not know to its error.
    pub(crate) fn explain(&self, error: Error, action: Action) -> Error {
        error.with_action(action).with_backend(&self.backend_name)
    }

    /// The same for one setting.
    pub(crate) fn explain_one(&self, error: Error, action: Action, index: usize) -> Error {
        self.explain(error.with_setting(self.schema.fields[index].info().name), action)
    }

    pub(crate) fn all(&self) -> Vec<usize> {
        (0..self.keys.len()).collect()
    }
}

impl<S, C> Front<S, C> {
    /// The `Debug` of a front.
    pub(crate) fn describe(&self, f: &mut fmt::DebugStruct<'_, '_>) -> fmt::Result {
        let Self { schema, prefix, backend_name, .. } = self;
        f.field("schema", schema).field("prefix", prefix).field("backend", backend_name).finish_non_exhaustive()
    }
}

impl<S: Settings, C: Codec> FieldAccess<S> for Front<S, C> {
    fn name(&self, index: usize) -> &'static str {
        self.schema.fields[index].info().name
    }

    fn same(&self, index: usize, one: &AnyValue, other: &AnyValue) -> bool {
        self.schema.fields[index].same(&self.codec, one, other)
    }

    fn get(&self, values: &S, index: usize) -> AnyValue {
        self.schema.fields[index].get(values)
    }

    fn put(&self, values: &mut S, index: usize, value: &AnyValue) {
        self.schema.fields[index].put(values, value);
    }

    fn default(&self, index: usize) -> AnyValue {
        self.schema.fields[index].default()
    }

    fn hold(&self, good: &S, values: &mut S) -> Vec<BrokenRule> {
        let mut breaches = self.schema.hold(good, values);
        for breach in &mut breaches {
            breach.error = self.explain(breach.error.clone(), Action::Read);
        }
        breaches
    }
}
