//! What a plain YAML scalar means, by the rules of goyaml v2 (resolve.go), which kubectl uses:
//! YAML 1.1 booleans with `y` and `n`, octal by a leading 0, underscores in numbers, and no
//! base-60 numbers. Timestamps are strings, as in its decoder for untyped values.

use crate::api::{Str, Value};

/// Resolves an unquoted scalar. `.inf` and `.nan` come back as [`Value::Float`]; see
/// [`is_finite`].
pub fn resolve(text: &str) -> Value {
    let Some(&first) = text.as_bytes().first() else { return Value::Null };
    if let Some(value) = word(text) {
        return value;
    }
    let number = match first {
        b'.' => decimal(text),
        b'0'..=b'9' | b'+' | b'-' => {
            let plain = text.replace('_', "");
            integer(&plain).or_else(|| decimal(&plain))
        }
        _ => None,
    };
    number.unwrap_or_else(|| Value::String(text.into()))
}

fn word(text: &str) -> Option<Value> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Value::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Value::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Value::Null,
        ".nan" | ".NaN" | ".NAN" => Value::Float(".nan".into()),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Float(".inf".into()),
        "-.inf" | "-.Inf" | "-.INF" => Value::Float("-.inf".into()),
        _ => return None,
    })
}

/// False for `.inf` and `.nan`, which JSON cannot say.
pub fn is_finite(float: &str) -> bool {
    !float.trim_start_matches('-').starts_with(['.', 'i', 'n', 'I', 'N'])
        || float.ends_with(|c: char| c.is_ascii_digit())
}

/// An integer as Go's `strconv.ParseInt(s, 0, 64)` reads it.
fn integer(plain: &str) -> Option<Value> {
    let (negative, digits) = match plain.as_bytes()[0] {
        b'-' => (true, &plain[1..]),
        b'+' => (false, &plain[1..]),
        _ => (false, plain),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    match i128::from_str_radix(digits, radix).map(|n| if negative { -n } else { n }) {
        Ok(n) => Some(match i64::try_from(n) {
            Ok(n) => Value::Int(n),
            Err(_) => Value::Float(n.to_string().into()),
        }),
        // Too long for any machine word: a number still, kept as it was written.
        Err(_) if radix == 10 => None,
        Err(_) => Some(Value::Float(plain.into())),
    }
}

/// A decimal number: `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`. A whole number is an
/// integer, since `80.0` is `80` once kubectl has written it as JSON.
fn decimal(text: &str) -> Option<Value> {
    let parts = Decimal::parse(text)?;
    if let Some(whole) = parts.whole() {
        return Some(Value::Int(whole));
    }
    // Go's ParseFloat refuses what is above the largest float: then it is a string.
    (parts.magnitude() <= 309).then(|| Value::Float(parts.json()))
}

/// A decimal number in its parts: nothing is rounded.
pub struct Decimal<'a> {
    negative: bool,
    before: &'a str,
    after: &'a str,
    exponent: i32,
}

