//! Reading JSON as Python's `json` reads it, and the typed values in it.
//!
//! serde_json cannot do this: it refuses NaN, rounds long integers, and fills its own types before the envelope is known.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use super::envelope;
use crate::tree::{MAX_DEPTH, Tree};

/// What is wrong with the bytes, in words that go after "found".
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Words of our own.
    Words(Cow<'static, str>),
    /// The name of a type that is not known here.
    UnknownType(String),
}

impl Refused {
    /// The same without anything that the bytes hold.
    pub(crate) fn in_own_words(&self) -> &str {
        match self {
            Self::Words(words) => words,
            Self::UnknownType(_) => "an unknown type",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => f.write_str(words),
            Self::UnknownType(name) => write!(f, "the unknown type \"{name}\""),
        }
    }
}

impl From<&'static str> for Refused {
    fn from(words: &'static str) -> Self {
        Self::Words(Cow::Borrowed(words))
    }
}

/// The envelopes of the whole and of a typed value deepest inside come on top of what a value may nest.
const MAX_NESTING: usize = MAX_DEPTH + 2;

/// Python refuses longer ones, since reading them takes quadratic time.
const MAX_DIGITS: usize = 4_300;

/// The value in these bytes, with or without an envelope around it.
pub(super) fn parse(bytes: &[u8]) -> Result<Tree, Refused> {
    let text = std::str::from_utf8(bytes).map_err(|_| "bytes that are not UTF-8")?;
    whole(text, |parser| parser.value(MAX_NESTING))
}

/// The texts of the elements of a list.
pub(super) fn elements(text: &str) -> Result<Vec<&str>, Refused> {
    whole(text, |parser| parser.list_of(Parser::raw))
}

/// The names of an object's members, and the texts of their values.
pub(super) fn members(text: &str) -> Result<Vec<(String, &str)>, Refused> {
    whole(text, |parser| parser.map_of(Parser::raw))
}

