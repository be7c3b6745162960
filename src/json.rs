//! Strict JSON (RFC 8259): check, compact, walk, canonicalise. Text in, text out; no values are built.
//!
//! Invariant: what [`compact`] returns parses to the same value as what it was given, under every reader: no duplicate
//! keys, no byte below 0x20, no lone surrogates, numbers and strings to the letter. The other functions take only such
//! text. `serde_json` alone would not do: it lets duplicate keys and, in skipped values, lone surrogates through.

use std::borrow::Cow;

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
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(Fault::ByteOrderMark);
    }
    let text = std::str::from_utf8(bytes).map_err(|e| Fault::NotUtf8(e.valid_up_to()))?;
    let mut scan = Scan {
        text,
        bytes: text.as_bytes(),
        at: 0,
        kept: 0,
        out: String::with_capacity(text.len()),
        keys: Vec::new(),
        key_depth: match duplicates {
            Duplicates::Everywhere => MAX_DEPTH,
            Duplicates::Envelope => 2,
        },
    };
    scan.document()?;
    Ok(scan.out)
}

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
                Some(b'"') => self.string()?,
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
                        self.at += 1;
                        self.white();
                        self.key(open.len())?;
                        continue 'value;
                    }
                    (Some(Open::Array), Some(b']')) => {}
                    (Some(Open::Object { first_key }), Some(b'}')) => {
                        let first_key = *first_key;
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
        let start = self.at;
        self.string()?;
        if depth <= self.key_depth {
            self.keys.push(unescape(&self.text[start..self.at]));
        }
        self.white();
        if self.peek() != Some(b':') {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(())
    }

    fn no_twins(&mut self, first: usize) -> Result<(), Fault> {
        let keys = &mut self.keys[first..];
        keys.sort_unstable();
        if let Some(pair) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Fault::DuplicateKey(pair[0].chars().take(64).collect()));
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
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<(), Fault> {
        self.at += 1;
        loop {
            self.at += plain_run(&self.bytes[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(Fault::Control(self.at)),
                None => return Err(Fault::Syntax(self.at)),
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

/// How many bytes from the start are neither `"`, `\` nor below 0x20. Eight at a time.
fn plain_run(bytes: &[u8]) -> usize {
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

/// The value of a string token, quotes included in `token`. Takes strict text only.
pub fn unescape(token: &str) -> Cow<'_, str> {
    let inner = token.get(1..token.len().saturating_sub(1)).unwrap_or_default();
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Cow::Borrowed(inner);
    }
    // The token has been checked, so this cannot fail; were it to, the raw text is the safer answer.
    serde_json::from_str::<String>(token).map_or(Cow::Borrowed(inner), Cow::Owned)
}

/// A string as a JSON token, quotes included.
pub fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The length of the value that `text` begins with. Takes strict, compact text only.
fn value_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let string_end = |mut at: usize| {
        at += 1;
        loop {
            at += plain_run(&bytes[at.min(bytes.len())..]);
            match bytes.get(at) {
                Some(b'\\') => at += 2,
                Some(b'"') => return at + 1,
                _ => return bytes.len(),
            }
        }
    };
    match bytes.first() {
        Some(b'"') => string_end(0),
        Some(b'{' | b'[') => {
            let (mut at, mut depth) = (0, 0_usize);
            while let Some(byte) = bytes.get(at) {
                match byte {
                    b'"' => {
                        at = string_end(at);
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return at + 1;
                        }
                    }
                    _ => {}
                }
                at += 1;
            }
            bytes.len()
        }
        _ => bytes.iter().position(|b| matches!(b, b',' | b'}' | b']')).unwrap_or(bytes.len()),
    }
}

/// The members of an object, in order: the key's value and the member's text. Nothing for anything but an object.
/// Takes strict, compact text only.
pub fn members(text: &str) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
    let mut rest = text.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or_default();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let key = rest.get(..value_len(rest))?;
        let after = rest.get(key.len() + 1..)?;
        let value = after.get(..value_len(after))?;
        rest = after.get(value.len() + 1..).unwrap_or_default();
        Some((unescape(key), value))
    })
}

/// The elements of an array, in order. Nothing for anything but an array. Takes strict, compact text only.
pub fn elements(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or_default();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let value = rest.get(..value_len(rest))?;
        rest = rest.get(value.len() + 1..).unwrap_or_default();
        Some(value)
    })
}

