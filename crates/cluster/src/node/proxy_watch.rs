//! How a node's kube-proxy comes to know of a change, and when it writes its rules.
//! Source: pkg/proxy/config, pkg/proxy/runner (BoundedFrequencyRunner).

use std::sync::Arc;

use crate::api::Uid;
use crate::node::Machine;
use crate::node::kube_proxy::{
    ProxyConfig, ProxyMode, build_rules, clean_stale_entries, endpoints_map, leftover_rules, service_port_map,
};
use crate::sim::{Chance, Event, LogEntry, Purpose, Span, WatchChange, World};

impl World {
    /// A Service or an EndpointSlice changed: the news sets out to every node.
    pub(crate) fn publish(&mut self, change: &WatchChange) {
        let version = self.store.resource_version();
        let nodes: Vec<Uid> = self.machines.values().filter(|m| m.power).map(|m| m.uid).collect();
        for node in nodes {
            self.send_watch_event(node, version, change.clone());
        }
    }

    fn send_watch_event(&mut self, node: Uid, version: u64, change: WatchChange) {
        let delay = self.proxy_watch_delay(node, version);
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let proxy = &mut machine.proxy;
        proxy.in_transit += 1;
        proxy.last_arrival = proxy.last_arrival.max(self.now + delay);
        let (at, start) = (proxy.last_arrival, machine.proxy_start);
        self.touched.rules.insert(node);
        self.schedule(at, Event::ProxyObserve { node, start, change });
    }

    fn proxy_watch_delay(&self, node: Uid, version: u64) -> Span {
        let subject = Chance::join(Chance::subject("kube-proxy"), u64::from(node.0));
        let spread = self.timing.watch_delay_spread.0.max(1);
        self.timing.watch_delay + Span(self.chance.below(Purpose::WatchDelay, subject, version, spread))
    }

    pub(crate) fn proxy_observes(&mut self, node: Uid, start: u32, change: WatchChange) {
        let running = |m: &&mut Machine| m.proxy_start == start && m.power;
        let Some(machine) = self.machines.get_mut(&node).filter(running) else {
            return;
        };
        let proxy = &mut machine.proxy;
        proxy.in_transit = proxy.in_transit.saturating_sub(1);
        proxy.unsynced += 1;
        match change {
            WatchChange::Service(key, Some(service)) => {
                Arc::make_mut(&mut proxy.services).insert(key, service);
            }
            WatchChange::Service(key, None) => {
                Arc::make_mut(&mut proxy.services).remove(&key);
            }
            WatchChange::Slice(key, Some(slice)) => {
                Arc::make_mut(&mut proxy.slices).insert(key, slice);
            }
            WatchChange::Slice(key, None) => {
                Arc::make_mut(&mut proxy.slices).remove(&key);
            }
        }
        self.touched.rules.insert(node);
        self.plan_proxy_sync(node);
    }

    /// At once when the last sync is long enough ago, else when it is.
    fn plan_proxy_sync(&mut self, node: Uid) {
        let timing = Arc::clone(&self.timing);
        let Some(machine) = self.machines.get_mut(&node) else { return };
        if std::mem::replace(&mut machine.proxy.sync_planned, true) {
            return;
        }
        let earliest = machine.proxy.synced_at.map_or(self.now, |t| t + timing.proxy_min_sync_period);
        let at = earliest.max(self.now) + timing.proxy_sync;
        let start = machine.proxy_start;
        self.schedule(at, Event::ProxySync { node, start });
    }

    pub(crate) fn proxy_syncs(&mut self, node: Uid, start: u32) {
        let running = |m: &&Machine| m.proxy_start == start && m.power;
        let Some(machine) = self.machines.get(&node).filter(running) else { return };
        let config = self.proxy_config(node);
        let services = service_port_map(&machine.proxy.services, config.family);
        let endpoints = endpoints_map(&machine.proxy.slices, &config.node_name, config.family);
        let rules = build_rules(machine.proxy.mode, &config, &services, &endpoints);
        let now = self.now;
        let Some(machine) = self.machines.get_mut(&node) else { return };
        machine.stack.run_timers(now);
        machine.stack.set_rules(rules);
        clean_stale_entries(&mut machine.stack.conntrack, &services, &endpoints);
        machine.proxy.unsynced = 0;
        machine.proxy.sync_planned = false;
        machine.proxy.synced_at = Some(now);
        let name = machine.name.clone();
        self.touched.rules.insert(node);
        self.record(LogEntry::ProxySynced { node: name });
        self.plan_termination(node);
    }

