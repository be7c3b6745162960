//! What the person said beforehand: rules and levels. `judge(&Policy, &Asked) -> Ruling`.
//!
//! Invariant: the order is fixed, whatever the order in the file: a file deny, then remembered approvals, then a file
//! allow or ask (the most specific, then the strictest), then what the level says. A policy that cannot be read denies
//! everything that is not low. Never reads a file: text in, `Policy` and diagnostics out.

pub mod arguments;
pub mod asked;
pub mod cases;
pub mod compare;
pub mod cover;
pub mod edit;
mod index;
mod lints;
pub mod parse;
pub mod pattern;
pub mod profile;
pub mod project;
pub mod replay;
pub mod rule;
pub mod ruling;
#[cfg(test)]
mod samples;
pub mod shape;
pub mod suggest;
pub mod tally;
pub mod time;
pub mod when;

use std::collections::BTreeMap;
use std::time::Duration;

pub use asked::{Asked, Local, Moment};
pub use cases::Case;
pub use compare::{Change, Side, Way, compare};
pub use index::Rules;
pub use parse::{Diagnostic, Parsed, Severity, TEMPLATE, from_file, parse};
pub use profile::{HostProfile, ServerProfile};
pub use rule::Rule;
pub use ruling::{Ruling, strictest};
pub use when::When;

use crate::decision::{Action, By, Keep, Level, Verdict};
use arguments::{Arguments, Fit};

/// A policy in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What each level does.
    pub levels: Levels,
    /// How long a person has.
    pub timeouts: Timeouts,
    /// How much of a call's params the journal keeps: `[journal]`.
    pub journal: Keep,
    /// How far approvals may be remembered.
    pub remember: suggest::Remember,
    /// What is said of servers, by label: `[server.NAME]`.
    pub servers: BTreeMap<String, ServerProfile>,
    /// What is said of hosts, by what they call themselves or by a name of [`profile::HOSTS`]: `[host.NAME]`.
    pub hosts: BTreeMap<String, HostProfile>,
    /// The rules, in the order of the file (which does not matter).
    pub rules: Rules,
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

/// How long a person has where nobody says anything: under the 60 s of the most common client SDK.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(55);

/// How long a person has: `[timeout]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// Where a level says nothing.
    pub default: Option<Duration>,
    /// For calls rated low (when something makes them ask).
    pub low: Option<Duration>,
    /// For calls rated medium.
    pub medium: Option<Duration>,
    /// For calls rated high.
    pub high: Option<Duration>,
}

impl Timeouts {
    /// What is said of this level alone.
    pub const fn own(&self, level: Level) -> Option<Duration> {
        match level {
            Level::Low => self.low,
            Level::Medium => self.medium,
            Level::High => self.high,
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
            timeout: self.time_to_answer(level, None),
        }))
    }
}

/// Judges one call.
pub fn judge(policy: &Policy, asked: &Asked<'_>) -> Ruling {
    let judged = asked.risk.level;
    if let Some(refusal) = policy.refusal(judged) {
        return refusal;
    }
    let arguments = Arguments::of(asked.call);
    let candidates = policy.rules.candidates(asked, &arguments).into_iter();
    let fits = candidates.map(|rule| (rule, rule.fit(asked, &arguments)));
    let fitting: Vec<(&Rule, Fit)> = fits.filter(|(_, fit)| *fit != Fit::No).collect();
    let base = policy.level_of(&asked.call.server, judged);
    let level = level(&fitting, base);
    let client = asked.facts.client.as_deref();
    let timeout = timeout(&fitting).unwrap_or_else(|| policy.time_to_answer(level, client));
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
    if let Some(verdict) = too_much(policy, asked, level, timeout) {
        return Ruling::Final(verdict);
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
            reason: level_reason(policy, asked, &fitting, level),
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

/// The words of what changed the level, when what the level says decides.
fn level_reason(policy: &Policy, asked: &Asked<'_>, fitting: &[(&Rule, Fit)], level: Level) -> Option<String> {
    let judged = asked.risk.level;
    let said = fitting.iter().filter(|(r, _)| level != judged && r.level == Some(level));
    if let Some((rule, _)) = said.max_by_key(|(r, _)| r.specific()) {
        let because = rule.reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
        return Some(format!("{} sets the level to {level}{because}", rule.label));
    }
    let profile = policy.server(asked.call.server.name.as_str()).filter(|_| level < judged)?;
    Some(format!("{} trusts this server", profile.label))
}

/// The denial of a call that needs more than its server may do.
fn too_much(policy: &Policy, asked: &Asked<'_>, level: Level, timeout: Duration) -> Option<Verdict> {
    let profile = policy.server(asked.call.server.name.as_str())?;
    let (given, needed) = profile.lacks(asked.risk)?;
    Some(Verdict {
        action: Action::Deny,
        level,
        by: By::Rule,
        rule: Some(profile.label.clone()),
        reason: Some(format!("this server has {} access, the call needs {}", given.as_str(), needed.as_str())),
        timeout,
    })
}

/// The time that the most specific rule gives (of equals the shortest).
fn timeout(fitting: &[(&Rule, Fit)]) -> Option<Duration> {
    let said = fitting.iter().filter_map(|(r, _)| Some((r.specific(), std::cmp::Reverse(r.timeout?))));
    said.max().map(|(_, std::cmp::Reverse(timeout))| timeout)
}
