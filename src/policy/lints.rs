//! What is valid in a policy and perhaps not what was meant: rules that never matter, that contradict each other, that
//! let pass what is rated high.
//!
//! Invariant: a warning about a rule that never matters is certain. Looks at a bounded number of pairs of rules.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::Policy;
use super::rule::Rule;
use super::shape::Shape;
use crate::call::{Call, CallId, Digest, Params, Server, ServerName, SessionId, ToolName};
use crate::decision::{Action, Level};
use crate::json;
use crate::risk::{self, Facts, Known};

/// The most pairs of rules that are held against each other.
const PAIRS: usize = 200_000;

/// Every warning, with the line that it is about.
pub(super) fn lint(policy: &Policy) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for rule in &policy.rules {
        found.extend(never_fits(rule).map(|says| (rule.line, says)));
        found.extend(lets_high_pass(rule).map(|says| (rule.line, says)));
    }
    twins(policy, &mut found);
    shadows(policy, &mut found);
    found
}

/// Why a rule can fit no call, if it cannot.
fn never_fits(rule: &Rule) -> Option<String> {
    if rule.server.is_exact() && rule.server.as_str().len() > 64 {
        return Some("the rule fits no call: no server's name is longer than 64 characters".to_owned());
    }
    if rule.tool.is_exact() && rule.tool.as_str().len() > 256 {
        return Some("the rule fits no call: no tool's name is longer than 256 bytes".to_owned());
    }
    let pairs = rule.args.iter().enumerate().flat_map(|(i, a)| rule.args[i + 1..].iter().map(move |b| (a, b)));
    for (a, b) in pairs.flat_map(|(a, b)| [(a, b), (b, a)]) {
        let (own, others) = (pointer(&a.name), pointer(&b.name));
        let within = others.strip_prefix(&own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let gone = a.shape == Shape::Absent && b.shape != Shape::Absent && within;
        if gone || (own == others && a.shape.is_apart_from(&b.shape)) {
            return Some(format!("the rule fits no call: {} and {} contradict each other", a.name, b.name));
        }
    }
    None
}

/// An argument's name as a JSON Pointer.
fn pointer(name: &str) -> String {
    if name.starts_with('/') { name.to_owned() } else { format!("/{}", name.replace('~', "~0").replace('/', "~1")) }
}

/// How a rule lets something pass that is rated high, if it does.
fn lets_high_pass(rule: &Rule) -> Option<String> {
    let allows = rule.action == Some(Action::Allow);
    let lowers = rule.action.is_none() && rule.level.is_some_and(|level| level < Level::High);
    if !(allows || lowers) || !rule.when.judged().contains(&Level::High) {
        return None;
    }
    if allows && rule.when.risk.contains(&Level::High) {
        return Some("the rule allows calls rated high without a question".to_owned());
    }
    if allows && let Some(id) = command_rated_high(rule) {
        return Some(format!("the rule allows without a question a command that is rated high ({id})"));
    }
    if rule.tool.is_any() {
        let all = rule.args.is_empty() && !rule.server.is_any();
        let does = if allows { "allows" } else { "lowers" };
        return all.then(|| format!("the rule {does} whatever these servers are asked for, also what is rated high"));
    }
    // A pattern is judged by the words that stand in it.
    let name = rule.tool.as_str().replace(['*', '?'], "");
    let known = Known::of(&name, None);
    let high = known.findings().iter().find(|finding| finding.level == Level::High)?;
    let does = if allows { "allows without a question" } else { "lowers" };
    Some(format!("the rule {does} what is rated high by its name alone ({})", high.id))
}

/// Why a command is rated high that a rule is for, if it is: the words that it begins with, and nothing behind them.
fn command_rated_high(rule: &Rule) -> Option<String> {
    let commands = rule.args.iter().filter_map(|arg| match &arg.shape {
        Shape::Command(words) => Some(words.join(" ")),
        _ => None,
    });
    commands.into_iter().find_map(|command| {
        let params = format!("{{\"name\":\"run_command\",\"arguments\":{{\"command\":{}}}}}", json::quote(&command));
        let call = Call {
            id: CallId(0),
            session: SessionId(String::new()),
            server: Arc::new(Server {
                name: ServerName::new("server").ok()?,
                command: String::new(),
                args: Vec::new(),
                cwd: "/".to_owned(),
                environment: Digest::of(b""),
            }),
            tool: ToolName::new("run_command").ok()?,
            params: Params::new(RawValue::from_string(params).ok()?),
            definition: None,
        };
        let findings = risk::assess(&call, &Facts::default()).findings;
        findings.into_iter().find(|finding| finding.level == Level::High).map(|finding| finding.id)
    })
}

/// Rules for exactly the same calls.
fn twins(policy: &Policy, found: &mut Vec<(usize, String)>) {
    let mut first: HashMap<String, &Rule> = HashMap::new();
    for rule in &policy.rules {
        let Some(other) = first.get(rule.same_calls().as_str()) else {
            first.insert(rule.same_calls(), rule);
            continue;
        };
        let line = other.line;
        let both = rule.action.zip(other.action);
        let says = match both {
            Some((own, others)) if own != others => Some(format!(
                "it contradicts line {line}, which is for the same calls; the stricter counts: {}",
                own.max(others)
            )),
            Some(_) if (rule.level, rule.timeout) == (other.level, other.timeout) => {
                Some(format!("it says what line {line} says already"))
            }
            _ => rule.level.zip(other.level).filter(|(own, others)| own != others).map(|(own, others)| {
                format!(
                    "it contradicts line {line}, which is for the same calls; the higher level counts: {}",
                    own.max(others)
                )
            }),
        };
        found.extend(says.map(|says| (rule.line, says)));
    }
}

/// Rules that others decide in place of.
fn shadows(policy: &Policy, found: &mut Vec<(usize, String)>) {
    let most = PAIRS / policy.rules.len().max(1);
    let wide: Vec<_> =
        policy.rules.iter().filter(|rule| rule.action.is_some()).map(|rule| (rule, rule.specific())).collect();
    // Those for the most calls first: they shadow the most.
    let mut wide = wide;
    wide.sort_by_key(|(rule, specific)| (rule.action != Some(Action::Deny), *specific));
    wide.truncate(most);
    for rule in &policy.rules {
        let (own, key) = (rule.specific(), rule.same_calls());
        let shadow = wide.iter().find(|(other, others)| {
            let decides = other.action == Some(Action::Deny)
                || (*others > own && rule.level.is_none() && rule.timeout.is_none() && rule.action <= other.action);
            // Of several that deny the most specific gives its reason.
            let tells = rule.action == Some(Action::Deny) && rule.reason.is_some() && own > *others;
            decides && !tells && !std::ptr::eq(*other, rule) && rule.is_within(other) && other.same_calls() != key
        });
        if let Some((other, _)) = shadow {
            let action = other.action.map_or("decides", |a| if a == Action::Deny { "denies" } else { "decides" });
            found.push((rule.line, format!("the rule never matters: line {} {action} all that it is for", other.line)));
        }
    }
}