fn whole<'t, T>(text: &'t str, read: impl FnOnce(&mut Parser<'t>) -> Result<T, Refused>) -> Result<T, Refused> {
    let mut parser = Parser { text, at: 0 };
    parser.blanks();
    let read = read(&mut parser)?;
    parser.blanks();
    if parser.at < text.len() {
        return Err("trailing bytes after the JSON".into());
    }
    Ok(read)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.next() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, byte: u8) -> Result<(), Refused> {
        if self.take(byte) { Ok(()) } else { Err(self.broken()) }
    }

    fn broken(&self) -> Refused {
        if self.at >= self.text.len() { "JSON that is cut short".into() } else { "broken JSON".into() }
    }

    fn blanks(&mut self) {
        while matches!(self.next(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// A value with so many levels left.
    fn value(&mut self, levels: usize) -> Result<Tree, Refused> {
        self.blanks();
        match self.next() {
            Some(b'{') => {
                let levels = inside(levels)?;
                envelope::open(self.map_of(|parser| parser.value(levels))?)
            }
            Some(b'[') => {
                let levels = inside(levels)?;
                self.list_of(|parser| parser.value(levels)).map(Tree::List)
            }
            Some(b'"') => self.string().map(Tree::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                let words = [
                    ("null", Tree::None),
                    ("true", Tree::Bool(true)),
                    ("false", Tree::Bool(false)),
                    ("NaN", Tree::Float(f64::NAN)),
                    ("Infinity", Tree::Float(f64::INFINITY)),
                ];
                let rest = &self.text[self.at..];
                if words.iter().any(|(word, _)| word.starts_with(rest) && *word != rest) {
                    return Err("JSON that is cut short".into());
                }
                for (word, tree) in words {
                    if self.word(word) {
                        return Ok(tree);
                    }
                }
                Err(self.broken())
            }
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let is_next = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }

    /// A value as it is written.
    fn raw(&mut self) -> Result<&'t str, Refused> {
        self.blanks();
        let start = self.at;
        self.value(MAX_NESTING)?;
        Ok(&self.text[start..self.at])
    }

    fn list_of<T>(&mut self, mut each: impl FnMut(&mut Self) -> Result<T, Refused>) -> Result<Vec<T>, Refused> {
        self.expect(b'[')?;
        let mut elements = Vec::new();
        self.blanks();
        if self.take(b']') {
            return Ok(elements);
        }
        loop {
            elements.push(each(self)?);
            self.blanks();
            if self.take(b']') {
                return Ok(elements);
            }
            self.expect(b',')?;
        }
    }

    fn map_of<T>(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<T, Refused>,
    ) -> Result<Vec<(String, T)>, Refused> {
        self.expect(b'{')?;
        let mut entries = Vec::new();
        let mut names = HashSet::new();
        self.blanks();
        if self.take(b'}') {
            return Ok(entries);
        }
        loop {
            self.blanks();
            let name = self.string()?;
            // Python takes the last. Nobody who wrote the other would be told.
            if !names.insert(name.clone()) {
                return Err("an object with a name twice".into());
            }
            self.blanks();
            self.expect(b':')?;
            entries.push((name, each(self)?));
            self.blanks();
            if self.take(b'}') {
                return Ok(entries);
            }
            self.expect(b',')?;
        }
    }

    fn number(&mut self) -> Result<Tree, Refused> {
        let start = self.at;
        self.take(b'-');
        if self.word("Infinity") {
            return Ok(Tree::Float(f64::NEG_INFINITY));
        }
        if !self.take(b'0') {
            self.digits()?;
        }
        let mut is_float = false;
        if self.take(b'.') {
            is_float = true;
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            is_float = true;
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        let text = &self.text[start..self.at];
        if is_float {
            let value: f64 = text.parse().map_err(|_| self.broken())?;
            // An infinity is written as a word.
            return if value.is_finite() { Ok(Tree::Float(value)) } else { Err("a float that is too large".into()) };
        }
        match text.parse() {
            Ok(value) => Ok(Tree::Int(value)),
            Err(_) if text.trim_start_matches('-').len() <= MAX_DIGITS => Ok(Tree::BigInt(text.to_owned())),
            Err(_) => Err("a whole number of more than 4300 digits".into()),
        }
    }

    fn digits(&mut self) -> Result<(), Refused> {
        let start = self.at;
        while matches!(self.next(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(self.broken()) }
    }

    fn string(&mut self) -> Result<String, Refused> {
        self.expect(b'"')?;
        let mut text = String::new();
        loop {
            let start = self.at;
            while !matches!(self.next(), None | Some(b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            // All three are ASCII, so that this cuts no character in two.
            text += &self.text[start..self.at];
            if self.take(b'"') {
                return Ok(text);
            }
            self.expect(b'\\')?;
            text.push(self.escaped()?);
        }
    }

    fn escaped(&mut self) -> Result<char, Refused> {
        let byte = self.next().ok_or_else(|| self.broken())?;
        self.at += 1;
        match byte {
            b'"' | b'\\' | b'/' => Ok(char::from(byte)),
            b'b' => Ok('\u{8}'),
            b'f' => Ok('\u{c}'),
            b'n' => Ok('\n'),
            b'r' => Ok('\r'),
            b't' => Ok('\t'),
            b'u' => self.unicode(),
            _ => Err("broken JSON".into()),
        }
    }

    fn unicode(&mut self) -> Result<char, Refused> {
        let half = || Refused::from("a text with half of a surrogate pair, which no Rust text can hold");
        let first = self.four()?;
        let code = match first {
            0xd800..=0xdbff => {
                if !self.word("\\u") {
                    return Err(half());
                }
                let second = self.four()?;
                if !(0xdc00..=0xdfff).contains(&second) {
                    return Err(half());
                }
                0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
            }
            _ => first,
        };
        char::from_u32(code).ok_or_else(half)
    }

    fn four(&mut self) -> Result<u32, Refused> {
        if self.text.len() - self.at < 4 {
            return Err("JSON that is cut short".into());
        }
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or_else(|| self.broken())?;
        self.at += 4;
        Ok(code)
    }
}

fn inside(levels: usize) -> Result<usize, Refused> {
    levels.checked_sub(1).ok_or_else(|| "JSON nested deeper than 64 levels".into())
}
