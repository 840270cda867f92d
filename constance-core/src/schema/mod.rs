//! What settings there are.

mod builder;
mod rule;

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;

pub use self::builder::SchemaBuilder;
pub(crate) use self::rule::BrokenRule;
use self::rule::Rule;
use crate::backend::check_name;
use crate::field::{Field, TypedField};
use crate::{Codec, Error, ErrorKind, MessagePack, Result, Setting, SettingInfo, SettingValue};

/// A struct of settings. Derive it:
///
/// ```
/// use constance_core::Settings;
///
/// /// Live settings of the shop.
/// #[derive(Debug, Clone, Settings)]
/// struct Shop {
///     /// Answer to the Ultimate Question of Life, The Universe, and Everything
///     #[setting(default = 42, min = 0)]
///     the_answer: i64,
/// }
///
/// assert_eq!(Shop::defaults().the_answer, 42);
/// assert_eq!(Shop::THE_ANSWER.name(), "the_answer");
/// ```
///
/// or write by hand what the macro would, for which [`Schema`] has an example.
///
/// # The derive macro
///
/// Each field becomes a setting of the same name, and gets a constant in upper case, as visible as the struct: its
/// [`Setting`], by which it is read and written. The doc comment is the help that tools show, its lines joined and its
/// paragraphs kept. The struct needs named fields, no generic parameters, and `Clone`.
///
/// A field's type is a [`SettingType`](crate::SettingType), or it is marked `serde`. On fields:
///
/// | `#[setting(…)]` | meaning |
/// |---|---|
/// | `default = 42` | the default: any expression of the field's type; a string literal is converted into it |
/// | `default` | the type's own [`Default`]; an `Option` needs none and begins as `None` |
/// | `rename = "name"` | the setting's name, instead of the field's; the constant keeps the field's |
/// | `alias = "old-name"` | [an old name](crate::Declaration::alias), written and read too; may be repeated |
/// | `group = "General"` | [the group](crate::Declaration::group) that tools show it in |
/// | `help = "…"` | [the help](crate::Declaration::help), instead of the doc comment |
/// | `min = 0`, `max = 100` | [the smallest](crate::Declaration::min) and [the largest](crate::Declaration::max) value |
/// | `choices = [a, b]` | [the only values](crate::Declaration::choices) accepted |
/// | `validate = path` | [a rule](crate::Declaration::validate): a function or a closure; may be repeated |
/// | `secret` | [tools do not show](crate::Declaration::secret) the value |
/// | `nested` | [a struct that derives this too](crate::Nested): its settings, whose names begin with this field's and a dot; of the others, only `rename` goes with it |
/// | `serde` | [any serde type](crate::Declaration::serde), with JSON as its text form |
///
/// On the struct:
///
/// | `#[settings(…)]` | meaning |
/// |---|---|
/// | `rename_all = "kebab-case"` | how names are made of the fields' names; the words are those of serde |
/// | `validate(path, fields(a, b))` | [a rule across these fields](SchemaBuilder::rule): a function or a closure; may be repeated |
/// | `validate = path` | a rule across all fields |
/// | `removed("old", …)` | [names that earlier versions declared](SchemaBuilder::removed), and that this one gave up |
/// | `crate = path` | where this crate is, when it was renamed or is re-exported |
///
/// ```
/// use constance_core::{MessagePack, SettingEnum, Settings};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Settings)]
/// #[settings(rename_all = "kebab-case", validate(Shop::low_below_full, fields(low_stock, full_stock)))]
/// struct Shop {
///     #[setting(default = "My Title", group = "General", validate = not_blank)]
///     site_name: String,
///     #[setting(default = 2, min = 0, max = 10, alias = "few")]
///     low_stock: i64,
///     #[setting(default = 20, help = "From how many on a shelf counts as full")]
///     full_stock: i64,
///     #[setting(default = "EUR", choices = ["EUR", "NOK"])]
///     currency: String,
///     #[setting(default = Theme::Light)]
///     theme: Theme,
///     /// `None` until somebody sets it
///     #[setting(secret)]
///     api_key: Option<String>,
///     #[setting(default, serde)]
///     address: Address,
/// }
///
/// #[derive(Clone, PartialEq, SettingEnum)]
/// enum Theme {
///     Light,
///     Dark,
/// }
///
/// #[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
/// struct Address {
///     city: String,
/// }
///
/// impl Shop {
///     fn low_below_full(&self) -> Result<(), &'static str> {
///         if self.low_stock < self.full_stock { Ok(()) } else { Err("low-stock must be below full-stock") }
///     }
/// }
///
/// fn not_blank(text: &str) -> Result<(), &'static str> {
///     if text.trim().is_empty() { Err("must not be blank") } else { Ok(()) }
/// }
///
/// let schema = Shop::schema::<MessagePack>()?;
/// let accepted: Vec<String> = schema.settings().map(|s| format!("{}: {}", s.name, s.accepted())).collect();
/// assert_eq!(
///     accepted,
///     [
///         "site-name: a text",
///         "low-stock: a whole number, from 0 to 10",
///         "full-stock: a whole number",
///         "currency: one of EUR, NOK",
///         "theme: one of light, dark",
///         "api-key: a text, or none",
///         "address: JSON",
///     ]
/// );
/// # Ok::<(), constance_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a struct of settings",
    label = "this does not implement `Settings`",
    note = "derive `Settings` for it, or leave out `nested` where it is the type of one setting"
)]
pub trait Settings: Clone + Send + Sync + Sized + 'static {
    /// The names of the settings, in the order of declaration. Only needed of a struct that is nested in another: see [`Nested`](crate::Nested).
    const NAMES: &'static [&'static str] = &[];

    /// Every setting at its default.
    ///
    /// # Panics
    ///
    /// The derived one, where a text in the attributes (`default = "2026-02-30"`) is no value of its type. [`schema`](Self::schema)
    /// is an error then, which every front asks for first.
    fn defaults() -> Self;

    /// The declared settings.
    ///
    /// # Errors
    ///
    /// `Configuration` where the declaration contradicts itself: see [`SchemaBuilder::build`].
    fn schema<C: Codec>() -> Result<Schema<Self, C>>;
}

