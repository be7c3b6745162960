//! Strict JSON (RFC 8259): check, compact, walk, canonicalise. Text in, text out; no values are built.
//!
//! Invariant: what [`compact`] returns parses to the same value as what it was given, under every reader: no duplicate
//! keys, no byte below 0x20, no lone surrogates, numbers and strings to the letter. The other functions take only such
//! text. `serde_json` alone would not do: it lets duplicate keys and, in skipped values, lone surrogates through.
//!
//! One exception to the letter: U+0085, U+2028 and U+2029 in strings are written as escapes. They end a line for some
//! readers of lines (`readline` of Node 24 and later, Python's `splitlines`), so raw they would do what a bare CR does.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

mod walk;

pub use walk::{canonical, elements, member, members, pointer, quote, unescape, value_len};

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 128;

/// Why a text is refused. Positions are byte offsets into the text as it was received.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// RFC 8259 section 8.1.
    #[error("not UTF-8 at byte {0}")]
    NotUtf8(usize),
    /// RFC 8259 section 8.1: a sender must not add one.
    #[error("a byte order mark comes first")]
    ByteOrderMark,
    /// RFC 8259 section 7: these must be escaped.
    #[error("a raw control character at byte {0}")]
    Control(usize),
    /// RFC 8259 section 8.2: readers differ in what they make of it.
    #[error("half a surrogate pair at byte {0}")]
    LoneSurrogate(usize),
    /// Deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} at byte {0}")]
    TooDeep(usize),
    /// Something after the value.
    #[error("more after the end of the value at byte {0}")]
    Trailing(usize),
    /// RFC 8259 section 4: readers differ in which one counts.
    #[error("the key {0:?} stands twice in one object")]
    DuplicateKey(String),
    /// RFC 8259 section 6: readers differ in what they make of it (infinity, an error).
    #[error("a number beyond the range of a double at byte {0}")]
    NumberRange(usize),
    /// Anything else that is not JSON.
    #[error("not JSON at byte {0}")]
    Syntax(usize),
}

/// How far duplicate keys are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// In every object: what goes to a server.
    Everywhere,
    /// In the outermost object and in the objects directly within: what comes from a server.
    Envelope,
}

/// Checks a whole text and returns it without insignificant white space.
pub fn compact(bytes: &[u8], duplicates: Duplicates) -> Result<String, Fault> {
    scan(bytes, duplicates, 0).map(|outline| outline.text)
}

/// Checks a whole text as [`compact`] does, and notes where the members of the two outermost levels of objects are.
pub fn outline(bytes: &[u8], duplicates: Duplicates) -> Result<Outline, Fault> {
    scan(bytes, duplicates, 2)
}

/// A strict, compact text and where its outer members are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// The text, with room for one more byte.
    pub text: String,
    /// The members of the outermost object and of objects that are its members, in the order of the text.
    pub members: Vec<Member>,
}

/// Where a member is in [`Outline::text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// 1 for members of the outermost object, 2 for members of its members.
    pub depth: usize,
    /// The key's token, quotes included.
    pub key: Range<usize>,
    /// The value.
    pub value: Range<usize>,
}

fn scan(bytes: &[u8], duplicates: Duplicates, outline_depth: usize) -> Result<Outline, Fault> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(Fault::ByteOrderMark);
    }
    let text = std::str::from_utf8(bytes).map_err(|e| Fault::NotUtf8(e.valid_up_to()))?;
    let mut scan = Scan {
        text,
        bytes,
        at: 0,
        kept: 0,
        out: String::with_capacity(text.len() + 1),
        keys: Vec::with_capacity(8),
        key_depth: match duplicates {
            Duplicates::Everywhere => MAX_DEPTH,
            Duplicates::Envelope => 2,
        },
        breaks: !bytes.is_ascii() && LINE_BREAKS.iter().any(|(raw, _)| memmem::find(bytes, raw).is_some()),
        outline_depth,
        members: Vec::with_capacity(if outline_depth == 0 { 0 } else { 8 }),
        open_members: [0; 2],
    };
    scan.document()?;
    Ok(Outline { text: scan.out, members: scan.members })
}

/// Characters that end a line for some readers and are not controls below 0x20: raw, and as they are written.
const LINE_BREAKS: [(&[u8], &str); 3] =
    [(b"\xc2\x85", "\\u0085"), (b"\xe2\x80\xa8", "\\u2028"), (b"\xe2\x80\xa9", "\\u2029")];

