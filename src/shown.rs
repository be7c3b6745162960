//! Untrusted text made safe to draw: every control, bidi, zero-width, tag, variation-selector and blank look-alike
//! character becomes visible. The one place where this happens (invariant 6).

use std::fmt;

/// Text in which every character is what it looks like. The only kind of untrusted text that views and terminals take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// One line: line breaks and tabs become visible too.
    pub fn line(text: &str) -> Self {
        Self(text.chars().flat_map(char::escape_default).collect())
    }

    /// The safe text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
