//! What a path may be once a server has read it in its own way: decoded, cut, folded, resolved by its letters.
//!
//! Never looks at a file system: links and variables stay.

use std::borrow::Cow;

use crate::risk::hidden::is_hidden;

/// How often a path is taken through URL decoding.
const DECODINGS: usize = 4;
/// The longest path looked at, in bytes: no system takes a longer one.
pub const LONGEST: usize = 64 * 1024;

/// The ways in which a path may be read, the raw one first: as written; with letters and dots that only look otherwise
/// taken for the plain ones; without blanks and quotes around it; decoded again and again; cut at a NUL; with `/` for `\`; and each of these with `.`, `..` and
/// `//` resolved by their letters. Without a file system: links and variables stay.
pub fn readings(path: &str) -> Vec<String> {
    let path = &path[..path.floor_char_boundary(LONGEST)];
    if is_plain(path) {
        return vec![path.to_owned()];
    }
    let mut all = vec![path.to_owned()];
    let mut decoded = Cow::Borrowed(bare(path));
    for _ in 0..=DECODINGS {
        let folded = fold(&decoded);
        let slashed = folded.replace('\\', "/");
        let local = without_scheme(&slashed);
        let cut = local.split('\0').next().unwrap_or_default();
        for form in [decoded.as_ref(), slashed.as_str(), local, cut] {
            all.push(form.to_owned());
            all.push(resolve(form));
        }
        let next = decode(&decoded);
        if next == decoded {
            break;
        }
        decoded = Cow::Owned(next.into_owned());
    }
    all[1..].sort_unstable();
    all.dedup();
    all
}

/// Whether a text may be a path that is longer than what is read of it: no system opens it, but who resolves it by its
/// letters first may come out anywhere.
pub fn is_overlong(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || "{}();\"'<>".contains(c);
    text.len() > LONGEST && (text.contains("..") || text.contains(['%', '\\'])) && !text.contains(odd)
}

/// What stands behind `file:`, in any case and with or without `//` and this machine's name (RFC 8089).
fn without_scheme(path: &str) -> &str {
    let after =
        |text: &str, start: &str| text.get(..start.len()).filter(|own| own.eq_ignore_ascii_case(start)).map(str::len);
    let Some(path) = after(path, "file:").map(|len| &path[len..]) else { return path };
    let path = path.strip_prefix("//").unwrap_or(path);
    after(path, "localhost/").map_or(path, |len| &path[len - 1..])
}

/// A path without what many a server takes off its ends: blanks, and quotes around it.
pub fn bare(path: &str) -> &str {
    let trimmed = path.trim_matches(|c: char| c.is_whitespace() || c.is_control() && c != '\0');
    let inner = [('"', '"'), ('\'', '\''), ('`', '`'), ('<', '>')]
        .iter()
        .find_map(|(open, close)| trimmed.strip_prefix(*open)?.strip_suffix(*close));
    inner.map_or(trimmed, str::trim)
}

/// Whether every reader takes it for the same path.
fn is_plain(path: &str) -> bool {
    let bytes = path.as_bytes();
    if bare(path).len() < path.len() {
        return false;
    }
    let mut before = b'/';
    for (at, byte) in bytes.iter().enumerate() {
        let last = at + 1 == bytes.len();
        match byte {
            b'\\' | b'%' | b'\0' | b':' | 0x80.. => return false,
            b'/' if at > 0 && matches!(before, b'/' | b'.' | b' ') => return false,
            b'.' if before == b'/' && (last || matches!(bytes[at + 1], b'.' | b'/')) => return false,
            b'.' | b' ' if last => return false,
            _ => {}
        }
        before = *byte;
    }
    true
}

