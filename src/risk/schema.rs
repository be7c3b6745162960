//! Arguments that choose what a tool does: `action: "delete"`, `force: true`, `dry_run: false`.

use super::known::Property;
use super::names::{self, Deed};
use super::subject::{Found, Shape, Subject, Value, quoted};
use super::words::{List, Words};
use super::{Family, Kind};
use crate::decision::Level::{High, Low, Medium};

const READS: Kind = Kind::new("schema.reads", Low, "an argument chooses a reading action");
const CHANGES: Kind = Kind::new("schema.changes", Medium, "an argument chooses an action that changes something");
const UNSAID: Kind =
    Kind::new("schema.unsaid", Medium, "the tool may change something, and the call leaves open whether");
const CONFIRMS: Kind = Kind::new("schema.confirms", Medium, "an argument answers a safety question in advance");
const EARNEST: Kind = Kind::new("schema.earnest", Medium, "an argument says that this time it is not merely a trial");
const UNLIKE: Kind = Kind::new(
    "schema.unlike",
    Medium,
    "an argument is a list or an object where its schema, or its name, promises a text or a number",
);
const WRITES: Kind = Kind::new("schema.writes", Medium, "an argument names a file to be written");
const HARMS: Kind =
    Kind::new("schema.harms", High, "an argument chooses to delete, send, pay, deploy or change access");
const FORCES: Kind = Kind::new("schema.forces", High, "an argument turns a safeguard off");
const EXPOSES: Kind = Kind::new("schema.exposes", High, "an argument makes something public or changes access");

/// The family.
pub const FAMILY: Family = Family {
    name: "schema",
    about: "arguments that choose what the tool does, and the choices that its schema offers",
    kinds: &[READS, CHANGES, UNSAID, CONFIRMS, EARNEST, UNLIKE, WRITES, HARMS, FORCES, EXPOSES],
    detect,
};

/// Keys that hold a text, where no schema says otherwise.
const TEXTS: &List = &List::of(&["path", "file_path", "filename", "command", "cmd", "sql", "url", "uri"]);
/// Keys whose value names what is to be done.
pub const CHOOSERS: &List = &List::of(&[
    "action",
    "actions",
    "operation",
    "op",
    "method",
    "verb",
    "http_method",
    "request_method",
    "subcommand",
    "tool",
    "tool_name",
    "function_name",
    "function",
    "api_method",
    "activity",
    "task_type",
    "command",
    "operation_name",
    "operation_type",
    "op_type",
    "request_type",
    "action_type",
    "procedure",
    "rpc",
]);
/// Keys that say, within an object under one of those, what is to be done: `{"action": {"type": "delete"}}`.
const KINDS: &List = &List::of(&["type", "kind", "name", "id", "value", "verb", "do"]);
/// Keys that say how something is opened, and the texts that open it for writing (POSIX `fopen`).
const MODES: &List = &List::of(&["mode", "open_mode", "file_mode", "access_mode"]);
const OPENS: &[&str] =
    &["w", "a", "x", "rw", "wb", "ab", "xb", "r+", "w+", "a+", "rb+", "r+b", "wb+", "w+b", "ab+", "a+b"];
/// Keys that turn a safeguard off when `true`.
const FORCE: &List = &List::of(&[
    "force",
    "forced",
    "overwrite",
    "overwrite_existing",
    "no_verify",
    "skip_confirmation",
    "skip_checks",
    "allow_delete",
    "purge",
    "cascade",
    "permanent",
    "permanently",
    "hard",
    "hard_delete",
    "delete_source",
    "no_backup",
    "allow_destructive",
    "ignore_warnings",
    "yes",
    "delete_branch",
    "prune",
    "is_force",
    "force_delete",
    "force_push",
    "force_overwrite",
    "force_remove",
    "force_write",
    "clobber",
    "drop_existing",
    "delete_existing",
    "allow_write",
    "allow_writes",
    "allow_unsafe",
    "disable_safety",
    "skip_validation",
    "no_sandbox",
    "unsafe",
]);
/// Keys that turn one off when `false`.
const SAFE: &List =
    &List::of(&["dry_run", "dryrun", "preview", "read_only", "readonly", "sandbox", "sandboxed", "safe_mode"]);

