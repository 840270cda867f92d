//! Invisible and control characters.

/// Whether a character is a control character, which a terminal obeys, or cannot be seen, such as a joiner, a mark of direction or
/// a space other than the usual one. Two texts that look alike may differ in these.
///
/// These are the characters of the Unicode property `Default_Ignorable_Code_Point` and of the categories of white space,
/// formats, controls and line ends.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::is_invisible;

    #[test]
    fn letters_and_signs_are_visible() {
        assert!(!"My Title größer 日本語 \u{1f600} €~".contains(is_invisible));
        for c in
            ['\u{200b}', '\u{feff}', '\u{61c}', '\u{9b}', '\u{7f}', '\u{a0}', '\u{202e}', '\u{2066}', '\u{e0041}', '\n']
        {
            assert!(is_invisible(c), "{c:?}");
        }
    }
}
