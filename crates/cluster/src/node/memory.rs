//! An estimate of a node's memory. Rules, and the objects that kube-proxy has seen, are shared between Worlds as long
//! as they are the same.

use std::sync::Arc;

use super::kube_proxy::{Port, Synced};
use super::{Machine, Proxier};

/// A conntrack entry with its share of the index, and the IPVS connection that may belong to it.
const CONNECTION: u64 = 272;
const IPVS_CONNECTION: u64 = 200;
/// A count of packets by rule, and of connections by endpoint.
const COUNT: u64 = 96;
/// A Service or EndpointSlice in a map of what kube-proxy has seen.
const SEEN: u64 = 48;
/// The rules of one service port in the chains that all Services share.
const PORT: u64 = 700;
/// The chains of one service port, and of each of its endpoints.
const PORT_RULES: u64 = 2_000;
const ENDPOINT_RULES: u64 = 600;

impl Machine {
    /// The memory that is not shared with an older state of the same node.
    pub(crate) fn bytes_beside(&self, older: Option<&Machine>) -> u64 {
        let connections = self.stack.conntrack.len() as u64;
        let hooks = || self.stack.hooks().values();
        let ipvs = if hooks().any(|hooks| hooks.ipvs().is_some()) { IPVS_CONNECTION } else { 0 };
        let counts = hooks().map(|hooks| hooks.counts().len() as u64).sum::<u64>() * COUNT;
        size_of::<Machine>() as u64 + connections * (CONNECTION + ipvs) + counts + self.proxy_bytes(older)
    }

    fn proxy_bytes(&self, older: Option<&Machine>) -> u64 {
        let (new, old) = (&self.proxy, older.map(|older| &older.proxy));
        let same_services = old.is_some_and(|old| old.services.is_same(&new.services));
        let same_slices = old.is_some_and(|old| old.slices.is_same(&new.slices));
        let services = if same_services { 0 } else { new.services.len() };
        let slices = if same_slices { 0 } else { new.slices.len() };
        let of_old = |family| old.and_then(|old| old.proxiers.get(family));
        let rules = new.proxiers.iter().map(|(family, proxier)| proxier.bytes_beside(of_old(family)));
        (services + slices + new.missed.len()) as u64 * SEEN + rules.sum::<u64>()
    }
}

impl Proxier {
    /// The part of the rules in force that is not shared with other rule sets.
    pub(crate) fn rules_bytes(&self) -> u64 {
        self.worked_out().map_or(0, |synced| synced.ports.len() as u64 * PORT)
    }

    fn bytes_beside<'a>(&'a self, older: Option<&'a Proxier>) -> u64 {
        let written = |of: &'a Proxier| of.written.synced.as_ref();
        let is_shared = written(self).zip(older.and_then(written)).is_some_and(|(new, old)| new.is_same(old));
        match self.worked_out().filter(|_| !is_shared) {
            Some(synced) => {
                self.rules_bytes() + written_for_ports(synced, older.and_then(Proxier::worked_out))
            }
            None => 0,
        }
    }

    /// The rules in force, if somebody has needed them.
    fn worked_out(&self) -> Option<&Synced> {
        self.written.synced.as_ref()?.get()
    }
}

/// The chains of service ports that are not shared with an older sync. Ports are sorted by name and few of them change
/// between two syncs, so this counts everything from the first port that differs to the last one.
fn written_for_ports(new: &Synced, old: Option<&Synced>) -> u64 {
    let ports = || new.ports.values();
    let old_ports = || old.into_iter().flat_map(|old| old.ports.values());
    let is_same = |(a, b): &(&Arc<Port>, &Arc<Port>)| Arc::ptr_eq(a, b);
    let before = ports().zip(old_ports()).take_while(is_same).count();
    let backwards = old.into_iter().flat_map(|old| old.ports.values().rev());
    let after = ports().rev().zip(backwards).take_while(is_same).count();
    let between = ports().skip(before).take(new.ports.len().saturating_sub(before + after));
    between.map(|port| PORT_RULES + port.endpoints.len() as u64 * ENDPOINT_RULES).sum()
}
