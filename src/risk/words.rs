//! The words of a name in any casing: `readFile`, `read_file`, `READ-FILE`, `HTTPGet`, `get2fa`.

/// Lower-case words, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(String);

impl Words {
    /// Takes a name apart: at whatever is neither letter nor digit, and where the casing begins a word.
    pub fn of(name: &str) -> Self {
        let mut out = String::with_capacity(name.len() + 4);
        let mut chars = name.chars().peekable();
        let (mut before_lower, mut before_upper) = (false, false);
        while let Some(c) = chars.next() {
            if !c.is_alphanumeric() {
                if !out.ends_with('_') && !out.is_empty() {
                    out.push('_');
                }
                (before_lower, before_upper) = (false, false);
                continue;
            }
            let starts =
                c.is_uppercase() && (before_lower || before_upper && chars.peek().is_some_and(|n| n.is_lowercase()));
            if starts && !out.ends_with('_') {
                out.push('_');
            }
            (before_lower, before_upper) = (c.is_lowercase() || c.is_numeric(), c.is_uppercase());
            out.extend(c.to_lowercase());
        }
        if out.ends_with('_') {
            out.pop();
        }
        Self(out)
    }

    /// One by one.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &str> + Clone {
        self.0.split('_').filter(|word| !word.is_empty())
    }

    /// All of them, joined by `_`.
    pub fn joined(&self) -> &str {
        &self.0
    }

    /// Whether the whole name is one of these (words joined by `_`).
    pub fn is_one_of(&self, names: &[&str]) -> bool {
        names.contains(&self.0.as_str())
    }

    /// Whether one of its words is one of these.
    pub fn has_one_of(&self, words: &[&str]) -> bool {
        self.iter().any(|word| words.contains(&word))
    }

    /// Whether its last word is one of these.
    pub fn ends_in(&self, words: &[&str]) -> bool {
        self.iter().next_back().is_some_and(|word| words.contains(&word))
    }

    /// Whether these two stand side by side.
    pub fn has_pair(&self, first: &str, second: &str) -> bool {
        // Most names are one word.
        self.0.contains('_') && self.iter().zip(self.iter().skip(1)).any(|pair| pair == (first, second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_any_casing_has_the_same_words() {
        for name in ["read_file", "readFile", "ReadFile", "READ-FILE", "read.file", "__read  file__", "read/file"] {
            assert_eq!(Words::of(name).joined(), "read_file", "{name}");
        }
        assert_eq!(Words::of("getHTTPResponse2x").joined(), "get_http_response2x");
        assert_eq!(Words::of("").iter().count() + Words::of("__--").iter().count(), 0);
    }
}
