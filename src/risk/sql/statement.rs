//! What one statement amounts to, by its grammar.

use sqlparser::ast::{BinaryOperator, Expr, ObjectName, Statement, TableFactor, TableObject};
use sqlparser::ast::{SqliteOnConflict, Update};
use sqlparser::tokenizer::Token;

use super::tokens::{Told, bare, is};
use super::words::{CATALOG_SCHEMAS, CATALOGS, TELLING, TOLD, TUNING};
use super::{BULK, DESTROYS, ESCAPES, READS, RIGHTS, RUNS, SCHEMA, SERVER, SESSION, SEVERAL, WRITES};
use crate::risk::Kind;

/// What one statement amounts to.
pub(super) fn one(statement: &Statement, told: &Told, tokens: &[Token]) -> Kind {
    use Statement as S;
    match statement {
        S::Query(_) if told.changes => DESTROYS,
        // What is explained may be carried out.
        S::Explain { statement, .. } => one(statement, told, tokens),
        // It stays for `EXECUTE`.
        S::Prepare { statement, .. } => match one(statement, told, tokens) {
            READS => SESSION,
            other => other,
        },
        S::Query(_) | S::ShowCreate { .. } | S::List(_) => READS,
        S::ExplainTable { .. }
        | S::ShowTables { .. }
        | S::ShowColumns { .. }
        | S::ShowDatabases { .. }
        | S::ShowSchemas { .. }
        | S::ShowCatalogs { .. }
        | S::ShowObjects(_)
        | S::ShowViews { .. }
        | S::ShowFunctions { .. }
        | S::ShowVariable { .. }
        | S::ShowVariables { .. }
        | S::ShowStatus { .. }
        | S::ShowProcessList { .. }
        | S::ShowCharset(_)
        | S::ShowCollation { .. } => {
            if tokens.iter().any(|token| is(token, "into")) {
                ESCAPES
            } else {
                READS
            }
        }
        S::Insert(insert) => match &insert.table {
            _ if insert.overwrite || insert.replace_into || told.grave => DESTROYS,
            _ if insert.or == Some(SqliteOnConflict::Replace) => DESTROYS,
            TableObject::TableName(name) => catalog(name).unwrap_or(WRITES),
            _ => WRITES,
        },
        S::Update(_) if told.grave => DESTROYS,
        S::Update(update) => changed(update),
        S::Set(_) => set(tokens),
        S::Reset(_) => reset(tokens),
        S::StartTransaction { statements, exception, .. } if !statements.is_empty() || exception.is_some() => SEVERAL,
        S::Use(_)
        | S::StartTransaction { .. }
        | S::Commit { .. }
        | S::Rollback { .. }
        | S::Savepoint { .. }
        | S::ReleaseSavepoint { .. }
        | S::Deallocate { .. }
        | S::Discard { .. }
        | S::Analyze(_)
        | S::LISTEN { .. }
        | S::UNLISTEN { .. }
        | S::Close { .. }
        | S::UnlockTables => SESSION,
        other => grave(other),
    }
}

/// What a statement amounts to that is high anyway.
fn grave(statement: &Statement) -> Kind {
    use Statement as S;
    match statement {
        S::Grant(_)
        | S::Revoke(_)
        | S::Deny(_)
        | S::CreateRole(_)
        | S::AlterRole { .. }
        | S::CreateUser(_)
        | S::AlterUser(_) => RIGHTS,
        S::Delete(_)
        | S::Truncate(_)
        | S::Drop { .. }
        | S::DropFunction(_)
        | S::DropProcedure { .. }
        | S::Remove(_)
        | S::Merge(_) => DESTROYS,
        S::Copy { .. }
        | S::CopyIntoSnowflake { .. }
        | S::Unload { .. }
        | S::ExportData(_)
        | S::LoadData { .. }
        | S::AttachDatabase { .. }
        | S::AttachDuckDBDatabase { .. }
        | S::Directory { .. }
        | S::Install { .. }
        | S::Load { .. }
        | S::WaitFor(_) => ESCAPES,
        S::Flush { .. } | S::Kill { .. } => SERVER,
        S::Call(_)
        | S::Execute { .. }
        | S::Declare { .. }
        | S::Open(_)
        | S::Fetch { .. }
        | S::If(_)
        | S::While(_)
        | S::Case(_)
        | S::NOTIFY { .. } => RUNS,
        // Created, altered, vacuumed and whatever the parser learns yet: it changes shapes, or nobody here knows.
        _ => SCHEMA,
    }
}

/// What is set: for the session, for everybody, or who one is.
fn set(tokens: &[Token]) -> Kind {
    let word =
        |token: &Token, words: &[&str]| bare(token).is_some_and(|own| words.contains(&own.to_lowercase().as_str()));
    let head = tokens.get(..4).unwrap_or(tokens);
    if head.iter().any(|t| word(t, &["role", "authorization", "session_authorization", "password"])) {
        RIGHTS
    } else if tokens.iter().any(|t| word(t, &["global", "persist", "persist_only", "@@global", "@@persist"])) {
        SERVER
    } else {
        SESSION
    }
}

