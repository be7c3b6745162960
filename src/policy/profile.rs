//! What the person says of a server and of a host: `[server.NAME]` and `[host.NAME]`.
//!
//! Invariant: a server is trusted for exactly one command line, never by its label, and only as far as medium. What a
//! host says of itself decides how long a person has, and nothing else.

use std::time::Duration;

use super::Policy;
use crate::call::Server;
use crate::decision::Level;
use crate::risk::{Access, Risk};

/// `[server.NAME]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerProfile {
    /// Where it stands: `policy.toml:12`.
    pub label: String,
    /// Its line, from 1.
    pub line: usize,
    /// The most that its calls may do: what needs more is denied.
    pub access: Option<Access>,
    /// Whether tools that need more are left out of what the server lists.
    pub hide: bool,
    /// The folders that it is given; outside of them is outside.
    pub roots: Vec<String>,
    /// Mail domains that are the person's own.
    pub domains: Vec<String>,
    /// The command line that `trusted` is for: the program and its arguments.
    pub command: Vec<String>,
    /// Whether its medium calls count as low.
    pub trusted: bool,
}

impl ServerProfile {
    /// Whether the person trusts this server as it was started: every word of its command line is the one trusted.
    pub fn trusts(&self, server: &Server) -> bool {
        self.trusted
            && self
                .command
                .split_first()
                .is_some_and(|(command, args)| *command == server.command && args == server.args)
    }

    /// What is said of it, in words, each part with a comma or a colon before. Quotes the file: draw it through `shown`.
    pub fn words(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.access.map(|access| format!("{} access", access.as_str())));
        parts.extend(self.hide.then(|| "tools beyond it are hidden".to_owned()));
        if !self.roots.is_empty() {
            parts.push(format!("folders {}", self.roots.join(" ")));
        }
        if !self.domains.is_empty() {
            parts.push(format!("own domains {}", self.domains.join(" ")));
        }
        parts.extend(self.trusted.then(|| format!("trusted as {}", self.command.join(" "))));
        if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) }
    }

    /// The access that a call needs and does not have.
    pub(super) fn lacks(&self, risk: &Risk) -> Option<(Access, Access)> {
        let (given, needed) = (self.access?, risk.access());
        (needed > given).then_some((given, needed))
    }
}

/// `[host.NAME]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostProfile {
    /// Its line, from 1.
    pub line: usize,
    /// How long a person has.
    pub timeout: Duration,
}

/// A host that is known: the name for it here, what it calls itself (`clientInfo.name`), and how long a person has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownHost {
    /// As in `[host.NAME]`.
    pub name: &'static str,
    /// As it calls itself.
    pub clients: &'static [&'static str],
    /// Below the time after which it gives up.
    pub timeout: Duration,
    /// After what time it gives up, for a person.
    pub about: &'static str,
}

/// The hosts whose patience is known.
pub const HOSTS: &[KnownHost] = &[
    KnownHost {
        name: "claude-code",
        clients: &["claude-code"],
        timeout: Duration::from_mins(10),
        about: "gives up after 30 minutes without a sign of life",
    },
    KnownHost {
        name: "claude-desktop",
        clients: &["claude-ai", "claude-desktop"],
        timeout: Duration::from_secs(55),
        about: "gives up after 60 seconds at worst",
    },
    KnownHost {
        name: "codex",
        clients: &["codex-mcp-client"],
        timeout: Duration::from_secs(280),
        about: "gives up after 300 seconds",
    },
    KnownHost {
        name: "cursor",
        clients: &["cursor-vscode", "cursor"],
        timeout: Duration::from_secs(55),
        about: "gives up after 60 seconds",
    },
    KnownHost {
        name: "vscode",
        clients: &["Visual Studio Code", "Visual Studio Code - Insiders"],
        timeout: Duration::from_mins(10),
        about: "does not give up",
    },
];

/// The name here of what calls itself so.
fn known(client: &str) -> Option<&'static KnownHost> {
    HOSTS.iter().find(|host| host.name == client || host.clients.contains(&client))
}

impl Policy {
    /// What is said of a server, by its label.
    pub fn server(&self, label: &str) -> Option<&ServerProfile> {
        self.servers.get(label)
    }

    /// How long a person has for a call of this level by a host that calls itself so, where no rule says otherwise:
    /// what `[timeout]` says of the level, then `[host]`, then `default`, then what is known of the host.
    pub fn time_to_answer(&self, level: Level, client: Option<&str>) -> Duration {
        let own = |client: &str| {
            let name = known(client).map(|host| host.name);
            self.hosts.get(client).or_else(|| self.hosts.get(name?)).map(|host| host.timeout)
        };
        let asked = self.timeouts.own(level).or_else(|| own(client?)).or(self.timeouts.default);
        asked.or_else(|| Some(known(client?)?.timeout)).unwrap_or(super::DEFAULT_TIMEOUT)
    }

    /// The level before any rule says one: a trusted server's medium call counts as low.
    pub(super) fn level_of(&self, server: &Server, judged: Level) -> Level {
        let trusted = judged == Level::Medium && self.server(server.name.as_str()).is_some_and(|p| p.trusts(server));
        if trusted { Level::Low } else { judged }
    }
}
