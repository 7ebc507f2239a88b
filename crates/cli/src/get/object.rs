//! An object as the API server would send it, and what the columns read of it.

use cluster::api::{Meta, Tree, Value};

#[derive(Clone)]
pub struct Object {
    pub meta: Meta,
    pub tree: Tree,
    /// The moment of the run, in seconds since 1970.
    pub now: i64,
}

impl Object {
    /// How long ago it was made.
    pub fn age(&self) -> String {
        self.since(&self.tree.text("metadata.creationTimestamp"))
    }

    /// How long ago that was (printers.go, translateTimestampSince). One that was written by hand may be none
    /// (apiextensions-apiserver tableconvertor.go, cellForJSONValue).
    pub fn since(&self, timestamp: &str) -> String {
        match (timestamp, seconds(timestamp)) {
            ("" | "null", _) | (_, Some(ZERO_TIME)) => "<unknown>".into(),
            (_, Some(then)) => human_duration((self.now - then).min(LONGEST_DURATION)),
            (_, None) => "<invalid>".into(),
        }
    }

    pub fn tree_labels(&self) -> Option<&Tree> {
        self.tree.at("metadata.labels")
    }

    pub fn is_deleted(&self) -> bool {
        self.meta.deleted.is_some()
    }
}

/// Reading a document by paths such as `spec.template.spec`.
pub trait Document {
    fn at(&self, path: &str) -> Option<&Tree>;
    /// A scalar as it is printed; empty where there is none.
    fn text(&self, path: &str) -> String;
    /// 0 where there is none.
    fn number(&self, path: &str) -> i64;
    fn flag(&self, path: &str) -> bool;
    fn list(&self, path: &str) -> &[Tree];
}

impl Document for Tree {
    fn at(&self, path: &str) -> Option<&Tree> {
        path.split('.').try_fold(self, |tree, key| tree.field(key))
    }

    fn text(&self, path: &str) -> String {
        self.at(path).map_or_else(String::new, scalar)
    }

    fn number(&self, path: &str) -> i64 {
        self.at(path).and_then(Tree::as_int).unwrap_or(0)
    }

    fn flag(&self, path: &str) -> bool {
        self.at(path).and_then(Tree::as_bool).unwrap_or(false)
    }

    fn list(&self, path: &str) -> &[Tree] {
        self.at(path).map_or(&[], Tree::items)
    }
}

/// Empty for what is no scalar.
pub fn scalar(tree: &Tree) -> String {
    match &tree.value {
        Value::String(text) | Value::Float(text) => text.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null | Value::Seq(_) | Value::Map(_) => String::new(),
    }
}

pub fn or_none(text: String) -> String {
    if text.is_empty() { "<none>".into() } else { text }
}

pub fn join(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(",")
}

/// `0001-01-01T00:00:00Z`, which is no time (time.Time, IsZero).
const ZERO_TIME: i64 = -62_135_596_800;
/// time.Since counts nanoseconds in 64 bits, and goes no further.
const LONGEST_DURATION: i64 = i64::MAX / 1_000_000_000;

/// Seconds since 1970 of `2026-01-01T00:00:12Z`, a fraction left out (RFC 3339, as Go's time.Parse reads it).
pub fn seconds(timestamp: &str) -> Option<i64> {
    let (moment, rest) = timestamp.split_at_checked("2026-01-01T00:00:12".len())?;
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = moment.get(from..to)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let marks = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")];
    if marks.iter().any(|(at, mark)| moment.get(*at..at + 1) != Some(mark)) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let is_moment = (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
    if !is_moment || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let offset = offset(without_fraction(rest)?)?;
    // Years that begin in March end with the day that leap years have more (Hinnant, chrono-compatible algorithms).
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + day
        - 719_469;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second - offset)
}

fn days_of(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn without_fraction(text: &str) -> Option<&str> {
    let Some(digits) = text.strip_prefix(['.', ',']) else { return Some(text) };
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < digits.len()).then_some(rest)
}

/// Of `+02:00`, in seconds; `Z` is none.
fn offset(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let number = |digits: &str, most: i64| {
        let is_number = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| digits.parse().ok())?.filter(|n: &i64| *n <= most)
    };
    let seconds = (number(hours, 24)? * 60 + number(minutes, 60)?) * 60;
    match text.chars().next()? {
        '+' => Some(seconds),
        '-' => Some(-seconds),
        _ => None,
    }
}

