//! `{ min = 1, max = 10 }`: numbers, by their text.
//!
//! Invariant: only a number that every reader takes for the same one loosens. One that is too long to be exact, one
//! with an exponent, a number in quotes and what is no number at all never do; they tighten unless they are clearly
//! outside.

use std::fmt;

use super::Fit;

/// The most significant digits that every reader of numbers keeps apart (IEEE 754, binary64).
const DIGITS: usize = 15;

/// From one number to another, both included.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    min: Option<f64>,
    max: Option<f64>,
}

impl PartialEq for Range {
    fn eq(&self, other: &Self) -> bool {
        let bits = |end: Option<f64>| end.map(|end| (end + 0.0).to_bits());
        bits(self.min) == bits(other.min) && bits(self.max) == bits(other.max)
    }
}

impl Eq for Range {}

/// What a text says as a number.
#[derive(Clone, Copy, Debug)]
pub(in crate::policy) enum Reading {
    /// Every reader takes it for this.
    Sure(f64),
    /// About this.
    About(f64),
    /// Nobody knows.
    Unknown,
}

impl Range {
    /// From `min` to `max`; at least one is given, both are finite and exact.
    pub fn new(min: Option<f64>, max: Option<f64>) -> Result<Self, String> {
        if [min, max].into_iter().flatten().any(|end| !end.is_finite() || end.abs() >= 1e15) {
            return Err("min and max are numbers of at most 15 digits".to_owned());
        }
        Ok(Self { min, max })
    }

    /// Whether no number is in it.
    pub fn is_empty(&self) -> bool {
        self.min.zip(self.max).is_some_and(|(min, max)| min > max)
    }

    /// Whether the other holds all of this.
    pub(super) fn is_within(&self, wider: &Self) -> bool {
        wider.min.is_none_or(|end| self.min.is_some_and(|own| own >= end))
            && wider.max.is_none_or(|end| self.max.is_some_and(|own| own <= end))
    }

    /// Whether no number is in both.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        let below = |max: Option<f64>, min: Option<f64>| max.zip(min).is_some_and(|(max, min)| max < min);
        below(self.max, other.min) || below(other.max, self.min)
    }

    fn holds(&self, number: f64) -> bool {
        self.min.is_none_or(|min| number >= min) && self.max.is_none_or(|max| number <= max)
    }

    /// Whether something near a number may be in it.
    fn may_hold(&self, about: f64) -> bool {
        let slack = about.abs() * 1e-9;
        self.min.is_none_or(|min| about + slack >= min) && self.max.is_none_or(|max| about - slack <= max)
    }

    /// How far a JSON number fits, or something that is none.
    pub(super) fn scalar(&self, raw: &str) -> Fit {
        self.fit(read(raw))
    }

    /// How far what was read fits.
    pub(in crate::policy) fn fit(&self, reading: Reading) -> Fit {
        match reading {
            Reading::Sure(number) if self.holds(number) => Fit::Exact,
            Reading::About(number) if self.may_hold(number) => Fit::Wide,
            Reading::Unknown => Fit::Wide,
            Reading::Sure(_) | Reading::About(_) => Fit::No,
        }
    }

    /// How far a text fits: never enough to loosen.
    pub(super) fn text(&self, value: &str) -> Fit {
        self.scalar(value.trim()).min(Fit::Wide)
    }
}

/// A number as JSON writes it (RFC 8259).
pub(in crate::policy) fn read(text: &str) -> Reading {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b))
        && text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    match text.parse::<f64>() {
        // A leading zero is octal to some.
        Ok(_) if text.trim_start_matches('-').starts_with("00") => Reading::Unknown,
        Ok(number) if is_number && digits <= DIGITS && !text.contains(['e', 'E']) => {
            let octal = text
                .trim_start_matches('-')
                .strip_prefix('0')
                .is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()));
            if octal { Reading::Unknown } else { Reading::Sure(number) }
        }
        Ok(number) if is_number => Reading::About(number),
        _ => Reading::Unknown,
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (Some(min), Some(max)) => write!(f, "from {min} to {max}"),
            (Some(min), None) => write!(f, "at least {min}"),
            (None, Some(max)) => write!(f, "at most {max}"),
            (None, None) => f.write_str("a number"),
        }
    }
}
