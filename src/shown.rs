//! Untrusted text made safe to draw: every control, bidi, zero-width, tag, variation-selector and blank look-alike
//! character becomes visible. The one place where this happens (invariant 6).
//!
//! What it does, for every string:
//! - C0 and DEL become control pictures (`␛`, `␍`), a line break `⏎`, a tab `⇥`; everything else that is invisible,
//!   blank, reorders, is unassigned or private becomes `\u{202e}`.
//! - A combining mark stays only on a letter, and at most two of them; others become `\u{301}`.
//! - More than 16 equal blanks or escapes in a row become `⟨412 spaces⟩`, and so do blanks at the end of a line.
//! - The signs used for all this are themselves escaped where they stand in the text, and so is the backslash of a
//!   literal `\u{`: nobody can write what looks like an escape, and two different texts never look the same
//!   because of one.
//! - Letters of other scripts stay readable in values; in names ([`Shown::name`]) everything beyond ASCII is escaped,
//!   because a name is compared by eye.
//!
//! It never drops a character, and never panics on any text.

use std::fmt::{self, Write as _};

use unicode_width::UnicodeWidthChar as _;

/// A run of more than this many equal blanks or escapes is folded into one mark.
const LONGEST_RUN: usize = 16;

/// How many combining marks a letter may carry.
const MARKS: usize = 2;

