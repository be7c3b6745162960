//! Paths: what a text may name once a server has read it in its own way, and whether that is a place to be careful in.
//!
//! Never looks at a file system: where links lead is told by [`super::Link`]s, and variables stay.

use std::ops::Range;

use super::subject::{Found, Subject, Value, quoted};
use super::words::{List, Words};
use super::{Access, Family, Kind, shell};
use crate::decision::Level::{High, Medium};

mod links;
mod places;
mod read;

pub use links::{MOST_LINKS, candidates};
pub use places::sensitive;
pub use read::{LONGEST, bare, decode, is_overlong, of_uri, readings, resolve};

const CLIMBS: Kind =
    Kind::new("paths.climbs", Medium, "a path climbs with `..`, as it stands or once decoded").needs(Access::Read);
const EXPANDS: Kind =
    Kind::new("paths.expands", Medium, "a path has a `~`, a variable or a short name, which only the server resolves")
        .needs(Access::Read);
const REMOTE: Kind = Kind::new("paths.remote", Medium, "a path is on another machine").needs(Access::Read);
const STREAM: Kind = Kind::new("paths.stream", Medium, "a path names another stream of a file").needs(Access::Read);
const OUTSIDE: Kind = Kind::new(
    "paths.outside",
    Medium,
    "a path is outside the folders that the server was given, or a link leads there",
)
.needs(Access::Read);
const UNVERIFIED: Kind = Kind::new(
    "paths.unverified",
    Medium,
    "where a path leads could not be found out, and the server was given folders",
)
.needs(Access::Read);
const SENSITIVE: Kind =
    Kind::new("paths.sensitive", Medium, "a path is a place of keys, settings or the system, or a link leads there")
        .needs(Access::Read);
const OUTSIDE_CHANGE: Kind = Kind::new(
    "paths.outside_change",
    High,
    "a path outside the folders that the server was given goes to what does not merely read",
);
const CUT: Kind = Kind::new("paths.cut", High, "a path has a NUL, where many readers stop");
const SENSITIVE_CHANGE: Kind = Kind::new(
    "paths.sensitive_change",
    High,
    "a path to keys, settings or the system goes to what does not merely read",
);

/// The family.
pub const FAMILY: Family = Family {
    name: "paths",
    about: "paths by key and by value, read in every way a server may read them, and where their links lead",
    kinds: &[CLIMBS, EXPANDS, REMOTE, STREAM, OUTSIDE, UNVERIFIED, SENSITIVE, OUTSIDE_CHANGE, CUT, SENSITIVE_CHANGE],
    detect,
};

/// The most paths of one call that are looked at, and the most bytes of them.
const MOST: usize = 200;
const MOST_BYTES: usize = 256 * 1024;
/// The last words of keys that hold paths.
const KEYS: &List = &List::of(&[
    "path",
    "paths",
    "file",
    "files",
    "filename",
    "filenames",
    "filepath",
    "filepaths",
    "dir",
    "directory",
    "directories",
    "folder",
    "folders",
    "cwd",
    "workdir",
    "root",
    "roots",
    "source",
    "destination",
    "src",
    "dst",
    "dest",
    "from",
    "to",
    "location",
    "target",
    "uri",
    "uris",
    "pathname",
]);
/// Keys that hold text for its own sake: what it looks like says nothing.
pub const CONTENT: &List = &List::of(&[
    "content",
    "contents",
    "text",
    "body",
    "message",
    "description",
    "new_string",
    "old_string",
    "new_str",
    "old_str",
    "new_text",
    "old_text",
    "file_text",
    "insert_text",
    "summary",
    "prompt",
    "title",
    "comment",
    "markdown",
    "html",
    "thought",
    "observations",
    "observation",
    "note",
    "data",
    "diff",
    "patch",
    "replacement",
    "template",
]);

