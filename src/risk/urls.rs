//! URLs: out into the open world, or in to where only this machine gets.

use crate::risk::words::List;
use std::ops::Range;

use super::key::Key;
use super::paths::CONTENT;
use super::subject::{Found, Subject, Value, quoted};
use super::{Access, Family, Kind, blobs};
use crate::decision::Level::{High, Medium};
use crate::risk::paths;
use hosts::{carries, collects, is_foreign, local};

mod hosts;

const OPEN: Kind =
    Kind::new("urls.open", Medium, "something is fetched from, or sent to, the open world").needs(Access::Read);
const SCHEME: Kind = Kind::new("urls.scheme", Medium, "a URL of an unusual scheme").needs(Access::Read);
const LOCAL: Kind =
    Kind::new("urls.local", High, "a URL into this machine, the network behind it or a cloud's metadata");
const DECEPTIVE: Kind =
    Kind::new("urls.deceptive", High, "a URL that readers take differently, or that is code or data");
const CARRIES: Kind =
    Kind::new("urls.carries", High, "a URL takes data out: long, encoded, or to a host that collects it");

/// The family.
pub const FAMILY: Family = Family {
    name: "urls",
    about: "URLs and hosts by key and by value, addresses in any notation",
    kinds: &[OPEN, SCHEME, LOCAL, DECEPTIVE, CARRIES],
    detect,
};

/// The most addresses of one call that are looked at.
const MOST: usize = 2000;
/// The last words of keys that hold a URL or a host.
const KEYS: &List = &List::of(&[
    "url", "urls", "uri", "href", "link", "links", "website", "webpage", "endpoint", "host", "hosts", "hostname",
    "origin", "webhook", "address",
]);
/// Those that hold a URL: what stands there without a scheme is one all the same.
const PAGES: &List = &List::of(&["url", "urls", "href", "link", "links", "website", "webpage"]);
/// The last words of keys that hold a host, or the name of something.
const PERHAPS: &List = &List::of(&["site", "domain", "domains", "proxy", "callback", "feed", "server"]);
/// Schemes of the open world.
const WEB: &[&str] = &["http", "https", "ws", "wss", "ftp", "ftps", "sftp"];
/// Schemes of sockets: a host behind them is reached as one of the web is.
const SOCKETS: &[&str] = &[
    "tcp",
    "udp",
    "tls",
    "ssl",
    "ssh",
    "telnet",
    "tftp",
    "ldap",
    "ldaps",
    "smb",
    "redis",
    "rediss",
    "memcached",
    "rsync",
];
/// Schemes of sockets on this machine itself.
const OWN_SOCKETS: &[&str] = &["unix", "http+unix", "https+unix", "npipe", "vsock"];
/// Schemes that are code or data rather than places.
const CODE: &[&str] = &["javascript", "data", "vbscript", "gopher", "dict", "jar", "blob", "view-source"];

fn detect(subject: &Subject<'_>, found: &mut Found) {
    let ends = |key: &Key| key.ends_in(KEYS) || key.ends_in(PERHAPS);
    for (i, value) in subject
        .texts()
        .filter(|v| memchr::memchr2(b':', b'.', v.text.as_bytes()).is_some() || ends(subject.key(v)))
        .enumerate()
    {
        if i == MOST {
            return found.add(super::size::UNJUDGED, format!("more than {MOST} addresses: too many to judge"));
        }
        let key = subject.key(value);
        let text = unwrapped(&value.text);
        if text.is_empty() || text.len() > paths::LONGEST {
            continue;
        }
        if let Some((scheme, rest)) = scheme_of(text) {
            if !key.is_one_of(CONTENT) {
                url(subject, value, 0..value.text.len(), &scheme, rest, found);
            }
        } else if key.ends_in(PAGES) || !key.is_one_of(CONTENT) && text.contains(['\n', '\t', '\r']) {
            page(subject, value, text, key.ends_in(PAGES), found);
        }
        if key.ends_in(KEYS) || key.ends_in(PERHAPS) && (text.contains(['.', ':']) || text == "localhost") {
            host(subject, value, text, found);
        }
    }
}

/// A text without what readers take off a URL: blanks, control characters, quotes, `<…>`, `URL:` (RFC 3986 appendix C).
fn unwrapped(text: &str) -> &str {
    let text = paths::bare(text).trim_start_matches(|c: char| c.is_whitespace() || c.is_control());
    let marked = text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("url:"));
    if marked { text[4..].trim_start() } else { text }
}

/// What has no scheme that can be seen at once, where a URL is meant to stand or line breaks stand within one.
fn page(subject: &Subject<'_>, value: &Value<'_>, text: &str, is_page: bool, found: &mut Found) {
    let whole = part_of(value, text).unwrap_or_default();
    let says = |what: &str| format!("{} {what}", quoted(text));
    // Many readers take tabs and line feeds out first (the URL standard does).
    let start = &text[..text.floor_char_boundary(64)];
    if start.contains(['\n', '\t', '\r']) {
        let joined: String = start.chars().filter(|c| !matches!(c, '\n' | '\t' | '\r')).collect();
        let colon = joined.find(':').unwrap_or_default();
        let within = start.find(['\n', '\t', '\r']).is_some_and(|at| at < colon + 3);
        if within && scheme_of(&joined).is_some_and(|(scheme, _)| WEB.contains(&&*scheme) || CODE.contains(&&*scheme)) {
            found.within(DECEPTIVE, subject, value, whole, says("is a URL once its line breaks are taken out"));
        }
        return;
    }
    let before = text.find("://").map(|at| (at, text[..at].rfind(|c: char| !c.is_ascii_alphanumeric())));
    if let Some((_, Some(odd))) = before {
        let url = &text[odd + text[odd..].chars().next().map_or(1, char::len_utf8)..];
        return look(subject, value, url, part_of(value, url).unwrap_or_default(), found);
    }
    let (scheme, rest) = text.split_once(':').unwrap_or_default();
    let named = scheme.len() > 1 && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-_".contains(&b));
    if named && WEB.contains(&&*scheme.to_ascii_lowercase()) {
        url(subject, value, whole, "http", rest, found);
    } else if named && !rest.starts_with(|c: char| c.is_ascii_digit()) {
        found.within(SCHEME, subject, value, whole, says("is a URL of an unusual scheme"));
    } else if is_page && hosts::is_named(host_of(text).1) {
        url(subject, value, whole, "http", text, found);
    }
}

