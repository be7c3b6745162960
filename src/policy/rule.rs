//! One `[[rule]]`: which calls it is for, and what it says of them.
//!
//! Invariant: what fits only in one of several readings fits `Wide`, which may tighten and never loosens.

use std::time::Duration;

use super::arguments::{self, ArgumentRule, Arguments, Fit};
use super::asked::Asked;
use super::pattern::Glob;
use super::when::When;
use crate::decision::{Action, Level};
use crate::risk;

/// One `[[rule]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Where it stands: `policy.toml:12`.
    pub label: String,
    /// Its line, from 1.
    pub line: usize,
    /// Which servers, by label.
    pub server: Glob,
    /// Which tools.
    pub tool: Glob,
    /// Which arguments: all of them must fit.
    pub args: Vec<ArgumentRule>,
    /// What must be so beside the call.
    pub when: When,
    /// What to do.
    pub action: Option<Action>,
    /// The level that counts instead of the judged one.
    pub level: Option<Level>,
    /// How long a person has.
    pub timeout: Option<Duration>,
    /// The person's reason; a denial's goes to the model.
    pub reason: Option<String>,
}

/// How specific a rule is, compared field by field: named arguments, their literal characters, then the tool (exact
/// before glob before any) and its literal characters, then the server likewise, then what else must be so.
pub(super) type Specific = (usize, usize, u8, usize, u8, usize, usize);

impl Rule {
    /// How far the rule fits a call.
    pub(super) fn fit(&self, asked: &Asked<'_>, arguments: &Arguments<'_>) -> Fit {
        let call = asked.call;
        if !self.server.matches(call.server.name.as_str()) {
            return Fit::No;
        }
        let mut fit = self.fit_tool(asked).min(self.when.fit(asked.risk.level, *asked.moment));
        for arg in &self.args {
            if fit == Fit::No {
                break;
            }
            fit = fit.min(arguments::fit(arg, arguments, asked));
        }
        fit
    }

    /// How far the tool fits: the one that is called, or one that the arguments name, which runs in truth. The latter
    /// is no ground for loosening.
    fn fit_tool(&self, asked: &Asked<'_>) -> Fit {
        if self.tool.is_any() {
            return Fit::Exact;
        }
        let tool = asked.call.tool.as_str();
        if !self.tool.matches(tool) {
            let named = asked.risk.tools.iter().any(|named| self.tool.matches(named));
            return if named { Fit::Wide } else { Fit::No };
        }
        // A name that cannot be read off a screen is no ground for loosening.
        if tool.chars().any(risk::hidden::is_hidden) { Fit::Wide } else { Fit::Exact }
    }

    /// How specific it is.
    pub(super) fn specific(&self) -> Specific {
        let class = |glob: &Glob| if glob.is_any() { 0 } else { 1 + u8::from(glob.is_exact()) };
        (
            self.args.len(),
            self.args.iter().map(|arg| arg.shape.literals()).sum(),
            class(&self.tool),
            self.tool.literals(),
            class(&self.server),
            self.server.literals(),
            self.when.count(),
        )
    }

    /// A text that is the same for two rules exactly when they are for the same calls.
    pub(super) fn same_calls(&self) -> String {
        let mut args: Vec<_> = self.args.iter().map(|arg| (&arg.name, arg.shape.key())).collect();
        args.sort();
        format!("{:?}", (self.server.as_str(), self.tool.as_str(), args, &self.when))
    }

    /// Which calls it is for, in words. Quotes the file: draw it through `shown`.
    pub fn calls(&self) -> String {
        let mut text = match (self.server.is_any(), self.tool.is_any()) {
            (true, true) => "every call".to_owned(),
            (true, false) => self.tool.as_str().to_owned(),
            (false, true) => format!("{} (all tools)", self.server),
            (false, false) => format!("{} {}", self.server, self.tool.as_str()),
        };
        self.conditions(&mut text);
        text
    }

    /// What its arguments must look like and what else must be so, in words, each part with a blank before.
    pub fn conditions(&self, text: &mut String) {
        for arg in &self.args {
            text.extend([" ", arg.name.as_str(), &arg.shape.to_string()]);
        }
        text.push_str(&self.when.to_string());
    }

    /// Whether this fits no call that the other fits: certain, or `false`. Only of what fits exactly.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        self.is_never_with(other) || self.tool.is_apart_from(&other.tool)
    }

    /// Whether the two never have anything to do with the same call: certain, or `false`.
    pub(super) fn is_never_with(&self, other: &Self) -> bool {
        self.server.is_apart_from(&other.server) || self.when.is_apart_from(&other.when)
    }

    /// Whether the other fits every call as far as this does, or further: certain, or `false`.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        other.server.covers(&self.server)
            && other.tool.covers(&self.tool)
            && self.when.is_within(&other.when)
            && other
                .args
                .iter()
                .all(|wider| self.args.iter().any(|own| own.name == wider.name && own.shape.is_within(&wider.shape)))
    }
}