/// Text in which every character is what it looks like. The only kind of untrusted text that views and terminals take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// One line: line breaks and tabs become visible too.
    pub fn line(text: &str) -> Self {
        Self(units(text.chars(), Letters::All))
    }

    /// A name (server, tool, key): one line, and everything beyond ASCII escaped, since a name is compared by eye and
    /// `а` (U+0430) is not `a`.
    pub fn name(text: &str) -> Self {
        Self(units(text.chars(), Letters::Ascii))
    }

    /// Several lines, cut at `\n` only. More than three empty lines in a row become one that says how many.
    pub fn lines(text: &str) -> Vec<Self> {
        let mut out: Vec<Self> = Vec::new();
        let mut empty = 0;
        let end_empty = |out: &mut Vec<Self>, empty: usize| match empty {
            0 => {}
            1..=3 => out.extend(std::iter::repeat_n(Self::default(), empty)),
            n => out.push(Self(format!("⟨{n} empty lines⟩"))),
        };
        for line in text.split('\n') {
            if line.is_empty() {
                empty += 1;
                continue;
            }
            end_empty(&mut out, std::mem::take(&mut empty));
            out.push(Self::line(line));
        }
        end_empty(&mut out, empty);
        out
    }

    /// Text of our own.
    pub fn own(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// Takes the next character (with its marks, or the run it begins) off `chars` and appends its safe form: the
    /// smallest piece that a line may be wrapped at. `None` at the end.
    pub fn take(&mut self, chars: &mut (impl Iterator<Item = char> + Clone), letters: Letters) -> Option<Unit> {
        unit(chars, letters, &mut self.0)
    }

    /// Takes visible ASCII (no blanks, no quote, no backslash) off the front of `text`, at most `cells` of it, and says
    /// how many bytes that was: the quick way through long plain text. Leaves alone a letter that a mark may follow.
    pub fn take_plain(&mut self, text: &str, cells: usize) -> usize {
        let plain = |b: &u8| matches!(b, b'!'..=b'~') && !matches!(b, b'"' | b'\\');
        let bytes = text.as_bytes();
        let run = bytes.iter().take(cells).take_while(|b| plain(b)).count();
        let alone = bytes.get(run).is_none_or(|next| *next < 0x80 && *next != b'\\');
        let run = if alone { run } else { run.saturating_sub(1) };
        self.0.push_str(&text[..run]);
        run
    }

    /// Appends.
    pub fn push(&mut self, more: &Self) {
        self.0.push_str(&more.0);
    }

    /// Whether nothing is in it.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The safe text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many terminal cells it takes.
    pub fn width(&self) -> usize {
        self.0.chars().map(|c| c.width().unwrap_or(0)).sum()
    }

    /// At most `cells` wide; what does not fit is replaced by `...+` and the number of cells that are missing.
    #[must_use]
    pub fn clip(&self, cells: usize) -> Self {
        let width = self.width();
        if width <= cells {
            return self.clone();
        }
        let room = cells.saturating_sub(format!("...+{width}").len());
        let mut used = 0;
        let fits = |c: &char| {
            used += c.width().unwrap_or(0);
            used <= room
        };
        let kept = Self(self.0.chars().take_while(fits).collect());
        let mark: String = format!("...+{}", width - kept.width()).chars().take(cells).collect();
        Self(kept.0 + &mark)
    }

    /// The same for a terminal that draws nothing beyond ASCII.
    #[must_use]
    pub fn ascii(&self) -> Self {
        Self(ascii(&self.0))
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Safe text for a terminal that draws nothing beyond ASCII. Takes safe text only.
pub fn ascii(safe: &str) -> String {
    let mut out = String::with_capacity(safe.len());
    for c in safe.chars() {
        match c {
            ' '..='~' => out.push(c),
            '⏎' => out.push_str("\\u{a}"),
            '⇥' => out.push_str("\\u{9}"),
            '␡' => out.push_str("\\u{7f}"),
            '\u{2400}'..='\u{241f}' => code(u32::from(c) - 0x2400, &mut out),
            '⟨' => out.push('<'),
            '⟩' => out.push('>'),
            _ => code(u32::from(c), &mut out),
        }
    }
    out
}

/// A server's standard error made harmless for the terminal it is passed on to: line breaks and tabs stay, colour
/// sequences (SGR) go, every other control, C1, bidi or invisible character becomes visible, and bytes that are not
/// UTF-8 become `\xff`. Give whole lines, so that no character is cut in two.
pub fn harmless(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        let mut chars = chunk.valid().chars();
        loop {
            let rest = chars.as_str();
            if let Some(after) = colour(rest) {
                chars = rest[rest.len() - after..].chars();
            } else if let Some(tail) = rest.strip_prefix("\r\n") {
                out.push('\n');
                chars = tail.chars();
            } else if let Some(tail) = rest.strip_prefix(['\n', '\t', ' ']) {
                out.push_str(&rest[..1]);
                chars = tail.chars();
            } else if unit(&mut chars, Letters::All, &mut out).is_none() {
                break;
            }
        }
        for byte in chunk.invalid() {
            _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// If `text` begins with a colour sequence (`ESC [ digits ; : m`, ECMA-48 section 8.3.117): how many bytes come after.
fn colour(text: &str) -> Option<usize> {
    let body = text.strip_prefix("\u{1b}[")?;
    let rest = body.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';' || c == ':');
    Some(rest.strip_prefix('m')?.len())
}

/// Which letters stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// Those of every script: values.
    All,
    /// ASCII only: names.
    Ascii,
    /// ASCII only, and what stands for the others in ASCII too: terminals that draw nothing else.
    Bare,
}

/// What [`Shown::take`] wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// In terminal cells.
    pub width: usize,
    /// Whether it stands for something that would not be seen as it is.
    pub escaped: bool,
}

enum Class {
    Plain(usize),
    Mark,
    Escape,
}

fn units(mut chars: impl Iterator<Item = char> + Clone, letters: Letters) -> String {
    let mut out = String::with_capacity(chars.size_hint().0);
    while unit(&mut chars, letters, &mut out).is_some() {}
    out
}

fn unit(chars: &mut (impl Iterator<Item = char> + Clone), letters: Letters, out: &mut String) -> Option<Unit> {
    let first = chars.next()?;
    match class(first, letters) {
        Class::Plain(_) if first == ' ' => {
            let n = 1 + run(chars, ' ');
            if n > LONGEST_RUN || chars.clone().next().is_none_or(|c| c == '\n') {
                return Some(fold(' ', n, letters, out));
            }
            out.extend(std::iter::repeat_n(' ', n));
            Some(Unit { width: n, escaped: false })
        }
        Class::Plain(_) if first == '\\' && chars.clone().take(2).eq(['u', '{']) => {
            Some(escaped(out, |out| code(0x5c, out)))
        }
        Class::Plain(width) => {
            out.push(first);
            if letters == Letters::All && first.is_alphabetic() {
                for _ in 0..MARKS {
                    match chars.clone().next() {
                        Some(mark) if matches!(class(mark, letters), Class::Mark) && fits(first, mark) => {
                            out.push(mark);
                            chars.next();
                        }
                        _ => break,
                    }
                }
            }
            Some(Unit { width, escaped: false })
        }
        Class::Mark | Class::Escape => {
            let mut ahead = chars.clone();
            let more = run(&mut ahead, first);
            if more < LONGEST_RUN {
                return Some(escaped(out, |out| visible(first, letters, out)));
            }
            *chars = ahead;
            Some(fold(first, more + 1, letters, out))
        }
    }
}

fn run(chars: &mut (impl Iterator<Item = char> + Clone), c: char) -> usize {
    let mut n = 0;
    while chars.clone().next() == Some(c) {
        chars.next();
        n += 1;
    }
    n
}

fn fold(c: char, n: usize, letters: Letters, out: &mut String) -> Unit {
    let what = match c {
        ' ' => "space",
        '\n' => "line break",
        '\t' => "tab",
        _ => "",
    };
    escaped(out, |out| {
        if letters == Letters::Bare {
            _ = write!(out, "\\u{{{:x} x {n}}}", u32::from(c));
        } else if what.is_empty() {
            _ = write!(out, "⟨{n} × ");
            visible(c, letters, out);
            out.push('⟩');
        } else {
            _ = write!(out, "⟨{n} {what}{}⟩", if n == 1 { "" } else { "s" });
        }
    })
}

/// Everything written here is one cell a character.
fn escaped(out: &mut String, write: impl FnOnce(&mut String)) -> Unit {
    let start = out.len();
    write(out);
    Unit { width: out[start..].chars().count(), escaped: true }
}

fn visible(c: char, letters: Letters, out: &mut String) {
    match c {
        _ if letters == Letters::Bare => code(u32::from(c), out),
        '\n' => out.push('⏎'),
        '\t' => out.push('⇥'),
        '\u{7f}' => out.push('␡'),
        '\0'..='\u{1f}' => out.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('?')),
        _ => code(u32::from(c), out),
    }
}

