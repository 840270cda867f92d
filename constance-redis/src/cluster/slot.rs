//! The slot of a key.

/// The number of slots.
pub(crate) const SLOTS: u16 = 16_384;

/// The slot of a key: the hash of its tag, or of the whole key where it has none.
pub(crate) fn of_key(key: &[u8]) -> u16 {
    crc16(hash_tag(key).unwrap_or(key)) % SLOTS
}

/// The hash tag of a key: the text between its first `{` and the next `}`, unless it is empty.
pub(crate) fn hash_tag(key: &[u8]) -> Option<&[u8]> {
    let open = key.iter().position(|byte| *byte == b'{')?;
    let rest = key.get(open + 1..)?;
    let close = rest.iter().position(|byte| *byte == b'}')?;
    rest.get(..close).filter(|tag| !tag.is_empty())
}

/// CRC-16/XMODEM.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc: u16, byte| (crc << 8) ^ TABLE[usize::from((crc >> 8) as u8 ^ byte)])
}

const TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = (index as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_the_one_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
        assert_eq!(of_key(b"foo"), 12_182);
        assert_eq!(of_key(b""), 0);
    }

    #[test]
    fn a_tag_decides_alone() {
        for (key, tag_of_it) in [
            ("{user1000}.following", Some("user1000")),
            ("foo{bar}{zap}", Some("bar")),
            ("foo{{bar}}zap", Some("{bar")),
            ("foo{}{bar}", None),
            ("foo{bar", None),
            ("}{", None),
            ("", None),
        ] {
            assert_eq!(hash_tag(key.as_bytes()), tag_of_it.map(str::as_bytes), "{key}");
            assert_eq!(of_key(key.as_bytes()), of_key(tag_of_it.unwrap_or(key).as_bytes()), "{key}");
        }
    }
}