/// apimachinery pkg/util/duration, HumanDuration.
pub fn human_duration(seconds: i64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    let (days, years) = (hours / 24, hours / 24 / 365);
    let with_rest = |whole: i64, unit: &str, rest: i64, smaller: &str| match rest {
        0 => format!("{whole}{unit}"),
        rest => format!("{whole}{unit}{rest}{smaller}"),
    };
    match seconds {
        ..-1 => "<invalid>".into(),
        -1 => "0s".into(),
        0..120 => format!("{seconds}s"),
        _ if minutes < 10 => with_rest(minutes, "m", seconds % 60, "s"),
        _ if minutes < 180 => format!("{minutes}m"),
        _ if hours < 8 => with_rest(hours, "h", minutes % 60, "m"),
        _ if hours < 48 => format!("{hours}h"),
        _ if days < 8 => with_rest(days, "d", hours % 24, "h"),
        _ if years < 2 => format!("{days}d"),
        _ if years < 8 => with_rest(years, "y", days % 365, "d"),
        _ => format!("{years}y"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// upstream's TestHumanDuration.
    #[test]
    fn durations_read_as_kubectls() {
        const HOUR: i64 = 3_600;
        const DAY: i64 = 24 * HOUR;
        for (seconds, text) in [
            (-2, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (1, "1s"),
            (70, "70s"),
            (119, "119s"),
            (120, "2m"),
            (190, "3m10s"),
            (10 * 60, "10m"),
            (47 * 60, "47m"),
            (3 * HOUR - 1, "179m"),
            (3 * HOUR, "3h"),
            (3 * HOUR + 60, "3h1m"),
            (8 * HOUR - 1, "7h59m"),
            (8 * HOUR + 60, "8h"),
            (47 * HOUR, "47h"),
            (2 * DAY, "2d"),
            (2 * DAY + HOUR, "2d1h"),
            (8 * DAY + HOUR, "8d"),
            (365 * DAY, "365d"),
            (2 * 365 * DAY, "2y"),
            (2 * 365 * DAY + 2 * DAY, "2y2d"),
            (8 * 365 * DAY + DAY, "8y"),
        ] {
            assert_eq!(human_duration(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn timestamps_are_seconds() {
        for (timestamp, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-01-01T00:00:12Z", Some(1_767_225_612)),
            ("2024-02-29T23:59:59Z", Some(1_709_251_199)),
            ("2026-01-01T00:00:12.345678Z", Some(1_767_225_612)),
            ("2025-12-31T23:59:59Z", Some(1_767_225_599)),
            ("2026-01-01T02:00:12+02:00", Some(1_767_225_612)),
            ("2025-12-31T23:30:12.5-00:30", Some(1_767_225_612)),
            ("0001-01-01T00:00:00Z", Some(ZERO_TIME)),
            ("9999-12-31T23:59:59Z", Some(253_402_300_799)),
            ("", None),
            ("yesterday", None),
            ("9223372036854775807-01-01T00:00:00Z", None),
            ("2026-01-01T00:00:9223372036854775807Z", None),
            ("2026-02-29T00:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-01-01T24:00:00Z", None),
            ("2026-01-01T00:00:00.Z", None),
            ("2026-01-01T00:00:00", None),
            ("2026-01-01T00:00:00+2:00", None),
            ("+026-01-01T00:00:00Z", None),
            ("2026-01-01Tä0:00:00Z", None),
        ] {
            assert_eq!(seconds(timestamp), expected, "{timestamp}");
        }
    }

    #[test]
    fn what_is_no_timestamp_has_no_age() {
        let now = seconds("2026-01-01T00:00:12Z").expect("it is one");
        let object = Object { meta: Meta::default(), tree: Tree::map(), now };
        for (timestamp, age) in [
            ("2026-01-01T00:00:00Z", "12s"),
            ("2025-12-31T23:00:12-01:00", "0s"),
            ("0002-01-01T00:00:00Z", "292y"),
            ("9999-01-01T00:00:00Z", "<invalid>"),
            ("9223372036854775807-01-01T00:00:00Z", "<invalid>"),
            ("yesterday", "<invalid>"),
            ("0001-01-01T00:00:00Z", "<unknown>"),
            ("", "<unknown>"),
        ] {
            assert_eq!(object.since(timestamp), age, "{timestamp}");
        }
    }
}
