//! Plain queries, read without the large parser: `SELECT … FROM … WHERE …` of names, numbers, strings, operators and
//! calls, without comments, quoted names, subqueries or anything that two databases read differently.
//!
//! Invariant: what is taken here is one query that changes nothing in every database, but for what the functions do that
//! it calls; when unsure, it is not taken and the large parser reads it. One pass, no allocation but for those names.

/// Words that are no names: they begin, join or end parts of a statement, or change something.
const RESERVED: &[&str] = &[
    "select",
    "distinct",
    "all",
    "from",
    "where",
    "group",
    "order",
    "by",
    "having",
    "limit",
    "offset",
    "as",
    "on",
    "join",
    "inner",
    "left",
    "right",
    "full",
    "outer",
    "cross",
    "natural",
    "using",
    "and",
    "or",
    "not",
    "in",
    "is",
    "like",
    "ilike",
    "between",
    "null",
    "true",
    "false",
    "asc",
    "desc",
    "union",
    "intersect",
    "except",
    "case",
    "when",
    "then",
    "else",
    "end",
    "exists",
    "any",
    "some",
    "with",
    "values",
    "table",
    "for",
    "fetch",
    "window",
    "nextval",
    "reconfigure",
    "checkpoint",
    "revert",
    "setuser",
    "rollback",
    "into",
    "set",
    "insert",
    "update",
    "delete",
    "drop",
    "truncate",
    "alter",
    "create",
    "grant",
    "revoke",
    "merge",
    "copy",
    "call",
    "exec",
    "execute",
    "attach",
    "detach",
    "vacuum",
    "reindex",
    "rename",
    "outfile",
    "dumpfile",
    "replace",
    "do",
    "lateral",
    "interval",
    "cast",
    "escape",
    "collate",
    "procedure",
    "lock",
    "top",
    "qualify",
    "returning",
    "go",
    "use",
    "declare",
    "begin",
    "commit",
    "waitfor",
    "shutdown",
    "kill",
    "load",
    "option",
    "pivot",
    "sample",
    "tablesample",
    "array",
    "row",
    "cube",
    "rollup",
    "grouping",
    "over",
    "filter",
    "within",
    "only",
    "div",
    "mod",
    "xor",
    "regexp",
    "rlike",
    "similar",
    "glob",
    "match",
    "notnull",
    "isnull",
    "binary",
    "print",
    "if",
    "while",
    "dbcc",
    "backup",
];

