//! What can be seen in a text of JSON5 without reading it: how deep it is nested, and numbers that every reader would lose.

use std::str::Chars;

/// How deep brackets are nested, as the reader of JSON5 sees them: neither in texts nor in comments.
pub(super) fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            '"' | '\'' => skip_string(&mut rest, c),
            '/' => skip_comment(&mut rest),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn skip_string(rest: &mut Chars<'_>, quote: char) {
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                rest.next();
            }
            c if c == quote => return,
            _ => {}
        }
    }
}

/// Where it is no comment, the reader stops.
fn skip_comment(rest: &mut Chars<'_>) {
    match rest.next() {
        Some('/') => {
            rest.find(|c| matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}'));
        }
        Some('*') => {
            let after = rest.as_str();
            *rest = after.split_once("*/").map_or("", |(_, after)| after).chars();
        }
        _ => {}
    }
}

/// A number that is written in digits, which readers take for an infinity or for zero: what it is.
pub(super) fn lost_number(text: &str) -> Option<&'static str> {
    let mut rest = text.chars();
    loop {
        let start = rest.as_str();
        match rest.next()? {
            c @ ('"' | '\'') => skip_string(&mut rest, c),
            '/' => skip_comment(&mut rest),
            '0'..='9' | '.' => {
                let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-');
                let number = start.split(|c| !is_part(c)).next().unwrap_or_default();
                rest = start[number.len()..].chars();
                if let Some(lost) = lost(number) {
                    return Some(lost);
                }
            }
            // A name without quotes, which may have digits.
            c if c.is_alphabetic() || matches!(c, '_' | '$') => {
                rest = start.trim_start_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$')).chars();
            }
            _ => {}
        }
    }
}

/// Hexadecimal numbers and what is no number are the reader's to fields.
fn lost(number: &str) -> Option<&'static str> {
    let value: f64 = number.parse().ok()?;
    let digits = number.split(['e', 'E']).next().unwrap_or_default();
    match value {
        _ if value.is_infinite() => Some("a number in this is too large"),
        0.0 if digits.contains(|c: char| matches!(c, '1'..='9')) => Some("a number in this is too near to zero"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_numbers_are_found_where_numbers_are() {
        for text in ["1e400", "[1, -1e309]", "{a: .1e999}", "{\"1e400\": 99e399}", "'1' /* 1 */ 1e400", "9e999 // x"] {
            assert_eq!(lost_number(text), Some("a number in this is too large"), "{text}");
        }
        assert_eq!(lost_number(&"9".repeat(400)), Some("a number in this is too large"));
        assert_eq!(lost_number("{a: -1.5e-999}"), Some("a number in this is too near to zero"));
        for text in [
            "\"1e400\"",
            "// 1e400",
            "{a1e400: 1, $1e400: 2}",
            "Infinity",
            "0e999",
            "0.0e-999",
            "1e308",
            "0x1e400",
            "'\\'1e400'",
        ] {
            assert_eq!(lost_number(text), None, "{text}");
        }
    }
}
