//! What a view is of: a `Config`, or another view.

use std::any::TypeId;
use std::ops::Range;
use std::panic::Location;
use std::sync::Arc;

use super::OuterLive;
use crate::config::{Expected, Goal, Step};
use crate::events::Handler;
use crate::field::{AnyValue, TypedField};
use crate::{
    Action, Backend, Codec, Config, Event, Nested, ReadAll, Result, Schema, Setting, SettingValue, Settings,
    Subscription,
};

/// What a view asks for, without the type of what is around its struct.
pub(crate) trait Outer<N>: Send + Sync {
    fn get(&self, of: Handle<N>) -> Result<AnyValue>;
    fn is_set(&self, of: Handle<N>) -> Result<bool>;
    fn apply(&self, steps: Vec<ViewStep<N>>) -> Result<()>;
    /// All that is read, and the errors that concern a setting at one of these places.
    fn read_all(&self, places: Range<usize>) -> Result<ReadAll<N>>;
    fn subscribe(&self, handler: Handler<N>, at: &'static Location<'static>) -> Subscription;
    fn live(&self) -> Result<Arc<dyn OuterLive<N>>>;
}

/// A struct that is nested in the one of another view.
pub(crate) struct Deeper<N, M, O: ?Sized = dyn Outer<N>> {
    pub(crate) nested: Nested<N, M>,
    pub(crate) outer: Arc<O>,
}

/// A handle whose type is known while it runs.
pub(crate) struct Handle<N> {
    setting: Setting<N, ()>,
    /// That of the field.
    ty: TypeId,
}

/// A change of one setting, or what is expected of it.
pub(crate) struct ViewStep<N> {
    pub(crate) of: Handle<N>,
    pub(crate) to: Option<Goal>,
    pub(crate) expect: Expected,
}

impl<N> Handle<N> {
    pub(crate) fn of<T: SettingValue>(setting: Setting<N, T>) -> Self {
        Self { setting: Setting::new(setting.index(), setting.name()), ty: TypeId::of::<TypedField<T>>() }
    }

    pub(crate) fn is_of<T>(&self, setting: Setting<N, T>) -> bool {
        self.setting.index() == setting.index()
    }

    pub(crate) fn within<S>(self, nested: Nested<S, N>) -> Handle<S> {
        Handle { setting: nested.field(self.setting), ty: self.ty }
    }

    /// The place in the schema.
    pub(crate) fn place<C: Codec>(&self, schema: &Schema<N, C>) -> Result<usize>
    where
        N: Settings,
    {
        schema.checked(self.setting, self.ty)
    }
}

impl<N> ViewStep<N> {
    pub(crate) fn to<T: SettingValue>(setting: Setting<N, T>, goal: Goal) -> Self {
        Self { of: Handle::of(setting), to: Some(goal), expect: Expected::Anything }
    }

    pub(crate) fn from_to<T: SettingValue>(setting: Setting<N, T>, expected: T, new: T) -> Self {
        Self { expect: Expected::Value(Arc::new(expected)), ..Self::to(setting, Goal::Set(Arc::new(new))) }
    }

    pub(crate) fn within<S>(self, nested: Nested<S, N>) -> ViewStep<S> {
        ViewStep { of: self.of.within(nested), to: self.to, expect: self.expect }
    }

    pub(crate) fn step<C: Codec>(self, schema: &Schema<N, C>) -> Result<Step>
    where
        N: Settings,
    {
        Ok(Step { index: self.of.place(schema)?, to: self.to, expect: self.expect })
    }
}

impl<S: Settings, C: Codec, B: Backend + 'static> Outer<S> for Config<S, C, B> {
    fn get(&self, of: Handle<S>) -> Result<AnyValue> {
        let index = of.place(self.schema())?;
        if let Some(value) = self.scope.as_ref().and_then(|scope| scope.find(index)) {
            return Ok(value);
        }
        let found = self.inner.find_one(index)?;
        self.inner.value_in(index, &found).map_err(|e| self.inner.explain_one(e, Action::Read, index))
    }

    fn is_set(&self, of: Handle<S>) -> Result<bool> {
        Ok(self.inner.find_one(of.place(self.schema())?)?.is_any())
    }

    fn apply(&self, steps: Vec<ViewStep<S>>) -> Result<()> {
        let steps: Vec<Step> = steps.into_iter().map(|step| step.step(self.schema())).collect::<Result<_>>()?;
        Self::apply(self, &steps)
    }

    fn read_all(&self, places: Range<usize>) -> Result<ReadAll<S>> {
        Ok(Self::read_all(self)?.of_places(self.schema(), &places))
    }

    fn subscribe(&self, handler: Handler<S>, at: &'static Location<'static>) -> Subscription {
        self.subscribe_at(handler, at)
    }

    fn live(&self) -> Result<Arc<dyn OuterLive<S>>> {
        Ok(Arc::new(Self::live(self)?))
    }
}

impl<N: Settings, M: Settings> Outer<M> for Deeper<N, M> {
    fn get(&self, of: Handle<M>) -> Result<AnyValue> {
        self.outer.get(of.within(self.nested))
    }

    fn is_set(&self, of: Handle<M>) -> Result<bool> {
        self.outer.is_set(of.within(self.nested))
    }

    fn apply(&self, steps: Vec<ViewStep<M>>) -> Result<()> {
        self.outer.apply(steps.into_iter().map(|step| step.within(self.nested)).collect())
    }

    fn read_all(&self, places: Range<usize>) -> Result<ReadAll<M>> {
        Ok(self.outer.read_all(self.nested.places(&places))?.nested(self.nested))
    }

    fn subscribe(&self, handler: Handler<M>, at: &'static Location<'static>) -> Subscription {
        self.outer.subscribe(self.nested.handler(handler), at)
    }

    fn live(&self) -> Result<Arc<dyn OuterLive<M>>> {
        Ok(Arc::new(Deeper { outer: self.outer.live()?, nested: self.nested }))
    }
}

impl<S, N: Settings> Nested<S, N> {
    /// Places of its settings, in `S`.
    pub(crate) fn places(&self, places: &Range<usize>) -> Range<usize> {
        let count = self.names().len();
        self.index() + places.start.min(count)..self.index() + places.end.min(count)
    }

    /// A handler of its changes, as one of the changes in `S`.
    pub(crate) fn handler(self, handler: Handler<N>) -> Handler<S>
    where
        S: 'static,
    {
        Arc::new(move |event: &Event<S>| {
            if let Some(event) = event.nested(self) {
                handler(&event);
            }
        })
    }
}

impl<S: Settings> ReadAll<S> {
    /// With the errors alone that concern a setting at one of these places.
    pub(crate) fn of_places<C: Codec>(mut self, schema: &Schema<S, C>, places: &Range<usize>) -> Self {
        let is_of = |name: &str| schema.field_named(name).is_ok_and(|(place, _)| places.contains(&place));
        self.unreadable.retain(|error| error.settings().next().is_none() || error.settings().any(is_of));
        self
    }

    pub(crate) fn nested<N: Clone>(self, nested: Nested<S, N>) -> ReadAll<N> {
        let Self { values, unreadable, taken_at } = self;
        ReadAll { values: nested.of(&values).clone(), unreadable, taken_at }
    }
}
