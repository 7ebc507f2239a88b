//! A CronJob's schedule: five fields, or a word (github.com/robfig/cron, parser.go and spec.go, as Kubernetes uses it).

use super::write::rfc3339;
use crate::sim::{Span, Time};

/// When something is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// At minutes of the calendar.
    Calendar(Fields),
    /// `@every`: again and again, counted from the last time.
    Every(Span),
}

/// For each field the values that match, one bit each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    minute: u64,
    hour: u64,
    day_of_month: u64,
    month: u64,
    day_of_week: u64,
    /// A day matches if both its fields do; if neither is a star, if one does.
    either_day: bool,
}

/// A field's least and greatest value, and the names of values.
struct Bounds {
    min: u64,
    max: u64,
    names: &'static [(&'static str, u64)],
}

const MINUTES: Bounds = Bounds { min: 0, max: 59, names: &[] };
const HOURS: Bounds = Bounds { min: 0, max: 23, names: &[] };
const DAYS: Bounds = Bounds { min: 1, max: 31, names: &[] };
const MONTHS: Bounds = Bounds {
    min: 1,
    max: 12,
    names: &[
        ("jan", 1),
        ("feb", 2),
        ("mar", 3),
        ("apr", 4),
        ("may", 5),
        ("jun", 6),
        ("jul", 7),
        ("aug", 8),
        ("sep", 9),
        ("oct", 10),
        ("nov", 11),
        ("dec", 12),
    ],
};
const WEEKDAYS: Bounds = Bounds {
    min: 0,
    max: 6,
    names: &[("sun", 0), ("mon", 1), ("tue", 2), ("wed", 3), ("thu", 4), ("fri", 5), ("sat", 6)],
};

const MINUTE: u64 = 60_000_000_000;
const DAY: u64 = 1_440 * MINUTE;
/// The first day of the run, 2026-01-01, is a Thursday.
const FIRST_WEEKDAY: u64 = 4;
/// spec.go, Next: a schedule that is not due in five years never is.
const LAST_DAY: u64 = 5 * 366;

impl Schedule {
    /// The error is upstream's sentence.
    pub fn parse(text: &str) -> Result<Schedule, String> {
        if let Some(word) = text.strip_prefix('@') {
            return Schedule::named(word, text);
        }
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
        };
        let (minute, _) = field(minute, &MINUTES)?;
        let (hour, _) = field(hour, &HOURS)?;
        let (day_of_month, any_day) = field(day, &DAYS)?;
        let (month, _) = field(month, &MONTHS)?;
        let (day_of_week, any_weekday) = field(weekday, &WEEKDAYS)?;
        let either_day = !any_day && !any_weekday;
        Ok(Schedule::Calendar(Fields { minute, hour, day_of_month, month, day_of_week, either_day }))
    }

    fn named(word: &str, text: &str) -> Result<Schedule, String> {
        let fields = match word {
            "yearly" | "annually" => "0 0 1 1 *",
            "monthly" => "0 0 1 * *",
            "weekly" => "0 0 * * 0",
            "daily" | "midnight" => "0 0 * * *",
            "hourly" => "0 * * * *",
            _ => {
                let span = word.strip_prefix("every ").and_then(super::parse_duration).map(|span| span.0);
                let span = span.ok_or_else(|| format!("unrecognized descriptor: {text}"))?;
                // constantdelay.go, Every: whole seconds, and at least one.
                return Ok(Schedule::Every(Span::from_secs((span / 1_000_000_000).max(1))));
            }
        };
        Schedule::parse(fields)
    }

    /// The first moment after `after`; `None` for a date that never comes.
    pub fn next(&self, after: Time) -> Option<Time> {
        match self {
            Schedule::Every(span) => Some(Time(after.0 / 1_000_000_000 * 1_000_000_000) + *span),
            Schedule::Calendar(fields) => fields.next(after),
        }
    }
}

impl Fields {
    fn next(&self, after: Time) -> Option<Time> {
        let from = (after.0 / MINUTE + 1) * MINUTE;
        let today = from / DAY;
        (today..=today + LAST_DAY).filter(|day| self.takes_day(*day)).find_map(|day| {
            let first = if day == today { from % DAY / MINUTE } else { 0 };
            let minute = (first..1_440).find(|of_day| self.takes_minute(*of_day))?;
            Some(Time(day * DAY + minute * MINUTE))
        })
    }

    /// `day` counts from the run's first.
    fn takes_day(&self, day: u64) -> bool {
        let (_, month, of_month) = rfc3339::date_of_day(day);
        let of_month = self.day_of_month >> of_month & 1 == 1;
        let of_week = self.day_of_week >> ((day + FIRST_WEEKDAY) % 7) & 1 == 1;
        let is_day = if self.either_day { of_month || of_week } else { of_month && of_week };
        self.month >> month & 1 == 1 && is_day
    }

