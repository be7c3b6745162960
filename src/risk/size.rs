//! Calls too large for a person, or for the judge.

use super::subject::{Found, MOST_VALUES, Subject};
use super::{Access, Family, Kind};
use crate::decision::Level::{High, Medium};

const LARGE: Kind =
    Kind::new("size.large", Medium, "more than a person reads before pressing a key").needs(Access::Read);
/// Also left by other families, for more of their own than they look at.
pub const UNJUDGED: Kind = Kind::new("size.unjudged", High, "too large to judge");

/// The family.
pub const FAMILY: Family =
    Family { name: "size", about: "the sheer size of the call", kinds: &[LARGE, UNJUDGED], detect };

/// From here on a call is large, in bytes.
const LARGE_FROM: usize = 64 * 1024;
/// From here on it is too large to judge, in bytes.
pub const UNJUDGED_FROM: usize = 2 * 1024 * 1024;

fn detect(subject: &Subject<'_>, found: &mut Found) {
    let size = subject.call.params.text().len();
    if size > UNJUDGED_FROM {
        found.add(UNJUDGED, format!("{size} bytes: too large to judge"));
    } else if subject.overflow {
        found.add(UNJUDGED, format!("more than {MOST_VALUES} values: too large to judge"));
    } else if size > LARGE_FROM {
        found.add(LARGE, format!("{size} bytes of arguments, more than anybody reads"));
    }
}