/// An open array or object while scanning.
#[derive(Clone, Copy)]
enum Open {
    Array,
    Object { first_key: usize },
}

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Everything before this offset has been copied to `out` or dropped.
    kept: usize,
    out: String,
    keys: Vec<Cow<'a, str>>,
    key_depth: usize,
    /// Whether any of [`LINE_BREAKS`] is in the text.
    breaks: bool,
    outline_depth: usize,
    members: Vec<Member>,
    /// The members being read, as places in `members`, by depth from 1.
    open_members: [usize; 2],
}

impl Scan<'_> {
    fn document(&mut self) -> Result<(), Fault> {
        let mut open: Vec<Open> = Vec::new();
        'value: loop {
            self.white();
            match self.peek() {
                Some(b'{') => {
                    self.push(&mut open, Open::Object { first_key: self.keys.len() })?;
                    self.white();
                    if self.peek() != Some(b'}') {
                        self.key(open.len())?;
                        continue 'value;
                    }
                }
                Some(b'[') => {
                    self.push(&mut open, Open::Array)?;
                    self.white();
                    if self.peek() != Some(b']') {
                        continue 'value;
                    }
                }
                Some(b'"') => {
                    self.string()?;
                }
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.word(b"true")?,
                Some(b'f') => self.word(b"false")?,
                Some(b'n') => self.word(b"null")?,
                _ => return Err(self.unexpected()),
            }
            loop {
                self.white();
                match (open.last(), self.peek()) {
                    (None, None) => {
                        self.keep();
                        return Ok(());
                    }
                    (None, Some(_)) => return Err(Fault::Trailing(self.at)),
                    (Some(Open::Array), Some(b',')) => {
                        self.at += 1;
                        continue 'value;
                    }
                    (Some(Open::Object { .. }), Some(b',')) => {
                        self.end_member(open.len());
                        self.at += 1;
                        self.white();
                        self.key(open.len())?;
                        continue 'value;
                    }
                    (Some(Open::Array), Some(b']')) => {}
                    (Some(Open::Object { first_key }), Some(b'}')) => {
                        let first_key = *first_key;
                        self.end_member(open.len());
                        self.no_twins(first_key)?;
                    }
                    _ => return Err(self.unexpected()),
                }
                self.at += 1;
                open.pop();
            }
        }
    }

    fn push(&mut self, open: &mut Vec<Open>, kind: Open) -> Result<(), Fault> {
        if open.len() == MAX_DEPTH {
            return Err(Fault::TooDeep(self.at));
        }
        open.push(kind);
        self.at += 1;
        Ok(())
    }

    fn key(&mut self, depth: usize) -> Result<(), Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected());
        }
        let (start, out_start) = (self.at, self.place());
        let escaped = self.string()?;
        if depth <= self.key_depth {
            let token = &self.text[start..self.at];
            self.keys.push(if escaped { unescape(token) } else { Cow::Borrowed(&token[1..token.len() - 1]) });
        }
        if depth <= self.outline_depth {
            let out_end = self.place();
            self.open_members[depth - 1] = self.members.len();
            self.members.push(Member { depth, key: out_start..out_end, value: out_end + 1..out_end + 1 });
        }
        self.white();
        if self.peek() != Some(b':') {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(())
    }

    /// Notes the end of the member being read at this depth, if one is (an empty object has none).
    fn end_member(&mut self, depth: usize) {
        if depth <= self.outline_depth {
            let place = self.place();
            if let Some(member) = self.members.get_mut(self.open_members[depth - 1])
                && member.depth == depth
                && member.value.is_empty()
            {
                member.value.end = place;
            }
        }
    }

    /// Where `at` will be in `out`.
    fn place(&self) -> usize {
        self.out.len() + (self.at - self.kept)
    }

    fn no_twins(&mut self, first: usize) -> Result<(), Fault> {
        const FEW: usize = 8;
        let keys = &mut self.keys[first..];
        let twin = if keys.len() <= FEW {
            keys.iter().enumerate().find(|(at, key)| keys[..*at].contains(key)).map(|(_, key)| key)
        } else {
            keys.sort_unstable();
            keys.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| &pair[0])
        };
        if let Some(key) = twin {
            return Err(Fault::DuplicateKey(key.chars().take(64).collect()));
        }
        self.keys.truncate(first);
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn unexpected(&self) -> Fault {
        match self.peek() {
            Some(b) if b < 0x20 => Fault::Control(self.at),
            _ => Fault::Syntax(self.at),
        }
    }

    /// Copies what has been scanned since the last drop.
    fn keep(&mut self) {
        self.out.push_str(&self.text[self.kept..self.at]);
        self.kept = self.at;
    }

    /// Drops white space.
    fn white(&mut self) {
        if !matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            return;
        }
        self.keep();
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        self.kept = self.at;
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Fault> {
        if self.bytes[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.unexpected()) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        let scientific = matches!(self.peek(), Some(b'e' | b'E'));
        if scientific {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let may_overflow = scientific || self.at - start > f64::MAX_10_EXP as usize;
        if may_overflow && !self.text[start..self.at].parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(Fault::NumberRange(start));
        }
        Ok(())
    }

    /// Whether there are escapes in it.
    fn string(&mut self) -> Result<bool, Fault> {
        self.at += 1;
        let mut escaped = false;
        loop {
            let run = self.at;
            self.at += plain_run(&self.bytes[run..]);
            if self.breaks {
                self.escape_breaks(run);
            }
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    self.escape()?;
                    escaped = true;
                }
                Some(_) => return Err(Fault::Control(self.at)),
                None => return Err(Fault::Syntax(self.at)),
            }
        }
    }

    /// Copies the plain run from `start` to `at` with line breaks written as escapes.
    fn escape_breaks(&mut self, start: usize) {
        let end = self.at;
        self.at = start;
        while self.at < end {
            let here = &self.bytes[self.at..end];
            match LINE_BREAKS.iter().find(|(raw, _)| here.starts_with(raw)) {
                Some((raw, escaped)) => {
                    self.keep();
                    self.out.push_str(escaped);
                    self.at += raw.len();
                    self.kept = self.at;
                }
                None => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let start = self.at;
        match self.bytes.get(start + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let first = self.hex4(start + 2)?;
                self.at = start + 6;
                match first {
                    0xd800..=0xdbff => {
                        let paired = self.bytes[self.at..].starts_with(b"\\u")
                            && matches!(self.hex4(self.at + 2)?, 0xdc00..=0xdfff);
                        if !paired {
                            return Err(Fault::LoneSurrogate(start));
                        }
                        self.at += 6;
                    }
                    0xdc00..=0xdfff => return Err(Fault::LoneSurrogate(start)),
                    _ => {}
                }
            }
            _ => return Err(Fault::Syntax(start)),
        }
        Ok(())
    }

    fn hex4(&self, at: usize) -> Result<u32, Fault> {
        let four = self.bytes.get(at..at + 4).ok_or(Fault::Syntax(at))?;
        four.iter().try_fold(0, |value, byte| {
            let digit = char::from(*byte).to_digit(16).ok_or(Fault::Syntax(at))?;
            Ok(value << 4 | digit)
        })
    }
}