/// What is set back.
fn reset(tokens: &[Token]) -> Kind {
    let has = |words: &[&str]| tokens.iter().any(|token| words.iter().any(|word| is(token, word)));
    if has(&["role", "authorization", "session_authorization"]) {
        RIGHTS
    } else if has(&["master", "replica", "slave", "binary", "persist"]) {
        SERVER
    } else {
        SESSION
    }
}

/// What writing to a table of the database itself amounts to.
fn catalog(name: &ObjectName) -> Option<Kind> {
    let parts: Vec<String> = name.0.iter().map(|part| part.to_string().to_ascii_lowercase()).collect();
    let parts: Vec<&str> = parts.iter().map(|part| part.trim_matches(['"', '`', '[', ']'])).collect();
    let (table, schemas) = parts.split_last()?;
    if schemas.contains(&"mysql") || table.starts_with("pg_auth") || ["pg_shadow", "pg_user"].contains(table) {
        return Some(RIGHTS);
    }
    let own = CATALOGS.contains(table) || table.starts_with("pg_");
    (own || schemas.iter().any(|schema| CATALOG_SCHEMAS.contains(schema))).then_some(SCHEMA)
}

fn changed(update: &Update) -> Kind {
    if update.or == Some(SqliteOnConflict::Replace) {
        return DESTROYS;
    }
    if let TableFactor::Table { name, .. } = &update.table.relation
        && let Some(kind) = catalog(name)
    {
        return kind;
    }
    match &update.selection {
        Some(condition) if names_a_column(condition) && !is_loose(condition) => WRITES,
        _ => BULK,
    }
}

/// Whether a condition may be two, one of which holds anyway: `||` may be `OR`, and `XOR` binds less than `=`.
fn is_loose(condition: &Expr) -> bool {
    let text = condition.to_string();
    text.contains("||") || text.contains(" XOR ")
}

/// Whether a condition is about the rows at all: `WHERE 1 = 1` is none.
fn names_a_column(condition: &Expr) -> bool {
    match condition {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => true,
        Expr::BinaryOp { left, op: BinaryOperator::Or, right } => names_a_column(left) && names_a_column(right),
        Expr::BinaryOp { left, right, .. } => !same(left, right) && (names_a_column(left) || names_a_column(right)),
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } | Expr::IsNull(inner) | Expr::IsNotNull(inner) => {
            names_a_column(inner)
        }
        Expr::Like { expr, pattern, .. } | Expr::ILike { expr, pattern, .. } => {
            names_a_column(expr) && pattern.to_string() != "'%'"
        }
        Expr::InList { expr, .. } | Expr::InSubquery { expr, .. } | Expr::Between { expr, .. } => names_a_column(expr),
        _ => false,
    }
}

/// Whether two sides are one: `a = a`, `a = t.a`.
fn same(left: &Expr, right: &Expr) -> bool {
    let last = |expr: &Expr| match expr {
        Expr::Identifier(name) => Some((name.value.to_ascii_lowercase(), 1)),
        Expr::CompoundIdentifier(names) => names.last().map(|name| (name.value.to_ascii_lowercase(), names.len())),
        _ => None,
    };
    match (last(left), last(right)) {
        (Some((left, a)), Some((right, b))) if a != b => left == right,
        _ => left == right,
    }
}

/// `PRAGMA name`, `PRAGMA name = value`, `PRAGMA name(value)`: which of them tell, tune or change. `None`: it is none.
pub(super) fn pragma(tokens: &[Token]) -> Option<Kind> {
    let [first, rest @ ..] = tokens else { return None };
    if !is(first, "pragma") {
        return None;
    }
    let rest = rest.strip_suffix(&[Token::SemiColon]).unwrap_or(rest);
    let rest = if let [Token::Word(_), Token::Period, rest @ ..] = rest { rest } else { rest };
    let [Token::Word(name), value @ ..] = rest else { return None };
    let is_value = |token: &Token| matches!(token, Token::Word(_) | Token::Number(..) | Token::SingleQuotedString(_));
    let signed = |value: &[Token]| match value {
        [value] | [Token::Minus, value] => is_value(value),
        _ => false,
    };
    let given = match value {
        [] | [Token::LParen, Token::RParen] => false,
        [Token::Eq, value @ ..] | [Token::LParen, value @ .., Token::RParen] if signed(value) => true,
        _ => return None,
    };
    let name = name.value.to_ascii_lowercase();
    let one_of = |names: &[&str]| names.contains(&name.as_str());
    if one_of(TELLING) || (!given && one_of(TOLD)) {
        Some(READS)
    } else if one_of(TUNING) || (!given && !one_of(TOLD)) {
        Some(SESSION)
    } else {
        Some(SCHEMA)
    }
}
