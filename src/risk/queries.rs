//! Queries in other languages than SQL, which change, delete or reach out from within: GraphQL, Cypher, SPARQL, stages
//! and shells of `MongoDB`, Flux, Kusto, XML with entities. Looks for the few words that do so, and parses none of them.

use memchr::memmem;

use super::names::{self, Deed};
use super::subject::{Found, Shape, Subject, Value};
use super::words::{List, Words};
use super::{Access, Family, Kind};
use crate::decision::Level::{High, Medium};

const CHANGES: Kind = Kind::new("queries.changes", Medium, "a query adds or changes something");
const DESTROYS: Kind = Kind::new("queries.destroys", High, "a query deletes or overwrites");
const RUNS: Kind = Kind::new("queries.runs", High, "a query runs code, or procedures that may do anything");
const REACHES: Kind =
    Kind::new("queries.reaches", Medium, "a query, or a document, reads files or addresses").needs(Access::Read);

/// The family.
pub const FAMILY: Family = Family {
    name: "queries",
    about: "queries in other languages than SQL: GraphQL, Cypher, SPARQL, MongoDB, Flux, Kusto; entities of XML",
    kinds: &[CHANGES, DESTROYS, RUNS, REACHES],
    detect,
};

/// The longest query that is looked at, in bytes; what changes stands at its beginning or is too long to be read anyway.
const LONGEST: usize = 64 * 1024;
/// Keys of `MongoDB`'s own within an object, and what they do.
const STAGES: &[(&str, Kind)] =
    &[("$out", DESTROYS), ("$merge", CHANGES), ("$where", RUNS), ("$function", RUNS), ("$accumulator", RUNS)];
/// What a call in `MongoDB`'s shell does: `db.users.drop()`.
const METHODS: &[(&str, Kind)] = &[
    (".drop", DESTROYS),
    (".delete", DESTROYS),
    (".remove", DESTROYS),
    (".findoneanddelete", DESTROYS),
    (".rename", CHANGES),
    (".insert", CHANGES),
    (".update", CHANGES),
    (".replace", CHANGES),
    (".findoneand", CHANGES),
    (".bulkwrite", CHANGES),
    (".create", CHANGES),
    (".runcommand", RUNS),
    (".eval", RUNS),
    (".mapreduce", RUNS),
];
/// Words with which a query in Cypher begins.
const CYPHER: &[&str] = &[
    "match", "optional", "merge", "unwind", "call", "foreach", "load", "create", "profile", "explain", "with",
    "detach", "return", "use", "cypher", "show",
];
/// Words with which an update in SPARQL begins, once its prefixes are read.
const SPARQL: &[&str] =
    &["prefix", "base", "insert", "delete", "drop", "clear", "load", "create", "copy", "move", "add", "with"];

fn detect(subject: &Subject<'_>, found: &mut Found) {
    for (key, value) in subject.keys() {
        if let Some((_, kind)) = STAGES.iter().find(|(stage, _)| key == *stage) {
            tell(subject, value, *kind, "has a stage that does more than read", found);
        }
    }
    for value in subject.texts().filter(|value| value.text.len() > 6) {
        let text = &value.text[..value.text.floor_char_boundary(LONGEST)];
        let key = subject.key(value);
        let start = text.trim_start();
        let Some(first) = start.bytes().next() else { continue };
        if first == b'<' && text.contains("<!ENTITY") && (text.contains("SYSTEM") || text.contains("PUBLIC")) {
            tell(subject, value, REACHES, "has entities that a reader of XML fetches", found);
        }
        if key.is_one_of(super::paths::CONTENT) {
            continue;
        }
        if text.contains('$') {
            for (stage, kind) in STAGES {
                let quoted = text.match_indices(stage).any(|(at, _)| {
                    let after = text[at + stage.len()..].trim_start_matches(['"', '\'', ' ']);
                    after.starts_with(':') && text[..at].trim_end_matches(['"', '\'', ' ']).ends_with(['{', ','])
                });
                if quoted {
                    tell(subject, value, *kind, "has a stage that does more than read", found);
                }
            }
        }
        if text.contains(['{', '(', '.', '|', '<']) {
            query(subject, value, start, found);
        }
    }
}