    fn takes_minute(&self, of_day: u64) -> bool {
        self.hour >> (of_day / 60) & 1 == 1 && self.minute >> (of_day % 60) & 1 == 1
    }
}

/// The values of a field, and whether it has a star.
fn field(text: &str, bounds: &Bounds) -> Result<(u64, bool), String> {
    let mut all = (0, false);
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (bits, is_star) = range(part, bounds)?;
        all = (all.0 | bits, all.1 || is_star);
    }
    Ok(all)
}

/// `number | number "-" number [ "/" number ]`, parser.go, getRange.
fn range(text: &str, bounds: &Bounds) -> Result<(u64, bool), String> {
    let parts: Vec<&str> = text.split('/').collect();
    let ends: Vec<&str> = parts[0].split('-').collect();
    let is_star = matches!(ends[0], "*" | "?");
    let (start, mut end) = match ends[..] {
        [_] if is_star => (bounds.min, bounds.max),
        [one] => (bounds.value(one)?, bounds.value(one)?),
        [low, high] if !is_star => (bounds.value(low)?, bounds.value(high)?),
        _ => return Err(format!("too many hyphens: {text}")),
    };
    let step = match parts[..] {
        [_] => 1,
        [_, step] => number(step)?,
        _ => return Err(format!("too many slashes: {text}")),
    };
    if parts.len() == 2 && ends.len() == 1 {
        end = bounds.max;
    }
    if start < bounds.min {
        return Err(format!("beginning of range ({start}) below minimum ({}): {text}", bounds.min));
    }
    if end > bounds.max {
        return Err(format!("end of range ({end}) above maximum ({}): {text}", bounds.max));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {text}"));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {text}"));
    }
    let values = (start..=end).filter(|value| (value - start).is_multiple_of(step));
    Ok((values.fold(0, |bits, value| bits | 1 << value), is_star && step == 1))
}

impl Bounds {
    fn value(&self, text: &str) -> Result<u64, String> {
        let name = text.to_ascii_lowercase();
        let named = self.names.iter().find(|(known, _)| *known == name);
        named.map_or_else(|| number(text), |(_, value)| Ok(*value))
    }
}

fn number(text: &str) -> Result<u64, String> {
    let digits = text.parse::<u32>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    digits.map(u64::from).ok_or_else(|| {
        format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, after_s: u64) -> Option<String> {
        let schedule = Schedule::parse(schedule).expect(schedule);
        schedule.next(Time(after_s * 1_000_000_000)).map(rfc3339::print)
    }

    /// The cases of spec_test.go, TestNext, on our calendar.
    #[test]
    fn the_next_time() {
        for (schedule, after_s, expected) in [
            ("* * * * *", 0, "2026-01-01T00:01:00Z"),
            ("* * * * *", 59, "2026-01-01T00:01:00Z"),
            ("* * * * *", 60, "2026-01-01T00:02:00Z"),
            ("0/15 * * * *", 1, "2026-01-01T00:15:00Z"),
            ("20-35/15 * * * *", 20 * 60, "2026-01-01T00:35:00Z"),
            ("0 0 * * *", 0, "2026-01-02T00:00:00Z"),
            ("30 2 * * mon", 0, "2026-01-05T02:30:00Z"),
            ("0 0 1 * *", 0, "2026-02-01T00:00:00Z"),
            ("0 0 29 feb ?", 0, "2028-02-29T00:00:00Z"),
            // One of the two day fields is enough.
            ("0 0 13 * fri", 0, "2026-01-02T00:00:00Z"),
            ("0 0 */2 * fri", 0, "2026-01-02T00:00:00Z"),
            ("@hourly", 1, "2026-01-01T01:00:00Z"),
            ("@weekly", 0, "2026-01-04T00:00:00Z"),
            ("@every 90s", 30, "2026-01-01T00:02:00Z"),
        ] {
            assert_eq!(next(schedule, after_s).as_deref(), Some(expected), "{schedule}");
        }
        assert_eq!(next("0 0 31 2 *", 0), None, "there is no such day");
    }

    /// parser_test.go.
    #[test]
    fn what_is_no_schedule() {
        for (schedule, problem) in [
            ("often", "expected exactly 5 fields, found 1: [often]"),
            ("* * * * * *", "expected exactly 5 fields, found 6: [* * * * * *]"),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            ("* * * * 7", "end of range (7) above maximum (6): 7"),
            ("5-3 * * * *", "beginning of range (5) beyond end of range (3): 5-3"),
            ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
            ("1/2/3 * * * *", "too many slashes: 1/2/3"),
            ("*/0 * * * *", "step of range should be a positive number: */0"),
            ("x * * * *", "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax"),
            ("@often", "unrecognized descriptor: @often"),
        ] {
            assert_eq!(Schedule::parse(schedule), Err(problem.to_string()), "{schedule}");
        }
    }
}