/// Whether a text is a method of HTTP.
pub(super) fn is_http(text: &str) -> bool {
    matches!(text, "GET" | "HEAD" | "OPTIONS" | "DELETE" | "POST" | "PUT" | "PATCH")
}

/// Keys that hold a file to be written.
const WRITTEN: &List = &List::of(&[
    "output_path",
    "output_file",
    "output_filename",
    "output_dir",
    "output_directory",
    "out_path",
    "out_file",
    "outfile",
    "save_path",
    "save_to",
    "save_as",
    "write_to",
    "export_path",
    "dest_path",
    "destination_path",
    "download_path",
]);

/// What a chosen word does. HTTP's methods come first, then the verbs of names.
pub(super) fn chosen(text: &str) -> Deed {
    match text {
        "GET" | "HEAD" | "OPTIONS" | "get" | "head" | "options" => return Deed::Read,
        "DELETE" | "DEL" | "del" | "rm" => return Deed::Destroy,
        "POST" | "PUT" | "PATCH" => return Deed::Write,
        _ => {}
    }
    let words = Words::of(text);
    let (deed, _) = names::deed(&words, false);
    deed
}

fn detect(subject: &Subject<'_>, found: &mut Found) {
    for value in subject.values() {
        let key = subject.key(value);
        if subject.holder(value).is_some_and(|holder| subject.key(holder).is_one_of(CHOOSERS)) {
            within(subject, value, found);
        }
        match value.shape {
            Shape::Text if key.is_one_of(CHOOSERS) && !subject.is_inner(value) => choice(subject, value, found),
            Shape::Text if key.is_one_of(MODES) => mode(subject, value, found),
            Shape::Text if key.is_one_of(const { &List::of(&["visibility", "access", "acl", "sharing"]) }) => {
                let open = ["public", "anyone", "everyone", "public-read", "public-read-write", "world", "all"];
                if !subject.name.reads() && open.contains(&value.text.as_ref()) {
                    found.at(EXPOSES, subject, value, "it makes something public");
                }
            }
            Shape::Text if key.is_one_of(WRITTEN) && !value.text.is_empty() => {
                let says = format!("{} names a file to be written: {}", subject.pointer(value), quoted(&value.text));
                found.at(WRITES, subject, value, says);
            }
            Shape::Plain | Shape::Text => flag(subject, value, found),
            Shape::Container => {}
        }
    }
    unsaid(subject, found);
    unlike(subject, found);
}

/// What is no text where one is promised: the detectors, and the server, may take it for something else.
fn unlike(subject: &Subject<'_>, found: &mut Found) {
    for (own, value) in subject.keys().filter(|(_, v)| v.shape == Shape::Container && subject.is_top(v)) {
        let schema = subject.known.properties.iter().find(|property| property.key == own);
        let by_name = || value.raw.starts_with('{') && subject.key(value).is_one_of(TEXTS);
        if schema.map_or_else(by_name, |property| property.is_plain) {
            found.at(UNLIKE, subject, value, format!("{} is no text, as was promised", subject.pointer(value)));
        }
    }
}

fn choice(subject: &Subject<'_>, value: &Value<'_>, found: &mut Found) {
    // `command` may hold a whole command line: that is for the shell's detectors.
    let is_line =
        || subject.key(value).is_one_of(const { &List::of(&["command"]) }) && value.text.contains(char::is_whitespace);
    if value.text.len() <= 128 && !is_line() {
        chooses(subject, value, &value.text, chosen(&value.text), found);
    }
}

