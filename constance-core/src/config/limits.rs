//! Settings that a store could never write.

use super::Front;
use crate::{Action, Codec, Error, ErrorKind, Result, Settings, backend::Capability};

impl<S: Settings, C: Codec> Front<S, C> {
    /// Refuses a setting whose every write is a batch beyond the limits of the backend: a write sets all names of the setting,
    /// and expects what the rules of the setting look at besides.
    pub(super) fn check_limits(&self, capability: Capability) -> Result<()> {
        if let Some(limit) = capability.max_changes
            && let Some(index) = self.keys.iter().position(|keys| keys.len() > limit)
        {
            let names = self.keys[index].len();
            let detail = format!("a write sets its {names} names together, and the backend takes {limit} changes");
            return Err(self.refusal(index, detail, "give up an alias that no program uses any more"));
        }
        let Some(limit) = capability.max_expectations else { return Ok(()) };
        (0..self.keys.len()).try_for_each(|index| {
            let others = self.schema.settings_of_rules(|place| place == index).into_iter().filter(|place| *place != index);
            let expected: usize = others.map(|place| self.keys[place].len()).sum();
            if expected <= limit {
                return Ok(());
            }
            let detail = format!(
                "its rules make a write expect {expected} other stored values, and the backend takes {limit} expectations"
            );
            Err(self.refusal(index, detail, "name the settings of the rule: #[settings(validate(check, fields(min, max)))]"))
        })
    }

    fn refusal(&self, index: usize, detail: String, hint: &'static str) -> Error {
        let error = Error::new(ErrorKind::Configuration).with_detail(detail).with_hint(hint);
        self.explain_one(error, Action::Write, index)
    }
}
