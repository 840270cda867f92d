//! A declared setting in a schema: typed, and with its type erased.

use std::any::Any;
use std::sync::Arc;

use crate::declaration::Check;
use crate::{Codec, Encoded, Error, ErrorKind, ParseError, Result, SettingInfo, SettingValue};

/// A value whose type only its field knows.
pub(crate) type AnyValue = Arc<dyn Any + Send + Sync>;

/// A setting of type `T`: the read path downcasts to it, so that nothing is boxed.
pub(crate) struct TypedField<S, T> {
    pub(crate) info: SettingInfo,
    pub(crate) default: T,
    get: fn(&S) -> &T,
    put: fn(&mut S, T),
    parse: fn(&str) -> Result<T, ParseError>,
    print: fn(&T) -> String,
    checks: Vec<Check<T>>,
}

impl<S, T: SettingValue> TypedField<S, T> {
    pub(crate) fn new(declaration: crate::Declaration<S, T>, defaults: &S) -> Self {
        let crate::Declaration { setting: _, mut info, get, put, parse, print, checks } = declaration;
        let default = get(defaults).clone();
        info.default_text = print(&default);
        Self { info, default, get, put, parse, print, checks }
    }

    /// A stored value, held to today's rules.
    pub(crate) fn decode<C: Codec>(&self, codec: &C, bytes: &[u8]) -> Result<T> {
        let value = codec.decode(&self.info.kind, bytes)?;
        if !self.checks.is_empty() {
            self.check(&value).map_err(|e| e.with_hint("set or reset the setting to repair it"))?;
        }
        Ok(value)
    }

    /// The bytes to store, after the rules were held and the bytes were seen to read back.
    pub(crate) fn encode<C: Codec>(&self, codec: &C, value: &T) -> Result<Encoded> {
        self.check(value).map_err(|e| e.with_hint(format!("accepted is {}", self.info.accepted())))?;
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

    pub(crate) fn check(&self, value: &T) -> Result<()> {
        for check in &self.checks {
            check(value).map_err(|words| {
                let words =
                    if self.info.secret { "the value breaks a rule of this secret setting".into() } else { words };
                Error::new(ErrorKind::Invalid).with_setting(self.info.name).with_detail(words)
            })?;
        }
        Ok(())
    }

    /// Whether two values are one: equal, or written alike (a NaN is not equal to itself).
    pub(crate) fn same<C: Codec>(&self, codec: &C, one: &T, other: &T) -> bool {
        if one == other {
            return true;
        }
        match (codec.encode(&self.info.kind, one), codec.encode(&self.info.kind, other)) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        }
    }
}

/// What a schema needs of a field without knowing its type.
pub(crate) trait Field<S, C>: Send + Sync {
    fn info(&self) -> &SettingInfo;
    fn as_any(&self) -> &dyn Any;
    /// Stored bytes to a value, held to the rules.
    fn decode(&self, codec: &C, bytes: &[u8]) -> Result<AnyValue>;
    /// Stored bytes straight into the struct, held to the rules.
    fn decode_into(&self, codec: &C, bytes: &[u8], values: &mut S) -> Result<()>;
    /// A value of this field's type to bytes, held to the rules.
    fn encode(&self, codec: &C, value: &AnyValue) -> Result<Encoded>;
    /// A text to a value; the rules are held when it is encoded.
    fn parse(&self, text: &str) -> Result<AnyValue>;
    fn print(&self, value: &AnyValue) -> String;
    fn same(&self, codec: &C, one: &AnyValue, other: &AnyValue) -> bool;
    fn default(&self) -> AnyValue;
    fn get(&self, values: &S) -> AnyValue;
    fn put(&self, values: &mut S, value: &AnyValue);
    /// Whether the default keeps to the rules.
    fn check_default(&self) -> Result<()>;
}

impl<S: 'static, C: Codec, T: SettingValue> Field<S, C> for TypedField<S, T> {
    fn info(&self) -> &SettingInfo {
        &self.info
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn decode(&self, codec: &C, bytes: &[u8]) -> Result<AnyValue> {
        Ok(Arc::new(self.decode(codec, bytes)?))
    }

    fn decode_into(&self, codec: &C, bytes: &[u8], values: &mut S) -> Result<()> {
        (self.put)(values, self.decode(codec, bytes)?);
        Ok(())
    }

    fn encode(&self, codec: &C, value: &AnyValue) -> Result<Encoded> {
        self.encode(codec, self.typed(value))
    }

    fn parse(&self, text: &str) -> Result<AnyValue> {
        let value = (self.parse)(text).map_err(|e| {
            Error::new(ErrorKind::Invalid)
                .with_setting(self.info.name)
                .with_detail(e.to_string())
                .with_hint(format!("accepted is {}", self.info.accepted()))
        })?;
        Ok(Arc::new(value))
    }

    fn print(&self, value: &AnyValue) -> String {
        (self.print)(self.typed(value))
    }

    fn same(&self, codec: &C, one: &AnyValue, other: &AnyValue) -> bool {
        self.same(codec, self.typed(one), self.typed(other))
    }

    fn default(&self) -> AnyValue {
        Arc::new(self.default.clone())
    }

    fn get(&self, values: &S) -> AnyValue {
        Arc::new((self.get)(values).clone())
    }

    fn put(&self, values: &mut S, value: &AnyValue) {
        (self.put)(values, self.typed(value).clone());
    }

    fn check_default(&self) -> Result<()> {
        self.check(&self.default)
    }
}

impl<S, T: SettingValue> TypedField<S, T> {
    /// Values are only made by the field that reads them, so another type cannot arrive; the default stands in for the
    /// panic that would otherwise be here.
    fn typed<'v>(&'v self, value: &'v AnyValue) -> &'v T {
        let typed = value.downcast_ref();
        debug_assert!(typed.is_some(), "a value of another setting's type");
        typed.unwrap_or(&self.default)
    }
}