/// The declared settings of a struct `S`, in their order, with everything known about them.
///
/// One schema serves [`Config`](crate::Config), the command line and a web form. Without the derive macro:
///
/// ```
/// use constance_core::{Codec, Declaration, Result, Schema, Setting, Settings};
///
/// #[derive(Clone)]
/// struct Shop {
///     the_answer: i64,
///     site_name: String,
/// }
///
/// impl Shop {
///     const THE_ANSWER: Setting<Shop, i64> = Setting::new(0, "the_answer");
///     const SITE_NAME: Setting<Shop, String> = Setting::new(1, "site_name");
/// }
///
/// impl Settings for Shop {
///     fn defaults() -> Self {
///         Shop { the_answer: 42, site_name: "My Title".into() }
///     }
///
///     fn schema<C: Codec>() -> Result<Schema<Self, C>> {
///         Schema::builder(Self::defaults())
///             .setting(Declaration::new(Self::THE_ANSWER, |s| &s.the_answer, |s, v| s.the_answer = v).min(0))
///             .setting(Declaration::new(Self::SITE_NAME, |s| &s.site_name, |s, v| s.site_name = v))
///             .validate(|s: &Shop| if s.site_name.is_empty() { Err("the site needs a name") } else { Ok(()) })
///             .build()
///     }
/// }
///
/// let schema = Shop::schema::<constance_core::MessagePack>()?;
/// assert_eq!(schema.settings().map(|s| s.name).collect::<Vec<_>>(), ["the_answer", "site_name"]);
/// assert_eq!(schema.find("the_answer")?.default_text, "42");
/// # Ok::<(), constance_core::Error>(())
/// ```
pub struct Schema<S, C = MessagePack> {
    pub(crate) fields: Vec<Box<dyn Field<S, C>>>,
    /// In a box, so that what is built step by step stays small.
    pub(crate) defaults: Box<S>,
    /// Aliases too.
    names: HashMap<&'static str, usize>,
    removed: Vec<&'static str>,
    pub(crate) rules: Vec<Rule<S>>,
}

