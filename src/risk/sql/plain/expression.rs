//! The expressions of a plain query.

use super::Reader;
use super::lex::{GENERIC, Key, MYSQL, POSTGRES, Token};

/// Types that want brackets.
const NEVER_BARE: &[&str] = &["enum", "enum8", "enum16", "datetime64", "fixedstring"];
/// What the parser knows as more than functions: what may stand in their brackets differs.
const NO_CALLS: &[&str] = &[
    "overlay",
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "current_user",
    "current_role",
    "current_catalog",
    "session_user",
    "user",
];
/// Those with nothing but plain arguments, and nothing after them.
const BARE_CALLS: &[&str] = &["ceil", "convert", "floor", "struct", "substr"];
/// What is extracted from a time in every database.
const FIELDS: &[&str] =
    &["year", "quarter", "month", "week", "day", "hour", "minute", "second", "epoch", "dow", "doy", "isodow"];

impl<'a> Reader<'a> {
    pub(super) fn expressions(&mut self) -> Option<()> {
        self.list(Self::expression)
    }

    pub(super) fn expression(&mut self) -> Option<()> {
        loop {
            while self.take(Key::Not) {}
            self.sum()?;
            self.test()?;
            match self.now() {
                Token::Sign("=" | "==" | "<" | ">" | "<=" | ">=" | "<>" | "!=") => {
                    self.skip();
                    if self.take_one_of(&[Key::Any, Key::All]) {
                        self.in_brackets(
                            |reader| if reader.is_query() { reader.query() } else { reader.expression() },
                        )?;
                        if !self.take_one_of(&[Key::And, Key::Or]) {
                            return Some(());
                        }
                    }
                }
                Token::Sign("~" | "~*" | "!~" | "!~*" | "@>" | "<@" | "<->" | "&&") => {
                    self.only(POSTGRES);
                    self.skip();
                }
                Token::Key(Key::And | Key::Or) => self.skip(),
                _ => return Some(()),
            }
        }
    }

    /// What is reckoned with, and with what.
    fn sum(&mut self) -> Option<()> {
        loop {
            if matches!(self.now(), Token::Sign("-" | "+" | "~")) {
                self.skip();
            }
            self.operand()?;
            self.after()?;
            match self.now() {
                Token::Sign("+" | "-" | "*" | "/" | "%" | "||" | "->" | "->>" | "<=>" | "&" | "|" | "^") => {}
                Token::Sign("<<" | ">>") => self.only(POSTGRES | MYSQL | GENERIC),
                _ => return Some(()),
            }
            self.skip();
        }
    }

    /// What may follow an operand: a way into it, its type, a zone of time.
    fn after(&mut self) -> Option<()> {
        if self.take(Key::Collate) {
            self.name()?;
        }
        loop {
            match self.now() {
                Token::Sign("::") => {
                    self.skip();
                    self.kind()?;
                }
                Token::Index => {
                    self.only(POSTGRES);
                    self.skip();
                }
                Token::Name(name) if name.eq_ignore_ascii_case("at") => {
                    self.skip();
                    (self.take_word("time") && self.take_word("zone")).then_some(())?;
                    if self.now() == Token::Text { self.skip() } else { self.path()? }
                }
                _ => return Some(()),
            }
        }
    }

    /// `IS NULL`, `IN (…)`, `LIKE …`, `BETWEEN … AND …`, or nothing.
    fn test(&mut self) -> Option<()> {
        if self.take(Key::Is) {
            self.take(Key::Not);
            if self.take(Key::Distinct) {
                self.must(Key::From)?;
                return self.sum();
            }
            let value = self.take_one_of(&[Key::Null, Key::True, Key::False]);
            return (value || self.take_word("unknown")).then_some(());
        }
        let not = self.take(Key::Not);
        if self.take(Key::In) {
            self.in_brackets(Self::query_or_expressions)
        } else if self.take_one_of(&[Key::Like, Key::Ilike]) {
            if self.take(Key::Any) {
                return self.in_brackets(Self::expression);
            }
            self.sum()?;
            if self.take(Key::Escape) { (self.now() == Token::Text).then(|| self.skip()) } else { Some(()) }
        } else if self.take(Key::Similar) {
            self.take_word("to").then_some(())?;
            self.sum()
        } else if self.take_one_of(&[Key::Regexp, Key::Rlike]) {
            self.sum()
        } else if self.take(Key::Between) {
            self.sum()?;
            self.must(Key::And)?;
            self.sum()
        } else {
            (!not).then_some(())
        }
    }

    pub(super) fn query_or_expressions(&mut self) -> Option<()> {
        if self.is_query() { self.query() } else { self.expressions() }
    }

