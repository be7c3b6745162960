//! The characters that a string token of JSON stands for, each with the place where the next one begins.

use std::ops::Range;

/// The characters that a string token stands for.
#[derive(Clone)]
pub(super) struct Chars<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) end: usize,
}

impl Iterator for Chars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let rest = self.text.get(self.at..self.end)?;
        let first = rest.chars().next()?;
        if first != '\\' {
            self.at += first.len_utf8();
            return Some(first);
        }
        let (len, c) = escape(rest.as_bytes());
        self.at += len.min(rest.len());
        Some(c)
    }
}

/// The escape that `rest` begins with (RFC 8259 section 7): its length and its character.
fn escape(rest: &[u8]) -> (usize, char) {
    let hex = |range: Range<usize>| {
        let digits = rest.get(range).and_then(|d| std::str::from_utf8(d).ok())?;
        u32::from_str_radix(digits, 16).ok()
    };
    match rest.get(1) {
        Some(b'n') => (2, '\n'),
        Some(b't') => (2, '\t'),
        Some(b'r') => (2, '\r'),
        Some(b'b') => (2, '\u{8}'),
        Some(b'f') => (2, '\u{c}'),
        Some(c @ (b'"' | b'\\' | b'/')) => (2, char::from(*c)),
        Some(b'u') => match (hex(2..6), hex(8..12)) {
            (Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)) => {
                let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                (12, char::from_u32(code).unwrap_or('\u{fffd}'))
            }
            (Some(code), _) => (6, char::from_u32(code).unwrap_or('\u{fffd}')),
            (None, _) => (1, '\\'),
        },
        _ => (1, '\\'),
    }
}
