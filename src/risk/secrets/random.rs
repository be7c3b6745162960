//! Texts that are too random to be words, names or paths.
//!
//! The measures are taken from some 37,000 long runs of letters in source code, definitions and documents, of which 0.3 %
//! pass (most of them keys or encoded texts), against random ones, of which 83 % of 20 characters pass and 94 to 96 % of
//! 32 and more. Hexadecimal digits never do: nothing tells a key from a digest.

use std::ops::Range;

use super::shapes::{Sort, Spot};
use crate::risk::blobs;

/// The shortest and the longest text that may be random, in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 20..=128;
/// How often the class of letter (small, capital, digit, other) changes from one to the next, in hundredths, at least.
const CHANGES: usize = 42;
/// How much a letter says, of what it could say at most, at least.
const EVENNESS: f64 = 0.8;
/// The longest row of small letters, or of capitals, that chance makes.
const LONGEST_ROW: usize = 7;

/// The random texts within a run of letters that keys are made of.
pub(super) fn find(text: &str, run: Range<usize>, all: &mut Vec<Spot>) {
    let mut at = run.start;
    // `name=value` in one run, and host names.
    let ends = memchr::memchr2_iter(b'=', b'.', &text.as_bytes()[run.clone()]).map(|end| run.start + end);
    for end in ends.chain([run.end]) {
        let piece = &text[at..end];
        let at = std::mem::replace(&mut at, end + 1);
        if LENGTHS.contains(&piece.len()) && is_random(piece) && !is_named(text, at) && !blobs::is_known(piece) {
            all.push(Spot { range: at..at + piece.len(), sort: Sort::Random, what: "a long random text" });
        }
    }
}

/// Whether it stands in the path of a URL or behind the name of a digest: then it is the name of something.
fn is_named(text: &str, at: usize) -> bool {
    let before = &text[text.floor_char_boundary(at.saturating_sub(200))..at];
    let word = before.rsplit(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '(' | '<' | '>')).next();
    let word = word.unwrap_or_default();
    let rest = &text[at..];
    (word.contains(":/") && !word.contains('?'))
        || word.ends_with('/')
        || ["sha1", "sha224", "sha256", "sha384", "sha512", "md5"]
            .iter()
            .any(|digest| rest.starts_with(digest) || word.trim_end_matches([':', '-', '=']).ends_with(digest))
}

fn is_random(piece: &str) -> bool {
    let bytes = piece.as_bytes();
    if matches!(bytes[0], b'/' | b'_' | b'-') {
        return false;
    }
    let class = |b: u8| match b {
        b'a'..=b'z' => 0_u8,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let (mut counts, mut seen, mut changes, mut row) = ([0_usize; 4], [0_u32; 128], 0, 0);
    let mut before = 4;
    for byte in bytes {
        let here = class(*byte);
        row = if here == before && here < 2 { row + 1 } else { 1 };
        if row > LONGEST_ROW {
            return false;
        }
        changes += usize::from(before != 4 && here != before);
        counts[usize::from(here)] += 1;
        seen[usize::from(*byte & 127)] += 1;
        before = here;
    }
    // Four in a row of what is neither letter nor digit, or many of them: a drawing, a path.
    if counts[0] == 0 || counts[1] == 0 || counts[2] < 2 || counts[3] * 6 > bytes.len() {
        return false;
    }
    changes * 100 >= CHANGES * (bytes.len() - 1) && evenness(&seen, bytes.len()) >= EVENNESS
}

/// Shannon's entropy, of what so many letters out of 62 could have at most.
fn evenness(seen: &[u32; 128], len: usize) -> f64 {
    let count = |n: u32| f64::from(n);
    let len = f64::from(u32::try_from(len).unwrap_or(u32::MAX));
    let says: f64 = seen.iter().filter(|n| **n > 0).map(|n| -(count(*n) / len) * (count(*n) / len).log2()).sum();
    says / len.min(62.0).log2()
}
