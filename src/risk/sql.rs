//! SQL, read by a real parser in the dialects of the common databases. What none of them reads is high.
//!
//! Invariant: of several readings the gravest counts; no statement is harmless only because it was not understood.
//! The parser never sees more than [`LONGEST`] bytes or [`DEEPEST`] brackets, so it can neither hang nor overflow.

use sqlparser::ast::{Expr, Statement};
use sqlparser::dialect::{Dialect, GenericDialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::subject::{Found, Subject, Value};
use super::{Family, Kind};
use crate::decision::Level::{High, Low, Medium};

mod plain;
mod words;

use words::{CHANGES, ESCAPING, GRAVE, HARMLESS, STARTS};

const READS: Kind = Kind::new("sql.reads", Low, "a query that only reads");
const WRITES: Kind = Kind::new("sql.writes", Medium, "rows are added, or changed under a condition");
const SESSION: Kind = Kind::new("sql.session", Medium, "a setting, a lock or a transaction");
const CALLS: Kind = Kind::new("sql.calls", Medium, "a query calls a function that may do anything");
const DESTROYS: Kind = Kind::new("sql.destroys", High, "rows or objects are deleted or overwritten");
const BULK: Kind = Kind::new("sql.bulk", High, "every row of a table is changed");
const SCHEMA: Kind = Kind::new("sql.schema", High, "tables, functions or other objects are made or changed");
const RIGHTS: Kind = Kind::new("sql.rights", High, "rights or users are changed");
const ESCAPES: Kind = Kind::new("sql.escapes", High, "it reaches files, programs, other databases or the clock");
const SEVERAL: Kind = Kind::new("sql.several", High, "several statements in one");
const UNREADABLE: Kind = Kind::new("sql.unreadable", High, "no parser reads it");

/// The family.
pub const FAMILY: Family = Family {
    name: "sql",
    about: "SQL by key and by value, read as PostgreSQL, MySQL, SQLite and SQL Server would",
    kinds: &[READS, WRITES, SESSION, CALLS, DESTROYS, BULK, SCHEMA, RIGHTS, ESCAPES, SEVERAL, UNREADABLE],
    detect,
};

/// The most texts of one call that are read.
const MOST: usize = 50;
/// How much text of one call is given to the parser, in bytes, each reading of it counted.
const MOST_BYTES: usize = 48 * 1024;
/// The longest text given to the parser, in bytes.
pub const LONGEST: usize = 8 * 1024;
/// The most tokens given to the parser.
const MOST_TOKENS: usize = 1500;
/// The deepest nesting of brackets and `CASE` given to the parser: some of its ways back are exponential in it.
pub const DEEPEST: usize = 10;

const KEYS: &[&str] =
    &["sql", "sql_query", "sql_queries", "sql_statement", "statement", "statements", "raw_sql", "query_sql", "ddl"];
const PERHAPS: &[&str] =
    &["query", "queries", "q", "command", "cmd", "expression", "input", "text", "code", "script", "request"];
const DATABASE: &[&str] = &[
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
];
fn detect(subject: &Subject<'_>, found: &mut Found) {
    let (mut judged, mut budget) = (0, MOST_BYTES);
    let database = subject.name.words.has_one_of(DATABASE);
    for value in subject.texts() {
        let key = subject.key(value);
        let sure = key.is_one_of(KEYS) || (key.is_one_of(PERHAPS) && subject.name.words.has_one_of(&["sql"]));
        let starts = starts(&value.text);
        if sure
            || (starts && key.is_one_of(PERHAPS))
            || (starts && shaped(&value.text) && !key.is_one_of(super::paths::CONTENT))
        {
            if judged == MOST {
                return found.add(super::size::UNJUDGED, format!("more than {MOST} queries: too many to judge"));
            }
            judged += 1;
            judge(subject, value, sure || database, &mut budget, found);
            if budget == 0 {
                return found.add(super::size::UNJUDGED, "more SQL than is read: too large to judge");
            }
        }
    }
}

/// Whether a text begins as a statement does.
fn starts(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '(' || c == ';');
    let word: String = text.chars().take_while(char::is_ascii_alphabetic).take(12).collect();
    text.starts_with("--") || text.starts_with("/*") || STARTS.contains(&word.to_ascii_lowercase().as_str())
}

/// Whether a text that begins as a statement also goes on as one.
fn shaped(text: &str) -> bool {
    const NEXT: &[&str] =
        &[" from ", " into ", " set ", " table ", " database ", " view ", " index ", " schema ", " on "];
    let head: String =
        text.chars().take(2000).flat_map(char::to_lowercase).map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    NEXT.iter().any(|next| head.contains(next))
}

