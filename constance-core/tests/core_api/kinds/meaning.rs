//! What a value means, whatever its type: two values are the same if they mean the same.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use constance_core::{SettingType, Value};
use serde_json::Value as Parsed;

use super::pairs::{Fields, Pair, Word};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Meaning {
    None,
    Bool(bool),
    Number(Number),
    Text(String),
    /// In nanoseconds.
    Span(i128),
    /// Which kind of date or time it is, and its text.
    Civil(&'static str, String),
    /// Without zeros at its end.
    Decimal(String),
    Uuid(u128),
    List(Vec<Meaning>),
    Map(BTreeMap<String, Meaning>),
}

/// A number in decimal digits, or what is no number.
#[derive(Debug, Clone)]
pub(crate) struct Number {
    exact: String,
    /// The digits that it is printed with, exactly: those of a narrow float stand for another number.
    printed: String,
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.exact == other.exact || (DIGITS.get() && self.printed == other.printed)
    }
}

thread_local! {
    /// Whether a number is the digits that stand for it, as in JSON: the nearest float of 32 bits is then as good as that of 64.
    pub(crate) static DIGITS: Cell<bool> = const { Cell::new(false) };
}

pub(crate) trait Means {
    fn meaning(&self) -> Meaning;
}

macro_rules! means {
    ($($type:ty: $this:ident => $meaning:expr;)+) => {$(
        impl Means for $type {
            fn meaning(&self) -> Meaning {
                let $this = self;
                $meaning
            }
        }
    )+};
}

/// Every digit of a float: a float of 64 bits has fewer than 1,100 after the point.
fn digits(float: f64) -> String {
    if !float.is_finite() {
        return float.to_string();
    }
    let exact = format!("{float:.1100}");
    let digits = exact.trim_end_matches('0').trim_end_matches('.');
    // A whole number has no zero below zero.
    if digits == "-0" { "0".to_owned() } else { digits.to_owned() }
}

fn number(exact: String) -> Meaning {
    Meaning::Number(Number { printed: exact.clone(), exact })
}

fn decimal(text: &str) -> Meaning {
    let digits = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    Meaning::Decimal(digits.to_owned())
}

means! {
    bool: this => Meaning::Bool(*this);
    u8: this => number(this.to_string());
    u32: this => number(this.to_string());
    i32: this => number(this.to_string());
    i64: this => number(this.to_string());
    u64: this => number(this.to_string());
    f32: this => {
        let printed = digits(this.to_string().parse().expect("a float"));
        Meaning::Number(Number { exact: digits(f64::from(*this)), printed })
    };
    f64: this => number(digits(*this));
    String: this => Meaning::Text(this.clone());
    char: this => Meaning::Text(this.to_string());
    Word: this => Meaning::Text(this.print());
    // An address means what it names, and it is written as the standard writes it.
    url::Url: this => Meaning::Text(this.to_string());
    Duration: this => Meaning::Span(i128::try_from(this.as_nanos()).expect("short"));
    jiff::SignedDuration: this => Meaning::Span(this.as_nanos());
    time::Duration: this => Meaning::Span(this.whole_nanoseconds());
    chrono::TimeDelta: this => {
        Meaning::Span(i128::from(this.num_seconds()) * 1_000_000_000 + i128::from(this.subsec_nanos()))
    };
    chrono::NaiveDate: this => Meaning::Civil("date", this.print());
    jiff::civil::Date: this => Meaning::Civil("date", this.print());
    time::Date: this => Meaning::Civil("date", this.print());
    chrono::NaiveTime: this => Meaning::Civil("time", this.print());
    jiff::civil::Time: this => Meaning::Civil("time", this.print());
    chrono::NaiveDateTime: this => Meaning::Civil("naive", this.print());
    time::PrimitiveDateTime: this => Meaning::Civil("naive", this.print());
    jiff::Timestamp: this => Meaning::Civil("moment", this.print());
    chrono::DateTime<chrono::Utc>: this => Meaning::Civil("moment", this.print());
    // The same moment, wherever it was written.
    time::OffsetDateTime: this => Meaning::Civil("moment", this.to_utc().print());
    rust_decimal::Decimal: this => decimal(&this.print());
    uuid::Uuid: this => Meaning::Uuid(this.as_u128());
    Value: this => of_json(&serde_json::from_str(&strict(&this.to_string())).expect("JSON of the test's own"));
    Fields: this => {
        Meaning::Map(BTreeMap::from([("secs".to_owned(), this.secs.meaning()), ("nanos".to_owned(), this.nanos.meaning())]))
    };
    Pair: this => Meaning::List(vec![this.0.meaning(), this.1.meaning()]);
}

impl<T: Means> Means for Option<T> {
    fn meaning(&self) -> Meaning {
        self.as_ref().map_or(Meaning::None, T::meaning)
    }
}

impl<T: Means> Means for Vec<T> {
    fn meaning(&self) -> Meaning {
        Meaning::List(self.iter().map(T::meaning).collect())
    }
}

impl<T: Means> Means for BTreeMap<String, T> {
    fn meaning(&self) -> Meaning {
        Meaning::Map(self.iter().map(|(name, value)| (name.clone(), value.meaning())).collect())
    }
}

/// The text without the words that only Python has.
fn strict(text: &str) -> String {
    let float = |word: &str| format!("{{\"__type__\": \"float\", \"__value__\": \"{word}\"}}");
    text.replace("NaN", &float("nan")).replace("-Infinity", &float("-inf")).replace("Infinity", &float("inf"))
}

/// JSON as Django stores it, for what these tests store of it.
fn of_json(json: &Parsed) -> Meaning {
    match json {
        Parsed::Null => Meaning::None,
        Parsed::Bool(value) => value.meaning(),
        Parsed::Number(float) if float.is_f64() => number(digits(float.as_f64().expect("a float"))),
        Parsed::Number(whole) => number(whole.to_string()),
        Parsed::String(text) => text.meaning(),
        Parsed::Array(elements) => Meaning::List(elements.iter().map(of_json).collect()),
        Parsed::Object(object) => match object.get("__type__").and_then(Parsed::as_str) {
            None => Meaning::Map(object.iter().map(|(name, value)| (name.clone(), of_json(value))).collect()),
            Some(name) => typed(name, &object["__value__"]),
        },
    }
}

fn typed(name: &str, value: &Parsed) -> Meaning {
    let text = value.as_str().unwrap_or_default();
    match name {
        "date" => jiff::civil::Date::parse(text).expect("a date").meaning(),
        "time" => jiff::civil::Time::parse(text).expect("a time").meaning(),
        "datetime" => match jiff::Timestamp::parse(text) {
            Ok(moment) => moment.meaning(),
            Err(_) => chrono::NaiveDateTime::parse(text).expect("a datetime").meaning(),
        },
        "timedelta" => Meaning::Span((value.as_f64().expect("seconds") * 1e6).round() as i128 * 1_000),
        "float" => number(digits(text.parse().expect("a float"))),
        "decimal" => decimal(text),
        "uuid" => Meaning::Uuid(u128::from_str_radix(text, 16).expect("digits")),
        _ => of_json(value),
    }
}
