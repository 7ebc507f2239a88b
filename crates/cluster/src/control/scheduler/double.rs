//! Arithmetic on IEEE 754 doubles, in integers: upstream divides two counts as doubles and cuts the result, so that
//! what is 29 on paper may come out as 28. The scores here must come out the same.

/// A double from 0 to 1, in units of 2^-100: exact for all that is not smaller than 2^-47.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fraction(u128);

const ONE: u128 = 1 << 100;
/// Bits of a double's significand.
const SIGNIFICAND: u32 = 53;

impl Fraction {
    pub const ZERO: Fraction = Fraction(0);

    /// `part / whole`; 1 if the part is larger. `whole` is not 0.
    pub fn of(part: u64, whole: u64) -> Fraction {
        if part >= whole {
            return Fraction(ONE);
        }
        if part == 0 {
            return Fraction::ZERO;
        }
        let shift = u128::from(part).leading_zeros();
        let numerator = u128::from(part) << shift;
        // The last bit says whether anything is left over, which decides how a tie is rounded.
        let quotient = numerator / u128::from(whole);
        let exact = quotient | u128::from(numerator % u128::from(whole) != 0);
        let rounded = round(exact);
        Fraction(if shift > 100 { rounded >> (shift - 100) } else { rounded << (100 - shift) })
    }

    /// `|self - other| / 2`.
    pub fn half_distance(self, other: Fraction) -> Fraction {
        Fraction(round(self.0.abs_diff(other.0)) / 2)
    }

    /// `1 - self`.
    pub fn complement(self) -> Fraction {
        Fraction(round(ONE - self.0))
    }

    /// `100 * self`, without its fraction.
    pub fn percent(self) -> i64 {
        (round(self.0 * 100) >> 100) as i64
    }
}

/// To the nearest number of 53 bits; a tie goes to the even one.
fn round(number: u128) -> u128 {
    let bits = u128::BITS - number.leading_zeros();
    let Some(excess) = bits.checked_sub(SIGNIFICAND).filter(|excess| *excess > 0) else { return number };
    let (kept, rest, half) = (number >> excess, number & ((1 << excess) - 1), 1_u128 << (excess - 1));
    let up = rest > half || (rest == half && kept & 1 == 1);
    (kept + u128::from(up)) << excess
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_cut_as_a_double_is() {
        assert_eq!(Fraction::of(29, 100).percent(), 28);
        for whole in 1..=700_u64 {
            for part in 0..=whole {
                let double = (100.0 * (part as f64 / whole as f64)) as i64;
                assert_eq!(Fraction::of(part, whole).percent(), double, "{part} of {whole}");
            }
        }
    }

    /// As balanced_allocation.go writes it, with CPUs in thousandths and memory in bytes.
    #[test]
    fn the_deviation_of_two_fractions_is_a_doubles() {
        let nodes = [(4_000, 16 << 30), (3_920, 16_000_000_007), (96_000, 768 << 30), (2_000, 1 << 30)];
        for (cpus, bytes) in nodes {
            for cpu in (0..=cpus + 100).step_by(50) {
                for memory in (0..=64_u64).map(|part| bytes / 64 * part + part * 12_345) {
                    let share = |part: u64, whole: u64| (part as f64 / whole as f64).min(1.0);
                    let deviation = ((share(cpu, cpus) - share(memory, bytes)) / 2.0).abs();
                    let double = ((1.0 - deviation) * 100.0) as i64;
                    let (one, other) = (Fraction::of(cpu, cpus), Fraction::of(memory, bytes));
                    let ours = one.half_distance(other).complement().percent();
                    assert_eq!(ours, double, "{cpu} of {cpus}, {memory} of {bytes}");
                }
            }
        }
    }
}
