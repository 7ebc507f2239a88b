//! Amounts of resources: `500m`, `1.5`, `16Gi` (apimachinery api/resource, Quantity).

use std::fmt;

use serde::{Serialize, Serializer};

/// An amount in thousandths. What is finer is rounded up, as the scheduler does; what is larger than the type holds
/// is as large as it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    milli: i64,
    format: QuantityFormat,
}

/// Which suffixes it is printed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum QuantityFormat {
    /// Powers of ten: `m`, `k`, `M`, ... (also for a number with an exponent, which upstream prints with one).
    DecimalSI,
    /// Powers of 1024: `Ki`, `Mi`, ...
    BinarySI,
}

const DECIMAL: [(&str, i32); 9] =
    [("n", -9), ("u", -6), ("m", -3), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

impl Quantity {
    pub const fn from_milli(milli: i64) -> Quantity {
        Quantity { milli, format: QuantityFormat::DecimalSI }
    }

    pub const fn whole(count: i64) -> Quantity {
        Quantity::from_milli(count.saturating_mul(1000))
    }

    pub const fn bytes(bytes: i64) -> Quantity {
        Quantity { milli: bytes.saturating_mul(1000), format: QuantityFormat::BinarySI }
    }

    pub fn parse(text: &str) -> Option<Quantity> {
        for (power, suffix) in (1..).zip(BINARY) {
            if let Some(number) = text.strip_suffix(suffix) {
                let milli = milli_of(number, 3, 1024_i64.pow(power))?;
                return Some(Quantity { milli, format: QuantityFormat::BinarySI });
            }
        }
        let suffixed = DECIMAL.iter().find_map(|(suffix, power)| Some((text.strip_suffix(suffix)?, *power)));
        let (number, power) = suffixed.unwrap_or((text, 0));
        let has_exponent = number.contains(['e', 'E']);
        if suffixed.is_some() && has_exponent {
            return None;
        }
        Some(Quantity::from_milli(milli_of(number, power + 3, 1)?))
    }

    /// Thousandths (`MilliValue`).
    pub const fn milli_value(self) -> i64 {
        self.milli
    }

    /// The whole amount, rounded up (`Value`).
    pub fn value(self) -> i64 {
        self.milli.div_euclid(1000) + i64::from(self.milli.rem_euclid(1000) != 0)
    }

    pub fn is_negative(self) -> bool {
        self.milli < 0
    }
}

/// `number` times `10^power` times `units`, rounded away from zero.
fn milli_of(number: &str, power: i32, units: i64) -> Option<i64> {
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        None => (number, 0),
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
    };
    let unsigned = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || (whole.is_empty() && part.is_empty()) {
        return None;
    }
    let mut value: i128 = 0;
    for digit in whole.bytes().chain(part.bytes()) {
        value = value.saturating_mul(10).saturating_add(i128::from(digit - b'0'));
    }
    let scale = power.saturating_add(exponent).saturating_sub(i32::try_from(part.len()).ok()?);
    let step = 10_i128.checked_pow(scale.unsigned_abs());
    let value = value.saturating_mul(i128::from(units));
    let scaled = match step {
        None if value == 0 => 0,
        None if scale < 0 => 1,
        None => i128::MAX,
        Some(step) if scale < 0 => value / step + i128::from(value % step != 0),
        Some(step) => value.saturating_mul(step),
    };
    let size = i64::try_from(scaled).unwrap_or(i64::MAX);
    Some(if mantissa.starts_with('-') { -size } else { size })
}

/// The canonical form: the largest suffix that leaves a whole number (`CanonicalizeBytes`).
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.milli % 1000 != 0 {
            return write!(f, "{}m", self.milli);
        }
        let (mut number, mut power) = (self.milli / 1000, 0);
        let (step, suffixes): (i64, &[&str]) = match self.format {
            QuantityFormat::DecimalSI => (1000, &["k", "M", "G", "T", "P", "E"]),
            QuantityFormat::BinarySI => (1024, &BINARY),
        };
        while number != 0 && number % step == 0 && power < suffixes.len() {
            number /= step;
            power += 1;
        }
        let suffix = power.checked_sub(1).map_or("", |index| suffixes[index]);
        write!(f, "{number}{suffix}")
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After apimachinery api/resource, TestQuantityParse, TestMilliValue and TestQuantityString.
    #[test]
    fn quantities_are_read_and_printed_as_upstream_does() {
        for (text, milli, printed) in [
            ("0", 0, "0"),
            ("1", 1000, "1"),
            ("0.5", 500, "500m"),
            ("1.5", 1500, "1500m"),
            ("100m", 100, "100m"),
            ("2000m", 2000, "2"),
            ("1k", 1_000_000, "1k"),
            ("1000", 1_000_000, "1k"),
            ("16Gi", 17_179_869_184_000, "16Gi"),
            ("1024Mi", 1_073_741_824_000, "1Gi"),
            ("1.5Gi", 1_610_612_736_000, "1536Mi"),
            ("128974848", 128_974_848_000, "128974848"),
            ("129e6", 129_000_000_000, "129M"),
            ("1E", i64::MAX, "9223372036854775807m"),
            ("1e99", i64::MAX, "9223372036854775807m"),
            ("1e-99", 1, "1m"),
            (".000000000000000000000000000000000000000001", 1, "1m"),
            ("100u", 1, "1m"),
            ("1n", 1, "1m"),
            ("-1", -1000, "-1"),
        ] {
            let quantity = Quantity::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(quantity.milli_value(), milli, "{text}");
            assert_eq!(quantity.to_string(), printed, "{text}");
        }
        for text in ["", "m", "Gi", "1.5.5", "1e3k", "two", "1 Gi", "1g"] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_part_of_one_is_one() {
        for (text, value) in [("0", 0), ("1m", 1), ("999m", 1), ("1", 1), ("1001m", 2), ("-1500m", -1)] {
            assert_eq!(Quantity::parse(text).map(Quantity::value), Some(value), "{text}");
        }
    }
}
