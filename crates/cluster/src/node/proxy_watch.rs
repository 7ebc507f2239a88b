//! How a node's kube-proxy comes to know of a change, and when it writes its rules.
//! Source: pkg/proxy/config, pkg/proxy/runner (BoundedFrequencyRunner).

use std::sync::Arc;

use crate::api::Uid;
use crate::net::netfilter::Rules;
use crate::node::Written;
use crate::node::kube_proxy::{ProxyConfig, clean_stale_entries, endpoints_map, iptables, service_port_map};
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
        let (at, boot) = (proxy.last_arrival, machine.boot);
        self.touched.rules.insert(node);
        self.schedule(at, Event::ProxyObserve { node, boot, change });
    }

    fn proxy_watch_delay(&self, node: Uid, version: u64) -> Span {
        let subject = Chance::join(Chance::subject("kube-proxy"), u64::from(node.0));
        let spread = self.timing.watch_delay_spread.0.max(1);
        self.timing.watch_delay + Span(self.chance.below(Purpose::WatchDelay, subject, version, spread))
    }

    pub(crate) fn proxy_observes(&mut self, node: Uid, boot: u32, change: WatchChange) {
        let Some(machine) = self.machines.get_mut(&node).filter(|m| m.boot == boot && m.power) else {
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
        let boot = machine.boot;
        self.schedule(at, Event::ProxySync { node, boot });
    }

    pub(crate) fn proxy_syncs(&mut self, node: Uid, boot: u32) {
        let Some(machine) = self.machines.get(&node).filter(|m| m.boot == boot && m.power) else { return };
        let config = self.proxy_config(node);
        let services = service_port_map(&machine.proxy.services, config.family);
        let endpoints = endpoints_map(&machine.proxy.slices, &config.node_name, config.family);
        let rules = iptables::build_from(&config, &services, &endpoints);
        let now = self.now;
        let Some(machine) = self.machines.get_mut(&node) else { return };
        machine.stack.set_rules(Rules::Iptables(Arc::new(rules)));
        clean_stale_entries(&mut machine.stack.conntrack, &services, &endpoints);
        let (services, slices) = (machine.proxy.services.clone(), machine.proxy.slices.clone());
        machine.proxy.written = Written { services, slices };
        machine.proxy.unsynced = 0;
        machine.proxy.sync_planned = false;
        machine.proxy.synced_at = Some(now);
        let name = machine.name.clone();
        self.touched.rules.insert(node);
        self.record(LogEntry::ProxySynced { node: name });
    }

    fn proxy_config(&self, node: Uid) -> ProxyConfig {
        let machine = &self.machines[&node];
        let zone = self.store.node(&machine.name).and_then(|n| n.zone().cloned());
        ProxyConfig {
            node_name: machine.name.clone(),
            node_ips: vec![machine.address],
            zone,
            cluster_cidr: Some(self.config.pod_cidr),
            cni_masquerade_cidr: self.config.ip_masq.then_some(self.config.pod_cidr),
            ..ProxyConfig::default()
        }
    }

    /// A kube-proxy that starts lists everything first, then writes all its rules.
    pub(crate) fn proxy_starts(&mut self, node: Uid, after: Span) {
        let services = Arc::new(self.store.services.as_map().clone());
        let slices = Arc::new(self.store.slices.as_map().clone());
        let at = self.now + after + self.timing.watch_delay + self.timing.proxy_sync;
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let proxy = &mut machine.proxy;
        *proxy = Default::default();
        proxy.services = services;
        proxy.slices = slices;
        proxy.unsynced = u32::from(after > Span::ZERO);
        proxy.sync_planned = true;
        let boot = machine.boot;
        self.schedule(at, Event::ProxySync { node, boot });
    }
}
