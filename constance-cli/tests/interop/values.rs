//! The values of `constance-core/tests/golden/django/values.py`, as settings with their text forms.

use std::collections::BTreeMap;
use std::time::Duration;

use constance_core::{Settings, Value};
use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use time::OffsetDateTime;
use uuid::Uuid;

/// A setting for each name, and the text of the value that Python knows by it.
macro_rules! shared {
    ($($field:ident $name:literal: $type:ty = $text:expr;)+) => {
        /// Settings that Django has too; nothing is set until somebody does.
        #[derive(Debug, Clone, Settings)]
        pub(crate) struct Shared {
            $(#[setting(rename = $name)] pub(crate) $field: Option<$type>,)+
            #[setting(rename = "OURS")]
            ours: Option<i64>,
            #[setting(rename = "THEIRS")]
            theirs: Option<i64>,
            #[setting(rename = "SHARED")]
            shared: Option<i64>,
        }

        /// The same, where nobody knows their types.
        #[derive(Debug, Clone, Settings)]
        pub(crate) struct Untyped {
            $(#[setting(rename = $name)] $field: Option<Value>,)+
        }

        pub(crate) const CASES: &[(&str, &str)] = &[$(($name, $text)),+];
    };
}

shared! {
    int_value "INT_VALUE": i64 = "1";
    bool_value "BOOL_VALUE": bool = "true";
    string_value "STRING_VALUE": String = "Hello world";
    decimal_value "DECIMAL_VALUE": Decimal = "0.1";
    datetime_value "DATETIME_VALUE": DateTime = "2010-08-23 11:29:24";
    float_value "FLOAT_VALUE": f64 = "3.1415926536";
    date_value "DATE_VALUE": Date = "2010-12-24";
    time_value "TIME_VALUE": Time = "23:59:59";
    timedelta_value "TIMEDELTA_VALUE": Duration = "1day 2h 3m";
    choice_value "CHOICE_VALUE": String = "yes";
    linebreak_value "LINEBREAK_VALUE": String = "Spam spam";
    email_value "EMAIL_VALUE": String = "test@example.com";
    list_value "LIST_VALUE": Value = r#"[1, "1", {"__type__": "date", "__value__": "2019-01-01"}]"#;
    json_value "JSON_VALUE": Value = concat!(
        r#"{"key": "value", "key2": 2, "key3": [1, 2, 3], "key4": {"key": "value"}, "#,
        r#""key5": {"__type__": "date", "__value__": "2019-01-01"}, "key6": null}"#
    );
    none "none": i64 = "none";
    bool_false "bool_false": bool = "false";
    int_zero "int_zero": i64 = "0";
    int_min "int_min": i64 = "-9223372036854775808";
    int_max "int_max": i64 = "9223372036854775807";
    uint_first "uint_first": u64 = "9223372036854775808";
    uint_max "uint_max": u64 = "18446744073709551615";
    int_256_bits "int_256_bits": Value =
        "57896044618658097711785492504343953926634992332820282019728792003956564819969";
    int_256_bits_negative "int_256_bits_negative": Value =
        "-57896044618658097711785492504343953926634992332820282019728792003956564819968";
    float_negative_zero "float_negative_zero": f64 = "-0.0";
    float_one "float_one": f64 = "1";
    float_large "float_large": f64 = "1e308";
    float_largest "float_largest": f64 = "1.7976931348623157e308";
    float_smallest "float_smallest": f64 = "5e-324";
    float_1e15 "float_1e15": f64 = "1e15";
    float_1e16 "float_1e16": f64 = "1e16";
    float_below_1e16 "float_below_1e16": f64 = "9007199254740992";
    float_0001 "float_0001": f64 = "0.0001";
    float_00001 "float_00001": f64 = "0.00001";
    float_negative "float_negative": f64 = "-123456.789";
    float_nan "float_nan": f64 = "NaN";
    float_infinity "float_infinity": f64 = "inf";
    float_negative_infinity "float_negative_infinity": f64 = "-inf";
    text_empty "text_empty": String = "";
    text_unicode "text_unicode": String = "Gr\u{fc}\u{df}e, \u{4e16}\u{754c} \u{1f600}";
    text_escapes "text_escapes": String = r#""\"\\/\b\f\n\r\t\u0000\u001f\u007f\u0080\u2028""#;
    text_like_an_envelope "text_like_an_envelope": String = r#"{"__type__": "default", "__value__": 1}"#;
    list_empty "list_empty": Vec<Date> = "[]";
    list_nested "list_nested": Value = "[[], [[1], [null]], {}]";
    dict_empty "dict_empty": BTreeMap<String, i64> = "{}";
    dict_order "dict_order": Value = "{\"b\": 1, \"a\": 2, \"\": 3, \"\u{fc}\": 4}";
    dict_of_everything "dict_of_everything": Value = concat!(
        r#"{"datetime": {"__type__": "datetime", "__value__": "2010-12-24T18:30:15.250000+00:00"}, "#,
        r#""list": [{"__type__": "timedelta", "__value__": 1.5}, [{"__type__": "decimal", "__value__": "1.50"}, "#,
        r#"{"uuid": {"__type__": "uuid", "__value__": "00000000000000000000000000000005"}}]], "#,
        r#""time": {"__type__": "time", "__value__": "01:02:03.000004"}}"#
    );
    deep "deep": Value = concat!(
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
    );
    date_first "date_first": Date = "0001-01-01";
    date_last "date_last": Date = "9999-12-31";
    date_leap "date_leap": Date = "2000-02-29";
    time_midnight "time_midnight": Time = "0:00";
    time_micros "time_micros": Time = "9:30:00.000001";
    time_last "time_last": Time = "23:59:59.999999";
    datetime_micros "datetime_micros": DateTime = "2010-12-24 18:30:15.123456";
    datetime_first "datetime_first": DateTime = "0001-01-01 00:00";
    datetime_last "datetime_last": DateTime = "9999-12-31 23:59:59.999999";
    datetime_utc "datetime_utc": Timestamp = "2010-12-24 18:30:15 UTC";
    datetime_east "datetime_east": OffsetDateTime = "2010-12-24 18:30:15.000005+05:45";
    datetime_west "datetime_west": OffsetDateTime = "2010-12-24 18:30-09:30";
    datetime_odd_offset "datetime_odd_offset": OffsetDateTime = "1900-01-01 12:00+00:19:32";
    timedelta_zero "timedelta_zero": Duration = "0s";
    timedelta_micro "timedelta_micro": Duration = "1us";
    timedelta_micros "timedelta_micros": Duration = "3days 123457us";
    timedelta_negative "timedelta_negative": SignedDuration = "-90s 250ms";
    timedelta_negative_micro "timedelta_negative_micro": SignedDuration = "-1us";
    timedelta_200_years "timedelta_200_years": Duration = "73000days 999999us";
    timedelta_huge "timedelta_huge": Duration = "999999999days";
    timedelta_min "timedelta_min": SignedDuration = "-999999999days";
    decimal_zeros "decimal_zeros": Decimal = "10.500";
    decimal_negative "decimal_negative": Decimal = "-0.05";
    decimal_tiny "decimal_tiny": Decimal = "0.0000001";
    decimal_long "decimal_long": Decimal = "79228162514264337593543950335";
    decimal_exponent "decimal_exponent": Value = r#"{"__type__": "decimal", "__value__": "1E+5"}"#;
    decimal_nan "decimal_nan": Value = r#"{"__type__": "decimal", "__value__": "NaN"}"#;
    uuid_nil "uuid_nil": Uuid = "00000000-0000-0000-0000-000000000000";
    uuid "uuid": Uuid = "01234567-89ab-cdef-0123-456789abcdef";
    uuid_max "uuid_max": Uuid = "ffffffff-ffff-ffff-ffff-ffffffffffff";
}
