//! The whole of the shell's grammar, read by `brush-parser`, and brought to simple commands.
//!
//! Invariant: what goes in is limited first, since the parser recurses and tries alternatives: so many bytes a call, so
//! many openers and so many parentheses a line. Beyond that it is unreadable. A parser that breaks all the same is an
//! error here and nothing else.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use brush_parser::ast::{
    AndOr, AssignmentName, AssignmentValue, BinaryPredicate, CommandPrefixOrSuffixItem as Item, CompoundCommand,
    CompoundList, ExtendedTestExpr, IoFileRedirectKind, IoFileRedirectTarget, IoRedirect, Pipeline,
    ProcessSubstitutionKind, SimpleCommand, SubshellCommand,
};
use brush_parser::{ParserOptions, SourceInfo, TokenizerOptions, ast, word};

use super::numbers::Numbers;
use super::plain;
use super::script::{Command, Script, Sure, Word, is_fd, is_sink, unquoted, variable};

mod limits;

use limits::{is_flat, is_plain_enough, is_shallow};

/// The most bytes that the parser reads for one call, those of inner command lines counted again.
pub const BUDGET: usize = 16 * 1024;
/// How deep substitutions are followed.
const MOST_LEVELS: usize = 6;

/// Takes any command line apart. The error is what is wrong with it.
pub fn read(text: &str, budget: &mut usize) -> Result<Script, &'static str> {
    let mut walk = Walk {
        script: Script::default(),
        loops: Vec::new(),
        level: 0,
        fixed: None,
        source: String::new(),
        places: Vec::new(),
        numbers: Numbers::default(),
        budget,
    };
    walk.text(text)?;
    if let Some(at) = walk.numbers.unsure() {
        walk.script.unsure.push((at, "a calculation with what may be no number"));
    }
    Ok(walk.script)
}

struct Walk<'a> {
    script: Script,
    /// The variables of loops over words that are known.
    loops: Vec<String>,
    level: usize,
    /// Where all that is read now stands, when it is inside of something that stands somewhere itself.
    fixed: Option<Range<usize>>,
    /// The text that is read now, and where each of its characters begins, when those are not its bytes.
    source: String,
    places: Vec<usize>,
    numbers: Numbers,
    budget: &'a mut usize,
}

fn options() -> ParserOptions {
    // Patterns like `*(…)` run code in one shell, match in another and are an error in the rest: an error here.
    ParserOptions { enable_extended_globbing: false, ..ParserOptions::default() }
}

