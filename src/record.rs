//! What the journal says: one `Record` an entry, and the `Row` that a call's records add up to.
//!
//! The journal is the truth, so a record never changes its meaning: new facts get new optional members or new kinds.
//! `id` stays the first member of every record that has one: readers find it without parsing the rest.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::call::{CallId, Digest, ServerName, SessionId, ToolName};
use crate::decision::{By, Decision, DecisionKind, Grant, GrantId, Keep, Level, Outcome};
use crate::risk::Finding;

/// One fact in the journal. Times are in the entry that carries it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A hub began (or went on) with this home.
    Opened(Opened),
    /// A call arrived and was judged.
    Submitted(Box<Submitted>),
    /// A call was decided: exactly one for each `Submitted`.
    Decided(Decided),
    /// A call that was allowed ended.
    Finished(Finished),
    /// An approval was remembered.
    Granted(Grant),
    /// An approval was taken back.
    Revoked(Revoked),
    /// A policy came into force, or could not be read.
    Policy(PolicyLoaded),
    /// Something was mended or lost: a torn line cut, a store rebuilt, entries that could not be written.
    Mended(Mended),
    /// A new file of the journal began. The journal writes this by itself.
    Carried(Carried),
}

/// A hub began with this home.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Opened {
    /// `CARGO_PKG_VERSION` of the hub.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// The highest number of a call before this entry, so that nobody need read further back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_call: Option<CallId>,
    /// The highest number of a remembered approval before this entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_grant: Option<GrantId>,
}

/// A call as it was judged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Submitted {
    /// The call.
    pub id: CallId,
    /// The session it came through.
    pub session: SessionId,
    /// The server's label.
    pub server: ServerName,
    /// `Server::identity`.
    pub identity: Digest,
    /// The command line, for a person.
    pub command: Vec<String>,
    /// The tool.
    pub tool: ToolName,
    /// Digest of its definition, if it was listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Digest>,
    /// The level after the person's overrides.
    pub risk: Level,
    /// Why.
    pub findings: Vec<Finding>,
    /// Digest over the exact params.
    pub params_digest: Digest,
    /// The params as emitted (`name`, `arguments`, `_meta`, …), but for what is not kept: the person's data.
    pub params: Box<RawValue>,
    /// What is not kept of them; `None`: they are whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked: Option<Masking>,
}

/// What is not kept of a call's params. In its place stands how long it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Masking {
    /// What the policy said.
    pub keep: Keep,
    /// How many parts are not there.
    pub parts: u32,
}

impl std::fmt::Display for Masking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.keep, self.parts) {
            (Keep::Digest, _) => f.write_str("names and lengths only: the policy keeps no values"),
            (_, 1) => f.write_str("1 secret is masked; the digest is over what was sent"),
            (_, parts) => write!(f, "{parts} secrets are masked; the digest is over what was sent"),
        }
    }
}

/// A call's one decision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Decided {
    /// The call.
    pub id: CallId,
    /// The decision.
    pub decision: Decision,
    /// Which console, with `By::Human`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// Digest over the params that were decided on.
    pub params_digest: Digest,
    /// How long it was held, in milliseconds.
    pub held_ms: u64,
    /// How long it was in front of the person before the answer, in milliseconds, with `By::Human`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_ms: Option<u64>,
    /// How much there was to read, in characters: params, findings and names, with `By::Human`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<u64>,
}

/// A call that was sent ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finished {
    /// The call.
    pub id: CallId,
    /// How.
    pub outcome: Outcome,
    /// Size of the answer in bytes; 0 when none came.
    pub bytes: u64,
    /// From sending to answer, in milliseconds.
    pub duration_ms: u64,
}

/// An approval was taken back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Revoked {
    /// Which.
    pub id: GrantId,
    /// By whom (`pid 4711 on /dev/pts/3`, `session ended`, `expired`).
    pub who: String,
}

/// A policy came into force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyLoaded {
    /// Digest of the bytes of the policy that is in force; `None`: there is none and the defaults hold. With an error,
    /// digest of the bytes that cannot be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The first error, if it could not be used: everything that is not low is denied. A record with an error says
    /// nothing of what was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Which console accepted it, when it loosened something (`pid 4711 on /dev/pts/3`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<String>,
    /// The file says something looser, which waits for a person; until then the stricter of the two counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
}

