//! URLs: out into the open world, or in to where only this machine gets.

use std::ops::Range;

use super::paths::CONTENT;
use super::subject::{Found, Subject, Value, quoted};
use super::{Access, Family, Kind};
use crate::decision::Level::{High, Medium};
use crate::risk::paths;

const OPEN: Kind =
    Kind::new("urls.open", Medium, "something is fetched from, or sent to, the open world").needs(Access::Read);
const SCHEME: Kind = Kind::new("urls.scheme", Medium, "a URL of an unusual scheme").needs(Access::Read);
const LOCAL: Kind =
    Kind::new("urls.local", High, "a URL into this machine, the network behind it or a cloud's metadata");
const DECEPTIVE: Kind =
    Kind::new("urls.deceptive", High, "a URL that readers take differently, or that is code or data");

/// The family.
pub const FAMILY: Family = Family {
    name: "urls",
    about: "URLs and hosts by key and by value, addresses in any notation",
    kinds: &[OPEN, SCHEME, LOCAL, DECEPTIVE],
    detect,
};

/// The most addresses of one call that are looked at.
const MOST: usize = 2000;
/// The last words of keys that hold a URL or a host.
const KEYS: &[&str] =
    &["url", "urls", "uri", "href", "link", "endpoint", "host", "hostname", "origin", "webhook", "address"];
/// Schemes of the open world.
const WEB: &[&str] = &["http", "https", "ws", "wss", "ftp", "ftps", "sftp"];
/// Schemes that are code or data rather than places.
const CODE: &[&str] = &["javascript", "data", "vbscript", "gopher", "dict", "jar", "blob", "view-source"];

fn detect(subject: &Subject<'_>, found: &mut Found) {
    for (i, value) in
        subject.texts().filter(|value| value.text.contains([':', '.']) || subject.key(value).ends_in(KEYS)).enumerate()
    {
        if i == MOST {
            return found.add(super::size::UNJUDGED, format!("more than {MOST} addresses: too many to judge"));
        }
        let key = subject.key(value);
        let text = value.text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control());
        if text.is_empty() || text.len() > paths::LONGEST {
            continue;
        }
        if let Some((scheme, rest)) = scheme(text) {
            if !key.is_one_of(CONTENT) {
                url(subject, value, 0..value.text.len(), &scheme, rest, found);
            }
        } else if key.ends_in(KEYS) {
            let host = text.strip_prefix("//").unwrap_or(text);
            if let Some(what) = local(host_of(host).1) {
                found.at(LOCAL, subject, value, format!("{} is {what}", quoted(text)));
            }
        }
    }
}

/// A scheme with `://`, or one that needs none.
fn scheme(text: &str) -> Option<(String, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let fits = scheme.len() <= 32 && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    if !fits || !scheme.as_bytes().first()?.is_ascii_alphabetic() {
        return None;
    }
    let scheme = scheme.to_ascii_lowercase();
    let slashes = rest.trim_start_matches(['/', '\\']);
    let counted = rest.len() - slashes.len();
    (counted >= 2 || CODE.contains(&scheme.as_str()) || (WEB.contains(&scheme.as_str()) && counted > 0))
        .then_some((scheme, slashes))
}

/// Judges a URL, or a host, that stands in a part of a text.
pub fn look(subject: &Subject<'_>, value: &Value<'_>, text: &str, part: Range<usize>, found: &mut Found) {
    match scheme(text) {
        Some((scheme, rest)) => url(subject, value, part, &scheme, rest, found),
        None => url(subject, value, part, "http", text, found),
    }
}

