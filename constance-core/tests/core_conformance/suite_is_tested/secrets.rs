//! Promise 8: errors that quote what they refuse.

use constance_core::{
    Error, ErrorKind, Result,
    backend::{Applied, Batch, Capability, Op},
};

use super::wrong::{Defect, Inside, assert_caught};

/// Refuses a long value, and says which.
#[derive(Debug)]
struct Quotes(fn(&[u8]) -> Error);

impl Defect for Quotes {
    fn capability(&self, right: &dyn Inside) -> Capability {
        right.capability().with_max_value_len(100)
    }

    fn write(&self, right: &dyn Inside, batch: &Batch) -> Result<Applied> {
        let values = batch.changes().iter().filter_map(|change| match &change.op {
            Op::Set(value) => Some(value.as_bytes()),
            Op::Remove | Op::Keep => None,
        });
        match values.into_iter().find(|value| value.len() > 100) {
            Some(long) => Err((self.0)(long)),
            None => right.write(batch),
        }
    }
}

fn refusal() -> Error {
    Error::new(ErrorKind::Encode)
}

#[test]
fn a_value_in_an_error_is_caught() {
    let by = ["refusals_show_no_value"];
    assert_caught(|| Quotes(|value| refusal().with_detail(String::from_utf8_lossy(value).into_owned())), &by);
    assert_caught(|| Quotes(|value| refusal().with_detail(format!("{value:?} is too long"))), &by);
    assert_caught(|| Quotes(|value| refusal().with_hint(format!("shorten {}", value.escape_ascii()))), &by);
}
