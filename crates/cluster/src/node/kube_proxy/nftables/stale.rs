//! Chains that are out of use, when a table comes in place of another one.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::api::Str;
use netfilter::nft::{RuleGroup, Table};

/// The chains of `before` that `table` does without, and those that were `kept` already: before Linux 6.2 a chain
/// that a map's element led to cannot be deleted at once (syncProxyRules, staleChains). All are a service port's.
pub fn stale_chains(table: &Table, before: Option<&Table>, kept: &[Str]) -> Vec<Str> {
    let before = before.map_or(&[][..], Table::groups);
    // What one sync takes over from the other has the same chains.
    let same: BTreeSet<*const RuleGroup> = table.groups().iter().map(Arc::as_ptr).collect();
    let gone = before.iter().filter(|port| !same.contains(&Arc::as_ptr(port)));
    let names = gone.flat_map(|port| &port.chains).map(|chain| &chain.name).chain(kept);
    let before: BTreeSet<*const RuleGroup> = before.iter().map(Arc::as_ptr).collect();
    let new = table.groups().iter().filter(|port| !before.contains(&Arc::as_ptr(port)));
    let active: BTreeSet<&Str> = new.flat_map(|port| &port.chains).map(|chain| &chain.name).collect();
    names.filter(|name| !active.contains(name)).cloned().collect()
}
