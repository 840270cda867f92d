//! Rules across settings.

use std::fmt;
use std::ops::Range;

use super::{Schema, Settings};
use crate::panics::caught;
use crate::{Codec, Error, ErrorKind, Result};

/// A rule across some settings. It is checked whenever several settings are read together, and when one of its settings is written.
pub(crate) struct Rule<S> {
    name: &'static str,
    settings: Named,
    check: Box<Check<S>>,
}

type Check<S> = dyn Fn(&S) -> Result<(), String> + Send + Sync;

/// The settings that a rule reads.
enum Named {
    All,
    /// These, by their indices.
    Some(Vec<usize>),
}

/// A rule that the values break, so that none of its settings was used.
pub(crate) struct BrokenRule {
    /// The indices of its settings.
    pub(crate) settings: Vec<usize>,
    /// The error for readers.
    pub(crate) error: Error,
}

impl<S> Rule<S> {
    pub(crate) fn new<E: fmt::Display>(
        name: &'static str,
        indices: Option<Vec<usize>>,
        check: impl Fn(&S) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        let check = move |values: &S| check(values).map_err(|e| e.to_string());
        Self { name, settings: indices.map_or(Named::All, Named::Some), check: Box::new(check) }
    }

    /// The same rule in a struct that has these as the settings of a nested one.
    pub(crate) fn nested<O: 'static>(self, indices: Range<usize>, get: fn(&O) -> &S) -> Rule<O>
    where
        S: 'static,
    {
        let Self { name, settings, check } = self;
        let settings = match settings {
            Named::All => indices.collect(),
            Named::Some(own) => own.into_iter().map(|index| indices.start + index).collect(),
        };
        Rule { name, settings: Named::Some(settings), check: Box::new(move |values: &O| check(get(values))) }
    }

    fn looks_at(&self, index: usize) -> bool {
        match &self.settings {
            Named::All => true,
            Named::Some(indices) => indices.contains(&index),
        }
    }
}

impl<S: Settings, C: Codec> Schema<S, C> {
    /// The indices of all settings that the rules of these look at, in the order of declaration.
    pub(crate) fn settings_of_rules(&self, is_concerned: impl Fn(usize) -> bool) -> Vec<usize> {
        let rules: Vec<&Rule<S>> = self.rules_of(is_concerned).collect();
        (0..self.fields.len()).filter(|&index| rules.iter().any(|rule| rule.looks_at(index))).collect()
    }

    /// Holds values to the rules of these settings. What the rules look at besides has to be in the values too.
    pub(crate) fn check_together(&self, values: &S, is_concerned: impl Fn(usize) -> bool) -> Result<()> {
        self.rules_of(is_concerned).try_for_each(|rule| self.check(rule, values))
    }

    /// Checks values against every rule. The settings of a broken rule get their values from `good`, which keeps to every rule.
    pub(crate) fn hold(&self, good: &S, values: &mut S) -> Vec<BrokenRule> {
        let mut rules: Vec<&Rule<S>> = self.rules.iter().collect();
        let mut broken = Vec::new();
        // From the start after each broken rule: values that were replaced for one rule may break another.
        while let Some((at, error)) =
            rules.iter().enumerate().find_map(|(at, rule)| Some((at, self.check(rule, values).err()?)))
        {
            let rule = rules.remove(at);
            let settings = self.indices(rule);
            settings.iter().for_each(|&index| self.fields[index].copy(good, values));
            broken.push(BrokenRule { error: self.explain(rule, &error), settings });
        }
        broken
    }

    fn rules_of(&self, is_concerned: impl Fn(usize) -> bool) -> impl Iterator<Item = &Rule<S>> {
        self.rules.iter().filter(move |rule| match &rule.settings {
            Named::All => (0..self.fields.len()).any(&is_concerned),
            Named::Some(indices) => indices.iter().any(|&index| is_concerned(index)),
        })
    }

    fn indices(&self, rule: &Rule<S>) -> Vec<usize> {
        match &rule.settings {
            Named::All => (0..self.fields.len()).collect(),
            Named::Some(indices) => indices.clone(),
        }
    }

    /// A rule sees the defaults of what it does not name: a write reads nothing else, and must come to the same conclusion as
    /// a read of everything.
    fn check(&self, rule: &Rule<S>, values: &S) -> Result<()> {
        caught(ErrorKind::Invalid, "the rule across settings panicked", || {
            let checked = match &rule.settings {
                Named::All => (rule.check)(values),
                Named::Some(indices) => {
                    let mut seen = self.defaults.clone();
                    indices.iter().for_each(|&index| self.fields[index].copy(values, &mut seen));
                    (rule.check)(&seen)
                }
            };
            checked.map_err(|message| Error::new(ErrorKind::Invalid).with_detail(self.message(rule, message)))
        })
    }

    /// The words of a rule, which may say more than they should of a secret that it names.
    fn message(&self, rule: &Rule<S>, message: String) -> String {
        match &rule.settings {
            Named::Some(indices) if indices.iter().any(|&index| self.fields[index].info().secret) => {
                "the values break a rule across secret settings".to_owned()
            }
            _ => message,
        }
    }

    #[cold]
    fn explain(&self, rule: &Rule<S>, error: &Error) -> Error {
        let across = match (rule.name, &rule.settings) {
            ("", Named::All) => "the rule across all settings".to_owned(),
            ("", Named::Some(_)) => "the rule across these settings".to_owned(),
            (name, Named::All) => format!("the rule \"{name}\" across all settings"),
            (name, Named::Some(_)) => format!("the rule \"{name}\""),
        };
        let named = match &rule.settings {
            Named::All => &[],
            Named::Some(indices) => indices.as_slice(),
        };
        Error::new(ErrorKind::Invalid)
            .with_settings(named.iter().map(|&index| self.fields[index].info().name))
            .with_detail(format!("{across} is broken: {}", error.detail()))
            .with_hint("set or reset them in one change to repair it")
    }
}
