//! How changes reach a node's kube-proxy, and when it writes its rules.
//! Source: pkg/proxy/config, pkg/proxy/runner (BoundedFrequencyRunner).

use std::net::IpAddr;
use std::sync::Arc;

use crate::api::{AddressType, DetectLocalMode, NodePortAddresses, Uid};
use crate::node::kube_proxy::{
    LazySynced, PodInterface, Ports, ProxyConfig, ProxyMode, ServicePortName, Synced, build_rules,
    changed_objects, clean_stale_entries, leftover_rules, ports, udp_endpoints_changed, update_ports,
};
use crate::node::{FailedSync, FullSync, Machine, Proxier, ProxyStatus, Written};
use crate::sim::{Chance, Event, LogEntry, Purpose, Span, Time, WatchChange, WatchedObject, World};
use crate::store::{Objects, Stored};
use netfilter::{Cidr, Family, Hooks, PerFamily, Rules};

fn seen_ports(machine: &Machine, config: &ProxyConfig) -> Ports {
    ports((&machine.proxy.services, &machine.proxy.slices), &config.node_name, config.family)
}

/// A sync. It is a full one if it is the first, or if the configuration has changed; otherwise it writes only
/// the rules of Services that have changed (I-06).
fn sync(machine: &Machine, base: Option<Arc<Written>>, config: &Arc<ProxyConfig>) -> LazySynced {
    let (mode, config) = (machine.proxy.mode, Arc::clone(config));
    let (services, slices) = (machine.proxy.services.clone(), machine.proxy.slices.clone());
    LazySynced::new(move || {
        let (seen, node, family) = ((&services, &slices), &config.node_name, config.family);
        let base = base.filter(|base| base.config.as_ref() == Some(&config));
        let last = base.as_ref().and_then(|base| Some((base, base.synced.as_ref()?)));
        let Some((base, last)) = last else {
            return Synced::from_nothing(mode, &config, ports(seen, node, family));
        };
        let changed = changed_objects((&base.services, &base.slices), seen, false);
        let mut ports = last.ports.clone();
        update_ports(&mut ports, &changed, seen, node, family);
        last.next(mode, &config, ports)
    })
}

/// proxyutil.FullSyncPeriod: the longest time between two runs, and between two full ones.
const FULL_SYNC_PERIOD: Span = Span::from_secs(3_600);

impl WatchChange {
    /// Whether it is passed on to the proxier of a family (meta_proxier.go, OnServiceUpdate, OnEndpointSliceUpdate).
    /// An EndpointSlice is of one family; if it was deleted and created anew with another, of both.
    fn concerns(&self, family: Family, seen: &ProxyStatus) -> bool {
        match self {
            WatchChange::Service(_) | WatchChange::Zone(_) => true,
            // OnServiceCIDRsChanged: what it keeps is for the next full sync.
            WatchChange::ServiceCidr(_) => false,
            WatchChange::Slice(slice) => {
                let old =
                    if seen.has_missed_events() { seen.slices.get(&slice.key) } else { slice.old.as_ref() };
                old.into_iter().chain(&slice.new).any(|slice| slice.address_type == AddressType::Ip(family))
            }
        }
    }
}

impl<T: Stored> WatchedObject<T> {
    /// `seen`: all changes before, unless it has missed some.
    fn put_into(&self, seen: &mut Objects<T>, has_missed: bool) {
        match &self.new {
            _ if !has_missed => *seen = self.all.clone(),
            Some(new) => seen.insert(self.key.clone(), Arc::clone(new)),
            None => drop(seen.remove(&self.key)),
        }
    }
}

impl World {
    /// A watch event has arrived.
    pub(super) fn proxy_observes(&mut self, node: Uid, made_at: Time, change: &WatchChange) {
        let now = self.clock.now();
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let proxy = &mut machine.proxy;
        let concerned = proxy.proxiers.map(|family, _| change.concerns(family, proxy));
        let has_missed = proxy.has_missed_events();
        match change {
            WatchChange::Service(service) => service.put_into(&mut proxy.services, has_missed),
            WatchChange::Slice(slice) => slice.put_into(&mut proxy.slices, has_missed),
            WatchChange::ServiceCidr(cidr) => cidr.put_into(&mut proxy.service_cidrs, has_missed),
            WatchChange::Zone(zone) => proxy.zone.clone_from(zone),
        }
        self.changes.rules.insert(node);
        for (family, _) in concerned.iter().filter(|(_, is_concerned)| **is_concerned) {
            let Some(machine) = self.machines.get_mut(&node) else { return };
            let Some(proxier) = machine.proxy.proxiers.get_mut(family) else { continue };
            proxier.pending_since = proxier.pending_since.or(Some(made_at));
            proxier.queued_since = proxier.queued_since.or(Some(now));
            proxier.pending_sync += 1;
            self.plan_proxy_sync(node, family);
        }
    }

