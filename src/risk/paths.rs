//! Paths: what a text may name once a server has read it in its own way, and whether that is a place to be careful in.
//!
//! Never looks at a file system: links are not followed, variables not expanded.

use std::borrow::Cow;

use super::subject::{Found, Subject, Value, quoted};
use super::words::Words;
use super::{Access, Family, Kind};
use crate::decision::Level::{High, Medium};

const CLIMBS: Kind =
    Kind::new("paths.climbs", Medium, "a path climbs with `..`, as it stands or once decoded").needs(Access::Read);
const EXPANDS: Kind =
    Kind::new("paths.expands", Medium, "a path has a `~` or a variable, which only the server resolves")
        .needs(Access::Read);
const REMOTE: Kind = Kind::new("paths.remote", Medium, "a path is on another machine").needs(Access::Read);
const OUTSIDE: Kind =
    Kind::new("paths.outside", Medium, "a path is outside the folders that the server was given").needs(Access::Read);
const SENSITIVE: Kind =
    Kind::new("paths.sensitive", Medium, "a path is a place of keys, settings or the system").needs(Access::Read);
const CUT: Kind = Kind::new("paths.cut", High, "a path has a NUL, where many readers stop");
const SENSITIVE_CHANGE: Kind = Kind::new(
    "paths.sensitive_change",
    High,
    "a path to keys, settings or the system goes to what does not merely read",
);

/// The family.
pub const FAMILY: Family = Family {
    name: "paths",
    about: "paths by key and by value, read in every way a server may read them",
    kinds: &[CLIMBS, EXPANDS, REMOTE, OUTSIDE, SENSITIVE, CUT, SENSITIVE_CHANGE],
    detect,
};

/// The most paths of one call that are looked at.
const MOST: usize = 200;
/// The last words of keys that hold paths.
const KEYS: &[&str] = &[
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
];
/// Keys that hold text for its own sake: what it looks like says nothing.
pub const CONTENT: &[&str] = &[
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
];
/// Places to be careful in: segments in a row, in lower case; `*` at the end of one stands for any rest.
const SENSITIVE_PLACES: &[&str] = &[
    ".ssh",
    "id_rsa*",
    "id_ed25519*",
    "id_ecdsa*",
    "authorized_keys*",
    "known_hosts",
    ".aws",
    ".azure",
    ".kube",
    ".gnupg",
    ".docker/config.json",
    ".config/gcloud",
    ".config/gh",
    ".netrc",
    "_netrc",
    ".npmrc",
    ".pypirc",
    ".git-credentials",
    ".gitconfig",
    ".git/config",
    ".git/hooks",
    ".env*",
    ".envrc",
    ".htpasswd",
    ".pgpass",
    ".my.cnf",
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".bash_history",
    ".profile",
    ".zshrc",
    ".zprofile",
    ".zshenv",
    ".zlogin",
    ".zsh_history",
    ".config/fish",
    ".inputrc",
    ".xinitrc",
    ".config/autostart",
    "launchagents",
    "launchdaemons",
    "crontab*",
    "cron.d",
    "cron.daily",
    "cron.hourly",
    ".config/systemd",
    "secrets*",
    "credentials*",
    "secring*",
    ".password-store",
    "keychains",
    "login.keychain*",
    "cookies.sqlite",
    "login data",
    "wallet.dat",
    ".vault-token",
    ".terraform.d",
    "terraform.tfstate*",
    "kubeconfig*",
    ".mcp.json",
    "mcp.json",
    "mcp_config.json",
    "claude_desktop_config.json",
    ".claude",
    ".claude.json",
    ".cursor",
    ".codex",
    ".gemini",
    ".vscode",
    ".continue",
    "sayso",
    ".sayso.toml",
    "etc",
    "proc",
    "sys",
    "dev",
    "boot",
    "root",
    "var/run",
    "run/secrets",
    "var/spool/cron",
    "windows",
    "system32",
    "programdata",
    "sam",
];
/// Endings of file names that are keys.
const KEY_FILES: &[&str] = &[".pem", ".key", ".p12", ".pfx", ".kdbx", ".jks", ".keystore", ".ppk", ".asc", ".ovpn"];

/// How often a path is taken through URL decoding.
const DECODINGS: usize = 2;
/// The longest path looked at, in bytes: no system takes a longer one.
pub const LONGEST: usize = 64 * 1024;

