//! Building a schema, and what is wrong with a declaration.

use std::collections::HashSet;
use std::fmt;

use super::{Rule, Schema, Settings};
use crate::backend::check_name;
use crate::field::{Field, NestedField, PlacedField};
use crate::nested::joined;
use crate::{Codec, Declaration, Error, ErrorKind, MessagePack, Nested, Result, SettingValue};

/// Collects [`Declaration`]s into a [`Schema`].
pub struct SchemaBuilder<S, C = MessagePack> {
    pub(super) schema: Schema<S, C>,
    pub(super) problem: Option<Error>,
}

impl<S: Settings, C: Codec> SchemaBuilder<S, C> {
    /// Adds a setting; its place has to be the one in its handle.
    #[must_use]
    pub fn setting<T: SettingValue>(mut self, declaration: Declaration<S, T>) -> Self {
        let index = declaration.setting.index();
        let field = PlacedField::new(declaration, &self.schema.defaults);
        self.add(index, Box::new(field));
        self
    }

    /// Adds the settings of a struct that is a field of this one, with what is declared of them: bounds, rules, old names and
    /// those given up. Each name begins with the name of the field and a dot, and each default is that of `N`.
    ///
    /// ```
    /// # use constance_core::{Codec, Declaration, Nested, Result, Schema, Setting, Settings};
    /// #[derive(Clone)]
    /// struct Shop {
    ///     mail: Mail,
    /// }
    ///
    /// #[derive(Clone, Settings)]
    /// struct Mail {
    ///     #[setting(default = "localhost")]
    ///     host: String,
    /// }
    ///
    /// impl Shop {
    ///     const MAIL: Nested<Shop, Mail> = Nested::new(0, "mail", &["mail.host"], |s| &s.mail);
    /// }
    ///
    /// impl Settings for Shop {
    ///     const NAMES: &'static [&'static str] = Self::MAIL.names();
    ///
    ///     fn defaults() -> Self {
    ///         Shop { mail: Mail::defaults() }
    ///     }
    ///
    ///     fn schema<C: Codec>() -> Result<Schema<Self, C>> {
    ///         Schema::builder(Self::defaults()).nested(Self::MAIL, |s| &mut s.mail).build()
    ///     }
    /// }
    ///
    /// assert_eq!(Shop::schema::<constance_core::MessagePack>()?.find("mail.host")?.default_text, "localhost");
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    #[must_use]
    pub fn nested<N: Settings>(mut self, nested: Nested<S, N>, get_mut: fn(&mut S) -> &mut N) -> Self {
        let inner = match N::schema::<C>() {
            Ok(inner) => inner,
            Err(error) => {
                self.problem.get_or_insert(error.nested_in(nested.name()));
                return self;
            }
        };
        let Schema { fields, defaults, names: _, removed, rules } = inner;
        let (offset, count, get) = (self.schema.fields.len(), fields.len(), nested.get());
        if nested.names().len() != count {
            self.note(nested.name(), format!("its handle has {} names for {count} settings", nested.names().len()));
            return self;
        }
        *get_mut(&mut self.schema.defaults) = *defaults;
        for (at, (mut field, &name)) in fields.into_iter().zip(nested.names()).enumerate() {
            let info = field.info_mut();
            if name.strip_prefix(nested.name()).and_then(|rest| rest.strip_prefix('.')) != Some(info.name) {
                self.note(name, "its handle says another name than it has".to_owned());
            }
            info.name = name;
            info.aliases.iter_mut().for_each(|alias| *alias = joined(nested.name(), alias));
            self.add(nested.index() + at, Box::new(NestedField { field, get, get_mut }));
        }
        self.schema.removed.extend(removed.into_iter().map(|name| joined(nested.name(), name)));
        self.schema.rules.extend(rules.into_iter().map(|rule| rule.nested(offset..offset + count, get)));
        self
    }

    fn add(&mut self, index: usize, field: Box<dyn Field<S, C>>) {
        let (place, info) = (self.schema.fields.len(), field.info());
        if index != place {
            self.note(info.name, format!("its handle says place {index}, and it is declared at place {place}"));
        }
        for &name in std::iter::once(&info.name).chain(&info.aliases) {
            if let Err(error) = check_name(name) {
                self.problem.get_or_insert(error);
            }
            if self.schema.names.insert(name, place).is_some() {
                self.note(name, "the name is declared twice".to_owned());
            }
        }
        self.schema.fields.push(field);
    }

