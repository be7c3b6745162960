//! Which texts of a call are SQL: by their key, by how they begin, by what the tool and its server are called.

use super::words::{ALONE, CHANGES, PHRASES, STARTS};
use crate::risk::hidden::is_hidden;
use crate::risk::paths::CONTENT;
use crate::risk::subject::{Subject, Value};
use crate::risk::words::List;

const KEYS: &List = &List::of(&[
    "sql",
    "sql_query",
    "sql_queries",
    "sql_statement",
    "sql_statements",
    "sql_text",
    "sql_string",
    "sql_code",
    "sql_command",
    "sql_commands",
    "sql_script",
    "sql_stmt",
    "statement",
    "statements",
    "stmt",
    "raw_sql",
    "query_sql",
    "ddl",
]);
const PERHAPS: &List =
    &List::of(&["query", "queries", "q", "command", "cmd", "expression", "input", "text", "code", "script", "request"]);
/// Words of a tool's name that make SQL of what begins like it.
const DATABASE: &List = &List::of(&[
    "sql",
    "db",
    "database",
    "postgres",
    "postgresql",
    "mysql",
    "sqlite",
    "mssql",
    "duckdb",
    "snowflake",
    "bigquery",
    "redshift",
    "clickhouse",
    "mariadb",
    "oracle",
    "execute",
]);
/// Parts of the names of databases that take SQL.
const ENGINES: &[&str] = &[
    "sql",
    "postgres",
    "duckdb",
    "snowflake",
    "bigquery",
    "redshift",
    "clickhouse",
    "mariadb",
    "oracle",
    "databricks",
    "supabase",
    "motherduck",
    "cockroach",
];

/// Whether a text is to be read as SQL, and if so, whether it is nothing else.
pub(super) fn is_sql(subject: &Subject<'_>, value: &Value<'_>) -> Option<bool> {
    let (key, text) = (subject.key(value), value.text.as_ref());
    let words = &subject.name.words;
    let perhaps = key.is_one_of(PERHAPS);
    if key.is_one_of(KEYS) || (perhaps && words.has_one_of(const { &List::of(&["sql"]) })) {
        return Some(true);
    }
    if starts(text) && (perhaps || (shaped(text) && !key.is_one_of(CONTENT))) {
        return Some(words.has_one_of(DATABASE));
    }
    if !perhaps {
        return None;
    }
    if commands(text) || (is_strange(text) && is_engine(subject)) {
        return Some(true);
    }
    (starts_commented(text) && (words.has_one_of(DATABASE) || is_engine(subject))).then_some(true)
}

fn has_word(text: &str, words: &[&str]) -> bool {
    text.split(|c: char| !c.is_ascii_alphabetic() && c != '_').any(|word| has(words, word))
}

/// A text from where a statement would begin in it: without blanks, brackets and what draws nothing.
fn begin(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || "(;".contains(c) || is_hidden(c))
}

/// Whether a text begins as a statement does behind lines that `MySQL` takes for comments, and others for headings.
fn starts_commented(text: &str) -> bool {
    let mut rest = begin(text);
    let commented = rest.starts_with('#');
    while let Some((_, next)) = rest.strip_prefix('#').and_then(|line| line.split_once('\n')) {
        rest = begin(next);
    }
    commented && (starts(rest) || commands(rest) || is_strange(rest))
}

/// The first word, and what follows it.
fn head(text: &str) -> (&str, &str) {
    let text = begin(text);
    let (first, rest) = text.split_at(word(text));
    (first, rest.trim_start())
}

/// How long the word is that a text begins with, or as much of it as tells that it is none of ours.
fn word(text: &str) -> usize {
    text.bytes().take(LONGEST).take_while(|b| b.is_ascii_alphabetic() || *b == b'_').count()
}

/// More than the longest of the words that statements begin with.
const LONGEST: usize = 32;

fn has(list: &[&str], word: &str) -> bool {
    list.iter().any(|own| own.eq_ignore_ascii_case(word))
}

/// Whether a text begins as a statement does.
fn starts(text: &str) -> bool {
    let text = begin(text);
    let word = text.bytes().take(LONGEST).take_while(u8::is_ascii_alphabetic).count();
    text.starts_with("--") || text.starts_with("/*") || text.get(..word).is_some_and(|word| has(STARTS, word))
}

/// Whether a text begins in a way in which only a statement begins.
fn commands(text: &str) -> bool {
    let (first, rest) = head(text);
    let second = rest.split_at(word(rest)).0;
    let stage = rest.starts_with('@') || rest.trim_start_matches('\'').starts_with("file:");
    PHRASES.iter().any(|(own, seconds)| own.eq_ignore_ascii_case(first) && has(seconds, second))
        || (stage && has(&["get", "put", "list", "ls", "remove", "rm"], first))
}

/// Whether a text begins as a statement, or as what a client of a database takes for a command, though prose may too.
fn is_strange(text: &str) -> bool {
    let text = begin(text);
    let (first, _) = head(text);
    let letter = |at: usize| text.as_bytes().get(at).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'!');
    has(ALONE, first)
        || ["xp_", "sp_"].iter().any(|start| first.get(..3).is_some_and(|own| own.eq_ignore_ascii_case(start)))
        || (text.starts_with(['\\', '.']) && letter(1))
        || text.strip_prefix('{').is_some_and(|rest| has(&["call"], head(rest).0) || rest.trim_start().starts_with('?'))
        || (has(&["if", "while"], first) && has_word(text, CHANGES))
}

/// Whether the tool or its server is called after a database.
fn is_engine(subject: &Subject<'_>) -> bool {
    let call = subject.call;
    let names = [call.tool.as_str(), call.server.name.as_str()].into_iter();
    let mut names = names.chain(call.server.args.iter().map(String::as_str)).map(str::to_ascii_lowercase);
    names.any(|name| ENGINES.iter().any(|engine| name.contains(engine)))
}

/// Whether a text that begins as a statement also goes on as one.
fn shaped(text: &str) -> bool {
    const NEXT: &[&str] = &["from", "into", "set", "table", "database", "view", "index", "schema", "on"];
    let head = &text[..text.floor_char_boundary(8_000)];
    let mut words = head.split_whitespace().skip(1).peekable();
    while let Some(word) = words.next() {
        if has(NEXT, word) && words.peek().is_some() {
            return true;
        }
    }
    false
}
