//! Pickles of django-constance 3, of every protocol and from the database column, become what django-constance 4 stores.

use constance_core::pickle::{decode_legacy, is_legacy};
use constance_core::{Codec, ErrorKind, Json, Kind, MessagePack};

use super::golden::lines;

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
    (0..text.len()).step_by(2).map(digits).collect()
}

/// Name, protocol or `db`, bytes.
pub(crate) fn pickles() -> impl Iterator<Item = (&'static str, &'static str, Vec<u8>)> {
    include_str!("../../golden/django/pickle-3.txt").lines().map(|line| {
        let mut words = line.split(' ');
        let mut word = || words.next().expect("a name, a place and hex");
        (word(), word(), unhex(word()))
    })
}

fn refusal(bytes: &[u8]) -> String {
    let error = decode_legacy(bytes).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Decode);
    error.to_string()
}

#[test]
fn every_pickle_becomes_the_json_of_the_same_value() {
    let json = lines();
    let mut seen = 0;
    for (name, place, bytes) in pickles() {
        assert!(is_legacy(&bytes), "{name} {place}");
        let value = decode_legacy(&bytes).unwrap_or_else(|e| panic!("{name} {place}: {e}"));
        let written = value.to_json().unwrap_or_else(|e| panic!("{name} {place}: {e}"));
        assert_eq!(std::str::from_utf8(written.as_bytes()), Ok(json[name]), "{name} {place}");
        seen += 1;
    }
    // Six protocols and the column for each, where there is no row for None.
    assert_eq!(seen, json.len() * 7 - 1);
}

#[test]
fn no_json_is_taken_for_a_pickle() {
    for (name, text) in lines() {
        assert!(!is_legacy(text.as_bytes()), "{name}");
        refusal(text.as_bytes());
    }
    let packed = MessagePack.encode(&Kind::Text, "A sentence.").expect("encodes");
    assert!(!is_legacy(packed.as_bytes()));
    for bare in ["1", "true", "null", "\"gAJLKi4=\"", "NaN", "1.5", "{}", "[]"] {
        assert!(!is_legacy(bare.as_bytes()), "{bare}");
    }
}

#[test]
fn the_json_codec_reads_them_where_it_is_told_to() {
    let (_, _, bytes) = pickles().find(|(name, place, _)| *name == "DATE_VALUE" && *place == "db").expect("a vector");
    let reading = Json::new().reading_pickles(true);
    let day: jiff::civil::Date = reading.decode(&Kind::Date, &bytes).expect("reads");
    assert_eq!(day, jiff::civil::date(2010, 12, 24));
    let json = lines()["DATE_VALUE"];
    assert_eq!(reading.decode::<jiff::civil::Date>(&Kind::Date, json.as_bytes()).expect("reads"), day);
    assert_eq!(reading.encode(&Kind::Date, &day).expect("encodes").as_bytes(), json.as_bytes());
    let error = Json::new().decode::<jiff::civil::Date>(&Kind::Date, &bytes).expect_err("not told to");
    assert!(error.to_string().contains("found a Python pickle of django-constance 1 to 3"), "{error}");
    let error = reading.decode::<i64>(&Kind::Bool, &bytes).expect_err("another type");
    assert!(error.to_string().contains("wanted true or false, found a date"), "{error}");
}