/// The ways in which a path may be read, the raw one first: as written; decoded once and twice; cut at a NUL; with `/`
/// for `\`; and each of these with `.`, `..` and `//` resolved by their letters. Without a file system: links and
/// variables stay.
pub fn readings(path: &str) -> Vec<String> {
    let path = &path[..path.floor_char_boundary(LONGEST)];
    if !path.contains(['\\', '%', '\0', ':'])
        && !path.contains("//")
        && !path.contains("/.")
        && !path.contains("./")
        && !path.contains(" /")
        && !path.ends_with(['.', ' '])
    {
        return vec![path.to_owned()];
    }
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

fn detect(subject: &Subject<'_>, found: &mut Found) {
    let suspects = subject.texts().filter(|value| {
        let key = subject.key(value);
        is_key(key) || (!key.is_one_of(CONTENT) && looks(&value.text))
    });
    for (i, value) in suspects.enumerate() {
        if i == MOST {
            return found.add(super::size::UNJUDGED, format!("more than {MOST} paths: too many to judge"));
        }
        look(subject, value, &value.text, found);
    }
}

fn is_key(key: &Words) -> bool {
    key.ends_in(KEYS)
}

/// Whether a text looks like a path, whatever its key.
fn looks(text: &str) -> bool {
    let drive = text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && matches!(text.get(1..3), Some(":\\" | ":/"))
        && text.get(3..4).is_none_or(|next| next != "/");
    let starts =
        ["/", "~", "./", "../", ".\\", "..\\", "\\\\", "file:", "$HOME", "%"].iter().any(|s| text.starts_with(s));
    let climbs = text.contains("../") || text.contains("..\\") || text.ends_with("/..");
    let encoded = || ["%2e", "%2f", "%5c", "%c0", "%25"].iter().any(|e| text.to_ascii_lowercase().contains(e));
    text.len() <= LONGEST && !text.contains('\n') && (drive || starts || climbs || text.contains('\0') || encoded())
}

/// Judges a text as a path.
pub fn look(subject: &Subject<'_>, value: &Value<'_>, path: &str, found: &mut Found) {
    if path.contains("://") && !path.starts_with("file:") {
        return;
    }
    let readings = readings(path);
    let mut add = |kind, what: &str| found.at(kind, subject, value, format!("the path {} {what}", quoted(path)));
    if readings.iter().any(|r| r.contains('\0')) {
        add(CUT, "has a NUL, where many readers stop");
    }
    if readings.iter().any(|r| r.split(['/', '\\']).any(|s| s.trim_end_matches(' ') == "..")) {
        add(CLIMBS, "climbs with \u{201c}..\u{201d}");
    }
    if path.starts_with('~') || path.contains('$') || path.matches('%').count() > 1 && path.starts_with('%') {
        add(EXPANDS, "has a part that only the server resolves");
    }
    if path.starts_with("\\\\") || path.starts_with("//") {
        add(REMOTE, "is on another machine");
    }
    if let Some(place) = readings.iter().find_map(|reading| sensitive(reading)) {
        let kind = if subject.name.reads() { SENSITIVE } else { SENSITIVE_CHANGE };
        add(kind, &format!("is in a place to be careful in ({place})"));
    }
    let given = if subject.facts.roots.is_empty() { roots(subject).collect() } else { subject.facts.roots.clone() };
    if is_outside(&readings, &given) || is_outside(&readings, &subject.facts.host_roots) {
        add(OUTSIDE, "is outside the folders that the server was given");
    }
}

/// Whether any reading of a path is outside these folders; no folders: nothing is known.
fn is_outside(readings: &[String], roots: &[String]) -> bool {
    let leaves = |reading: &String| {
        let drive = reading.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && reading.get(1..2) == Some(":");
        let resolved = resolve(reading);
        drive || (resolved.starts_with('/') && !roots.iter().any(|root| is_within(&resolved, root)))
    };
    !roots.is_empty() && readings.iter().any(leaves)
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

fn is_within(path: &str, root: &str) -> bool {
    root == "/" || path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The folders on the server's command line.
fn roots<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = String> + 's {
    const PROGRAMS: &[&str] = &[".js", ".mjs", ".cjs", ".ts", ".py", ".jar", ".sh", ".rb", ".wasm", ".json", ".toml"];
    let server = &subject.call.server;
    server.args.iter().filter_map(|arg| {
        let arg =
            arg.strip_prefix("--").and_then(|option| option.split_once('=')).map_or(arg.as_str(), |(_, value)| value);
        match arg {
            "." => Some(resolve(&server.cwd)),
            _ if arg.starts_with('/') && !PROGRAMS.iter().any(|p| arg.ends_with(p)) => Some(resolve(arg)),
            _ => None,
        }
    })
}

/// The place to be careful in that a path leads to.
pub fn sensitive(path: &str) -> Option<&'static str> {
    let lower = path.to_lowercase().replace('\\', "/");
    let mut segments: Vec<&str> = lower.split('/').filter(|s| !s.is_empty()).collect();
    // `C:` is no part of a place.
    if segments.first().is_some_and(|s| s.len() == 2 && s.ends_with(':')) {
        segments.remove(0);
    }
    if let Some(ending) = segments.last().and_then(|last| KEY_FILES.iter().find(|e| last.ends_with(*e))) {
        return Some(ending);
    }
    let rooted = lower.starts_with('/') || path.get(1..2) == Some(":");
    segments.iter().enumerate().find_map(|(at, segment)| {
        let first = segment.as_bytes().first();
        SENSITIVE_PLACES.iter().copied().find(|place| {
            // Most places fall at their first letter.
            place.as_bytes().first() == first
                && (!SYSTEM.contains(place) || (rooted && at == 0))
                && place.split('/').enumerate().all(|(i, part)| segments.get(at + i).is_some_and(|own| fits(own, part)))
        })
    })
}

/// Those of the places that count only at the root.
const SYSTEM: &[&str] = &["etc", "proc", "sys", "dev", "boot", "root", "var/run", "windows", "programdata"];

fn fits(own: &str, part: &str) -> bool {
    part.strip_suffix('*').map_or(own == part, |start| own.starts_with(start))
}