fn code(value: u32, out: &mut String) {
    _ = write!(out, "\\u{{{value:x}}}");
}

fn class(c: char, letters: Letters) -> Class {
    match c {
        ' '..='~' => return Class::Plain(1),
        _ if c.is_control() || letters != Letters::All => return Class::Escape,
        _ => {}
    }
    if is_mark(c) {
        return Class::Mark;
    }
    // std knows the unassigned, the private, the format characters and the separators: it escapes them for `Debug`.
    let printable = c.escape_debug().len() == 1;
    match c.width() {
        Some(width @ 1..) if printable && !is_blank_or_ours(c) => Class::Plain(width),
        _ => Class::Escape,
    }
}

/// Blank or joining characters that Unicode counts as printable, and the signs that this module writes itself.
fn is_blank_or_ours(c: char) -> bool {
    matches!(
        c,
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // Hangul fillers
        | '\u{2800}' // braille without dots
        | '\u{1d159}' // a note without a head
        | '\u{13441}' | '\u{13442}' // hieroglyphic blanks
        | '\u{fffc}' // stands for an object that is not there
        | '\u{1f3fb}'..='\u{1f3ff}' // join the emoji before them, or not
        | '\u{2400}'..='\u{2426}' | '⏎' | '⇥' | '⟨' | '⟩' // ours
    )
}

