//! Tools that run other tools: `{"tool": "delete_file", "arguments": {…}}`. The other one's name is judged as if it were
//! called itself, its definition too where the server has listed one, and its arguments are among the values anyway.
//!
//! Invariant: naming a tool only raises, however harmless the name.

use super::derived::ARGUMENTS;
use super::names::{self, Deed, Name};
use super::schema;
use super::subject::{Found, Shape, Subject, Value, quoted, tokens};
use super::words::{List, Words};
use super::{Access, Family, Kind, paths};
use crate::decision::Level::{High, Low, Medium};
use crate::json;

const READS: Kind = Kind::new("meta.reads", Low, "the arguments name another tool, by its name a reader");
const CHANGES: Kind = Kind::new("meta.changes", Medium, "the arguments name another tool, which may change something");
const HARMS: Kind =
    Kind::new("meta.harms", High, "the arguments name another tool, which deletes, sends, pays, deploys or the like");
const DEFINED: Kind =
    Kind::new("meta.defined", Medium, "the definition of the tool that is named says that it does not merely read");
const DESTROYS: Kind =
    Kind::new("meta.destroys", High, "the definition of the tool that is named says that it destroys");
const MANY: Kind = Kind::new("meta.many", High, "the arguments name more tools than are judged").needs(Access::Admin);

/// The family.
pub const FAMILY: Family = Family {
    name: "meta",
    about: "arguments that name another tool, which is judged as that tool too",
    kinds: &[READS, CHANGES, DEFINED, HARMS, DESTROYS, MANY],
    detect,
};

/// The most tools that one call may name.
const MOST: usize = 64;
/// The longest name of a tool, in bytes.
const LONGEST: usize = 256;

/// Keys whose text names a tool.
const TOOLS: &List = &List::of(&[
    "tool",
    "tools",
    "tool_name",
    "tool_names",
    "toolname",
    "tool_id",
    "tool_slug",
    "tool_key",
    "mcp_tool",
    "target_tool",
    "action_name",
    "action_id",
    "action_slug",
]);
/// Keys whose text names one when there are arguments for it beside.
const PERHAPS: &List = &List::of(&[
    "name",
    "function_name",
    "action",
    "method",
    "function",
    "operation",
    "operation_id",
    "op",
    "method_name",
    "procedure",
    "skill",
    "skill_name",
    "capability",
    "api",
    "api_name",
    "api_method",
    "activity",
    "endpoint",
    "slug",
    "id",
    "type",
    "uses",
    "recipe",
    "workflow",
    "plugin",
]);

/// A tool that the arguments name.
#[derive(Clone, Debug)]
pub(super) struct Inner {
    place: usize,
    name: Name,
}

/// Keys whose value may be the arguments of a tool that is named beside it, where what is called is a reader by its name.
const PERHAPS_ARGUMENTS: &List = &List::of(&[
    "body",
    "data",
    "with",
    "variables",
    "values",
    "props",
    "context",
    "config",
    "fields",
    "payload_json",
    "json",
]);
/// Keys of what is looked for and of text: a name that stands there is no tool's.
const NO_TOOLS: &List = &List::of(&[
    "query", "q", "search", "term", "keyword", "title", "pattern", "regex", "symbol", "path", "url", "uri", "repo",
]);

/// Whether a value's text is a name at all, and no method of HTTP. `words`: the most words it may have.
fn is_name(value: &Value<'_>, words: usize) -> bool {
    let text = value.text.trim();
    value.shape == Shape::Text
        && (1..=LONGEST).contains(&text.len())
        && text.split_whitespace().count() <= words
        && !text.contains("://")
        && !schema::is_http(text)
}

/// Whether arguments for a tool stand beside a value.
fn has_arguments(subject: &Subject<'_>, value: &Value<'_>, perhaps: bool) -> bool {
    let in_list = subject.is_element(value);
    subject.siblings(value).any(|other| {
        let object = match other.shape {
            Shape::Container => other.raw.starts_with('{'),
            Shape::Text => other.text.trim_start().starts_with('{'),
            Shape::Plain => false,
        };
        let key = subject.key(other);
        object && (in_list || key.is_one_of(ARGUMENTS) || perhaps && key.is_one_of(PERHAPS_ARGUMENTS))
    })
}

/// Whether a text is a name that certainly changes something, of two words or more: `delete_file`, and no `open`.
fn changes(text: &str) -> bool {
    let words = Words::of(text);
    words.iter().count() > 1 && names::deed(&words, true).0 > Deed::Unknown
}