impl Walk<'_> {
    fn text(&mut self, text: &str) -> Result<(), &'static str> {
        if text.bytes().any(|b| b.is_ascii_control() && !b"\t\n".contains(&b)) {
            return Err("it has a control character");
        }
        *self.budget = self.budget.checked_sub(text.len()).ok_or("it is too long to judge")?;
        if !is_flat(text) {
            return Err("it nests too much to judge");
        }
        let parsed = catch_unwind(AssertUnwindSafe(|| {
            let options = options();
            let tokenizer = TokenizerOptions { enable_extended_globbing: false, ..TokenizerOptions::default() };
            let tokens = brush_parser::uncached_tokenize_str(text, &tokenizer)
                .map_err(|_| "a quote or a bracket is not closed")?;
            if !is_shallow(&tokens) {
                return Err("it nests too much to judge");
            }
            brush_parser::parse_tokens(&tokens, &options, &SourceInfo::default())
                .map_err(|_| "it is no command line that a shell would take")
        }));
        let program = parsed.map_err(|_| "the parser broke on it")??;
        let outer = (std::mem::take(&mut self.places), std::mem::replace(&mut self.source, text.to_owned()));
        if !text.is_ascii() {
            self.places = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        }
        for list in &program.complete_commands {
            self.list(list, false);
        }
        (self.places, self.source) = outer;
        Ok(())
    }

    /// A text inside of another, which stands where the other does.
    fn inner(&mut self, text: &str, at: &Range<usize>) {
        if self.level == MOST_LEVELS {
            return self.script.unsure.push((at.clone(), "commands within commands within commands"));
        }
        let fixed = self.fixed.replace(at.clone());
        self.level += 1;
        if text.trim().is_empty() {
        } else if let Some(inner) = plain::read(text) {
            self.adopt(inner, at);
        } else if let Err(why) = self.text(text) {
            self.script.unsure.push((at.clone(), why));
        }
        self.level -= 1;
        self.fixed = fixed;
    }

    fn adopt(&mut self, mut inner: Script, at: &Range<usize>) {
        let commands = inner.commands.iter_mut().flat_map(|c| c.sets.iter_mut().chain(&mut c.words));
        for word in commands.chain(&mut inner.writes).chain(&mut inner.reads) {
            word.at = at.clone();
        }
        self.script.commands.append(&mut inner.commands);
        self.script.writes.append(&mut inner.writes);
        self.script.reads.append(&mut inner.reads);
    }

    fn list(&mut self, list: &CompoundList, piped: bool) {
        for ast::CompoundListItem(item, _) in &list.0 {
            self.pipeline(&item.first, piped);
            for more in &item.additional {
                let (AndOr::And(pipeline) | AndOr::Or(pipeline)) = more;
                self.pipeline(pipeline, piped);
            }
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline, piped: bool) {
        for (i, command) in pipeline.seq.iter().enumerate() {
            self.command(command, piped || i > 0);
        }
    }

    fn command(&mut self, command: &ast::Command, piped: bool) {
        match command {
            ast::Command::Simple(simple) => self.simple(simple, piped),
            ast::Command::Compound(compound, redirects) => {
                self.compound(compound, piped);
                for redirect in redirects.iter().flat_map(|list| &list.0) {
                    self.redirect(redirect);
                }
            }
            ast::Command::Function(function) => {
                self.script.functions.push(function.fname.value.clone());
                self.compound(&function.body.0, true);
                for redirect in function.body.1.iter().flat_map(|list| &list.0) {
                    self.redirect(redirect);
                }
            }
            ast::Command::ExtendedTest(test) => self.test(&test.expr),
        }
    }

    fn compound(&mut self, compound: &CompoundCommand, piped: bool) {
        match compound {
            CompoundCommand::Arithmetic(arithmetic) => self.arithmetic(&arithmetic.expr.value, &self.whole()),
            CompoundCommand::ArithmeticForClause(clause) => {
                for part in [&clause.initializer, &clause.condition, &clause.updater].into_iter().flatten() {
                    self.arithmetic(&part.value, &self.whole());
                }
                self.list(&clause.body.list, piped);
            }
            CompoundCommand::BraceGroup(group) => self.list(&group.list, piped),
            CompoundCommand::Subshell(SubshellCommand { list, .. }) => self.list(list, piped),
            CompoundCommand::ForClause(clause) => {
                let values = clause.values.iter().flatten();
                values.clone().for_each(|value| self.numbers.give(&clause.variable_name, &value.value));
                let values: Vec<Word> = values.map(|word| self.word(word)).collect();
                // One with a blank may become several words, options among them.
                let tame = |word: &Word| {
                    let plain = !word.text.starts_with('-') && !word.text.contains(char::is_whitespace);
                    word.sure < Sure::Unknown && plain
                };
                let known = clause.values.is_some() && values.iter().all(tame);
                self.script.reads.extend(values);
                let outer = self.loops.len();
                self.loops.extend(known.then(|| clause.variable_name.clone()));
                self.list(&clause.body.list, piped);
                self.loops.truncate(outer);
            }
            CompoundCommand::CaseClause(clause) => {
                self.word(&clause.value);
                for case in &clause.cases {
                    for pattern in &case.patterns {
                        self.word(pattern);
                    }
                    if let Some(list) = &case.cmd {
                        self.list(list, piped);
                    }
                }
            }
            CompoundCommand::IfClause(clause) => {
                self.list(&clause.condition, piped);
                self.list(&clause.then, piped);
                for other in clause.elses.iter().flatten() {
                    if let Some(condition) = &other.condition {
                        self.list(condition, piped);
                    }
                    self.list(&other.body, piped);
                }
            }
            CompoundCommand::WhileClause(clause) | CompoundCommand::UntilClause(clause) => {
                self.list(&clause.0, piped);
                self.list(&clause.1.list, piped);
            }
        }
    }

    fn simple(&mut self, simple: &SimpleCommand, piped: bool) {
        let mut command = Command { piped, ..Command::default() };
        for item in simple.prefix.iter().flat_map(|prefix| &prefix.0) {
            self.item(item, &mut command, true);
        }
        if let Some(name) = &simple.word_or_name {
            let word = self.word(name);
            command.words.push(word);
        }
        for item in simple.suffix.iter().flat_map(|suffix| &suffix.0) {
            self.item(item, &mut command, false);
        }
        if command.words.is_empty() && command.sets.is_empty() {
            return;
        }
        self.numbers.command(&command.words);
        self.script.commands.push(command);
    }

    fn item(&mut self, item: &Item, command: &mut Command, prefix: bool) {
        match item {
            Item::IoRedirect(redirect) => self.redirect(redirect),
            Item::Word(word) => {
                let word = self.word(word);
                command.words.push(word);
            }
            Item::AssignmentWord(assignment, written) => {
                self.assignment(assignment);
                let mut word = self.word(written);
                let first = command.words.first().map_or("", |first| first.text.as_str());
                if prefix {
                    command.sets.push(word);
                } else {
                    // What these set stays one word.
                    if matches!(first, "export" | "local" | "readonly" | "declare" | "typeset") {
                        (word.open, word.splits) = (false, false);
                    }
                    command.words.push(word);
                }
            }
            Item::ProcessSubstitution(kind, list) => {
                let at = self.place(list.loc.start.index, list.loc.end.index);
                self.list(&list.list, matches!(kind, ProcessSubstitutionKind::Write));
                command.words.push(Word { sure: Sure::Tame, ..Word::literal("/dev/fd/63", at) });
            }
        }
    }

    fn assignment(&mut self, assignment: &ast::Assignment) {
        let (AssignmentName::VariableName(name) | AssignmentName::ArrayElementName(name, _)) = &assignment.name;
        if let AssignmentName::ArrayElementName(_, place) = &assignment.name {
            self.numbers.place(Some(name), place, &self.whole());
        }
        match &assignment.value {
            AssignmentValue::Scalar(value) => self.numbers.give(name, &value.value),
            AssignmentValue::Array(values) => {
                for (key, value) in values {
                    if let Some(key) = key {
                        self.numbers.place(Some(name), &key.value, &self.whole());
                        self.word(key);
                    }
                    self.numbers.give(name, &value.value);
                    self.word(value);
                }
            }
        }
    }

    fn redirect(&mut self, redirect: &IoRedirect) {
        match redirect {
            IoRedirect::File(_, kind, target) => {
                let reads = matches!(kind, IoFileRedirectKind::Read | IoFileRedirectKind::DuplicateInput);
                match target {
                    IoFileRedirectTarget::Fd(_) => {}
                    IoFileRedirectTarget::ProcessSubstitution(_, list) => self.list(&list.list, !reads),
                    IoFileRedirectTarget::Filename(word) | IoFileRedirectTarget::Duplicate(word) => {
                        let word = self.word(word);
                        let closes = word.is_literal()
                            && matches!(target, IoFileRedirectTarget::Duplicate(_))
                            && is_fd(&word.text);
                        if closes || (!reads && is_sink(&word)) {
                        } else if reads {
                            self.script.reads.push(word);
                        } else {
                            self.script.writes.push(word);
                        }
                    }
                }
            }
            IoRedirect::OutputAndError(word, _) => {
                let word = self.word(word);
                if !is_sink(&word) {
                    self.script.writes.push(word);
                }
            }
            IoRedirect::HereString(_, word) => {
                self.word(word);
            }
            IoRedirect::HereDocument(_, document) => {
                let body = &document.doc;
                if document.requires_expansion && body.value.contains(['$', '`']) {
                    // Quotes are characters in it, but quotes within its substitutions: who reads that wrong misses some.
                    if body.value.contains(['"', '\'']) && (body.value.contains('`') || body.value.contains("$(")) {
                        let at = self.at(body);
                        self.script.unsure.push((at, "a command within a document that has quotes"));
                    } else {
                        self.expand(&body.value.replace(['"', '\''], " "), &mut Word::literal("", self.at(body)));
                    }
                }
            }
        }
    }

    fn test(&mut self, test: &ExtendedTestExpr) {
        match test {
            ExtendedTestExpr::And(a, b) | ExtendedTestExpr::Or(a, b) => {
                self.test(a);
                self.test(b);
            }
            ExtendedTestExpr::Not(inner) | ExtendedTestExpr::Parenthesized(inner) => self.test(inner),
            // `-v a[i]`
            ExtendedTestExpr::UnaryTest(_, word) => {
                self.operand(word, word.value.split_once('[').map_or("", |(_, place)| place));
            }
            ExtendedTestExpr::BinaryTest(how, a, b) => {
                let reckons = matches!(
                    how,
                    BinaryPredicate::ArithmeticEqualTo
                        | BinaryPredicate::ArithmeticNotEqualTo
                        | BinaryPredicate::ArithmeticLessThan
                        | BinaryPredicate::ArithmeticLessThanOrEqualTo
                        | BinaryPredicate::ArithmeticGreaterThan
                        | BinaryPredicate::ArithmeticGreaterThanOrEqualTo
                );
                for word in [a, b] {
                    self.operand(word, if reckons { &word.value } else { "" });
                }
            }
        }
    }

    /// An operand of `[[`: where a number is meant, its text is evaluated once more.
    fn operand(&mut self, word: &ast::Word, reckoned: &str) {
        let read = self.word(word);
        self.numbers.reckon(reckoned, &read.at);
        self.commands_in(&read.text, &read.at);
    }

    fn arithmetic(&mut self, text: &str, at: &Range<usize>) {
        self.numbers.reckon(text, at);
        self.commands_in(text, at);
    }

    /// Arithmetic runs the substitutions that stand in it, even quoted ones.
    fn commands_in(&mut self, text: &str, at: &Range<usize>) {
        if text.contains('`') || text.contains("$(") {
            self.script.unsure.push((at.clone(), "a command within a calculation"));
        }
    }

    fn word(&mut self, word: &ast::Word) -> Word {
        let read = self.read(word);
        Word { made: read.sure == Sure::Unknown && self.numbers.makes(&word.value), ..read }
    }

    fn read(&mut self, word: &ast::Word) -> Word {
        let at = self.at(word);
        if let Some(mut plain) = plain::word(&word.value, &self.loops) {
            plain.at = at;
            return plain;
        }
        let mut read = Word::literal("", at);
        // Of a document within a word the tokenizer keeps another text than the one that stands there.
        let within = word.loc.as_ref().filter(|_| word.value.contains("<<"));
        let written =
            within.and_then(|loc| self.source.get(self.local(loc.start.index, loc.end.index))).map(str::to_owned);
        self.expand(written.as_deref().unwrap_or(&word.value), &mut read);
        read
    }

    /// The pieces of a word.
    fn expand(&mut self, raw: &str, read: &mut Word) {
        let Some(left) = self.budget.checked_sub(raw.len()) else {
            read.expand(Sure::Unknown, raw, false);
            return self.script.unsure.push((read.at.clone(), "more than is judged"));
        };
        *self.budget = left;
        let pieces = is_plain_enough(raw).then(|| catch_unwind(|| word::parse(raw, &options())));
        if let Some(Ok(Ok(pieces))) = pieces {
            self.pieces(&pieces, raw, read, false);
        } else {
            read.expand(Sure::Unknown, raw, false);
            self.script.unsure.push((read.at.clone(), "a word that only a shell takes apart"));
        }
    }

    fn pieces(&mut self, pieces: &[word::WordPieceWithSource], raw: &str, read: &mut Word, quoted: bool) {
        for own in pieces {
            let written = raw.get(own.start_index..own.end_index).unwrap_or(raw);
            match &own.piece {
                word::WordPiece::Text(text)
                    if text.contains("$[") || (text.starts_with('[') && read.text.ends_with('$')) =>
                {
                    self.script.unsure.push((read.at.clone(), "a calculation of an old kind"));
                }
                word::WordPiece::Text(text) if quoted => read.text.push_str(text),
                word::WordPiece::Text(text) => unquoted(text, read),
                word::WordPiece::SingleQuotedText(text) | word::WordPiece::TildePrefix(text) => {
                    if matches!(own.piece, word::WordPiece::TildePrefix(_)) {
                        read.text.push('~');
                    }
                    read.text.push_str(text);
                }
                word::WordPiece::EscapeSequence(text) => read.text.push_str(text.strip_prefix('\\').unwrap_or(text)),
                word::WordPiece::AnsiCQuotedText(text) if !text.contains('\\') => read.text.push_str(text),
                word::WordPiece::AnsiCQuotedText(_) => read.expand(Sure::Unknown, written, true),
                word::WordPiece::DoubleQuotedSequence(inner) | word::WordPiece::GettextDoubleQuotedSequence(inner) => {
                    self.pieces(inner, raw, read, true);
                }
                word::WordPiece::ParameterExpansion(parameter) => self.parameter(parameter, written, read, quoted),
                word::WordPiece::CommandSubstitution(text) | word::WordPiece::BackquotedCommandSubstitution(text) => {
                    self.inner(text, &read.at.clone());
                    read.expand(Sure::Unknown, "$()", quoted);
                }
                word::WordPiece::ArithmeticExpression(arithmetic) => {
                    self.arithmetic(&arithmetic.value, &read.at);
                    read.expand(Sure::Tame, "0", quoted);
                }
            }
        }
    }

    fn parameter(&mut self, parameter: &word::ParameterExpr, written: &str, read: &mut Word, quoted: bool) {
        use word::{Parameter, ParameterExpr, SpecialParameter};
        // What stands within it may run something. It is easier to look at the text than at every kind of it.
        if written.contains('`') || written.contains("$(") || written.contains("<(") {
            self.script.unsure.push((read.at.clone(), "a command within a variable's expansion"));
        }
        self.numbers.parameter(written, &read.at);
        if let ParameterExpr::Substring { offset, length, .. } = parameter {
            for part in [Some(offset), length.as_ref()].into_iter().flatten() {
                self.numbers.reckon(&part.value, &read.at);
            }
        }
        if let ParameterExpr::Transform { .. } = parameter {
            // `${x@P}` runs what is in the value.
            self.script.unsure.push((read.at.clone(), "a variable whose value may be run"));
        }
        let sure = match parameter {
            ParameterExpr::Parameter { parameter: Parameter::Named(name), indirect: false } => {
                variable(name, &self.loops)
            }
            // `$?`, `$#`, `$$`: numbers and letters, but for `$@` and `$*`.
            ParameterExpr::Parameter { parameter: Parameter::Special(special), indirect: false }
                if !matches!(special, SpecialParameter::AllPositionalParameters { .. }) =>
            {
                Sure::Tame
            }
            ParameterExpr::ParameterLength { .. } => Sure::Tame,
            _ => Sure::Unknown,
        };
        // `"$@"` and `"${a[@]}"` are several words, quoted or not.
        read.expand(sure, written, quoted && !written.contains('@'));
    }

    fn at(&self, word: &ast::Word) -> Range<usize> {
        word.loc.as_ref().map_or_else(|| self.whole(), |loc| self.place(loc.start.index, loc.end.index))
    }

    fn whole(&self) -> Range<usize> {
        self.fixed.clone().unwrap_or_default()
    }

    fn place(&self, start: usize, end: usize) -> Range<usize> {
        self.fixed.clone().unwrap_or_else(|| self.local(start, end))
    }

    /// From the parser's characters to the bytes of the text that is read now.
    fn local(&self, start: usize, end: usize) -> Range<usize> {
        let byte = |at: usize| if self.places.is_empty() { at } else { self.places.get(at).copied().unwrap_or(at) };
        byte(start)..byte(end)
    }
}
