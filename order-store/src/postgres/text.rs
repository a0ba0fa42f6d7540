//! Texts, so that PostgreSQL can hold each of them.
//!
//! NUL is written as U+E000 and `0`, and U+E000 itself as U+E000 and `1`; every other text is
//! stored as it is. The JSON of states and contents needs none of this: JSON escapes NUL itself.

/// The character that begins an escape; of the private use area, so nobody's texts have it.
const ESCAPE: char = '\u{e000}';

/// A text as it is stored.
pub(super) fn stored(text: &str) -> String {
    if !text.contains(['\0', ESCAPE]) {
        return text.to_owned();
    }
    let mut stored = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\0' => stored.extend([ESCAPE, '0']),
            ESCAPE => stored.extend([ESCAPE, '1']),
            other => stored.push(other),
        }
    }
    stored
}

/// A text as it was before it was stored.
pub(super) fn original(stored: String) -> String {
    if !stored.contains(ESCAPE) {
        return stored;
    }
    let mut text = String::with_capacity(stored.len());
    let mut chars = stored.chars();
    while let Some(c) = chars.next() {
        match (c, c == ESCAPE) {
            (_, true) => text.push(if chars.next() == Some('0') {
                '\0'
            } else {
                ESCAPE
            }),
            (other, false) => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{original, stored};

    #[test]
    fn every_text_comes_back_and_none_has_a_nul_in_between() {
        for text in ["", "A-1", "a\0b", "\u{e000}", "\u{e000}0\0\u{e000}1", "é\0"] {
            assert!(!stored(text).contains('\0'));
            assert_eq!(original(stored(text)), text);
        }
    }
}
