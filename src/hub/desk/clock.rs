//! Whether the person's clock can be believed: one that jumped cannot, for a while.
//!
//! Invariant: after the time of day was set, or the machine slept, nobody is sure what time it is until [`SETTLES`] has
//! passed: a rule that asks for the time may tighten meanwhile, never loosen.

use super::Now;
use crate::policy::Local;

/// How far the two clocks may drift apart between two looks before it counts as a jump, in milliseconds.
const JUMP: i64 = 60_000;
/// How long after a jump nobody is sure, in milliseconds.
const SETTLES: u64 = 10 * 60_000;

/// The time on the wall, as far as it is sure.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// How far the wall's clock was ahead of the other when last looked at.
    ahead: Option<i64>,
    unsure_until: u64,
}

impl Clock {
    /// The local time, if it is sure. To be asked at every event: what is not looked at is not noticed.
    pub(super) fn local(&mut self, now: Now) -> Option<Local> {
        let ahead = now.wall.saturating_sub(i64::try_from(now.mono).unwrap_or(i64::MAX));
        if self.ahead.is_some_and(|before| before.abs_diff(ahead) > JUMP.unsigned_abs()) {
            self.unsure_until = now.mono.saturating_add(SETTLES);
        }
        self.ahead = Some(ahead);
        now.local.filter(|_| now.mono >= self.unsure_until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_jump_nobody_is_sure_of_the_time_for_ten_minutes() {
        let local = Some(Local { minute: 600, weekday: 0 });
        let mut clock = Clock::default();
        let mut at = |mono, wall| clock.local(Now { mono, wall, local }).is_some();
        assert!(at(0, 1_000_000) && at(50_000, 1_050_000) && at(90_000, 1_149_000));
        assert!(!at(100_000, 9_000_000) && !at(699_999, 9_599_999) && at(700_000, 9_600_000));
        assert!(!at(800_000, 1_000_000), "backwards too");
        assert!(!at(900_000, i64::MAX) && !at(u64::MAX - 1, i64::MIN));
    }
}