    fn is_query(&self) -> bool {
        matches!(self.now(), Token::Key(Key::Select | Key::With))
    }

    /// A type: `int`, `numeric(10, 2)`.
    fn kind(&mut self) -> Option<()> {
        if self.take(Key::Interval) {
            return Some(());
        }
        let Token::Name(name) = self.now() else { return None };
        let is_one_of = |names: &[&str]| names.iter().any(|own| name.eq_ignore_ascii_case(own));
        self.skip();
        if is_one_of(&["double"]) {
            self.take_word("precision");
        } else if is_one_of(&["character"]) {
            self.take_word("varying");
        } else if is_one_of(&["timestamp", "time"]) && (self.is(Key::With) || self.is_word("without")) {
            self.skip();
            return (self.take_word("time") && self.take_word("zone")).then_some(());
        }
        if self.now() == Token::List {
            self.only(POSTGRES);
            self.skip();
        }
        if !self.is_sign("(") {
            return (!is_one_of(NEVER_BARE)).then_some(());
        }
        if is_one_of(&["numeric", "decimal"]) {
            self.in_brackets(|reader| reader.list(Self::size))
        } else {
            is_one_of(&["varchar", "char", "nvarchar", "character"]).then_some(())?;
            self.in_brackets(Self::size)
        }
    }

    fn size(&mut self) -> Option<()> {
        (self.now() == Token::Whole).then(|| self.skip())
    }

    fn operand(&mut self) -> Option<()> {
        match self.now() {
            Token::Whole | Token::Number | Token::Text | Token::National | Token::Given | Token::Colon => {
                self.skip();
                Some(())
            }
            Token::Sign("(") => self.in_brackets(Self::query_or_expressions),
            Token::Key(key) => self.worded(key),
            Token::Quoted => self.path(),
            Token::Name(name) => {
                if self.peek(1) == Token::Sign("(") {
                    self.skip();
                    return self.call(name);
                }
                if name.eq_ignore_ascii_case("pg_catalog") && self.peek(1) == Token::Sign(".") {
                    return self.of_catalog();
                }
                let dated = ["date", "timestamp", "timestamptz"].iter().any(|word| name.eq_ignore_ascii_case(word));
                if dated && self.peek(1) == Token::Text {
                    self.at += 2;
                    return Some(());
                }
                self.path()
            }
            Token::Sign(_) | Token::Index | Token::List | Token::End => None,
        }
    }

    /// `pg_catalog.format_type(…)`
    fn of_catalog(&mut self) -> Option<()> {
        match (self.peek(2), self.peek(3)) {
            (Token::Name(name), Token::Sign("(")) => {
                self.at += 3;
                self.calls.push(name);
                self.in_brackets(|reader| if reader.is_sign(")") { Some(()) } else { reader.expressions() })
            }
            _ => self.path(),
        }
    }

    /// A column: `a`, `t.a`. `t.*` stands only where a column of a result does, `s.f(…)` is anybody's function.
    fn path(&mut self) -> Option<()> {
        self.name()?;
        while self.take_sign(".") {
            self.name()?;
        }
        (!self.is_sign("(")).then_some(())?;
        // `a:b.c`
        if self.now() == Token::Colon {
            self.only(GENERIC);
            self.skip();
            while self.take_sign(".") {
                self.name()?;
            }
        }
        Some(())
    }

    /// What begins with a word that is no name.
    fn worded(&mut self, key: Key) -> Option<()> {
        self.skip();
        match key {
            Key::Null | Key::True | Key::False => Some(()),
            Key::Case => self.case(),
            Key::Exists => self.in_brackets(Self::query),
            Key::Cast | Key::TryCast | Key::SafeCast => self.in_brackets(|reader| {
                reader.expression()?;
                reader.must(Key::As)?;
                reader.kind()
            }),
            Key::Extract => self.in_brackets(|reader| {
                reader.take_words(FIELDS).then_some(())?;
                reader.must(Key::From)?;
                reader.expression()
            }),
            Key::Interval => {
                let text = self.now() == Token::Text;
                matches!(self.now(), Token::Text | Token::Whole).then(|| self.skip())?;
                let unit = self.take_words(&["year", "month", "week", "day", "hour", "minute", "second"]);
                (text || unit).then_some(())
            }
            Key::Array => {
                self.only(POSTGRES);
                matches!(self.now(), Token::Index | Token::List).then(|| self.skip())?;
                (self.now() != Token::Index).then_some(())
            }
            Key::Trim => self.in_brackets(|reader| {
                let side = reader.take_words(&["both", "leading", "trailing"]);
                // `LEADING (a)` looks like a call.
                (!side || !reader.is_sign("(")).then_some(())?;
                reader.expression()?;
                if reader.take(Key::From) { reader.expression() } else { (!side).then_some(()) }
            }),
            Key::Position => {
                self.calls.push("position");
                self.in_brackets(|reader| {
                    reader.operand()?;
                    reader.after()?;
                    reader.must(Key::In)?;
                    reader.expression()
                })
            }
            Key::Left => self.call("left"),
            Key::Right => self.call("right"),
            Key::Replace => self.call("replace"),
            _ => None,
        }
    }

