//! `[[test]]`.

use toml::de::DeValue;

use super::reader::{Reader, Value};
use crate::call::{ServerName, ToolName};
use crate::json::{self, Duplicates};
use crate::policy::cases::Case;
use crate::policy::when;

/// The most cases.
const MAX_CASES: usize = 10_000;
/// How deep arguments may be nested.
const DEEPEST: usize = 64;

impl Reader<'_> {
    pub(super) fn cases(&mut self, value: &Value<'_>) -> Vec<Case> {
        let Some(array) = value.get_ref().as_array() else {
            self.error(value.span(), "tests are written as [[test]], with two brackets on each side");
            return Vec::new();
        };
        if array.iter().count() > MAX_CASES {
            self.error(value.span(), format!("more than {MAX_CASES} tests"));
            return Vec::new();
        }
        array.iter().filter_map(|case| self.case(case)).collect()
    }

    fn case(&mut self, value: &Value<'_>) -> Option<Case> {
        const KEYS: [&str; 8] = ["server", "tool", "arguments", "level", "at", "console", "expect", "expect_level"];
        let table = self.table(value, "test")?;
        let (line, _) = self.place(value.span().start);
        let (mut server, mut tool, mut expect) = (None, None, None);
        let (mut level, mut at, mut console, mut expect_level) = (None, None, false, None);
        let mut arguments = Some("{}".to_owned());
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "server" => {
                    let text = self.text(value, "server")?;
                    server = ServerName::new(text).map_err(|e| self.error(value.span(), e.to_string())).ok();
                }
                "tool" => {
                    let text = self.text(value, "tool")?;
                    tool = ToolName::new(text).map_err(|e| self.error(value.span(), e.to_string())).ok();
                }
                "arguments" => arguments = self.arguments(value),
                "level" => level = self.word(value, "level"),
                "at" => {
                    let text = self.text(value, "at")?;
                    at = when::local(text).map_err(|says| self.error(value.span(), says)).ok();
                }
                "console" => console = self.truth(value, "console")?,
                "expect" => expect = self.word(value, "expect"),
                "expect_level" => expect_level = self.word(value, "expect_level"),
                other => self.unknown(key.span(), other, &KEYS),
            }
        }
        for key in ["server", "tool", "expect"].into_iter().filter(|key| !table.contains_key(*key)) {
            self.error(value.span(), format!("the test has no `{key}`; it needs server, tool and expect"));
        }
        Some(Case {
            line,
            server: server?,
            tool: tool?,
            arguments: arguments?,
            level,
            at,
            console,
            expect: expect?,
            expect_level,
        })
    }

    /// Arguments as a table, or as a text of JSON; strict and compact, as a wrap would send them.
    fn arguments(&mut self, value: &Value<'_>) -> Option<String> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Table(_) => {
                let mut text = String::new();
                if let Err(says) = write(value, &mut text, 0) {
                    self.error(value.span(), says);
                    return None;
                }
                text
            }
            _ => {
                self.wrong(value, "arguments", "a table, or a text of JSON");
                return None;
            }
        };
        match json::compact(text.as_bytes(), Duplicates::Everywhere) {
            Ok(text) if text.starts_with('{') => Some(text),
            Ok(_) => {
                self.error(value.span(), "arguments are an object, as '{\"path\": \"a\"}'");
                None
            }
            Err(fault) => {
                self.error(value.span(), format!("arguments are not strict JSON: {fault}"));
                None
            }
        }
    }
}

/// A TOML value as JSON.
fn write(value: &Value<'_>, out: &mut String, depth: usize) -> Result<(), String> {
    if depth > DEEPEST {
        return Err("arguments are nested too deep".to_owned());
    }
    match value.get_ref() {
        DeValue::String(text) => out.push_str(&json::quote(text)),
        DeValue::Boolean(truth) => out.push_str(if *truth { "true" } else { "false" }),
        DeValue::Integer(number) if number.radix() == 10 => {
            out.push_str(&number.as_str().replace(['_', '+'], ""));
        }
        DeValue::Float(number) => {
            let number: f64 = number.as_str().replace('_', "").parse().map_err(|_| "not a number of JSON")?;
            let number =
                serde_json::Number::from_f64(number).ok_or("not a number of JSON; write it as a text of JSON")?;
            out.push_str(&number.to_string());
        }
        DeValue::Integer(_) | DeValue::Datetime(_) => {
            return Err("JSON has no such value; write the arguments as a text of JSON".to_owned());
        }
        DeValue::Array(values) => {
            out.push('[');
            for (i, value) in values.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { "," });
                write(value, out, depth + 1)?;
            }
            out.push(']');
        }
        DeValue::Table(table) => {
            out.push('{');
            for (i, (key, value)) in table.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { "," });
                out.push_str(&json::quote(key.get_ref()));
                out.push(':');
                write(value, out, depth + 1)?;
            }
            out.push('}');
        }
    }
    Ok(())
}