/// A member of an object that is to be done: `{"type": "delete"}`, `{"delete": {…}}`.
fn within(subject: &Subject<'_>, value: &Value<'_>, found: &mut Found) {
    let key = subject.key(value);
    if !key.is_one_of(KINDS) {
        let (deed, verb) = names::deed(key, false);
        if deed > Deed::Unknown {
            chooses(subject, value, verb, deed, found);
        }
    } else if value.shape == Shape::Text && !subject.is_inner(value) {
        choice(subject, value, found);
    }
}

fn mode(subject: &Subject<'_>, value: &Value<'_>, found: &mut Found) {
    let sure = || names::deed(&Words::of(&value.text), true).0 > Deed::Unknown;
    if OPENS.contains(&value.text.as_ref()) || value.text.len() <= 128 && sure() {
        let says = format!("{} is {}, which opens for writing", subject.pointer(value), quoted(&value.text));
        found.at(CHANGES, subject, value, says);
    }
}

fn chooses(subject: &Subject<'_>, value: &Value<'_>, chosen: &str, deed: Deed, found: &mut Found) {
    let says = |what: &str| format!("{} chooses {}, {what}", subject.pointer(value), quoted(chosen));
    match deed {
        Deed::Read => found.at(READS, subject, value, says("which reads")),
        Deed::Unknown => {}
        Deed::Write | Deed::Execute => found.at(CHANGES, subject, value, says("which changes or starts something")),
        Deed::Deploy | Deed::Send | Deed::Access | Deed::Pay | Deed::Destroy => {
            found.at(HARMS, subject, value, says("which may not be undone"));
        }
    }
}

/// What servers take for a truth value, quoted or not, in any case.
pub(super) fn truth(text: &str) -> Option<bool> {
    const WORDS: &[(&str, bool)] = &[
        ("true", true),
        ("1", true),
        ("yes", true),
        ("on", true),
        ("y", true),
        ("t", true),
        ("1.0", true),
        ("enabled", true),
        ("false", false),
        ("0", false),
        ("no", false),
        ("off", false),
        ("n", false),
        ("f", false),
        ("0.0", false),
        ("disabled", false),
        ("never", false),
        ("none", false),
    ];
    let text = text.trim();
    WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, truth)| *truth)
}

fn flag(subject: &Subject<'_>, value: &Value<'_>, found: &mut Found) {
    let key = subject.key(value);
    let says = |what: &str| format!("{} is {}: {what}", subject.pointer(value), value.text);
    let Some(truth) = truth(&value.text) else { return };
    match truth {
        true if key.is_one_of(FORCE) => found.at(FORCES, subject, value, says("a safeguard is off")),
        true if !subject.name.reads()
            && key.is_one_of(
                const { &List::of(&["public", "is_public", "make_public", "anyone", "sudo", "privileged", "as_root"]) },
            ) =>
        {
            found.at(EXPOSES, subject, value, says("more may be reached than before"));
        }
        true if key.is_one_of(
            const { &List::of(&["confirm", "confirmed", "approve", "approved", "i_am_sure", "acknowledge"]) },
        ) =>
        {
            found.at(CONFIRMS, subject, value, says("it answers a question that was meant for a person"));
        }
        true if key.is_one_of(const { &List::of(&["recursive", "recurse", "all"]) }) && !subject.name.reads() => {
            found.at(CHANGES, subject, value, says("it reaches everything below"));
        }
        false if key.is_one_of(SAFE) => found.at(EARNEST, subject, value, says("this time in earnest")),
        true | false => {}
    }
}

/// A chooser that the schema offers with changing members and that the call leaves out, or a flag that is on without it.
fn unsaid(subject: &Subject<'_>, found: &mut Found) {
    let is_on = |p: &&Property| truth(&p.default) == Some(true) && p.words.is_one_of(FORCE);
    let open = |p: &&Property| p.chooses.is_some_and(|deed| deed > Deed::Unknown) || is_on(p);
    for property in subject.known.properties.iter().filter(open) {
        if !subject.keys().any(|(own, value)| own == property.key && subject.is_top(value)) {
            let key = quoted(&property.key);
            found.add(UNSAID, format!("the tool's {key} may be a change, and the call leaves it out"));
        }
    }
}
