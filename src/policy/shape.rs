//! What the value of an argument must look like: a glob, a regex, a range, a set, a folder, the first words of a command.
//!
//! Invariant: `Shape::text` answers `Exact` only for a value that every reader takes for the same thing.

use std::fmt;

use super::arguments::Fit;
use super::pattern::Glob;
use crate::risk::hidden::is_hidden;
use crate::risk::{Link, paths};

mod command;
pub(super) mod number;
mod regular;

pub use command::BadCommand;
pub use number::Range;
pub use regular::{BadRegex, MAX_REGEXES, Regular};

/// The longest value that may fit exactly, in bytes: longer ones are not what a person had in mind.
const LONGEST_EXACT: usize = 16 * 1024;
/// The most that a regex is matched against for one value, in all its readings, in bytes.
const MOST_READ: usize = 4 * LONGEST_EXACT;

/// What a value must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `"…"`: a glob.
    Glob(Glob),
    /// `{ regex = "…" }`: the whole text to loosen, any part of it to tighten.
    Regex(Regular),
    /// `{ min = …, max = … }`: a number, both ends included.
    Number(Range),
    /// `{ one_of = […] }`: one of these, letter for letter.
    OneOf(Vec<String>),
    /// `{ under = "/…" }`: this folder or something in it.
    Under(String),
    /// `{ command = "…" }`: a single simple command that begins with these words.
    Command(Vec<String>),
    /// `{ absent = true }`: it is not there.
    Absent,
}

/// Where a path is looked at from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stand<'a> {
    /// Where paths in the arguments lead, as the wrap saw it.
    pub links: &'a [Link],
    /// The server's working directory.
    pub cwd: &'a str,
}

impl Shape {
    /// A folder, absolute and written in only one way.
    pub fn under(text: &str) -> Result<Self, String> {
        let folder = text.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(text);
        if !folder.starts_with('/') || !has_one_reading(folder) {
            return Err(format!("{text:?} is not a folder to be under; write it from / on, without `..`, `~` or `$`"));
        }
        Ok(Self::Under(folder.to_owned()))
    }

    /// The first words of a command.
    pub fn command(text: &str) -> Result<Self, BadCommand> {
        command::prefix(text).map(Self::Command)
    }

    /// Whether every value fits, if only there is one.
    pub fn is_any(&self) -> bool {
        matches!(self, Self::Glob(glob) if glob.is_any())
    }

    /// A text that is the same for two shapes exactly when they are the same.
    pub(super) fn key(&self) -> String {
        if let Self::OneOf(texts) = self { format!(" one of {texts:?}") } else { self.to_string() }
    }

    /// About how many steps a byte of a value takes.
    pub(super) fn steps(&self) -> usize {
        match self {
            Self::Glob(glob) if glob.is_any() => 0,
            Self::Glob(glob) => 2 + 2 * glob.wildcards(),
            Self::Command(words) => 4 + words.len(),
            Self::Regex(_) => 16,
            Self::Number(_) | Self::OneOf(_) | Self::Under(_) | Self::Absent => 2,
        }
    }

    /// How many characters stand for themselves: the more, the more specific.
    pub fn literals(&self) -> usize {
        match self {
            Self::Glob(glob) => glob.literals(),
            Self::OneOf(texts) => texts.iter().map(|text| text.chars().count()).min().unwrap_or(0),
            Self::Under(folder) => folder.chars().count(),
            Self::Command(words) => words.iter().map(|word| word.chars().count()).sum(),
            Self::Regex(_) | Self::Number(_) | Self::Absent => 0,
        }
    }

    /// How far a text fits.
    pub(super) fn text(&self, value: &str, stand: Stand<'_>) -> Fit {
        match self {
            Self::Glob(glob) => read(value, stand, glob.is_exact(), |reading| glob.matches(reading)),
            Self::OneOf(texts) => read(value, stand, true, |reading| texts.iter().any(|text| text == reading)),
            Self::Under(folder) => under(folder, value, stand),
            Self::Regex(_) if value.len() > LONGEST_EXACT => Fit::Wide,
            Self::Regex(regex) => regular(regex, value, stand),
            Self::Number(range) => range.text(value),
            Self::Command(words) => command::fit(words, value),
            Self::Absent => Fit::No,
        }
    }

