//! How one setting is declared.

use std::fmt;
use std::sync::Arc;

use crate::types::serde_text;
use crate::{Kind, ParseError, Setting, SettingInfo, SettingType, SettingValue};

/// One setting with its rules, on its way into a [`Schema`](crate::Schema). `#[derive(Settings)]` writes these.
///
/// ```
/// use constance_core::{Declaration, Setting};
///
/// #[derive(Clone)]
/// struct Shop {
///     the_answer: i64,
/// }
///
/// const THE_ANSWER: Setting<Shop, i64> = Setting::new(0, "the_answer");
/// let declaration = Declaration::new(THE_ANSWER, |s| &s.the_answer, |s, v| s.the_answer = v)
///     .help("Answer to the Ultimate Question")
///     .min(0);
/// # drop(declaration);
/// ```
pub struct Declaration<S, T> {
    pub(crate) setting: Setting<S, T>,
    pub(crate) info: SettingInfo,
    pub(crate) get: fn(&S) -> &T,
    pub(crate) put: fn(&mut S, T),
    pub(crate) parse: fn(&str) -> Result<T, ParseError>,
    pub(crate) print: fn(&T) -> String,
    pub(crate) checks: Vec<Check<T>>,
    pub(crate) bounds: Bounds<T>,
}

/// What the checks were made of, to find contradictions among it.
pub(crate) struct Bounds<T> {
    min: Option<T>,
    max: Option<T>,
    pub(crate) choices: Arc<[T]>,
    /// Whether the smallest value is above the largest.
    pub(crate) contradict: bool,
}

/// A rule for single values; the words say what is wrong, without the value.
pub(crate) type Check<T> = Box<dyn Fn(&T) -> Result<(), String> + Send + Sync>;

impl<S, T: SettingType> Declaration<S, T> {
    /// A setting of a [`SettingType`], with the functions that reach its field.
    #[must_use]
    pub fn new(setting: Setting<S, T>, get: fn(&S) -> &T, put: fn(&mut S, T)) -> Self {
        Self::of_kind(setting, T::KIND, get, put, T::parse, T::print)
    }
}

impl<S, T: SettingValue> Declaration<S, T> {
    /// A setting of any serde type, with JSON as its text form.
    #[must_use]
    pub fn serde(setting: Setting<S, T>, get: fn(&S) -> &T, put: fn(&mut S, T)) -> Self {
        Self::of_kind(setting, Kind::Serde, get, put, serde_text::parse::<T>, serde_text::print::<T>)
    }

    fn of_kind(
        setting: Setting<S, T>,
        kind: Kind,
        get: fn(&S) -> &T,
        put: fn(&mut S, T),
        parse: fn(&str) -> Result<T, ParseError>,
        print: fn(&T) -> String,
    ) -> Self {
        let info = SettingInfo {
            name: setting.name(),
            aliases: Vec::new(),
            kind,
            help: "",
            group: None,
            default_text: String::new(),
            min: None,
            max: None,
            choices: Vec::new(),
            secret: false,
        };
        let bounds = Bounds { min: None, max: None, choices: Arc::default(), contradict: false };
        Self { setting, info, get, put, parse, print, checks: Vec::new(), bounds }
    }

    /// What the setting is for.
    #[must_use]
    pub fn help(mut self, help: &'static str) -> Self {
        self.info.help = help;
        self
    }

    /// The group that tools show it in.
    #[must_use]
    pub fn group(mut self, group: &'static str) -> Self {
        self.info.group = Some(group);
        self
    }

    /// An old name of the setting, for as long as programs run that know no other. May be called several times, the oldest
    /// name last.
    ///
    /// A write stores the value under all names at once, and a reset removes all. Where the names disagree, a program that does
    /// not know them all acted last, and its state is in force: see ["Two versions over one store"](crate#two-versions-over-one-store),
    /// which also says how an old name is given up.
    #[must_use]
    pub fn alias(mut self, old_name: &'static str) -> Self {
        self.info.aliases.push(old_name);
        self
    }

    /// Marks the value as one that tools do not show.
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.info.secret = true;
        self
    }

    /// The smallest value accepted. Of an `Option`, `None` is accepted too: bounds hold for what is there.
    #[must_use]
    pub fn min(mut self, min: T) -> Self
    where
        T: PartialOrd,
    {
        let text = (self.print)(&min);
        let words = format!("must be at least {text}");
        self.info.min = Some(text);
        self.bounds.contradict |= self.bounds.max.as_ref().is_some_and(|max| *max < min);
        self.bounds.min = Some(min.clone());
        // Written so that a NaN, which is not ordered, is refused.
        self.check(words, move |value| *value >= min);
        self
    }

    /// The largest value accepted. Of an `Option`, `None` is accepted too.
    #[must_use]
    pub fn max(mut self, max: T) -> Self
    where
        T: PartialOrd,
    {
        let text = (self.print)(&max);
        let words = format!("must be at most {text}");
        self.info.max = Some(text);
        self.bounds.contradict |= self.bounds.min.as_ref().is_some_and(|min| max < *min);
        self.bounds.max = Some(max.clone());
        self.check(words, move |value| *value <= max);
        self
    }

    /// The only values accepted, each within the bounds. Of an `Option`, `None` is accepted too.
    #[must_use]
    pub fn choices(mut self, choices: impl IntoIterator<Item = T>) -> Self {
        let choices: Arc<[T]> = choices.into_iter().collect();
        self.bounds.choices = Arc::clone(&choices);
        self.info.choices = choices.iter().map(self.print).collect();
        let words = format!("must be one of {}", self.info.choices.join(", "));
        self.check(words, move |value| choices.contains(value));
        self
    }

    /// What is not there keeps to every bound.
    fn check(&mut self, words: String, keeps: impl Fn(&T) -> bool + Send + Sync + 'static) {
        let (kind, print) = (self.info.kind, self.print);
        let is_nothing = move |value: &T| match kind {
            Kind::Option(_) => print(value) == "none",
            Kind::Serde => print(value) == "null",
            _ => false,
        };
        self.checks.push(Box::new(move |value| match keeps(value) || is_nothing(value) {
            true => Ok(()),
            false => Err(words.clone()),
        }));
    }

    /// A rule of the application's own. Its words reach people: they must not hold the value. The words of a
    /// [secret](Self::secret) setting's rule are replaced.
    #[must_use]
    pub fn validate<E: fmt::Display>(mut self, rule: impl Fn(&T) -> Result<(), E> + Send + Sync + 'static) -> Self {
        self.checks.push(Box::new(move |value| rule(value).map_err(|e| e.to_string())));
        self
    }
}

impl<S, T> fmt::Debug for Declaration<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Declaration").field("info", &self.info).finish_non_exhaustive()
    }
}
