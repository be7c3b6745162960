//! A text in every way in which a database may read it.
//!
//! Invariant: of several readings the gravest counts; a reading that no parser follows counts by its words.

use sqlparser::dialect::{
    BigQueryDialect, ClickHouseDialect, Dialect, DuckDbDialect, GenericDialect, MsSqlDialect, MySqlDialect,
    OracleDialect, PostgreSqlDialect, SQLiteDialect, SnowflakeDialect,
};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::statement::{one, pragma};
use super::tokens::{changes, is, may_be_secret, told};
use super::{CALLS, DEEPEST, ESCAPES, LONGEST, READS, SENSITIVE, SESSION, SEVERAL, UNREADABLE, functions, plain};
use crate::risk::Kind;

/// The most tokens given to the parser.
const MOST_TOKENS: usize = 1500;

/// What a text amounts to in every way in which a database may read it; `None` when it is no SQL at all.
pub(super) fn read(text: &str, sure: bool, budget: &mut usize) -> Option<Vec<Kind>> {
    let mut readings = Readings::default();
    if is_odd(text) {
        readings.kinds.push(UNREADABLE);
    }
    if text.len() <= LONGEST {
        readings.take(text, budget);
    }
    let Readings { was_read, words, mut kinds, .. } = readings;
    if !was_read && !sure && !words && text.len() <= LONGEST {
        return None;
    }
    if !was_read || words {
        kinds.push(UNREADABLE);
    }
    Some(kinds)
}

/// Whether a database may run what every reader here takes for a comment, a blank or a name.
fn is_odd(text: &str) -> bool {
    // MySQL runs these; drivers stop at a NUL; `U&"\0061"` may spell any name; to MySQL only ASCII blanks make a comment.
    let blank = |(at, _): (usize, &str)| {
        text.get(at + 2..).and_then(|rest| rest.chars().next()).is_some_and(|c| !c.is_ascii() && c.is_whitespace())
    };
    ["/*!", "/*M!", "\0", "U&\"", "u&\""].iter().any(|odd| text.contains(odd)) || text.match_indices("--").any(blank)
}

/// What a query amounts to that changes nothing.
const OF_QUERIES: &[Kind] = &[READS, SENSITIVE, CALLS, ESCAPES, SESSION];

#[derive(Default)]
struct Readings {
    was_read: bool,
    /// Whether words of change are in a reading that no parser follows.
    words: bool,
    kinds: Vec<Kind>,
    /// What was read, by its tokens: another dialect to which it is the same tokens reads it alike.
    seen: Vec<Vec<Token>>,
}

impl Readings {
    fn take(&mut self, text: &str, budget: &mut usize) {
        let common: [&dyn Dialect; 5] =
            [&PostgreSqlDialect {}, &MySqlDialect {}, &SQLiteDialect {}, &MsSqlDialect {}, &GenericDialect {}];
        let others: [&dyn Dialect; 4] =
            [&SnowflakeDialect {}, &BigQueryDialect {}, &DuckDbDialect {}, &ClickHouseDialect {}];
        let one_reading =
            !text.contains(['\\', '#', '`', '$', '[', '"']) && !text.contains("--") && !text.contains("/*");
        let alike = one_reading || (!may_be_secret(text) && plain::is_cut_alike(text));
        for dialect in common {
            self.one(dialect, text, budget);
            // To a query it is nothing whether `"a"` is a name or a text, but for what it may be the name of; a condition
            // may mean all rows or none.
            let queries = self.kinds.contains(&READS) && self.kinds.iter().all(|kind| OF_QUERIES.contains(kind));
            if self.was_read && (one_reading || (alike && queries)) {
                break;
            }
        }
        // These end texts and comments elsewhere.
        let rare: [(&dyn Dialect, &[&str]); 3] = [
            (&BigQueryDialect {}, &["'''", "\"\"\""]),
            (&SnowflakeDialect {}, &["//"]),
            (&OracleDialect {}, &["q'", "Q'"]),
        ];
        for (dialect, signs) in rare {
            if signs.iter().any(|sign| text.contains(sign)) {
                *budget = budget.saturating_sub(text.len());
                self.one(dialect, text, budget);
            }
        }
        for dialect in others {
            if !self.was_read {
                *budget = budget.saturating_sub(text.len());
                self.one(dialect, text, budget);
            }
        }
    }

