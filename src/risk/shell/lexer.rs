//! A command line taken apart as POSIX shells do (IEEE Std 1003.1, chapter 2), as far as that is possible without
//! running it. What it is not sure of, it says.

/// A command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Every simple command, its words without quotes.
    pub commands: Vec<Vec<String>>,
    /// Which of them read from a pipe.
    pub piped: Vec<usize>,
    /// The files that output is written to.
    pub written: Vec<String>,
    /// What there is that only a shell can resolve.
    pub unsure: Option<&'static str>,
}

/// Takes a command line apart. The error is what is wrong with it.
pub fn lex(text: &str) -> Result<Line, &'static str> {
    let mut lexer = Lexer { chars: text.chars().collect(), at: 0, line: Line::default(), words: Vec::new() };
    lexer.run()?;
    Ok(lexer.line)
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: Line,
    words: Vec<String>,
}

/// Words that make a line more than a list of commands.
const RESERVED: &[&str] = &[
    "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "select", "function",
    "{", "}", "[[", "]]", "time", "coproc",
];

impl Lexer {
    fn run(&mut self) -> Result<(), &'static str> {
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' => self.at += 1,
                '#' => self.at += self.chars[self.at..].iter().take_while(|c| **c != '\n').count(),
                '\n' | ';' => self.separate(1, false)?,
                '&' if self.next_is('&') => self.separate(2, false)?,
                '&' if self.next_is('>') => self.redirect()?,
                '&' => {
                    self.unsure("a job in the background");
                    self.separate(1, false)?;
                }
                '|' if self.next_is('|') => self.separate(2, false)?,
                '|' if self.next_is('&') => self.separate(2, true)?,
                '|' => self.separate(1, true)?,
                '(' | ')' => {
                    self.unsure("a subshell or a function");
                    self.separate(1, false)?;
                }
                '<' | '>' => self.redirect()?,
                _ => {
                    let start = self.at;
                    let word = self.word()?;
                    let is_fd = !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
                    if is_fd && self.at - start == word.len() && matches!(self.peek(), Some('<' | '>')) {
                        self.redirect()?;
                    } else {
                        if self.words.is_empty() && RESERVED.contains(&word.as_str()) {
                            self.unsure("a loop, a condition or a function");
                        }
                        self.words.push(word);
                    }
                }
            }
        }
        self.separate(0, false)?;
        if self.line.commands.is_empty() { Err("there is no command in it") } else { Ok(()) }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next_is(&self, c: char) -> bool {
        self.chars.get(self.at + 1) == Some(&c)
    }

    fn unsure(&mut self, what: &'static str) {
        self.line.unsure.get_or_insert(what);
    }

    fn separate(&mut self, len: usize, pipe: bool) -> Result<(), &'static str> {
        self.at += len;
        if pipe && self.words.is_empty() {
            return Err("a pipe begins without a command");
        }
        if !self.words.is_empty() {
            self.line.commands.push(std::mem::take(&mut self.words));
        }
        if pipe {
            self.line.piped.push(self.line.commands.len());
        }
        Ok(())
    }

    /// `>`, `>>`, `>|`, `>&`, `&>`, `<`, `<>`, `<<`, `<<<`, `<(`, `>(`.
    fn redirect(&mut self) -> Result<(), &'static str> {
        let start = self.at;
        while matches!(self.peek(), Some('<' | '>' | '&' | '|')) {
            self.at += 1;
        }
        let operator: String = self.chars[start..self.at].iter().collect();
        if self.peek() == Some('(') {
            self.unsure("a process substitution");
            return Ok(());
        }
        if operator.starts_with("<<") {
            self.unsure("a document within the line");
        }
        while matches!(self.peek(), Some(' ' | '\t')) {
            self.at += 1;
        }
        let target = self.word()?;
        if target.is_empty() {
            return Err("a redirection leads nowhere");
        }
        let fd = operator.ends_with('&') && (target == "-" || target.bytes().all(|b| b.is_ascii_digit()));
        match operator.as_str() {
            "<" | "<<<" | "<<" => {}
            _ if fd || target == "/dev/null" => {}
            _ => self.line.written.push(target),
        }
        Ok(())
    }

    fn word(&mut self) -> Result<String, &'static str> {
        let mut word = String::new();
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>' => break,
                '\\' => {
                    let next = self.chars.get(self.at + 1).ok_or("it ends in a backslash")?;
                    if *next != '\n' {
                        word.push(*next);
                    }
                    self.at += 2;
                }
                '\'' => {
                    let end =
                        self.chars[self.at + 1..].iter().position(|c| *c == '\'').ok_or("a quote is not closed")?;
                    word.extend(&self.chars[self.at + 1..=self.at + end]);
                    self.at += end + 2;
                }
                '"' => self.double(&mut word)?,
                '$' | '`' => self.expansion(&mut word),
                '{' if !word.is_empty() || !matches!(self.chars.get(self.at + 1), None | Some(' ' | '\n' | '}')) => {
                    self.unsure("an expansion");
                    word.push(c);
                    self.at += 1;
                }
                c if c.is_control() => return Err("it has a control character"),
                c => {
                    word.push(c);
                    self.at += 1;
                }
            }
        }
        Ok(word)
    }

    fn double(&mut self, word: &mut String) -> Result<(), &'static str> {
        self.at += 1;
        loop {
            match self.peek().ok_or("a quote is not closed")? {
                '"' => {
                    self.at += 1;
                    return Ok(());
                }
                '\\' if matches!(self.chars.get(self.at + 1), Some('$' | '`' | '"' | '\\' | '\n')) => {
                    word.push(self.chars[self.at + 1]);
                    self.at += 2;
                }
                '$' | '`' => self.expansion(word),
                c => {
                    word.push(c);
                    self.at += 1;
                }
            }
        }
    }

    fn expansion(&mut self, word: &mut String) {
        let what = match (self.peek(), self.chars.get(self.at + 1)) {
            (Some('`'), _) | (_, Some('(')) => "a command within a command",
            // A `$` at the end of a word is a `$`.
            (_, None | Some(' ' | '"' | '\n')) => "",
            _ => "a variable or an expansion",
        };
        if !what.is_empty() {
            self.unsure(what);
        }
        word.push('$');
        self.at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(text: &str) -> Vec<Vec<String>> {
        lex(text).expect("readable").commands
    }

    #[test]
    fn every_command_of_a_line_is_seen() {
        let line = "ls -l 'a b' \"c\\\"d\" | grep x && cat y;pwd # rm\nid||wc 2>&1 >/dev/null";
        let want: [&[&str]; 6] =
            [&["ls", "-l", "a b", "c\"d"], &["grep", "x"], &["cat", "y"], &["pwd"], &["id"], &["wc"]];
        assert_eq!(commands(line), want);
        assert_eq!(lex(line).map(|l| (l.piped, l.written, l.unsure)), Ok((vec![1], vec![], None)));
        assert_eq!(commands(r"r\m -r''f"), [["rm", "-rf"]]);
    }

    #[test]
    fn what_only_a_shell_resolves_is_told() {
        for text in [
            "$(x)",
            "`x`",
            "a $B",
            "\"$B\"",
            "(a)",
            "a &",
            "cat <<E\nx\nE",
            "<(a)",
            "if a; then b; fi",
            "{ a; }",
            "a{b,c}",
            "$'a'",
            "cat <<< $x",
        ] {
            assert!(lex(text).is_ok_and(|line| line.unsure.is_some()), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_seen() {
        for text in ["a > f", "a >>f", "a 2>f", "a &>f", "a >|f", "a >& f", "> f a", "a <> f", "a > 'f'"] {
            assert_eq!(lex(text).map(|line| line.written), Ok(vec!["f".to_owned()]), "{text}");
        }
    }

    #[test]
    fn what_is_no_command_line_is_refused() {
        for text in ["'a", "\"a", "a\\", "", "# x", "| a", "a >", "a\u{1b}b", ";;"] {
            assert!(lex(text).is_err(), "{text}");
        }
    }
}
