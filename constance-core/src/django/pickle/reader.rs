//! The bytes of a pickle, and the arguments of its opcodes.

use super::Refused;

pub(super) struct Reader<'b>(&'b [u8]);

/// What Python refuses to read or print as well, since both take quadratic time.
const MAX_DIGITS: usize = 4_300;
const MAX_INT_BYTES: usize = 1_786;

pub(super) fn cut_short() -> Refused {
    "a pickle that is cut short".to_owned()
}

pub(super) fn broken() -> Refused {
    "a broken pickle".to_owned()
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'b [u8], Refused> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(cut_short)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Refused> {
        self.take(N)?.try_into().map_err(|_| cut_short())
    }

    pub(super) fn byte(&mut self) -> Result<u8, Refused> {
        Ok(self.array::<1>()?[0])
    }

    /// So many bytes as a length of this many bytes says. A lie is found before anything is allocated.
    pub(super) fn counted(&mut self, length_bytes: usize) -> Result<&'b [u8], Refused> {
        let length = self.take(length_bytes)?.iter().rev().fold(0_u64, |length, byte| length << 8 | u64::from(*byte));
        self.take(usize::try_from(length).map_err(|_| cut_short())?)
    }

    /// To the end of the line.
    pub(super) fn line(&mut self) -> Result<&'b [u8], Refused> {
        let end = self.0.iter().position(|byte| *byte == b'\n').ok_or_else(cut_short)?;
        let line = self.take(end)?;
        self.take(1)?;
        // Python on Windows wrote both.
        Ok(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// A line of ASCII.
    pub(super) fn words(&mut self) -> Result<&'b str, Refused> {
        std::str::from_utf8(self.line()?).map_err(|_| broken())
    }
}

pub(super) fn text(bytes: &[u8]) -> Result<String, Refused> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| "a text with half of a surrogate pair, which no Rust text can hold")?;
    Ok(text.to_owned())
}

/// A text as protocol 0 writes it: Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
pub(super) fn escaped_text(bytes: &[u8]) -> Result<String, Refused> {
    let (mut text, mut rest) = (String::new(), bytes);
    while let [first, after @ ..] = rest {
        rest = after;
        let digits = match (first, after) {
            (b'\\', [b'u', ..]) => 4,
            (b'\\', [b'U', ..]) => 8,
            _ => {
                text.push(char::from(*first));
                continue;
            }
        };
        let code = after.get(1..=digits).and_then(|digits| std::str::from_utf8(digits).ok()).ok_or_else(broken)?;
        let code = u32::from_str_radix(code, 16).map_err(|_| broken())?;
        text.push(char::from_u32(code).ok_or("a text with half of a surrogate pair, which no Rust text can hold")?);
        rest = &after[digits + 1..];
    }
    Ok(text)
}

/// A text of Python 2 as protocol 0 writes it: its `repr`.
pub(super) fn quoted_bytes(line: &[u8]) -> Result<Vec<u8>, Refused> {
    let [quote @ (b'\'' | b'"'), inner @ .., end] = line else { return Err(broken()) };
    if quote != end {
        return Err(broken());
    }
    let (mut bytes, mut rest) = (Vec::new(), inner);
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let (escaped, after) = after.split_first().ok_or_else(broken)?;
        rest = after;
        bytes.push(match escaped {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'\\' | b'\'' | b'"' => *escaped,
            b'x' => {
                let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok()).ok_or_else(broken)?;
                rest = &after[2..];
                u8::from_str_radix(digits, 16).map_err(|_| broken())?
            }
            _ => return Err(broken()),
        });
    }
    Ok(bytes)
}

/// A whole number, or its digits where it is longer than 128 bits.
pub(super) enum Whole {
    Short(i128),
    Long(String),
}

pub(super) fn whole_of_digits(text: &str) -> Result<Whole, Refused> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(broken());
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    // Python skips zeros in front, and JSON must not have them.
    Ok(text.parse().map_or_else(|_| Whole::Long(format!("{sign}{}", digits.trim_start_matches('0'))), Whole::Short))
}

