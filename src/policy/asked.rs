//! What a policy is asked about: a call, its risk, what is known beside it, and the moment.
//!
//! Invariant: everything the judge looks at is here; it reads no clock and asks nobody. What is not sure is absent, and
//! what is absent may tighten but never loosens.

use crate::call::Call;
use crate::risk::{Facts, Risk};

/// One question to a policy.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The call.
    pub call: &'a Call,
    /// How it was judged.
    pub risk: &'a Risk,
    /// What was known beside the call when it was judged.
    pub facts: &'a Facts,
    /// When, and whether anybody is there.
    pub moment: &'a Moment,
}

/// When a call is judged. The default is the most careful one: nobody is there, and nobody knows the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// The person's local time; `None`: not known, or not sure, as after a clock was set.
    pub local: Option<Local>,
    /// Whether a console is attached that may decide.
    pub console: bool,
}

/// The time on the person's wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Minutes since midnight, 0 to 1439.
    pub minute: u16,
    /// The day of the week: 0 is Monday.
    pub weekday: u8,
}
