//! The plain command lines, which are most of them, taken apart in one pass: words, quotes, variables, patterns, lists,
//! pipelines and redirections, as POSIX has them (IEEE Std 1003.1, chapter 2) and bash reads them.
//!
//! Invariant: gives up (`None`) at whatever it does not read exactly as the full parser does; a test holds the two
//! against each other.

use super::script::{Command, Script, Sure, Word, is_sink, variable};
use crate::risk::runs::Table;

/// Words that begin something larger where a command's name would stand.
const RESERVED: &[&str] = &[
    "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "select", "function",
    "{", "}", "[[", "]]", "!", "in", "time", "coproc", "declare", "typeset", "local", "export", "readonly",
];

/// What ends a piece of a word that stands for itself, outside of quotes and within double ones: besides these, what is
/// refused anyway.
const ENDS: Table = controls_and(b" \t\n;&|<>(){}`!\\'\"$*?[", b"");
const ENDS_QUOTED: Table = controls_and(b"\"\\$`!", b"\t\n");

/// The control characters but a few, and these bytes.
const fn controls_and(bytes: &[u8], but: &[u8]) -> Table {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_control();
        byte += 1;
    }
    let mut at = 0;
    while at < but.len() {
        table[but[at] as usize] = false;
        at += 1;
    }
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
}

/// Takes a command line apart, when it is a plain one.
pub fn read(text: &str) -> Option<Script> {
    let mut reader = Reader::new(text, &[]);
    reader.run()?;
    Some(reader.script)
}

/// One word that stands alone, quotes and all; `None` when it takes a shell's parser.
pub fn word(text: &str, loops: &[String]) -> Option<Word> {
    let mut reader = Reader::new(text, loops);
    let word = reader.word()?;
    (reader.at == text.len()).then_some(word)
}