/// The tools that the arguments name; and whether there are more than are judged.
pub(super) fn inner(subject: &Subject<'_>) -> (Vec<Inner>, bool) {
    let mut inner: Vec<Inner> = Vec::new();
    let mut looked = 0;
    let reader = subject.known.name.reads();
    for (place, value) in subject.texts_with_places() {
        let key = subject.key(value);
        let holder = || subject.holder(value).is_some_and(|holder| subject.key(holder).is_one_of(TOOLS));
        let sure = key.is_one_of(TOOLS) || key.is_one_of(const { &List::of(&["name", "id", "slug"]) }) && holder();
        let perhaps = key.is_one_of(PERHAPS);
        // What a reader is told beside arguments, under whatever key.
        let other = || reader && !key.is_one_of(NO_TOOLS) && !key.is_one_of(paths::CONTENT) && changes(&value.text);
        if !is_name(value, if sure { 4 } else { 1 }) || !(sure || perhaps || other()) {
            continue;
        }
        looked += 1;
        if inner.len() == MOST || looked > 16 * MOST {
            return (inner, true);
        }
        // A reader that is told a tool's name only tells about it.
        if (sure && !reader) || has_arguments(subject, value, reader) {
            inner.push(Inner { place, name: names::read(&value.text) });
        }
    }
    (inner, false)
}

/// The tool's own name with those of the tools that it runs: the words of all, the gravest deed of all.
pub(super) fn merged(own: &Name, inner: &[Inner]) -> Name {
    let mut words = own.words.joined().to_owned();
    for one in inner {
        words.push('_');
        words.push_str(one.name.words.joined());
    }
    let gravest = inner.iter().map(|one| &one.name).fold(own, |a, b| if b.deed > a.deed { b } else { a });
    Name { words: Words::of(&words), deed: gravest.deed, verb: gravest.verb.clone() }
}

impl Inner {
    pub(super) const fn place(&self) -> usize {
        self.place
    }
}

fn detect(subject: &Subject<'_>, found: &mut Found) {
    for one in subject.inner() {
        let Some(value) = subject.value_at(one.place) else { continue };
        let Name { deed, verb, .. } = &one.name;
        let kind = match deed {
            Deed::Read => READS,
            Deed::Unknown | Deed::Write | Deed::Execute => CHANGES,
            Deed::Deploy | Deed::Send | Deed::Access | Deed::Pay | Deed::Destroy => HARMS,
        };
        let what = names::sentence(*deed, verb);
        let pointer = subject.pointer(value);
        found.at(kind, subject, value, format!("{pointer} names the tool {}: {what}", quoted(&value.text)));
        for known in
            subject.facts.named.iter().filter(|known| readings(value.text.trim()).any(|name| name == known.tool))
        {
            let level = known.findings().iter().map(|finding| finding.level).max().unwrap_or(Medium);
            let says = |what: &str| format!("the definition of {}, which {pointer} names, {what}", quoted(&known.tool));
            match level {
                Low => {}
                Medium => found.at(DEFINED, subject, value, says("does not say that it merely reads")),
                High => found.at(DESTROYS, subject, value, says("says that it does harm")),
            }
        }
    }
    if subject.names_more {
        found.add(MANY, format!("it names more than {MOST} tools: too many to judge"));
    }
}

/// The names by which a text may call a tool: as it stands, and without what may be a server's name before it
/// (`fs/delete_file`, `fs.delete_file`, `mcp__fs__delete_file`), the longest first.
pub fn readings(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let now = rest?;
        rest = now
            .char_indices()
            .find_map(|(at, c)| match c {
                '/' | '.' | ':' => Some(at + 1),
                '_' if now[at + 1..].starts_with('_') => Some(at + 2),
                _ => None,
            })
            .and_then(|at| now.get(at..))
            .filter(|rest| !rest.is_empty());
        Some(now)
    })
}

/// Keys under which a program is handed over, which may do anything.
const PROGRAMS: &List = &List::of(&["argv", "script", "code", "sql", "query_sql"]);

/// Whether an argument of this name may choose what a tool does: it names a tool or an action, or holds what another
/// tool or a program is given. Nothing that is remembered may be wider in it.
pub fn may_choose(key: &Words) -> bool {
    [schema::CHOOSERS, TOOLS, ARGUMENTS, PROGRAMS].iter().any(|names| key.is_one_of(names))
}

/// Whether any key within a value (strict, compact JSON), at any depth, may choose what a tool does.
pub fn holds_chooser(value: &str) -> bool {
    tokens(value).any(|(token, is_key)| is_key && may_choose(&Words::of(&json::unescape(token))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_may_be_named_with_its_server_before_it() {
        let all = |text| readings(text).collect::<Vec<_>>();
        assert_eq!(all("delete_file"), ["delete_file"]);
        assert_eq!(all("fs/delete_file"), ["fs/delete_file", "delete_file"]);
        assert_eq!(all("mcp__fs__delete_file"), ["mcp__fs__delete_file", "fs__delete_file", "delete_file"]);
        assert_eq!(all("fs.delete"), ["fs.delete", "delete"]);
        assert_eq!(all("__"), ["__"]);
    }
}
