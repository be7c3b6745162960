//! The server's own hints about a tool (MCP `ToolAnnotations`). Untrusted: they may raise and never lower, so that
//! `readOnlyHint: true` buys nothing.

use super::names::{Deed, Name};
use super::subject::{Found, Subject};
use super::{Family, Kind};
use crate::decision::Level::{High, Low, Medium};
use crate::json;

const OPEN_WORLD: Kind = Kind::new("annotations.open_world", Low, "the server says that the tool reaches outside");
const WRITES: Kind = Kind::new("annotations.writes", Medium, "the server says that the tool does not merely read");
const CONFLICT: Kind =
    Kind::new("annotations.conflict", Medium, "the server's hints contradict the name or each other");
const UNREADABLE: Kind = Kind::new("annotations.unreadable", Medium, "the server's hints are not what they should be");
const DESTROYS: Kind = Kind::new("annotations.destroys", High, "the server says that the tool destroys");

/// The family.
pub const FAMILY: Family = Family {
    name: "annotations",
    about: "the server's own hints, which may only raise; where one is absent, the specification's pessimistic default",
    kinds: &[OPEN_WORLD, WRITES, CONFLICT, UNREADABLE, DESTROYS],
    detect,
};

/// What a server says about one of its tools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// Another title than the definition's own. Untrusted.
    pub title: Option<String>,
    /// `readOnlyHint`.
    pub read_only: Option<bool>,
    /// `destructiveHint`.
    pub destructive: Option<bool>,
    /// `openWorldHint`.
    pub open_world: Option<bool>,
    /// Whether something in it is not what it should be.
    wrong: bool,
}

impl Hints {
    /// Reads `annotations`, given as compact JSON.
    pub fn of(annotations: &str) -> Self {
        let mut hints = Self { wrong: annotations != "null" && !annotations.starts_with('{'), ..Self::default() };
        for (key, value) in json::members(annotations) {
            let slot = match key.as_ref() {
                "readOnlyHint" => &mut hints.read_only,
                "destructiveHint" => &mut hints.destructive,
                "openWorldHint" => &mut hints.open_world,
                "title" => {
                    if value.starts_with('"') {
                        hints.title = Some(json::unescape(value).into_owned());
                    }
                    continue;
                }
                _ => continue,
            };
            match value {
                "true" => *slot = Some(true),
                "false" => *slot = Some(false),
                "null" => {}
                _ => hints.wrong = true,
            }
        }
        hints
    }
}

/// What the hints leave, whatever the arguments.
pub(super) fn define(name: &Name, hints: &Hints, found: &mut Found) {
    if hints.open_world == Some(true) {
        found.add(OPEN_WORLD, "the server says that the tool reaches beyond its own world");
    }
    if hints.wrong {
        found.add(UNREADABLE, "the server's hints about the tool are malformed");
    }
    match (hints.read_only, hints.destructive) {
        (Some(true), Some(true)) => {
            found.add(CONFLICT, "the server says that the tool only reads, and that it destroys");
        }
        (Some(true), _) if name.deed > Deed::Unknown => {
            found.add(CONFLICT, "the server says that the tool only reads, but its name says otherwise");
        }
        (_, Some(true)) => found.add(DESTROYS, "the server says that the tool may destroy or overwrite"),
        (Some(false), _) => found.add(WRITES, "the server says that the tool does not merely read"),
        (Some(true) | None, _) => {}
    }
}

/// Findings of a writing argument: that a tool which only reads has no use for.
const WRITING: &[&str] = &[
    "meta.changes",
    "meta.harms",
    "schema.changes",
    "schema.harms",
    "schema.forces",
    "schema.exposes",
    "schema.earnest",
    "schema.writes",
    "shell.destroys",
    "shell.redirects",
    "sql.writes",
    "sql.destroys",
    "sql.bulk",
    "sql.schema",
    "sql.rights",
    "sql.server",
    "sql.runs",
];

fn detect(subject: &Subject<'_>, found: &mut Found) {
    if subject.known.hints.read_only != Some(true) {
        return;
    }
    if let Some(writing) = WRITING.iter().find(|id| found.has_kind(id)) {
        let says = format!("the server says that the tool only reads, but the arguments say otherwise ({writing})");
        found.add(CONFLICT, says);
    }
}
