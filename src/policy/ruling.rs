//! What the policy says of one call, and which of two rulings is the stricter.
//!
//! Invariant: [`strictest`] is at least as strict as either of its parts, whatever they are: it may be used wherever two
//! policies both have a say.

use crate::decision::{Action, Verdict};

/// What the policy says of one call, with the place left open where a remembered approval would count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Final whatever was approved before: a file deny, or a policy that cannot be read.
    Final(Verdict),
    /// A remembered approval of this call counts first; without one, this does.
    UnlessGranted(Verdict),
}

impl Ruling {
    /// The verdict, whichever it is.
    pub const fn verdict(&self) -> &Verdict {
        match self {
            Self::Final(verdict) | Self::UnlessGranted(verdict) => verdict,
        }
    }

    /// How strict, without level and time: allow, ask, confirm, deny, deny whatever was approved.
    pub(super) const fn rank(&self) -> u8 {
        let action = match self.verdict().action {
            Action::Allow => 0,
            Action::Ask => 1,
            Action::Confirm => 2,
            Action::Deny => 3,
        };
        match self {
            Self::Final(_) => action + 1,
            Self::UnlessGranted(_) => action,
        }
    }

    /// Whether a person is waited for, so that it matters how long.
    const fn waits(&self) -> bool {
        matches!(self.verdict().action, Action::Ask | Action::Confirm)
    }

    /// Whether a call is at least as safe under this as under `other`: neither the action is looser nor the level
    /// lower (a lower one lets more be remembered), and a person has no longer to answer the same question. Two rulings
    /// may each be stricter than the other in another way: then neither is at least as strict.
    pub fn is_at_least(&self, other: &Self) -> bool {
        if matches!(self, Self::Final(verdict) if verdict.action == Action::Deny) {
            return true;
        }
        let (own, others) = (self.verdict(), other.verdict());
        let same = self.rank() == other.rank() && own.level == others.level;
        self.rank() >= other.rank()
            && own.level >= others.level
            && (!same || !self.waits() || own.timeout <= others.timeout)
    }
}

/// The stricter of two rulings in every respect: the stricter action with its reason, the higher level, the shorter
/// time. Of equals the first speaks.
pub fn strictest(a: Ruling, b: Ruling) -> Ruling {
    let level = a.verdict().level.max(b.verdict().level);
    let timeout = a.verdict().timeout.min(b.verdict().timeout);
    let mut stricter = if b.rank() > a.rank() { b } else { a };
    let (Ruling::Final(verdict) | Ruling::UnlessGranted(verdict)) = &mut stricter;
    verdict.level = level;
    verdict.timeout = timeout;
    stricter
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::decision::{By, Level};

    fn ruling() -> impl Strategy<Value = Ruling> {
        let action = prop::sample::select(Action::ALL.to_vec());
        let level = prop::sample::select(Level::ALL.to_vec());
        (action, level, 1..4_u64, any::<bool>()).prop_map(|(action, level, seconds, is_final)| {
            let timeout = Duration::from_secs(seconds);
            let verdict = Verdict { action, level, by: By::Level, rule: None, reason: None, timeout };
            let is_final = is_final && action == Action::Deny;
            if is_final { Ruling::Final(verdict) } else { Ruling::UnlessGranted(verdict) }
        })
    }

    proptest! {
        #[test]
        fn the_strictest_of_two_is_at_least_as_strict_as_both(a in ruling(), b in ruling()) {
            let both = strictest(a.clone(), b.clone());
            prop_assert!(both.is_at_least(&a) && both.is_at_least(&b), "{both:?}");
            prop_assert!(strictest(b, a.clone()).is_at_least(&both));
            prop_assert_eq!(strictest(a.clone(), a.clone()), a);
        }

        #[test]
        fn to_be_at_least_as_strict_is_handed_on(a in ruling(), b in ruling(), c in ruling()) {
            prop_assert!(a.is_at_least(&a));
            if a.is_at_least(&b) && b.is_at_least(&c) {
                prop_assert!(a.is_at_least(&c));
            }
        }
    }
}