    /// How far a number, `true`, `false` or `null` fits.
    pub(super) fn scalar(&self, raw: &str) -> Fit {
        let fits = match self {
            Self::Number(range) => return range.scalar(raw),
            Self::Regex(regex) if regex.fits_whole(raw) => true,
            Self::Regex(regex) if regex.fits_part(raw) => return Fit::Wide,
            Self::Glob(glob) => glob.matches(raw),
            Self::OneOf(texts) => texts.iter().any(|text| text == raw),
            Self::Regex(_) | Self::Under(_) | Self::Command(_) | Self::Absent => false,
        };
        if fits { Fit::Exact } else { Fit::No }
    }

    /// How far a list or an object fits as a whole, by its text.
    pub(super) fn whole(&self, raw: &str) -> Fit {
        match self {
            Self::Glob(glob) if glob.matches(raw) => {
                if glob.is_exact() {
                    Fit::Exact
                } else {
                    Fit::Wide
                }
            }
            Self::OneOf(texts) if texts.iter().any(|text| text == raw) => Fit::Exact,
            Self::Regex(_) if raw.len() > LONGEST_EXACT => Fit::Wide,
            Self::Regex(regex) if regex.fits_part(raw) => Fit::Wide,
            Self::Command(words) => command::list(words, raw),
            // Somebody may find a number in it.
            Self::Number(_) => Fit::Wide,
            _ => Fit::No,
        }
    }

    /// Parts of which one is in every text that fits in any way, or `None` when that cannot be told.
    pub(super) fn plain_parts(&self) -> Option<Vec<String>> {
        match self {
            Self::Glob(glob) => Some(vec![glob.longest_plain()?]),
            Self::OneOf(texts) if texts.iter().all(|text| !text.is_empty()) => Some(texts.clone()),
            Self::Under(folder) => Some(vec![folder.clone()]),
            _ => None,
        }
    }

    /// Whether no value fits both: certain, or `false`.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Glob(own), Self::Glob(others)) => own.is_apart_from(others),
            (Self::Number(own), Self::Number(others)) => own.is_apart_from(others),
            (Self::OneOf(texts), Self::Glob(glob)) | (Self::Glob(glob), Self::OneOf(texts)) => {
                !texts.iter().any(|text| glob.matches(text))
            }
            (Self::OneOf(own), Self::OneOf(others)) => !own.iter().any(|text| others.contains(text)),
            (Self::Under(own), Self::Under(others)) => !is_under(own, others) && !is_under(others, own),
            _ => false,
        }
    }

    /// Whether the other fits every value as far as this does, or further: certain, or `false`.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        // A text in a rule fits exactly with an operator in it, a wildcard does not; lists are read as texts by neither.
        let plain = |text: &str| !has_operators(text) && !text.starts_with(['[', '{']);
        match (self, other) {
            _ if self == other => true,
            (Self::Absent, _) => false,
            (_, Self::Glob(wider)) if wider.is_any() => true,
            (Self::Glob(own), Self::Glob(wider)) => {
                !wider.is_exact() && wider.covers(own) && (!own.is_exact() || plain(own.as_str()))
            }
            (Self::Glob(own), Self::OneOf(texts)) => own.is_exact() && texts.iter().any(|text| text == own.as_str()),
            (Self::OneOf(texts), Self::Glob(wider)) => {
                !wider.is_exact() && texts.iter().all(|text| plain(text) && wider.matches(text))
            }
            (Self::OneOf(texts), Self::OneOf(wider)) => texts.iter().all(|text| wider.contains(text)),
            (Self::Number(own), Self::Number(wider)) => own.is_within(wider),
            (Self::Under(own), Self::Under(wider)) => is_under(wider, own),
            (Self::Command(own), Self::Command(wider)) => own.starts_with(wider),
            _ => false,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Glob(glob) => write!(f, "={}", glob.as_str()),
            Self::Regex(regex) => write!(f, " fits the regex {}", regex.as_str()),
            Self::Number(range) => write!(f, " {range}"),
            Self::OneOf(texts) => write!(f, " one of {}", texts.join(", ")),
            Self::Under(folder) => write!(f, " under {folder}"),
            Self::Command(words) => write!(f, " the command {} …", words.join(" ")),
            Self::Absent => f.write_str(" absent"),
        }
    }
}

/// How far a text fits: in the one way to read it, or in any of several. `literal`: it is given letter for letter.
fn read(value: &str, stand: Stand<'_>, literal: bool, fits: impl Fn(&str) -> bool) -> Fit {
    let plain = value.len() <= LONGEST_EXACT && has_one_reading(value) && (literal || !has_operators(value));
    let fit = match fits(value) {
        true if plain => Fit::Exact,
        true => Fit::Wide,
        false if paths::is_overlong(value) => Fit::Wide,
        false if !plain && paths::readings(value).iter().any(|reading| fits(reading)) => Fit::Wide,
        false => Fit::No,
    };
    follow(fit, value, stand, fits)
}

