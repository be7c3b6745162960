//! Walking strict, compact text without building values. Given anything else, the answers are wrong but never a panic.

use std::borrow::Cow;
use std::ops::Range;

use super::plain_run;

/// The value of a string token, quotes included in `token`. Takes strict text only.
pub fn unescape(token: &str) -> Cow<'_, str> {
    let inner = token.get(1..token.len().saturating_sub(1)).unwrap_or_default();
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Cow::Borrowed(inner);
    }
    // The token has been checked, so this cannot fail; were it to, the raw text is the safer answer.
    unescape_plain(inner)
        .or_else(|| serde_json::from_str::<String>(token).ok())
        .map_or(Cow::Borrowed(inner), Cow::Owned)
}

/// The value of a string whose escapes are all short ones or of the basic plane, as most are.
fn unescape_plain(inner: &str) -> Option<String> {
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(rest.get(..at)?);
        let (c, len) = match rest.as_bytes().get(at + 1)? {
            b'n' => ('\n', 2),
            b'"' => ('"', 2),
            b'\\' => ('\\', 2),
            b'/' => ('/', 2),
            b't' => ('\t', 2),
            b'r' => ('\r', 2),
            b'b' => ('\u{8}', 2),
            b'f' => ('\u{c}', 2),
            b'u' => {
                let digits = rest.get(at + 2..at + 6).filter(|four| four.bytes().all(|b| b.is_ascii_hexdigit()))?;
                (char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, 6)
            }
            _ => return None,
        };
        out.push(c);
        rest = rest.get(at + len..)?;
    }
    out.push_str(rest);
    Some(out)
}

/// A string as a JSON token, quotes included.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    quote_into(text, &mut out);
    out
}

fn quote_into(text: &str, out: &mut String) {
    if plain_run(text.as_bytes()) == text.len() {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&serde_json::Value::from(text).to_string());
    }
}

/// The length of the string token that starts at `at`, as the offset after it.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    loop {
        at += plain_run(bytes.get(at..).unwrap_or_default());
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') => return at + 1,
            _ => return bytes.len(),
        }
    }
}

/// The offset after the number or word that starts at `at`.
fn scalar_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|b| matches!(b, b',' | b'}' | b']')).unwrap_or(rest.len())
}

/// The length of the value that `text` begins with. Takes strict, compact text only.
pub fn value_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(b'"') => string_end(bytes, 0),
        Some(b'{' | b'[') => {
            let (mut at, mut depth) = (0, 0_usize);
            while let Some(byte) = bytes.get(at) {
                match byte {
                    b'"' => {
                        at = string_end(bytes, at);
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth = depth.saturating_sub(1);
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
        _ => scalar_end(bytes, 0),
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

/// The text that a JSON Pointer (RFC 6901) leads to. Takes strict, compact text only.
pub fn pointer<'a>(text: &'a str, pointer: &str) -> Option<&'a str> {
    if pointer.is_empty() {
        return Some(text);
    }
    pointer.strip_prefix('/')?.split('/').try_fold(text, |value, step| {
        let step: Cow<'_, str> =
            if step.contains('~') { step.replace("~1", "/").replace("~0", "~").into() } else { step.into() };
        if value.starts_with('[') {
            let plain = step == "0" || (!step.starts_with('0') && step.bytes().all(|b| b.is_ascii_digit()));
            elements(value).nth(step.parse().ok().filter(|_| plain)?)
        } else {
            member(value, &step)
        }
    })
}

/// One text for all that differ only in white space, order of keys and escapes in strings. Numbers stay as written, so
/// `1` and `1.0` are two (the stricter answer). Takes strict, compact text only.
pub fn canonical(text: &str) -> String {
    let mut walk = Canonical { text, at: 0, out: String::with_capacity(text.len()) };
    walk.value();
    walk.out
}

/// One pass over the text; the members of an object are written in the order given and put in order at its end, only
/// where they were not.
struct Canonical<'a> {
    text: &'a str,
    at: usize,
    out: String,
}

impl<'a> Canonical<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Takes the text up to `end`.
    fn take(&mut self, end: usize) -> &'a str {
        let taken = self.text.get(self.at..end).unwrap_or_default();
        self.at = end.max(self.at + 1);
        taken
    }

    fn value(&mut self) {
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => {
                self.at += 1;
                self.out.push('[');
                while !matches!(self.peek(), None | Some(b']')) {
                    self.value();
                    if self.peek() == Some(b',') {
                        self.at += 1;
                        self.out.push(',');
                    }
                }
                self.at += 1;
                self.out.push(']');
            }
            Some(b'"') => {
                let token = self.take(string_end(self.text.as_bytes(), self.at));
                quote_into(&unescape(token), &mut self.out);
            }
            _ => {
                let token = self.take(scalar_end(self.text.as_bytes(), self.at));
                self.out.push_str(token);
            }
        }
    }

    fn object(&mut self) {
        self.at += 1;
        self.out.push('{');
        let start = self.out.len();
        let mut written: Vec<(Cow<'a, str>, Range<usize>)> = Vec::new();
        while !matches!(self.peek(), None | Some(b'}')) {
            if self.peek() == Some(b',') {
                self.at += 1;
                self.out.push(',');
            }
            let from = self.out.len();
            let key = unescape(self.take(string_end(self.text.as_bytes(), self.at)));
            quote_into(&key, &mut self.out);
            self.at += 1;
            self.out.push(':');
            self.value();
            written.push((key, from..self.out.len()));
        }
        self.at += 1;
        if !written.is_sorted_by(|a, b| a.0 < b.0) {
            let mixed = self.out.split_off(start);
            let part = |range: &Range<usize>| &mixed[range.start - start..range.end - start];
            written.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| part(&a.1).cmp(part(&b.1))));
            for (i, (_, range)) in written.iter().enumerate() {
                if i > 0 {
                    self.out.push(',');
                }
                self.out.push_str(part(range));
            }
        }
        self.out.push('}');
    }
}