fn detect(subject: &Subject<'_>, found: &mut Found) {
    let suspects = subject.texts().filter(|value| {
        let key = subject.key(value);
        is_key(key) || (!key.is_one_of(CONTENT) && (looks(&value.text) || is_place(&value.text)))
    });
    let mut bytes = 0;
    let mut given = None;
    for (i, value) in suspects.enumerate() {
        bytes += value.text.len();
        if i == MOST || (i > 0 && bytes > MOST_BYTES) {
            return found.add(super::size::UNJUDGED, format!("more than {i} paths: too many to judge"));
        }
        if is_overlong(&value.text) {
            found.at(super::size::UNJUDGED, subject, value, "a path longer than any system opens: too long to judge");
        }
        judge(subject, given.get_or_insert_with(|| Given::of(subject)), value, &value.text, found);
    }
}

/// Whether a key's last word says that it holds a path.
pub(super) fn is_key(key: &Words) -> bool {
    key.ends_in(KEYS)
}

/// Whether a text that is one word is certainly the name of a place to be careful in, whatever its key: `.env`,
/// `.ssh/config`, `keys/a.pem`. Places that are plain words (`credentials`) are none here.
fn is_place(text: &str) -> bool {
    let may_be = text.len() <= 1_024 && text.contains(['.', '_', '/']) && !text.contains("://");
    may_be
        && !text.contains(|c: char| c.is_whitespace() || "\"{}()=,;<>|&*?[]'".contains(c))
        && sensitive(text).is_some_and(|place| {
            place.contains(['_', '/']) || place.starts_with('.') && (text.contains('/') || text.starts_with('.'))
        })
}

/// Whether a text looks like a path, whatever its key.
fn looks(text: &str) -> bool {
    let text = bare(text);
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > LONGEST || memchr::memchr(b'\n', bytes).is_some() {
        return false;
    }
    let drive = bytes[0].is_ascii_alphabetic()
        && matches!(text.get(1..3), Some(":\\" | ":/"))
        && text.get(3..4).is_none_or(|next| next != "/");
    let starts = ["/", "~", "./", "../", ".\\", "..\\", "\\\\", "%"].iter().any(|s| text.starts_with(s))
        || text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:"));
    let variable = bytes[0] == b'$' && text.contains(['/', '\\']);
    let climbs = || {
        let text = read::fold(text);
        text.contains("..") && text.contains(['/', '\\'])
    };
    let encoded = || {
        let lower = text.to_ascii_lowercase();
        ["%2e", "%2f", "%5c", "%c0", "%25", "%u"].iter().any(|e| lower.contains(e))
    };
    drive
        || starts
        || variable
        || climbs()
        || memchr::memchr(0, bytes).is_some()
        || (memchr::memchr(b'%', bytes).is_some() && encoded())
}

/// Judges a text, or a part of one, as a path.
pub fn look(subject: &Subject<'_>, value: &Value<'_>, path: &str, found: &mut Found) {
    judge(subject, &Given::of(subject), value, path, found);
}

/// Whether it is a URL, and for others to judge. Where a path is meant to stand its scheme may be a folder, out of which
/// it climbs.
fn is_url(text: &str) -> bool {
    text.contains("://") && !bare(text).get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:"))
}

