//! Several changes of a module's settings as a whole.

use std::fmt;
use std::sync::Arc;

use super::ConfigView;
use super::outer::{Handle, ViewStep};
use crate::config::{Expected, Goal};
use crate::{Result, Setting, SettingValue, Settings};

/// Changes of several settings of a module, applied as a whole or not at all; from [`ConfigView::change`]. As
/// [`ChangeSet`](crate::ChangeSet).
#[must_use = "nothing is written before `apply`"]
pub struct ViewChangeSet<'v, V, N> {
    pub(crate) view: &'v V,
    pub(crate) steps: Vec<ViewStep<N>>,
}

impl<'v, V, N> ViewChangeSet<'v, V, N> {
    pub(crate) fn new(view: &'v V) -> Self {
        Self { view, steps: Vec::new() }
    }

    /// Stores a value. What was said of this setting before is replaced.
    pub fn set<T: SettingValue>(mut self, setting: Setting<N, T>, value: T) -> Self {
        self.step(setting).to = Some(Goal::Set(Arc::new(value)));
        self
    }

    /// Removes the stored value, so that the default is in force.
    pub fn reset<T: SettingValue>(mut self, setting: Setting<N, T>) -> Self {
        self.step(setting).to = Some(Goal::Reset);
        self
    }

    /// Makes the whole set a conflict unless this value is in force.
    pub fn expect<T: SettingValue>(mut self, setting: Setting<N, T>, value: T) -> Self {
        self.step(setting).expect = Expected::Value(Arc::new(value));
        self
    }

    fn step<T: SettingValue>(&mut self, setting: Setting<N, T>) -> &mut ViewStep<N> {
        let at = self.steps.iter().position(|step| step.of.is_of(setting)).unwrap_or_else(|| {
            self.steps.push(ViewStep { of: Handle::of(setting), to: None, expect: Expected::Anything });
            self.steps.len() - 1
        });
        &mut self.steps[at]
    }
}

impl<N: Settings> ViewChangeSet<'_, ConfigView<N>, N> {
    /// Writes everything, or nothing. No changes: no I/O.
    ///
    /// # Errors
    ///
    /// As the `apply` of a [`ChangeSet`](crate::ChangeSet).
    pub fn apply(self) -> Result<()> {
        if self.steps.is_empty() { Ok(()) } else { self.view.outer.apply(self.steps) }
    }
}

impl<V, N> fmt::Debug for ViewChangeSet<'_, V, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewChangeSet").field("changes", &self.steps.len()).finish_non_exhaustive()
    }
}