fn url(subject: &Subject<'_>, value: &Value<'_>, part: Range<usize>, scheme: &str, rest: &str, found: &mut Found) {
    let text = value.text.get(part.clone()).filter(|part| !part.is_empty()).unwrap_or(rest);
    let mut add = |kind, what: &str| {
        let says = format!("{} {what}", quoted(text));
        if part.is_empty() || part.len() == value.text.len() {
            found.at(kind, subject, value, says);
        } else {
            found.within(kind, subject, value, part.clone(), says);
        }
    };
    if CODE.contains(&scheme) {
        return add(DECEPTIVE, "is code or data, or a way round a check");
    }
    if !WEB.contains(&scheme) {
        return add(SCHEME, "is a URL of an unusual scheme");
    }
    let (userinfo, host) = host_of(rest);
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
    if userinfo || !host.is_ascii() || rest.split(['?', '#']).next().is_some_and(|r| r.contains(odd)) || host.is_empty()
    {
        add(DECEPTIVE, "may lead elsewhere than it seems to");
    }
    match local(host) {
        Some(what) => add(LOCAL, &format!("leads to {what}")),
        None => add(OPEN, "is in the open world"),
    }
}

/// Whether there is a user part, and the host.
fn host_of(rest: &str) -> (bool, &str) {
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let (user, host) = authority.rsplit_once('@').map_or((false, authority), |(_, host)| (true, host));
    if let Some(end) = host.strip_prefix('[').and_then(|v6| v6.find(']')) {
        return (user, &host[..end + 2]);
    }
    (user, host.split(':').next().unwrap_or_default())
}

/// Names that are not of the open world, and all below them.
const NAMES: &[(&str, &str)] = &[
    ("localhost", "this machine"),
    ("metadata.google.internal", "a cloud's metadata, with its credentials"),
    ("metadata", "a cloud's metadata, with its credentials"),
    ("instance-data", "a cloud's metadata, with its credentials"),
    ("local", "a private network"),
    ("internal", "a private network"),
    ("lan", "a private network"),
    ("intranet", "a private network"),
    ("home.arpa", "a private network"),
    ("svc", "a private network"),
    ("nip.io", "an address spelled in a name"),
    ("sslip.io", "an address spelled in a name"),
    ("xip.io", "an address spelled in a name"),
    ("localtest.me", "this machine"),
    ("lvh.me", "this machine"),
];

/// What a host is, if it is not of the open world.
fn local(host: &str) -> Option<&'static str> {
    let host = paths::decode(host).to_lowercase();
    let host = host.trim_end_matches('.');
    if let Some(v6) = host.strip_prefix('[') {
        // Global unicast is 2000::/3 (RFC 4291); 2002::/16 wraps an IPv4 address.
        let first = v6.split(':').next().unwrap_or_default();
        let global = first.len() == 4 && first.starts_with(['2', '3']) && first != "2002";
        return (!global).then_some("an address that is not of the open world");
    }
    if let Some([a, b, c, d]) = ipv4(host) {
        return match (a, b) {
            (127 | 0, _) => Some("this machine"),
            (169, 254) if (c, d) == (169, 254) => Some("a cloud's metadata, with its credentials"),
            (169, 254) => Some("a link-local address"),
            (10, _) | (192, 168) | (172, 16..=31) | (100, 64..=127) => Some("a private network"),
            (224..=255, _) => Some("no address of a single machine"),
            _ => None,
        };
    }
    let ends = |name: &str| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    NAMES.iter().find(|(name, _)| ends(name)).map(|(_, what)| *what)
}

/// An IPv4 address as `inet_aton` reads it: one to four parts, each decimal, octal or hexadecimal.
fn ipv4(host: &str) -> Option<[u8; 4]> {
    let parts: Vec<&str> = host.split('.').collect();
    if parts.len() > 4 {
        return None;
    }
    let number = |part: &&str| {
        let (digits, radix) = match part.strip_prefix("0x") {
            Some(hex) => (hex, 16),
            None if part.len() > 1 && part.starts_with('0') => (&part[1..], 8),
            None => (*part, 10),
        };
        if digits.is_empty() && radix == 16 { Some(0) } else { u64::from_str_radix(digits, radix).ok() }
    };
    let numbers: Vec<u64> = parts.iter().map(number).collect::<Option<_>>()?;
    let (last, first) = numbers.split_last()?;
    let mut address = 0_u64;
    for part in first {
        address = address << 8 | (part & 0xff);
    }
    let room = 8 * (4 - first.len());
    let address = u32::try_from(address << room | (last & ((1 << room) - 1))).ok()?;
    Some(address.to_be_bytes())
}