/// Combining marks of living scripts, and the conjoining Hangul letters. All others are escaped.
fn is_mark(c: char) -> bool {
    c.width() == Some(0)
        && matches!(
            c,
            '\u{300}'..='\u{30c}' | '\u{323}'..='\u{328}' | '\u{331}' // accents
            | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65f}' | '\u{670}' // Hebrew, Arabic
            | '\u{900}'..='\u{dff}' | '\u{e31}'..='\u{e4e}' | '\u{eb1}'..='\u{ece}' // Indic, Thai, Lao
            | '\u{f18}'..='\u{fbc}' | '\u{102d}'..='\u{109d}' | '\u{17b6}'..='\u{17d3}' // Tibetan, Burmese, Khmer
            | '\u{1161}'..='\u{11ff}' | '\u{3099}' | '\u{309a}' // Hangul, kana
        )
}

/// Whether a mark belongs on this letter: accents on any, the marks of other scripts not on ASCII.
fn fits(base: char, mark: char) -> bool {
    mark < '\u{332}' || !base.is_ascii()
}

/// A whole number with its thousands apart.
pub fn grouped(n: impl fmt::Display) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> String {
        Shown::line(text).0
    }

    #[test]
    fn b14_every_invisible_character_is_seen() {
        let ranges = [
            0x0..=0x1f,
            0x7f..=0xa0,
            0xad..=0xad,
            0x34f..=0x34f,
            0x61c..=0x61c,
            0x115f..=0x1160,
            0x1680..=0x1680,
            0x17b4..=0x17b5,
            0x180b..=0x180f,
            0x2000..=0x200f,
            0x2028..=0x202f,
            0x205f..=0x206f,
            0x2800..=0x2800,
            0x3000..=0x3000,
            0x3164..=0x3164,
            0xe000..=0xf8ff,
            0xfe00..=0xfe0f,
            0xfeff..=0xfeff,
            0xffa0..=0xffa0,
            0xfff0..=0xfffc,
            0xfffe..=0xffff,
            0x1bca0..=0x1bca3,
            0x1d173..=0x1d17a,
            0xe0000..=0xe01ef,
            0xf0000..=0x0010_ffff,
        ];
        for c in ranges.into_iter().flatten().filter_map(char::from_u32) {
            let shown = line(&format!("a{c}b"));
            assert!(!shown.contains(c), "{:x} is drawn as it is", u32::from(c));
            assert!(Shown(shown.clone()).width() >= 3, "{:x} is not seen in {shown:?}", u32::from(c));
        }
    }

    #[test]
    fn b14_no_character_at_all_is_dropped_or_drawn_without_a_cell() {
        for c in ('\0'..=char::MAX).filter(|c| !matches!(c, ' ')) {
            let shown = Shown::line(&format!("x{c}x"));
            let marked = is_mark(c) && fits('x', c);
            assert!(shown.width() >= 3 || marked, "U+{:x}: {shown}", u32::from(c));
            for out in shown.as_str().chars() {
                assert!(!out.is_control() && (out.width() > Some(0) || marked), "U+{:x}: {shown}", u32::from(c));
            }
        }
    }

    #[test]
    fn b16_escape_sequences_are_text() {
        assert_eq!(line("a\u{1b}]52;c;cm0=\u{7}b"), "a␛]52;c;cm0=␇b");
        assert_eq!(line("\u{9b}2J\u{90}q\u{9c}\u{7f}"), "\\u{9b}2J\\u{90}q\\u{9c}␡");
        assert_eq!(line("rm -rf ~/\rls"), "rm -rf ~/␍ls");
    }

    #[test]
    fn b15_a_line_has_no_breaks_and_lines_break_at_line_feeds_only() {
        assert_eq!(line("path\nRisk: LOW\tx"), "path⏎Risk: LOW⇥x");
        let lines = Shown::lines("a\r\n\n\n\n\n\nb\u{2028}c\u{85}");
        assert_eq!(
            lines.iter().map(Shown::as_str).collect::<Vec<_>>(),
            ["a␍", "⟨5 empty lines⟩", "b\\u{2028}c\\u{85}"]
        );
        assert_eq!(Shown::lines("\n\n").len(), 3);
    }

    #[test]
    fn b13_long_runs_of_blanks_are_folded_where_they_are_seen() {
        assert_eq!(line(&format!("ls{}rm -rf /", " ".repeat(412))), "ls⟨412 spaces⟩rm -rf /");
        assert_eq!(line(&format!("a{}b", "\n".repeat(40))), "a⟨40 line breaks⟩b");
        assert_eq!(line(&format!("a{}b", "\u{2800}".repeat(99))), "a⟨99 × \\u{2800}⟩b");
        assert_eq!(line("a    b  "), "a    b⟨2 spaces⟩");
        assert_eq!(line(&"\t".repeat(17)), "⟨17 tabs⟩");
    }

    #[test]
    fn b14_nobody_can_write_what_looks_like_an_escape() {
        assert_eq!(line("\\u{202e}"), "\\u{5c}u{202e}");
        assert_eq!(line("␛⏎⇥⟨9 spaces⟩"), "\\u{241b}\\u{23ce}\\u{21e5}\\u{27e8}9 spaces\\u{27e9}");
        assert_eq!(line(r"C:\users\new \d+ \\u"), r"C:\users\new \d+ \\u");
    }

    #[test]
    fn b14_marks_stay_on_letters_and_floods_are_seen() {
        assert_eq!(line("e\u{301}"), "e\u{301}");
        assert_eq!(line("/\u{301}"), "/\\u{301}");
        assert_eq!(line("\u{301}a"), "\\u{301}a");
        assert_eq!(line("a\u{5b4}"), "a\\u{5b4}");
        assert_eq!(line("a\u{336}"), "a\\u{336}");
        assert_eq!(line("a\u{301}\u{302}\u{303}"), "a\u{301}\u{302}\\u{303}");
        assert_eq!(line(&format!("a{}", "\u{301}".repeat(50))), "a\u{301}\u{301}⟨48 × \\u{301}⟩");
    }

    #[test]
    fn other_scripts_stay_readable_in_values_and_are_escaped_in_names() {
        for plain in ["Читает файл", "GitHubのIssueを作成する", "مرحبا", "naïve — “quoted” 漢字 😀", "हिन्दी ไทย 한국어"]
        {
            assert_eq!(line(plain), plain);
        }
        assert_eq!(Shown::name("r\u{435}ad_file").as_str(), "r\\u{435}ad_file");
        assert_eq!(Shown::name("read\nfile \u{e0041}").as_str(), "read⏎file \\u{e0041}");
    }

    #[test]
    fn b16_standard_error_keeps_its_lines_and_loses_its_power() {
        assert_eq!(harmless(b"\x1b[1;32mINFO\x1b[0m ok\r\n\tat x  \n"), "INFO ok\n\tat x  \n");
        assert_eq!(harmless(b"\x1b[2J\x1b]0;t\x07\x9b1m a\rb\xff\n"), "␛[2J␛]0;t␇\\x9b1m a␍b\\xff\n");
        assert_eq!(harmless("\u{9b}2J\u{202e}x\u{200b}".as_bytes()), "\\u{9b}2J\\u{202e}x\\u{200b}");
        assert_eq!(harmless(b"\x1b[31"), "␛[31");
    }

    #[test]
    fn what_is_clipped_says_so() {
        let text = Shown::line("0123456789");
        assert_eq!(text.clip(10).as_str(), "0123456789");
        assert_eq!(text.clip(8).as_str(), "01...+8");
        assert!((0..12).all(|n| text.clip(n).width() <= n));
        assert!((0..12).all(|n| Shown::line("漢漢漢漢漢漢").clip(n).width() <= n));
    }

    #[test]
    fn a_terminal_without_unicode_gets_ascii() {
        assert_eq!(line("a\u{1b}\n漢").as_str(), "a␛⏎漢");
        assert_eq!(units("a\u{1b}\n漢\\u{1}".chars(), Letters::Bare), "a\\u{1b}\\u{a}\\u{6f22}\\u{5c}u{1}");
        assert_eq!(units(format!("a{}b ", " ".repeat(40)).chars(), Letters::Bare), "a\\u{20 x 40}b\\u{20 x 1}");
        assert_eq!(Shown::line("a\u{1b}\n\u{7f}漢").ascii().as_str(), "a\\u{1b}\\u{a}\\u{7f}\\u{6f22}");
    }
}