/// The text of one member of an object.
pub fn member<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    members(text).find(|(k, _)| k == key).map(|(_, value)| value)
}

/// One text for all that differ only in white space, order of keys and escapes in strings. Numbers stay as written, so
/// `1` and `1.0` are two (the stricter answer). Takes strict, compact text only.
pub fn canonical(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    canonical_into(text, &mut out);
    out
}

fn canonical_into(text: &str, out: &mut String) {
    match text.as_bytes().first() {
        Some(b'{') => {
            let mut all: Vec<_> = members(text).collect();
            all.sort_unstable();
            out.push('{');
            for (i, (key, value)) in all.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&quote(key));
                out.push(':');
                canonical_into(value, out);
            }
            out.push('}');
        }
        Some(b'[') => {
            out.push('[');
            for (i, value) in elements(text).enumerate() {
                if i > 0 {
                    out.push(',');
                }
                canonical_into(value, out);
            }
            out.push(']');
        }
        Some(b'"') => out.push_str(&quote(&unescape(text))),
        _ => out.push_str(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict(text: &str) -> Result<String, Fault> {
        compact(text.as_bytes(), Duplicates::Everywhere)
    }

    #[test]
    fn white_space_goes_and_everything_else_stays_to_the_letter() {
        let given = "{ \"a\" : [ 1.0e+2 , -0 , 123456789012345678901234567890 ] ,\r\n\t\"\\u0062\" : \"x\\/y \\ud83d\\ude00\" }";
        assert_eq!(
            strict(given).as_deref(),
            Ok(r#"{"a":[1.0e+2,-0,123456789012345678901234567890],"\u0062":"x\/y \ud83d\ude00"}"#)
        );
    }

    #[test]
    fn what_readers_disagree_about_is_refused() {
        assert_eq!(strict(r#"{"a":1,"\u0061":2}"#), Err(Fault::DuplicateKey("a".into())));
        assert_eq!(strict(r#"{"x":[{"a":1,"b":2,"a":3}]}"#), Err(Fault::DuplicateKey("a".into())));
        assert_eq!(strict(r#"["\ud800"]"#), Err(Fault::LoneSurrogate(2)));
        assert_eq!(strict(r#"["\udc00\ud800"]"#), Err(Fault::LoneSurrogate(2)));
        assert_eq!(strict("[\"a\rb\"]"), Err(Fault::Control(3)));
        assert_eq!(strict("{} {}"), Err(Fault::Trailing(3)));
        assert_eq!(strict("\u{feff}{}"), Err(Fault::ByteOrderMark));
        assert_eq!(compact(b"[\"\xff\"]", Duplicates::Everywhere), Err(Fault::NotUtf8(2)));
        for bad in ["NaN", "[1,]", "{\"a\":}", "1.", "+1", "'a'", "[", "", "{\"a\" 1}", "tru", "\"\\x\"", "{,}"] {
            assert!(matches!(strict(bad), Err(Fault::Syntax(_))), "{bad}");
        }
        assert!(matches!(strict(&"[".repeat(200)), Err(Fault::TooDeep(128))));
    }

    #[test]
    fn members_and_elements_are_walked_without_values() {
        let text = strict(r#"{"a":{"x":"}\\\""},"b\n":[1,[2,3],{}],"c":null,"":""}"#).expect("valid");
        let all: Vec<_> = members(&text).map(|(k, v)| (k.into_owned(), v.to_owned())).collect();
        let want = [("a", r#"{"x":"}\\\""}"#), ("b\n", "[1,[2,3],{}]"), ("c", "null"), ("", "\"\"")];
        assert_eq!(all, want.map(|(k, v)| (k.to_owned(), v.to_owned())));
        assert_eq!(elements("[1,[2,3],{}]").collect::<Vec<_>>(), ["1", "[2,3]", "{}"]);
        assert_eq!(members("{}").count() + elements("[]").count() + members("3").count(), 0);
    }

    #[test]
    fn canonical_text_is_one_for_all_spellings() {
        assert_eq!(canonical(r#"{"b":[1,{"d":1,"c":"\u0041"}],"a":null}"#), r#"{"a":null,"b":[1,{"c":"A","d":1}]}"#);
        assert_ne!(canonical("1"), canonical("1.0"));
    }
}
