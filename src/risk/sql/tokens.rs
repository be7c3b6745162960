//! What the tokens of a statement tell, whatever its grammar: words of change, locks, places that are no tables, names of
//! secrets, statements that follow without a semicolon.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use sqlparser::tokenizer::Token;

use super::words::{CHANGES, CLAUSES, FILES, GRAVE, HINTS, LONE, SECRETS};
use super::{CALLS, ESCAPES, SENSITIVE, SESSION, SEVERAL};
use crate::risk::Kind;

/// The text of a word, quoted or not.
pub(super) const fn text(token: &Token) -> Option<&str> {
    match token {
        Token::Word(word) => Some(word.value.as_str()),
        _ => None,
    }
}

/// The text of a word without quotes.
pub(super) const fn bare(token: &Token) -> Option<&str> {
    match token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.as_str()),
        _ => None,
    }
}

/// Whether a token is this word, without quotes.
pub(super) fn is(token: &Token, word: &str) -> bool {
    bare(token).is_some_and(|own| own.eq_ignore_ascii_case(word))
}

fn is_one_of(token: &Token, words: &[&str]) -> bool {
    bare(token).is_some_and(|own| words.iter().any(|word| own.eq_ignore_ascii_case(word)))
}

/// What the tokens tell.
pub(super) struct Told {
    /// Words that have no business in a query that only reads.
    pub changes: bool,
    /// Those of them that an honest insertion or change of rows does not have either.
    pub grave: bool,
    /// What is true of a query besides.
    pub kinds: Vec<Kind>,
}

/// Reads the tokens once.
pub(super) fn told(tokens: &[Token]) -> Told {
    let mut told = Told { changes: false, grave: false, kinds: Vec::new() };
    for (at, token) in tokens.iter().enumerate() {
        // `SELECT @a := 1`
        if *token == Token::Assignment && is_variable(tokens.get(..at).unwrap_or_default()) {
            told.kinds.push(SESSION);
        }
        let Token::Word(word) = token else { continue };
        let after = tokens.get(at + 1);
        let before = at.checked_sub(1).and_then(|before| tokens.get(before));
        if is_secret(&word.value) {
            told.kinds.push(SENSITIVE);
        }
        if word.quote_style.is_some() {
            continue;
        }
        if is_one_of(token, HINTS)
            || (is(token, "for") && after.is_some_and(|after| is_one_of(after, &["update", "share", "key", "no"])))
        {
            told.kinds.push(SESSION);
        }
        // `sequence.nextval`
        if is(token, "nextval") && before == Some(&Token::Period) && after != Some(&Token::LParen) {
            told.kinds.push(CALLS);
        }
        if is_one_of(token, LONE) && before.is_some_and(ends_a_value) {
            told.kinds.push(SEVERAL);
        }
        // `FOR UPDATE` locks; `truncate(x, 2)` and `insert(x, 1, 2, y)` reckon.
        let locks = is(token, "update") && locking(tokens.get(..at).unwrap_or_default());
        let reckons = is_one_of(token, &["truncate", "insert"]) && after == Some(&Token::LParen);
        if is_one_of(token, CHANGES) && !locks && !reckons {
            told.changes = true;
            told.grave |= is_one_of(token, GRAVE);
        }
    }
    if reaches_out(tokens) {
        told.kinds.push(ESCAPES);
    }
    told
}

/// Whether a query goes on to lock: `FOR`, `FOR NO KEY`.
fn locking(tokens: &[Token]) -> bool {
    match tokens {
        [.., one, two, three] if is(three, "key") => is(two, "no") && is(one, "for"),
        [.., last] => is(last, "for"),
        [] => false,
    }
}

/// Whether what comes last is a variable: `@a`.
fn is_variable(tokens: &[Token]) -> bool {
    match tokens {
        [.., Token::AtSign, Token::Word(_)] => true,
        [.., Token::Word(word)] => word.value.starts_with('@'),
        [.., Token::Placeholder(name)] => name.starts_with('@'),
        _ => false,
    }
}

/// Whether words of change are among the tokens, as whatever.
pub(super) fn changes(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| is_one_of(token, CHANGES))
}

/// The parts of names of secrets, found in one pass; made once. `None` if that cannot be: then every name may be one.
static SECRET: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(SECRETS).ok());

/// Whether a text may name a password, a key or the like; it may stand in a text or a comment.
pub(super) fn may_be_secret(text: &str) -> bool {
    SECRET.as_ref().is_none_or(|search| search.is_match(text))
}

/// Whether a name is that of a password, a key or the like.
fn is_secret(name: &str) -> bool {
    may_be_secret(name) && !name.to_ascii_lowercase().contains("secretar")
}

