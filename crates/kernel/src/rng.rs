//! Chance: one stream for each seed and purpose (SplitMix64, Steele, Lea, Flood 2014).

pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    /// A stream for one purpose, which no other purpose's draws shift.
    pub fn of(seed: u64, purpose: &str) -> Rng {
        let mixed =
            purpose.bytes().fold(Rng::new(seed).draw(), |seed, byte| Rng::new(seed ^ u64::from(byte)).draw());
        Rng::new(mixed)
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 when there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.draw()) * bound as u128;
        (wide >> 64) as usize
    }

    pub fn small(&mut self, bound: u8) -> u8 {
        u8::try_from(self.below(bound.into())).unwrap_or(0)
    }

    /// True in so many of 100 cases.
    pub fn percent(&mut self, of: usize) -> bool {
        self.below(100) < of
    }

    /// `None` only of an empty list.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            list.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_splitmix64_and_keeps_its_bounds() {
        // The first output for seed 0, as published with the algorithm.
        assert_eq!(Rng::new(0).draw(), 0xe220_a839_7b1d_cdaf);
        assert_ne!(Rng::of(1, "flows").draw(), Rng::of(1, "shares").draw());
        assert_ne!(Rng::of(1, "flows").draw(), Rng::of(2, "flows").draw());
        let mut rng = Rng::new(5);
        assert!((0..1000).map(|_| rng.below(7)).all(|n| n < 7));
        let mut list = [1, 2, 3, 4, 5];
        rng.shuffle(&mut list);
        list.sort_unstable();
        assert_eq!(list, [1, 2, 3, 4, 5]);
    }
}