/// How many bytes from the start are neither `"`, `\` nor below 0x20. The first few eight at a time, then, as the string
/// is a long one, as many as the machine can.
fn plain_run(bytes: &[u8]) -> usize {
    const FEW: usize = 64;
    let first = plain_run_of_few(&bytes[..bytes.len().min(FEW)]);
    if first < FEW {
        return first;
    }
    let rest = &bytes[FEW..];
    let run = &rest[..memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len())];
    // No early exit: so the compiler takes many bytes at a time.
    let lowest = run.iter().fold(u8::MAX, |lowest, byte| lowest.min(*byte));
    FEW + if lowest < 0x20 { run.iter().position(|byte| *byte < 0x20).unwrap_or(run.len()) } else { run.len() }
}

fn plain_run_of_few(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let zero_byte = |x: u64| x.wrapping_sub(ONES) & !x & HIGHS;
    let mut at = 0;
    for chunk in bytes.chunks_exact(8) {
        let Ok(eight) = chunk.try_into() else { break };
        let x = u64::from_le_bytes(eight);
        let below_space = x.wrapping_sub(ONES * 0x20) & !x & HIGHS;
        let quote = zero_byte(x ^ (ONES * u64::from(b'"')));
        let slash = zero_byte(x ^ (ONES * u64::from(b'\\')));
        let hit = below_space | quote | slash;
        if hit != 0 {
            // The lowest set bit is exact: false positives arise only above a true one.
            return at + (hit.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    at + bytes[at..].iter().take_while(|b| !matches!(**b, b'"' | b'\\' | 0..0x20)).count()
}

#[cfg(test)]
mod tests;