/// How far a text fits a regex: its length is bounded, and so is that of all its readings together.
fn regular(regex: &Regular, value: &str, stand: Stand<'_>) -> Fit {
    let whole = |reading: &str| regex.fits_whole(reading);
    let readings = paths::readings(value);
    if readings.iter().map(String::len).sum::<usize>() > MOST_READ {
        return Fit::Wide;
    }
    // Most fit in no part, and then not as a whole either.
    if !readings.iter().any(|reading| regex.fits_part(reading)) {
        return follow(Fit::No, value, stand, whole);
    }
    read(value, stand, false, whole).max(Fit::Wide)
}

/// Every text that [`Shape::text`] looks at for a value.
pub(super) fn texts(value: &str, stand: Stand<'_>) -> Vec<String> {
    let mut all = vec![value.to_owned()];
    all.extend(paths::readings(value));
    all.extend(
        all.iter().filter(|reading| !reading.starts_with('/')).map(|r| standing(r, stand.cwd)).collect::<Vec<_>>(),
    );
    all.extend(stand.links.iter().filter(|link| link.written == value).filter_map(|link| link.leads.clone()));
    all.sort_unstable();
    all.dedup();
    all
}

/// A path that leads elsewhere has to fit there too to loosen, and tightens when it fits there alone.
fn follow(fit: Fit, value: &str, stand: Stand<'_>, fits: impl Fn(&str) -> bool) -> Fit {
    stand.links.iter().filter(|link| link.is_of(value)).fold(fit, |fit, link| match &link.leads {
        Some(place) if fits(place) => fit.max(Fit::Wide),
        Some(place) if *place == standing(value, stand.cwd) => fit,
        Some(_) | None => fit.min(Fit::Wide),
    })
}

/// A path from the root on.
fn standing(path: &str, cwd: &str) -> String {
    if path.starts_with('/') { paths::resolve(path) } else { paths::resolve(&format!("{cwd}/{path}")) }
}

fn under(folder: &str, value: &str, stand: Stand<'_>) -> Fit {
    let fit = read(value, stand, false, |reading| is_under(folder, reading));
    // From the server's own folder a path may get there too, and some systems take any case: no ground to loosen.
    let gets_there = |reading: &String| {
        let place = if reading.starts_with('/') { reading.clone() } else { standing(reading, stand.cwd) };
        place.get(..folder.len()).is_some_and(|start| start.eq_ignore_ascii_case(folder))
            && is_under(folder, &format!("{folder}{}", &place[folder.len()..]))
    };
    if fit == Fit::No && paths::readings(value).iter().any(gets_there) { Fit::Wide } else { fit }
}

/// Whether a path is this folder or in it, as it is written.
pub(super) fn is_under(folder: &str, path: &str) -> bool {
    folder == "/" && path.starts_with('/')
        || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What is a dot, or becomes one or more when a text is normalised (Unicode NFKC, IDNA).
const DOTS: &str = ".\u{2024}\u{2025}\u{2026}\u{3002}\u{fe52}\u{ff0e}\u{ff61}";

/// Whether a shell would run more than one command, or write to a file: a wildcard such as `git *` is not meant to
/// stretch over that.
fn has_operators(value: &str) -> bool {
    value.contains(['|', '`', '<', '>', ';', '&'])
}

/// What becomes a `/`, `\`, `~`, `$` or `%` when a text is normalised, or is taken for one.
const SIGNS: &str =
    "\u{2044}\u{2215}\u{2216}\u{29f5}\u{29f8}\u{29f9}\u{fe68}\u{fe69}\u{fe6a}\u{ff04}\u{ff05}\u{ff0f}\u{ff3c}\u{ff5e}";

/// Whether every reader takes the text for the same path.
pub(super) fn has_one_reading(value: &str) -> bool {
    let sign = |c: char| matches!(c, '~' | '$' | '%' | '\\') || !c.is_ascii() && SIGNS.contains(c);
    let odd = |c: char| sign(c) || c.is_control() || is_hidden(c);
    let dots = |segment: &str| !segment.is_empty() && segment.chars().all(|c| c.is_whitespace() || DOTS.contains(c));
    let odd_segment = |segment: &str| dots(segment) || segment.ends_with('.') && !segment.contains(' ');
    !(value.chars().any(odd)
        || paths::bare(value) != value
        || value.contains("//")
        || value.split('/').any(odd_segment)
        || value.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:")))
}

#[cfg(test)]
mod tests;