    /// A rule across all settings: [`rule`](Self::rule) without a name.
    #[must_use]
    pub fn validate<E: fmt::Display>(self, rule: impl Fn(&S) -> Result<(), E> + Send + Sync + 'static) -> Self {
        self.rule("", &[], rule)
    }

    /// A rule across these settings, by their names; none named means all. May be called several times.
    ///
    /// It is held when several settings are read at once, and when one of its settings is written, also against another writer
    /// of the others. Where what is stored breaks it, reads hold back just its settings. It sees the defaults of settings that
    /// it does not name. It is called often, and under a lock: it must only compare.
    ///
    /// Its name, which may be empty, and its words reach people. The words must hold no value; where it names a secret setting,
    /// they are replaced.
    ///
    /// ```
    /// # use constance_core::{Codec, Declaration, Result, Schema, Setting, Settings};
    /// # #[derive(Clone)]
    /// # struct Shop {
    /// #     low: i64,
    /// #     high: i64,
    /// # }
    /// # impl Shop {
    /// #     const LOW: Setting<Shop, i64> = Setting::new(0, "low");
    /// #     const HIGH: Setting<Shop, i64> = Setting::new(1, "high");
    /// # }
    /// # impl Settings for Shop {
    /// #     fn defaults() -> Self {
    /// #         Shop { low: 1, high: 10 }
    /// #     }
    /// fn schema<C: Codec>() -> Result<Schema<Self, C>> {
    ///     Schema::builder(Self::defaults())
    ///         .setting(Declaration::new(Self::LOW, |s| &s.low, |s, v| s.low = v))
    ///         .setting(Declaration::new(Self::HIGH, |s| &s.high, |s, v| s.high = v))
    ///         .rule("in_order", &[Self::LOW.name(), Self::HIGH.name()], |s| {
    ///             if s.low <= s.high { Ok(()) } else { Err("low must not be above high") }
    ///         })
    ///         .build()
    /// }
    /// # }
    /// # Shop::schema::<constance_core::MessagePack>()?;
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    #[must_use]
    pub fn rule<E: fmt::Display>(
        mut self,
        name: &'static str,
        settings: &[&'static str],
        rule: impl Fn(&S) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        let mut places = Vec::with_capacity(settings.len());
        for &setting in settings {
            match self.schema.names.get(setting) {
                Some(&place) => places.push(place),
                None => self.note(setting, "a rule names it, and it is not declared before the rule".to_owned()),
            }
        }
        self.schema.rules.push(Rule::new(name, (!settings.is_empty()).then_some(places), rule));
        self
    }

    /// Names a setting that earlier versions declared and this one gave up: [`Schema::removed`] lists it, and declaring it again is
    /// an error. Nothing is removed from the store by this alone.
    #[must_use]
    pub fn removed(mut self, name: &'static str) -> Self {
        self.schema.removed.push(name);
        self
    }

    /// The schema.
    ///
    /// # Errors
    ///
    /// `Configuration` where a name is not possible or declared twice, a handle has another place than its declaration, a name is
    /// declared and [removed](Self::removed), bounds contradict each other, a choice is outside them, a default breaks the
    /// setting's own rules or a rule across settings, or a rule names a setting that is not declared.
    pub fn build(mut self) -> Result<Schema<S, C>> {
        let mut removed = HashSet::new();
        for name in self.schema.removed.clone() {
            if let Err(error) = check_name(name) {
                self.problem.get_or_insert(error);
            }
            if self.schema.find(name).is_ok() {
                self.note(name, "it is declared, and listed as removed".to_owned());
            }
            if !removed.insert(name) {
                self.note(name, "it is listed as removed twice".to_owned());
            }
        }
        for field in &self.schema.fields {
            if let Err(error) = field.check_declaration() {
                self.problem.get_or_insert(error.with_setting(field.info().name));
            }
        }
        if let Err(error) = self.schema.check_together(&self.schema.defaults, |_| true) {
            let detail = format!("the defaults break a rule across settings: {}", error.detail());
            self.problem.get_or_insert(Error::new(ErrorKind::Configuration).with_detail(detail));
        }
        match self.problem {
            Some(problem) => Err(problem),
            None => Ok(self.schema),
        }
    }

    fn note(&mut self, name: &str, detail: String) {
        self.problem.get_or_insert_with(|| Error::new(ErrorKind::Configuration).with_setting(name).with_detail(detail));
    }
}

impl<S, C> fmt::Debug for SchemaBuilder<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemaBuilder").field("schema", &self.schema).finish_non_exhaustive()
    }
}