struct Reader<'a> {
    text: &'a str,
    /// The variables of loops around it.
    loops: &'a [String],
    bytes: &'a [u8],
    at: usize,
    script: Script,
    command: Command,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, loops: &'a [String]) -> Self {
        Self { text, loops, bytes: text.as_bytes(), at: 0, script: Script::default(), command: Command::default() }
    }

    fn run(&mut self) -> Option<()> {
        // What the last operator asks for: a command that has to follow.
        let mut wanted = false;
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' => self.at += 1,
                b'\n' => {
                    self.at += 1;
                    if !wanted {
                        self.end(false)?;
                    }
                }
                b';' if self.peek(1) != Some(b';') && self.peek(1) != Some(b'&') => {
                    self.end(true)?;
                    self.at += 1;
                    wanted = false;
                }
                b'&' if self.peek(1) == Some(b'&') => {
                    self.end(true)?;
                    self.at += 2;
                    wanted = true;
                }
                b'|' if self.peek(1) == Some(b'|') => {
                    self.end(true)?;
                    self.at += 2;
                    wanted = true;
                }
                b'|' if self.peek(1) != Some(b'&') => {
                    self.end(true)?;
                    self.at += 1;
                    self.command.piped = true;
                    wanted = true;
                }
                b'<' | b'>' => {
                    self.redirect()?;
                    wanted = false;
                }
                b'0'..=b'9' if matches!(self.peek(1), Some(b'<' | b'>')) => {
                    self.at += 1;
                    self.redirect()?;
                    wanted = false;
                }
                _ => {
                    self.take()?;
                    wanted = false;
                }
            }
        }
        self.end(false)?;
        (!wanted && !self.script.commands.is_empty()).then_some(())
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    /// One more word of the command.
    fn take(&mut self) -> Option<()> {
        let start = self.at;
        let word = self.word()?;
        let raw = &self.text[start..self.at];
        // Which word is an assignment, and how an array is one, is the parser's to say.
        let names = || {
            raw.split_once('=').is_some_and(|(name, _)| {
                name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric() || b"[]+".contains(&b))
            })
        };
        if self.command.words.is_empty() && (names() || RESERVED.contains(&raw)) {
            return None;
        }
        // `12> f` is a redirection of 12.
        if raw.bytes().all(|b| b.is_ascii_digit()) && matches!(self.peek(0), Some(b'<' | b'>')) {
            return None;
        }
        self.command.words.push(word);
        Some(())
    }

    /// The command ends here.
    fn end(&mut self, needed: bool) -> Option<()> {
        if self.command.words.is_empty() {
            // `; ;`, `| |`, a redirection without a command: not plain.
            return (!needed && self.command == Command::default()).then_some(());
        }
        self.script.commands.push(std::mem::take(&mut self.command));
        Some(())
    }

    /// `> f`, `>> f`, `< f`, `2>&1`, `&` left out.
    fn redirect(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(0), Some(b'<' | b'>' | b'&' | b'|')) {
            self.at += 1;
        }
        let operator = &self.text[start..self.at];
        if operator == ">&" {
            let digits = self.bytes[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
            self.at += digits;
            let ends = matches!(self.peek(0), None | Some(b' ' | b'\t' | b'\n' | b';' | b'|' | b'&'));
            return (digits == 1 && ends).then_some(());
        }
        while matches!(self.peek(0), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        let target = self.word()?;
        match operator {
            "<" => self.script.reads.push(target),
            ">" | ">>" if is_sink(&target) => {}
            ">" | ">>" => self.script.writes.push(target),
            _ => return None,
        }
        Some(())
    }

    fn word(&mut self) -> Option<Word> {
        let start = self.at;
        let mut word = Word::literal("", start..start);
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' => break,
                b'{' if self.peek(1) == Some(b'}') => {
                    word.text.push_str("{}");
                    self.at += 2;
                }
                b'(' | b')' | b'{' | b'}' | b'`' | b'!' => return None,
                b'#' if self.at == start => return None,
                b'\\' => {
                    let next = self.text[self.at + 1..].chars().next().filter(|c| *c != '\n' && !c.is_control())?;
                    word.text.push(next);
                    self.at += 1 + next.len_utf8();
                    // The large parser takes the quote in `\$'…'` for another kind.
                    (next != '$' || !matches!(self.peek(0), Some(b'\'' | b'"'))).then_some(())?;
                }
                b'\'' => {
                    let end = self.at + 1 + memchr::memchr(b'\'', &self.bytes[self.at + 1..])?;
                    word.text.push_str(visible(&self.text[self.at + 1..end])?);
                    self.at = end + 1;
                }
                b'"' => self.double(&mut word)?,
                b'$' => self.dollar(&mut word, false)?,
                // The command `[`, and no pattern.
                b'[' if self.at == start && matches!(self.peek(1), None | Some(b' ' | b'\t')) => {
                    word.text.push('[');
                    self.at += 1;
                }
                b'*' | b'?' | b'[' => {
                    word.expand(Sure::Tame, &self.text[self.at..=self.at], false);
                    self.at += 1;
                }
                _ => word.text.push_str(self.until(&ENDS)?),
            }
        }
        word.at.end = self.at;
        (self.at > start).then_some(word)
    }

    fn double(&mut self, word: &mut Word) -> Option<()> {
        self.at += 1;
        loop {
            match self.peek(0)? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => {
                    let next = self.peek(1)?;
                    match next {
                        b'$' | b'"' | b'\\' => word.text.push(char::from(next)),
                        b'`' | b'\n' => return None,
                        _ => {
                            word.text.push('\\');
                            self.at += 1;
                            continue;
                        }
                    }
                    self.at += 2;
                }
                b'$' => self.dollar(word, true)?,
                b'`' | b'!' => return None,
                _ => word.text.push_str(self.until(&ENDS_QUOTED)?),
            }
        }
    }

    /// The plain text from here to one of these bytes; `None` where there is none of it.
    fn until(&mut self, ends: &Table) -> Option<&'a str> {
        let rest = &self.bytes[self.at..];
        let len = rest.iter().position(|b| ends[usize::from(*b)]).unwrap_or(rest.len());
        let start = self.at;
        self.at += len;
        (len > 0).then(|| &self.text[start..self.at])
    }

    /// `$name`, `${name}`, or a dollar that is none.
    fn dollar(&mut self, word: &mut Word, quoted: bool) -> Option<()> {
        let rest = &self.text[self.at + 1..];
        let name = |text: &str| text.bytes().take_while(|b| *b == b'_' || b.is_ascii_alphanumeric()).count();
        let (len, own) = if let Some(inner) = rest.strip_prefix('{') {
            let len = name(inner);
            inner[len..].strip_prefix('}')?;
            (len + 2, &inner[..len])
        } else {
            let len = name(rest);
            (len, &rest[..len])
        };
        if own.is_empty() || own.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        word.expand(variable(own, self.loops), &self.text[self.at..self.at + 1 + len], quoted);
        self.at += 1 + len;
        Some(())
    }
}

/// A text without control characters but for the blanks.
fn visible(text: &str) -> Option<&str> {
    (!text.bytes().any(|b| b.is_ascii_control() && !b"\t\n".contains(&b))).then_some(text)
}
