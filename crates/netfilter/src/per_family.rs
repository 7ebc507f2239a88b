//! What a machine, or a whole cluster, has for each of its IP families.

use crate::Family;
use serde::{Serialize, Serializer};

/// A value for the primary IP family and, if there are two families (dual-stack), one for the other. Iteration gives
/// the primary family first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerFamily<T> {
    primary_family: Family,
    primary: T,
    secondary: Option<T>,
}

impl<T> PerFamily<T> {
    pub const fn single(family: Family, value: T) -> PerFamily<T> {
        PerFamily { primary_family: family, primary: value, secondary: None }
    }

    pub const fn dual(primary_family: Family, primary: T, secondary: T) -> PerFamily<T> {
        PerFamily { primary_family, primary, secondary: Some(secondary) }
    }

    pub const fn primary_family(&self) -> Family {
        self.primary_family
    }

    pub const fn primary(&self) -> &T {
        &self.primary
    }

    pub fn get(&self, family: Family) -> Option<&T> {
        if family == self.primary_family { Some(&self.primary) } else { self.secondary.as_ref() }
    }

    pub fn get_mut(&mut self, family: Family) -> Option<&mut T> {
        if family == self.primary_family { Some(&mut self.primary) } else { self.secondary.as_mut() }
    }

    /// The value of that family, or that of the primary family if there is none of the other.
    pub fn get_or_primary(&self, family: Family) -> &T {
        self.get(family).unwrap_or(&self.primary)
    }

    pub fn iter(&self) -> impl Iterator<Item = (Family, &T)> {
        let secondary = self.secondary.iter().map(|value| (self.primary_family.other(), value));
        std::iter::once((self.primary_family, &self.primary)).chain(secondary)
    }

    pub fn families(&self) -> impl Iterator<Item = Family> + use<T> {
        let secondary = self.secondary.as_ref().map(|_| self.primary_family.other());
        std::iter::once(self.primary_family).chain(secondary)
    }

    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.iter().map(|(_, value)| value)
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        std::iter::once(&mut self.primary).chain(&mut self.secondary)
    }

    pub fn map<U>(&self, mut f: impl FnMut(Family, &T) -> U) -> PerFamily<U> {
        PerFamily {
            primary_family: self.primary_family,
            primary: f(self.primary_family, &self.primary),
            secondary: self.secondary.as_ref().map(|value| f(self.primary_family.other(), value)),
        }
    }

    /// Of any family.
    pub fn contains(&self, value: &T) -> bool
    where
        T: PartialEq,
    {
        self.values().any(|own| own == value)
    }

    /// The first error, if there is one for any family.
    pub fn try_map<U, E>(&self, mut f: impl FnMut(Family, &T) -> Result<U, E>) -> Result<PerFamily<U>, E> {
        let other = self.primary_family.other();
        Ok(PerFamily {
            primary_family: self.primary_family,
            primary: f(self.primary_family, &self.primary)?,
            secondary: self.secondary.as_ref().map(|value| f(other, value)).transpose()?,
        })
    }
}

/// As a list, the primary family's first.
impl<T: Serialize> Serialize for PerFamily<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.values())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_family() {
        let single = PerFamily::single(Family::V6, 6);
        assert_eq!((single.get(Family::V6), single.get(Family::V4)), (Some(&6), None));
        assert_eq!(
            (single.clone().get_mut(Family::V6), single.clone().get_mut(Family::V4)),
            (Some(&mut 6), None)
        );
        assert_eq!(single.get_or_primary(Family::V4), &6);
        let dual = PerFamily::dual(Family::V6, 6, 4);
        assert_eq!((dual.get(Family::V6), dual.get(Family::V4)), (Some(&6), Some(&4)));
        assert_eq!(dual.get_or_primary(Family::V4), &4);
        assert_eq!(dual.clone().get_mut(Family::V4), Some(&mut 4));
        assert!(dual.contains(&4) && dual.contains(&6) && !single.contains(&4));
    }

    #[test]
    fn the_primary_family_comes_first() {
        let mut dual = PerFamily::dual(Family::V6, 6, 4);
        assert_eq!(dual.iter().collect::<Vec<_>>(), [(Family::V6, &6), (Family::V4, &4)]);
        dual.values_mut().for_each(|value| *value += 10);
        assert_eq!(dual.values().collect::<Vec<_>>(), [&16, &14]);
        assert_eq!(dual.families().collect::<Vec<_>>(), [Family::V6, Family::V4]);
        let single = PerFamily::single(Family::V4, 4);
        assert_eq!(single.values().collect::<Vec<_>>(), [&4]);
        assert_eq!(single.families().collect::<Vec<_>>(), [Family::V4]);
    }

    #[test]
    fn a_map_keeps_the_families_and_fails_as_a_whole() {
        let dual = PerFamily::dual(Family::V4, 4, 6);
        let named = dual.map(|family, value| (family, *value));
        assert_eq!(named, PerFamily::dual(Family::V4, (Family::V4, 4), (Family::V6, 6)));
        let without =
            |refused: i32| dual.try_map(|_, value| if *value == refused { Err(refused) } else { Ok(-value) });
        assert_eq!((without(4), without(6)), (Err(4), Err(6)));
        assert_eq!(without(0), Ok(PerFamily::dual(Family::V4, -4, -6)));
    }
}
