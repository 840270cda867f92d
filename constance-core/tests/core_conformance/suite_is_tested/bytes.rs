//! Promise 12, as far as a backend shows it: values that are not kept as they are.

use constance_core::{
    Result,
    backend::{Applied, Batch, Change, Encoded, Key, Op, Stored},
};

use super::wrong::{Defect, Inside, assert_caught, map_bytes};

/// Bytes are changed on their way into the store.
#[derive(Debug)]
struct In(fn(&[u8]) -> Vec<u8>);

impl Defect for In {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        let changed = |change: &Change| {
            let mut change = change.clone();
            if let Op::Set(value) = &change.op {
                change.op = Op::Set(Encoded::from((self.0)(value.as_bytes())));
            }
            change
        };
        right.write(&Batch::new(batch.changes().iter().map(changed).collect())?.wanting_previous(batch.want_previous()))
    }
}

#[test]
fn a_value_that_is_cut_short_is_caught() {
    let by = ["values_of_awkward_lengths_survive", "mebibyte_value_survives", "equals_compares_long_values_whole"];
    assert_caught(|| In(|bytes| bytes[..bytes.len().min(65_535)].to_vec()), &by);
    assert_caught(|| In(|bytes| bytes[..bytes.len().min(255)].to_vec()), &by);
    assert_caught(
        || In(|bytes| bytes.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()),
        &["zero_bytes_survive"],
    );
}

#[test]
fn a_value_that_is_taken_for_text_is_caught() {
    let by = ["invalid_utf8_survives", "all_byte_values_survive"];
    assert_caught(|| In(|bytes| String::from_utf8_lossy(bytes).into_owned().into_bytes()), &by);
    assert_caught(|| In(|bytes| bytes.iter().map(|byte| byte & 0x7f).collect()), &by);
    assert_caught(|| In(|bytes| bytes.trim_ascii_end().to_vec()), &["text_is_not_normalized"]);
    assert_caught(
        || In(|bytes| String::from_utf8_lossy(bytes).replace("\r\n", "\n").into_bytes()),
        &["text_is_not_normalized"],
    );
}

#[test]
fn a_value_that_is_taken_for_something_is_caught() {
    let null = || In(|bytes| if bytes == b"null" { Vec::new() } else { bytes.to_vec() });
    assert_caught(null, &["values_that_look_like_other_formats_survive"]);
    let number = || {
        In(|bytes| {
            std::str::from_utf8(bytes)
                .ok()
                .and_then(|text| text.parse::<i64>().ok())
                .map_or(bytes.to_vec(), |n| n.to_string().into_bytes())
        })
    };
    assert_caught(number, &["values_that_look_like_other_formats_survive"]);
}

/// The shorter value is written over the longer one.
#[derive(Debug)]
struct Overlaid;

impl Defect for Overlaid {
    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        let changed = |change: &Change| -> Result<Change> {
            let mut change = change.clone();
            if let (Op::Set(new), Stored::Value(old)) = (&change.op, right.read(&[&change.key])?.remove(0)) {
                let rest = old.as_bytes().get(new.len()..).unwrap_or_default();
                change.op = Op::Set(Encoded::from([new.as_bytes(), rest].concat()));
            }
            Ok(change)
        };
        let changes = batch.changes().iter().map(changed).collect::<Result<_>>()?;
        right.write(&Batch::new(changes)?.wanting_previous(batch.want_previous()))
    }
}

#[test]
fn the_rest_of_a_longer_value_is_caught() {
    assert_caught(|| Overlaid, &["overwritten_value_is_replaced_whole"]);
}

/// Bytes are changed on their way out.
#[derive(Debug)]
struct Out(fn(&[u8]) -> Vec<u8>);

impl Defect for Out {
    fn read(&self, right: &dyn Inside, keys: &[&Key]) -> Result<Vec<Stored>> {
        Ok(map_bytes(right.read(keys)?, |bytes| Some((self.0)(bytes))))
    }
}

#[test]
fn a_value_that_is_read_otherwise_is_caught() {
    assert_caught(
        || Out(|bytes| [bytes, &b"\n"[..]].concat()),
        &["overwritten_value_is_replaced_whole", "visit_agrees_with_read"],
    );
    assert_caught(|| Out(|bytes| bytes.to_ascii_lowercase()), &["values_that_look_like_other_formats_survive"]);
}
