//! Characters that a person does not see, or that change what a person sees.

use super::subject::{Found, Subject, strings};
use super::{Access, Family, Kind};
use crate::decision::Level::{High, Medium};

/// Whether a character draws nothing, draws only a blank, or rearranges what is drawn around it. (Space, line feed and
/// tab are not among them; every other control character is.)
pub const fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{a0}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{1680}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}'
        | '\u{2800}' | '\u{3000}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}'
    )
}

const INVISIBLE: Kind =
    Kind::new("hidden.invisible", Medium, "a text holds characters that draw nothing or a mere blank")
        .needs(Access::Read);
const DECEPTIVE: Kind = Kind::new(
    "hidden.deceptive",
    High,
    "a text holds characters that carry hidden text or turn the direction of reading",
);

/// The family.
pub const FAMILY: Family = Family {
    name: "hidden",
    about: "characters that a person does not see, in every argument, key and name",
    kinds: &[INVISIBLE, DECEPTIVE],
    detect,
};

/// Whether a character exists only to hide or to turn what is around it.
const fn is_deceptive(c: char) -> bool {
    matches!(c, '\0' | '\u{1b}' | '\u{9b}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e0fff}')
}

/// The worst hidden character of a text. A joiner or a variation selector within an emoji is no news, nor is a CR
/// before an LF.
fn worst(text: &str) -> Option<(Kind, usize, char)> {
    // All but NUL to 0x1f and 0x7f is beyond ASCII, so most texts are done here.
    let plain = |ok: bool, b: &u8| ok & matches!(b, b'\n' | b'\t' | 0x20..=0x7e);
    // No early exit within a chunk: so the compiler takes many bytes at a time.
    if text.as_bytes().chunks(512).all(|chunk| chunk.iter().fold(true, plain)) {
        return None;
    }
    let mut worst = None;
    let mut before = '\0';
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let in_emoji = matches!(c, '\u{200d}' | '\u{fe0f}') && before >= '\u{203c}' && !is_hidden(before);
        let line_end = c == '\r' && chars.peek().is_some_and(|(_, next)| *next == '\n');
        if is_deceptive(c) {
            return Some((DECEPTIVE, at, c));
        }
        if is_hidden(c) && !in_emoji && !line_end && worst.is_none() {
            worst = Some((INVISIBLE, at, c));
        }
        if !in_emoji {
            before = c;
        }
    }
    worst
}

fn detect(subject: &Subject<'_>, found: &mut Found) {
    let says = |what: &str, c: char| {
        format!("{what} holds the character U+{:04X}, which is not what it looks like", u32::from(c))
    };
    if let Some((kind, _, c)) = worst(subject.call.tool.as_str()) {
        found.add(kind, says("the tool's name", c));
    }
    for (key, value) in subject.keys() {
        if let Some((kind, _, c)) = worst(key) {
            found.at(kind, subject, value, says("a key", c));
        }
    }
    for value in subject.texts() {
        if let Some((kind, at, c)) = worst(&value.text).filter(|(kind, ..)| !found.is_full(*kind)) {
            let part = at..at + c.len_utf8();
            found.within(kind, subject, value, part, says(&subject.pointer(value), c));
        }
    }
    for (key, other) in subject.others() {
        if let Some((kind, _, c)) = worst(key).or_else(|| strings(other).find_map(|text| worst(&text))) {
            found.add(kind, says("what is sent beside the arguments", c));
        }
    }
}
