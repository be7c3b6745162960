//! What hub, wraps, consoles and commands say to each other. No sockets.
//!
//! A message is one JSON value (externally tagged, so that raw arguments pass through untouched) behind its length as
//! a big-endian `u32`. The first message each way is `Hello`: whoever hears another [`VERSION`] refuses with words.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::call::{CallId, Definition, Digest, Era, Params, Server, SessionId, ToolName};
use crate::decision::{Decision, Grant, GrantId, Level, Outcome, Scope};
use crate::policy::Change;
use crate::policy::tally::Past;
use crate::record::{Filter, Row};
use crate::risk::{Access, Finding, Link};
use crate::stats::Report;

/// Raised whenever any message changes its meaning or its form.
pub const VERSION: u32 = 3;

/// The longest message, in bytes: a 16 MiB line, its envelope and some room.
pub const MAX_MESSAGE: usize = 48 << 20;

/// Who says hello.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A wrap with its server and its session.
    Wrap {
        /// The session's random name.
        session: SessionId,
        /// The server it started or will start.
        server: Server,
    },
    /// A console: shows the queue and decides.
    Console,
    /// A subcommand: asks and revokes, never decides.
    Command,
}

/// The first message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`VERSION`].
    pub version: u32,
    /// `CARGO_PKG_VERSION`.
    pub build: String,
    /// Who; the hub answers with `None`.
    pub role: Option<Role>,
    /// Which home it means, by its folders; `None`: it does not say.
    #[serde(default)]
    pub home: Option<Box<Digest>>,
}

impl Hello {
    /// This build's.
    pub fn new(role: Option<Role>, home: Digest) -> Self {
        Self { version: VERSION, build: env!("CARGO_PKG_VERSION").to_owned(), role, home: Some(Box::new(home)) }
    }
}

/// To the hub.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToHub {
    /// First.
    Hello(Hello),
    /// A wrap: these tools were listed (the newest definitions win).
    Catalog(Vec<Definition>),
    /// A wrap: what the host said of itself. Self-reported: it may make the hub stricter, never milder.
    Context {
        /// `clientInfo.name`.
        client: Option<String>,
        /// The folders it gave its server (`roots/list`), absolute, as paths.
        roots: Option<Vec<String>>,
    },
    /// A wrap: may this be sent?
    Submit(Submit),
    /// A wrap: a call that was allowed ended.
    Finish(Finish),
    /// A wrap: the caller took these back; the numbers are the wrap's own (`Submit::ask`).
    Withdraw(Vec<u64>, String),
    /// A console: a person's answer.
    Decide(Decide),
    /// A console: what could be remembered of this call?
    Suggest(CallId),
    /// A console: how people were asked and how they answered.
    Stats {
        /// So many days back; `None`: ever.
        days: Option<u32>,
    },
    /// A console: rows older than this call (`None`: the newest), at most this many.
    History {
        /// Rows older than this one.
        before: Option<CallId>,
        /// Which.
        filter: Filter,
        /// How many at most.
        limit: u32,
    },
    /// A console or command: the remembered approvals.
    Approvals,
    /// A console or command: take these back; an empty list is all of them.
    Revoke(Vec<GrantId>),
    /// A console or command: how things stand.
    Status,
    /// A console: a person's word on the policy that waits, by the digest of the change that was shown.
    Weigh {
        /// `Proposal::digest`.
        digest: Digest,
        /// Accepted, or refused.
        accept: bool,
    },
    /// A command: stop.
    Stop,
}

/// A wrap asks whether a call may be sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Submit {
    /// The wrap's own number for it, ascending within its session.
    pub ask: u64,
    /// Which revision family.
    pub era: Era,
    /// The tool, equal to `params.name`.
    pub tool: ToolName,
    /// What will be sent.
    pub params: Params,
    /// The call this one repeats with the input its server asked for (MCP 2026-07-28).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<CallId>,
    /// Where the paths in its arguments lead, as far as the wrap could see: it stands where the server stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
}

/// A call that was sent ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finish {
    /// The call.
    pub id: CallId,
    /// How.
    pub outcome: Outcome,
    /// Size of the answer, in bytes.
    pub bytes: u64,
    /// From sending to answer, in milliseconds.
    pub duration_ms: u64,
}

/// A person's answer to one call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Decide {
    /// Which call: never a row.
    pub id: CallId,
    /// Digest over the params that were shown.
    pub params_digest: Digest,
    /// The answer.
    pub answer: Answer,
    /// How long the call was in front of the person before this answer, in milliseconds.
    pub looked_ms: u64,
}

/// What a person may answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Send it, this once.
    Allow,
    /// Send it, and remember the approval.
    Remember {
        /// For how long.
        scope: Scope,
        /// `Cover::digest` of the suggestion that was chosen; `None`: exactly this call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cover: Option<Digest>,
    },
    /// Do not send it; the reason goes to the model.
    Deny(Option<String>),
}

/// What could be remembered of a call, narrowest first; the first is exactly the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestions {
    /// Which call.
    pub id: CallId,
    /// Digest over its params.
    pub params_digest: Digest,
    /// What could be.
    pub offers: Vec<Offer>,
    /// Of the newest calls of the journal, how many were looked at to count; `None`: they are being counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<u64>,
}

/// One thing that could be remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// `Cover::digest`; `None`: exactly the call.
    pub cover: Option<Digest>,
    /// What it would let through, in one sentence. Quotes the call: untrusted.
    pub says: String,
    /// What it would have covered before now, once that is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub past: Option<Past>,
}

