//! What is decided about a call, by whom, for how long, and how the call ended.
//!
//! Every match on these enums is exhaustive: a new kind of decision must be thought about everywhere.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::call::Digest;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word for it in files, on the command line and on screens.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|v| v.as_str() == text)
                    .ok_or_else(|| format!("{text:?} is none of {}", [$($word),+].join(", ")))
            }
        }
    };
}

words! {
    /// How much harm a call could do. Ordered: evidence only raises.
    Level {
        /// Changes nothing, sends nothing of the user's out, runs no code.
        Low = "low",
        /// A reversible change, a sensitive read, a fetch from the open world; anything unknown.
        Medium = "medium",
        /// Irreversible, code, credentials, money, messages; anything that cannot be read.
        High = "high",
    }
}

words! {
    /// What policy does with a call. Ordered from loosest to strictest.
    Action {
        /// Let it pass.
        Allow = "allow",
        /// Ask a person: one key.
        Ask = "ask",
        /// Ask a person: a word typed.
        Confirm = "confirm",
        /// Refuse it.
        Deny = "deny",
    }
}

words! {
    /// How much of a call's params the journal keeps; the digest over the true bytes is always kept.
    #[derive(Default)]
    Keep {
        #[default]
        /// Everything but secrets, in whose place stands what was there.
        Masked = "masked",
        /// Everything, secrets included.
        Full = "full",
        /// The names of the arguments and how long they are.
        Digest = "digest",
    }
}

words! {
    /// The final word on a call. Only `Allowed` reaches the server.
    DecisionKind {
        /// It was sent to the server.
        Allowed = "allowed",
        /// A person or a rule refused it.
        Denied = "denied",
        /// Nobody answered before the deadline.
        TimedOut = "timed_out",
        /// The caller took it back or went away.
        Withdrawn = "withdrawn",
        /// sayso could not do its work (journal, policy, hub), so it refused.
        Blocked = "blocked",
    }
}

words! {
    /// Who or what decided.
    By {
        /// A person at a console.
        Human = "human",
        /// A rule in the policy file.
        Rule = "rule",
        /// A remembered approval.
        Grant = "grant",
        /// What the policy says of the risk level.
        Level = "level",
        /// The hub's clock.
        Deadline = "deadline",
        /// The caller: it cancelled, disconnected or ended.
        Client = "client",
        /// The hub itself: a fault, a shutdown, an invalid policy.
        Hub = "hub",
        /// The approval just given to the same call, repeated with the input its server asked for (MCP 2026-07-28).
        Repeat = "repeat",
    }
}

words! {
    /// How long an approval is remembered.
    Scope {
        /// Until the wrap it came through ends.
        Session = "session",
        /// One hour from now.
        Hour = "hour",
        /// One day from now.
        Day = "day",
        /// Until it is revoked.
        Always = "always",
    }
}

impl Scope {
    /// How long, or `None` for no end by the clock.
    pub const fn duration(self) -> Option<Duration> {
        match self {
            Self::Hour => Some(Duration::from_hours(1)),
            Self::Day => Some(Duration::from_hours(24)),
            Self::Session | Self::Always => None,
        }
    }
}

words! {
    /// How a call that was sent ended.
    Outcome {
        /// A result without `isError`.
        Ok = "ok",
        /// A result with `isError`, a JSON-RPC error, or no answer before the server ended.
        Error = "error",
    }
}

/// The number of a remembered approval within one home.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GrantId(pub u64);

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What policy says of a call before any person is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What to do.
    pub action: Action,
    /// The level that counts, after the person's own overrides.
    pub level: Level,
    /// `Rule`, `Grant`, `Level` or `Hub`.
    pub by: By,
    /// The rule that decides, in words a person can find again (`policy.toml:12`), if a rule does.
    pub rule: Option<String>,
    /// The rule's own reason, if it has one.
    pub reason: Option<String>,
    /// How long a person has.
    pub timeout: Duration,
}

/// The final decision on a call. It is made once, in one place, and never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What was decided.
    pub kind: DecisionKind,
    /// By whom.
    pub by: By,
    /// Why, in words: the person's reason, the rule's, or what went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The rule that decided, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The approval that was used, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantId>,
}

impl Decision {
    /// A decision with nothing beside its kind and its author.
    pub const fn new(kind: DecisionKind, by: By) -> Self {
        Self { kind, by, reason: None, rule: None, grant: None }
    }

    /// The same with a reason.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Whether the call may be sent.
    pub const fn is_allowed(&self) -> bool {
        matches!(self.kind, DecisionKind::Allowed)
    }
}

/// What an approval covers beside the very call it was given for: plain data, judged by `policy::cover`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    /// Arguments by their top-level keys, in order of the keys. Each has to be there.
    pub args: Vec<(String, Part)>,
    /// Whether there may be arguments beside these.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub others: bool,
    /// The highest level that it covers.
    pub level: Level,
}

impl Cover {
    /// What names it in a person's answer: over all of it, in its one written form.
    pub fn digest(&self) -> Digest {
        Digest::of(serde_json::to_string(self).unwrap_or_default().as_bytes())
    }
}

/// What an argument has to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Exactly this: canonical JSON.
    Is(String),
    /// A path at or under this folder.
    Under(String),
    /// One plain command that begins with these words.
    Command(Vec<String>),
    /// A URL of this origin (`https://example.org`), without a query.
    Host(String),
    /// Anything.
    Any,
}

/// A remembered approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its number.
    pub id: GrantId,
    /// What it is found by: `Call::grant_key` of the call it covers, or with a `cover` `Call::tool_key`.
    pub key: Digest,
    /// What it covers beyond one call; `None`: exactly the call it was given for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cover: Option<Cover>,
    /// The server's label when it was given.
    pub server: crate::call::ServerName,
    /// The tool.
    pub tool: crate::call::ToolName,
    /// For how long it was given.
    pub scope: Scope,
    /// The session it is bound to, with `Scope::Session`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<crate::call::SessionId>,
    /// When it was given, milliseconds since the Unix epoch.
    pub created_at: i64,
    /// When it ends, milliseconds since the Unix epoch; `None`: not by the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// The call it was given for.
    pub call: crate::call::CallId,
    /// Which console gave it (`pid 4711 on /dev/pts/3`).
    pub who: String,
}

impl Grant {
    /// Whether it still holds at this time (milliseconds since the Unix epoch).
    pub fn holds_at(&self, now: i64) -> bool {
        self.created_at <= now.saturating_add(60_000) && self.expires_at.is_none_or(|end| now < end)
    }
}