    fn case(&mut self) -> Option<()> {
        if !self.is(Key::When) {
            self.expression()?;
        }
        self.is(Key::When).then_some(())?;
        while self.take(Key::When) {
            self.expression()?;
            self.must(Key::Then)?;
            self.expression()?;
        }
        if self.take(Key::Else) {
            self.expression()?;
        }
        self.must(Key::End)
    }

    /// What follows the name of a function that makes rows.
    pub(super) fn source(&mut self, name: &'a str) -> Option<()> {
        let special = NO_CALLS.iter().chain(BARE_CALLS).any(|own| name.eq_ignore_ascii_case(own));
        (!special).then_some(())?;
        self.calls.push(name);
        self.in_brackets(|reader| if reader.is_sign(")") { Some(()) } else { reader.list(Self::argument) })
    }

    /// What follows the name of a function.
    fn call(&mut self, name: &'a str) -> Option<()> {
        let is_one_of = |names: &[&str]| names.iter().any(|own| name.eq_ignore_ascii_case(own));
        self.calls.push(name);
        if is_one_of(&["substring"]) {
            return self.in_brackets(Self::substring);
        }
        if is_one_of(BARE_CALLS) {
            let one = is_one_of(&["ceil", "floor"]);
            return self.in_brackets(|reader| if one { reader.expression() } else { reader.expressions() });
        }
        if is_one_of(NO_CALLS) {
            self.only(!POSTGRES);
            return self.in_brackets(|_| Some(()));
        }
        self.in_brackets(Self::arguments)?;
        if self.take(Key::Within) {
            self.must(Key::Group)?;
            self.in_brackets(Self::order)?;
        }
        if self.take(Key::Filter) {
            self.in_brackets(|reader| {
                reader.must(Key::Where)?;
                reader.expression()
            })?;
        }
        if self.take_one_of(&[Key::Ignore, Key::Respect]) {
            self.take_word("nulls").then_some(())?;
        }
        if self.take(Key::Over) {
            if self.is_sign("(") { self.in_brackets(Self::window) } else { self.name() }
        } else {
            Some(())
        }
    }

    fn arguments(&mut self) -> Option<()> {
        if self.is_sign(")") || self.take_sign("*") {
            return Some(());
        }
        self.take(Key::Distinct);
        self.list(Self::argument)?;
        self.order()?;
        if self.take_word("separator") {
            self.only(MYSQL | GENERIC);
            return (self.now() == Token::Text).then(|| self.skip());
        }
        Some(())
    }

    /// `a, 1, 2`, `a FROM 1 FOR 2`
    fn substring(&mut self) -> Option<()> {
        self.expression()?;
        if self.take(Key::From) {
            self.expression()?;
            return if self.take(Key::For) { self.expression() } else { Some(()) };
        }
        if self.take_sign(",") { self.expressions() } else { Some(()) }
    }

    /// `a`, `name => a`
    fn argument(&mut self) -> Option<()> {
        if matches!(self.now(), Token::Name(_)) && self.peek(1) == Token::Sign("=>") {
            self.at += 2;
        }
        if let (Token::Name(_), Token::Sign("."), Token::Sign("*")) = (self.now(), self.peek(1), self.peek(2)) {
            self.at += 3;
            return Some(());
        }
        self.expression()
    }

    /// `PARTITION BY … ORDER BY … ROWS …`
    pub(super) fn window(&mut self) -> Option<()> {
        if self.take(Key::Partition) {
            self.must(Key::By)?;
            self.expressions()?;
        }
        self.order()?;
        if !self.take_words(&["rows", "range", "groups"]) {
            return Some(());
        }
        if !self.take(Key::Between) {
            return self.bound();
        }
        self.bound()?;
        self.must(Key::And)?;
        self.bound()
    }

    fn bound(&mut self) -> Option<()> {
        if self.take_word("current") {
            return self.take(Key::Row).then_some(());
        }
        if self.take(Key::Interval) {
            (self.now() == Token::Text).then(|| self.skip())?;
        } else {
            (self.take_word("unbounded") || self.count().is_some()).then_some(())?;
        }
        self.take_words(&["preceding", "following"]).then_some(())
    }
}