    /// Schedules a sync of one family: at once, or as soon as `minSyncPeriod` has passed since the last one.
    fn plan_proxy_sync(&mut self, node: Uid, family: Family) {
        let timing = &self.timing;
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let Some(proxier) = machine.proxy.proxiers.get_mut(family) else { return };
        if std::mem::replace(&mut proxier.sync_planned, true) {
            return;
        }
        let period = timing.proxy_min_sync_period.unwrap_or(machine.proxy.mode.min_sync_period());
        let earliest = proxier.last_run().map_or(self.clock.now(), |t| t + period);
        let at = earliest.max(self.clock.now()) + timing.proxy_sync;
        let start = machine.proxy_start;
        self.schedule(at, Event::ProxySync { node, family, start });
    }

    pub(crate) fn proxy_syncs(&mut self, node: Uid, family: Family, start: u32) {
        let running = |m: &&mut Machine| m.proxy_start == start && m.power;
        let Some(machine) = self.machines.get_mut(&node).filter(running) else { return };
        let Some(proxier) = machine.proxy.proxiers.get_mut(family) else { return };
        proxier.sync_planned = false;
        if machine.proxy.paused {
            return;
        }
        let machine = &self.machines[&node];
        let Some(proxier) = machine.proxy.proxiers.get(family) else { return };
        let (mode, base) = (machine.proxy.mode, proxier.written.base());
        self.note_full_sync(node, family);
        let machine = &self.machines[&node];
        let config = Arc::new(self.proxy_config(node, family));
        let synced = sync(machine, base.clone(), &config);
        if let Some(port) = synced.refused(mode) {
            self.sync_fails(node, family, port);
            return;
        }
        let rules = synced.rules(mode, &config);
        let written = Written {
            services: machine.proxy.services.clone(),
            slices: machine.proxy.slices.clone(),
            config: Some(Arc::clone(&config)),
            synced: Some(synced),
            worked_out: base,
        };
        self.note_stale_chains(node, &rules, &config);
        self.put_in_force(node, rules, written);
        self.changes.rules.insert(node);
        let name = self.machines[&node].name.clone();
        self.record(LogEntry::ProxySynced { node: name });
        self.recheck_health(node);
        self.plan_termination(node, family);
    }

    /// M-11. nftables/proxier.go, syncProxyRules: a sync writes all rules when kube-proxy starts, after one that has
    /// failed, when the node's zone has changed, and when the last one is an hour ago (proxyutil.FullSyncPeriod).
    fn note_full_sync(&mut self, node: Uid, family: Family) {
        let now = self.clock.now();
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let (zone, service_cidrs) = (machine.proxy.zone.clone(), machine.proxy.seen_service_cidrs());
        let Some(proxier) = machine.proxy.proxiers.get_mut(family) else { return };
        let is_due = |last: &FullSync| last.at + FULL_SYNC_PERIOD < now || last.zone != zone;
        if proxier.failed.is_some() || proxier.full_sync.as_ref().is_none_or(is_due) {
            proxier.full_sync = Some(FullSync { at: now, zone, service_cidrs });
        }
    }

    /// `nft` has refused the transaction, so nothing of it has happened. kube-proxy tries again after `syncPeriod`, if
    /// no change makes it do so before (nftables/proxier.go, syncProxyRules; runner/bounded_frequency_runner.go, Loop).
    fn sync_fails(&mut self, node: Uid, family: Family, port: Arc<ServicePortName>) {
        let (now, timeout) = (self.clock.now(), self.proxy_health_timeout());
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let (name, start) = (machine.name.clone(), machine.proxy_start);
        let Some(proxier) = machine.proxy.proxiers.get_mut(family) else { return };
        // It has not written what it has seen, even if that was all there was when it started.
        proxier.pending_sync = proxier.pending_sync.max(1);
        let slices = machine.proxy.slices.clone();
        let late = proxier.queued_since.map(|since| since + timeout);
        proxier.failed = Some(FailedSync { at: now, port: Arc::clone(&port), slices });
        let at = now + self.timing.proxy_sync_period.min(FULL_SYNC_PERIOD);
        self.schedule(at, Event::ProxyRetry { node, family, start, failed_at: now });
        if let Some(late) = late.filter(|late| *late > now) {
            self.schedule(late, Event::ProxyLate { node });
        }
        self.delete_stale_nftables_chains(node, family);
        self.changes.rules.insert(node);
        self.record(LogEntry::ProxySyncFailed { node: name, port: port.to_string().into() });
    }