impl<S: Settings, C: Codec> Schema<S, C> {
    /// Begins a schema with the struct that holds every default.
    #[must_use]
    pub fn builder(defaults: S) -> SchemaBuilder<S, C> {
        let schema = Schema {
            fields: Vec::new(),
            defaults: Box::new(defaults),
            names: HashMap::new(),
            removed: Vec::new(),
            rules: Vec::new(),
        };
        SchemaBuilder { schema, problem: None }
    }

    /// What is known about each setting, in the order of declaration.
    pub fn settings(&self) -> impl ExactSizeIterator<Item = &SettingInfo> {
        self.fields.iter().map(|field| field.info())
    }

    /// What is known about the setting of this name. An alias finds the setting that has it, under its new name.
    ///
    /// # Errors
    ///
    /// `UnknownSetting`, with the name that comes nearest.
    pub fn find(&self, name: &str) -> Result<&SettingInfo> {
        Ok(self.field_named(name)?.1.info())
    }

    /// The names that earlier versions declared and this one gave up, for
    /// [`Config::remove_stale_keys`](crate::Config::remove_stale_keys).
    #[must_use]
    pub fn removed(&self) -> &[&'static str] {
        &self.removed
    }

    /// The place and the field of a name.
    pub(crate) fn field_named(&self, name: &str) -> Result<(usize, &dyn Field<S, C>)> {
        match self.names.get(name) {
            Some(&index) => Ok((index, &*self.fields[index])),
            None => Err(self.unknown(name)),
        }
    }

    /// The typed field behind a handle.
    pub(crate) fn typed<T: SettingValue>(&self, setting: Setting<S, T>) -> Result<&TypedField<T>> {
        self.fields
            .get(setting.index())
            .and_then(|field| field.as_any().downcast_ref::<TypedField<T>>())
            .filter(|field| std::ptr::eq(field.info.name, setting.name()) || field.info.name == setting.name())
            .ok_or_else(|| self.unknown(setting.name()))
    }

    /// The place of a handle whose type is that of the field behind it.
    pub(crate) fn checked(&self, setting: Setting<S, ()>, ty: TypeId) -> Result<usize> {
        self.fields
            .get(setting.index())
            .filter(|field| field.as_any().type_id() == ty && field.info().name == setting.name())
            .map(|_| setting.index())
            .ok_or_else(|| self.unknown(setting.name()))
    }

    #[cold]
    fn unknown(&self, name: &str) -> Error {
        // A secret pasted in the place of a name would end in the message: only names that could be one are shown.
        let error = Error::new(ErrorKind::UnknownSetting);
        if check_name(name).is_err() || name.len() > 64 {
            return error
                .with_detail("this cannot be the name of a setting")
                .with_hint("list the settings to see their names");
        }
        if self.removed.contains(&name) {
            return error.with_setting(name).with_detail("this version of the program does not have it any more");
        }
        let nearest = self.settings().map(|s| (distance(s.name, name), s.name)).min();
        let error = error.with_setting(name);
        match nearest {
            Some((edits, nearest)) if edits <= 3 => error.with_hint(format!("did you mean \"{nearest}\"?")),
            _ => error.with_hint("list the settings to see their names"),
        }
    }
}

/// Edits between two names (Levenshtein), without regard to case and to `-` against `_`.
fn distance(one: &str, other: &str) -> usize {
    let fold = |b: u8| if b == b'-' { b'_' } else { b.to_ascii_lowercase() };
    let other: Vec<u8> = other.bytes().map(fold).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().map(fold).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.iter().enumerate() {
            let edit = (diagonal + usize::from(a != *b)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], edit);
        }
    }
    row[other.len()]
}

impl<S, C> fmt::Debug for Schema<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").field("settings", &self.fields.len()).finish_non_exhaustive()
    }
}
