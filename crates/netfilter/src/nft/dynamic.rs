//! The elements that rules have added to sets with `flags dynamic,timeout` (nft_dynset.c): recent source
//! addresses, until they time out.

use std::net::IpAddr;

use super::set::{Set, SetKind};
use super::table::{SetAt, Table};
use crate::{Span, Str, Time};
use litemap::LiteMap;

/// How many elements such a set holds by default (nft, set_evaluate).
pub const SIZE: usize = 65_535;

/// A node's dynamic sets, by their ids in the table in force.
#[derive(Clone, Debug, Default)]
pub struct DynamicSets {
    sets: LiteMap<SetAt, Dynamic>,
}

#[derive(Clone, Debug)]
struct Dynamic {
    name: Str,
    timeout: Span,
    /// When each address times out.
    expires: LiteMap<IpAddr, Time>,
}

impl DynamicSets {
    /// A new table was loaded: sets that it still declares keep their elements, since `add set` does not change an
    /// existing set. The other sets are deleted.
    ///
    /// If a set's timeout has changed, a real kernel may refuse the transaction. Here the new timeout holds for
    /// elements that are added later.
    pub(super) fn follow(&mut self, table: &Table) {
        let old = std::mem::take(&mut self.sets).into_iter().map(|(_, set)| set);
        let mut old: LiteMap<Str, LiteMap<IpAddr, Time>> = old.map(|set| (set.name, set.expires)).collect();
        let mut kept = |name: &Str| old.get_mut(name).map(std::mem::take).unwrap_or_default();
        let dynamic = |(at, set): (SetAt, &Set)| match set.kind {
            SetKind::Dynamic { timeout_s } => {
                let (name, timeout) = (set.name.clone(), Span::from_secs(u64::from(timeout_s)));
                Some((at, Dynamic { expires: kept(&name), name, timeout }))
            }
            SetKind::Plain | SetKind::Verdicts => None,
        };
        self.sets = table.sets().filter_map(dynamic).collect();
    }

    /// The addresses in a set at the moment, and when each times out.
    pub fn members(&self, name: &str, now: Time) -> impl Iterator<Item = (IpAddr, Time)> {
        let set = self.sets.values().find(|set| &*set.name == name);
        let all = set.into_iter().flat_map(|set| set.expires.iter());
        all.map(|(address, at)| (*address, *at)).filter(move |(_, at)| *at > now)
    }

    #[inline(never)]
    pub(super) fn holds(&self, set: SetAt, address: IpAddr, now: Time) -> bool {
        self.sets.get(&set).and_then(|set| set.expires.get(&address)).is_some_and(|at| *at > now)
    }

    /// `update @SET { ip saddr }`. False if the set is full.
    #[inline(never)]
    pub(super) fn update(&mut self, set: SetAt, address: IpAddr, now: Time) -> bool {
        let Some(set) = self.sets.get_mut(&set) else { return false };
        if set.expires.len() >= SIZE && !set.expires.contains_key(&address) {
            set.expires.retain(|_, at| *at > now);
            if set.expires.len() >= SIZE {
                return false;
            }
        }
        set.expires.insert(address, now + set.timeout);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::set::{Key, SetId};
    use super::*;
    use crate::Family;

    fn table(names: &[&str]) -> Table {
        let mut table = Table::new(Family::V4, "test", None);
        for name in names {
            table.declare_set(Set::new(*name, Key::SOURCE, SetKind::Dynamic { timeout_s: 10 }, None));
        }
        table
    }

    fn address(n: u32) -> IpAddr {
        std::net::Ipv4Addr::from(n).into()
    }

    #[test]
    fn a_set_remembers_for_its_timeout_and_while_it_is_declared() {
        let second = |n| Time::ZERO + Span::from_secs(n);
        let mut sets = DynamicSets::default();
        sets.follow(&table(&["a"]));
        assert!(sets.update((0, SetId::Fixed(0)), address(1), second(0)));
        assert!(sets.holds((0, SetId::Fixed(0)), address(1), second(9)));
        assert!(!sets.holds((0, SetId::Fixed(0)), address(1), second(10)), "its time is over");
        assert!(sets.update((0, SetId::Fixed(0)), address(1), second(5)), "its time begins anew");
        assert!(sets.holds((0, SetId::Fixed(0)), address(1), second(14)));
        sets.follow(&table(&["b", "a"]));
        assert!(sets.holds((0, SetId::Fixed(1)), address(1), second(14)), "found by its name");
        assert_eq!(sets.members("a", second(6)).count(), 1);
        sets.follow(&table(&["b"]));
        sets.follow(&table(&["a"]));
        assert!(!sets.holds((0, SetId::Fixed(0)), address(1), second(6)), "deleted with its set");
    }

    #[test]
    fn a_full_set_takes_no_element_until_one_times_out() {
        let mut sets = DynamicSets::default();
        sets.follow(&table(&["a"]));
        for n in 0..65_535 {
            assert!(sets.update((0, SetId::Fixed(0)), address(n), Time::ZERO));
        }
        assert!(!sets.update((0, SetId::Fixed(0)), address(70_000), Time::ZERO));
        assert!(sets.update((0, SetId::Fixed(0)), address(3), Time::ZERO), "who is in it stays in it");
        assert!(sets.update((0, SetId::Fixed(0)), address(70_000), Time::ZERO + Span::from_secs(10)));
    }
}