    /// Unless it has run since.
    pub(crate) fn proxy_retries(&mut self, node: Uid, family: Family, start: u32, failed_at: Time) {
        let running = |m: &&Machine| m.proxy_start == start && m.power;
        let Some(machine) = self.machines.get(&node).filter(running) else { return };
        let failed = machine.proxy.proxiers.get(family).and_then(|proxier| proxier.failed.as_ref());
        if failed.is_some_and(|failed| failed.at == failed_at) {
            self.plan_proxy_sync(node, family);
        }
    }

    /// The plugin portmap has added or taken away rules of its own. kube-proxy's stay as it has written them, whether
    /// it runs or not.
    pub(crate) fn port_maps_changed(&mut self, node: Uid) {
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let (mode, maps) = (machine.proxy.mode, machine.port_maps.clone());
        let mut rewritten = Vec::new();
        for proxier in machine.proxy.proxiers.values_mut() {
            let Written { config: Some(config), synced: Some(synced), .. } = &mut proxier.written else {
                continue;
            };
            Arc::make_mut(config).port_maps = maps.clone();
            *synced = synced.next(mode, config, synced.ports.clone()).into();
            rewritten.push(synced.rules.clone());
        }
        rewritten.into_iter().for_each(|rules| machine.change_rules(rules));
        self.changes.rules.insert(node);
        self.cni_comes_before_kube_proxy(node);
    }

    /// Where kube-proxy has not written any rules yet, those of the CNI plugins are the only ones.
    pub(crate) fn cni_comes_before_kube_proxy(&mut self, node: Uid) {
        let Some(machine) = self.machines.get(&node) else { return };
        let bare =
            machine.proxy.proxiers.families().filter(|family| machine.lacks_kube_proxys_rules(*family));
        let rules: Vec<Rules> = bare.map(|family| leftover_rules(&self.proxy_config(node, family))).collect();
        let Some(machine) = self.machines.get_mut(&node) else { return };
        for rules in rules {
            machine.change_rules(rules);
            self.changes.rules.insert(node);
        }
    }

    fn put_in_force(&mut self, node: Uid, rules: Rules, written: Written) {
        let (now, family) = (self.clock.now(), rules.family());
        let Some(machine) = self.machines.get_mut(&node) else { return };
        machine.stack.run_timers(now);
        machine.set_rules(rules);
        let Some(proxier) = machine.proxy.proxiers.get_mut(family) else { return };
        // proxier.go, syncProxyRules: only if endpoints of a UDP port changed since its last run.
        let before =
            proxier.failed.take().map_or_else(|| proxier.written.slices.clone(), |failed| failed.slices);
        if udp_endpoints_changed(&before, &written.slices, family)
            && let Some(synced) = &written.synced
        {
            clean_stale_entries(&mut machine.stack.conntrack, &synced.ports);
        }
        proxier.written = written;
        proxier.pending_sync = 0;
        proxier.pending_since = None;
        proxier.queued_since = None;
        proxier.synced_at = Some(now);
    }

    /// GracefulTerminationManager.Run: every minute from kube-proxy's start. Here it is scheduled only while
    /// there are terminating real servers.
    fn plan_termination(&mut self, node: Uid, family: Family) {
        const INTERVAL: u64 = Span::from_secs(60).0;
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let Some(proxier) = machine.proxy.proxiers.get_mut(family) else { return };
        let waits = machine.stack.hooks().get(family).is_some_and(Hooks::has_terminating);
        if proxier.terminates_planned || !waits {
            return;
        }
        proxier.terminates_planned = true;
        let running = self.clock.now().since(machine.proxy.started).0;
        let at = self.clock.now() + Span(INTERVAL - running % INTERVAL);
        let start = machine.proxy_start;
        self.schedule(at, Event::ProxyTerminates { node, family, start });
    }

    pub(crate) fn proxy_terminates(&mut self, node: Uid, family: Family, start: u32) {
        let now = self.clock.now();
        let running = |m: &&mut Machine| m.proxy_start == start && m.power;
        let Some(machine) = self.machines.get_mut(&node).filter(running) else { return };
        let Some(proxier) = machine.proxy.proxiers.get_mut(family) else { return };
        proxier.terminates_planned = false;
        machine.stack.delete_terminated(family, now);
        self.changes.rules.insert(node);
        self.plan_termination(node, family);
    }

