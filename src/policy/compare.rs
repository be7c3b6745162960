//! Which of two policies is the tighter: `compare(old, new)` tells every difference, and whether it loosens.
//!
//! Invariant: when no change is [`Way::Looser`], the new policy judges every call at least as strictly as the old one
//! ([`Ruling::is_at_least`](super::Ruling::is_at_least)). What cannot be proven is looser.
//!
//! The proof goes in steps, from the old policy to the new: first the levels and times, then the rules that were
//! added, then those that say something else now, then those that were removed. Each step has to be at least as strict
//! by itself, against every rule that stands in either of the two. A rule counts as up to three: one for its action,
//! one for its level, one for its time, which the judge takes from different rules as well.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::rule::Rule;
use super::{Levels, Policy};
use crate::decision::{Action, Keep, Level};

mod aspect;
mod profiles;

use aspect::{Against, Aspect};

/// Whether a change lets more pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// It changes no ruling.
    Neutral,
    /// No call is judged less strictly, some perhaps more.
    Tighter,
    /// Some call is judged less strictly, or nobody can prove that none is.
    Looser,
}

/// Which of the two policies a line is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The old one.
    Old,
    /// The new one.
    New,
}

/// One difference between two policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Whether it lets more pass.
    pub way: Way,
    /// What changes, in one sentence. May quote the file: draw it through `shown`.
    pub says: String,
    /// Where it stands, from 1; `None` where it has no line of its own.
    pub line: Option<usize>,
    /// In which of the two.
    pub side: Side,
}

impl Change {
    fn new(way: Way, rule: Option<(Side, &Rule)>, says: impl Into<String>) -> Self {
        let side = rule.map_or(Side::New, |(side, _)| side);
        Self { way, says: says.into(), line: rule.map(|(_, rule)| rule.line), side }
    }
}

/// Every difference between two policies, what loosens first.
pub fn compare(old: &Policy, new: &Policy) -> Vec<Change> {
    let mut changes = match (old.why_invalid(), new.why_invalid()) {
        (Some(_), Some(_)) => Vec::new(),
        (None, Some(_)) => vec![broken(old)],
        (Some(_), None) => vec![Change::new(
            Way::Looser,
            None,
            "the old policy could not be used, so it denied every call that is not low; the new one can",
        )],
        (None, None) => {
            let mut changes = settings(old, new);
            profiles::times(old, new, &mut changes);
            profiles::servers(old, new, &mut changes);
            rules(old, new, &mut changes);
            changes
        }
    };
    changes.sort_by_key(|change| (std::cmp::Reverse(change.way), change.line));
    changes
}

/// What a policy that cannot be used changes: it denies all but low calls, and lets those pass.
fn broken(old: &Policy) -> Change {
    let lets_low_pass = old.levels.low == Action::Allow
        && old
            .rules
            .iter()
            .all(|r| r.action.is_none_or(|a| a == Action::Allow) && r.level.is_none_or(|l| l == Level::Low));
    if lets_low_pass {
        Change::new(Way::Tighter, None, "the new policy cannot be used, so every call that is not low is denied")
    } else {
        let says = "the new policy cannot be used, so low calls pass that the old one asked about or denied";
        Change::new(Way::Looser, None, says)
    }
}

fn settings(old: &Policy, new: &Policy) -> Vec<Change> {
    let mut changes = Vec::new();
    // How much is told: a journal that keeps more tells more to whoever reads it.
    let tells = |keep: Keep| match keep {
        Keep::Digest => 0,
        Keep::Masked => 1,
        Keep::Full => 2,
    };
    if old.journal != new.journal {
        let way = if tells(new.journal) < tells(old.journal) { Way::Tighter } else { Way::Looser };
        let says = format!("the arguments that the journal keeps: {} becomes {}", old.journal, new.journal);
        changes.push(Change::new(way, None, says));
    }
    for level in Level::ALL.iter().copied() {
        let (before, after) = (old.levels.action(level), new.levels.action(level));
        if before != after {
            let way = if after > before { Way::Tighter } else { Way::Looser };
            changes.push(Change::new(way, None, format!("{level} calls: {before} becomes {after}")));
        }
    }
    let (before, after) = (old.remember, new.remember);
    for (what, before, after) in [
        ("approvals of more than one call", before.wide, after.wide),
        ("approvals of more than one call rated high", before.wide && before.high, after.wide && after.high),
    ] {
        match (before, after) {
            (false, true) => changes.push(Change::new(Way::Looser, None, format!("{what} are remembered"))),
            (true, false) => changes.push(Change::new(Way::Tighter, None, format!("{what} are no longer remembered"))),
            (true, true) | (false, false) => {}
        }
    }
    changes
}

/// Rules for the same calls, as one: of several the strictest counts.
struct Same<'a> {
    rule: &'a Rule,
    says: Aspect,
}

/// The rules of a policy by what they are for, the first of each kind first.
fn by_match(policy: &Policy) -> (Vec<String>, HashMap<String, Same<'_>>) {
    let mut order = Vec::new();
    let mut all: HashMap<String, Same<'_>> = HashMap::new();
    for rule in &policy.rules {
        let key = rule.same_calls();
        let says = Aspect::of(rule);
        if let Some(same) = all.get_mut(&key) {
            same.says = same.says.strictest(says);
        } else {
            order.push(key.clone());
            all.insert(key, Same { rule, says });
        }
    }
    (order, all)
}

fn rules(old: &Policy, new: &Policy, changes: &mut Vec<Change>) {
    let (old_order, before) = by_match(old);
    let (new_order, after) = by_match(new);
    let against = Against::new(old, new);
    for key in &new_order {
        let (rule, says) = (after[key].rule, after[key].says);
        let was = before.get(key);
        let whom = rule.calls();
        for (way, text) in against.changed(rule, was.map_or(Aspect::default(), |same| same.says), says) {
            changes.push(Change::new(way, Some((Side::New, rule)), format!("{whom}: {text}")));
        }
        if was.is_some_and(|same| same.says == says && same.rule.reason != rule.reason) {
            changes.push(Change::new(
                Way::Neutral,
                Some((Side::New, rule)),
                format!("{whom}: another reason is given"),
            ));
        }
    }
    for key in old_order.iter().filter(|key| !after.contains_key(*key)) {
        let rule = before[key].rule;
        let whom = rule.calls();
        for (way, text) in against.changed(rule, before[key].says, Aspect::default()) {
            changes.push(Change::new(way, Some((Side::Old, rule)), format!("{whom}: {text}")));
        }
    }
}

/// Whether a higher level never does less.
fn rises(levels: Levels) -> bool {
    levels.low <= levels.medium && levels.medium <= levels.high
}

#[cfg(test)]
mod tests;