fn judge(subject: &Subject<'_>, value: &Value<'_>, sure: bool, budget: &mut usize, found: &mut Found) {
    let text = value.text.as_ref();
    if text.trim().is_empty() {
        return;
    }
    let mut kinds = match plain::query(text).filter(|_| text.len() <= LONGEST) {
        Some(calls) => std::iter::once(READS).chain(calls.into_iter().filter_map(function)).collect(),
        None => match read(text, sure, budget) {
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

/// What a text amounts to in every way in which a database may read it; `None` when it is no SQL at all.
fn read(text: &str, sure: bool, budget: &mut usize) -> Option<Vec<Kind>> {
    let (mut was_read, mut words) = (false, false);
    let mut kinds: Vec<Kind> = Vec::new();
    if text.contains("/*!") || text.contains("/*M!") {
        // MySQL runs what others take for a comment.
        kinds.push(UNREADABLE);
    }
    if text.len() <= LONGEST {
        let dialects: [&dyn Dialect; 5] =
            [&PostgreSqlDialect {}, &MySqlDialect {}, &SQLiteDialect {}, &MsSqlDialect {}, &GenericDialect {}];
        let one_reading =
            !text.contains(['\\', '#', '`', '$', '[', '"']) && !text.contains("--") && !text.contains("/*");
        // What was read, by its tokens: another dialect to which it is the same tokens reads it alike.
        let mut readings: Vec<Vec<Token>> = Vec::new();
        for dialect in dialects {
            let Some(tokens) = tokens(dialect, text) else { continue };
            if readings.contains(&tokens) {
                continue;
            }
            *budget = budget.saturating_sub(text.len());
            if *budget == 0 {
                kinds.push(UNREADABLE);
                break;
            }
            match in_dialect(dialect, &tokens) {
                Ok(own) => {
                    was_read = true;
                    kinds.extend(own);
                    if one_reading {
                        break;
                    }
                    readings.push(tokens);
                }
                Err(Unread { changes }) => words |= changes,
            }
        }
    }
    if !was_read && !sure && !words && text.len() <= LONGEST {
        return None;
    }
    if !was_read || words {
        kinds.push(UNREADABLE);
    }
    Some(kinds)
}

/// A text that has tokens and no statements.
struct Unread {
    /// Whether words of change are among the tokens.
    changes: bool,
}

/// The tokens of a text in one dialect, without blanks and comments; `None` when it has none there.
fn tokens(dialect: &dyn Dialect, text: &str) -> Option<Vec<Token>> {
    let tokens = Tokenizer::new(dialect, text).tokenize().ok()?;
    Some(tokens.into_iter().filter(|t| !matches!(t, Token::Whitespace(_))).collect())
}

/// What a text's tokens amount to in one dialect.
fn in_dialect(dialect: &dyn Dialect, tokens: &[Token]) -> Result<Vec<Kind>, Unread> {
    let words: Vec<String> = tokens.iter().filter_map(word).collect();
    let changes = words.iter().any(|word| CHANGES.contains(&word.as_str()));
    if tokens.is_empty() || tokens.len() > MOST_TOKENS || deepest(tokens) > DEEPEST {
        return Err(Unread { changes: true });
    }
    let grave = changes && words.iter().any(|word| GRAVE.contains(&word.as_str()));
    let parsed = Parser::new(dialect).with_recursion_limit(40).with_tokens(tokens.to_vec()).parse_statements();
    let Ok(statements) = parsed else { return Err(Unread { changes }) };
    let mut kinds: Vec<Kind> = statements.iter().map(|statement| one(statement, changes, grave)).collect();
    if statements.len() > 1 {
        kinds.push(SEVERAL);
    }
    kinds.extend(functions(tokens));
    if statements.is_empty() { Err(Unread { changes: true }) } else { Ok(kinds) }
}

fn word(token: &Token) -> Option<String> {
    match token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_ascii_lowercase()),
        _ => None,
    }
}

/// How deep brackets and `CASE` nest, and how many prefixes stand in a row.
fn deepest(tokens: &[Token]) -> usize {
    let (mut depth, mut deepest, mut cases, mut prefixes) = (0_usize, 0, 0_usize, 0_usize);
    for token in tokens {
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            Token::Word(w) if w.value.eq_ignore_ascii_case("case") => cases += 1,
            Token::Word(w) if w.value.eq_ignore_ascii_case("end") => cases = cases.saturating_sub(1),
            Token::Word(w) if w.value.eq_ignore_ascii_case("not") => prefixes += 1,
            Token::Minus | Token::Plus | Token::Tilde | Token::ExclamationMark => prefixes += 1,
            _ => prefixes = 0,
        }
        deepest = deepest.max(depth + cases + prefixes);
    }
    deepest
}

