//! Long rows of certain bytes within a text, found by looking at few of the others.

use std::ops::Range;

/// Which bytes are looked for.
pub type Table = [bool; 256];

/// The letters and digits, and these.
pub const fn letters_and(others: &[u8]) -> Table {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < others.len() {
        table[others[at] as usize] = true;
        at += 1;
    }
    table
}

/// Where the letters and digits end that begin at `start`.
pub fn alphanumeric_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    // No early exit within a chunk: so the compiler takes many bytes at a time.
    let all = |chunk: &[u8]| chunk.iter().fold(true, |ok, byte| ok & byte.is_ascii_alphanumeric());
    while bytes.get(at..at + 64).is_some_and(all) {
        at += 64;
    }
    at + bytes[at..].iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(bytes.len() - at)
}

/// Every longest row of at least `least` bytes of a table that has all letters and digits, in order. Where rows are
/// rare, most bytes are never looked at.
pub fn runs<'a>(text: &'a str, table: &'a Table, least: usize) -> impl Iterator<Item = Range<usize>> + 'a {
    let bytes = text.as_bytes();
    let mut start = 0;
    std::iter::from_fn(move || {
        while let Some(window) = bytes.get(start..start + least) {
            if let Some(other) = window.iter().rposition(|byte| !table[usize::from(*byte)]) {
                start += other + 1;
                continue;
            }
            let mut end = alphanumeric_end(bytes, start + least);
            while bytes.get(end).is_some_and(|byte| table[usize::from(*byte)]) {
                end = alphanumeric_end(bytes, end + 1);
            }
            let run = start..end;
            start = run.end;
            return Some(run);
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_long_row_is_found_whole_and_no_short_one() {
        const TABLE: Table = letters_and(b"_");
        for (text, wanted) in [
            ("", vec![]),
            ("abcd", vec!["abcd"]),
            ("abc abcd_ef abc abcde", vec!["abcd_ef", "abcde"]),
            ("  abcd", vec!["abcd"]),
            ("ab cd éabcd", vec!["abcd"]),
            ("__abcd__e f", vec!["__abcd__e"]),
        ] {
            let found: Vec<&str> = runs(text, &TABLE, 4).map(|run| &text[run]).collect();
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn letters_and_digits_end_where_they_do_however_many_there_are() {
        for len in [0, 1, 63, 64, 65, 128, 200] {
            for tail in ["", "_", "é", "_aaaa"] {
                let text = format!("-{}{tail}", "a9Z".repeat(len).split_at(len).0);
                assert_eq!(alphanumeric_end(text.as_bytes(), 1), 1 + len, "{text}");
            }
        }
    }
}
