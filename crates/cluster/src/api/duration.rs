//! Lengths of time as Go writes them (time.ParseDuration, Duration.String): `1m30s`, `250ms`.
//! Exact in nanoseconds both ways.

use crate::sim::{Moment, Span};

const UNITS: [(&str, u64); 8] = [
    ("h", 3_600_000_000_000),
    ("ms", 1_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("us", 1_000),
    ("µs", 1_000), // U+00B5
    ("μs", 1_000), // U+03BC
    ("ns", 1),
];

/// A length of time; `None` for a text that is none.
pub fn parse_duration(text: &str) -> Option<Span> {
    parse(text).map(Span)
}

/// A moment: how long after the origin, or with a minus before it. `None` for a text that is none, and past 292 years.
pub fn parse_moment(text: &str) -> Option<Moment> {
    let before = text.strip_prefix('-').filter(|length| !length.starts_with('+'));
    let nanos = i64::try_from(parse(before.unwrap_or(text))?).ok()?;
    Some(Moment(if before.is_some() { -nanos } else { nanos }))
}

/// As [`parse_moment`] reads it.
pub fn print_moment(moment: Moment) -> String {
    let sign = if moment < Moment::ORIGIN { "-" } else { "" };
    [sign, &print(moment.distance().0)].concat()
}

/// Nanoseconds. `None` for what Go refuses, for a negative length, and past `u64`. Parts of a
/// nanosecond are dropped, as in Go.
pub fn parse(text: &str) -> Option<u64> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(0);
    }
    let mut total: u64 = 0;
    loop {
        let number = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        let (digits, after) = rest.split_at(number);
        let unit = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (name, next) = after.split_at(unit);
        let (_, nanos) = UNITS.iter().find(|(unit, _)| *unit == name)?;
        total = total.checked_add(scaled(digits, *nanos)?)?;
        if next.is_empty() {
            return Some(total);
        }
        rest = next;
    }
}

fn scaled(digits: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if fraction.contains('.') || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
    let (mut below, mut scale): (u128, u128) = (0, 1);
    // An hour has 13 digits of nanoseconds: what comes later is less than one.
    for digit in fraction.bytes().take(18) {
        below = below * 10 + u128::from(digit - b'0');
        scale *= 10;
    }
    let part = u64::try_from(below * u128::from(unit) / scale).ok()?;
    whole.checked_mul(unit)?.checked_add(part)
}

/// As Go prints it: `1m30s`, `12.408s`, `250ms`, `1.5µs`, `0s`.
pub fn print(nanos: u64) -> String {
    if nanos == 0 {
        return "0s".to_string();
    }
    for (unit, size) in [("ns", 1), ("µs", 1_000), ("ms", 1_000_000)] {
        if nanos < size * 1_000 {
            return with_fraction(nanos / size, nanos % size, size) + unit;
        }
    }
    let (seconds, below) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let mut out = String::new();
    if hours > 0 {
        out.push_str(&hours.to_string());
        out.push('h');
    }
    if seconds >= 60 {
        out.push_str(&minutes.to_string());
        out.push('m');
    }
    out + &with_fraction(seconds % 60, below, 1_000_000_000) + "s"
}

/// `size` is a power of ten; `below` is less.
fn with_fraction(whole: u64, below: u64, size: u64) -> String {
    let mut out = whole.to_string();
    if below > 0 {
        // The one before the digits keeps their leading zeros.
        let digits = (size + below).to_string();
        out.push('.');
        out.push_str(digits[1..].trim_end_matches('0'));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, nanos: u64, printed: &str) {
        assert_eq!(parse(text), Some(nanos), "{text}");
        assert_eq!(print(nanos), printed, "{text}");
    }

    #[test]
    fn as_go_reads_and_prints() {
        check("0", 0, "0s");
        check("0s", 0, "0s");
        check("1ns", 1, "1ns");
        check("1.5us", 1_500, "1.5µs");
        check("1.5µs", 1_500, "1.5µs");
        check("250ms", 250_000_000, "250ms");
        check("12.408s", 12_408_000_000, "12.408s");
        check("12.5s", 12_500_000_000, "12.5s");
        check("90s", 90_000_000_000, "1m30s");
        check("1m30s", 90_000_000_000, "1m30s");
        check("1h", 3_600_000_000_000, "1h0m0s");
        check("1.5h", 5_400_000_000_000, "1h30m0s");
        check("+1h2m3.000000004s", 3_723_000_000_004, "1h2m3.000000004s");
        check(".5s", 500_000_000, "500ms");
        check("1.s", 1_000_000_000, "1s");
        check("5124095h34m33.709551615s", u64::MAX, "5124095h34m33.709551615s");
    }

    #[test]
    fn what_go_refuses() {
        for text in
            ["", "1", "s", "-1s", "1d", "1 s", ".s", "1..2s", "1s ", "１s", "1h2", "9999999999h", "+", "1S"]
        {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn moments_have_a_sign() {
        for (text, nanos) in
            [("12.5s", 12_500_000_000), ("-4.2s", -4_200_000_000), ("-0s", 0), ("+1s", 1_000_000_000)]
        {
            assert_eq!(parse_moment(text), Some(Moment(nanos)), "{text}");
        }
        for text in ["--1s", "-+1s", "-", "- 1s", "9223372036854775808ns", "-9223372036854775808ns"] {
            assert_eq!(parse_moment(text), None, "{text}");
        }
        assert_eq!(print_moment(Moment(-4_200_000_000)), "-4.2s");
    }

    proptest! {
        #[test]
        fn every_length_survives(nanos: u64) {
            prop_assert_eq!(parse(&print(nanos)), Some(nanos));
        }

        #[test]
        fn every_moment_survives(nanos in -i64::MAX..=i64::MAX) {
            prop_assert_eq!(parse_moment(&print_moment(Moment(nanos))), Some(Moment(nanos)));
        }

        #[test]
        fn no_text_panics(text in "[0-9.hmsuµn+-]{0,40}|\\PC{0,20}") {
            let _ = (parse(&text), parse_moment(&text));
        }
    }
}