    /// GracefulTerminationManager.Run: once a minute since kube-proxy started, as long as there is
    /// a real server to look at.
    fn plan_termination(&mut self, node: Uid) {
        const INTERVAL: u64 = Span::from_secs(60).0;
        let Some(machine) = self.machines.get_mut(&node) else { return };
        if machine.proxy.terminates_planned || !machine.stack.ipvs().has_terminating() {
            return;
        }
        machine.proxy.terminates_planned = true;
        let running = self.now.since(machine.proxy.started).0;
        let at = self.now + Span(INTERVAL - running % INTERVAL);
        let start = machine.proxy_start;
        self.schedule(at, Event::ProxyTerminates { node, start });
    }

    pub(crate) fn proxy_terminates(&mut self, node: Uid, start: u32) {
        let now = self.now;
        let running = |m: &&mut Machine| m.proxy_start == start && m.power;
        let Some(machine) = self.machines.get_mut(&node).filter(running) else { return };
        machine.proxy.terminates_planned = false;
        machine.stack.delete_terminated(now);
        self.touched.rules.insert(node);
        self.plan_termination(node);
    }

    fn proxy_config(&self, node: Uid) -> ProxyConfig {
        let machine = &self.machines[&node];
        let zone = self.store.node(&machine.name).and_then(|n| n.zone().cloned());
        ProxyConfig {
            node_name: machine.name.clone(),
            node_ips: machine.stack.addresses.clone(),
            zone,
            cluster_cidr: Some(self.config.pod_cidr),
            service_cidrs: vec![self.config.service_cidr],
            cni_masquerade_cidr: Some(self.config.pod_cidr),
            ipvs_scheduler: self.config.ipvs_scheduler,
            ..ProxyConfig::default()
        }
    }

    /// A kube-proxy that starts lists everything first, then writes all its rules.
    pub(crate) fn proxy_starts(&mut self, node: Uid, after: Span) {
        let services = Arc::new(self.store.services.as_map().clone());
        let slices = Arc::new(self.store.slices.as_map().clone());
        let mode = self.config.proxy_mode;
        let started = self.now + after;
        let at = started + self.timing.watch_delay + self.timing.proxy_sync;
        let Some(machine) = self.machines.get_mut(&node) else { return };
        machine.proxy_start += 1;
        let proxy = &mut machine.proxy;
        *proxy = Default::default();
        proxy.mode = mode;
        proxy.started = started;
        proxy.services = services;
        proxy.slices = slices;
        proxy.unsynced = u32::from(after > Span::ZERO);
        proxy.sync_planned = true;
        let start = machine.proxy_start;
        self.schedule(at, Event::ProxySync { node, start });
    }

    /// The ConfigMap changes and the DaemonSet is rolled out: every node's kube-proxy restarts,
    /// each after its own delay. Until then it goes on as before.
    pub(crate) fn set_proxy_mode(&mut self, mode: ProxyMode) {
        Arc::make_mut(&mut self.config).proxy_mode = mode;
        let running: Vec<(Uid, u32)> =
            self.machines.values().filter(|m| m.power).map(|m| (m.uid, m.boot)).collect();
        for (node, boot) in running {
            let subject = Chance::join(Chance::subject("kube-proxy"), u64::from(node.0));
            let spread = self.timing.proxy_restart_spread.0.max(1);
            let more = self.chance.below(Purpose::ProxyRestart, subject, self.now.0, spread);
            let at = self.now + self.timing.proxy_restart + Span(more);
            self.schedule(at, Event::ProxyRestart { node, boot });
        }
    }

    /// Before anything else a kube-proxy that starts in another mode removes the rules of the old
    /// one, and only then lists what there is and writes its own: in between the node knows no
    /// Service. (Options.Run calls platformCleanup first.) Connections go on as conntrack has them.
    pub(crate) fn proxy_restarts(&mut self, node: Uid, boot: u32) {
        let mode = self.config.proxy_mode;
        let Some(machine) = self.machines.get(&node).filter(|m| m.boot == boot && m.power) else { return };
        if machine.proxy.mode != mode {
            let rules = leftover_rules(&self.proxy_config(node));
            if let Some(machine) = self.machines.get_mut(&node) {
                machine.stack.set_rules(rules);
            }
        }
        self.proxy_starts(node, Span::ZERO);
        if let Some(machine) = self.machines.get_mut(&node) {
            // Nothing of what it listed is in rules yet.
            machine.proxy.unsynced = 1;
        }
        self.touched.rules.insert(node);
    }
}