    fn one(&mut self, dialect: &dyn Dialect, text: &str, budget: &mut usize) {
        if *budget == 0 {
            return;
        }
        let Some(tokens) = tokens(dialect, text) else { return };
        if self.seen.contains(&tokens) {
            return;
        }
        *budget = budget.saturating_sub(text.len());
        if *budget == 0 {
            return self.kinds.push(UNREADABLE);
        }
        if let Some(own) = in_dialect(dialect, &tokens) {
            self.was_read = true;
            self.kinds.extend(own);
            self.seen.push(tokens);
        } else {
            self.words |= changes(&tokens) || tokens.is_empty() || is_too_much(&tokens);
            self.kinds.extend(functions::kinds(&tokens).filter(|kind| *kind == ESCAPES));
        }
    }
}

/// The tokens of a text in one dialect, without blanks and comments; `None` when it has none there.
fn tokens(dialect: &dyn Dialect, text: &str) -> Option<Vec<Token>> {
    let tokens = Tokenizer::new(dialect, text).tokenize().ok()?;
    Some(tokens.into_iter().filter(|t| !matches!(t, Token::Whitespace(_))).collect())
}

fn is_too_much(tokens: &[Token]) -> bool {
    tokens.len() > MOST_TOKENS || deepest(tokens) > DEEPEST
}

/// What a text's tokens amount to in one dialect; `None` when its parser does not follow them.
fn in_dialect(dialect: &dyn Dialect, tokens: &[Token]) -> Option<Vec<Kind>> {
    if tokens.is_empty() || is_too_much(tokens) {
        return None;
    }
    if let Some(kind) = pragma(tokens) {
        return Some(vec![kind]);
    }
    let told = told(tokens);
    let parser = Parser::new(dialect).with_recursion_limit(40);
    let statements = parser.with_tokens(as_parsed(tokens)).parse_statements().ok()?;
    let mut kinds: Vec<Kind> = statements.iter().map(|statement| one(statement, &told, tokens)).collect();
    if statements.len() > 1 {
        kinds.push(SEVERAL);
    }
    let reads = kinds.contains(&READS);
    kinds.extend(told.kinds.into_iter().filter(|kind| reads || *kind != SENSITIVE));
    kinds.extend(functions::kinds(tokens));
    (!statements.is_empty()).then_some(kinds)
}

/// The tokens as the parser knows them: `TABLE t` and `SUMMARIZE t` in other words.
fn as_parsed(tokens: &[Token]) -> Vec<Token> {
    let word = |word: &str| Token::make_keyword(word);
    match tokens {
        [first, rest @ ..] if is(first, "table") => {
            [word("SELECT"), Token::Mul, word("FROM")].iter().chain(rest).cloned().collect()
        }
        [first, rest @ ..] if is(first, "summarize") => [word("DESCRIBE")].iter().chain(rest).cloned().collect(),
        _ => tokens.to_vec(),
    }
}

/// How deep brackets and `CASE` nest, and how many prefixes stand in a row.
fn deepest(tokens: &[Token]) -> usize {
    let (mut depth, mut deepest, mut cases, mut prefixes) = (0_usize, 0, 0_usize, 0_usize);
    for token in tokens {
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            Token::Word(w) if w.keyword == Keyword::CASE => cases += 1,
            Token::Word(w) if w.keyword == Keyword::END => cases = cases.saturating_sub(1),
            Token::Word(w) if w.keyword == Keyword::NOT => prefixes += 1,
            Token::Minus | Token::Plus | Token::Tilde | Token::ExclamationMark => prefixes += 1,
            _ => prefixes = 0,
        }
        deepest = deepest.max(depth + cases + prefixes);
    }
    deepest
}
