//! Choices from a list of numbers: a shorter list, or smaller numbers, make simpler choices, so that what
//! proptest shrinks becomes simpler.

/// Gives one number after the other; 0 when there is none left.
pub struct Picks<'a> {
    numbers: std::slice::Iter<'a, u16>,
}

impl<'a> Picks<'a> {
    pub fn new(numbers: &'a [u16]) -> Picks<'a> {
        Picks { numbers: numbers.iter() }
    }

    pub fn number(&mut self) -> usize {
        self.numbers.next().map_or(0, |n| usize::from(*n))
    }

    pub fn flag(&mut self) -> bool {
        self.number() % 2 == 1
    }

    /// True once in `times`.
    pub fn seldom(&mut self, times: usize) -> bool {
        self.number() % times == times - 1
    }

    pub fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.number() % all.len()].clone()
    }
}
