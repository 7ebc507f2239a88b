//! Chains that become unused when one table replaces another.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::api::Str;
use netfilter::nft::{RuleGroup, Table};

/// The chains of `before` that `table` does not use, and those in `kept`: before Linux 6.2 a chain that a map's
/// element led to cannot be deleted at once (syncProxyRules, staleChains). Only chains of service ports become stale.
pub fn stale_chains(table: &Table, before: Option<&Table>, kept: &[Str]) -> Vec<Str> {
    let before = before.map_or(&[][..], Table::groups);
    // Groups that a sync took over from the last one have the same chains.
    let same: BTreeSet<*const RuleGroup> = table.groups().iter().map(Arc::as_ptr).collect();
    let gone = before.iter().filter(|port| !same.contains(&Arc::as_ptr(port)));
    let names = gone.flat_map(|port| &port.chains).map(|chain| &chain.name).chain(kept);
    let before: BTreeSet<*const RuleGroup> = before.iter().map(Arc::as_ptr).collect();
    let new = table.groups().iter().filter(|port| !before.contains(&Arc::as_ptr(port)));
    let active: BTreeSet<&Str> = new.flat_map(|port| &port.chains).map(|chain| &chain.name).collect();
    names.filter(|name| !active.contains(name)).cloned().collect()
}
