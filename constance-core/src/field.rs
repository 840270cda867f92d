//! A declared setting in a schema: typed, and with its type erased.

use std::any::Any;
use std::sync::Arc;

use crate::codec::LimitedCodec;
use crate::declaration::{Bounds, Check};
use crate::panics::caught;
use crate::{Codec, Error, ErrorKind, Kind, ParseError, Result, SettingInfo, SettingValue, backend::Encoded};

/// A value whose type only its field knows.
pub(crate) type AnyValue = Arc<dyn Any + Send + Sync>;

const REPAIR: &str = "set or reset the setting to repair it";

/// A setting of type `T`: the read path downcasts to it, so that nothing is boxed. It does not know the struct, which may be
/// nested in another.
pub(crate) struct TypedField<T> {
    pub(crate) info: SettingInfo,
    /// What is in force while nothing is stored: the declared default, a base value, or the pin.
    pub(crate) default: T,
    /// Whether that is in force whatever is stored.
    pub(crate) is_pinned: bool,
    parse: fn(&str) -> Result<T, ParseError>,
    print: fn(&T) -> String,
    checks: Vec<Check<T>>,
    bounds: Bounds<T>,
}

/// The same with its place in the struct that declares it.
pub(crate) struct PlacedField<S, T> {
    field: TypedField<T>,
    get: fn(&S) -> &T,
    put: fn(&mut S, T),
}

/// A setting of a struct `N` that is nested in `S`, with its name in `S`.
pub(crate) struct NestedField<S, N, C> {
    pub(crate) field: Box<dyn Field<N, C>>,
    pub(crate) get: fn(&S) -> &N,
    pub(crate) get_mut: fn(&mut S) -> &mut N,
}

impl<S, T: SettingValue> PlacedField<S, T> {
    pub(crate) fn new(declaration: crate::Declaration<S, T>, defaults: &S) -> Self {
        let crate::Declaration { setting: _, mut info, get, put, parse, print, checks, bounds } = declaration;
        let default = get(defaults).clone();
        info.default_text = print(&default);
        Self { field: TypedField { info, default, is_pinned: false, parse, print, checks, bounds }, get, put }
    }
}

impl<T: SettingValue> TypedField<T> {
    /// A stored value, held to today's rules.
    pub(crate) fn decode<C: Codec>(&self, codec: &LimitedCodec<C>, bytes: &[u8]) -> Result<T> {
        let words = "reading the stored value panicked in the code of its type";
        let value = caught(ErrorKind::Decode, words, || codec.decode(&self.info.kind, bytes))
            .map_err(|e| self.hidden(e, "what is stored is not a value of this secret setting"))?;
        if !self.checks.is_empty() {
            self.check(&value).map_err(|e| e.with_hint(REPAIR))?;
        }
        Ok(value)
    }

    /// The bytes to store, after the rules were held and the bytes were seen to read back.
    pub(crate) fn encode<C: Codec>(&self, codec: &LimitedCodec<C>, value: &T) -> Result<Encoded> {
        self.check(value).map_err(|e| self.accepting(e))?;
        let words = "writing the value panicked in the code of its type";
        caught(ErrorKind::Encode, words, || self.encode_checked(codec, value))
            .map_err(|e| self.hidden(e, "the value of this secret setting cannot be written"))
    }

    fn encode_checked<C: Codec>(&self, codec: &LimitedCodec<C>, value: &T) -> Result<Encoded> {
        let encoded = codec.encode(&self.info.kind, value)?;
        // A value that could not be read again would be lost: a field that serde skips, a depth, an untagged enum.
        let read: Result<T> = codec.decode(&self.info.kind, encoded.as_bytes());
        // One that is not even equal to itself, since it holds a NaN, is known by its bytes. No other is: what the type does
        // not write at all is missing in both.
        let is_back = |read: T| read == *value || (value.clone() != *value && self.same(codec, &read, value));
        if read.is_ok_and(is_back) {
            return Ok(encoded);
        }
        Err(Error::new(ErrorKind::Encode)
            .with_detail("the value does not read back as itself")
            .with_hint("check how its type implements serde's traits"))
    }

    /// The error with what is accepted, unless it says so already or the type alone knows.
    #[cold]
    fn accepting(&self, error: Error) -> Error {
        let accepted = self.info.accepted();
        if self.info.kind == Kind::Serde && !self.info.secret || error.detail().contains(&accepted) {
            return error;
        }
        error.with_hint(format!("accepted is {accepted}"))
    }

    /// The error without what it says of the value, where that is a secret: a kind's words, a length, a first byte.
    #[cold]
    fn hidden(&self, error: Error, words: &'static str) -> Error {
        match error.kind() {
            kind @ ErrorKind::Decode if self.info.secret => Error::new(kind).with_detail(words).with_hint(REPAIR),
            kind @ ErrorKind::Encode if self.info.secret => Error::new(kind).with_detail(words),
            _ => error,
        }
    }