/// From the hub.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromHub {
    /// First.
    Hello(Hello),
    /// Not served, and why, in words for a person. The connection ends.
    Refused(String),
    /// To a wrap: held for a person.
    Held {
        /// `Submit::ask`.
        ask: u64,
        /// Until the hub denies, in milliseconds from now.
        remaining_ms: u64,
    },
    /// To a wrap: decided.
    Decided {
        /// `Submit::ask`.
        ask: u64,
        /// The call's number.
        id: CallId,
        /// Digest over the params that were decided on.
        params_digest: Digest,
        /// The decision.
        decision: Decision,
    },
    /// To a wrap: leave tools that need more than this out of what the server lists; `None`: leave none out.
    Hide(Option<Access>),
    /// To consoles: a call waits.
    Pending(Box<Pending>),
    /// To consoles: a call was settled and leaves the queue.
    Settled {
        /// Which.
        id: CallId,
        /// How.
        decision: Decision,
    },
    /// To one console: that call is settled already (or was shown otherwise); nothing was done.
    Stale {
        /// Which.
        id: CallId,
        /// Why, in words.
        why: String,
    },
    /// To a console: what could be remembered of a call, beside exactly that call. Comes twice: at once, and counted.
    Suggestions(Suggestions),
    /// To a console: what it asked for.
    Stats(Box<Report>),
    /// To a console: what it asked for.
    History {
        /// As in the request.
        before: Option<CallId>,
        /// As in the request, so that an answer to an older question is known as such.
        filter: Filter,
        /// Newest first.
        rows: Vec<Row>,
        /// `before` of the question for the rows after these; `None`: that was all. There may be a next page after one
        /// with few rows or none: a search gives back what it has when it has read long enough.
        next: Option<CallId>,
    },
    /// To consoles: the policy file says something looser, which waits for a person; `None`: nothing waits (any more).
    Proposal(Option<Box<Proposal>>),
    /// To one console: its word on a policy did not count.
    Unweighed {
        /// As in `Weigh`.
        digest: Digest,
        /// Why, in words.
        why: String,
    },
    /// The remembered approvals, newest first, with how often each was used.
    Approvals(Vec<(Grant, u64)>),
    /// How things stand. Sent to consoles unasked whenever it changes.
    Status(Status),
}

/// A held call as a console shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    /// The call.
    pub id: CallId,
    /// Its server as it was started.
    pub server: Server,
    /// The tool.
    pub tool: ToolName,
    /// Exactly what will be sent.
    pub params: Params,
    /// The tool's definition, if it was listed. Untrusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Box<RawValue>>,
    /// The level that counts.
    pub level: Level,
    /// Whether the word `yes` has to be typed.
    pub confirm: bool,
    /// Why.
    pub findings: Vec<Finding>,
    /// The rule that asks, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// When it was submitted, milliseconds since the Unix epoch.
    pub at: i64,
    /// Until the hub denies, in milliseconds from when this was sent.
    pub remaining_ms: u64,
}

/// A policy file that waits for a person. Its texts are untrusted: an agent may have written them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Names this change: from which text to which.
    pub digest: Digest,
    /// It is not known which policy was accepted last: everything is asked for.
    pub lost: bool,
    /// The text in force; `None`: there is none (the defaults hold), or it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// The text that waits; `None`: the file is gone, and the defaults would hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// What changes, the looser first.
    pub changes: Vec<Change>,
    /// Which console refused it, if one has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_by: Option<String>,
}

/// How things stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The hub's process.
    pub pid: u32,
    /// The home, for a person.
    pub home: String,
    /// Servers connected through wraps: label and command line.
    pub wraps: Vec<(String, String)>,
    /// The same servers: label, and the command line word by word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<(String, Vec<String>)>,
    /// Consoles attached.
    pub consoles: u32,
    /// Calls held.
    pub held: u32,
    /// The policy: `None` is well, otherwise what is wrong with it.
    pub policy_error: Option<String>,
    /// The policy file says something looser than what is in force: what waits, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_waits: Option<String>,
    /// What a person should know: a store that was rebuilt, a journal that cannot be written.
    pub notices: Vec<String>,
    /// Why this console may not decide, if it may not.
    pub may_not_decide: Option<String>,
}

/// Why a message could not be read.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Longer than [`MAX_MESSAGE`].
    #[error("a message of {0} bytes is longer than sayso sends")]
    TooLong(usize),
    /// Not a message of this version.
    #[error("not a message of this version: {0}")]
    Unreadable(#[from] serde_json::Error),
}

/// Appends one message with its length.
pub fn encode<T: Serialize>(message: &T, out: &mut Vec<u8>) -> Result<(), WireError> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    serde_json::to_writer(&mut *out, message)?;
    let len = out.len() - start - 4;
    match u32::try_from(len) {
        Ok(short) if len <= MAX_MESSAGE => {
            out[start..start + 4].copy_from_slice(&short.to_be_bytes());
            Ok(())
        }
        _ => {
            out.truncate(start);
            Err(WireError::TooLong(len))
        }
    }
}

/// Takes the first whole message off `buffer`: the message and how many bytes it took, or `None` when more are needed.
pub fn decode<T: for<'de> Deserialize<'de>>(buffer: &[u8]) -> Result<Option<(T, usize)>, WireError> {
    let Some((head, rest)) = buffer.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let len = u32::from_be_bytes(*head) as usize;
    if len > MAX_MESSAGE {
        return Err(WireError::TooLong(len));
    }
    match rest.get(..len) {
        Some(body) => Ok(Some((serde_json::from_slice(body)?, 4 + len))),
        None => Ok(None),
    }
}
