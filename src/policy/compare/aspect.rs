//! One rule's change against all other rules: whether what decided in its place, or decides now, can be looser.
//!
//! Invariant: a step is called tighter only for the reasons that stand at each test; anything else is looser.

use std::time::Duration;

use super::profiles::all_times;
use super::{Way, rises};
use crate::decision::{Action, Level};
use crate::policy::rule::{Rule, Specific};
use crate::policy::{Policy, time};

/// What a rule says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Aspect {
    action: Option<Action>,
    level: Option<Level>,
    timeout: Option<Duration>,
}

impl Aspect {
    pub(super) fn of(rule: &Rule) -> Self {
        Self { action: rule.action, level: rule.level, timeout: rule.timeout }
    }

    /// What two rules for the same calls say together.
    pub(super) fn strictest(self, other: Self) -> Self {
        Self {
            action: self.action.max(other.action),
            level: self.level.max(other.level),
            timeout: [self.timeout, other.timeout].into_iter().flatten().min(),
        }
    }
}

/// All rules of both policies, and the new one's levels and times.
pub(super) struct Against<'a> {
    old: Vec<(&'a Rule, Specific)>,
    new: Vec<(&'a Rule, Specific)>,
    policy: &'a Policy,
    /// Whether either policy trusts a server.
    trusts: bool,
}

/// The most pairs of rules looked at for one policy: beyond that the answer is looser.
const MOST_RULES: usize = 2_000;

impl<'a> Against<'a> {
    pub(super) fn new(old: &'a Policy, new: &'a Policy) -> Self {
        let all = |policy: &'a Policy| policy.rules.iter().map(|rule| (rule, rule.specific())).collect();
        let trusts = old.servers.values().chain(new.servers.values()).any(|server| server.trusted);
        Self { old: all(old), new: all(new), policy: new, trusts }
    }

    fn both(&self) -> impl Iterator<Item = (&'a Rule, Specific)> {
        self.old.iter().chain(&self.new).copied()
    }

    /// What of a rule changed, and which way.
    pub(super) fn changed(&self, rule: &Rule, before: Aspect, after: Aspect) -> Vec<(Way, String)> {
        let mut changes = Vec::new();
        if before.action != after.action {
            changes.push(self.action(rule, before.action, after.action));
        }
        if before.level != after.level {
            changes.push(self.level(rule, before.level, after.level));
        }
        if before.timeout != after.timeout {
            changes.push(self.timeout(rule, before.timeout, after.timeout));
        }
        changes
    }

    fn action(&self, rule: &Rule, before: Option<Action>, after: Option<Action>) -> (Way, String) {
        match (before, after) {
            (Some(before), Some(after)) => {
                // The same rule decides as before, or is overruled as before.
                (way(after >= before), format!("{before} becomes {after}"))
            }
            (None, Some(Action::Deny)) => (Way::Tighter, "denied from now on".to_owned()),
            (None, Some(after)) => {
                let tighter = self.no_stricter_before(rule, after) || self.was_said_before(rule, after);
                let because =
                    if tighter || after == Action::Allow { "" } else { ", where something stricter may have held" };
                (way(tighter), format!("a new rule says {after}{because}"))
            }
            (Some(Action::Allow), _) => (Way::Tighter, "no rule says allow any more".to_owned()),
            (Some(before), None) => {
                let tighter = self.is_said_still(rule, before)
                    || (before != Action::Deny && self.nothing_looser_after(rule, before));
                (way(tighter), format!("no rule says {before} any more"))
            }
            (None, None) => (Way::Neutral, String::new()),
        }
    }

    /// The levels that may count for a rule's calls: the judged ones, and those that any rule sets.
    fn reachable(&self, rule: &Rule) -> impl Iterator<Item = Level> {
        let set = self.both().filter(|(other, _)| !rule.is_never_with(other)).filter_map(|(other, _)| other.level);
        self.bases(rule).chain(set)
    }

    /// The levels of a rule's calls before any rule says one: what is medium counts as low for a trusted server.
    fn bases(&self, rule: &Rule) -> impl Iterator<Item = Level> {
        let trusts = self.trusts && rule.when.judged().contains(&Level::Medium);
        rule.when.judged().iter().copied().chain(trusts.then_some(Level::Low))
    }

    /// Whether nothing that could have decided in the place of a new rule was stricter than it.
    fn no_stricter_before(&self, rule: &Rule, action: Action) -> bool {
        let specific = rule.specific();
        let level = self.reachable(rule).map(|level| self.policy.levels.action(level)).max();
        level <= Some(action)
            && !self.both().any(|(other, others)| {
                let stricter = other.action.is_some_and(|a| a > action && a != Action::Deny);
                stricter && others < specific && !rule.is_apart_from(other)
            })
    }

    /// Whether an old rule for all these calls was no stricter, and nothing stricter stood between the two.
    fn was_said_before(&self, rule: &Rule, action: Action) -> bool {
        if self.old.len() + self.new.len() > MOST_RULES {
            return false;
        }
        let specific = rule.specific();
        let between = |from: Specific| {
            self.both().any(|(other, others)| {
                let stricter = other.action.is_some_and(|a| a > action && a != Action::Deny);
                stricter && others >= from && others < specific && !rule.is_apart_from(other)
            })
        };
        let covers = |(other, others): &&(&Rule, Specific)| {
            other.action.is_some_and(|a| a <= action)
                && *others <= specific
                && rule.is_within(other)
                && !between(*others)
        };
        self.old.iter().any(|old| covers(&old))
    }

    /// Whether a new rule for all these calls says the same or something stricter, and nothing looser overrules it.
    fn is_said_still(&self, rule: &Rule, action: Action) -> bool {
        if self.old.len() + self.new.len() > MOST_RULES {
            return false;
        }
        let overruled = |from: Specific| {
            action != Action::Deny
                && self.both().any(|(other, others)| {
                    other.action.is_some_and(|a| a < action) && others > from && !rule.is_never_with(other)
                })
        };
        self.new.iter().any(|(other, others)| {
            other.action.is_some_and(|a| a >= action) && rule.is_within(other) && !overruled(*others)
        })
    }

    /// Whether nothing that can decide in the place of a rule that went is looser than it.
    fn nothing_looser_after(&self, rule: &Rule, action: Action) -> bool {
        let level = self.reachable(rule).map(|level| self.policy.levels.action(level)).min();
        level >= Some(action)
            && !self.both().any(|(other, _)| other.action.is_some_and(|a| a < action) && !rule.is_never_with(other))
    }

    fn level(&self, rule: &Rule, before: Option<Level>, after: Option<Level>) -> (Way, String) {
        let mut others = self.both().filter(|(other, _)| !rule.is_never_with(other)).filter_map(|(r, _)| r.level);
        let (raised, says) = match (before, after) {
            (Some(before), Some(after)) => (after >= before, format!("level {before} becomes {after}")),
            (None, Some(after)) => (
                after == Level::High && others.all(|level| level <= after),
                format!("a new rule sets the level to {after}"),
            ),
            (Some(before), None) => {
                let says = format!("no rule sets the level to {before} any more");
                (self.bases(rule).all(|base| base >= before) && others.all(|level| level >= before), says)
            }
            (None, None) => (true, String::new()),
        };
        (way(raised && rises(self.policy.levels)), says)
    }

    fn timeout(&self, rule: &Rule, before: Option<Duration>, after: Option<Duration>) -> (Way, String) {
        let rules = self.both().filter(|(other, _)| !rule.is_never_with(other)).filter_map(|(r, _)| r.timeout);
        let mut others = rules.chain(all_times(self.policy));
        match (before, after) {
            (Some(before), Some(after)) => {
                let says = format!("the time to answer: {} becomes {}", time::show(before), time::show(after));
                (way(after <= before), says)
            }
            (None, Some(after)) => {
                let says = format!("a new rule gives {} to answer", time::show(after));
                (way(others.all(|other| after <= other)), says)
            }
            (Some(before), None) => {
                let says = format!("no rule gives {} to answer any more", time::show(before));
                (way(others.all(|other| other <= before)), says)
            }
            (None, None) => (Way::Neutral, String::new()),
        }
    }
}

pub(super) const fn way(tighter: bool) -> Way {
    if tighter { Way::Tighter } else { Way::Looser }
}