    /// The rules that the node's kube-proxy would write in `mode` for each family, from what it has seen so far.
    /// `None` if the node does not exist.
    pub fn rules_as_if(&self, node: Uid, mode: ProxyMode) -> Option<PerFamily<Rules>> {
        let machine = self.machines.get(&node)?;
        Some(machine.proxy.proxiers.map(|family, _| {
            let config = self.proxy_config(node, family);
            build_rules(mode, &config, &seen_ports(machine, &config))
        }))
    }

    /// The configuration of the proxier of one family.
    fn proxy_config(&self, node: Uid, family: Family) -> ProxyConfig {
        let (machine, config, usual) =
            (&self.machines[&node], &self.config.kube_proxy, ProxyConfig::default());
        let pod_cidr = self.config.pod_cidrs.get(family).copied();
        ProxyConfig {
            family,
            node_name: machine.name.clone(),
            node_ips: machine.stack.addresses.clone(),
            bind_address: config.bind_address,
            zone: machine.proxy.zone.clone(),
            cluster_cidr: match config.detect_local_mode.unwrap_or_default() {
                DetectLocalMode::ClusterCidr => match config.cluster_cidr {
                    Some(said) => said.and_then(|ranges| ranges.get(family).copied()),
                    None => pod_cidr,
                },
                DetectLocalMode::NodeCidr => machine.cni.range(family),
                DetectLocalMode::BridgeInterface(_) | DetectLocalMode::InterfaceNamePrefix(_) => None,
            },
            pod_interface: match config.detect_local_mode.unwrap_or_default() {
                DetectLocalMode::ClusterCidr | DetectLocalMode::NodeCidr => None,
                DetectLocalMode::BridgeInterface(name) => Some(PodInterface { name, is_prefix: false }),
                DetectLocalMode::InterfaceNamePrefix(name) => Some(PodInterface { name, is_prefix: true }),
            },
            service_cidrs: match machine
                .proxy
                .proxiers
                .get(family)
                .and_then(|proxier| proxier.full_sync.as_ref())
            {
                Some(last) => last.service_cidrs.clone(),
                None => machine.proxy.seen_service_cidrs(),
            },
            masquerade_all: config.masquerade_all.unwrap_or(usual.masquerade_all),
            masquerade_bit: config.masquerade_bit.unwrap_or(usual.masquerade_bit),
            node_port_addresses: match &config.node_port_addresses {
                Some(NodePortAddresses::Primary) => {
                    let bound = config.bind_address.filter(|ip| !ip.is_unspecified());
                    let primary =
                        |own: &IpAddr| bound.filter(|ip| Family::of(*ip) == Family::of(*own)).unwrap_or(*own);
                    machine.addresses.values().map(|own| Cidr::host(primary(own))).collect()
                }
                Some(NodePortAddresses::In(ranges)) => ranges.clone(),
                None => Vec::new(),
            },
            localhost_node_ports: config.localhost_node_ports.unwrap_or(usual.localhost_node_ports),
            nfacct: config.nfacct.unwrap_or(usual.nfacct),
            cni_masquerade_cidr: pod_cidr.filter(|_| self.config.ip_masq),
            port_maps: machine.port_maps.clone(),
            ipvs_scheduler: self.config.ipvs_scheduler,
            ..usual
        }
    }

    /// A kube-proxy that starts lists all objects, then does a full sync.
    pub(crate) fn proxy_starts(&mut self, node: Uid, after: Span) {
        let config = Arc::clone(&self.config);
        let started = self.clock.now() + after;
        let at = started + self.timing.watch_delay + self.timing.proxy_sync;
        self.break_watch(node);
        let Some(machine) = self.machines.get_mut(&node) else { return };
        machine.proxy = ProxyStatus::new(&config.pod_cidrs);
        machine.proxy.mode = config.proxy_mode;
        machine.proxy_start += 1;
        machine.proxy.started = started;
        for proxier in machine.proxy.proxiers.values_mut() {
            proxier.pending_sync = u32::from(after > Span::ZERO);
            proxier.sync_planned = true;
        }
        let start = machine.proxy_start;
        self.proxy_lists(node);
        for family in config.pod_cidrs.families() {
            self.schedule(at, Event::ProxySync { node, family, start });
        }
    }

    /// Changes the ConfigMap and rolls out the DaemonSet: every node's kube-proxy restarts after a delay of its
    /// own, and keeps its old mode until then.
    pub(crate) fn set_proxy_mode(&mut self, mode: ProxyMode) {
        Arc::make_mut(&mut self.config).proxy_mode = mode;
        self.changes.scene = true;
        let running: Vec<(Uid, u32)> =
            self.machines.values().filter(|m| m.power).map(|m| (m.uid, m.boot)).collect();
        for (node, boot) in running {
            let subject = Chance::join(Chance::subject("kube-proxy"), u64::from(node.0));
            let spread = self.timing.proxy_restart_spread.0.max(1);
            let more = self.chance.below(Purpose::ProxyRestart, subject, self.clock.now().0, spread);
            let at = self.clock.now() + self.timing.proxy_restart + Span(more);
            self.schedule(at, Event::ProxyRestart { node, boot });
        }
    }