/// A host where one is meant to stand.
fn host(subject: &Subject<'_>, value: &Value<'_>, text: &str, found: &mut Found) {
    if scheme_of(text).is_some() {
        return;
    }
    let (_, host) = host_of(text.strip_prefix("//").unwrap_or(text));
    let part = part_of(value, host).unwrap_or_default();
    if let Some(what) = local(host) {
        found.within(LOCAL, subject, value, part, format!("{} is {what}", quoted(text)));
    } else if collects(host) {
        found.within(CARRIES, subject, value, part, format!("{} keeps what it is sent", quoted(text)));
    } else if carries(host) {
        found.within(CARRIES, subject, value, part, format!("{} has data in its name", quoted(text)));
    }
}

/// A scheme with `://`, or one that needs none.
fn scheme_of(text: &str) -> Option<(String, &str)> {
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
    match scheme_of(text) {
        Some((scheme, rest)) => url(subject, value, part, &scheme, rest, found),
        None => url(subject, value, part, "http", text, found),
    }
}

/// Where a part of a value's text stands in it, if it does.
fn part_of(value: &Value<'_>, part: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(value.text.as_ptr().addr())?;
    (start + part.len() <= value.text.len()).then(|| start..start + part.len())
}

fn url(subject: &Subject<'_>, value: &Value<'_>, whole: Range<usize>, scheme: &str, rest: &str, found: &mut Found) {
    let text = value.text.get(whole.clone()).filter(|part| !part.is_empty()).unwrap_or(rest);
    let mut add = |kind, part: &str, what: &str| {
        let part = part_of(value, part).unwrap_or_else(|| whole.clone());
        let says = format!("{} {what}", quoted(text));
        if part.is_empty() {
            found.at(kind, subject, value, says);
        } else {
            found.within(kind, subject, value, part, says);
        }
    };
    if CODE.contains(&scheme) {
        return add(DECEPTIVE, text, "is code or data, or a way round a check");
    }
    if !WEB.contains(&scheme) {
        add(SCHEME, text, "is a URL of an unusual scheme");
        let (_, host) = host_of(rest);
        return match local(host).filter(|_| SOCKETS.contains(&scheme)) {
            Some(what) => add(LOCAL, host, &format!("leads to {what}")),
            None if OWN_SOCKETS.contains(&scheme) => add(LOCAL, rest, "leads to a socket of this machine"),
            None => {}
        };
    }
    let (userinfo, host) = host_of(rest);
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    if userinfo || is_foreign(host) || host.is_empty() {
        add(DECEPTIVE, authority, "may lead elsewhere than it seems to");
    } else if rest.split(['?', '#']).next().is_some_and(|r| r.contains(odd)) {
        add(DECEPTIVE, rest, "may lead elsewhere than it seems to");
    }
    match local(host) {
        Some(what) => add(LOCAL, host, &format!("leads to {what}")),
        None => add(OPEN, authority, "is in the open world"),
    }
    if carries(host) {
        add(CARRIES, host, "has data in its host's name");
    } else if collects(host) {
        add(CARRIES, host, "is a host that keeps what it is sent, for whoever opened it");
    }
    let query = rest.split('#').next().and_then(|rest| rest.split_once('?')).map_or("", |(_, query)| query);
    if query.len() >= LONG_QUERY || query.matches('&').count() >= MANY_PARAMETERS {
        add(CARRIES, query, "takes much along in its query");
    }
    for one in query.split('&').take(MANY_PARAMETERS) {
        let text = one.split_once('=').map_or(one, |(_, text)| text);
        let plain = paths::decode(text);
        if blobs::is_text(&plain) {
            add(CARRIES, text, "takes an encoded text along");
        }
        let inner = scheme_of(&plain).filter(|(scheme, _)| WEB.contains(&scheme.as_str()));
        if let Some(what) = inner.and_then(|(_, rest)| local(host_of(rest).1)) {
            add(LOCAL, text, &format!("leads on to {what}"));
        }
    }
}

/// From here on a query says more than it asks, in bytes.
const LONG_QUERY: usize = 1_024;
/// The same in parameters.
const MANY_PARAMETERS: usize = 40;

/// Whether there is a user part, and the host.
fn host_of(rest: &str) -> (bool, &str) {
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let (user, host) = authority.rsplit_once('@').map_or((false, authority), |(_, host)| (true, host));
    if let Some(end) = host.strip_prefix('[').and_then(|v6| v6.find(']')) {
        return (user, &host[..end + 2]);
    }
    (user, host.split(':').next().unwrap_or_default())
}