fn tell(subject: &Subject<'_>, value: &Value<'_>, kind: Kind, what: &str, found: &mut Found) {
    let says = format!("{} {what}", subject.pointer(value));
    match value.shape {
        Shape::Text => found.within(kind, subject, value, 0..value.text.len(), says),
        Shape::Plain | Shape::Container => found.at(kind, subject, value, says),
    }
}

/// A text that may be a query, without the blanks at its start.
fn query(subject: &Subject<'_>, value: &Value<'_>, text: &str, found: &mut Found) {
    let key = subject.key(value);
    if !may_be_one(text) {
        return;
    }
    let plain = without_strings(text);
    let lower = plain.to_ascii_lowercase();
    let lower = body(&lower);
    let first = tokens(lower).next().unwrap_or_default();
    let named = |words: &[&str]| subject.name.words.iter().chain(key.iter()).any(|word| words.contains(&word));
    let capital = |word: &str| plain.contains(&*word.to_ascii_uppercase()) || named(&["cypher", "neo4j", "sparql"]);
    if graphql(&plain) {
        let deeds = tokens(&plain).map(|word| names::deed(&Words::of(word), true).0);
        let harms = deeds.max().is_some_and(|deed| deed > Deed::Execute);
        tell(subject, value, if harms { DESTROYS } else { CHANGES }, "is a mutation", found);
    } else if CYPHER.contains(&first) && lower.contains('(') && capital(first) && !tokens(lower).any(|w| w == "select")
    {
        graph(subject, value, lower, found);
    } else if SPARQL.contains(&first)
        && lower.contains(['{', '<'])
        && (named(&["sparql", "rdf"]) || lower.contains('?'))
    {
        let has = |words: &[&str]| tokens(lower).any(|word| words.contains(&word));
        if has(&["delete", "drop", "clear", "move", "copy"]) {
            tell(subject, value, DESTROYS, "deletes or overwrites", found);
        } else if has(&["insert", "create", "add"]) {
            tell(subject, value, CHANGES, "adds something", found);
        }
        if has(&["load", "service"]) {
            tell(subject, value, REACHES, "reads from an address", found);
        }
    } else if lower.starts_with("db.") && lower.contains('(') {
        if let Some((_, kind)) = METHODS.iter().find(|(method, _)| lower.contains(method)) {
            tell(subject, value, *kind, "calls what does more than read", found);
        }
    } else if lower.contains("|>") {
        let ways = ["to", "experimental.to", "http.post"];
        if lower.split("|>").any(|stage| ways.contains(&stage.split('(').next().unwrap_or_default().trim())) {
            tell(subject, value, CHANGES, "writes what it reads to another place", found);
        }
    } else if let Some(command) =
        lower.strip_prefix('.').filter(|_| key.ends_in(const { &List::of(&["query", "kql", "command", "csl"]) }))
    {
        match names::deed(&Words::of(command.split_whitespace().next().unwrap_or_default()), false).0 {
            Deed::Read | Deed::Unknown => {}
            Deed::Write | Deed::Execute => tell(subject, value, CHANGES, "is a command that changes something", found),
            _ => tell(subject, value, DESTROYS, "is a command that may not be undone", found),
        }
    }
}

/// Whether a text may be a query at all: most texts are none, and this tells most of them fast.
fn may_be_one(text: &str) -> bool {
    let start = &text[..text.floor_char_boundary(64)];
    let first = |words: &[&str]| {
        let first = tokens(start).next().unwrap_or_default();
        words.iter().any(|word| word.eq_ignore_ascii_case(first))
    };
    // Comments may come first.
    start.starts_with(['.', '#', '/', '-'])
        || ["mutation", "subscription", "|>"]
            .iter()
            .any(|word| memmem::find(text.as_bytes(), word.as_bytes()).is_some())
        || first(CYPHER)
        || first(SPARQL)
        || first(&["db"])
}