    /// A kube-proxy that starts in another mode first removes the rules of the old mode (Options.Run calls
    /// platformCleanup), then lists the objects and writes its own rules. In between the node has no rules
    /// for any Service; open connections go on by their conntrack entries.
    pub(crate) fn proxy_restarts(&mut self, node: Uid, boot: u32) {
        let mode = self.config.proxy_mode;
        // A kubelet that is cut off restarts nothing, and a paused process does not exit. The restart then follows in
        // proxy_catches_up.
        let heard = |m: &&Machine| m.boot == boot && m.power && !m.is_silent() && !m.proxy.paused;
        let Some(machine) = self.machines.get(&node).filter(heard) else { return };
        if machine.proxy.mode != mode {
            let left =
                machine.proxy.proxiers.map(|family, _| leftover_rules(&self.proxy_config(node, family)));
            if let Some(machine) = self.machines.get_mut(&node) {
                left.values().for_each(|rules| machine.set_rules(rules.clone()));
            }
        }
        self.proxy_starts(node, Span::ZERO);
        if let Some(machine) = self.machines.get_mut(&node) {
            // What it has listed is not in the rules yet.
            machine.proxy.proxiers.values_mut().for_each(|proxier| proxier.pending_sync = 1);
        }
        self.changes.rules.insert(node);
    }

    /// kube-proxy's list: it now knows what the API server has.
    fn proxy_lists(&mut self, node: Uid) {
        let (services, slices) = (self.store.services.clone(), self.store.slices.clone());
        let service_cidrs = self.store.service_cidrs.clone();
        let Some(machine) = self.machines.get_mut(&node) else { return };
        machine.proxy.zone = self.store.node(&machine.name).and_then(|n| n.zone().cloned());
        machine.proxy.services = services;
        machine.proxy.slices = slices;
        machine.proxy.service_cidrs = service_cidrs;
    }

    /// `kill -STOP` and `kill -CONT`: meanwhile watch events wait in the socket, and are all read when it continues.
    pub(crate) fn pause_proxy(&mut self, node: Uid, on: bool) {
        let Some(machine) = self.machines.get_mut(&node).filter(|m| m.proxy.paused != on) else { return };
        machine.proxy.paused = on;
        self.changes.scene = true;
        self.changes.rules.insert(node);
        self.recheck_health(node);
        if on {
            self.break_watch(node);
        } else {
            // After a delay, since the log keeps only the order of two actions at the same moment.
            self.proxy_catches_up(node, self.timing.watch_delay);
        }
    }

    /// kube-proxy can receive again: its reflector finds the old watch expired or closed, and lists.
    pub(crate) fn proxy_catches_up(&mut self, node: Uid, after: Span) {
        let at = self.clock.now() + after;
        let Some(machine) = self.machines.get(&node) else { return };
        if machine.is_silent() || machine.proxy.paused {
            return;
        }
        if machine.proxy.mode != self.config.proxy_mode {
            // Its kubelet learns only now that the configuration has changed.
            let boot = machine.boot;
            self.schedule(at, Event::ProxyRestart { node, boot });
            return;
        }
        let watch = machine.watch;
        self.schedule(at, Event::ProxyRelist { node, watch });
    }

    pub(crate) fn proxy_relists(&mut self, node: Uid, watch: u32) {
        let now = self.clock.now();
        if self.machines.get(&node).is_none_or(|machine| machine.watch != watch) {
            return;
        }
        // The list contains whatever events are still under way.
        self.break_watch(node);
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let proxy = &mut machine.proxy;
        proxy.has_listed();
        let missed = |proxier: &Proxier| proxier.pending_sync > 0 || proxier.synced_at.is_none();
        for proxier in proxy.proxiers.values_mut().filter(|proxier| proxier.pending_sync > 0) {
            proxier.queued_since = proxier.queued_since.or(Some(now));
        }
        let families = proxy.proxiers.iter().filter(|(_, proxier)| missed(proxier)).map(|(family, _)| family);
        let families: Vec<Family> = families.collect();
        self.proxy_lists(node);
        self.changes.rules.insert(node);
        for family in families {
            self.plan_proxy_sync(node, family);
        }
    }
}
