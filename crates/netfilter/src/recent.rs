//! The `recent` match: lists of source addresses seen recently (xt_recent.c).

use std::net::IpAddr;

use super::matches::ListId;
use crate::{Span, Str, Time};

/// How many addresses a list holds (module parameter `ip_list_tot`). When it is full, the one that was set
/// longest ago is removed. So a list has the last 100 clients.
pub const LIST_TOTAL: usize = 100;

/// A node's lists, in the order of its rule set's.
#[derive(Clone, Debug, Default)]
pub struct RecentTables {
    lists: Vec<List>,
}

/// A list: the group whose rules name it, and its id there.
pub(super) type ListAt = (u32, ListId);

#[derive(Clone, Debug)]
struct List {
    at: ListAt,
    name: Str,
    /// Sorted by when they were set, oldest first.
    seen: Vec<(IpAddr, Time)>,
}

impl RecentTables {
    /// Keeps the lists that a new rule set still names and deletes the others, as the kernel deletes a list
    /// with the last rule that names it (recent_mt_destroy).
    pub(super) fn rename<'a>(&mut self, names: impl Iterator<Item = (ListAt, &'a Str)>) {
        let mut old = std::mem::take(&mut self.lists);
        self.lists = names
            .map(|(at, name)| {
                let known = old.iter_mut().find(|list| list.name == *name);
                List {
                    at,
                    name: name.clone(),
                    seen: known.map_or(Vec::new(), |list| std::mem::take(&mut list.seen)),
                }
            })
            .collect();
    }

    /// The addresses in a list, and when each was set.
    pub fn seen(&self, name: &str) -> &[(IpAddr, Time)] {
        self.lists.iter().find(|list| &*list.name == name).map_or(&[], |list| &list.seen)
    }

    fn list(&mut self, at: ListAt) -> Option<&mut List> {
        let at = self.lists.binary_search_by(|list| list.at.cmp(&at)).ok()?;
        self.lists.get_mut(at)
    }

    /// `--rcheck --seconds N --reap`
    #[inline(never)]
    pub(super) fn check(&mut self, list: ListAt, source: IpAddr, seconds: u32, now: Time) -> bool {
        let Some(list) = self.list(list) else { return false };
        let Some(&(_, at)) = list.seen.iter().find(|(address, _)| *address == source) else {
            return false;
        };
        let span = Span::from_secs(u64::from(seconds));
        let fresh = at + span >= now;
        // recent_entry_reap checks only the oldest entry.
        if list.seen.first().is_some_and(|&(_, oldest)| oldest + span < now) {
            list.seen.remove(0);
        }
        fresh
    }

    /// `--set`
    #[inline(never)]
    pub(super) fn set(&mut self, list: ListAt, source: IpAddr, now: Time) {
        let Some(list) = self.list(list) else { return };
        match list.seen.iter().position(|(address, _)| *address == source) {
            Some(at) => drop(list.seen.remove(at)),
            None if list.seen.len() >= LIST_TOTAL => drop(list.seen.remove(0)),
            None => {}
        }
        list.seen.push((source, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u32) -> IpAddr {
        std::net::Ipv4Addr::from(n).into()
    }

    #[test]
    fn a_list_remembers_for_a_time_and_for_a_hundred() {
        let mut tables = RecentTables::default();
        let name = |tables: &mut RecentTables, names: &[&str]| {
            let names: Vec<Str> = names.iter().map(|name| Str::from(*name)).collect();
            tables.rename((0..).map(|at| (1, ListId(at))).zip(&names));
        };
        name(&mut tables, &["a"]);
        let list = (1, ListId(0));
        let second = |n| Time::ZERO + Span::from_secs(n);
        tables.set(list, address(1), second(0));
        assert!(tables.check(list, address(1), 10, second(10)));
        assert!(!tables.check(list, address(1), 10, second(11)));
        assert!(tables.seen("a").is_empty(), "reaped");
        for n in 0..150 {
            tables.set(list, address(n), second(20));
        }
        assert!(!tables.check(list, address(49), 10, second(20)));
        assert!(tables.check(list, address(50), 10, second(20)));
        name(&mut tables, &["b", "a"]);
        assert!(tables.check((1, ListId(1)), address(50), 10, second(20)));
        name(&mut tables, &["b"]);
        assert!(tables.seen("a").is_empty());
    }
}