/// Little-endian, with the sign in the highest bit; no byte at all is zero.
pub(super) fn whole_of_bytes(bytes: &[u8]) -> Result<Whole, Refused> {
    let is_negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    if bytes.len() <= 16 {
        let mut wide = [if is_negative { 0xff } else { 0 }; 16];
        wide[..bytes.len()].copy_from_slice(bytes);
        return Ok(Whole::Short(i128::from_le_bytes(wide)));
    }
    if bytes.len() > MAX_INT_BYTES {
        return Err("a whole number of more than 4300 digits".to_owned());
    }
    Ok(Whole::Long(decimal(bytes, is_negative)))
}

/// By long division, nine digits at a time.
fn decimal(bytes: &[u8], is_negative: bool) -> String {
    let mut carry = is_negative;
    let magnitude = bytes.iter().map(|byte| {
        if !is_negative {
            return *byte;
        }
        let (value, overflow) = (!byte).overflowing_add(u8::from(carry));
        carry = overflow;
        value
    });
    let mut base: Vec<u8> = magnitude.collect();
    let mut parts = Vec::new();
    while base.iter().any(|byte| *byte != 0) {
        let mut rest = 0_u64;
        for byte in base.iter_mut().rev() {
            rest = rest << 8 | u64::from(*byte);
            // Below 256, since the rest was below the divisor.
            *byte = u8::try_from(rest / 1_000_000_000).unwrap_or(u8::MAX);
            rest %= 1_000_000_000;
        }
        parts.push(format!("{rest:09}"));
    }
    let digits: String = parts.into_iter().rev().collect();
    let digits = digits.trim_start_matches('0');
    let sign = if is_negative { "-" } else { "" };
    format!("{sign}{}", if digits.is_empty() { "0" } else { digits })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        match whole_of_bytes(bytes).expect("a number") {
            Whole::Short(value) => value.to_string(),
            Whole::Long(digits) => digits,
        }
    }

    #[test]
    fn whole_numbers_of_any_length() {
        assert_eq!(shown(b""), "0");
        assert_eq!(shown(b"\xff"), "-1");
        assert_eq!(shown(b"\x00\x80"), "-32768");
        assert_eq!(shown(&[[0_u8; 16].as_slice(), &[1]].concat()), "340282366920938463463374607431768211456");
        assert_eq!(shown(&[[0_u8; 16].as_slice(), &[0xff]].concat()), "-340282366920938463463374607431768211456");
        assert_eq!(shown(&[0xff; 20]), "-1");
        assert!(whole_of_bytes(&[1; 5_000]).is_err());
        let long = "9".repeat(50);
        for (text, digits) in
            [("+0012", "12"), ("-0", "0"), (&format!("+00{long}"), &long), (&format!("-0{long}"), &format!("-{long}"))]
        {
            let read = whole_of_digits(text).expect("a number");
            assert_eq!(
                match read {
                    Whole::Short(value) => value.to_string(),
                    Whole::Long(long) => long,
                },
                digits
            );
        }
        assert!(whole_of_digits("").is_err() && whole_of_digits("--1").is_err() && whole_of_digits("1x").is_err());
    }

    #[test]
    fn texts_of_old_protocols() {
        assert_eq!(escaped_text(b"a\\u20ac\\U0001f600\xe9\\n").as_deref(), Ok("a\u{20ac}\u{1f600}\u{e9}\\n"));
        assert!(escaped_text(b"\\ud800").is_err());
        assert!(escaped_text(b"\\u12").is_err());
        assert_eq!(quoted_bytes(b"'a\\'\\x07\\\\'").as_deref(), Ok(&b"a'\x07\\"[..]));
        assert!(quoted_bytes(b"'a\"").is_err() && quoted_bytes(b"'").is_err() && quoted_bytes(b"'\\x0'").is_err());
    }
}
