//! Tools whose prompts were all approved, and the one approval or rule that would have stopped the asking.
//!
//! Invariant: what is proposed covers what was approved, as far as the journal kept the arguments; never a tool with any
//! arguments where one of them chooses what it does. It is a proposal in words: it changes nothing by itself.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::call::{Digest, Params, ToolName};
use crate::decision::{Cover, Level, Part};
use crate::json;
use crate::policy::cover::{fits, says};
use crate::policy::suggest::{Remember, Request, folders, is_word, runs, suggest};
use crate::record::Row;
use crate::risk::{Finding, meta};

/// From how many approvals on a tool counts as always approved.
const LEAST: u64 = 5;
/// How many of them are looked at for one approval that covers them: the newest.
const KEPT: usize = 200;
/// Of how many of these the suggestions are tried.
const TRIED: usize = 8;
/// Arguments longer than this are not kept, in bytes.
const LONGEST: usize = 16 * 1024;

/// A tool whose prompts were all approved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Always {
    /// The server's label.
    pub server: String,
    /// The tool. Untrusted.
    pub tool: String,
    /// How often it was approved.
    pub approved: u64,
    /// What approval would have stopped the asking, in one sentence; `None`: no single one would. Quotes calls: untrusted.
    pub covers: Option<String>,
    /// The same as a rule for the policy file, if it can be written as one.
    pub rule: Option<String>,
    /// How many of those that were looked at it covers.
    pub covered: u64,
    /// How many were looked at: the newest of which the arguments were kept as they were.
    pub of: u64,
    /// How many could not be looked at: their arguments are masked, not kept or long.
    pub untold: u64,
}

/// What is kept of one tool's approvals.
#[derive(Debug, Default)]
pub(super) struct Samples {
    approved: u64,
    /// Something was not approved.
    otherwise: bool,
    untold: u64,
    kept: VecDeque<Sample>,
}

#[derive(Debug)]
struct Sample {
    tool: ToolName,
    params: Params,
    level: Level,
    findings: Vec<Finding>,
    command: Vec<String>,
}

impl Samples {
    /// Takes a prompt, newest first.
    pub(super) fn add(&mut self, row: &Row, approved: bool, withdrawn: bool) {
        if !approved {
            self.otherwise |= !withdrawn;
            if self.otherwise {
                self.kept.clear();
            }
            return;
        }
        self.approved += 1;
        if self.otherwise || self.kept.len() >= KEPT {
            return;
        }
        let own = &row.submitted;
        let as_sent = own.params.get().len() <= LONGEST && Digest::of(own.params.get().as_bytes()) == own.params_digest;
        if as_sent {
            self.kept.push_back(Sample {
                tool: own.tool.clone(),
                params: Params::new(own.params.clone()),
                level: own.risk,
                findings: own.findings.clone(),
                command: own.command.clone(),
            });
        } else {
            self.untold += 1;
        }
    }

    /// What would have stopped the asking, if everything was approved and often enough.
    pub(super) fn finish(self, server: &str, tool: &str) -> Option<Always> {
        if self.otherwise || self.approved < LEAST {
            return None;
        }
        let of = u64::try_from(self.kept.len()).unwrap_or(u64::MAX);
        let always = Always {
            server: server.to_owned(),
            tool: tool.to_owned(),
            approved: self.approved,
            of,
            untold: self.untold,
            ..Always::default()
        };
        // Of several that cover as many the narrowest, which comes first.
        let best = self.candidates().into_iter().map(|cover| (self.covered(&cover), cover));
        let best = best.fold(None, |best: Option<(u64, Cover)>, (n, cover)| match best {
            Some((most, _)) if most >= n => best,
            _ => Some((n, cover)),
        });
        Some(match best.filter(|(n, _)| n * 2 > of) {
            None => always,
            Some((covered, cover)) => Always {
                covers: Some(says(tool, Some(&cover))),
                rule: rule(server, tool, &cover, self.approved),
                covered,
                ..always
            },
        })
    }

    fn covered(&self, cover: &Cover) -> u64 {
        let within = |sample: &&Sample| sample.level <= cover.level && fits(cover, &sample.params, &[]);
        u64::try_from(self.kept.iter().filter(within).count()).unwrap_or(u64::MAX)
    }

    /// What could be remembered of some of them, narrowest first.
    fn candidates(&self) -> Vec<Cover> {
        let calm = || self.kept.iter().filter(|sample| sample.level < Level::High);
        let mut all: Vec<(usize, Cover)> = Vec::new();
        for sample in calm().take(TRIED) {
            let asked = Request {
                tool: &sample.tool,
                params: &sample.params,
                findings: &sample.findings,
                level: sample.level,
                links: &[],
                roots: folders(sample.command.iter().skip(1).map(String::as_str)),
                properties: None,
            };
            let covers = suggest(&asked, Remember::default()).into_iter().filter_map(|suggestion| suggestion.cover);
            all.extend(covers.enumerate());
        }
        all.sort_by_key(|(width, _)| *width);
        let whole = calm().next().map(|sample| &sample.tool).filter(|tool| is_word(tool.as_str()) && !runs(tool));
        let chosen = |sample: &Sample| meta::holds_chooser(sample.params.arguments());
        let level = calm().map(|sample| sample.level).max();
        let any = whole.zip(level).filter(|_| !self.kept.iter().any(chosen));
        let any = any.map(|(_, level)| Cover { args: Vec::new(), others: true, level });
        all.into_iter().map(|(_, cover)| cover).chain(any).collect()
    }
}

/// The cover as a rule of a policy file. Like the cover it is for calls of its level or lower; other arguments than
/// those it names are up to the call.
fn rule(server: &str, tool: &str, cover: &Cover, approved: u64) -> Option<String> {
    let plain = |text: &str| !text.contains(['*', '?']);
    let mut args = Vec::new();
    for (key, part) in &cover.args {
        let value = match part {
            Part::Any => continue,
            Part::Is(canonical) if canonical.starts_with('"') => {
                format!("{{ one_of = [{}] }}", json::quote(&json::unescape(canonical)))
            }
            Part::Is(canonical) if canonical.starts_with(['[', '{']) => return None,
            Part::Is(canonical) => format!("{{ one_of = [{}] }}", json::quote(canonical)),
            Part::Under(folder) => format!("{{ under = {} }}", json::quote(folder)),
            Part::Command(words) => format!("{{ command = {} }}", json::quote(&words.join(" "))),
            Part::Host(origin) => {
                let pattern = format!("{}(/[^?#]*)?", origin.replace('.', "\\."));
                format!("{{ regex = {} }}", json::quote(&pattern))
            }
        };
        args.push(format!("{} = {value}", json::quote(key)));
    }
    if !plain(tool) {
        return None;
    }
    let args = if args.is_empty() { String::new() } else { format!("args = {{ {} }}\n", args.join(", ")) };
    let risk = match cover.level {
        Level::Low => "risk = \"low\"\n",
        Level::Medium => "risk = [\"low\", \"medium\"]\n",
        Level::High => "",
    };
    let names = format!("server = {}\ntool = {}\n", json::quote(server), json::quote(tool));
    Some(format!(
        "[[rule]]\n{names}{args}{risk}action = \"allow\"\nreason = \"approved {approved} of {approved} times\"\n"
    ))
}
