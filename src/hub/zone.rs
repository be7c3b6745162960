//! What the person's wall shows: the time in the system's time zone.
//!
//! Invariant: the zone is that of `/etc/localtime`, which is not for whoever starts a hub to choose; `TZ` counts for
//! nothing. A zone that cannot be read is no time that is sure.

use std::cell::RefCell;
use std::{fs, io};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::policy::Local;

/// Where the system says what its zone is.
const FILE: &str = "/etc/localtime";
/// How long it is believed before it is read again, in milliseconds.
const FRESH: u64 = 60_000;

/// The system's time zone, as it was read last and when, by the clock that never jumps.
#[derive(Debug, Default)]
pub struct Zone(RefCell<Option<(u64, Option<TimeZone>)>>);

impl Zone {
    /// What the wall shows at this time (milliseconds since the Unix epoch); `mono`: now, by the clock that never jumps.
    pub fn local(&self, mono: u64, wall: i64) -> Option<Local> {
        let mut zone = self.0.borrow_mut();
        let fresh = zone.take().filter(|(read, _)| mono.saturating_sub(*read) < FRESH);
        let (_, zone) = zone.insert(fresh.unwrap_or_else(|| (mono, of(fs::read(FILE)))));
        let time = Timestamp::from_millisecond(wall).ok()?.to_zoned(zone.clone()?);
        let minute = u16::try_from(time.hour()).ok()? * 60 + u16::try_from(time.minute()).ok()?;
        let weekday = u8::try_from(time.weekday().to_monday_zero_offset()).ok()?;
        Some(Local { minute, weekday })
    }
}

/// The zone that a file describes (RFC 9636); where there is no file, the time is that of UTC.
fn of(file: io::Result<Vec<u8>>) -> Option<TimeZone> {
    match file {
        Ok(bytes) => TimeZone::tzif("system", &bytes).ok(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Some(TimeZone::UTC),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_that_cannot_be_read_is_no_time_that_is_sure() {
        assert!(of(Ok(b"TZif and no more".to_vec())).is_none());
        assert!(of(Err(io::ErrorKind::PermissionDenied.into())).is_none());
        assert_eq!(of(Err(io::ErrorKind::NotFound.into())), Some(TimeZone::UTC));
        // 1970-01-01 was a Thursday.
        let utc = Zone(RefCell::new(Some((0, Some(TimeZone::UTC)))));
        assert_eq!(utc.local(FRESH - 1, 61_000), Some(Local { minute: 1, weekday: 3 }));
        let none = Zone(RefCell::new(Some((0, None))));
        assert_eq!(none.local(1, 0), None);
    }
}
