//! The handle of a setting, and what is known about it.

use std::fmt;
use std::marker::PhantomData;

use crate::Kind;
use crate::kind::WithoutWords;

/// The handle of one setting of the struct `S`, with its type: what [`Config::get`](crate::Config::get) takes.
///
/// `#[derive(Settings)]` makes one constant for each field, in upper case: `Shop::THE_ANSWER`.
pub struct Setting<S, T> {
    index: usize,
    name: &'static str,
    types: PhantomData<fn(S) -> T>,
}

impl<S, T> Setting<S, T> {
    /// The handle of the setting that is declared at this place, from 0, under this name.
    ///
    /// Only needed without the derive macro; [`SchemaBuilder::build`](crate::SchemaBuilder::build) checks both.
    #[must_use]
    pub const fn new(index: usize, name: &'static str) -> Self {
        Self { index, name, types: PhantomData }
    }

    /// The setting's own name, without a prefix.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The setting's place in the order of declaration.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index
    }
}

impl<S, T> Clone for Setting<S, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, T> Copy for Setting<S, T> {}

impl<S, T> fmt::Debug for Setting<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Setting({:?})", self.name)
    }
}

/// What is known about a setting without a store: for tools, messages and forms.
///
/// It holds no stored value. Of a secret, its `Debug` shows neither the [default](Self::default_text) nor bounds and choices; a
/// tool that shows the fields hides these too.
#[non_exhaustive]
#[derive(Clone)]
pub struct SettingInfo {
    /// The setting's own name.
    pub name: &'static str,
    /// Old names, the oldest last: see [`Declaration::alias`](crate::Declaration::alias).
    pub aliases: Vec<&'static str>,
    /// The type.
    pub kind: Kind,
    /// What the setting is for, from its doc comment.
    pub help: &'static str,
    /// The group it is shown in.
    pub group: Option<&'static str>,
    /// What is in force while nothing is stored, in its text form: the default, or a [base value](crate::Base). Not a pin.
    pub default_text: String,
    /// The smallest value, in its text form.
    pub min: Option<String>,
    /// The largest value, in its text form.
    pub max: Option<String>,
    /// The only values accepted, in their text forms; empty: any.
    pub choices: Vec<String>,
    /// Whether tools mask the value.
    pub secret: bool,
}

impl SettingInfo {
    /// What is accepted, in words for people: `a whole number, at least 0`. Of a secret: its type, without bounds and choices,
    /// which may say what it is.
    #[must_use]
    pub fn accepted(&self) -> String {
        if self.secret {
            let kind = if self.choices.is_empty() { self.kind } else { Kind::Choice(&[]) };
            return WithoutWords(&kind).to_string();
        }
        if !self.choices.is_empty() {
            return format!("one of {}", self.choices.join(", "));
        }
        let (mut min, mut max) = (self.min.clone(), self.max.clone());
        let words = match self.kind {
            // The setting's bounds stand in for those of its type; where one is missing, the type's is still true.
            Kind::Int { min: lowest, max: highest } if min.is_some() || max.is_some() => {
                if highest < i64::MAX.into() {
                    min.get_or_insert_with(|| lowest.to_string());
                    max.get_or_insert_with(|| highest.to_string());
                }
                "a whole number".to_owned()
            }
            kind => kind.to_string(),
        };
        match (min, max) {
            (Some(min), Some(max)) => format!("{words}, from {min} to {max}"),
            (Some(min), None) => format!("{words}, at least {min}"),
            (None, Some(max)) => format!("{words}, at most {max}"),
            (None, None) => words,
        }
    }
}

impl fmt::Debug for SettingInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, aliases, kind, help, group, default_text, min, max, choices, secret } = self;
        let mut shown = f.debug_struct("SettingInfo");
        shown.field("name", name).field("aliases", aliases).field("help", help).field("group", group);
        match secret {
            true => shown.field("kind", &format_args!("{}", WithoutWords(kind))),
            false => shown
                .field("kind", kind)
                .field("default_text", default_text)
                .field("min", min)
                .field("max", max)
                .field("choices", choices),
        };
        shown.field("secret", secret).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SettingType;

    #[test]
    fn what_is_accepted_names_the_narrowest_bounds() {
        let accepted = |kind, min: Option<&str>, max: Option<&str>| {
            let info = SettingInfo {
                name: "n",
                aliases: vec![],
                kind,
                help: "",
                group: None,
                default_text: String::new(),
                min: min.map(str::to_owned),
                max: max.map(str::to_owned),
                choices: vec![],
                secret: false,
            };
            info.accepted()
        };
        assert_eq!(accepted(i64::KIND, None, None), "a whole number");
        assert_eq!(accepted(u64::KIND, None, None), "a whole number, 0 or more");
        assert_eq!(accepted(i64::KIND, Some("0"), None), "a whole number, at least 0");
        assert_eq!(accepted(u8::KIND, Some("1"), None), "a whole number, from 1 to 255");
        assert_eq!(accepted(u32::KIND, None, Some("10")), "a whole number, from 0 to 10");
        assert_eq!(accepted(f64::KIND, Some("0.0"), Some("1.0")), "a number, from 0.0 to 1.0");
    }
}
