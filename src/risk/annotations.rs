//! The server's own hints about a tool (MCP `ToolAnnotations`). Untrusted: they may raise and never lower, so that
//! `readOnlyHint: true` buys nothing.

use super::names::Deed;
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

fn detect(subject: &Subject<'_>, found: &mut Found) {
    let Some(annotations) = subject.tool.annotations else { return };
    if annotations == "null" || annotations == "{}" {
        return;
    }
    let mut wrong = !annotations.starts_with('{');
    let mut hint = |name: &str| match json::member(annotations, name) {
        None | Some("null") => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => {
            wrong = true;
            None
        }
    };
    let (read_only, destructive) = (hint("readOnlyHint"), hint("destructiveHint"));
    if hint("openWorldHint") == Some(true) {
        found.add(OPEN_WORLD, "the server says that the tool reaches beyond its own world");
    }
    if wrong {
        found.add(UNREADABLE, "the server's hints about the tool are malformed");
    }
    match (read_only, destructive) {
        (Some(true), Some(true)) => {
            found.add(CONFLICT, "the server says that the tool only reads, and that it destroys");
        }
        (Some(true), _) if subject.name.deed > Deed::Unknown => {
            found.add(CONFLICT, "the server says that the tool only reads, but its name says otherwise");
        }
        (_, Some(true)) => found.add(DESTROYS, "the server says that the tool may destroy or overwrite"),
        (Some(false), _) => found.add(WRITES, "the server says that the tool does not merely read"),
        (Some(true) | None, _) => {}
    }
}
