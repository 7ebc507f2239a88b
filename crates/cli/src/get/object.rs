//! An object as the API server would send it, and what the columns read of it.

use cluster::api::{Meta, Tree, Value};

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

    /// How long ago that was (printers.go, translateTimestampSince).
    pub fn since(&self, timestamp: &str) -> String {
        seconds(timestamp).map_or_else(|| "<unknown>".into(), |then| human_duration(self.now - then))
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

/// Seconds since 1970 of `2026-01-01T00:00:12Z`, a fraction left out.
pub fn seconds(timestamp: &str) -> Option<i64> {
    let (date, time) = timestamp.strip_suffix('Z')?.split_once('T')?;
    let numbers =
        |text: &str, mark| -> Option<Vec<i64>> { text.split(mark).map(|n| n.parse().ok()).collect() };
    let [year, month, day] = numbers(date, '-')?[..] else { return None };
    let [hour, minute, second] = numbers(time.split('.').next()?, ':')?[..] else { return None };
    // Years that begin in March end with the day that leap years have more (Hinnant, chrono-compatible algorithms).
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + day
        - 719_469;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
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
            ("", None),
            ("yesterday", None),
        ] {
            assert_eq!(seconds(timestamp), expected, "{timestamp}");
        }
    }
}
