//! Rules across settings.

use std::fmt;
use std::ops::Range;

use super::{Schema, Settings};
use crate::panics::caught;
use crate::{Codec, Error, ErrorKind, Result};

/// A rule across some settings, held whenever one of them is read together with the others, or written.
pub(crate) struct Rule<S> {
    name: &'static str,
    settings: Named,
    check: Box<Check<S>>,
}

type Check<S> = dyn Fn(&S) -> Result<(), String> + Send + Sync;

/// The settings that a rule looks at.
enum Named {
    All,
    /// These, by their places.
    Some(Vec<usize>),
}

/// A rule that values broke, so that none of its settings was taken.
pub(crate) struct Breach {
    /// The places of its settings.
    pub(crate) settings: Vec<usize>,
    /// What is said of it to those who read.
    pub(crate) error: Error,
}

impl<S> Rule<S> {
    pub(crate) fn new<E: fmt::Display>(
        name: &'static str,
        places: Option<Vec<usize>>,
        check: impl Fn(&S) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        let check = move |values: &S| check(values).map_err(|e| e.to_string());
        Self { name, settings: places.map_or(Named::All, Named::Some), check: Box::new(check) }
    }

    /// The same rule in a struct that has these as the settings of a nested one.
    pub(crate) fn nested<O: 'static>(self, places: Range<usize>, get: fn(&O) -> &S) -> Rule<O>
    where
        S: 'static,
    {
        let Self { name, settings, check } = self;
        let settings = match settings {
            Named::All => places.collect(),
            Named::Some(own) => own.into_iter().map(|place| places.start + place).collect(),
        };
        Rule { name, settings: Named::Some(settings), check: Box::new(move |values: &O| check(get(values))) }
    }

    fn looks_at(&self, place: usize) -> bool {
        match &self.settings {
            Named::All => true,
            Named::Some(places) => places.contains(&place),
        }
    }
}

impl<S: Settings, C: Codec> Schema<S, C> {
    /// The places of all settings that the rules of these look at, in the order of declaration.
    pub(crate) fn ruled_with(&self, is_concerned: impl Fn(usize) -> bool) -> Vec<usize> {
        let rules: Vec<&Rule<S>> = self.rules_of(is_concerned).collect();
        (0..self.fields.len()).filter(|&place| rules.iter().any(|rule| rule.looks_at(place))).collect()
    }

    /// Holds values to the rules of these settings. What the rules look at besides has to be in the values too.
    pub(crate) fn check_together(&self, values: &S, is_concerned: impl Fn(usize) -> bool) -> Result<()> {
        self.rules_of(is_concerned).try_for_each(|rule| self.check(rule, values))
    }

    /// Holds values to every rule: the settings of a broken one become what `good` has for them. That keeps to every rule.
    pub(crate) fn hold(&self, good: &S, values: &mut S) -> Vec<Breach> {
        let mut rules: Vec<&Rule<S>> = self.rules.iter().collect();
        let mut breaches = Vec::new();
        // From the start after each: what was taken back for one rule may break another.
        while let Some((at, error)) =
            rules.iter().enumerate().find_map(|(at, rule)| Some((at, self.check(rule, values).err()?)))
        {
            let rule = rules.remove(at);
            let settings = self.places(rule);
            settings.iter().for_each(|&place| self.fields[place].copy(good, values));
            breaches.push(Breach { error: self.explain(rule, &error), settings });
        }
        breaches
    }

    fn rules_of(&self, is_concerned: impl Fn(usize) -> bool) -> impl Iterator<Item = &Rule<S>> {
        self.rules.iter().filter(move |rule| match &rule.settings {
            Named::All => (0..self.fields.len()).any(&is_concerned),
            Named::Some(places) => places.iter().any(|&place| is_concerned(place)),
        })
    }

    fn places(&self, rule: &Rule<S>) -> Vec<usize> {
        match &rule.settings {
            Named::All => (0..self.fields.len()).collect(),
            Named::Some(places) => places.clone(),
        }
    }

    /// A rule sees the defaults of what it does not name: a write reads nothing else, and must come to the same conclusion as
    /// a read of everything.
    fn check(&self, rule: &Rule<S>, values: &S) -> Result<()> {
        caught(ErrorKind::Invalid, "the rule across settings panicked", || {
            let checked = match &rule.settings {
                Named::All => (rule.check)(values),
                Named::Some(places) => {
                    let mut seen = self.defaults.clone();
                    places.iter().for_each(|&place| self.fields[place].copy(values, &mut seen));
                    (rule.check)(&seen)
                }
            };
            checked.map_err(|words| Error::new(ErrorKind::Invalid).with_detail(self.words(rule, words)))
        })
    }

    /// The words of a rule, which may say more than they should of a secret that it names.
    fn words(&self, rule: &Rule<S>, words: String) -> String {
        match &rule.settings {
            Named::Some(places) if places.iter().any(|&place| self.fields[place].info().secret) => {
                "the values break a rule across secret settings".to_owned()
            }
            _ => words,
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
            Named::Some(places) => places.as_slice(),
        };
        Error::new(ErrorKind::Invalid)
            .with_settings(named.iter().map(|&place| self.fields[place].info().name))
            .with_detail(format!("{across} is broken: {}", error.detail()))
            .with_hint("set or reset them in one change to repair it")
    }
}
