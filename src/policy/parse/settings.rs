//! `[levels]`, `[timeout]`, `[remember]` and `[journal]`.

use toml::de::DeValue;

use super::reader::{Reader, Value};
use crate::decision::{Action, Keep};
use crate::policy::suggest::Remember;
use crate::policy::{Levels, Timeouts};

impl Reader<'_> {
    pub(super) fn levels(&mut self, value: &Value<'_>, levels: &mut Levels) {
        let Some(table) = self.table(value, "levels") else { return };
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let slot = match name {
                "low" => &mut levels.low,
                "medium" => &mut levels.medium,
                "high" => &mut levels.high,
                other => {
                    self.unknown(key.span(), other, &["low", "medium", "high"]);
                    continue;
                }
            };
            let Some(action) = self.word(value, name) else { continue };
            *slot = action;
            if action == Action::Allow && name != "low" {
                self.warn(value.span(), format!("every call rated {name} passes without a question"));
            }
        }
    }

    pub(super) fn timeouts(&mut self, value: &Value<'_>, timeouts: &mut Timeouts) {
        let Some(table) = self.table(value, "timeout") else { return };
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if !["default", "low", "medium", "high"].contains(&name) {
                self.unknown(key.span(), name, &["default", "low", "medium", "high"]);
                continue;
            }
            let length = self.length(value, name);
            match name {
                "default" => timeouts.default = length,
                "low" => timeouts.low = length,
                "medium" => timeouts.medium = length,
                _ => timeouts.high = length,
            }
        }
    }

    pub(super) fn journal(&mut self, value: &Value<'_>) -> Option<Keep> {
        let mut keep = None;
        for (key, value) in self.table(value, "journal")? {
            match key.get_ref().as_ref() {
                "arguments" => keep = self.word(value, "arguments"),
                other => self.unknown(key.span(), other, &["arguments"]),
            }
        }
        keep
    }

    pub(super) fn remember(&mut self, value: &Value<'_>, remember: &mut Remember) {
        let Some(table) = self.table(value, "remember") else { return };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "wide" => match value.get_ref() {
                    DeValue::Boolean(wide) => remember.wide = *wide,
                    _ => self.wrong(value, "wide", "true or false"),
                },
                "high" => match self.text(value, "high") {
                    None => {}
                    Some("exact") => remember.high = false,
                    Some("wide") => {
                        remember.high = true;
                        self.warn(value.span(), "calls rated high may pass by an approval that was given for another");
                    }
                    Some(_) => self.error(value.span(), "high is \"exact\" or \"wide\""),
                },
                other => self.unknown(key.span(), other, &["wide", "high"]),
            }
        }
    }
}
