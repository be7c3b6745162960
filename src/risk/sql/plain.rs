//! Plain queries, read without the large parser: names, numbers, texts, operators and calls, joins, subqueries, common
//! tables, windows, `CASE`; no word that changes anything, and nothing that two databases cut differently.
//!
//! Invariant: what is taken here is one query that changes nothing in every database, but for what the functions do that
//! it calls, and the large parser reads it too and finds the same; when unsure, it is not taken. One pass over the tokens
//! without a way back.

mod expression;
mod lex;

use super::tokens::is_ending;
use lex::{GENERIC, Key, MYSQL, POSTGRES, SQL_SERVER, SQLITE, Token};

/// The most queries within each other: the large parser stops at a depth that it counts in other things.
const MOST_QUERIES: usize = 5;

/// Names that begin something else in some databases where another name may stand.
const NO_ALIASES: &[&str] = &[
    "distribute",
    "exclude",
    "format",
    "if",
    "minus",
    "open",
    "output",
    "prewhere",
    "settings",
    "sort",
    "start",
    "to",
    "view",
];

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    queries: usize,
    calls: Vec<&'a str>,
    /// Which parsers read all of it.
    readers: u8,
}

/// The functions that a plain query calls; `None` when the text is none.
pub(super) fn query(text: &str) -> Option<Vec<&str>> {
    let (tokens, readers) = lex::tokens(text)?;
    let mut reader = Reader { tokens, at: 0, queries: 0, calls: Vec::new(), readers };
    reader.explain()?;
    reader.query()?;
    reader.take_sign(";");
    (reader.now() == Token::End && reader.readers != 0).then_some(reader.calls)
}

/// Whether every database cuts a text in the same places, however it reads the pieces.
pub(super) fn is_cut_alike(text: &str) -> bool {
    lex::tokens(text).is_some()
}

impl<'a> Reader<'a> {
    /// What comes is read by these parsers only.
    const fn only(&mut self, readers: u8) {
        self.readers &= readers;
    }