#[test]
fn texts_of_python_2_are_texts_where_they_are_ascii() {
    let json = |bytes: &[u8]| {
        String::from_utf8(decode_legacy(bytes).expect("reads").to_json().expect("JSON").as_bytes().to_vec())
    };
    let text = Ok(r#"{"__type__": "default", "__value__": "it's"}"#.to_owned());
    assert_eq!(json(b"\x80\x02U\x04it'sq\x00."), text);
    assert_eq!(json(b"S\"it's\"\np0\n."), text);
    assert_eq!(json(b"T\x04\0\0\0it's."), text);
    // Python 2 gave the parts of a date as a text.
    let day = b"\x80\x02cdatetime\ndate\nq\x00U\x04\x07\xda\x0c\x18\x85Rq\x01.";
    assert_eq!(json(day), Ok(r#"{"__type__": "date", "__value__": "2010-12-24"}"#.to_owned()));
    assert!(refusal(b"\x80\x02U\x01\xe9.").contains("found bytes, which JSON cannot hold"));
}

#[test]
fn nothing_that_a_pickle_names_is_run() {
    for (bytes, needs) in [
        (&b"cposix\nsystem\n(S'true'\ntR."[..], "needs posix.system"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.", "needs os.system"),
        (b"cbuiltins\neval\n(Vtrue\ntR.", "needs builtins.eval"),
        (b"\x80\x02cpytz\n_UTC\n)R.", "needs pytz._UTC"),
        (b"\x80\x02cdatetime\nhunter two\n)R.", "something that is not on the list"),
        (b"cdatetime\ndate.__class__\n.", "needs datetime.date.__class__"),
        (b"Phunter2\n.", "opcode 0x50"),
        (b"\x80\x02]Q.", "opcode 0x51"),
        (b"\x82\x01.", "opcode 0x82"),
        (b"\x80\x04\x8f.", "a set, which JSON cannot hold"),
    ] {
        let refused = refusal(bytes);
        assert!(refused.contains(needs), "{refused}");
        assert!(!refused.contains("hunter") && !refused.contains("true"), "{refused}");
    }
    // On the list, but not a value.
    assert!(refusal(b"cuuid\nUUID\n.").contains("an object that JSON cannot hold"));
    assert!(refusal(b"\x80\x02cuuid\nUUID\n)\x81.").contains("an object that JSON cannot hold"));
}

#[test]
fn every_cut_is_refused() {
    for (name, place, bytes) in pickles() {
        for length in 0..bytes.len() {
            // The padding of base64 is all that may be missing from no value.
            assert!(decode_legacy(&bytes[..length]).is_err(), "{name} {place}, cut at {length}");
        }
        assert!(decode_legacy(&[&bytes[..], b"."].concat()).is_err(), "{name} {place}, with a byte more");
    }
}

#[test]
fn changed_bytes_never_panic() {
    let mut read = 0;
    for (_, _, bytes) in pickles().filter(|(_, place, _)| matches!(*place, "p0" | "p2" | "p5")) {
        for at in 0..bytes.len().min(80) {
            for byte in [
                0x00, 0x01, 0x28, 0x2e, 0x30, 0x52, 0x61, 0x62, 0x65, 0x68, 0x73, 0x75, 0x7f, 0x80, 0x85, 0x93, 0x94,
                0xff,
            ] {
                let mut changed = bytes.clone();
                changed[at] = byte;
                read += usize::from(decode_legacy(&changed).is_ok_and(|value| value.to_json().is_ok()));
            }
        }
    }
    assert!(read > 0, "some changes are only other values");
}

#[test]
fn lengths_that_are_lies_take_no_memory() {
    for bytes in [
        &b"\x80\x04X\xff\xff\xff\xffx."[..],
        b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xffx.",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fx.",
        b"\x80\x04\x8b\xff\xff\xff\xff.",
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x80\x04\x8a\xff.",
    ] {
        assert!(refusal(bytes).contains("cut short"));
    }
    assert!(refusal(b"\x80\x06N.").contains("protocol 6"));
    assert!(refusal(b"\x80\x02r\xff\xff\xff\xff.").contains("broken"));
    assert!(refusal(&[b"\x80\x02\x8b\x00\x10\x00\x00".as_slice(), &[1; 4_096], b"."].concat()).contains("4300 digits"));
}

#[test]
fn depth_and_size_are_limited() {
    let deep =
        |levels: usize| [b"\x80\x04".to_vec(), vec![b']'; levels], vec![b'a'; levels - 1], b".".to_vec()].concat();
    assert!(decode_legacy(&deep(64)).is_ok());
    assert!(refusal(&deep(65)).contains("deeper than 64 levels"));
    assert!(refusal(&deep(1_000_000)).contains("deeper than 64 levels"));
    // A list that contains itself.
    assert!(refusal(b"\x80\x04]\x94h\x00a.").contains("contains itself"));
    // Forty lists that each hold the one before twice: 2^40 places.
    let mut laughs = b"\x80\x04]\x94".to_vec();
    for place in 0..40 {
        laughs.extend([b']', 0x94, b'h', place, b'a', b'h', place, b'a']);
    }
    laughs.push(b'.');
    let stacked = refusal(&laughs);
    assert!(stacked.contains("broken"), "what is left on the stack is no value: {stacked}");
    let mut laughs = b"\x80\x04]\x94".to_vec();
    for place in 0..40 {
        laughs.extend([b'0', b'(', b'h', place, b'h', place, b'l', 0x94]);
    }
    laughs.push(b'.');
    assert!(refusal(&laughs).contains("larger than 64 MiB"));
    // One long text, a thousand times.
    let mut long = b"\x80\x04(".to_vec();
    long.extend([b'X', 0, 0, 0x10, 0]);
    long.extend(vec![b'a'; 0x0010_0000]);
    long.push(0x94);
    long.extend(b"h\x00".repeat(1_000));
    long.extend(b"l.");
    assert!(refusal(&long).contains("larger than 64 MiB"));
}

/// What is built and thrown away again counts as well.
#[test]
fn calls_on_one_long_text_do_not_multiply_it() {
    // A name, its argument, and then the call of both again and again: five bytes for each copy of the text.
    let mut bomb = b"\x80\x04cdecimal\nDecimal\n\x940X\x00\x00\x01\x00".to_vec();
    bomb.extend([b'7'; 0x0001_0000]);
    bomb.extend(b"\x85\x940");
    bomb.extend(b"h\x00h\x01R0".repeat(2_000));
    bomb.extend(b"N.");
    assert!(refusal(&bomb).contains("larger than 64 MiB"));
    // Small objects, a byte each.
    assert!(
        refusal(&[b"\x80\x04".to_vec(), b"N0".repeat(2_000_000), b"N.".to_vec()].concat())
            .contains("larger than 64 MiB")
    );
    // A value of some size is none of these.
    assert!(decode_legacy(&[b"\x80\x04".to_vec(), b"N0".repeat(10_000), b"N.".to_vec()].concat()).is_ok());
}

#[test]
fn debug_shows_the_type_and_no_value() {
    assert_eq!(format!("{:?}", decode_legacy(b"Vhunter2\n.").expect("reads")), "LegacyValue(a text)");
}
