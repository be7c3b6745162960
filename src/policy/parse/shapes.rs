//! `args`: what each named argument must look like.

use toml::de::{DeTable, DeValue};

use super::reader::{Reader, Value};
use crate::policy::arguments::ArgumentRule;
use crate::policy::pattern::Glob;
use crate::policy::shape::{Range, Regular, Shape};

/// What a table for an argument may say.
const KEYS: [&str; 7] = ["regex", "min", "max", "one_of", "under", "command", "absent"];
/// The longest list in `one_of`.
const MAX_LIST: usize = 1_000;

impl Reader<'_> {
    pub(super) fn args(&mut self, value: &Value<'_>) -> Option<Vec<ArgumentRule>> {
        let table = self.table(value, "args")?;
        if table.is_empty() {
            self.warn(value.span(), "`args` is empty, so the rule is for calls with any arguments");
        }
        let mut args = Vec::new();
        for (key, value) in table {
            let name = key.get_ref().to_string();
            let what = format!("args.{}", name.escape_debug());
            // RFC 6901 section 3.
            if name.starts_with('/') && name.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1'])) {
                self.error(
                    key.span(),
                    format!("{what} is no JSON Pointer; in one `~` is written ~0, and `/` in a key ~1"),
                );
            }
            if let Some(shape) = self.shape(value, &what) {
                args.push(ArgumentRule { name, shape });
            }
        }
        Some(args)
    }

    fn shape(&mut self, value: &Value<'_>, what: &str) -> Option<Shape> {
        match value.get_ref() {
            DeValue::String(text) => self.glob(value, text, Glob::value(text)).map(Shape::Glob),
            DeValue::Table(table) => self.test(value, table, what),
            _ => {
                self.wrong(value, what, "a text in quotes, or a table as { min = 1, max = 10 }");
                None
            }
        }
    }

    fn test(&mut self, value: &Value<'_>, table: &DeTable<'_>, what: &str) -> Option<Shape> {
        for (key, _) in table {
            let name = key.get_ref().as_ref();
            if !KEYS.contains(&name) {
                self.unknown(key.span(), name, &KEYS);
                return None;
            }
        }
        let range = table.contains_key("min") || table.contains_key("max");
        let others = table.iter().filter(|(key, _)| !matches!(key.get_ref().as_ref(), "min" | "max")).count();
        if usize::from(range) + others != 1 {
            let says = format!("{what} says {} things; one of {}", usize::from(range) + others, KEYS.join(", "));
            self.error(value.span(), says);
            return None;
        }
        if range {
            return self.range(value, table, what);
        }
        let (key, value) = table.iter().next()?;
        match key.get_ref().as_ref() {
            "regex" => self.regex(value, what),
            "one_of" => self.one_of(value, what),
            "under" => {
                let text = self.text(value, what)?;
                Shape::under(text).map_err(|says| self.error(value.span(), says)).ok()
            }
            "command" => {
                let text = self.text(value, what)?;
                Shape::command(text).map_err(|e| self.error(value.span(), e.to_string())).ok()
            }
            _ => {
                if self.truth(value, what)? {
                    return Some(Shape::Absent);
                }
                self.error(value.span(), "`absent = false` says nothing; \"**\" fits whatever is there");
                None
            }
        }
    }

    fn range(&mut self, value: &Value<'_>, table: &DeTable<'_>, what: &str) -> Option<Shape> {
        let mut end = |key: &str| table.get(key).map(|value| self.number(value, &format!("{what}.{key}")));
        let (min, max) = (end("min"), end("max"));
        let range =
            Range::new(min.map_or(Some(None), |end| end.map(Some))?, max.map_or(Some(None), |end| end.map(Some))?);
        match range {
            Ok(range) if range.is_empty() => {
                self.error(value.span(), format!("{what}: no number is {range}; min has to be below max"));
                None
            }
            Ok(range) => Some(Shape::Number(range)),
            Err(says) => {
                self.error(value.span(), format!("{what}: {says}"));
                None
            }
        }
    }

    fn one_of(&mut self, value: &Value<'_>, what: &str) -> Option<Shape> {
        let values = self.array(value, what, "a list, as [\"a\", \"b\"]")?;
        if values.len() > MAX_LIST {
            self.error(value.span(), format!("{what} has more than {MAX_LIST} values"));
            return None;
        }
        let mut texts = Vec::new();
        for value in values {
            match value.get_ref() {
                DeValue::String(text) => {
                    if let Some(glob) = self.glob(value, text, Glob::value(text)) {
                        if !glob.is_exact() {
                            self.warn(value.span(), "wildcards stand for themselves in `one_of`");
                        }
                        texts.push(text.to_string());
                    }
                }
                DeValue::Integer(number) if number.radix() == 10 => texts.push(number.as_str().replace(['_', '+'], "")),
                DeValue::Boolean(truth) => texts.push(truth.to_string()),
                _ => self.wrong(value, what, "a list of texts, whole numbers, true and false"),
            }
        }
        Some(Shape::OneOf(texts))
    }

    fn regex(&mut self, value: &Value<'_>, what: &str) -> Option<Shape> {
        let text = self.text(value, what)?;
        self.regexes += 1;
        let most = self.most.regexes;
        if self.regexes > most {
            self.error(value.span(), format!("more than {most} regexes; use globs, `under` or `one_of`"));
            return None;
        }
        match Regular::new(text) {
            Ok(regex) => Some(Shape::Regex(regex)),
            Err(bad) => {
                let mut span = value.span();
                // Where it stands in the file as it is, its own place can be told too.
                let written = self.text.get(span.clone()).and_then(|written| written.find(text));
                if let (Some(start), Some(at)) = (written, bad.at) {
                    span.start += start + text.chars().take(at).map(char::len_utf8).sum::<usize>();
                }
                self.error(span, bad.says);
                None
            }
        }
    }
}
