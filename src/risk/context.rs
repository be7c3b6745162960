//! What came before in the same conversation: refusals, floods, and the way from what was read to a way out.
//!
//! Looks at what the other families found, so it comes last. A call that is low stays low here, with one exception: a
//! reader that reaches outside after something private was read is worth a look.

use super::subject::Subject;
use super::{Access, Family, Found, Kind, Risk};
use crate::decision::Level::{High, Low, Medium};

const FIRST: Kind = Kind::new("context.first", Low, "the first call of this tool in this session").needs(Access::Read);
const REPEATS: Kind =
    Kind::new("context.repeats", Medium, "this very call was denied before in this conversation").needs(Access::Read);
const REACHES: Kind =
    Kind::new("context.reaches", Medium, "a reader that reaches outside, after something private was read")
        .needs(Access::Read);
const DENIALS: Kind =
    Kind::new("context.denials", High, "what is not low, after several denials in a row").needs(Access::Read);
const FLOOD: Kind =
    Kind::new("context.flood", High, "what is not low, among more calls within a minute than anybody follows")
        .needs(Access::Read);
const LEAKS: Kind =
    Kind::new("context.leaks", High, "it may send something out, after something private was read").needs(Access::Read);
const STEERED: Kind =
    Kind::new("context.steered", High, "it sends something out, after content from the open world was read")
        .needs(Access::Read);
const TRIFECTA: Kind = Kind::new(
    "context.trifecta",
    High,
    "it may send something out, after something private and something from the open world was read",
)
.needs(Access::Read);

/// The family.
pub const FAMILY: Family = Family {
    name: "context",
    about: "what came before in the same conversation: denials, floods, and private or foreign content before a way out",
    kinds: &[FIRST, REPEATS, REACHES, DENIALS, FLOOD, LEAKS, STEERED, TRIFECTA],
    detect,
};

/// From so many denials in a row on, what is not low wants the word yes.
const MANY_DENIALS: u32 = 3;
/// From so many calls within a minute on, what is not low wants the word yes.
const MANY_CALLS: u32 = 60;

/// The second parts of findings that say that something leaves: `name.sends`, `schema.exposes`.
const LEAVES: &[&str] = &["sends", "pushes", "exposes", "carries", "uploads"];
/// Findings that say that the open world is reached, in whichever direction.
const OPEN: &[&str] = &["urls.open", "urls.scheme", "urls.deceptive", "shell.fetches", "git.fetches"];
/// Findings, beside all that are called sensitive, that say that something private is read or known.
const PRIVATE: &[&str] = &["secrets.named", "secrets.shaped", "secrets.assigned", "shell.reveals"];
/// The server's own word for it.
const OPEN_WORLD: &str = "annotations.open_world";

/// Whether a finding says that something leaves for sure.
fn leaves(id: &str) -> bool {
    id.split_once('.').is_some_and(|(_, what)| LEAVES.contains(&what))
}

/// Whether a call that was judged so has read something private, once it was allowed.
pub fn reads_private(risk: &Risk) -> bool {
    let private =
        |id: &str| id.split_once('.').is_some_and(|(_, what)| what.starts_with("sensitive")) || PRIVATE.contains(&id);
    risk.findings.iter().any(|finding| private(&finding.id))
}

/// Whether a call that was judged so has brought in content from the open world, once it was allowed.
pub fn reads_untrusted(risk: &Risk) -> bool {
    risk.findings.iter().any(|finding| OPEN.contains(&finding.id.as_str()) || finding.id == OPEN_WORLD)
}

fn detect(subject: &Subject<'_>, found: &mut Found) {
    let facts = subject.facts;
    if facts.first_use {
        found.add(FIRST, "the first call of this tool in this session");
    }
    ways_out(subject, found);
    let low = found.highest() <= Low;
    if facts.denied_same {
        found.add(REPEATS, "this very call was denied before in this conversation, and is tried again");
    }
    if low {
        return;
    }
    if facts.denied_in_row >= MANY_DENIALS {
        found.add(
            DENIALS,
            format!("the last {} calls of this conversation, beside low ones, were denied", facts.denied_in_row),
        );
    }
    if facts.recent >= MANY_CALLS {
        found.add(FLOOD, format!("{} calls within a minute, more than anybody follows", facts.recent));
    }
}

/// Private content, foreign content and a way out: any two of them are worth a look, all three are how data is stolen.
fn ways_out(subject: &Subject<'_>, found: &mut Found) {
    let (private, foreign) = (&subject.facts.read_private, &subject.facts.read_untrusted);
    let sends = found.any(leaves);
    let open = sends || found.any(|id| OPEN.contains(&id));
    match (private, foreign) {
        (Some(private), Some(foreign)) if open => found.add(
            TRIFECTA,
            format!("it may send out what {private} has read, which is private, where {foreign} brought in content from the open world"),
        ),
        (Some(private), _) if open => {
            found.add(LEAKS, format!("it may send out what {private} has read before, which is private"));
        }
        (_, Some(foreign)) if sends => found.add(
            STEERED,
            format!("it sends something out after {foreign} has brought in content from the open world, which may have asked for it"),
        ),
        (Some(private), _) if found.any(|id| id == OPEN_WORLD) => {
            found.add(REACHES, format!("it reaches outside after {private} has read something private"));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::FAMILIES;

    #[test]
    fn what_is_looked_for_are_findings_that_there_are() {
        let ids: Vec<&str> = FAMILIES.iter().flat_map(|family| family.kinds).map(|kind| kind.id).collect();
        for id in OPEN.iter().chain(PRIVATE).chain([&OPEN_WORLD]) {
            assert!(ids.contains(id), "{id}");
        }
        for id in ["name.sends", "shell.sends", "recipients.sends", "schema.exposes", "git.pushes"] {
            assert!(leaves(id) && ids.contains(&id), "{id}");
        }
    }
}
