//! SQL, read by a real parser in the dialects of the common databases. What none of them reads is high.
//!
//! Invariant: of several readings the gravest counts; no statement is harmless only because it was not understood.
//! The parser never sees more than [`LONGEST`] bytes or [`DEEPEST`] brackets, so it can neither hang nor overflow.

use super::subject::{Found, Subject, Value};
use super::{Access, Family, Kind};
use crate::decision::Level::{High, Low, Medium};

mod functions;
mod looks;
mod plain;
mod read;
mod statement;
mod tokens;
mod words;

const READS: Kind = Kind::new("sql.reads", Low, "a query that only reads");
const SENSITIVE: Kind =
    Kind::new("sql.sensitive", Medium, "a query that reads what is called a password, a key or a secret")
        .needs(Access::Read);
const WRITES: Kind = Kind::new("sql.writes", Medium, "rows are added, or changed under a condition");
const SESSION: Kind = Kind::new("sql.session", Medium, "a setting, a lock or a transaction");
const CALLS: Kind = Kind::new("sql.calls", Medium, "a query calls a function that may do anything");
const DESTROYS: Kind = Kind::new("sql.destroys", High, "rows or objects are deleted or overwritten");
const BULK: Kind = Kind::new("sql.bulk", High, "every row of a table is changed");
const SCHEMA: Kind = Kind::new("sql.schema", High, "tables, functions or other objects are made or changed");
const RIGHTS: Kind = Kind::new("sql.rights", High, "rights or users are changed");
const SERVER: Kind = Kind::new("sql.server", High, "the whole server is set, or what others do in it is stopped");
const RUNS: Kind = Kind::new("sql.runs", High, "it runs what is not in its text, or a program of statements");
const ESCAPES: Kind = Kind::new(
    "sql.escapes",
    High,
    "it reaches files, programs, the network, other databases, the server itself or the clock",
);
const SEVERAL: Kind = Kind::new("sql.several", High, "several statements in one");
const UNREADABLE: Kind = Kind::new("sql.unreadable", High, "no parser reads it, or not as every database would");

/// The family.
pub const FAMILY: Family = Family {
    name: "sql",
    about: "SQL by key and by value, read as PostgreSQL, MySQL, SQLite, SQL Server and other databases would",
    kinds: &[
        READS, SENSITIVE, WRITES, SESSION, CALLS, DESTROYS, BULK, SCHEMA, RIGHTS, SERVER, RUNS, ESCAPES, SEVERAL,
        UNREADABLE,
    ],
    detect,
};

/// The most texts of one call that are read.
const MOST: usize = 50;
/// How much text of one call is given to the parser, in bytes, each reading of it counted.
const MOST_BYTES: usize = 48 * 1024;
/// The longest text given to the parser, in bytes.
pub const LONGEST: usize = 8 * 1024;
/// The deepest nesting of brackets and `CASE` given to the parser: some of its ways back are exponential in it.
pub const DEEPEST: usize = 10;

fn detect(subject: &Subject<'_>, found: &mut Found) {
    let (mut judged, mut budget) = (0, MOST_BYTES);
    for value in subject.texts() {
        let Some(sure) = looks::is_sql(subject, value) else { continue };
        if judged == MOST {
            return found.add(super::size::UNJUDGED, format!("more than {MOST} queries: too many to judge"));
        }
        judged += 1;
        judge(subject, value, sure, &mut budget, found);
        if budget == 0 {
            return found.add(super::size::UNJUDGED, "more SQL than is read: too large to judge");
        }
    }
}

fn judge(subject: &Subject<'_>, value: &Value<'_>, sure: bool, budget: &mut usize, found: &mut Found) {
    let text = value.text.as_ref();
    if text.trim().is_empty() {
        return;
    }
    let mut kinds = match plainly(text) {
        Some(kinds) => kinds,
        None => match read::read(text, sure, budget) {
            Some(kinds) => kinds,
            // Words that only began like SQL.
            None => return,
        },
    };
    kinds.sort_unstable_by_key(|kind| (std::cmp::Reverse(kind.level), kind.id));
    kinds.dedup();
    let worst = kinds.first().map_or(High, |kind| kind.level);
    for kind in kinds.into_iter().filter(|kind| kind.level == worst) {
        found.at(kind, subject, value, format!("{} is SQL: {}", subject.pointer(value), kind.about));
    }
}

/// What a plain query amounts to, without the parser.
fn plainly(text: &str) -> Option<Vec<Kind>> {
    if text.len() > LONGEST || tokens::may_be_secret(text) {
        return None;
    }
    let calls = plain::query(text)?.into_iter().map(functions::Call::plain);
    Some(std::iter::once(READS).chain(calls.filter_map(functions::Call::kind)).collect())
}

#[cfg(test)]
mod tests;