/// Whether a statement may end here: after a name, a number, a text, a bracket.
fn ends_a_value(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.quote_style.is_some() || !is_one_of(token, CLAUSES),
        Token::Number(..)
        | Token::Placeholder(_)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::NationalStringLiteral(_)
        | Token::EscapedStringLiteral(_)
        | Token::HexStringLiteral(_)
        | Token::DollarQuotedString(_)
        | Token::RParen
        | Token::RBracket
        | Token::Mul => true,
        _ => false,
    }
}

/// One pair of brackets: whether a query has begun in it, and whether it is among the tables.
#[derive(Clone, Copy, Default)]
struct Level {
    query: bool,
    tables: bool,
}

/// Whether something stands in the place of a table that is none: a file, a URL, a table on another server.
fn reaches_out(tokens: &[Token]) -> bool {
    let mut outer: Vec<Level> = Vec::new();
    let mut level = Level { query: true, tables: false };
    let mut before: Option<&Token> = None;
    for (at, token) in tokens.iter().enumerate() {
        let mut comes = false;
        match token {
            Token::LParen => {
                let joined = level.tables && before.is_some_and(|t| is_one_of(t, &["from", "join"]));
                outer.push(level);
                level = Level { query: joined, tables: joined };
                comes = joined;
            }
            Token::LBracket | Token::LBrace => {
                outer.push(level);
                level = Level::default();
            }
            Token::RParen | Token::RBracket | Token::RBrace => level = outer.pop().unwrap_or_default(),
            Token::Comma => comes = level.tables,
            Token::SemiColon => level.tables = false,
            token if is_one_of(token, &["select", "with"]) => level = Level { query: true, tables: false },
            token if is(token, "from") => {
                let begins = level.query || before == Some(&Token::LParen);
                level.tables = begins && !before.is_some_and(|before| is(before, "distinct"));
                comes = level.tables;
            }
            token if is_one_of(token, &["join", "only", "lateral"]) => comes = level.tables,
            // `TABLE 'x.csv'`, `SUMMARIZE 'x.csv'`, `DESCRIBE 'x.csv'`.
            token if is(token, "table") => comes = true,
            token if is_one_of(token, &["summarize", "describe", "desc", "show"]) => comes = before.is_none(),
            token
                if is_one_of(
                    token,
                    &[
                        "where",
                        "group",
                        "order",
                        "having",
                        "limit",
                        "union",
                        "set",
                        "window",
                        "returning",
                        "qualify",
                        "settings",
                    ],
                ) =>
            {
                level.tables = false;
            }
            _ => {}
        }
        if comes && is_no_table(tokens.get(at + 1..).unwrap_or_default()) {
            return true;
        }
        before = Some(token);
    }
    false
}

/// Whether what stands where a table is named is none of this database.
fn is_no_table(rest: &[Token]) -> bool {
    let (mut parts, mut at) = (0, 0);
    loop {
        match rest.get(at) {
            Some(Token::Word(word)) if word.quote_style.is_some() => {
                if is_file(&word.value) {
                    return true;
                }
            }
            // `@stage`, `table@link`
            Some(Token::Word(word)) if word.value.contains('@') => return true,
            Some(Token::Word(_)) => {}
            Some(Token::DoubleQuotedString(name)) if !is_file(name) => {}
            Some(
                Token::AtSign
                | Token::SingleQuotedString(_)
                | Token::DoubleQuotedString(_)
                | Token::EscapedStringLiteral(_)
                | Token::NationalStringLiteral(_)
                | Token::DollarQuotedString(_)
                | Token::UnicodeStringLiteral(_),
            ) => return true,
            _ => return false,
        }
        parts += 1;
        at += 1;
        if rest.get(at) != Some(&Token::Period) {
            break;
        }
        at += 1;
    }
    // `server.database.schema.table`, but for a project's `information_schema`; `table@link`.
    let told = rest.get(4).is_some_and(|third| is(third, "information_schema"));
    let link = rest.get(at).is_some_and(|t| *t == Token::AtSign || bare(t).is_some_and(|own| own.starts_with('@')));
    // `data.csv`, which DuckDB reads like `'data.csv'`.
    let file = parts > 1 && rest.get(at - 1).and_then(text).is_some_and(is_ending);
    (parts > 3 && !told) || link || file
}

/// Whether a name ends that of a file when it is the last of several.
pub(super) fn is_ending(name: &str) -> bool {
    FILES.iter().any(|own| name.eq_ignore_ascii_case(own))
}

/// Whether a name in quotes is that of a file or an address: some databases read these like tables.
pub(super) fn is_file(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    name.contains(['/', '\\']) || ending.is_some_and(|ending| FILES.contains(&ending.as_str()))
}
