//! Lengths of time as a person writes them: `55s`, `2m`, `1m30s`, `1h`.

use std::time::Duration;

/// The shortest deadline: a person can hardly look in less.
pub const SHORTEST: Duration = Duration::from_secs(1);
/// The longest deadline.
pub const LONGEST: Duration = Duration::from_hours(24);

/// Reads a length of time between [`SHORTEST`] and [`LONGEST`].
pub fn read(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a length of time; write 55s, 2m, 1m30s or 1h");
    let (mut total, mut rest, mut last_unit) = (0_u64, text, u64::MAX);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        let mut after = rest[digits..].chars();
        let unit = match after.next() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            _ => return Err(wrong()),
        };
        if unit >= last_unit {
            return Err(wrong());
        }
        last_unit = unit;
        rest = after.as_str();
        total = count.checked_mul(unit).and_then(|part| total.checked_add(part)).ok_or_else(wrong)?;
    }
    let length = Duration::from_secs(total);
    if text.is_empty() {
        Err(wrong())
    } else if (SHORTEST..=LONGEST).contains(&length) {
        Ok(length)
    } else {
        Err(format!("{text} is not between 1s and 24h"))
    }
}

/// Writes a length of time as [`read`] reads it.
pub fn show(length: Duration) -> String {
    let seconds = length.as_secs();
    let mut text = String::new();
    for (count, unit) in [(seconds / 3600, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')] {
        if count > 0 || (unit == 's' && seconds == 0) {
            text.push_str(&count.to_string());
            text.push(unit);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_and_written_alike() {
        for (text, seconds) in [("55s", 55), ("2m", 120), ("1m30s", 90), ("1h", 3600), ("24h", 86_400)] {
            assert_eq!(read(text), Ok(Duration::from_secs(seconds)), "{text}");
            assert_eq!(show(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn what_is_not_a_sane_length_is_refused() {
        let far = "99999999999999999999s";
        for text in ["", "55", "s", "0s", "25h", "-1s", "1.5m", "1s1m", "1m1m", "5 m", "٥s", "1d", far] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
