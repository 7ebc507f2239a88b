//! Unused chains are deleted later: in mode iptables only in a large cluster (I-06,
//! pkg/proxy/iptables/proxier.go, syncProxyRules, "Delete chains no longer in use"); in mode nftables always,
//! emptied at once (pkg/proxy/nftables/proxier.go, syncProxyRules, "Figure out which chains are now stale").

use crate::api::{Str, Uid};
use crate::node::kube_proxy::{
    EndpointChainNames, OwnChains, ProxyConfig, ProxyMode, ServicePortName, port_proto_hash,
    sees_large_cluster, services_with_stale_chains, stale_chains,
};
use crate::node::{Decision, Machine, Proxier, Sources};
use crate::sim::{Event, Span, World};
use litemap::LiteMap;
use netfilter::{Family, Rules};
use std::collections::BTreeSet;

/// At most this many are remembered. Nothing depends on stale chains: they are only shown.
const MAX_STALE_CHAINS: usize = 10_000;

/// nftables mode deletes a chain that was emptied longer ago than this.
const STALE_AFTER: Span = Span::from_secs(1);

impl World {
    /// Called before a sync replaces the old rules.
    pub(super) fn note_stale_chains(&mut self, node: Uid, rules: &Rules, config: &ProxyConfig) {
        let Some(machine) = self.machines.get(&node) else { return };
        match machine.proxy.mode {
            ProxyMode::Iptables => {
                let seen = (&machine.proxy.services, &machine.proxy.slices);
                self.note_stale_iptables_chains(node, config.family, sees_large_cluster(config, seen))
            }
            ProxyMode::Ipvs | ProxyMode::Nftables => self.note_stale_nftables_chains(node, rules),
        }
    }

    /// A sync deletes the chains that the last one found stale, unless that was less than [`STALE_AFTER`] ago:
    /// then they stay stale. Mode ipvs has no chains of Services.
    fn note_stale_nftables_chains(&mut self, node: Uid, rules: &Rules) {
        self.delete_stale_nftables_chains(node, rules.family());
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let Some(proxier) = machine.proxy.proxiers.get_mut(rules.family()) else { return };
        let Some(hooks) = machine.stack.hooks().get(rules.family()) else { return };
        proxier.stale_chains = stale_chains(rules, hooks.rules(), &proxier.stale_chains);
        proxier.stale_chains.truncate(MAX_STALE_CHAINS);
    }

    /// In a transaction of its own, before that of the sync.
    pub(super) fn delete_stale_nftables_chains(&mut self, node: Uid, family: Family) {
        let now = self.clock.now();
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let Some(proxier) = machine.proxy.proxiers.get_mut(family) else { return };
        if proxier.synced_at.is_none_or(|at| now.since(at) > STALE_AFTER) {
            proxier.stale_chains.clear();
        }
    }

    fn note_stale_iptables_chains(&mut self, node: Uid, family: Family, large_cluster: bool) {
        let Some(machine) = self.machines.get(&node) else { return };
        let Some(proxier) = machine.proxy.proxiers.get(family) else { return };
        let period = self.timing.proxy_sync_period;
        let due = proxier.cleaned_at.is_none_or(|at| self.clock.now().since(at) > period);
        let mut stale = Vec::new();
        if large_cluster && !due {
            stale = stale_iptables_chains(machine, proxier, family);
        }
        let (now, start) = (self.clock.now(), machine.proxy_start);
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let Some(proxier) = machine.proxy.proxiers.get_mut(family) else { return };
        if !large_cluster || due {
            proxier.cleaned_at = Some(now);
            proxier.cleanup_planned = false;
        }
        proxier.stale_chains = stale;
        if !proxier.stale_chains.is_empty() && !std::mem::replace(&mut proxier.cleanup_planned, true) {
            let since = proxier.cleaned_at.unwrap_or(now);
            let at = since + period + self.timing.proxy_sync;
            self.schedule(at, Event::ProxySync { node, family, start });
        }
    }
}

/// The chains that were stale before, and those that the next rules do not use any more.
fn stale_iptables_chains(machine: &Machine, proxier: &Proxier, family: Family) -> Vec<Str> {
    let written = Sources::written(proxier, family);
    let seen = Sources::seen(&machine.proxy, family);
    let (mut old, mut new) = (BTreeSet::new(), BTreeSet::new());
    let other_zone = written.zone != seen.zone;
    let lost = services_with_stale_chains(
        (written.services, written.slices),
        (seen.services, seen.slices),
        other_zone,
    );
    for service in lost {
        add_service_chains(&mut old, &written.decisions(machine, &service));
        add_service_chains(&mut new, &seen.decisions(machine, &service));
    }
    let known = proxier.stale_chains.iter().cloned();
    known.chain(old).filter(|name| !new.contains(name)).take(MAX_STALE_CHAINS).collect()
}

/// The chains that a Service's rules have, for the decisions about its ports.
fn add_service_chains(names: &mut BTreeSet<Str>, decisions: &LiteMap<ServicePortName, Decision>) {
    for (port, decision) in decisions {
        let hash = port_proto_hash(port);
        let [any, cluster, local] = decision.nothing.map(|nothing| !nothing);
        let chains = OwnChains::of(&decision.service, any, cluster, local);
        let own = chains.prefixes().map(|prefix| Str::from([prefix, &hash].concat()));
        names.extend(own);
        if any {
            let endpoint_chains = EndpointChainNames::new(port);
            names.extend(decision.reachable.iter().map(|to| endpoint_chains.name(&to.to_string())));
        }
    }
}
