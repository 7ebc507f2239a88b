//! Unused chains are deleted later: in mode iptables only in a large cluster (I-06,
//! pkg/proxy/iptables/proxier.go, syncProxyRules, "Delete chains no longer in use"); in mode nftables always,
//! emptied at once (pkg/proxy/nftables/proxier.go, syncProxyRules, "Figure out which chains are now stale").

use crate::api::{Str, Uid};
use crate::node::kube_proxy::{
    ProxyConfig, ProxyMode, Synced, is_large_cluster, port_proto_hash, service_port_endpoint_chain_name,
    stale_chains,
};
use crate::node::lag::changed_services;
use crate::node::{Machine, Sources};
use crate::sim::{Event, Span, World};
use netfilter::Rules;
use std::collections::BTreeSet;

/// At most this many are remembered. Nothing depends on stale chains: they are only shown.
const MAX_STALE_CHAINS: usize = 10_000;

/// nftables mode deletes a chain that was emptied longer ago than this.
const STALE_AFTER: Span = Span::from_secs(1);

impl World {
    /// Called before a sync replaces the old rules.
    pub(super) fn note_stale_chains(&mut self, node: Uid, synced: &Synced, config: &ProxyConfig) {
        let Some(machine) = self.machines.get(&node) else { return };
        match machine.proxy.mode {
            ProxyMode::Iptables => {
                self.note_stale_iptables_chains(node, is_large_cluster(config, &synced.ports))
            }
            ProxyMode::Ipvs | ProxyMode::Nftables => self.note_stale_nftables_chains(node, &synced.rules),
        }
    }

    /// A sync deletes the chains that the last one found stale, unless that was less than [`STALE_AFTER`] ago:
    /// then they stay stale. Mode ipvs has no chains of Services.
    fn note_stale_nftables_chains(&mut self, node: Uid, rules: &Rules) {
        let now = self.clock.now();
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let proxy = &mut machine.proxy;
        if proxy.synced_at.is_none_or(|at| now.since(at) > STALE_AFTER) {
            proxy.stale_chains.clear();
        }
        proxy.stale_chains = stale_chains(rules, machine.stack.rules(), &proxy.stale_chains);
        proxy.stale_chains.truncate(MAX_STALE_CHAINS);
    }

    fn note_stale_iptables_chains(&mut self, node: Uid, large_cluster: bool) {
        let Some(machine) = self.machines.get(&node) else { return };
        let period = self.timing.proxy_sync_period;
        let due = machine.proxy.cleaned_at.is_none_or(|at| self.clock.now().since(at) > period);
        let mut stale = Vec::new();
        if large_cluster && !due {
            stale = stale_iptables_chains(machine);
        }
        let (now, start) = (self.clock.now(), machine.proxy_start);
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let proxy = &mut machine.proxy;
        if !large_cluster || due {
            proxy.cleaned_at = Some(now);
            proxy.cleanup_planned = false;
        }
        proxy.stale_chains = stale;
        if !proxy.stale_chains.is_empty() && !std::mem::replace(&mut proxy.cleanup_planned, true) {
            let since = proxy.cleaned_at.unwrap_or(now);
            let at = since + period + self.timing.proxy_sync;
            self.schedule(at, Event::ProxySync { node, start });
        }
    }
}

/// The chains that were stale before, and those that the next rules do not use any more.
fn stale_iptables_chains(machine: &Machine) -> Vec<Str> {
    let (old, new) = (service_chains(machine, true), service_chains(machine, false));
    let known = machine.proxy.stale_chains.iter().cloned();
    known.chain(old.iter().cloned()).filter(|name| !new.contains(name)).take(MAX_STALE_CHAINS).collect()
}

/// The chains of the Services that changed since the rules were written: those in the rules in force
/// (`written`), or those in the next rules.
fn service_chains(machine: &Machine, written: bool) -> BTreeSet<Str> {
    let seen = Sources::seen(machine);
    let sources = if written { Sources::written(machine) } else { seen };
    let mut names = BTreeSet::new();
    for service in changed_services(&Sources::written(machine), &Sources::seen(machine)) {
        for (port, decision) in &sources.decisions(machine, &service) {
            let hash = port_proto_hash(port);
            for prefix in ["KUBE-SVC-", "KUBE-SVL-", "KUBE-EXT-", "KUBE-FW-"] {
                names.insert(Str::from([prefix, &hash].concat()));
            }
            for endpoint in &decision.reachable {
                names.insert(service_port_endpoint_chain_name(port, &endpoint.to_string()).into());
            }
        }
    }
    if !written {
        return names;
    }
    let rules = machine.stack.rules().iptables();
    names.iter().filter(|n| rules.nat.find(n).is_some()).cloned().collect()
}
