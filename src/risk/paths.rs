//! Paths: what a text may name once a server has read it in its own way.

use std::borrow::Cow;

/// How often a path is taken through URL decoding.
const DECODINGS: usize = 2;
/// The longest path looked at, in bytes: no system takes a longer one.
pub const LONGEST: usize = 64 * 1024;

/// The ways in which a path may be read, the raw one first: as written; decoded once and twice; cut at a NUL; with `/`
/// for `\`; and each of these with `.`, `..` and `//` resolved by their letters. Without a file system: links and
/// variables stay.
pub fn readings(path: &str) -> Vec<String> {
    let path = &path[..path.floor_char_boundary(LONGEST)];
    let mut all = vec![path.to_owned()];
    let mut decoded = Cow::Borrowed(path);
    for _ in 0..=DECODINGS {
        let slashed = decoded.replace('\\', "/");
        let bare = slashed.strip_prefix("file://").or_else(|| slashed.strip_prefix("file:")).unwrap_or(&slashed);
        let cut = bare.split('\0').next().unwrap_or_default();
        for form in [decoded.as_ref(), slashed.as_str(), bare, cut] {
            all.push(form.to_owned());
            all.push(resolve(form));
        }
        let next = decode(&decoded);
        if next == decoded {
            break;
        }
        decoded = Cow::Owned(next.into_owned());
    }
    all.sort_unstable();
    all.dedup();
    all
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
