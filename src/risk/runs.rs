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

/// Every longest row of at least `least` such bytes, in order. Where rows are rare, most bytes are never looked at.
pub fn runs<'a>(text: &'a str, table: &'a Table, least: usize) -> impl Iterator<Item = Range<usize>> + 'a {
    let bytes = text.as_bytes();
    let mut start = 0;
    std::iter::from_fn(move || {
        while let Some(window) = bytes.get(start..start + least) {
            if let Some(other) = window.iter().rposition(|byte| !table[usize::from(*byte)]) {
                start += other + 1;
                continue;
            }
            let rest = &bytes[start + least..];
            let more = rest.iter().position(|byte| !table[usize::from(*byte)]).unwrap_or(rest.len());
            let run = start..start + least + more;
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
        ] {
            let found: Vec<&str> = runs(text, &TABLE, 4).map(|run| &text[run]).collect();
            assert_eq!(found, wanted, "{text}");
        }
    }
}