/// What the called functions amount to.
fn functions(tokens: &[Token]) -> impl Iterator<Item = Kind> {
    tokens.windows(2).filter_map(|pair| match (&pair[0], &pair[1]) {
        (Token::Word(name), Token::LParen) => function(&name.value),
        _ => None,
    })
}

/// What a function amounts to; `None` when it only computes.
fn function(name: &str) -> Option<Kind> {
    let name = name.to_ascii_lowercase();
    if ESCAPING.contains(&name.as_str()) {
        return Some(ESCAPES);
    }
    (!HARMLESS.contains(&name.as_str())).then_some(CALLS)
}

/// What one statement amounts to.
fn one(statement: &Statement, changes: bool, grave: bool) -> Kind {
    use Statement as S;
    match statement {
        S::Query(_) | S::Explain { .. } if changes => DESTROYS,
        S::Query(_)
        | S::Explain { .. }
        | S::Pragma { value: None, .. }
        | S::ExplainTable { .. }
        | S::ShowTables { .. }
        | S::ShowColumns { .. }
        | S::ShowDatabases { .. }
        | S::ShowSchemas { .. }
        | S::ShowViews { .. }
        | S::ShowFunctions { .. }
        | S::ShowVariable { .. }
        | S::ShowVariables { .. }
        | S::ShowStatus { .. }
        | S::ShowCreate { .. }
        | S::ShowCollation { .. } => READS,
        S::Insert(insert) if insert.overwrite || insert.replace_into || grave => DESTROYS,
        S::Update(_) if grave => DESTROYS,
        S::Insert(_) => WRITES,
        S::Update(update) => match &update.selection {
            Some(condition) if names_a_column(condition) => WRITES,
            _ => BULK,
        },
        S::Set(_)
        | S::Use(_)
        | S::StartTransaction { .. }
        | S::Commit { .. }
        | S::Rollback { .. }
        | S::Savepoint { .. }
        | S::ReleaseSavepoint { .. }
        | S::Deallocate { .. }
        | S::Discard { .. }
        | S::Reset(_)
        | S::Analyze(_)
        | S::LISTEN { .. }
        | S::UNLISTEN { .. }
        | S::Close { .. }
        | S::UnlockTables => SESSION,
        S::Grant(_)
        | S::Revoke(_)
        | S::Deny(_)
        | S::CreateRole(_)
        | S::AlterRole { .. }
        | S::CreateUser(_)
        | S::AlterUser(_) => RIGHTS,
        S::Delete(_) | S::Truncate(_) | S::Drop { .. } | S::DropFunction(_) | S::DropProcedure { .. } | S::Merge(_) => {
            DESTROYS
        }
        S::Copy { .. }
        | S::LoadData { .. }
        | S::AttachDatabase { .. }
        | S::Directory { .. }
        | S::Install { .. }
        | S::Load { .. } => ESCAPES,
        // Prepared, called, declared, created, altered: it makes or runs what is not in this text, or changes shapes.
        _ => SCHEMA,
    }
}

/// Whether a condition is about the rows at all: `WHERE 1 = 1` is none.
fn names_a_column(condition: &Expr) -> bool {
    match condition {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => true,
        Expr::BinaryOp { left, op, right } if op.to_string() == "OR" => names_a_column(left) && names_a_column(right),
        Expr::BinaryOp { left, right, .. } => left != right && (names_a_column(left) || names_a_column(right)),
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } | Expr::IsNull(inner) | Expr::IsNotNull(inner) => {
            names_a_column(inner)
        }
        Expr::InList { expr, .. }
        | Expr::InSubquery { expr, .. }
        | Expr::Between { expr, .. }
        | Expr::Like { expr, .. } => names_a_column(expr),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_plain_query_is_what_the_large_parser_reads_too(
            words in prop::collection::vec(
                "(a|b|t|count|1|2.5|'x'|\\(|\\)|,|\\.|\\*|=|<|-|and|or|not|is null|in|like|between|from t|from|where|group by|as)",
                1..12,
            ),
        ) {
            let sql = format!("select a {}", words.join(" "));
            let plain = [sql.clone(), format!("select {} from t", words.join(" "))];
            for sql in plain.iter().filter(|sql| plain::query(sql).is_some()) {
                let mut budget = MOST_BYTES;
                let kinds = read(sql, true, &mut budget).expect("it is SQL");
                prop_assert!(!kinds.contains(&UNREADABLE), "{} {:?}", sql, kinds);
                prop_assert!(kinds.contains(&READS), "{} {:?}", sql, kinds);
            }
        }
    }
}