/// A text without the comments that it begins with.
fn body(text: &str) -> &str {
    let mut rest = text.trim_start();
    while ["//", "#", "--"].iter().any(|comment| rest.starts_with(comment)) {
        rest = rest.find(['\n', '\r']).map_or("", |end| rest[end..].trim_start());
    }
    rest
}

/// Whether a document in GraphQL has an operation that is no query.
fn graphql(document: &str) -> bool {
    if !document.contains('{') || !["mutation", "subscription"].iter().any(|word| document.contains(word)) {
        return false;
    }
    let (mut depth, mut head) = (0_usize, String::new());
    for line in document.split(['\n', '\r']) {
        for c in line.split('#').next().unwrap_or_default().chars() {
            match c {
                '{' if depth > 0 => depth += 1,
                '{' => {
                    // Commas mean nothing there.
                    let head = head.trim_start_matches(|c: char| c.is_whitespace() || c == ',' || c == '\u{feff}');
                    let rest = head.strip_prefix("mutation").or_else(|| head.strip_prefix("subscription"));
                    if rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')) {
                        return true;
                    }
                    depth = 1;
                }
                '}' => {
                    depth = depth.saturating_sub(1);
                    head.clear();
                }
                c if depth == 0 => head.push(c),
                _ => {}
            }
        }
        if depth == 0 {
            head.push(' ');
        }
    }
    false
}

/// Procedures that only tell what there is.
const HARMLESS: &[&str] =
    &["db.labels", "db.relationshiptypes", "db.propertykeys", "db.schema", "db.index.fulltext.query", "apoc.meta."];

/// A query in Cypher.
fn graph(subject: &Subject<'_>, value: &Value<'_>, lower: &str, found: &mut Found) {
    let has = |words: &[&str]| tokens(lower).any(|word| words.contains(&word));
    if has(&["delete", "drop", "remove"]) {
        tell(subject, value, DESTROYS, "deletes", found);
    } else if has(&["set", "create", "merge", "foreach"]) {
        tell(subject, value, CHANGES, "adds or changes something", found);
    }
    if has(&["load"]) {
        tell(subject, value, REACHES, "reads a file or an address", found);
    }
    let called = lower.match_indices("call").map(|(at, _)| lower[at + 4..].trim_start());
    let mut runs = called.filter(|rest| rest.starts_with(char::is_alphabetic));
    if runs.any(|rest| !HARMLESS.iter().any(|name| rest.starts_with(name)))
        || lower.contains("apoc.") && lower.contains(".run")
    {
        tell(subject, value, RUNS, "calls procedures", found);
    }
}

/// Words of letters, digits and `_`.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

/// A text with its quoted parts and `/* … */` blanked out: what stands there is data. A quotation ends with its line, so
/// that a quote in a comment hides nothing that follows.
fn without_strings(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut open, mut escaped) = (None, false);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        // What neither begins nor ends anything, at once.
        if open.is_none()
            && let run @ 1.. = rest.bytes().position(|b| b"/\"'`\n\r".contains(&b)).unwrap_or(rest.len())
        {
            out.push_str(&rest[..run]);
            rest = &rest[run..];
            continue;
        }
        if open.is_none() && rest.starts_with("/*") {
            let end = rest.find("*/").map_or(rest.len(), |end| end + 2);
            out.push(' ');
            rest = &rest[end..];
            continue;
        }
        if let Some(within) = rest.strip_prefix("\"\"\"").filter(|_| open.is_none())
            && let Some(end) = within.find("\"\"\"")
        {
            out.push(' ');
            rest = &within[end + 3..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match open {
            _ if matches!(c, '\n' | '\r') => {
                open = None;
                out.push(c);
            }
            Some(quote) => {
                if c == quote && !escaped {
                    open = None;
                }
                escaped = c == '\\' && !escaped;
                out.push(' ');
            }
            None => {
                (open, escaped) = (matches!(c, '"' | '\'' | '`').then_some(c), false);
                out.push(if open.is_some() { ' ' } else { c });
            }
        }
    }
    out
}
