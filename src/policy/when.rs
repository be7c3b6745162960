//! The other conditions of a rule: the judged level, the time of day, whether somebody is there.
//!
//! Invariant: a time that is not sure fits `Wide`: it may tighten, never loosen.

use std::fmt;

use super::arguments::Fit;
use super::asked::{Local, Moment};
use crate::decision::Level;

/// The days as they are written, Monday first.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// What must be so beside the call itself. Nothing given: always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct When {
    /// The judged level is one of these; empty: whatever it is.
    pub risk: Vec<Level>,
    /// From this minute of the day to before that one; over midnight when the first is the later.
    pub hours: Option<(u16, u16)>,
    /// On these days, 0 is Monday; empty: every day.
    pub days: Vec<u8>,
    /// Whether a console is attached that may decide.
    pub console: Option<bool>,
}

impl When {
    /// Whether nothing is asked for.
    pub fn is_always(&self) -> bool {
        *self == Self::default()
    }

    /// How many things are asked for.
    pub(super) fn count(&self) -> usize {
        usize::from(!self.risk.is_empty())
            + usize::from(self.hours.is_some())
            + usize::from(!self.days.is_empty())
            + usize::from(self.console.is_some())
    }

    /// How far it is so.
    pub(super) fn fit(&self, judged: Level, moment: Moment) -> Fit {
        let level = self.risk.is_empty() || self.risk.contains(&judged);
        if !level || self.console.is_some_and(|wanted| wanted != moment.console) {
            return Fit::No;
        }
        match moment.local {
            _ if self.hours.is_none() && self.days.is_empty() => Fit::Exact,
            None => Fit::Wide,
            Some(local) if self.holds_at(local) => Fit::Exact,
            Some(_) => Fit::No,
        }
    }

    fn holds_at(&self, local: Local) -> bool {
        let hour = self.hours.is_none_or(|(from, to)| {
            let minute = local.minute;
            if from < to { (from..to).contains(&minute) } else { minute >= from || minute < to }
        });
        hour && (self.days.is_empty() || self.days.contains(&local.weekday))
    }

    /// Which judged levels it is for.
    pub(super) fn judged(&self) -> &[Level] {
        if self.risk.is_empty() { Level::ALL } else { &self.risk }
    }

    /// Whether the other holds whenever this does: certain, or `false`.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        let days = |when: &Self| if when.days.is_empty() { (0..7).collect() } else { when.days.clone() };
        let all_day = |when: &Self| when.hours.map_or_else(|| (0..DAY).collect(), minutes);
        let timed = |when: &Self| when.hours.is_some() || !when.days.is_empty();
        self.judged().iter().all(|level| other.judged().contains(level))
            && (other.console.is_none() || other.console == self.console)
            // Even all day and every day asks for a time that is sure.
            && (!timed(other)
                || (timed(self)
                    && days(self).iter().all(|day| days(other).contains(day))
                    && (self.hours == other.hours || other.hours.is_none() || {
                        let wider: Vec<u16> = all_day(other);
                        all_day(self).iter().all(|minute| wider.contains(minute))
                    })))
    }

    /// Whether the two never hold together: certain, or `false`. A time that is not sure may be any.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        !self.judged().iter().any(|level| other.judged().contains(level))
            || self.console.zip(other.console).is_some_and(|(own, others)| own != others)
    }
}

fn minutes((from, to): (u16, u16)) -> Vec<u16> {
    if from < to { (from..to).collect() } else { (0..to).chain(from..DAY).collect() }
}

/// Reads hours as `09:00-18:00`.
pub fn hours(text: &str) -> Result<(u16, u16), String> {
    let wrong = || format!("{text:?} is no time of day; write 09:00-18:00, or 22:00-06:00 over midnight");
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let (from, to) = (minute(from).ok_or_else(wrong)?, minute(to).ok_or_else(wrong)?);
    if from == to {
        return Err(format!("{text} is no time at all; leave it out to mean the whole day"));
    }
    Ok((from, to % DAY))
}

/// `09:30`, up to `24:00`.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    let (hour, minute): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let fits = two(hours) && two(minutes) && minute < 60 && hour * 60 + minute <= DAY;
    fits.then_some(hour * 60 + minute)
}

/// Reads a moment as `mon 09:30`, `09:30` (a Monday) for trying out rules.
pub fn local(text: &str) -> Result<Local, String> {
    let wrong = || format!("{text:?} is no moment; write \"mon 09:30\"");
    let (day, time) = text.split_once(' ').ok_or_else(wrong)?;
    let weekday = DAYS.iter().position(|name| *name == day).and_then(|day| u8::try_from(day).ok()).ok_or_else(wrong)?;
    let minute = minute(time).filter(|minute| *minute < DAY).ok_or_else(wrong)?;
    Ok(Local { minute, weekday })
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.risk.is_empty() {
            let levels: Vec<_> = self.risk.iter().map(|level| level.as_str()).collect();
            write!(f, " rated {}", levels.join(" or "))?;
        }
        if let Some((from, to)) = self.hours {
            write!(f, " {:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)?;
        }
        for (i, day) in self.days.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { " on " } else { ", " }, DAYS[usize::from(*day) % 7])?;
        }
        match self.console {
            Some(true) => f.write_str(" with a console"),
            Some(false) => f.write_str(" without a console"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_end_before_their_end_and_may_go_over_midnight() {
        let holds = |text: &str, minute| {
            let when = When { hours: Some(hours(text).expect("hours")), ..When::default() };
            when.fit(Level::Low, Moment { local: Some(Local { minute, weekday: 2 }), console: false }) == Fit::Exact
        };
        assert!(holds("09:00-18:00", 540) && holds("09:00-18:00", 1079));
        assert!(!holds("09:00-18:00", 539) && !holds("09:00-18:00", 1080));
        assert!(holds("22:00-06:00", 1320) && holds("22:00-06:00", 0) && !holds("22:00-06:00", 360));
        assert!(holds("00:00-24:00", 0) && holds("00:00-24:00", 1439) && holds("20:00-24:00", 1439));
        for bad in
            ["", "9:00-18:00", "09:00", "09:00-09:00", "24:30-25:00", "09:60-10:00", "+9:00-10:00", "09:00-18:00-19:00"]
        {
            assert!(hours(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_that_is_not_sure_may_only_tighten() {
        let when = When { days: vec![5, 6], ..When::default() };
        assert_eq!(when.fit(Level::Low, Moment::default()), Fit::Wide);
        let at = |weekday| Moment { local: Some(Local { minute: 0, weekday }), console: true };
        assert_eq!((when.fit(Level::Low, at(5)), when.fit(Level::Low, at(4))), (Fit::Exact, Fit::No));
        assert_eq!(local("sun 23:59"), Ok(Local { minute: 1439, weekday: 6 }));
        assert!(local("sun 24:00").is_err() && local("0 12:00").is_err() && local("mon").is_err());
    }

    #[test]
    fn all_day_and_every_day_still_ask_for_a_time_that_is_sure() {
        let always = When::default();
        let timed = When { hours: Some(hours("00:00-24:00").expect("hours")), ..When::default() };
        let daily = When { days: (0..7).collect(), ..When::default() };
        assert!(timed.is_within(&always) && timed.is_within(&daily) && daily.is_within(&timed));
        assert!(!always.is_within(&timed) && !always.is_within(&daily));
    }
}