fn judge(subject: &Subject<'_>, given: &Given, value: &Value<'_>, path: &str, found: &mut Found) {
    let readings = readings(path);
    let climbing = readings.iter().any(|r| r.split(['/', '\\']).any(climbs));
    if is_url(path) && !(climbing && is_key(subject.key(value))) {
        return;
    }
    let reads = subject.name.reads() || shell::merely_reads(subject);
    let start = if value.text.len() == path.len() { Some(0) } else { value.text.find(path) };
    let mut add = |kind, part: Option<Range<usize>>, what: &str| {
        let says = format!("the path {} {what}", quoted(path));
        let part = part.unwrap_or(0..path.len());
        match start {
            Some(start) => found.within(kind, subject, value, start + part.start..start + part.end, says),
            None => found.at(kind, subject, value, says),
        }
    };
    if readings.iter().any(|r| r.contains('\0')) {
        add(CUT, path.find('\0').map(|at| at..at + 1), "has a NUL, where many readers stop");
    }
    if climbing {
        add(CLIMBS, climb(path), "climbs with \u{201c}..\u{201d}");
    }
    if let Some(part) = expands(path) {
        add(EXPANDS, Some(part), "has a part that only the server resolves");
    }
    if path.starts_with("\\\\") || path.starts_with("//") || on_another(path) {
        add(REMOTE, None, "is on another machine");
    }
    if let Some(part) = stream(path) {
        add(STREAM, Some(part), "names another stream of a file, past checks of its name");
    }
    let (outside, to_sensitive) = if reads { (OUTSIDE, SENSITIVE) } else { (given.change(), SENSITIVE_CHANGE) };
    let sensitive_place = readings.iter().find_map(|reading| sensitive(reading));
    if let Some(place) = sensitive_place {
        let part = find_ignoring_case(path, place.trim_end_matches('*'));
        add(to_sensitive, part, &format!("is in a place to be careful in ({place})"));
    }
    let is_outside = readings.iter().any(|reading| given.excludes(reading));
    if is_outside {
        add(outside, None, "is outside the folders that the server was given");
    }
    for link in subject.facts.links.iter().filter(|link| link.is_of(path)) {
        match &link.leads {
            Some(leads) => {
                if let Some(place) = sensitive(leads).filter(|place| Some(*place) != sensitive_place) {
                    let what = format!("leads to {}, a place to be careful in ({place})", quoted(leads));
                    add(to_sensitive, None, &what);
                }
                if !is_outside && given.excludes(leads) {
                    let what = format!("leads to {}, outside the folders that the server was given", quoted(leads));
                    add(outside, None, &what);
                }
            }
            None if given.is_known() && !is_outside => {
                add(UNVERIFIED, None, "cannot be followed to where it leads");
            }
            None => {}
        }
    }
}

/// Whether a segment climbs, or would once a filter had taken a `../` out of it (`....//`) or a server its
/// parameters (`..;x`).
fn climbs(segment: &str) -> bool {
    let segment = segment.split(';').next().unwrap_or_default().trim_end();
    segment.len() > 1 && segment.bytes().all(|b| b == b'.')
}

/// The part that climbs, as far as it stands there plainly.
fn climb(path: &str) -> Option<Range<usize>> {
    let ends = |c: Option<char>| c.is_none_or(|c| matches!(c, '/' | '\\' | ' '));
    let starts = |c: Option<char>| c.is_none_or(|c| matches!(c, '/' | '\\'));
    let mut all = path.match_indices("..");
    let (at, _) = all.find(|(at, _)| starts(path[..*at].chars().next_back()) && ends(path[at + 2..].chars().next()))?;
    Some(at..at + 2)
}

/// The part that only a server resolves: `~`, `~user`, `$VAR`, `${VAR}`, `%VAR%`, and the short names of Windows
/// (`CLAUDE~1`).
fn expands(path: &str) -> Option<Range<usize>> {
    if path.starts_with('~') {
        return Some(0..path.find(['/', '\\']).unwrap_or(path.len()));
    }
    if let Some(at) = path.find('$') {
        let rest = &path[at + 1..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "_{}:".contains(c))).unwrap_or(rest.len());
        return Some(at..at + 1 + end);
    }
    if path.starts_with('%') && path.matches('%').count() > 1 {
        return Some(0..path[1..].find('%').map_or(path.len(), |end| end + 2));
    }
    let mut tildes = path.match_indices('~');
    tildes.find_map(|(at, _)| {
        let start = path[..at].rfind(['/', '\\']).map_or(0, |slash| slash + 1);
        let digits = path[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let end = at + 1 + digits;
        let closed = path[end..].chars().next().is_none_or(|c| matches!(c, '/' | '\\' | '.'));
        let short = (1..=6).contains(&(at - start)) && (1..=6).contains(&digits) && end - start <= 8;
        (short && closed).then_some(start..end)
    })
}

/// Whether a `file:` URI names another machine.
fn on_another(path: &str) -> bool {
    let Some(rest) = path.get(..7).filter(|s| s.eq_ignore_ascii_case("file://")).map(|_| &path[7..]) else {
        return false;
    };
    !rest.starts_with('/') && !rest.starts_with("localhost/") && !rest.is_empty()
}