    fn now(&self) -> Token<'a> {
        self.peek(0)
    }

    fn peek(&self, more: usize) -> Token<'a> {
        self.tokens.get(self.at + more).copied().unwrap_or(Token::End)
    }

    const fn skip(&mut self) {
        self.at += 1;
    }

    fn is(&self, key: Key) -> bool {
        self.now() == Token::Key(key)
    }

    fn is_sign(&self, sign: &str) -> bool {
        self.now() == Token::Sign(sign)
    }

    /// Takes a word if it comes.
    fn take(&mut self, key: Key) -> bool {
        let is = self.is(key);
        self.at += usize::from(is);
        is
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let is = self.is_sign(sign);
        self.at += usize::from(is);
        is
    }

    fn take_one_of(&mut self, keys: &[Key]) -> bool {
        keys.iter().any(|key| self.take(*key))
    }

    fn must(&mut self, key: Key) -> Option<()> {
        self.take(key).then_some(())
    }

    fn must_sign(&mut self, sign: &str) -> Option<()> {
        self.take_sign(sign).then_some(())
    }

    /// A word that is a name elsewhere.
    fn take_word(&mut self, word: &str) -> bool {
        let is = self.is_word(word);
        self.at += usize::from(is);
        is
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.now(), Token::Name(own) if own.eq_ignore_ascii_case(word))
    }

    fn take_words(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.take_word(word))
    }

    /// A name, quoted or not.
    fn name(&mut self) -> Option<()> {
        matches!(self.now(), Token::Name(_) | Token::Quoted).then(|| self.skip())
    }

    /// Things of one kind with commas between them.
    fn list(&mut self, one: fn(&mut Self) -> Option<()>) -> Option<()> {
        loop {
            one(self)?;
            if !self.take_sign(",") {
                return Some(());
            }
        }
    }

    fn in_brackets(&mut self, inside: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        self.must_sign("(")?;
        inside(self)?;
        self.must_sign(")")
    }

    fn names(&mut self) -> Option<()> {
        self.in_brackets(|reader| reader.list(Self::name))
    }

    /// `EXPLAIN`, `EXPLAIN ANALYZE`, `EXPLAIN (ANALYZE, FORMAT JSON)`, `EXPLAIN QUERY PLAN`, or nothing.
    fn explain(&mut self) -> Option<()> {
        if !self.take(Key::Explain) {
            return Some(());
        }
        if self.is_sign("(") && !matches!(self.peek(1), Token::Key(Key::Select | Key::With) | Token::Sign("(")) {
            self.only(POSTGRES);
            return self.in_brackets(|reader| reader.list(Self::explaining));
        }
        if self.take_word("query") {
            return self.take_word("plan").then_some(());
        }
        self.take(Key::Analyze);
        self.take_word("verbose");
        Some(())
    }

    fn explaining(&mut self) -> Option<()> {
        let known = ["verbose", "costs", "buffers", "timing", "summary", "settings", "wal", "format"];
        (self.take(Key::Analyze) || self.take_words(&known)).then_some(())?;
        let _ = self.take_words(&["json", "text", "yaml", "xml", "off"]) || self.take_one_of(&[Key::True, Key::False]);
        Some(())
    }

    fn query(&mut self) -> Option<()> {
        self.queries += 1;
        (self.queries <= MOST_QUERIES).then_some(())?;
        if self.take(Key::With) {
            self.take(Key::Recursive);
            self.list(Self::common)?;
        }
        self.body()?;
        loop {
            if !self.take_one_of(&[Key::Union, Key::Intersect, Key::Except]) {
                break;
            }
            self.take_one_of(&[Key::All, Key::Distinct]);
            self.body()?;
        }
        self.ends()?;
        self.queries -= 1;
        Some(())
    }

    /// `name (columns) AS (query)`
    fn common(&mut self) -> Option<()> {
        self.name()?;
        if self.is_sign("(") {
            self.names()?;
        }
        self.must(Key::As)?;
        let not = self.take(Key::Not);
        if not || self.is_word("materialized") {
            self.only(POSTGRES);
            self.take_word("materialized").then_some(())?;
        }
        self.in_brackets(Self::query)
    }

    fn body(&mut self) -> Option<()> {
        if self.is_sign("(") {
            return self.in_brackets(Self::query);
        }
        if self.take(Key::Values) {
            return self.list(|reader| reader.in_brackets(Self::expressions));
        }
        self.select()
    }

    /// `ORDER BY … LIMIT … OFFSET … FETCH …`
    fn ends(&mut self) -> Option<()> {
        self.order()?;
        if self.take(Key::Limit) && !self.take(Key::All) {
            self.count()?;
            if self.take_sign(",") {
                self.only(MYSQL | SQLITE | GENERIC);
                return self.count();
            }
        }
        if self.take(Key::Offset) {
            self.count()?;
            let _ = self.take_word("rows") || self.take(Key::Row);
            if self.take(Key::Limit) {
                self.count()?;
            }
        }
        if self.take(Key::Fetch) {
            self.take_words(&["first", "next"]).then_some(())?;
            let _ = self.count();
            (self.take_word("rows") || self.take(Key::Row)).then_some(())?;
            self.must(Key::Only)?;
        }
        Some(())
    }

    fn count(&mut self) -> Option<()> {
        matches!(self.now(), Token::Whole | Token::Given).then(|| self.skip())
    }

    fn order(&mut self) -> Option<()> {
        if !self.take(Key::Order) {
            return Some(());
        }
        self.must(Key::By)?;
        self.list(|reader| {
            reader.expression()?;
            reader.take_one_of(&[Key::Asc, Key::Desc]);
            if reader.take_word("nulls") {
                reader.take_words(&["first", "last"]).then_some(())?;
            }
            Some(())
        })
    }

    fn select(&mut self) -> Option<()> {
        self.must(Key::Select)?;
        if self.take(Key::Distinct) {
            if self.take(Key::On) {
                self.in_brackets(Self::expressions)?;
            }
        } else if self.take(Key::Top) {
            self.only(SQL_SERVER | GENERIC);
            let bracket = self.take_sign("(");
            (self.now() == Token::Whole).then(|| self.skip())?;
            (self.take_sign(")") == bracket && !self.take_word("percent")).then_some(())?;
        }
        self.list(Self::item)?;
        if self.take(Key::From) {
            self.tables()?;
        }
        if self.take(Key::Where) {
            self.expression()?;
        }
        if self.take(Key::Group) {
            self.must(Key::By)?;
            if !self.take(Key::All) {
                self.list(Self::group)?;
            }
            if self.is(Key::With) && self.peek(1) == Token::Key(Key::Rollup) {
                self.only(MYSQL | GENERIC);
                self.at += 2;
            }
        }
        if self.take(Key::Having) {
            self.expression()?;
        }
        if self.take(Key::Window) {
            self.list(|reader| {
                reader.name()?;
                reader.must(Key::As)?;
                reader.in_brackets(Self::window)
            })?;
        }
        if self.take(Key::Qualify) {
            self.expression()?;
        }
        Some(())
    }

    /// What rows are grouped by: an expression, `ROLLUP (…)`, `CUBE (…)`, `GROUPING SETS (…)`.
    fn group(&mut self) -> Option<()> {
        if self.take_one_of(&[Key::Rollup, Key::Cube]) {
            self.only(POSTGRES);
            return self.in_brackets(Self::expressions);
        }
        if self.take(Key::Grouping) {
            self.only(POSTGRES);
            self.take_word("sets").then_some(())?;
            return self.in_brackets(|reader| reader.list(Self::grouping));
        }
        self.expression()
    }

    fn grouping(&mut self) -> Option<()> {
        self.in_brackets(|reader| if reader.is_sign(")") { Some(()) } else { reader.expressions() })
    }

    /// One column of a result: an expression with or without a name, `*`, `t.*`.
    fn item(&mut self) -> Option<()> {
        if self.take_sign("*") {
            // `* EXCEPT (a)`, but not `* EXCEPT (SELECT …)`.
            let except = self.is(Key::Except) || self.is_word("exclude");
            if except && self.peek(1) == Token::Sign("(") && matches!(self.peek(2), Token::Name(_) | Token::Quoted) {
                self.only(GENERIC);
                self.skip();
                return self.names();
            }
            return Some(());
        }
        if matches!(self.now(), Token::Name(_) | Token::Quoted) {
            let mut more = 1;
            while self.peek(more) == Token::Sign(".") {
                if self.peek(more + 1) == Token::Sign("*") {
                    self.at += more + 2;
                    return Some(());
                }
                more += 2;
            }
        }
        self.expression()?;
        if self.take(Key::As) {
            return (self.now() == Token::Text).then(|| self.skip()).or_else(|| self.name());
        }
        self.alias();
        Some(())
    }

    /// A name without `AS`, or nothing: what is no name begins what comes next.
    fn alias(&mut self) {
        let other = |name: &str| NO_ALIASES.iter().any(|own| name.eq_ignore_ascii_case(own));
        if !matches!(self.now(), Token::Name(name) if other(name)) {
            let _ = self.name();
        }
    }

    fn tables(&mut self) -> Option<()> {
        self.table()?;
        loop {
            if self.take_sign(",") {
                self.table()?;
                continue;
            }
            let cross = self.take(Key::Cross);
            let natural = !cross && self.take(Key::Natural);
            let mut kind = cross || natural;
            if !cross && self.take_one_of(&[Key::Left, Key::Right, Key::Full]) {
                self.take(Key::Outer);
                kind = true;
            } else if !cross {
                kind |= self.take(Key::Inner);
            }
            if !self.take(Key::Join) {
                return (!kind).then_some(());
            }
            self.table()?;
            if cross || natural {
                continue;
            }
            if self.take(Key::On) {
                self.expression()?;
            } else if self.take(Key::Using) {
                self.names()?;
            }
        }
    }

    fn table(&mut self) -> Option<()> {
        let lateral = self.take(Key::Lateral);
        let mut named = false;
        if self.is_sign("(") {
            self.in_brackets(Self::query)?;
        } else if let (Token::Name(name), Token::Sign("(")) = (self.now(), self.peek(1)) {
            self.skip();
            self.source(name)?;
            if self.is(Key::With)
                && matches!(self.peek(1), Token::Name(name) if name.eq_ignore_ascii_case("ordinality"))
            {
                self.only(POSTGRES);
                self.at += 2;
            }
        } else {
            (!lateral).then_some(())?;
            named = true;
            self.place()?;
        }
        if self.take(Key::As) {
            self.name()?;
            if self.is_sign("(") {
                self.names()?;
            }
        } else {
            self.alias();
        }
        if named && self.take(Key::With) {
            self.only(SQL_SERVER | GENERIC);
            return self.in_brackets(|reader| reader.take_word("nolock").then_some(()));
        }
        Some(())
    }

    /// The name of a table; with four parts it is on another server, and `data.csv` may be a file.
    fn place(&mut self) -> Option<()> {
        self.name()?;
        for _ in 0..2 {
            if self.take_sign(".") {
                (!matches!(self.now(), Token::Name(name) if is_ending(name))).then_some(())?;
                self.name()?;
            }
        }
        (!self.is_sign(".")).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_queries_are_taken_with_the_functions_that_they_call() {
        for (sql, calls) in [
            ("SELECT 1", &[][..]),
            ("select a, b.c as d from t where a = 'x' and b.c in (1, 2.5) order by a desc limit 10;", &[]),
            ("SELECT count(*), max(t.a) FROM t LEFT JOIN u ON t.id = u.id GROUP BY t.b", &["count", "max"]),
            ("SELECT pg_read_file('/etc/passwd')", &["pg_read_file"]),
            ("SELECT a FROM t WHERE NOT a IS NULL AND b NOT LIKE 'x%' OR (c BETWEEN 1 AND d)", &[]),
        ] {
            assert_eq!(query(sql).as_deref(), Some(calls), "{sql}");
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_large_parser() {
        for sql in [
            "",
            "SELECT",
            "SELECT FROM t",
            "SELECT a b c FROM t",
            "SELECT 1; DROP TABLE t",
            "SELECT e'\\''",
            "SELECT x'00'",
            "SELECT a INTO t",
            "SELECT a FROM t FOR UPDATE",
            "SELECT (DELETE)",
            "SELECT 0x10",
            "SELECT @@version",
            "DELETE FROM t",
            "SELECT 'a' 'b'",
            "SELECT a FROM t INNER",
            "SELECT (((((((((((1)))))))))))",
            "SELECT a = = b",
            "SELECT a(",
        ] {
            assert_eq!(query(sql), None, "{sql}");
        }
    }
}
