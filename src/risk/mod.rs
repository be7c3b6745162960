//! How much harm a call could do: `assess(&Call, &Facts) -> Risk`, deterministic and explained.
//!
//! Invariant: evidence only raises. The level is the maximum over the findings, and every level has findings that a
//! person can read. Never reads a clock, a file or the environment: what it needs beside the call is in [`Facts`].
//! The rubric and every finding are in `docs/risk.md`, which a test holds against [`FAMILIES`].

mod access;
pub mod annotations;
pub mod asks;
pub mod blobs;
pub mod code;
pub mod context;
pub mod derived;
mod found;
pub mod git;
pub mod hidden;
pub mod key;
pub mod known;
pub mod meta;
pub mod money;
pub mod names;
pub mod paths;
pub mod queries;
pub mod recipients;
pub mod runs;
pub mod schema;
pub mod secrets;
pub mod shell;
pub mod size;
pub mod sql;
pub mod subject;
pub mod urls;
pub mod words;

use serde::{Deserialize, Serialize};

pub use access::Access;
pub use known::Known;

use std::sync::Arc;

use crate::call::Call;
use crate::decision::Level;
use subject::{Found, Subject};

/// One reason for a level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// A stable id: `shell.delete`, `name.unknown`.
    pub id: String,
    /// What it raises the call to.
    pub level: Level,
    /// One sentence for a person. May quote the call: untrusted, draw it through `shown`.
    pub says: String,
    /// JSON Pointer (RFC 6901) into the arguments, when it is about one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Which part of that argument, when it is about a part of a text: bytes of the text itself (unescaped), half-open,
    /// on character boundaries. Always together with `at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<(usize, usize)>,
}

/// A level and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// The maximum over the findings.
    pub level: Level,
    /// Never empty; the gravest first.
    pub findings: Vec<Finding>,
    /// The tools that the arguments name, which the call makes run (see [`meta`]), as written there. Untrusted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
}

/// Where a path in the arguments leads, as a process that stands where the server stands saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The path as it stands in the arguments; empty: every path of a call that names too many to look at. Untrusted.
    pub written: String,
    /// Where it leads once links are followed, absolute; `None`: it could not be found out.
    pub leads: Option<String>,
}

impl Link {
    /// Whether it says something of this path.
    pub fn is_of(&self, path: &str) -> bool {
        self.written.is_empty() || self.written == path
    }
}

/// What the judge may know beside the call itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The first call of this tool in this session.
    pub first_use: bool,
    /// Whether its server has listed tools, and this is none of them.
    pub unlisted: bool,
    /// How many calls of this session were denied so far.
    pub denied_before: u32,
    /// Whether this very call (server, tool and arguments) was denied before in this conversation.
    pub denied_same: bool,
    /// How many calls of this conversation were denied in a row, up to now; low ones that passed in between end no row.
    pub denied_in_row: u32,
    /// How many calls this conversation made within the last minute, this one included.
    pub recent: u32,
    /// What this conversation read before that is private (`fs.read_file`), over all its servers: the newest.
    pub read_private: Option<String>,
    /// What this conversation fetched before from the open world: the newest.
    pub read_untrusted: Option<String>,
    /// The folders that the person gave the server (policy), absolute. They count in place of those on its command
    /// line, which are in the call.
    pub roots: Vec<String>,
    /// The folders that its host says it gave it (`roots/list`), absolute. What is outside of these is outside, whatever
    /// the others say: a host that lies gains nothing.
    pub host_roots: Vec<String>,
    /// Where paths in the arguments lead.
    pub links: Vec<Link>,
    /// What is known of tools that the arguments name, where the same server has listed them.
    pub named: Vec<Arc<Known>>,
    /// What the host calls itself (`clientInfo.name`). Self-reported: only how long a person has may hang on it.
    pub client: Option<String>,
    /// Mail domains that are the person's own (policy): a message to another one leaves.
    pub domains: Vec<String>,
}

/// A kind of finding: its id and level are fixed, only its sentence depends on the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// `family.what`.
    pub id: &'static str,
    /// What it raises a call to.
    pub level: Level,
    /// What it means, for the documentation.
    pub about: &'static str,
    /// What a call of which this is true needs to be let do.
    pub access: Access,
}

impl Kind {
    /// Needs by its level: a low one reads, a medium one writes, a high one administers; see [`Kind::needs`].
    const fn new(id: &'static str, level: Level, about: &'static str) -> Self {
        let access = match level {
            Level::Low => Access::Read,
            Level::Medium => Access::Write,
            Level::High => Access::Admin,
        };
        Self { id, level, about, access }
    }

    /// Where the level does not say what is needed: reading something sensitive is still reading.
    const fn needs(mut self, access: Access) -> Self {
        self.access = access;
        self
    }
}

/// A family of detectors: one file.
#[derive(Clone, Copy)]
pub struct Family {
    /// The first part of its findings' ids.
    pub name: &'static str,
    /// What it looks at, for the documentation.
    pub about: &'static str,
    /// Every kind of finding it may leave.
    pub kinds: &'static [Kind],
    detect: fn(&Subject<'_>, &mut Found),
}

/// Every family, in the order in which they look. `names` comes first: it always leaves a finding. `annotations` comes
/// after those that tell a writing argument, `context` after all.
pub const FAMILIES: &[Family] = &[
    names::FAMILY,
    meta::FAMILY,
    schema::FAMILY,
    asks::FAMILY,
    shell::FAMILY,
    git::FAMILY,
    code::FAMILY,
    sql::FAMILY,
    queries::FAMILY,
    annotations::FAMILY,
    paths::FAMILY,
    urls::FAMILY,
    recipients::FAMILY,
    money::FAMILY,
    secrets::FAMILY,
    blobs::FAMILY,
    hidden::FAMILY,
    size::FAMILY,
    context::FAMILY,
];

/// Those that look at a call that is too large to judge.
const TOO_LARGE: &[Family] = &[names::FAMILY, size::FAMILY];

/// Judges one call of a tool that is not known yet.
pub fn assess(call: &Call, facts: &Facts) -> Risk {
    assess_known(&Known::of(call.tool.as_str(), call.definition.as_deref()), call, facts)
}

/// Judges one call. `known` must be of the call's tool and definition.
pub fn assess_known(known: &Known, call: &Call, facts: &Facts) -> Risk {
    // Outlives the subject, which borrows from it.
    let rounds: [std::cell::OnceCell<derived::Derivations>; derived::ROUNDS] = Default::default();
    let mut subject = Subject::new(known, call, facts);
    let mut last = &derived::Derivations::default();
    for round in &rounds {
        last = round.get_or_init(|| derived::next(&subject, last));
        subject.add_derived(last);
    }
    // Whatever is left after the last round is deeper than anybody looks.
    let too_deep = last.overflow || !derived::next(&subject, last).list.is_empty();
    subject.find_inner();
    let mut found = Found::default();
    // What is too large is high whatever else is in it: nobody looks further.
    let families = if subject.overflow { TOO_LARGE } else { FAMILIES };
    for family in families {
        (family.detect)(&subject, &mut found);
    }
    if too_deep {
        found.add(size::UNJUDGED, "more is encoded in it than is decoded: too large to judge");
    }
    let findings = found.into_findings();
    // The names always leave a finding; were they not to, nobody would know anything.
    let level = findings.iter().map(|f| f.level).max().unwrap_or(Level::Medium);
    Risk { level, findings, tools: subject.inner_names() }
}