    pub(crate) fn check(&self, value: &T) -> Result<()> {
        for check in &self.checks {
            let checked = caught(ErrorKind::Invalid, "a rule of this setting panicked", || {
                check(value).map_err(|words| {
                    let words =
                        if self.info.secret { "the value breaks a rule of this secret setting".into() } else { words };
                    Error::new(ErrorKind::Invalid).with_detail(words)
                })
            });
            checked.map_err(|e| e.with_setting(self.info.name))?;
        }
        Ok(())
    }

    /// Whether two values are one: equal, or written alike (a NaN is not equal to itself).
    pub(crate) fn same<C: Codec>(&self, codec: &LimitedCodec<C>, one: &T, other: &T) -> bool {
        let same = caught(ErrorKind::Invalid, "comparing values panicked", || {
            Ok(one == other || codec.encode(&self.info.kind, one)? == codec.encode(&self.info.kind, other)?)
        });
        same.unwrap_or(false)
    }
}

/// What a schema needs of a field without knowing its type.
pub(crate) trait Field<S, C>: Send + Sync {
    fn info(&self) -> &SettingInfo;
    fn info_mut(&mut self) -> &mut SettingInfo;
    /// The [`TypedField`].
    fn as_any(&self) -> &dyn Any;
    /// Stored bytes to a value, held to the rules.
    fn decode(&self, codec: &LimitedCodec<C>, bytes: &[u8]) -> Result<AnyValue>;
    /// Stored bytes straight into the struct, held to the rules.
    fn decode_into(&self, codec: &LimitedCodec<C>, bytes: &[u8], values: &mut S) -> Result<()>;
    /// A value of this field's type to bytes, held to the rules.
    fn encode(&self, codec: &LimitedCodec<C>, value: &AnyValue) -> Result<Encoded>;
    /// A text to a value; the rules are held when it is encoded.
    fn parse(&self, text: &str) -> Result<AnyValue>;
    fn print(&self, value: &AnyValue) -> Result<String>;
    fn same(&self, codec: &LimitedCodec<C>, one: &AnyValue, other: &AnyValue) -> bool;
    fn default(&self) -> AnyValue;
    /// Puts a value in the place of the default.
    fn set_default(&mut self, value: &AnyValue) -> Result<()>;
    /// Has this value in force from now on, whatever is stored.
    fn pin(&mut self, value: &AnyValue);
    fn is_pinned(&self) -> bool;
    /// Holds a value of this field's type to the setting's own rules.
    fn check(&self, value: &AnyValue) -> Result<()>;
    fn get(&self, values: &S) -> AnyValue;
    fn put(&self, values: &mut S, value: &AnyValue);
    /// Puts what one struct has into another.
    fn copy(&self, from: &S, to: &mut S);
    /// Whether what was declared of it fits together.
    fn check_declaration(&self) -> Result<()>;
}

impl<S: 'static, C: Codec, T: SettingValue> Field<S, C> for PlacedField<S, T> {
    fn info(&self) -> &SettingInfo {
        &self.field.info
    }

    fn info_mut(&mut self) -> &mut SettingInfo {
        &mut self.field.info
    }

    fn as_any(&self) -> &dyn Any {
        &self.field
    }

    fn decode(&self, codec: &LimitedCodec<C>, bytes: &[u8]) -> Result<AnyValue> {
        Ok(Arc::new(self.field.decode(codec, bytes)?))
    }

    fn decode_into(&self, codec: &LimitedCodec<C>, bytes: &[u8], values: &mut S) -> Result<()> {
        (self.put)(values, self.field.decode(codec, bytes)?);
        Ok(())
    }

    fn encode(&self, codec: &LimitedCodec<C>, value: &AnyValue) -> Result<Encoded> {
        self.field.encode(codec, self.field.typed(value))
    }

    fn parse(&self, text: &str) -> Result<AnyValue> {
        Ok(Arc::new(self.field.parse(text)?))
    }

    fn print(&self, value: &AnyValue) -> Result<String> {
        let words = "printing the value panicked in the code of its type";
        caught(ErrorKind::Invalid, words, || Ok((self.field.print)(self.field.typed(value))))
    }

    fn same(&self, codec: &LimitedCodec<C>, one: &AnyValue, other: &AnyValue) -> bool {
        self.field.same(codec, self.field.typed(one), self.field.typed(other))
    }

    fn default(&self) -> AnyValue {
        Arc::new(self.field.default.clone())
    }

    fn set_default(&mut self, value: &AnyValue) -> Result<()> {
        self.field.info.default_text = Field::<S, C>::print(self, value)?;
        self.field.default = self.field.typed(value).clone();
        Ok(())
    }

    fn pin(&mut self, value: &AnyValue) {
        self.field.default = self.field.typed(value).clone();
        self.field.is_pinned = true;
    }

    fn is_pinned(&self) -> bool {
        self.field.is_pinned
    }

    fn check(&self, value: &AnyValue) -> Result<()> {
        let field = &self.field;
        field.check(field.typed(value)).map_err(|e| field.accepting(e))
    }

    fn get(&self, values: &S) -> AnyValue {
        Arc::new((self.get)(values).clone())
    }

    fn put(&self, values: &mut S, value: &AnyValue) {
        (self.put)(values, self.field.typed(value).clone());
    }

    fn copy(&self, from: &S, to: &mut S) {
        (self.put)(to, (self.get)(from).clone());
    }

    fn check_declaration(&self) -> Result<()> {
        self.field.check_declaration()
    }
}

