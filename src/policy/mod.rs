//! What the person said beforehand: rules and levels. `judge(&Policy, &Call, &Risk) -> Ruling`.
//!
//! Invariant: the order is fixed, whatever the order in the file: a file deny, then remembered approvals, then a file
//! allow or ask (the most specific, then the strictest), then what the level says. A policy that cannot be read denies
//! everything that is not low. Never reads a file: text in, `Policy` and diagnostics out.

pub mod arguments;
pub mod edit;
pub mod parse;
pub mod pattern;
pub mod time;

use std::cell::OnceCell;
use std::time::Duration;

pub use parse::{Diagnostic, Parsed, Severity, TEMPLATE, from_file, parse};

use crate::call::Call;
use crate::decision::{Action, By, Level, Verdict};
use crate::risk::{self, Risk};
use arguments::{ArgumentRule, Fit};
use pattern::Glob;

/// A policy in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What each level does.
    pub levels: Levels,
    /// How long a person has.
    pub timeouts: Timeouts,
    /// The rules, in the order of the file (which does not matter).
    pub rules: Vec<Rule>,
    invalid: Option<String>,
}

/// What each level does: `[levels]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels {
    /// Default: allow.
    pub low: Action,
    /// Default: ask.
    pub medium: Action,
    /// Default: confirm.
    pub high: Action,
}

impl Default for Levels {
    fn default() -> Self {
        Self { low: Action::Allow, medium: Action::Ask, high: Action::Confirm }
    }
}

impl Levels {
    /// What this level does.
    pub const fn action(&self, level: Level) -> Action {
        match level {
            Level::Low => self.low,
            Level::Medium => self.medium,
            Level::High => self.high,
        }
    }
}

/// How long a person has: `[timeout]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Where a level says nothing. 55 s: under the 60 s of the most common client SDK.
    pub default: Duration,
    /// For calls rated low (when something makes them ask).
    pub low: Option<Duration>,
    /// For calls rated medium.
    pub medium: Option<Duration>,
    /// For calls rated high.
    pub high: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { default: Duration::from_secs(55), low: None, medium: None, high: None }
    }
}

impl Timeouts {
    /// How long for this level.
    pub fn of(&self, level: Level) -> Duration {
        let own = match level {
            Level::Low => self.low,
            Level::Medium => self.medium,
            Level::High => self.high,
        };
        own.unwrap_or(self.default)
    }
}

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
type Specific = (usize, usize, u8, usize, u8, usize);

impl Rule {
    /// How far the rule fits a call.
    fn fit<'a>(&self, call: &'a Call, arguments: &OnceCell<&'a str>) -> Fit {
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

    fn specific(&self) -> Specific {
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
}

/// What the policy says of one call, with the place left open where a remembered approval would count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Final whatever was approved before: a file deny, or a policy that cannot be read.
    Final(Verdict),
    /// A remembered approval of this call counts first; without one, this does.
    UnlessGranted(Verdict),
}

impl Ruling {
    /// The verdict, whichever it is.
    pub const fn verdict(&self) -> &Verdict {
        match self {
            Self::Final(verdict) | Self::UnlessGranted(verdict) => verdict,
        }
    }
}

impl Policy {
    /// A policy that could not be read: it denies everything that is not low.
    pub fn invalid(why: impl Into<String>) -> Self {
        Self { invalid: Some(why.into()), ..Self::default() }
    }

    /// Why it could not be read, if it could not.
    pub fn why_invalid(&self) -> Option<&str> {
        self.invalid.as_deref()
    }

    /// The verdict on what is not low while the policy cannot be read.
    fn refusal(&self, level: Level) -> Option<Ruling> {
        let why = self.invalid.as_ref().filter(|_| level != Level::Low)?;
        Some(Ruling::Final(Verdict {
            action: Action::Deny,
            level,
            by: By::Hub,
            // Where it is wrong is for the person; the reason goes to the model.
            rule: Some(why.clone()),
            reason: Some("the user's policy file cannot be used, so only low-risk calls pass".to_owned()),
            timeout: self.timeouts.of(level),
        }))
    }
}

/// Judges one call.
pub fn judge(policy: &Policy, call: &Call, risk: &Risk) -> Ruling {
    if let Some(refusal) = policy.refusal(risk.level) {
        return refusal;
    }
    let arguments = OnceCell::new();
    let fitting: Vec<(&Rule, Fit)> =
        policy.rules.iter().map(|rule| (rule, rule.fit(call, &arguments))).filter(|(_, fit)| *fit != Fit::No).collect();
    let level = level(&fitting, risk.level);
    let timeout = timeout(&fitting).unwrap_or_else(|| policy.timeouts.of(level));
    let by_rule = |rule: &Rule, action| Verdict {
        action,
        level,
        by: By::Rule,
        rule: Some(rule.label.clone()),
        reason: rule.reason.clone(),
        timeout,
    };
    let denies = fitting.iter().filter(|(rule, _)| rule.action == Some(Action::Deny));
    if let Some((rule, _)) = denies.max_by_key(|(rule, _)| (rule.specific(), std::cmp::Reverse(rule.line))) {
        return Ruling::Final(by_rule(rule, Action::Deny));
    }
    let ruled = |rule: &Rule| rule.action.map(|action| (rule.specific(), action));
    let exact = fitting.iter().filter(|(rule, fit)| *fit == Fit::Exact && rule.action.is_some());
    let decides = exact.max_by_key(|(rule, _)| (ruled(rule), std::cmp::Reverse(rule.line)));
    let mut verdict = match decides {
        Some((rule, _)) => by_rule(rule, rule.action.unwrap_or(Action::Deny)),
        None => Verdict {
            action: policy.levels.action(level),
            level,
            by: By::Level,
            rule: None,
            reason: level_reason(&fitting, level, risk.level),
            timeout,
        },
    };
    // What fits only once its paths are read in another way may tighten, never loosen.
    let wide = fitting.iter().filter(|(_, fit)| *fit == Fit::Wide);
    if let Some((rule, action)) =
        wide.filter_map(|(r, _)| r.action.map(|a| (r, a))).max_by_key(|(r, a)| (*a, r.specific()))
        && action > verdict.action
    {
        verdict = by_rule(rule, action);
    }
    Ruling::UnlessGranted(verdict)
}

/// The level that counts: what the most specific rule says (of equals the highest), else the judged one. A rule that
/// fits only once its paths are read in another way can raise it but not lower it.
fn level(fitting: &[(&Rule, Fit)], judged: Level) -> Level {
    let said = fitting.iter().filter(|(_, fit)| *fit == Fit::Exact).filter_map(|(r, _)| Some((r.specific(), r.level?)));
    let level = said.max().map_or(judged, |(_, level)| level);
    fitting.iter().filter(|(_, fit)| *fit == Fit::Wide).filter_map(|(r, _)| r.level).fold(level, Level::max)
}

/// The words of the rule that changed the level, when what the level says decides.
fn level_reason(fitting: &[(&Rule, Fit)], level: Level, judged: Level) -> Option<String> {
    let said = fitting.iter().filter(|(r, _)| level != judged && r.level == Some(level));
    let (rule, _) = said.max_by_key(|(r, _)| r.specific())?;
    let because = rule.reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
    Some(format!("{} sets the level to {level}{because}", rule.label))
}

/// The time that the most specific rule gives (of equals the shortest).
fn timeout(fitting: &[(&Rule, Fit)]) -> Option<Duration> {
    let said = fitting.iter().filter_map(|(r, _)| Some((r.specific(), std::cmp::Reverse(r.timeout?))));
    said.max().map(|(_, std::cmp::Reverse(timeout))| timeout)
}
