//! The calls that [`Config`](super::Config) and [`TransactionConfig`](super::TransactionConfig) share.

use std::sync::Arc;

use super::plan::{Expected, Goal, Step};
use super::write::back_off;
use super::write_attempt::may_be_outdated;
use super::{Found, Front, Inner};
use crate::backend::too_few;
use crate::overrides::Scope;
use crate::{Action, Backend, Codec, ErrorKind, ReadAll, Result, Setting, SettingEntry, SettingValue, Settings};

/// What a synchronous call works on.
pub(super) struct Access<'a, S, C, B: ?Sized> {
    pub(super) front: &'a Front<S, C>,
    pub(super) backend: &'a B,
    pub(super) scope: Option<&'a Scope>,
}

impl<S, C, B> Inner<S, C, B> {
    /// Without overrides, for [`Access::get`].
    #[inline]
    pub(super) fn access_to_read(&self) -> Access<'_, S, C, B> {
        self.front.keep_following_to_read();
        Access { front: &self.front, backend: &self.backend, scope: None }
    }

    /// Without overrides.
    #[inline]
    pub(super) fn access(&self) -> Access<'_, S, C, B> {
        self.front.keep_following();
        Access { front: &self.front, backend: &self.backend, scope: None }
    }
}

impl<S: Settings, C: Codec, B: Backend + ?Sized> Access<'_, S, C, B> {
    /// Asks the backend for these settings in one round trip.
    pub(super) fn find(&self, indices: &[usize]) -> Result<Vec<Found>> {
        let answers = self.backend.read(&self.front.keys_of(indices))?;
        self.front.read_was_answered();
        self.front.found(indices, answers)
    }

    pub(super) fn find_all(&self) -> Result<Vec<Found>> {
        self.find(&self.front.all()).map_err(|e| self.front.explain(e, Action::Read))
    }

    pub(super) fn find_one(&self, index: usize) -> Result<Found> {
        let found = self.find(&[index]).and_then(|mut found| found.pop().ok_or_else(too_few));
        found.map_err(|e| self.front.explain_one(e, Action::Read, index))
    }

    /// Outside tests a handle has no overrides, and pays only for that check.
    #[inline]
    pub(super) fn get<T: SettingValue>(&self, setting: Setting<S, T>) -> Result<T> {
        let Self { front, backend, scope } = self;
        let index = setting.index();
        let field = front.schema.typed(setting)?;
        if let Some(value) = scope.and_then(|scope| scope.find(index))
            && let Some(value) = value.downcast_ref::<T>()
        {
            return Ok(value.clone());
        }
        if field.is_pinned {
            return Ok(field.default.clone());
        }
        let keys = &front.keys[index];
        if !keys.aliases.is_empty() {
            return front.typed_value(setting, self.find_one(index)?.bytes());
        }
        let mut read = None;
        let visited = backend.visit(&keys.own, &mut |bytes| {
            read = Some(match bytes {
                Some(bytes) => field.decode(&front.codec, bytes),
                None => Ok(field.default.clone()),
            });
        });
        if visited.is_ok() {
            front.read_was_answered();
        }
        visited
            .and_then(|()| read.unwrap_or_else(|| Err(too_few())))
            .map_err(|e| front.explain_one(e, Action::Read, index))
    }

    pub(super) fn read_all(&self) -> Result<ReadAll<S>> {
        let found = self.find_all()?;
        Ok(self.front.read_all(&found, self.scope.map_or_else(Vec::new, Scope::all)))
    }

    pub(super) fn entry(&self, name: &str) -> Result<SettingEntry> {
        let (index, _) = self.front.schema.field_named(name)?;
        Ok(self.front.entry(index, &self.find_one(index)?))
    }

    pub(super) fn get_text(&self, name: &str) -> Result<String> {
        let (index, field) = self.front.schema.field_named(name)?;
        if let Some(value) = self.scope.and_then(|scope| scope.find(index)) {
            return field.print(&value).map_err(|e| e.with_setting(field.info().name));
        }
        self.entry(name)?.text
    }

    /// Replaces a value by what `change` makes of it; `apply` is tried at most `most` times.
    pub(super) fn update<T: SettingValue>(
        &self,
        setting: Setting<S, T>,
        mut change: impl FnMut(T) -> T,
        most: usize,
        apply: impl Fn(&[Step]) -> Result<()>,
    ) -> Result<T> {
        self.front.schema.typed(setting)?;
        let index = setting.index();
        self.front.refuse_overridden(self.scope, std::iter::once(index))?;
        self.front.refuse_pinned(std::iter::once(index))?;
        let (mut tries, mut may_be_old) = (0, self.backend.capability().remembers);
        loop {
            let found = self.find_one(index)?;
            let old = match self.front.typed_value(setting, found.bytes()) {
                Err(error) if may_be_old && may_be_outdated(&error) => {
                    // A failure is ignored: the next read reports it where it still matters.
                    let _ = self.backend.forget(&self.front.keys_of(&[index]));
                    may_be_old = false;
                    continue;
                }
                old => old?,
            };
            let new = change(old);
            let to = Some(Goal::Set(Arc::new(new.clone())));
            tries += 1;
            match apply(&[Step { index, to, expect: Expected::Found(found) }]) {
                Ok(()) => return Ok(new),
                Err(error) if error.kind() == ErrorKind::Conflict && tries < most => back_off(tries),
                Err(error) => return Err(error),
            }
        }
    }
}