/// The name of another stream of a file (`a.txt:hidden`, `a.txt::$DATA`): a colon in the last segment that is no
/// drive's.
fn stream(path: &str) -> Option<Range<usize>> {
    // `src/main.rs:12` and `image:tag` are no streams: only Windows has them.
    if !path.contains("::$") && !path.contains('\\') && !is_drive(path) {
        return None;
    }
    let start = path.rfind(['/', '\\']).map_or(0, |slash| slash + 1);
    let colon = path[start..].find(':')? + start;
    (colon > 1 && !path.starts_with("file:")).then_some(colon..path.len())
}

/// Where a place stands in a path as it is written.
fn find_ignoring_case(path: &str, place: &str) -> Option<Range<usize>> {
    let (path, place) = (path.as_bytes(), place.as_bytes());
    let fits =
        |window: &[u8]| window.iter().zip(place).all(|(a, b)| a.eq_ignore_ascii_case(b) || (*b == b'/' && *a == b'\\'));
    let at = path.windows(place.len()).position(fits)?;
    Some(at..at + place.len())
}

/// The folders that a server was given, by whoever gave them.
struct Given {
    /// By the person; where the person said nothing, by the command line.
    first: Vec<String>,
    /// By its host. What is outside of these is outside, whatever else was given.
    host: Vec<String>,
    /// Whether `first` are folders for certain.
    sure: bool,
    /// The folder that relative paths start from.
    cwd: String,
}

impl Given {
    fn of(subject: &Subject<'_>) -> Self {
        let (facts, server) = (subject.facts, &subject.call.server);
        let person = !facts.roots.is_empty();
        let first = if person { facts.roots.clone() } else { roots(&server.args, &server.cwd) };
        let file =
            |root: &String| root.rsplit('/').next().is_some_and(|last| last.trim_start_matches('.').contains('.'));
        let sure = person || !first.iter().any(file);
        let real = |roots: &[String]| -> Vec<String> {
            let leads = facts.links.iter().filter(|link| roots.contains(&link.written));
            leads.filter_map(|link| link.leads.clone()).chain(roots.iter().map(|root| folded(&resolve(root)))).collect()
        };
        Self { first: real(&first), host: real(&facts.host_roots), sure, cwd: server.cwd.clone() }
    }

    fn is_known(&self) -> bool {
        !self.first.is_empty() || !self.host.is_empty()
    }

    /// What it is to change something outside.
    fn change(&self) -> Kind {
        if self.sure || !self.host.is_empty() { OUTSIDE_CHANGE } else { OUTSIDE }
    }

    /// Whether a path is outside one of the sets of folders that are known.
    fn excludes(&self, path: &str) -> bool {
        if !self.is_known() {
            return false;
        }
        let mut resolved = folded(&resolve(path));
        if resolved == ".." || resolved.starts_with("../") {
            // Where it starts is the server's to know. If it is its working folder, that folder counts.
            resolved =
                if self.cwd.starts_with('/') { resolve(&format!("{}/{resolved}", self.cwd)) } else { "/".to_owned() };
        }
        let leaves = resolved.starts_with('/') || is_drive(&resolved);
        let outside = |roots: &[String]| !roots.is_empty() && !roots.iter().any(|root| is_within(&resolved, root));
        leaves && (outside(&self.first) || outside(&self.host))
    }
}

/// Paths on a drive are the same in any case and with either slash.
fn folded(path: &str) -> String {
    if is_drive(path) { path.replace('\\', "/").to_lowercase() } else { path.to_owned() }
}

fn is_drive(path: &str) -> bool {
    path.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && path.get(1..2) == Some(":")
}

fn is_within(path: &str, root: &str) -> bool {
    root == "/" || path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The folders on a server's command line.
pub fn roots(args: &[String], cwd: &str) -> Vec<String> {
    const PROGRAMS: &[&str] = &[".js", ".mjs", ".cjs", ".ts", ".py", ".jar", ".sh", ".rb", ".wasm", ".json", ".toml"];
    let folders = args.iter().filter_map(|arg| {
        let arg =
            arg.strip_prefix("--").and_then(|option| option.split_once('=')).map_or(arg.as_str(), |(_, value)| value);
        match arg {
            "." => Some(resolve(cwd)),
            _ if arg.starts_with('/') && !PROGRAMS.iter().any(|p| arg.ends_with(p)) => Some(resolve(arg)),
            _ => None,
        }
    });
    folders.collect()
}
