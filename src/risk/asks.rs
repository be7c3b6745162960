//! What a key or a short text asks for by itself, whatever the tool's name says: `{"delete": {…}}`, `fix: true`, the option
//! of a program where a name is meant to stand (`--output=x`), a command behind a `;`.

use super::names::{self, Deed};
use super::schema;
use super::subject::{Found, Shape, Subject, Value, quoted};
use super::words::{List, Words};
use super::{Access, Family, Kind, paths};
use crate::decision::Level::{High, Medium};

const CHANGES: Kind = Kind::new("asks.changes", Medium, "a key, or a word in a list of arguments, asks for a change");
const DESTROYS: Kind = Kind::new("asks.destroys", High, "a key asks for a deletion of what stands under it");
const SENSITIVE: Kind =
    Kind::new("asks.sensitive", Medium, "the kind of thing that is asked for is a secret").needs(Access::Read);
const OPTIONS: Kind =
    Kind::new("asks.options", Medium, "a program would take an argument for an option").needs(Access::Admin);
const COMMANDS: Kind =
    Kind::new("asks.commands", Medium, "a shell would run a part of an argument").needs(Access::Admin);

/// The family.
pub const FAMILY: Family = Family {
    name: "asks",
    about: "what a key asks for by itself, and options and commands where a name is meant to stand",
    kinds: &[CHANGES, DESTROYS, SENSITIVE, OPTIONS, COMMANDS],
    detect,
};

/// Verbs of a key under which stands what is to be deleted.
const DELETES: &[&str] = &["delete", "destroy", "purge", "wipe", "erase", "expunge", "obliterate"];
/// Verbs of a key that ask for a change where it is `true`.
const VERBS: &[&str] = &[
    "fix", "autofix", "repair", "write", "create", "upsert", "insert", "save", "commit", "remove", "drop", "truncate",
    "reset", "clear", "replace", "mark", "ack", "expunge", "clobber", "apply", "edit", "install", "approve",
];
/// Verbs that ask for more than reading wherever they stand in a key that is `true`: `send_receipt`, `and_delete`.
const GRAVE: &List = &List::of(&[
    "delete",
    "purge",
    "destroy",
    "wipe",
    "erase",
    "kill",
    "terminate",
    "send",
    "notify",
    "publish",
    "broadcast",
    "invite",
    "pay",
    "grant",
    "revoke",
    "execute",
]);
/// What such a key begins with when it asks about that verb, or for the contrary.
const NOT_ASKED: &[&str] = &[
    "include", "show", "with", "can", "is", "has", "no", "not", "skip", "dont", "exclude", "only", "hide", "without",
    "never", "disable",
];
/// What may follow one of [`VERBS`] without making another thing of it: `remove_duplicates` removes nothing of anybody's.
const OBJECTS: &[&str] = &[
    "existing", "all", "old", "source", "original", "after", "if", "when", "on", "as", "to", "read", "seen", "file",
    "files", "changes", "missing", "records", "rows", "local", "remote", "it", "them", "first",
];
/// Keys of what takes the place of something else.
const REPLACES: &List = &List::of(&["replace", "replacement", "replace_with", "replace_by", "substitution"]);
/// Keys that say what kind of thing is asked for.
const KINDS: &List = &List::of(&[
    "resource",
    "resources",
    "resource_type",
    "resourcetype",
    "kind",
    "object_type",
    "entity_type",
    "type",
]);
/// Keys of a list of a program's arguments.
const LISTS: &List = &List::of(&["args", "argv", "arguments", "flags", "options", "extra_args", "cli_args", "params"]);
/// Keys of what is looked for: what begins with a `-` is left out there.
const SOUGHT: &List =
    &List::of(&["query", "q", "search", "search_query", "search_term", "term", "keyword", "keywords", "sort"]);
/// Last words of keys that hold a name, a place or a number, and no text.
const NAMES: &List = &List::of(&[
    "branch",
    "target",
    "ref",
    "revision",
    "rev",
    "commit",
    "tag",
    "sha",
    "base",
    "head",
    "remote",
    "name",
    "id",
    "type",
    "resource",
    "namespace",
    "host",
    "hostname",
    "domain",
    "ip",
    "user",
    "username",
    "package",
    "version",
    "image",
    "container",
    "pod",
    "device",
    "port",
    "url",
    "repo",
    "repository",
    "project",
    "region",
    "bucket",
    "label",
]);

/// Those of them that may hold a title.
const FREE: &List =
    &List::of(&["name", "label", "project", "user", "username", "type", "resource", "target", "location"]);

fn detect(subject: &Subject<'_>, found: &mut Found) {
    let executes = subject.name.deed == Deed::Execute;
    for value in subject.values() {
        let key = subject.key(value);
        if subject.is_member(value) {
            member(subject, value, found);
        }
        if value.shape != Shape::Text || value.text.is_empty() {
            continue;
        }
        if key.is_one_of(KINDS) && is_name(&value.text) && names::is_secret(&Words::of(&value.text)) {
            let says = format!("{} asks for {}", subject.pointer(value), quoted(&value.text));
            found.at(SENSITIVE, subject, value, says);
        }
        if !executes && !key.is_one_of(paths::CONTENT) {
            given(subject, value, found);
        }
    }
}

