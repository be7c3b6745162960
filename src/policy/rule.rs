//! One `[[rule]]`: which calls it is for, and what it says of them.
//!
//! Invariant: what fits only in one of several readings fits `Wide`, which may tighten and never loosens.

use std::cell::OnceCell;
use std::time::Duration;

use super::arguments::{self, ArgumentRule, Fit};
use super::asked::Asked;
use super::pattern::Glob;
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
/// before glob before any) and its literal characters, then the server likewise.
pub(super) type Specific = (usize, usize, u8, usize, u8, usize);

impl Rule {
    /// How far the rule fits a call.
    pub(super) fn fit<'a>(&self, asked: &Asked<'a>, arguments: &OnceCell<&'a str>) -> Fit {
        let call = asked.call;
        let tool = call.tool.as_str();
        if !self.server.matches(call.server.name.as_str()) || !self.tool.matches(tool) {
            return Fit::No;
        }
        // A name that cannot be read off a screen is no ground for loosening, unless the rule is for every tool.
        let name =
            if !self.tool.is_any() && tool.chars().any(risk::hidden::is_hidden) { Fit::Wide } else { Fit::Exact };
        if self.args.is_empty() {
            return name;
        }
        let arguments = arguments.get_or_init(|| call.params.arguments());
        arguments::fit(&self.args, arguments).min(name)
    }

    /// How specific it is.
    pub(super) fn specific(&self) -> Specific {
        let class = |glob: &Glob| if glob.is_any() { 0 } else { 1 + u8::from(glob.is_exact()) };
        (
            self.args.len(),
            self.args.iter().map(|a| a.glob.literals()).sum(),
            class(&self.tool),
            self.tool.literals(),
            class(&self.server),
            self.server.literals(),
        )
    }

    /// A text that is the same for two rules exactly when they are for the same calls.
    pub(super) fn same_calls(&self) -> String {
        let mut args: Vec<_> = self.args.iter().map(|arg| (arg.name.as_str(), arg.glob.as_str())).collect();
        args.sort_unstable();
        format!("{:?}", (self.server.as_str(), self.tool.as_str(), args))
    }

    /// Which calls it is for, in words. Quotes the file: draw it through `shown`.
    pub fn calls(&self) -> String {
        let mut text = match (self.server.is_any(), self.tool.is_any()) {
            (true, true) => "every call".to_owned(),
            (true, false) => self.tool.as_str().to_owned(),
            (false, true) => format!("{} (all tools)", self.server),
            (false, false) => format!("{} {}", self.server, self.tool.as_str()),
        };
        for arg in &self.args {
            text.extend([" ", &arg.name, "=", arg.glob.as_str()]);
        }
        text
    }

    /// Whether this fits no call that the other fits: certain, or `false`. Only of what fits exactly.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        self.is_for_other_servers_than(other) || self.tool.is_apart_from(&other.tool)
    }

    /// Whether this is for other servers than the other: certain, or `false`.
    pub(super) fn is_for_other_servers_than(&self, other: &Self) -> bool {
        self.server.is_apart_from(&other.server)
    }

    /// Whether the other fits every call as far as this does, or further: certain, or `false`.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        other.server.covers(&self.server)
            && other.tool.covers(&self.tool)
            && other.args.iter().all(|wider| {
                let own = self.args.iter().filter(|own| own.name == wider.name);
                own.into_iter().any(|own| own == wider || wider.glob.is_any())
            })
    }
}
