//! Moments of the run as dates: the run begins on 2026-01-01, so that the same run prints the
//! same dates everywhere.

use crate::sim::Time;

/// Days from 1970-01-01 to 2026-01-01.
const EPOCH_DAYS: u64 = 20_454;

/// `2026-01-01T00:00:12Z`: whole seconds, as `metav1.Time` prints them.
pub fn print(time: Time) -> String {
    let seconds = time.0 / 1_000_000_000;
    let (year, month, day) = date_of_day(seconds / 86_400);
    let of_day = seconds % 86_400;
    let mut out = String::from("0000-00-00T00:00:00Z");
    let fields = [
        (0, 4, year),
        (5, 2, month),
        (8, 2, day),
        (11, 2, of_day / 3600),
        (14, 2, of_day / 60 % 60),
        (17, 2, of_day % 60),
    ];
    for (from, width, number) in fields {
        let digits = number.to_string();
        let digits = &digits[digits.len().saturating_sub(width)..];
        out.replace_range(from + width - digits.len()..from + width, digits);
    }
    out
}

/// Year, month and day of a day of the run, which begins with day 0.
pub fn date_of_day(day: u64) -> (u64, u64, u64) {
    date(EPOCH_DAYS + day)
}

/// Seconds since 1970-01-01.
pub fn unix_seconds(time: Time) -> u64 {
    EPOCH_DAYS * 86_400 + time.0 / 1_000_000_000
}

/// Minutes since 1970-01-01, as a CronJob names its Jobs (cronjob/utils.go, getTimeHashInMinutes).
pub fn unix_minutes(time: Time) -> u64 {
    EPOCH_DAYS * 1_440 + time.0 / 60_000_000_000
}

/// The Gregorian date of a day since 1970-01-01.
fn date(mut days: u64) -> (u64, u64, u64) {
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (seconds, expected) in [
            (0, "2026-01-01T00:00:00Z"),
            (12, "2026-01-01T00:00:12Z"),
            (86_399, "2026-01-01T23:59:59Z"),
            (59 * 86_400, "2026-03-01T00:00:00Z"),
            (789 * 86_400 + 3_661, "2028-02-29T01:01:01Z"),
            (365 * 86_400, "2027-01-01T00:00:00Z"),
        ] {
            assert_eq!(print(Time(seconds * 1_000_000_000 + 999_999_999)), expected);
        }
        assert_eq!(print(Time(u64::MAX)).len(), 20);
    }
}
