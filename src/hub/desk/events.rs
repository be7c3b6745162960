//! What goes into the desk and what comes out of it: events, effects, the time, peers, and the approvals it asks for.
//!
//! Plain data: nothing here decides.

use crate::call::{Digest, Server, SessionId};
use crate::decision::{By, Grant, GrantId};
use crate::policy::tally::Tally;
use crate::policy::{Local, Policy};
use crate::record::Record;
use crate::wire::{FromHub, ToHub};

use super::project::ProjectFile;

/// The time, twice: one clock that only goes forward, for deadlines, and one for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since some fixed point, never going back.
    pub mono: u64,
    /// Milliseconds since the Unix epoch.
    pub wall: i64,
    /// What the person's wall shows, if that can be told.
    pub local: Option<Local>,
}

/// A connection, numbered by the shell, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u64);

/// A process that cannot be mistaken for a later one with the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// When it started, in the system's own unit.
    pub start: u64,
}

/// The remembered approvals, as the desk asks for them.
pub trait Grants {
    /// The approval with this key that holds at `wall` (milliseconds since the Unix epoch).
    fn find(&self, key: &Digest, wall: i64) -> Option<Grant>;
    /// All of them with this key (`Call::tool_key`) that hold at `wall`, oldest first.
    fn wide(&self, key: &Digest, wall: i64) -> Vec<Grant>;
    /// Those of these that are remembered, whether they hold or have ended; of none: all that are.
    fn known(&self, ids: &[GrantId]) -> Vec<GrantId>;
    /// Those that end with this session.
    fn of_session(&self, session: &SessionId) -> Vec<GrantId>;
}

/// A policy file as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyFile {
    /// Digest of its bytes; `None`: there is no file, or it cannot be read.
    pub digest: Option<Digest>,
    /// Its text; `None`: there is none.
    pub text: Option<String>,
    /// What came of it.
    pub policy: Policy,
}

impl PolicyFile {
    /// No file: the defaults.
    pub fn none() -> Self {
        Self::default()
    }
}

/// The policy that was accepted last, as far as an opening hub can tell.
#[derive(Debug)]
pub enum Recalled {
    /// The home is new: its first policy is taken as it stands.
    New,
    /// This one, beyond doubt.
    Accepted(PolicyFile),
    /// It cannot be told.
    Lost {
        /// Why not, in a sentence for a person.
        why: String,
        /// What may have been it: good enough to tighten.
        doubted: Vec<Policy>,
    },
}

/// What the shell tells the desk.
#[derive(Debug)]
pub enum Event {
    /// A wrap said hello.
    Wrap {
        /// Its connection.
        peer: PeerId,
        /// Its session.
        session: SessionId,
        /// Its server.
        server: Server,
        /// The AI host that started it, as far as the system lets us look.
        host: Option<Process>,
        /// The files of the project that it runs in, the nearest first.
        project: Vec<ProjectFile>,
    },
    /// A console said hello.
    Console {
        /// Its connection.
        peer: PeerId,
        /// `pid 4711 on /dev/pts/3`.
        who: String,
        /// Itself and its ancestors, as they were when it attached.
        lineage: Vec<Process>,
        /// Why it may not decide whatever its lineage (no terminal), if so.
        unfit: Option<String>,
    },
    /// A subcommand said hello.
    Command {
        /// Its connection.
        peer: PeerId,
        /// `pid 4711 on /dev/pts/3`.
        who: String,
    },
    /// A peer said something.
    Said(PeerId, ToHub),
    /// A peer's connection ended.
    Gone(PeerId),
    /// What the hub found out when it opened about the policy that was accepted last. Comes before any `Policy`.
    Recalled(Box<Recalled>),
    /// The policy file was read, or could not be: then it is `Policy::invalid`.
    Policy(Box<PolicyFile>),
    /// The files of a wrap's project changed: these are all there are now.
    Project(PeerId, Vec<ProjectFile>),
    /// Something a person should know, until the hub ends.
    Notice(String),
    /// Time passed.
    Tick,
    /// The hub is about to end: deny what is held.
    Stop,
}

/// What the desk tells the shell, to be done in this order.
#[derive(Debug)]
pub enum Effect {
    /// Write this; everything after waits for it.
    Journal(Record),
    /// Keep this text as that of the accepted policy (`None`: the defaults), and no other. It is kept before the journal
    /// is written, and the others are dropped after.
    Keep(Option<Digest>, Option<String>),
    /// Send this.
    Send(PeerId, FromHub),
    /// Send the remembered approvals as they are after the journal's entries.
    SendApprovals(PeerId),
    /// Send a page of history.
    SendHistory(PeerId, ToHub),
    /// Send what was asked and answered since then.
    SendStats(PeerId, Option<i64>),
    /// Count what these suggestions would have covered, and send them again.
    Count(PeerId, Box<Tally>),
    /// End the connection after what was sent.
    Close(PeerId),
    /// End the hub.
    Stop,
}

impl Effect {
    /// Whether the journal must be on the disk itself (`fdatasync`) before this batch goes out: a person decided.
    pub fn is_weighty(&self) -> bool {
        match self {
            Self::Journal(Record::Decided(decided)) => decided.decision.by == By::Human,
            Self::Journal(Record::Granted(_) | Record::Revoked(_) | Record::Policy(_)) => true,
            _ => false,
        }
    }
}