impl<S: 'static, N: 'static, C: Codec> Field<S, C> for NestedField<S, N, C> {
    fn info(&self) -> &SettingInfo {
        self.field.info()
    }

    fn info_mut(&mut self) -> &mut SettingInfo {
        self.field.info_mut()
    }

    fn as_any(&self) -> &dyn Any {
        self.field.as_any()
    }

    fn decode(&self, codec: &LimitedCodec<C>, bytes: &[u8]) -> Result<AnyValue> {
        self.field.decode(codec, bytes)
    }

    fn decode_into(&self, codec: &LimitedCodec<C>, bytes: &[u8], values: &mut S) -> Result<()> {
        self.field.decode_into(codec, bytes, (self.get_mut)(values))
    }

    fn encode(&self, codec: &LimitedCodec<C>, value: &AnyValue) -> Result<Encoded> {
        self.field.encode(codec, value)
    }

    fn parse(&self, text: &str) -> Result<AnyValue> {
        self.field.parse(text)
    }

    fn print(&self, value: &AnyValue) -> Result<String> {
        self.field.print(value)
    }

    fn same(&self, codec: &LimitedCodec<C>, one: &AnyValue, other: &AnyValue) -> bool {
        self.field.same(codec, one, other)
    }

    fn default(&self) -> AnyValue {
        self.field.default()
    }

    fn set_default(&mut self, value: &AnyValue) -> Result<()> {
        self.field.set_default(value)
    }

    fn pin(&mut self, value: &AnyValue) {
        self.field.pin(value);
    }

    fn is_pinned(&self) -> bool {
        self.field.is_pinned()
    }

    fn check(&self, value: &AnyValue) -> Result<()> {
        self.field.check(value)
    }

    fn get(&self, values: &S) -> AnyValue {
        self.field.get((self.get)(values))
    }

    fn put(&self, values: &mut S, value: &AnyValue) {
        self.field.put((self.get_mut)(values), value);
    }

    fn copy(&self, from: &S, to: &mut S) {
        self.field.copy((self.get)(from), (self.get_mut)(to));
    }

    fn check_declaration(&self) -> Result<()> {
        self.field.check_declaration()
    }
}

impl<T: SettingValue> TypedField<T> {
    /// A text to a value; the rules are held when it is encoded.
    fn parse(&self, text: &str) -> Result<T> {
        let words = "reading the text panicked in the code of its type";
        let read = caught(ErrorKind::Invalid, words, || {
            // The words of a type may be its choices.
            (self.parse)(text).map_err(|e| {
                let words =
                    if self.info.secret { "this is not a value of this secret setting".into() } else { e.to_string() };
                Error::new(ErrorKind::Invalid).with_detail(words)
            })
        });
        read.map_err(|e| self.accepting(e.with_setting(self.info.name)))
    }

    fn check_declaration(&self) -> Result<()> {
        let refused = |what: &str, error: Error| {
            Error::new(ErrorKind::Configuration).with_detail(format!("{what} breaks its own rule: {}", error.detail()))
        };
        if self.bounds.contradict {
            return Err(Error::new(ErrorKind::Configuration).with_detail("its smallest value is above its largest"));
        }
        self.check(&self.default).map_err(|error| refused("its default", error))?;
        self.bounds
            .choices
            .iter()
            .try_for_each(|choice| self.check(choice))
            .map_err(|e| refused("one of its choices", e))
    }

    /// Values are only made by the field that reads them, so another type cannot arrive; the default stands in for the
    /// panic that would otherwise be here.
    fn typed<'v>(&'v self, value: &'v AnyValue) -> &'v T {
        let typed = value.downcast_ref();
        debug_assert!(typed.is_some(), "a value of another setting's type");
        typed.unwrap_or(&self.default)
    }
}
