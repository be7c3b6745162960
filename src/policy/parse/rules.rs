//! `[[rule]]`.

use super::names::{check_server, check_tool};
use super::reader::{Reader, Value};
use super::{MAX_REASON, Severity};
use crate::decision::{Action, Level};
use crate::policy::Rule;
use crate::policy::pattern::{BadGlob, Glob};
use crate::policy::when::{self, When};
use crate::risk::hidden::is_hidden;

impl Reader<'_> {
    pub(super) fn rules(&mut self, value: &Value<'_>) -> Vec<Rule> {
        let Some(array) = value.get_ref().as_array() else {
            self.error(value.span(), "rules are written as [[rule]], with two brackets on each side");
            return Vec::new();
        };
        let most = self.most.rules;
        if array.iter().count() > most {
            self.error(value.span(), format!("more than {most} rules"));
            return Vec::new();
        }
        array.iter().filter_map(|rule| self.rule(rule)).collect()
    }

    fn rule(&mut self, value: &Value<'_>) -> Option<Rule> {
        const KEYS: [&str; 11] =
            ["server", "tool", "args", "risk", "time", "days", "console", "action", "level", "timeout", "reason"];
        let table = self.table(value, "rule")?;
        let (line, _) = self.place(value.span().start);
        let any = Glob::name("*").ok()?;
        let mut rule = Rule {
            label: format!("{}:{line}", self.label),
            line,
            server: any.clone(),
            tool: any,
            args: Vec::new(),
            when: When::default(),
            action: None,
            level: None,
            timeout: None,
            reason: None,
        };
        let mut args_wrong = false;
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "server" => rule.server = self.server(value).unwrap_or(rule.server),
                "tool" => rule.tool = self.tool(value).unwrap_or(rule.tool),
                "args" => {
                    let before = self.diagnostics.len();
                    rule.args = self.args(value).unwrap_or_default();
                    args_wrong = self.diagnostics[before..].iter().any(|d| d.severity == Severity::Error);
                }
                "risk" => rule.when.risk = self.risk(value).unwrap_or_default(),
                "time" => rule.when.hours = self.hours(value),
                "days" => rule.when.days = self.days(value).unwrap_or_default(),
                "console" => rule.when.console = self.truth(value, "console"),
                "action" => rule.action = self.word::<Action>(value, "action"),
                "level" => rule.level = self.word::<Level>(value, "level"),
                "timeout" => rule.timeout = self.length(value, "timeout"),
                "reason" => rule.reason = self.reason(value),
                other => self.unknown(key.span(), other, &KEYS),
            }
        }
        if !["action", "level", "timeout"].iter().any(|key| table.contains_key(*key)) {
            self.error(value.span(), "the rule does nothing; give it an action, a level or a timeout");
        }
        // What cannot be read is told elsewhere, and is no rule without conditions.
        let no_args = rule.args.is_empty() && !args_wrong;
        let always = no_args && rule.when.is_always();
        if rule.server.is_any() && rule.tool.is_any() && always && rule.action == Some(Action::Allow) {
            self.warn(value.span(), "the rule allows every call of every server");
        }
        Some(rule)
    }

    pub(super) fn glob(&mut self, value: &Value<'_>, text: &str, glob: Result<Glob, BadGlob>) -> Option<Glob> {
        let glob = glob.map_err(|e| self.error(value.span(), e.to_string())).ok()?;
        if !text.is_ascii() {
            self.warn(value.span(), "letters outside ASCII may look like others; the rule is for exactly these");
        }
        if text.contains(['[', ']', '{', '}']) {
            self.warn(value.span(), "brackets and braces stand for themselves; wildcards are `*`, `**` and `?`");
        }
        Some(glob)
    }

    fn server(&mut self, value: &Value<'_>) -> Option<Glob> {
        let text = self.text(value, "server")?;
        if let Err(says) = check_server(text) {
            self.error(value.span(), says);
            return None;
        }
        self.glob(value, text, Glob::name(text))
    }

    fn tool(&mut self, value: &Value<'_>) -> Option<Glob> {
        let text = self.text(value, "tool")?;
        if let Err(says) = check_tool(text) {
            self.error(value.span(), says);
            return None;
        }
        self.glob(value, text, Glob::name(text))
    }

    /// `risk = "high"`, or a list.
    fn risk(&mut self, value: &Value<'_>) -> Option<Vec<Level>> {
        let mut levels: Vec<Level> = if value.get_ref().is_str() {
            vec![self.word(value, "risk")?]
        } else {
            let values = self.array(value, "risk", "a level in quotes, or a list of them")?;
            values.into_iter().filter_map(|value| self.word(value, "risk")).collect()
        };
        levels.sort_unstable();
        levels.dedup();
        if levels.len() == Level::ALL.len() {
            self.warn(value.span(), "`risk` names every level, so it asks for nothing");
            levels.clear();
        }
        Some(levels)
    }

    fn hours(&mut self, value: &Value<'_>) -> Option<(u16, u16)> {
        let text = self.text(value, "time")?;
        when::hours(text).map_err(|says| self.error(value.span(), says)).ok()
    }

    fn days(&mut self, value: &Value<'_>) -> Option<Vec<u8>> {
        let values = self.array(value, "days", "a list, as [\"mon\", \"fri\"]")?;
        let mut days = Vec::new();
        for value in values {
            let Some(text) = self.text(value, "days") else { continue };
            match when::DAYS.iter().position(|day| *day == text).and_then(|day| u8::try_from(day).ok()) {
                Some(day) => days.push(day),
                None => self.error(value.span(), format!("days: {text:?} is none of {}", when::DAYS.join(", "))),
            }
        }
        days.sort_unstable();
        days.dedup();
        Some(days)
    }

    fn reason(&mut self, value: &Value<'_>) -> Option<String> {
        let text = self.text(value, "reason")?;
        if text.chars().count() > MAX_REASON {
            self.error(value.span(), format!("a reason has at most {MAX_REASON} characters"));
        }
        if let Some(c) = text.chars().find(|c| is_hidden(*c) || *c == '\n') {
            self.error(value.span(), format!("a reason is one line of visible text, without U+{:04X}", u32::from(c)));
        }
        Some(text.to_owned())
    }
}
