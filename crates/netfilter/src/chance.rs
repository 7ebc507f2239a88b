//! Chance is keyed, not streamed: a draw depends only on the seed, its purpose, its subject and its ordinal (how many
//! draws came before for the same purpose and subject). So an edit changes no unrelated draw, and two runs with the
//! same seed can be compared.

/// What a draw is for, as a number. Two purposes never share a draw, so no two may share a number: those of
/// other crates follow [`KernelPurpose`]'s.
pub trait Purpose {
    fn number(self) -> u64;
}

/// What a kernel draws for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum KernelPurpose {
    /// A `-m statistic --mode random` match, or a `numgen random`.
    Statistic = 1,
    /// The source port that MASQUERADE --random-fully picks.
    MasqueradePort,
}

impl KernelPurpose {
    pub const LAST: KernelPurpose = KernelPurpose::MasqueradePort;
}

impl Purpose for KernelPurpose {
    #[inline]
    fn number(self) -> u64 {
        self as u64
    }
}

/// The source of all chance in a run. Copying it copies no state: there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chance {
    seed: u64,
}

impl Chance {
    pub const fn new(seed: u64) -> Chance {
        Chance { seed }
    }

    pub const fn seed(self) -> u64 {
        self.seed
    }

    /// 64 evenly spread bits for (`purpose`, `subject`, `ordinal`).
    #[inline]
    pub fn draw(self, purpose: impl Purpose, subject: u64, ordinal: u64) -> u64 {
        let key = mix(self.seed ^ mix(purpose.number()));
        mix(mix(key ^ subject).wrapping_add(ordinal.wrapping_mul(GOLDEN)))
    }

    /// A number below `bound` (which must be above 0), for the same key.
    #[inline]
    pub fn below(self, purpose: impl Purpose, subject: u64, ordinal: u64, bound: u64) -> u64 {
        debug_assert!(bound > 0, "a draw needs at least one outcome");
        // Widening multiply: the bias is below bound / 2^64.
        ((self.draw(purpose, subject, ordinal) as u128 * bound as u128) >> 64) as u64
    }

    /// A stable number for a stable name, to serve as `subject`.
    pub const fn subject(name: &str) -> u64 {
        let bytes = name.as_bytes();
        let mut hash = 0xcbf2_9ce4_8422_2325;
        let mut i = 0;
        while i < bytes.len() {
            hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
            i += 1;
        }
        mix(hash)
    }

    /// Joins two subjects into one (order matters).
    pub const fn join(a: u64, b: u64) -> u64 {
        mix(a.wrapping_mul(GOLDEN) ^ mix(b))
    }
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's finaliser (Steele, Lea, Flood 2014): integers only, the same on every target.
const fn mix(z: u64) -> u64 {
    let z = z.wrapping_add(GOLDEN);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mix_is_splitmix64() {
        // The first outputs of SplitMix64 seeded with 0, as published with the algorithm.
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(mix(GOLDEN), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn draws_are_even_over_small_bounds() {
        let chance = Chance::new(7);
        let mut counts = [0u32; 5];
        for ordinal in 0..50_000 {
            counts[chance.below(KernelPurpose::Statistic, 3, ordinal, 5) as usize] += 1;
        }
        // 10,000 expected each, standard deviation 89: six of those either way.
        assert!(counts.iter().all(|c| (9_460..10_540).contains(c)), "{counts:?}");
    }

    #[test]
    fn purposes_subjects_and_ordinals_do_not_share_draws() {
        use KernelPurpose::{MasqueradePort, Statistic};
        let chance = Chance::new(7);
        let base = chance.draw(Statistic, 1, 1);
        assert_ne!(base, chance.draw(MasqueradePort, 1, 1));
        assert_ne!(base, chance.draw(Statistic, 2, 1));
        assert_ne!(base, chance.draw(Statistic, 1, 2));
        assert_ne!(base, Chance::new(8).draw(Statistic, 1, 1));
    }
}