/// Whether a key may ask for something, depending on what stands under it.
pub(super) fn may_ask(key: &Words) -> bool {
    let first = key.iter().next().unwrap_or_default();
    DELETES.contains(&first) || VERBS.contains(&first) || key.has_one_of(GRAVE) || key.is_one_of(REPLACES)
}

/// A member whose key has a verb.
fn member(subject: &Subject<'_>, value: &Value<'_>, found: &mut Found) {
    let key = subject.key(value);
    let Some(verb) = key.iter().next().filter(|_| key.may_ask()) else { return };
    let alone = verb.len() == key.joined().len();
    let says = |what: &str| format!("{} asks for {what}", subject.pointer(value));
    let something = match value.shape {
        Shape::Container => value.raw.len() > 2,
        Shape::Text => !value.text.is_empty() && schema::truth(&value.text) != Some(false),
        Shape::Plain => value.text != "null" && schema::truth(&value.text) != Some(false),
    };
    if !something {
        return;
    }
    let holds = value.shape == Shape::Container;
    if DELETES.contains(&verb) && (holds && (alone || value.raw.starts_with('{')) || alone && subject.is_top(value)) {
        return found.at(DESTROYS, subject, value, says("a deletion"));
    }
    let is_true = schema::truth(&value.text) == Some(true);
    let told = holds || is_true;
    let grave = is_true && !NOT_ASKED.contains(&verb) && key.has_one_of(GRAVE);
    let follows = key.iter().nth(1).is_none_or(|next| OBJECTS.contains(&next));
    let replaces = value.shape == Shape::Text && subject.is_top(value) && key.is_one_of(REPLACES);
    if replaces || grave || VERBS.contains(&verb) && follows && (told && (alone || !holds)) {
        found.at(CHANGES, subject, value, says("a change"));
    }
}

/// A text that comes to a program as it is.
fn given(subject: &Subject<'_>, value: &Value<'_>, found: &mut Found) {
    let (key, text) = (subject.key(value), value.text.as_ref());
    let listed = key.is_one_of(LISTS) && subject.is_element(value);
    if listed && is_name(text) && names::deed(&Words::of(text), true).0 > Deed::Unknown {
        let says = format!("{} is {}, which may not merely read", subject.pointer(value), quoted(text));
        found.at(CHANGES, subject, value, says);
    }
    // `delete_file('x')`, for whoever evaluates it.
    let called = text.split_once('(').map(|(called, _)| called.trim()).filter(|called| is_name(called));
    let sought =
        key.is_one_of(SOUGHT) || key.is_one_of(const { &List::of(&["pattern", "regex", "symbol", "signature"]) });
    if !sought && called.is_some_and(|called| names::deed(&Words::of(called), true).0 > Deed::Unknown) {
        let says = format!("{} calls {}", subject.pointer(value), quoted(called.unwrap_or_default()));
        found.at(CHANGES, subject, value, says);
    }
    let name = key.ends_in(NAMES) || paths::is_key(key);
    let rest = text.strip_prefix('-').map(|rest| rest.strip_prefix('-').unwrap_or(rest));
    if let Some(rest) = rest {
        let long = text.starts_with("--") && !key.is_one_of(SOUGHT);
        let begins = rest.starts_with(|c: char| c.is_ascii_alphabetic());
        if begins && text.len() <= 4_096 && (long || listed || name) && !text.contains('\n') {
            let says = format!("{} is {}, which a program takes for an option", subject.pointer(value), quoted(text));
            found.at(OPTIONS, subject, value, says);
        }
    }
    if name && text.len() <= 4_096 && runs(text, !key.ends_in(FREE)) {
        let says = format!("{} is {}, of which a shell runs a part", subject.pointer(value), quoted(text));
        found.at(COMMANDS, subject, value, says);
    }
}

/// Whether a text is short and one word.
fn is_name(text: &str) -> bool {
    text.len() <= 128 && !text.contains(char::is_whitespace)
}

/// Whether a shell that is handed the text as it is would run a part of it.
fn runs(text: &str, strict: bool) -> bool {
    let after = |sign: &str| {
        text.match_indices(sign).any(|(at, _)| {
            let rest = text[at + sign.len()..].trim_start_matches([' ', '|', '&']);
            at > 0 && rest.starts_with(|c: char| c.is_ascii_alphabetic() || "/.~$".contains(c))
        })
    };
    let within = text.contains("$(") || text.matches('`').count() > 1;
    let signs: &[&str] = if strict { &[";", "|", "&&", "\n"] } else { &["; ", "&& "] };
    within || !text.contains("://") && signs.iter().any(|sign| after(sign))
}