/// Characters that some server takes for a dot or a separator, once it has normalised a text or read UTF-8 as Latin-1.
const LOOKS: [(&str, &str); 17] = [
    ("\u{2024}", "."),
    ("\u{2025}", ".."),
    ("\u{2026}", "..."),
    ("\u{3002}", "."),
    ("\u{fe52}", "."),
    ("\u{ff61}", "."),
    ("\u{2044}", "/"),
    ("\u{2215}", "/"),
    ("\u{29f8}", "/"),
    ("\u{2216}", "\\"),
    ("\u{29f5}", "\\"),
    ("\u{29f9}", "\\"),
    ("\u{fe68}", "\\"),
    ("\u{c0}\u{ae}", "."),
    ("\u{c0}\u{af}", "/"),
    ("\u{c1}\u{9c}", "\\"),
    ("\u{17f}", "s"),
];

/// The plain text that a file system or a server may make of one with odd letters: wide forms, other dots and slashes,
/// characters that draw nothing.
pub(super) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        // Most fall at their first byte.
        let first = rest.as_bytes().first();
        let looks = |odd: &str| odd.as_bytes().first() == first && rest.starts_with(odd);
        if let Some((odd, plain)) = LOOKS.iter().find(|(odd, _)| looks(odd)) {
            out.push_str(plain);
            rest = &rest[odd.len()..];
            continue;
        }
        match c {
            '\u{ff01}'..='\u{ff5e}' => out.extend(char::from_u32(u32::from(c) - 0xfee0)),
            _ if c != '\0' && !c.is_ascii() && is_hidden(c) => {}
            _ => out.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    Cow::Owned(out)
}

/// Resolves `.`, `..`, `//` and trailing dots and blanks of a segment by their letters. A `..` above the root of an
/// absolute path is the root; above the start of a relative one it stays.
pub fn resolve(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                if kept.last().is_some_and(|last| *last != "..") {
                    kept.pop();
                } else if !absolute {
                    kept.push("..");
                }
            }
            other => match other.trim_end_matches(['.', ' ']) {
                "" => kept.push(other),
                trimmed => kept.push(trimmed),
            },
        }
    }
    let body = kept.join("/");
    if absolute { format!("/{body}") } else { body }
}

/// Overlong and non-UTF-8 escapes that some servers take for `.`, `/` and `\`.
const ODD: [(&str, u8); 14] = [
    ("%c0%ae", b'.'),
    ("%c0%2e", b'.'),
    ("%e0%40%ae", b'.'),
    ("%c0%af", b'/'),
    ("%e0%80%af", b'/'),
    ("%c0%2f", b'/'),
    ("%c1%9c", b'\\'),
    ("%c0%5c", b'\\'),
    ("%c0%80%5c", b'\\'),
    ("%u002e", b'.'),
    ("%uff0e", b'.'),
    ("%u002f", b'/'),
    ("%u2215", b'/'),
    ("%u2216", b'\\'),
];

/// One round of URL decoding (RFC 3986 section 2.1); what is not a valid escape stays. Overlong and non-UTF-8 escapes
/// of `.`, `/` and `\` (`%c0%ae`, `%u002e`) are decoded too: some servers do.
pub fn decode(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'%', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest[0] == b'%' {
            let odd =
                ODD.iter().find(|(o, _)| rest.get(..o.len()).is_some_and(|r| r.eq_ignore_ascii_case(o.as_bytes())));
            if let Some((odd, byte)) = odd {
                out.push(*byte);
                at += odd.len();
                continue;
            }
            let digit = |i: usize| rest.get(i).and_then(|b| char::from(*b).to_digit(16));
            if let Some(byte) = digit(1).zip(digit(2)).and_then(|(a, b)| u8::try_from(a << 4 | b).ok()) {
                out.push(byte);
                at += 3;
                continue;
            }
        }
        out.push(rest[0]);
        at += 1;
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// The path of a `file:` URI (RFC 8089) on this machine, absolute. `None` for any other URI.
pub fn of_uri(uri: &str) -> Option<String> {
    let rest = uri.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("file://")).map(|_| &uri[7..])?;
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    let path = decode(rest.split(['?', '#']).next().filter(|path| path.starts_with('/'))?);
    let drive = path.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic) && path.get(2..3) == Some(":");
    let path = if drive { &path[1..] } else { &path };
    (!path.contains('\0')).then(|| resolve(path))
}
