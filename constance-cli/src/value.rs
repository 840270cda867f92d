//! The value argument of `set`.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;

use crate::CommandError;
use crate::mask::MASK;

/// The value argument of `set`: the value, or `-` for the one on standard input.
///
/// Its `Debug` shows no value, since the setting may be secret.
#[derive(Clone, PartialEq, Eq)]
pub struct NewValue(String);

/// The longest input in bytes. No setting is that long, and an endless input must not fill the memory.
const MAX_INPUT: u64 = 16 << 20;

impl NewValue {
    /// Whether the argument is `-`, so that the value is read from standard input.
    #[must_use]
    pub fn is_from_input(&self) -> bool {
        self.0 == "-"
    }

    /// The text of the value, read from `input` where the argument is `-`, without the line break at its end.
    pub(crate) fn text(&self, input: &mut dyn Read) -> Result<Cow<'_, str>, CommandError> {
        if !self.is_from_input() {
            return Ok(Cow::Borrowed(&self.0));
        }
        let mut bytes = Vec::new();
        input.take(MAX_INPUT + 1).read_to_end(&mut bytes).map_err(CommandError::input)?;
        if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            // A failed command leaves this in a pipe, alone or after an `echo`. It must not replace a password.
            return Err(CommandError::usage("standard input is empty; for an empty text give '' as the value"));
        }
        if bytes.len() as u64 > MAX_INPUT {
            return Err(CommandError::usage("the value on standard input is longer than 16 MiB"));
        }
        let Ok(mut text) = String::from_utf8(bytes) else {
            return Err(CommandError::usage("the value on standard input is not UTF-8"));
        };
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        Ok(Cow::Owned(text))
    }
}

/// Refuses an empty text and the mask: a script that failed to read the secret would store these.
pub(crate) fn check_secret(name: &str, text: &str, may_be_empty: bool) -> Result<(), CommandError> {
    if text == MASK {
        return Err(CommandError::usage(format!("setting \"{name}\": this is what is shown in place of a secret")));
    }
    if text.is_empty() && !may_be_empty {
        return Err(CommandError::usage(format!(
            "setting \"{name}\": the secret is empty; --empty stores it so, and reset brings the default back"
        )));
    }
    Ok(())
}

impl From<String> for NewValue {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for NewValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewValue({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_input(bytes: &[u8]) -> Result<String, String> {
        let value = NewValue::from("-".to_owned());
        value.text(&mut &*bytes).map(Cow::into_owned).map_err(|e| e.to_string())
    }

    #[test]
    fn one_line_break_at_the_end_is_not_part_of_the_value() {
        assert_eq!(from_input(b"hunter2\n").as_deref(), Ok("hunter2"));
        assert_eq!(from_input(b"hunter2\r\n").as_deref(), Ok("hunter2"));
        assert_eq!(from_input(b"two\nlines\n\n").as_deref(), Ok("two\nlines\n"));
        assert_eq!(from_input(b"bare").as_deref(), Ok("bare"));
    }

    #[test]
    fn an_invalid_input_is_refused_and_not_repeated() {
        for nothing in [&b""[..], b"\n", b"\r\n", b"\n\n"] {
            assert!(from_input(nothing).is_err_and(|e| e.contains("empty")), "{nothing:?}");
        }
        assert!(from_input(b"hunter2\xff").is_err_and(|e| e.contains("UTF-8") && !e.contains("hunter2")));
    }

    #[test]
    fn an_endless_input_ends() {
        let value = NewValue::from("-".to_owned());
        let error = value.text(&mut std::io::repeat(b'a')).expect_err("there is no end");
        assert!(error.to_string().contains("16 MiB"), "{error}");
    }

    #[test]
    fn debug_does_not_show_the_value() {
        assert_eq!(format!("{:?}", NewValue::from("hunter2".to_owned())), "NewValue(7 bytes)");
    }
}