impl PolicyLoaded {
    /// What was accepted, if this says it: the digest of its bytes, or `None` for the defaults.
    pub const fn accepted(&self) -> Option<Option<Digest>> {
        match self.error {
            Some(_) => None,
            None => Some(self.digest),
        }
    }
}

/// A policy file that waits for a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Digest of the file's bytes; `None`: the file is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Which console refused it, if one has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_by: Option<String>,
}

/// The policy that was accepted last, for those who do not read further back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Digest of its bytes; `None`: the defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

/// What a new file of the journal carries on, so that an opening hub need read the last file only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The highest number of a call so far.
    pub last_call: CallId,
    /// The highest number of a remembered approval so far.
    pub last_grant: GrantId,
    /// Submitted and not decided so far, with the digest of their params.
    pub open: Vec<(CallId, Digest)>,
    /// The policy that was accepted last; `None`: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Accepted>,
}

/// Something was mended or lost.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mended {
    /// What, in a sentence.
    pub what: String,
}

/// Where a line of the journal begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The month of its file, as 202611.
    pub month: u32,
    /// The number of its file within the month, from 1.
    pub number: u32,
    /// The byte in the file.
    pub offset: u64,
}

/// What the journal makes of a record when it writes it: the record's place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Its number in the chain, from 1 without gaps.
    pub seq: u64,
    /// The hash that stands in its line.
    pub hash: Digest,
    /// Where its line begins.
    pub place: Place,
}

/// What of a record changes the remembered approvals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// An approval was remembered.
    Granted(Grant),
    /// An approval was taken back.
    Revoked(GrantId),
    /// An approval let a call pass.
    Used(GrantId),
    /// The chain is broken here: a revocation may have been cut out, so nothing remembered before counts any more.
    Broken,
    /// Nothing.
    Other,
}

impl Fact {
    /// Of one record.
    pub fn of(record: &Record) -> Self {
        match record {
            Record::Granted(grant) => Self::Granted(grant.clone()),
            Record::Revoked(revoked) => Self::Revoked(revoked.id),
            Record::Decided(decided) => decided.decision.grant.map_or(Self::Other, Self::Used),
            Record::Opened(_)
            | Record::Submitted(_)
            | Record::Finished(_)
            | Record::Policy(_)
            | Record::Mended(_)
            | Record::Carried(_) => Self::Other,
        }
    }
}

/// One call in the history: what its records add up to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The call.
    pub id: CallId,
    /// When it was submitted, milliseconds since the Unix epoch.
    pub at: i64,
    /// As it was judged.
    pub submitted: Box<Submitted>,
    /// Its decision; `None` while it is held (or when the hub was killed meanwhile).
    pub decided: Option<Decided>,
    /// Its end; `None` when it was not sent, or has not answered.
    pub finished: Option<Finished>,
}

/// Which rows of the history are asked for. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// The server's label, to the letter.
    pub server: Option<String>,
    /// The tool, to the letter.
    pub tool: Option<String>,
    /// The level.
    pub risk: Option<Level>,
    /// The decision.
    pub decision: Option<DecisionKind>,
    /// Not before this time, milliseconds since the Unix epoch.
    pub since: Option<i64>,
    /// This text, in any case, somewhere in server, tool, params, reason or findings.
    pub search: Option<String>,
}

impl Filter {
    /// Whether a row is asked for.
    pub fn matches(&self, row: &Row) -> bool {
        let kind = row.decided.as_ref().map(|d| d.decision.kind);
        self.server.as_deref().is_none_or(|s| s == row.submitted.server.as_str())
            && self.tool.as_deref().is_none_or(|t| t == row.submitted.tool.as_str())
            && self.risk.is_none_or(|r| r == row.submitted.risk)
            && self.decision.is_none_or(|d| Some(d) == kind)
            && self.since.is_none_or(|since| row.at >= since)
            && self.search.as_deref().is_none_or(|text| contains(row, text))
    }
}

fn contains(row: &Row, text: &str) -> bool {
    let text = text.to_lowercase();
    let has = |hay: &str| hay.to_lowercase().contains(&text);
    let reason = row.decided.as_ref().and_then(|d| d.decision.reason.as_deref());
    has(row.submitted.server.as_str())
        || has(row.submitted.tool.as_str())
        || has(row.submitted.params.get())
        || reason.is_some_and(has)
        || row.submitted.findings.iter().any(|f| has(&f.id) || has(&f.says))
}

impl Row {
    /// Who decided, if anybody has.
    pub fn by(&self) -> Option<By> {
        self.decided.as_ref().map(|d| d.decision.by)
    }
}