/// How deep brackets may nest here.
const DEEPEST: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Token<'a> {
    Word(&'a str),
    Number,
    Text,
    Sign(&'a str),
    End,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    now: Token<'a>,
    depth: usize,
    calls: Vec<&'a str>,
}

/// The functions that a plain query calls; `None` when the text is none.
pub(super) fn query(text: &str) -> Option<Vec<&str>> {
    let odd = |b: &u8| !matches!(b, b'\t' | b'\n' | b'\r' | b' '..=b'~') || b"\"`[]{}$#\\@:?~^&|!".contains(b);
    if text.as_bytes().iter().any(odd) {
        return None;
    }
    let mut reader = Reader { text, at: 0, now: Token::End, depth: 0, calls: Vec::new() };
    reader.next()?;
    reader.statement()?;
    (reader.now == Token::End).then_some(reader.calls)
}

impl<'a> Reader<'a> {
    /// Goes on to the next token. `None`: something that is not plain.
    fn next(&mut self) -> Option<Token<'a>> {
        let before = self.now;
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        let rest = self.text.get(self.at..)?;
        let run = |fits: fn(&u8) -> bool| rest.bytes().take_while(fits).count();
        let (token, len) = match rest.as_bytes().first() {
            None => (Token::End, 0),
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => {
                let len = run(|b| b.is_ascii_alphanumeric() || *b == b'_');
                // `e'…'`, `x'…'`, `n'…'` are texts of other kinds.
                if rest.as_bytes().get(len) == Some(&b'\'') {
                    return None;
                }
                (Token::Word(rest.get(..len)?), len)
            }
            Some(b'0'..=b'9') => {
                let len = run(|b| b.is_ascii_digit() || *b == b'.');
                if rest.as_bytes().get(len).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_' || *b == b'\'') {
                    return None;
                }
                (Token::Number, len)
            }
            Some(b'\'') => {
                let len = memchr::memchr(b'\'', rest.get(1..)?.as_bytes())? + 2;
                if rest.as_bytes().get(len).is_some_and(|b| *b == b'\'' || b.is_ascii_alphanumeric()) {
                    return None;
                }
                (Token::Text, len)
            }
            Some(_) => {
                let two = rest.get(..2).filter(|two| ["<=", ">=", "<>"].contains(two));
                if ["--", "/*", "*/"].iter().any(|comment| rest.starts_with(comment)) {
                    return None;
                }
                let sign = two.or_else(|| rest.get(..1))?;
                (Token::Sign(sign), sign.len())
            }
        };
        self.at += len;
        self.now = token;
        Some(before)
    }

    fn is(&self, word: &str) -> bool {
        matches!(self.now, Token::Word(own) if own.eq_ignore_ascii_case(word))
    }

    fn is_sign(&self, sign: &str) -> bool {
        self.now == Token::Sign(sign)
    }

    /// Takes a word if it comes.
    fn take(&mut self, word: &str) -> Option<bool> {
        let is = self.is(word);
        if is {
            self.next()?;
        }
        Some(is)
    }

    fn take_sign(&mut self, sign: &str) -> Option<bool> {
        let is = self.is_sign(sign);
        if is {
            self.next()?;
        }
        Some(is)
    }

    fn must(&mut self, word: &str) -> Option<()> {
        self.take(word)?.then_some(())
    }

    fn must_sign(&mut self, sign: &str) -> Option<()> {
        self.take_sign(sign)?.then_some(())
    }

    /// Any of these signs.
    fn one_of(&mut self, signs: &[&str]) -> Option<bool> {
        let is = matches!(self.now, Token::Sign(sign) if signs.contains(&sign));
        if is {
            self.next()?;
        }
        Some(is)
    }

    fn name(&mut self) -> Option<&'a str> {
        let Token::Word(word) = self.now else { return None };
        if RESERVED.iter().any(|reserved| word.eq_ignore_ascii_case(reserved)) {
            return None;
        }
        self.next()?;
        Some(word)
    }

    /// `AS name`, or a name alone, or nothing.
    fn alias(&mut self) -> Option<()> {
        if self.take("as")? {
            self.name()?;
        } else if matches!(self.now, Token::Word(_)) {
            // A reserved word begins what comes next.
            let _ = self.name();
        }
        Some(())
    }

    fn statement(&mut self) -> Option<()> {
        self.must("select")?;
        self.take("distinct")?;
        loop {
            if !self.take_sign("*")? {
                self.expression()?;
                self.alias()?;
            }
            if !self.take_sign(",")? {
                break;
            }
        }
        if self.take("from")? {
            self.tables()?;
            if self.take("where")? {
                self.expression()?;
            }
            if self.take("group")? {
                self.must("by")?;
                self.list()?;
            }
            if self.take("having")? {
                self.expression()?;
            }
        }
        if self.take("order")? {
            self.must("by")?;
            loop {
                self.expression()?;
                let _ = self.take("asc")? || self.take("desc")?;
                if !self.take_sign(",")? {
                    break;
                }
            }
        }
        for word in ["limit", "offset"] {
            if self.take(word)? {
                (self.next()? == Token::Number).then_some(())?;
            }
        }
        self.take_sign(";")?;
        Some(())
    }

    fn tables(&mut self) -> Option<()> {
        self.table()?;
        loop {
            if self.take_sign(",")? {
                self.table()?;
                continue;
            }
            let side = self.take("left")? || self.take("right")? || self.take("full")?;
            let kind = if side { self.take("outer")? || side } else { self.take("inner")? || self.take("cross")? };
            if !self.is("join") {
                return (!kind).then_some(());
            }
            self.next()?;
            self.table()?;
            if self.take("on")? {
                self.expression()?;
            }
        }
    }

    fn table(&mut self) -> Option<()> {
        let mut parts = 1;
        self.name()?;
        while self.take_sign(".")? {
            self.name()?;
            parts += 1;
        }
        // With four it is on another server.
        (parts < 4).then_some(())?;
        self.alias()
    }

    fn list(&mut self) -> Option<()> {
        loop {
            self.expression()?;
            if !self.take_sign(",")? {
                return Some(());
            }
        }
    }

    fn expression(&mut self) -> Option<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        loop {
            while self.take("not")? {}
            self.one_of(&["-", "+"])?;
            self.operand()?;
            self.test()?;
            let goes_on = self.one_of(&["=", "<", ">", "<=", ">=", "<>", "+", "-", "*", "/", "%"])?
                || self.take("and")?
                || self.take("or")?;
            if !goes_on {
                break;
            }
        }
        self.depth -= 1;
        Some(())
    }

    /// `IS NULL`, `IN (…)`, `LIKE …`, `BETWEEN … AND …`, or nothing.
    fn test(&mut self) -> Option<()> {
        if self.take("is")? {
            self.take("not")?;
            return self.must("null");
        }
        let not = self.take("not")?;
        if self.take("in")? {
            self.must_sign("(")?;
            self.list()?;
            self.must_sign(")")
        } else if self.take("like")? || self.take("ilike")? {
            self.operand()
        } else if self.take("between")? {
            self.operand()?;
            self.must("and")?;
            self.operand()
        } else {
            (!not).then_some(())
        }
    }

    fn operand(&mut self) -> Option<()> {
        if matches!(self.now, Token::Number | Token::Text) {
            self.next()?;
            return Some(());
        }
        if self.take_sign("(")? {
            self.expression()?;
            return self.must_sign(")");
        }
        if self.take("null")? || self.take("true")? || self.take("false")? {
            return Some(());
        }
        let name = self.name()?;
        let mut alone = true;
        while self.take_sign(".")? {
            // `t.*` stands only where a column does: for the large parser.
            self.name()?;
            alone = false;
        }
        if self.take_sign("(")? {
            // In a schema it is anybody's.
            alone.then_some(())?;
            self.calls.push(name);
            if !self.is_sign(")") && !self.take_sign("*")? {
                self.take("distinct")?;
                self.list()?;
            }
            self.must_sign(")")?;
        }
        Some(())
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
            "SELECT 1 -- x",
            "SELECT /* x */ 1",
            "SELECT 'a''b'",
            "SELECT e'\\''",
            "SELECT x'00'",
            "SELECT \"a\"",
            "SELECT a INTO t",
            "SELECT a FROM t FOR UPDATE",
            "SELECT a FROM (SELECT 1) x",
            "SELECT (DELETE)",
            "SELECT 1 UNION SELECT 2",
            "SELECT 0x10",
            "SELECT @@version",
            "WITH x AS (SELECT 1) SELECT 1",
            "DELETE FROM t",
            "SELECT 'a' 'b'",
            "SELECT a FROM t INNER",
            "SELECT ((((((((((1))))))))))",
            "SELECT a = = b",
            "SELECT a(",
        ] {
            assert_eq!(query(sql), None, "{sql}");
        }
    }
}