impl<'a> Decimal<'a> {
    pub fn parse(text: &'a str) -> Option<Decimal<'a>> {
        let negative = text.starts_with('-');
        let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (mantissa, exponent) = match rest.find(['e', 'E']) {
            None => (rest, 0),
            Some(at) => (&rest[..at], exponent(&rest[at + 1..])?),
        };
        let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if !digits(before) || !digits(after) || (before.is_empty() && after.is_empty()) {
            return None;
        }
        Some(Decimal { negative, before, after, exponent })
    }

    /// The number times `10^places`, when that is whole and fits.
    pub fn scaled(&self, places: i32) -> Option<i64> {
        let digits = || self.before.bytes().chain(self.after.bytes());
        let shift = i64::from(self.exponent) + i64::from(places) - self.after.len() as i64;
        let significant = digits().skip_while(|b| *b == b'0').count();
        if significant == 0 {
            return Some(0);
        }
        let zeros = digits().rev().take_while(|b| *b == b'0').count();
        let cut = usize::try_from(-shift).unwrap_or(0);
        if cut > zeros || significant as i64 + shift > 19 {
            return None;
        }
        let count = self.before.len() + self.after.len() - cut;
        let mut value: i128 = 0;
        for digit in digits().take(count) {
            value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
        for _ in 0..shift.max(0) {
            value = value.checked_mul(10)?;
        }
        i64::try_from(if self.negative { -value } else { value }).ok()
    }

    fn whole(&self) -> Option<i64> {
        self.scaled(0)
    }

    /// How many digits stand before the decimal point.
    fn magnitude(&self) -> i64 {
        let before = self.before.trim_start_matches('0').len() as i64;
        before + i64::from(self.exponent)
    }

    /// As JSON writes it: a digit on both sides of the point, no leading zeros, no plus.
    fn json(&self) -> Str {
        let mut out = String::new();
        if self.negative {
            out.push('-');
        }
        let before = self.before.trim_start_matches('0');
        out.push_str(if before.is_empty() { "0" } else { before });
        let after = self.after.trim_end_matches('0');
        if !after.is_empty() {
            out.push('.');
            out.push_str(after);
        }
        if self.exponent != 0 {
            out.push('e');
            out.push_str(&self.exponent.to_string());
        }
        out.into()
    }
}

fn exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // Far outside every float: the value does not matter any more.
    let value = digits.parse::<i32>().unwrap_or(100_000).min(100_000);
    Some(if text.starts_with('-') { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Value) {
        assert_eq!(resolve(text), expected, "{text:?}");
    }

    fn float(text: &str) -> Value {
        Value::Float(text.into())
    }

    #[test]
    fn words() {
        for yes in ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"] {
            check(yes, Value::Bool(true));
        }
        for no in ["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"] {
            check(no, Value::Bool(false));
        }
        for null in ["", "~", "null", "Null", "NULL"] {
            check(null, Value::Null);
        }
        for text in ["yEs", "oN", "nULL", "tRUE", "yes ", "Off.", "Infinity", "NaN", "None"] {
            check(text, Value::String(text.into()));
        }
    }

    #[test]
    fn integers() {
        for (text, number) in [
            ("0", 0),
            ("-0", 0),
            ("80", 80),
            ("+80", 80),
            ("-1", -1),
            ("0777", 511),
            ("0o777", 511),
            ("0x1F", 31),
            ("-0x1f", -31),
            ("0b101", 5),
            ("1_000", 1000),
            ("0x_ff", 255),
            ("08", 8),
            ("00", 0),
            ("80.0", 80),
            ("1e3", 1000),
            ("8.0e1", 80),
            ("1.50e2", 150),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
            ("0.0", 0),
            ("0e99999999999", 0),
            ("1.", 1),
        ] {
            check(text, Value::Int(number));
        }
    }

    #[test]
    fn other_numbers() {
        check("1.5", float("1.5"));
        check("+.5", float("0.5"));
        check(".5", float("0.5"));
        check("1_0.2_5", float("10.25"));
        check("007.50", float("7.5"));
        check("1e-3", float("1e-3"));
        check("9223372036854775808", float("9223372036854775808"));
        check("0xffffffffffffffff", float("18446744073709551615"));
        check(
            "123456789012345678901234567890123456789012",
            float("123456789012345678901234567890123456789012"),
        );
        check(".inf", float(".inf"));
        check("-.INF", float("-.inf"));
        check(".nan", float(".nan"));
        for (text, finite) in
            [(".inf", false), ("-.inf", false), (".nan", false), ("0.5", true), ("1e-3", true)]
        {
            assert_eq!(is_finite(text), finite, "{text}");
        }
    }

    #[test]
    fn strings() {
        for text in [
            "1:30",
            "12:30:45",
            "2024-01-01",
            "2024-01-01T00:00:00Z",
            "1.2.3",
            "10.0.0.1",
            "0x",
            "0xZZ",
            "0b2",
            "1e",
            "1e400",
            "-",
            "+",
            ".",
            "..",
            "._5",
            "_1",
            "- 1",
            "1,000",
            "0o8",
            "-.",
            "+-5",
            "0x-1",
            "1e5x",
            "٣",
        ] {
            check(text, Value::String(text.into()));
        }
    }
}
